//! Editing a kustomization file as `kustomize edit` does: the file is written anew, field by field, each with
//! the comments that stood in front of it or in it.
//!
//! Source: kustomize `commands/internal/kustfile/kustomizationfile.go`.

mod build_metadata;
mod commands;
mod fix;
mod prune;

use thiserror::Error;
use value::{Map, Value};
use yaml::Rules;

use crate::kustomization::{Chart, KustomizationError, ReadError};
use crate::{Kustomization, kustomization};

pub use build_metadata::parse_build_metadata;
pub use commands::{Generated, Metadata, Sources, matches, parse_image, parse_pairs, parse_replica};

/// The fields in the order in which they are added to a file.
const ORDER: [&str; 32] = [
    "apiVersion",
    "kind",
    "metadata",
    "sortOptions",
    "resources",
    "bases",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "crds",
    "commonLabels",
    "labels",
    "commonAnnotations",
    "patchesStrategicMerge",
    "patchesJson6902",
    "patches",
    "configMapGenerator",
    "secretGenerator",
    "helmCharts",
    "helmChartInflationGenerator",
    "helmGlobals",
    "generatorOptions",
    "vars",
    "images",
    "replacements",
    "replicas",
    "configurations",
    "generators",
    "transformers",
    "validators",
    "components",
    "openapi",
];

/// The field that upstream adds behind all others.
const LAST: &str = "buildMetadata";

/// An edit that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EditError {
    /// The file is not right.
    #[error(transparent)]
    Kustomization(#[from] KustomizationError),
    /// An argument that is not right; says what is allowed.
    #[error("{0}")]
    Argument(String),
    /// A pattern that is none.
    #[error("{pattern}: {source}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// Why.
        source: apimachinery::filepath::BadPattern,
    },
    /// Something is there already.
    #[error("{kind} {name} already in kustomization file. Use --force to override.")]
    Exists {
        /// What.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// Something is not there.
    #[error("{kind} {name} is not defined in kustomization file")]
    Missing {
        /// What.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// A field that is not of its type.
    #[error(transparent)]
    Field(#[from] ReadError),
    /// The file could not be written.
    #[error(transparent)]
    Write(yaml::EmitError),
}

/// A kustomization file that is edited.
#[derive(Clone, Debug)]
pub struct Edit {
    fields: Map,
    /// The fields of the file, with the lines of comments that go with each.
    commented: Vec<(String, String)>,
}

impl Edit {
    /// Reads a file. Older spellings become the current ones.
    ///
    /// # Errors
    /// The file is not right.
    pub fn parse(text: &str) -> Result<Self, EditError> {
        let value = yaml::parse(text, Rules::V2).map_err(KustomizationError::Yaml)?;
        let mut read = Kustomization::read(&value).map_err(KustomizationError::Field)?;
        let charts = read.helm_charts.len();
        read.fix();
        let mut fields = Map::new();
        for (name, field) in value.as_map().into_iter().flatten() {
            let known = kustomization::FIELDS.into_iter().find(|known| known.eq_ignore_ascii_case(name));
            if let Some(known) = known.filter(|_| !field.is_null()) {
                fields.insert(known, field.clone());
            }
        }
        let mut edit = Self { fields, commented: comments(text) };
        edit.fix(&read, read.helm_charts.get(charts..).unwrap_or_default());
        Ok(edit)
    }

    /// Makes the fields those of `fixed`, in which `charts` were of an older form.
    fn fix(&mut self, fixed: &Kustomization, charts: &[Chart]) {
        self.fields.insert("kind", fixed.kind.as_str());
        self.fields.insert("apiVersion", fixed.api_version.as_str());
        self.fields.remove("helmChartInflationGenerator");
        let mut list = self.list("helmCharts");
        list.extend(charts.iter().map(chart_value));
        self.set_list("helmCharts", list);
        if let (None, Some(globals)) = (self.fields.get("helmGlobals"), &fixed.helm_globals) {
            let fields = [("chartHome", &globals.chart_home), ("configHome", &globals.config_home)];
            let said = fields.into_iter().filter(|(_, text)| !text.is_empty());
            self.fields.insert("helmGlobals", Value::map_of(said.map(|(name, text)| (name, text.as_str()))));
        }
        for (old, new) in [("bases", "resources"), ("imageTags", "images")] {
            if let Some(Value::List(moved)) = self.fields.remove(old) {
                let mut list = self.list(new);
                list.extend(moved.iter().cloned());
                self.set_list(new, list);
            }
        }
        for field in ["configMapGenerator", "secretGenerator"] {
            let mut list = self.list(field);
            for generator in &mut list {
                let Some(env) = generator.as_map_mut().and_then(|map| map.remove("env")) else { continue };
                let mut envs = generator.get("envs").and_then(Value::as_list).unwrap_or_default().to_vec();
                envs.push(env);
                generator.set_at(&["envs"], envs);
            }
            self.set_list(field, list);
        }
    }

    fn list(&self, field: &str) -> Vec<Value> {
        self.fields.get(field).and_then(Value::as_list).unwrap_or_default().to_vec()
    }

    fn set_list(&mut self, field: &str, list: Vec<Value>) {
        if list.is_empty() {
            self.fields.remove(field);
        } else {
            self.fields.insert(field, list);
        }
    }

    /// The file as it is now.
    ///
    /// # Errors
    /// A field cannot be written.
    pub fn to_text(&self) -> Result<String, EditError> {
        let mut out = String::new();
        for (field, comment) in &self.commented {
            out.push_str(comment);
            self.write_field(field, &mut out)?;
        }
        for field in ORDER.into_iter().chain([LAST]) {
            if self.commented.iter().all(|(known, _)| known != field) {
                self.write_field(field, &mut out)?;
            }
        }
        Ok(out)
    }

    fn write_field(&self, field: &str, out: &mut String) -> Result<(), EditError> {
        let Some(value) = self.fields.get(field) else { return Ok(()) };
        let is_empty = match value {
            Value::String(text) => text.is_empty(),
            Value::List(list) => list.is_empty(),
            Value::Map(map) => map.is_empty() && field != "sortOptions",
            _ => false,
        };
        if is_empty {
            return Ok(());
        }
        let value = Value::map_of([(field, prune::pruned(field, value))]);
        out.push_str(&yaml::to_yaml(&value).map_err(EditError::Write)?);
        Ok(())
    }
}

/// A chart of the older form, which has no other fields than these.
fn chart_value(chart: &Chart) -> Value {
    let texts = [
        ("name", &chart.name),
        ("version", &chart.version),
        ("repo", &chart.repo),
        ("valuesFile", &chart.values_file),
        ("valuesMerge", &chart.values_merge),
        ("releaseName", &chart.release_name),
    ];
    let said = texts.into_iter().filter(|(_, text)| !text.is_empty());
    let said = said.map(|(name, text)| (name, Value::from(text.as_str())));
    Value::map_of(said.chain(chart.values_inline.clone().map(|values| ("valuesInline", values))))
}

/// Each field of a file with the comments and empty lines in front of it, and those within it. A last line
/// without line break is not looked at.
fn comments(text: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut pending = String::new();
    for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
        let content = line.trim_start_matches(' ').trim_end_matches('\n');
        if content.is_empty() || content.starts_with('#') {
            pending.push_str(line);
        } else if let Some(field) = field_of(line) {
            fields.push((field.to_owned(), std::mem::take(&mut pending)));
        } else if !pending.is_empty()
            && let Some((_, comment)) = fields.last_mut()
        {
            comment.push_str(&std::mem::take(&mut pending));
        }
    }
    fields
}

fn field_of(line: &str) -> Option<&'static str> {
    let (name, _) = line.split_once(':')?;
    ORDER.into_iter().chain([LAST]).find(|field| field.eq_ignore_ascii_case(name))
}
