//! What the OpenAPI definitions of custom kinds (`crds`) say about references, labels and annotations.

use value::{Map, Value};
use yaml::Rules;

use super::{Config, ConfigError, NameReference};
use crate::field_spec::FieldSpec;
use crate::id::Gvk;

/// Types within types, so that one that refers to itself ends.
const MAX_DEPTH: usize = 32;

/// Reads the definitions of a file.
///
/// # Errors
/// It is not YAML, or specs conflict.
pub(crate) fn from_definitions(text: &str) -> Result<Config, ConfigError> {
    let value = yaml::parse(text, Rules::V2).map_err(ConfigError::Yaml)?;
    let empty = Map::new();
    let definitions = value.as_map().unwrap_or(&empty);
    let mut config = Config::default();
    for (name, definition) in definitions {
        let properties = properties(definition);
        let is_kind = ["kind", "apiVersion", "metadata"].iter().all(|field| properties.contains_key(field));
        if is_kind {
            let kind = name.rsplit('.').next().unwrap_or(name);
            let mut found = Config::default();
            let gvk = Gvk { kind: kind.into(), ..Gvk::default() };
            load(&mut found, &gvk, definitions, (name, &[]))?;
            config.add(&found)?;
        }
    }
    Ok(config)
}

static NO_PROPERTIES: std::sync::LazyLock<Map> = std::sync::LazyLock::new(Map::new);

fn properties(definition: &Value) -> &Map {
    definition.at(&["Schema", "properties"]).and_then(Value::as_map).unwrap_or(&NO_PROPERTIES)
}

fn load(
    config: &mut Config,
    gvk: &Gvk,
    definitions: &Map,
    (name, path): (&str, &[String]),
) -> Result<(), ConfigError> {
    let Some(definition) = definitions.get(name).filter(|_| path.len() < MAX_DEPTH) else { return Ok(()) };
    for (property, schema) in properties(definition) {
        let mut inner = path.to_vec();
        inner.push(property.to_string());
        let spec =
            |path: &[String]| FieldSpec { gvk: gvk.clone(), path: path.join("/").into(), create: false };
        let text = |name: &str| schema.str_at(&[name]);
        if text("x-kubernetes-annotation").is_some() {
            super::merge_all(&mut config.common_annotations, [spec(&inner)])?;
        }
        if text("x-kubernetes-label-selector").is_some() {
            super::merge_all(&mut config.common_labels, [spec(&inner)])?;
        }
        if text("x-kubernetes-identity").is_some() {
            super::merge_all(&mut config.name_prefix, [spec(&inner)])?;
        }
        if let (Some(version), Some(kind)) =
            (text("x-kubernetes-object-ref-api-version"), text("x-kubernetes-object-ref-kind"))
        {
            let mut field = inner.clone();
            field.push(text("x-kubernetes-object-ref-name-key").unwrap_or("name").to_owned());
            let target = Gvk { version: version.into(), kind: kind.into(), ..Gvk::default() };
            let reference = NameReference { target, fields: vec![spec(&field)] };
            config.add(&Config { name_reference: vec![reference], ..Config::default() })?;
        }
        if let Some(name) = text("$ref") {
            load(config, gvk, definitions, (name, &inner))?;
        }
    }
    Ok(())
}
