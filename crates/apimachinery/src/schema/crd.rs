//! Structural schemas of custom kinds.

use regex::Regex;
use thiserror::Error;
use value::{Map, Value};

use super::{Schema, parse};

/// A finding at one place of a document, worded as the API server does.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{field}: {detail}")]
pub struct FieldError {
    /// The place, such as `spec.replicas`.
    pub field: String,
    /// What is wrong, such as `Required value: must not be empty`.
    pub detail: String,
}

impl FieldError {
    /// A finding with a detail of any kind.
    pub fn new(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: field.into(), detail: detail.into() }
    }

    /// A field that must be there.
    pub fn required(field: impl Into<String>, why: &str) -> Self {
        let colon = if why.is_empty() { "" } else { ": " };
        Self::new(field, format!("Required value{colon}{why}"))
    }

    /// A field that must not be there.
    pub fn forbidden(field: impl Into<String>, why: &str) -> Self {
        Self::new(field, format!("Forbidden: {why}"))
    }

    /// A value that is refused; texts are quoted, other values stand as JSON.
    pub fn invalid(field: impl Into<String>, value: &Value, why: &str) -> Self {
        Self::new(field, format!("Invalid value: {value}: {why}"))
    }

    /// A value that is none of the supported ones.
    pub fn not_supported(field: impl Into<String>, value: &Value, supported: &[&str]) -> Self {
        let supported: Vec<_> = supported.iter().map(|one| format!("{one:?}")).collect();
        Self::new(field, format!("Unsupported value: {value}: supported values: {}", supported.join(", ")))
    }

    /// The reason that a Status gives for the finding, such as `FieldValueRequired`.
    pub fn reason(&self) -> &'static str {
        let kind = self.detail.split(':').next().unwrap_or_default();
        match kind {
            "Required value" => "FieldValueRequired",
            "Forbidden" => "FieldValueForbidden",
            "Unsupported value" => "FieldValueNotSupported",
            "Duplicate value" => "FieldValueDuplicate",
            "Not found" => "FieldValueNotFound",
            "Too long" => "FieldValueTooLong",
            "Too many" => "FieldValueTooMany",
            _ if self.detail.contains(" in body must be of type ") => "FieldValueTypeInvalid",
            _ => "FieldValueInvalid",
        }
    }

    /// A value that is there twice.
    pub fn duplicate(field: impl Into<String>, value: &Value) -> Self {
        Self::new(field, format!("Duplicate value: {value}"))
    }
}

/// Deeper schemas than any real one are refused, so that no schema can exhaust the stack.
const DEEPEST: usize = 64;

pub(super) fn structural(source: &Value) -> Result<Schema, Vec<FieldError>> {
    let mut errors = Vec::new();
    if source.str_at(&["type"]) != Some("object") {
        let kind = Value::from(source.str_at(&["type"]).unwrap_or_default());
        errors.push(if kind.as_str() == Some("") {
            FieldError::required("openAPIV3Schema.type", "must not be empty at the root")
        } else {
            FieldError::invalid("openAPIV3Schema.type", &kind, "must be object at the root")
        });
    }
    check(source, "openAPIV3Schema", 0, &mut errors);
    if errors.is_empty() { Ok(parse::schema(&with_metadata(source))) } else { Err(errors) }
}

/// Every object has apiVersion, kind and metadata, whatever its definition says about them.
fn with_metadata(source: &Value) -> Value {
    let mut source = source.clone();
    let text = || Value::map_of([("type", "string")]);
    source.set_at(&["properties", "apiVersion"], text());
    source.set_at(&["properties", "kind"], text());
    let metadata = "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
    source.set_at(&["properties", "metadata"], Value::map_of([("$ref", metadata)]));
    source
}

fn check(schema: &Value, path: &str, depth: usize, errors: &mut Vec<FieldError>) {
    let Some(map) = schema.as_map() else {
        errors.push(FieldError::invalid(path, schema, "must be a schema"));
        return;
    };
    if depth > DEEPEST {
        errors.push(FieldError::forbidden(path, "must not be nested this deeply"));
        return;
    }
    check_node(map, path, depth, errors);
    check_types(map, path, errors);
    check_list(map, path, errors);
    for (key, property) in map.get("properties").and_then(Value::as_map).into_iter().flat_map(Map::iter) {
        check(property, &format!("{path}.properties[{key}]"), depth + 1, errors);
    }
    match map.get("additionalProperties") {
        Some(schema @ Value::Map(_)) => {
            check(schema, &format!("{path}.additionalProperties"), depth + 1, errors);
        }
        Some(Value::Bool(false)) => {
            errors.push(FieldError::forbidden(
                format!("{path}.additionalProperties"),
                "additionalProperties can not be set to false",
            ));
        }
        _ => {}
    }
    if let Some(items @ Value::Map(_)) = map.get("items") {
        check(items, &format!("{path}.items"), depth + 1, errors);
    }
}

fn check_node(map: &Map, path: &str, depth: usize, errors: &mut Vec<FieldError>) {
    for forbidden in ["$ref", "definitions", "dependencies", "patternProperties", "additionalItems"] {
        if map.contains_key(forbidden) {
            let why = format!("{forbidden} is not supported");
            errors.push(FieldError::forbidden(format!("{path}.{forbidden}"), &why));
        }
    }
    if map.get("uniqueItems").and_then(Value::as_bool) == Some(true) {
        errors.push(FieldError::forbidden(
            format!("{path}.uniqueItems"),
            "uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
        ));
    }
    if map.contains_key("properties") && map.contains_key("additionalProperties") {
        errors.push(FieldError::forbidden(
            format!("{path}.additionalProperties"),
            "additionalProperties and properties are mutual exclusive",
        ));
    }
    if let Some(pattern) =
        map.get("pattern").filter(|text| text.as_str().is_some_and(|t| Regex::new(t).is_err()))
    {
        let why = "must be a valid regular expression, but isn't";
        errors.push(FieldError::invalid(format!("{path}.pattern"), pattern, why));
    }
    // Inside of logical schemas only values are checked; a type there would be a second structure.
    for word in ["allOf", "anyOf", "oneOf"] {
        let list = map.get(word).and_then(Value::as_list).unwrap_or_default();
        for (index, schema) in list.iter().enumerate() {
            check_value_schema(schema, map, &format!("{path}.{word}[{index}]"), depth + 1, errors);
        }
    }
    if let Some(schema) = map.get("not") {
        check_value_schema(schema, map, &format!("{path}.not"), depth + 1, errors);
    }
}

fn check_types(map: &Map, path: &str, errors: &mut Vec<FieldError>) {
    let flag = |key: &str| map.get(key).and_then(Value::as_bool).unwrap_or_default();
    let kind = map.get("type").and_then(Value::as_str).unwrap_or_default();
    if flag("x-kubernetes-int-or-string") {
        if !kind.is_empty() {
            errors.push(FieldError::invalid(
                format!("{path}.type"),
                &Value::from(kind),
                "must be empty if x-kubernetes-int-or-string is true",
            ));
        }
        return;
    }
    if kind.is_empty() {
        if !flag("x-kubernetes-preserve-unknown-fields") {
            errors.push(FieldError::required(
                format!("{path}.type"),
                "must not be empty for specified object fields",
            ));
        }
        return;
    }
    if parse::parse_type(kind).is_none() {
        errors.push(FieldError::not_supported(
            format!("{path}.type"),
            &Value::from(kind),
            &["array", "boolean", "integer", "number", "object", "string"],
        ));
    }
    if flag("x-kubernetes-embedded-resource") && kind != "object" {
        errors.push(FieldError::invalid(
            format!("{path}.type"),
            &Value::from(kind),
            "must be object if x-kubernetes-embedded-resource is true",
        ));
    }
}

fn check_list(map: &Map, path: &str, errors: &mut Vec<FieldError>) {
    let kind = map.get("type").and_then(Value::as_str).unwrap_or_default();
    if kind == "array" && map.get("items").is_none_or(|items| items.as_map().is_none()) {
        errors.push(FieldError::required(format!("{path}.items"), "must be specified"));
    }
    let list_type = map.get("x-kubernetes-list-type").and_then(Value::as_str);
    if list_type.is_some() && kind != "array" {
        let why = "must be array if x-kubernetes-list-type is specified";
        errors.push(FieldError::invalid(format!("{path}.type"), &Value::from(kind), why));
    }
    match list_type {
        Some("map") => check_map_keys(map, path, errors),
        Some("atomic" | "set") | None => {}
        Some(other) => errors.push(FieldError::not_supported(
            format!("{path}.x-kubernetes-list-type"),
            &Value::from(other),
            &["atomic", "set", "map"],
        )),
    }
    if let Some(other) = map.get("x-kubernetes-map-type").and_then(Value::as_str)
        && !matches!(other, "granular" | "atomic")
    {
        errors.push(FieldError::not_supported(
            format!("{path}.x-kubernetes-map-type"),
            &Value::from(other),
            &["atomic", "granular"],
        ));
    }
}

fn check_map_keys(map: &Map, path: &str, errors: &mut Vec<FieldError>) {
    let keys = map.get("x-kubernetes-list-map-keys").and_then(Value::as_list).unwrap_or_default();
    if keys.is_empty() {
        errors.push(FieldError::required(
            format!("{path}.x-kubernetes-list-map-keys"),
            "must not be empty if x-kubernetes-list-type is map",
        ));
    }
    let Some(items) = map.get("items") else { return };
    let required = items.get("required").and_then(Value::as_list).unwrap_or_default();
    for key in keys.iter().filter_map(Value::as_str) {
        let place = format!("{path}.items.properties[{key}]");
        match items.at(&["properties", key]) {
            None => errors.push(FieldError::invalid(
                format!("{path}.x-kubernetes-list-map-keys"),
                &Value::from(key),
                "entries must all be names of item properties",
            )),
            Some(property)
                if property.get("default").is_none()
                    && !required.iter().any(|name| name.as_str() == Some(key)) =>
            {
                errors.push(FieldError::required(
                    format!("{place}.default"),
                    "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property",
                ));
            }
            Some(_) => {}
        }
    }
}

/// Logical schemas may check values of the structure around them and no more. `{type: integer}` and
/// `{type: string}` are the known form of an int-or-string.
fn check_value_schema(schema: &Value, around: &Map, path: &str, depth: usize, errors: &mut Vec<FieldError>) {
    let Some(map) = schema.as_map() else { return };
    if depth > DEEPEST {
        errors.push(FieldError::forbidden(path, "must not be nested this deeply"));
        return;
    }
    let int_or_string = around.get("x-kubernetes-int-or-string").and_then(Value::as_bool) == Some(true);
    for forbidden in ["type", "description", "default", "additionalProperties", "nullable", "title"] {
        let known_form = forbidden == "type" && int_or_string;
        if map.contains_key(forbidden) && !known_form {
            let why = format!("must be {} to be structural", absent_form(forbidden));
            errors.push(FieldError::forbidden(format!("{path}.{forbidden}"), &why));
        }
    }
    for (key, property) in map.get("properties").and_then(Value::as_map).into_iter().flat_map(Map::iter) {
        let structure = around.get("properties").and_then(|properties| properties.get(key));
        let place = format!("{path}.properties[{key}]");
        match structure.and_then(Value::as_map) {
            Some(structure) => check_value_schema(property, structure, &place, depth + 1, errors),
            None if around.get("x-kubernetes-preserve-unknown-fields").and_then(Value::as_bool)
                == Some(true) => {}
            None => errors.push(FieldError::required(
                format!("openAPIV3Schema.properties[{key}]"),
                &format!("because it is defined in {place}"),
            )),
        }
    }
}

fn absent_form(key: &str) -> &'static str {
    match key {
        "nullable" => "false",
        "default" | "additionalProperties" => "undefined",
        _ => "empty",
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ListType, Type};
    use super::*;

    fn parsed(text: &str) -> Result<Schema, Vec<FieldError>> {
        Schema::from_crd(&value::from_json(text.as_bytes()).unwrap())
    }

    #[test]
    fn structural_schemas_are_read() {
        let schema = parsed(
            r#"{"type":"object","properties":{"spec":{"type":"object","required":["name"],"properties":{
                "name":{"type":"string","pattern":"^a+$"},
                "port":{"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"},{"type":"string"}]},
                "list":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],
                    "items":{"type":"object","required":["k"],"properties":{"k":{"type":"string"}}}}}}}}"#,
        )
        .unwrap();
        let list = schema.at(&["spec", "list"]).unwrap();
        assert_eq!((list.list_type, list.list_map_keys[0].as_str()), (Some(ListType::Map), "k"));
        assert!(schema.at(&["spec", "port"]).unwrap().int_or_string);
        assert_eq!(schema.at(&["metadata", "labels"]).unwrap().r#type, Some(Type::Object));
        assert_eq!(schema.at(&["metadata", "labels", "x"]).unwrap().r#type, Some(Type::String));
        let name = schema.at(&["spec", "name"]).unwrap();
        let pattern = name.constraints.as_ref().unwrap().pattern.as_ref().unwrap();
        assert!(pattern.regex.as_ref().unwrap().is_match("aa"));
    }

    #[test]
    fn what_is_not_structural_is_refused() {
        let errors = parsed(
            r##"{"type":"object","properties":{"a":{"description":"x"},"b":{"type":"array"},
                "c":{"$ref":"#/x","type":"string"},
                "d":{"type":"object","properties":{},"additionalProperties":{"type":"string"}}}}"##,
        )
        .unwrap_err();
        let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "openAPIV3Schema.properties[a].type: Required value: must not be empty for specified object fields",
                "openAPIV3Schema.properties[b].items: Required value: must be specified",
                "openAPIV3Schema.properties[c].$ref: Forbidden: $ref is not supported",
                "openAPIV3Schema.properties[d].additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive",
            ]
        );
    }
}
