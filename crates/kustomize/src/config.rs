//! The configuration of transformers: which fields of which kinds they change.

mod crds;

use std::cmp::Ordering;
use std::sync::{Arc, LazyLock};

use thiserror::Error;
use value::Value;
use yaml::Rules;

use crate::field_spec::FieldSpec;
use crate::id::Gvk;
use crate::kustomization::reader::{ReadError, Reader};
use crate::order;

pub(crate) use crds::from_definitions;

static DEFAULTS: &str = include_str!("../generated/field-specs.txt");
static DEFAULT: LazyLock<Arc<Config>> = LazyLock::new(|| Arc::new(Config::parse_defaults(DEFAULTS)));

/// A configuration that is not right.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// Not YAML.
    #[error(transparent)]
    Yaml(yaml::Error),
    /// A field that does not exist, or of another type.
    #[error(transparent)]
    Field(#[from] ReadError),
    /// Two specs of one field that differ in `create`.
    #[error("conflicting fieldspecs for {path} of {gvk}: one has create: true, the other has not")]
    Conflict {
        /// The kind.
        gvk: Gvk,
        /// The path.
        path: String,
    },
}

/// The kind that is referred to by name, and the fields that do so.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NameReference {
    pub(crate) target: Gvk,
    pub(crate) fields: Vec<FieldSpec>,
}

/// Field specs by transformer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Config {
    pub(crate) name_prefix: Vec<FieldSpec>,
    pub(crate) name_suffix: Vec<FieldSpec>,
    pub(crate) namespace: Vec<FieldSpec>,
    pub(crate) common_labels: Vec<FieldSpec>,
    pub(crate) labels: Vec<FieldSpec>,
    pub(crate) template_labels: Vec<FieldSpec>,
    pub(crate) volume_claim_template_labels: Vec<FieldSpec>,
    pub(crate) common_annotations: Vec<FieldSpec>,
    pub(crate) name_reference: Vec<NameReference>,
    pub(crate) var_reference: Vec<FieldSpec>,
    pub(crate) images: Vec<FieldSpec>,
    pub(crate) replicas: Vec<FieldSpec>,
}

impl Config {
    /// What kustomize has built in.
    pub(crate) fn builtin() -> Arc<Self> {
        DEFAULT.clone()
    }

    /// Reads a file that `configurations` names.
    ///
    /// # Errors
    /// [`ConfigError`]
    pub(crate) fn parse(text: &str) -> Result<Self, ConfigError> {
        let value = yaml::parse_first(text, Rules::V2).map_err(ConfigError::Yaml)?;
        let mut reader = Reader::strict(&value)?;
        let mut config = Self::default();
        for name in SECTIONS {
            let specs = reader.items(name, crate::kustomization::reader_field_spec)?;
            if let Some(section) = config.section(name) {
                *section = specs;
            }
        }
        config.name_reference = reader.items("nameReference", |reader| {
            Ok(NameReference {
                target: crate::kustomization::reader_gvk(reader)?,
                fields: reader.items("fieldSpecs", crate::kustomization::reader_field_spec)?,
            })
        })?;
        reader.finish()?;
        config.sort();
        Ok(config)
    }

    /// This configuration with another one added to it.
    ///
    /// # Errors
    /// [`ConfigError::Conflict`]
    pub(crate) fn merged(self: &Arc<Self>, other: &Arc<Self>) -> Result<Arc<Self>, ConfigError> {
        if Arc::ptr_eq(self, other) || Arc::ptr_eq(other, &DEFAULT) {
            return Ok(self.clone());
        }
        let mut merged = (**self).clone();
        merged.add(other)?;
        Ok(Arc::new(merged))
    }

    pub(crate) fn add(&mut self, other: &Self) -> Result<(), ConfigError> {
        let mut other = other.clone();
        for name in SECTIONS {
            let specs = other.section(name).map(std::mem::take).unwrap_or_default();
            if let Some(section) = self.section(name) {
                merge_all(section, specs)?;
            }
        }
        for reference in other.name_reference {
            match self.name_reference.iter_mut().find(|known| known.target == reference.target) {
                Some(known) => merge_all(&mut known.fields, reference.fields)?,
                None => self.name_reference.push(reference),
            }
        }
        self.sort();
        Ok(())
    }

    fn section(&mut self, name: &str) -> Option<&mut Vec<FieldSpec>> {
        Some(match name {
            "namePrefix" => &mut self.name_prefix,
            "nameSuffix" => &mut self.name_suffix,
            "namespace" => &mut self.namespace,
            "commonLabels" => &mut self.common_labels,
            "labels" => &mut self.labels,
            "templateLabels" => &mut self.template_labels,
            "volumeClaimTemplateLabels" => &mut self.volume_claim_template_labels,
            "commonAnnotations" => &mut self.common_annotations,
            "varReference" => &mut self.var_reference,
            "images" => &mut self.images,
            "replicas" => &mut self.replicas,
            _ => return None,
        })
    }

    fn sort(&mut self) {
        for name in SECTIONS {
            if let Some(section) = self.section(name) {
                section.sort_by(|one, other| compare(&one.gvk, &other.gvk));
            }
        }
        self.name_reference.sort_by(|one, other| compare(&one.target, &other.target));
    }

    /// The generated table: section, referenced kind, kind, path, and whether the field is created.
    fn parse_defaults(table: &str) -> Self {
        let mut config = Self::default();
        for line in table.lines() {
            let [section, target, gvk, path, create] = line.split(' ').collect::<Vec<_>>()[..] else {
                continue;
            };
            let spec = FieldSpec { gvk: parse_gvk(gvk), path: Arc::from(path), create: create == "create" };
            if let Some(section) = config.section(section) {
                section.push(spec);
                continue;
            }
            let target = parse_gvk(target);
            match config.name_reference.iter_mut().find(|known| known.target == target) {
                Some(known) => known.fields.push(spec),
                None => config.name_reference.push(NameReference { target, fields: vec![spec] }),
            }
        }
        config.sort();
        config
    }
}

const SECTIONS: [&str; 11] = [
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "templateLabels",
    "volumeClaimTemplateLabels",
    "commonAnnotations",
    "varReference",
    "images",
    "replicas",
];

/// `group/version/kind`
fn parse_gvk(text: &str) -> Gvk {
    let mut parts = text.split('/').map(Arc::from);
    let mut part = || parts.next().unwrap_or_else(|| Arc::from(""));
    Gvk { group: part(), version: part(), kind: part() }
}

/// Adds specs that are not there yet. A known spec of a kind counts for a new one of any kind.
pub(crate) fn merge_all(
    known: &mut Vec<FieldSpec>,
    specs: impl IntoIterator<Item = FieldSpec>,
) -> Result<(), ConfigError> {
    for spec in specs {
        match known.iter().find(|one| one.gvk.is_selected(&spec.gvk) && one.path == spec.path) {
            None => known.push(spec),
            Some(one) if one.create == spec.create => {}
            Some(_) => return Err(ConfigError::Conflict { gvk: spec.gvk, path: spec.path.to_string() }),
        }
    }
    Ok(())
}

fn compare(one: &Gvk, other: &Gvk) -> Ordering {
    let rank = |gvk: &Gvk| order::default_rank(&gvk.kind);
    rank(one).cmp(&rank(other)).then_with(|| order::sort_text(one).cmp(&order::sort_text(other)))
}

/// A part of the configuration of a plugin that has field specs of its own.
pub(crate) fn specs_of(value: &Value, name: &'static str) -> Result<Vec<FieldSpec>, ReadError> {
    Reader::lenient(value)?.items(name, crate::kustomization::reader_field_spec)
}
