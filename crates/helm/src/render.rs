//! Rendering a chart.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use gotemplate::{
    Environment, Functions, Limits, Map, MapType, MissingKey, Parsed, Run, Set, Value, Warning, Write,
};
use memchr::memmem;
use thiserror::Error;

use crate::capabilities::Capabilities;
use crate::chart::{Chart, Crd, File};
use crate::coalesce::{self, CoalesceError, shared};
use crate::go;
use crate::log::Log;
use crate::manifest::{self, ManifestError, Rendered, Sorted};
use crate::objects::{self, CapabilitiesObject, Files};
use crate::postrender::{self, PostRenderError, PostRenderer};
use crate::resolve::{self, Node};
use crate::schema::{self, SchemaError};

/// The name of the release and what is done with it.
#[derive(Clone, Debug)]
pub struct Release {
    /// Its name.
    pub name: String,
    /// The namespace that it is installed into.
    pub namespace: String,
    /// Its revision.
    pub revision: i64,
    /// Whether this is an upgrade, and no installation.
    pub is_upgrade: bool,
}

/// How a chart is rendered.
pub struct Request<'a> {
    /// The user's values, numbers as [`crate::values::from_yaml`] and [`crate::strvals`] leave them.
    pub values: &'a value::Value,
    /// The release.
    pub release: &'a Release,
    /// What the cluster can do.
    pub capabilities: &'a Capabilities,
    /// Time, zone, entropy and cluster of the templates.
    pub environment: &'a Environment<'a>,
    /// What the templates may use up.
    pub limits: Limits,
    /// Whether `values.schema.json` is left out of account.
    pub skip_schema: bool,
    /// Whether the notes of subcharts are kept.
    pub subchart_notes: bool,
    /// Whether it is recorded which action of a template wrote what.
    pub record: bool,
    /// What changes the rendered manifests.
    pub post_renderer: Option<&'a dyn PostRenderer>,
    /// Where what helm says on standard error goes.
    pub log: &'a Log,
}

/// A rendered chart.
#[derive(Clone, Debug, Default)]
pub struct Rendering {
    /// The manifests and hooks in the order of installation.
    pub sorted: Sorted,
    /// What the `NOTES.txt` of the chart (and of its subcharts, if asked for) say.
    pub notes: String,
    /// The files under `crds/` of the charts that are used.
    pub crds: Vec<Crd>,
    /// Where the bytes of each rendered file come from, if that is recorded.
    pub origins: BTreeMap<String, Origin>,
}

/// Where the bytes of a rendered file come from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// What the template wrote.
    pub content: Vec<u8>,
    /// Which action wrote which bytes of it.
    pub writes: Vec<Write>,
}

/// A chart that does not render.
#[derive(Debug, Error)]
pub enum RenderError {
    /// Values of charts do not fit together.
    #[error("chart dependencies processing failed")]
    Dependencies(#[source] CoalesceError),
    /// Values of charts do not fit together, seen once dependencies were processed.
    #[error(transparent)]
    Values(#[from] CoalesceError),
    /// Values that a schema forbids.
    #[error("values don't meet the specifications of the schema(s) in the following chart(s):\n{0}")]
    Schema(SchemaError),
    /// A cluster that the chart does not support.
    #[error("chart requires kubeVersion: {wanted} which is incompatible with Kubernetes {found}")]
    KubeVersion {
        /// The chart's constraint.
        wanted: String,
        /// The cluster's version.
        found: String,
    },
    /// A template that cannot be parsed; the text is helm's.
    #[error("{message}")]
    Parse {
        /// Helm's text.
        message: String,
        /// The error of the engine, which knows the place.
        error: Box<gotemplate::Error>,
    },
    /// A template that cannot be executed; the text is helm's.
    #[error("{message}")]
    Execute {
        /// Helm's text.
        message: String,
        /// The error of the engine, which knows the places.
        error: Box<gotemplate::Error>,
    },
    /// A rendered file that is not YAML.
    #[error("{error}")]
    Manifest {
        /// Which one, and why.
        #[source]
        error: Box<ManifestError>,
        /// All rendered files.
        files: Vec<Rendered>,
    },
    /// The post-renderer failed.
    #[error(transparent)]
    PostRender(#[from] PostRenderError),
}

impl RenderError {
    /// Whether templates were executed, in which case helm offers to show what came out.
    pub fn is_of_templates(&self) -> bool {
        matches!(
            self,
            Self::KubeVersion { .. }
                | Self::Parse { .. }
                | Self::Execute { .. }
                | Self::Manifest { .. }
                | Self::PostRender(_)
        )
    }
}

/// The templates and schemas of a chart, parsed once. Cheap to share between renderings and threads.
#[derive(Default)]
pub struct Compiled {
    pub(crate) schemas: schema::Schemas,
    heads: manifest::Heads,
    parsed: std::sync::Mutex<Texts>,
}

/// Each text by its path, with what was made of it.
type Texts = BTreeMap<String, (Arc<[u8]>, Option<Parsed>)>;

impl Compiled {
    /// The text of a template, by its path from the root chart, once a rendering has come to it.
    pub fn source(&self, path: &str) -> Option<Arc<[u8]>> {
        self.lock().get(path).map(|(data, _)| data.clone())
    }

    /// The paths of all templates that a rendering has come to.
    pub fn paths(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Texts> {
        self.parsed.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn get(&self, path: &str, file: &File, functions: &Functions) -> Result<Parsed, gotemplate::Error> {
        let mut known = self.lock();
        if let Some((data, Some(parsed))) = known.get(path)
            && Arc::ptr_eq(data, &file.data)
        {
            return Ok(parsed.clone());
        }
        let parsed = Parsed::parse(path, file.data.clone(), functions);
        known.insert(path.to_owned(), (file.data.clone(), parsed.as_ref().ok().cloned()));
        parsed
    }
}

/// Renders a chart and sorts what comes out.
///
/// # Errors
/// The chart, its values or its templates are at fault; the text is helm's.
pub fn render(
    chart: &Arc<Chart>,
    compiled: &Compiled,
    request: &Request<'_>,
) -> Result<Rendering, RenderError> {
    let values = shared(request.values);
    let node = resolve::resolve(chart, &values, request.log).map_err(RenderError::Dependencies)?;
    let values = coalesce::coalesce(&node, &values, request.log)?;
    if !request.skip_schema {
        schema::validate(&node, &values, &compiled.schemas, request.log).map_err(RenderError::Schema)?;
    }
    let (mut files, origins) = execute(&node, &values, compiled, request)?;
    let notes = take_notes(&mut files, node.name(), request.subchart_notes);
    if let Some(post_renderer) = request.post_renderer {
        files = postrender::apply(post_renderer, &files)?;
    }
    let sorted = match manifest::sort_knowing(&files, &compiled.heads, request.log) {
        Ok(sorted) => sorted,
        Err(error) => return Err(RenderError::Manifest { error, files }),
    };
    Ok(Rendering { sorted, notes, crds: node.crds(), origins })
}

/// The values that the templates of a chart see.
///
/// # Errors
/// Values of charts do not fit together.
pub fn effective_values(chart: &Arc<Chart>, values: &value::Value) -> Result<Map, RenderError> {
    let log = Log::default();
    let values = shared(values);
    let node = resolve::resolve(chart, &values, &log).map_err(RenderError::Dependencies)?;
    Ok(coalesce::coalesce(&node, &values, &log)?)
}

/// Executes all templates; also used by lint.
pub(crate) fn execute(
    node: &Node,
    values: &Map,
    compiled: &Compiled,
    request: &Request<'_>,
) -> Result<(Vec<Rendered>, BTreeMap<String, Origin>), RenderError> {
    let kube_version = &request.capabilities.kube_version;
    let wanted = &node.metadata.kube_version;
    if !request.environment.lint
        && !wanted.is_empty()
        && !go_semver::is_compatible(wanted, kube_version.for_constraints())
    {
        return Err(RenderError::KubeVersion { wanted: wanted.clone(), found: kube_version.version.clone() });
    }
    let mut scopes = Scopes::new(request);
    scopes.collect(node, values.clone(), (node.name(), true));
    let mut places = scopes.places;
    // Deeper paths first, and later names first: what a parent defines comes last and wins.
    places.sort_by(|a, b| {
        let depth = |path: &str| path.matches('/').count();
        (depth(&b.path), &b.path).cmp(&(depth(&a.path), &a.path))
    });
    places.dedup_by(|a, b| a.path == b.path);
    let functions = Functions::helm();
    let mut set = Set::new("gotpl", functions.clone());
    set.set_missing_key(MissingKey::Zero);
    for place in &places {
        let parsed = compiled.get(&place.path, place.file, &functions).map_err(|error| {
            let message = gotemplate::helm_parse_message(&place.path, &error);
            RenderError::Parse { message, error: Box::new(error) }
        })?;
        set.add(&parsed);
    }
    run_all(&set, &places, values, request)
}

fn run_all(
    set: &Set,
    places: &[Place<'_>],
    values: &Map,
    request: &Request<'_>,
) -> Result<(Vec<Rendered>, BTreeMap<String, Origin>), RenderError> {
    let mut run = Run::new(request.environment, request.limits);
    if request.record {
        run.record(values);
    }
    let mut files = Vec::new();
    let mut origins = BTreeMap::new();
    for place in places.iter().filter(|place| !go::base(&place.path).starts_with('_')) {
        let template = [("Name", place.path.as_str()), ("BasePath", place.base_path.as_str())];
        let template = template.map(|(name, text)| (name.into(), text.into()));
        place.scope.insert("Template", Map::of(MapType::Named("common.Values"), template.into()));
        // Only the outermost map has this type; subcharts see another in `.Subcharts`.
        let scope = place.scope.retyped(MapType::Named("common.Values"));
        let result = set.execute(&place.path, &Value::Map(scope), &mut run);
        for Warning { what, message, is_asked_for } in run.warnings.drain(..) {
            let say = if is_asked_for { Log::info } else { Log::warn };
            say(request.log, what, &[("message", &message)]);
        }
        result.map_err(|error| {
            let message = gotemplate::helm_exec_message(&place.path, &error);
            RenderError::Execute { message, error: Box::new(error) }
        })?;
        let writes = run.take_writes();
        let content = run.take_output();
        if request.record {
            origins.insert(place.path.clone(), Origin { content: content.clone(), writes });
        }
        files.push(Rendered { path: place.path.clone(), content: without_no_value(content).into() });
    }
    Ok((files, origins))
}

/// Go writes `<no value>` for what is missing, and helm deletes that text wherever it stands.
fn without_no_value(content: Vec<u8>) -> Vec<u8> {
    const NO_VALUE: &[u8] = b"<no value>";
    if memmem::find(&content, NO_VALUE).is_none() {
        return content;
    }
    let mut out = Vec::with_capacity(content.len());
    let mut rest = content.as_slice();
    while let Some(at) = memmem::find(rest, NO_VALUE) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + NO_VALUE.len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// Takes `NOTES.txt` out of what was rendered.
fn take_notes(files: &mut Vec<Rendered>, root: &str, with_subcharts: bool) -> String {
    let own = format!("{root}/templates/NOTES.txt");
    let mut notes = String::new();
    files.retain(|file| {
        if !file.path.ends_with("NOTES.txt") {
            return true;
        }
        if with_subcharts || file.path == own {
            if !notes.is_empty() {
                notes.push('\n');
            }
            notes.push_str(&String::from_utf8_lossy(&file.content));
        }
        false
    });
    notes
}

/// A template with the scope that it is executed in.
struct Place<'a> {
    path: String,
    base_path: String,
    file: &'a File,
    scope: Map,
}

struct Scopes<'a> {
    release: Map,
    capabilities: Value,
    places: Vec<Place<'a>>,
}

impl<'a> Scopes<'a> {
    fn new(request: &Request<'_>) -> Self {
        let release = Map::new(MapType::Any);
        release.insert("Name", request.release.name.as_str());
        release.insert("Namespace", request.release.namespace.as_str());
        // The release that lint renders is neither of both.
        let is_lint = request.environment.lint;
        release.insert("IsUpgrade", request.release.is_upgrade && !is_lint);
        release.insert("IsInstall", !request.release.is_upgrade && !is_lint);
        release.insert("Revision", Value::int(if is_lint { 0 } else { request.release.revision }));
        release.insert("Service", "Helm");
        let capabilities = Value::object(CapabilitiesObject(Rc::new(request.capabilities.clone())));
        Self { release, capabilities, places: Vec::new() }
    }

    fn collect(&mut self, node: &'a Node, values: Map, (path, is_root): (&str, bool)) -> Map {
        let scope = Map::new(MapType::Any);
        let subcharts = Map::new(MapType::Any);
        scope.insert("Chart", objects::chart(&node.metadata, is_root));
        scope.insert("Files", Value::object(Files::of(&node.chart)));
        scope.insert("Release", self.release.clone());
        scope.insert("Capabilities", self.capabilities.clone());
        scope.insert("Values", values.clone());
        scope.insert("Subcharts", subcharts.clone());
        for child in &node.dependencies {
            let section = match values.get(child.name()) {
                Some(Value::Map(section)) => section.retyped(MapType::Named("common.Values")),
                _ => Map::new(MapType::Named("common.Values")),
            };
            let child_path = format!("{path}/charts/{}", child.name());
            let child_scope = self.collect(child, section, (&child_path, false));
            subcharts.insert(child.name(), child_scope);
        }
        let is_library = node.metadata.is_library();
        for file in &node.chart.templates {
            if is_library && !go::base(&file.name).starts_with('_') {
                continue;
            }
            self.places.push(Place {
                path: go::clean(&format!("{path}/{}", file.name)),
                base_path: format!("{path}/templates"),
                file,
                scope: scope.clone(),
            });
        }
        scope
    }
}
