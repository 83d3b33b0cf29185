//! `helm lint`: its rules, their order and their texts.

use std::fmt;
use std::sync::Arc;

use gotemplate::{Environment, Limits, Map, MapType};
use value::Value;

use crate::capabilities::{Capabilities, KubeVersion};
use crate::chart::{Chart, LoadError};
use crate::coalesce::{self, shared};
use crate::decode;
use crate::failure::chain;
use crate::log::Log;
use crate::render::{Compiled, Release, RenderError, Request, execute};
use crate::resolve::{self, Node};
use crate::schema;
use crate::tree::{EntryKind, Tree};

mod addresses;
mod chart_file;
mod dependencies;
mod deprecations;
mod documents;
mod templates;

/// How serious a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Against a convention.
    Warning,
    /// The chart will not work.
    Error,
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// How serious it is.
    pub severity: Severity,
    /// Which file it is about.
    pub path: String,
    /// What is wrong.
    pub text: String,
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Info => "INFO",
            Severity::Warning => "WARNING",
            Severity::Error => "ERROR",
        };
        write!(f, "[{severity}] {}: {}", self.path, self.text)
    }
}

/// How a chart is linted.
pub struct LintRequest<'a> {
    /// The user's values.
    pub values: &'a Value,
    /// The namespace of the release that is rendered.
    pub namespace: &'a str,
    /// The version of Kubernetes, if it is not helm's own.
    pub kube_version: Option<KubeVersion>,
    /// Whether `values.schema.json` is left out of account.
    pub skip_schema: bool,
    /// The environment of the templates, in lint mode.
    pub environment: &'a Environment<'a>,
    /// Where what helm says on standard error goes.
    pub log: &'a Log,
}

/// Lints the chart in a folder.
pub fn lint(tree: &dyn Tree, request: &LintRequest<'_>) -> Vec<Message> {
    let mut linter = Linter { messages: Vec::new() };
    chart_file::lint(tree, &mut linter);
    values(tree, request, &mut linter);
    let log = Log::default();
    let chart = Chart::of_any_version(tree, &log).map(Arc::new);
    let loaded = Loaded { chart, said: log.take() };
    lint_templates(tree, request, &loaded, &mut linter);
    dependencies::lint(tree, loaded.again(request.log), &mut linter);
    crds(tree, (&loaded, request.log), &mut linter);
    linter.messages
}

pub(crate) struct Linter {
    messages: Vec<Message>,
}

impl Linter {
    /// Remembers what a rule found; whether it found nothing.
    fn rule(&mut self, severity: Severity, path: &str, outcome: Result<(), String>) -> bool {
        match outcome {
            Ok(()) => true,
            Err(text) => {
                self.messages.push(Message { severity, path: path.to_owned(), text });
                false
            }
        }
    }
}

/// The chart, or why it cannot be loaded. Helm loads it for each group of rules.
struct Loaded {
    chart: Result<Arc<Chart>, LoadError>,
    /// What is said each time.
    said: Vec<String>,
}

impl Loaded {
    fn again(&self, log: &Log) -> Result<&Arc<Chart>, &LoadError> {
        log.repeat(&self.said);
        self.chart.as_ref()
    }
}

fn values(tree: &dyn Tree, request: &LintRequest<'_>, linter: &mut Linter) {
    const FILE: &str = "values.yaml";
    let exists = if tree.kind(FILE).is_some() { Ok(()) } else { Err("file does not exist".to_owned()) };
    if linter.rule(Severity::Info, FILE, exists) {
        let outcome = values_file(tree, request);
        linter.rule(Severity::Error, FILE, outcome);
    }
}

fn values_file(tree: &dyn Tree, request: &LintRequest<'_>) -> Result<(), String> {
    let text = tree.read("values.yaml").map_err(|error| format!("unable to parse YAML: {error}"))?;
    let values = match decode::parse(&text).map_err(|error| format!("unable to parse YAML: {error}"))? {
        Value::Null => Value::map(),
        map @ Value::Map(_) => crate::values::as_json_numbers(&map),
        other => {
            let (found, target) = (decode::found(&other), "value of type common.Values".to_owned());
            return Err(format!("unable to parse YAML: {}", decode::DecodeError::Kind { found, target }));
        }
    };
    let together = Map::new(MapType::Any);
    coalesce::coalesce_tables(&together, &shared(request.values), request.log);
    coalesce::coalesce_tables(&together, &shared(&values), request.log);
    // Helm takes a schema that cannot be read for an empty one.
    let schema = tree.read("values.schema.json").unwrap_or_default();
    if schema.is_empty() || request.skip_schema {
        return Ok(());
    }
    let outcome = schema::single(&schema::Schemas::default(), &schema, &together, request.log);
    outcome.map_err(|error| error.text)
}

fn lint_templates(tree: &dyn Tree, request: &LintRequest<'_>, loaded: &Loaded, linter: &mut Linter) {
    const PATH: &str = "templates/";
    let there = tree.kind("templates");
    let exists = if there.is_some() { Ok(()) } else { Err("directory does not exist".to_owned()) };
    if !linter.rule(Severity::Warning, PATH, exists) {
        return;
    }
    let is_folder =
        if there == Some(EntryKind::Directory) { Ok(()) } else { Err("not a directory".to_owned()) };
    if !linter.rule(Severity::Error, PATH, is_folder) {
        return;
    }
    let chart = match loaded.again(request.log) {
        Ok(chart) => chart,
        Err(error) => {
            linter.rule(Severity::Error, PATH, Err(chain(error)));
            return;
        }
    };
    // Helm says nothing where values do not fit together.
    let Some((node, values)) = resolved(chart, request.values, request.log) else { return };
    let rendered = rendered(&node, &values, request);
    match rendered {
        Err(error) => {
            linter.rule(Severity::Error, PATH, Err(chain(&error)));
        }
        Ok(files) => templates::lint(chart, &files, request.kube_version.as_ref(), linter),
    }
}

fn resolved(chart: &Arc<Chart>, values: &Value, log: &Log) -> Option<(Node, Map)> {
    let values = shared(values);
    let node = resolve::resolve(chart, &values, log).ok()?;
    let values = coalesce::coalesce(&node, &values, log).ok()?;
    // Helm coalesces once more when it makes the values to render with.
    let values = coalesce::coalesce(&node, &values, log).ok()?;
    Some((node, values))
}

fn rendered(
    node: &Node,
    values: &Map,
    request: &LintRequest<'_>,
) -> Result<Vec<crate::manifest::Rendered>, RenderError> {
    let compiled = Compiled::default();
    if !request.skip_schema {
        schema::validate(node, values, &compiled.schemas, request.log).map_err(RenderError::Schema)?;
    }
    let mut capabilities = Capabilities::default();
    if let Some(version) = &request.kube_version {
        capabilities.kube_version = version.clone();
    }
    let release = Release {
        name: "test-release".to_owned(),
        namespace: request.namespace.to_owned(),
        revision: 0,
        is_upgrade: false,
    };
    let request = Request {
        values: request.values,
        release: &release,
        capabilities: &capabilities,
        environment: request.environment,
        limits: Limits::default(),
        skip_schema: request.skip_schema,
        subchart_notes: false,
        record: false,
        post_renderer: None,
        log: request.log,
    };
    execute(node, values, &compiled, &request).map(|(files, _)| files)
}

fn crds(tree: &dyn Tree, (loaded, log): (&Loaded, &Log), linter: &mut Linter) {
    const PATH: &str = "crds/";
    let Some(there) = tree.kind("crds") else { return };
    let is_folder = if there == EntryKind::Directory { Ok(()) } else { Err("not a directory".to_owned()) };
    if !linter.rule(Severity::Error, PATH, is_folder) {
        return;
    }
    let chart = match loaded.again(log) {
        Ok(chart) => chart,
        Err(error) => {
            linter.rule(Severity::Error, PATH, Err(chain(error)));
            return;
        }
    };
    for crd in chart.crds() {
        for document in documents::read(&crd.file.data) {
            let object = match document {
                Ok(object) => object,
                Err(error) => {
                    linter.rule(Severity::Error, &crd.name, Err(format!("unable to parse YAML: {error}")));
                    return;
                }
            };
            let Some(object) = object else { continue };
            if !object.api_version.starts_with("apiextensions.k8s.io") {
                let text = "apiVersion is not in 'apiextensions.k8s.io'";
                linter.rule(Severity::Error, &crd.name, Err(text.to_owned()));
            }
            if object.kind != "CustomResourceDefinition" {
                let text = "object kind is not 'CustomResourceDefinition'";
                linter.rule(Severity::Error, &crd.name, Err(text.to_owned()));
            }
        }
    }
}
