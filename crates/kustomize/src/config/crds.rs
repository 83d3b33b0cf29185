//! What the OpenAPI definitions of custom kinds (`crds`) say about references, labels and annotations.

use std::collections::BTreeMap;

use yaml::Rules;

use super::{Config, ConfigError, NameReference};
use crate::field_spec::FieldSpec;
use crate::id::Gvk;
use crate::kustomization::ReadError;
use crate::kustomization::reader::Reader;

/// Types within types, so that one that refers to itself ends.
const MAX_DEPTH: usize = 32;

/// The properties of each type, by its name.
type Definitions<'a> = BTreeMap<&'a str, Vec<Property<'a>>>;

/// A property, as far as it says something about references, labels and annotations.
struct Property<'a> {
    name: &'a str,
    is_annotation: bool,
    is_label_selector: bool,
    is_identity: bool,
    /// The version and kind of what it refers to, and the field with its name.
    reference: Option<(&'a str, &'a str, &'a str)>,
    definition: Option<&'a str>,
}

/// Reads the definitions of a file.
///
/// # Errors
/// It is not YAML, or no map of definitions, or specs conflict.
pub(crate) fn from_definitions(text: &str) -> Result<Config, ConfigError> {
    let value = yaml::parse_first(text, Rules::V2).map_err(ConfigError::Yaml)?;
    let definitions: Definitions<'_> = Reader::lenient(&value)?
        .entries()?
        .into_iter()
        .map(|(name, mut definition)| Ok((name, properties(&mut definition)?)))
        .collect::<Result<_, ReadError>>()?;
    let mut config = Config::default();
    for (name, properties) in &definitions {
        let has = |field: &&str| properties.iter().any(|property| property.name == *field);
        if ["kind", "apiVersion", "metadata"].iter().all(has) {
            let kind = name.rsplit('.').next().unwrap_or(name);
            let mut found = Config::default();
            let gvk = Gvk { kind: kind.into(), ..Gvk::default() };
            load(&mut found, &gvk, &definitions, (name, &[]))?;
            config.add(&found)?;
        }
    }
    Ok(config)
}

fn properties<'a>(definition: &mut Reader<'a>) -> Result<Vec<Property<'a>>, ReadError> {
    let found =
        definition.object("Schema", |schema| schema.object("properties", |reader| reader.entries()))?;
    Ok(found.flatten().into_iter().flatten().map(|(name, reader)| property(name, reader)).collect())
}

fn property<'a>(name: &'a str, mut schema: Reader<'a>) -> Property<'a> {
    let mut text = |name| schema.text_if_any(name);
    let (version, kind) = (text("x-kubernetes-object-ref-api-version"), text("x-kubernetes-object-ref-kind"));
    let key = text("x-kubernetes-object-ref-name-key").unwrap_or("name");
    Property {
        name,
        is_annotation: text("x-kubernetes-annotation").is_some(),
        is_label_selector: text("x-kubernetes-label-selector").is_some(),
        is_identity: text("x-kubernetes-identity").is_some(),
        reference: version.zip(kind).map(|(version, kind)| (version, kind, key)),
        definition: text("$ref"),
    }
}

fn load(
    config: &mut Config,
    gvk: &Gvk,
    definitions: &Definitions<'_>,
    (name, path): (&str, &[String]),
) -> Result<(), ConfigError> {
    let Some(properties) = definitions.get(name).filter(|_| path.len() < MAX_DEPTH) else { return Ok(()) };
    for property in properties {
        let mut inner = path.to_vec();
        inner.push(property.name.to_owned());
        let spec =
            |path: &[String]| FieldSpec { gvk: gvk.clone(), path: path.join("/").into(), create: false };
        let sections = [
            (property.is_annotation, &mut config.common_annotations),
            (property.is_label_selector, &mut config.common_labels),
            (property.is_identity, &mut config.name_prefix),
        ];
        for (_, section) in sections.into_iter().filter(|(is_meant, _)| *is_meant) {
            super::merge_all(section, [spec(&inner)])?;
        }
        if let Some((version, kind, key)) = property.reference {
            let mut field = inner.clone();
            field.push(key.to_owned());
            let target = Gvk { version: version.into(), kind: kind.into(), ..Gvk::default() };
            let reference = NameReference { target, fields: vec![spec(&field)] };
            config.add(&Config { name_reference: vec![reference], ..Config::default() })?;
        }
        if let Some(name) = property.definition {
            load(config, gvk, definitions, (name, &inner))?;
        }
    }
    Ok(())
}
