//! Values of the wrong type, as Go's decoder says it for built-in kinds.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use value::Value;

use crate::quantity::{Quantity, QuantityError};
use crate::schema::{AdditionalProperties, Node, Schema, Type};

const QUANTITY: &str = "io.k8s.apimachinery.pkg.api.resource.Quantity";

/// The first value that Go's types cannot hold, in the order of the keys:
/// `json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32`. The
/// API server puts `Deployment in version "v1" cannot be handled as a Deployment: ` before it.
pub fn decode_error(object: &Value, schema: &Schema) -> Option<String> {
    let place = Place { owner: short_name(schema).to_owned(), path: String::new() };
    check(object, schema, &place)
}

/// The struct that holds the field at hand, and the way to the field.
struct Place {
    owner: String,
    path: String,
}

fn check(value: &Value, schema: &Node, place: &Place) -> Option<String> {
    if value.is_null() {
        return None;
    }
    if schema.definition.as_deref() == Some(QUANTITY) {
        return quantity(value);
    }
    if schema.int_or_string || (schema.r#type.is_none() && schema.properties.is_empty()) {
        return None;
    }
    let fits = match schema.r#type {
        None | Some(Type::Object) => matches!(value, Value::Map(_)),
        Some(Type::Array) => matches!(value, Value::List(_)),
        Some(Type::String) => matches!(value, Value::String(_)),
        Some(Type::Integer) => matches!(value, Value::Int(_)) && in_range(value, schema),
        Some(Type::Number) => value.as_f64().is_some(),
        Some(Type::Boolean) => matches!(value, Value::Bool(_)),
    };
    if !fits {
        return Some(format!(
            "json: cannot unmarshal {} into Go struct field {}.{} of type {}",
            json_kind(value, schema),
            place.owner,
            place.path,
            go_type(schema)
        ));
    }
    match value {
        Value::Map(map) => map.iter().find_map(|(key, value)| check_entry(key, value, schema, place)),
        Value::List(list) => {
            let items = schema.items.as_ref()?;
            list.iter().find_map(|element| check(element, items, place))
        }
        Value::String(text) if schema.format.as_deref() == Some("byte") => base64_error(text),
        _ => None,
    }
}

fn check_entry(key: &str, value: &Value, schema: &Node, place: &Place) -> Option<String> {
    match (schema.properties.get(key), &schema.additional_properties) {
        (Some(field), _) => {
            let dot = if place.path.is_empty() { "" } else { "." };
            let owner = schema.definition.as_deref().map_or(place.owner.as_str(), last_segment);
            check(value, field, &Place { owner: owner.to_owned(), path: format!("{}{dot}{key}", place.path) })
        }
        (None, Some(AdditionalProperties::Of(of))) => check(value, of, place),
        _ => None,
    }
}

fn in_range(value: &Value, schema: &Node) -> bool {
    schema.format.as_deref() != Some("int32")
        || value.as_i64().is_some_and(|number| i32::try_from(number).is_ok())
}

/// Go names a number that does not fit by its digits.
fn json_kind(value: &Value, schema: &Node) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "bool".to_owned(),
        Value::Int(_) | Value::UInt(_) | Value::Float(_) if schema.r#type == Some(Type::Integer) => {
            format!("number {value}")
        }
        Value::Int(_) | Value::UInt(_) | Value::Float(_) => "number".to_owned(),
        Value::String(_) => "string".to_owned(),
        Value::List(_) => "array".to_owned(),
        Value::Map(_) => "object".to_owned(),
    }
}

fn go_type(schema: &Node) -> String {
    match schema.r#type {
        Some(Type::String) if schema.format.as_deref() == Some("byte") => "[]uint8".to_owned(),
        Some(Type::String) => "string".to_owned(),
        Some(Type::Integer) => schema.format.as_deref().unwrap_or("int64").to_owned(),
        Some(Type::Number) => "float64".to_owned(),
        Some(Type::Boolean) => "bool".to_owned(),
        Some(Type::Array) => {
            format!(
                "[]{}",
                schema.items.as_ref().map_or_else(|| "interface {}".to_owned(), |items| go_type(items))
            )
        }
        Some(Type::Object) | None => match (&schema.additional_properties, schema.definition.as_deref()) {
            (Some(AdditionalProperties::Of(of)), _) => format!("map[string]{}", go_type(of)),
            (_, Some(definition)) => go_struct(definition),
            _ => "map[string]interface {}".to_owned(),
        },
    }
}

/// `io.k8s.api.core.v1.PodSpec` is `v1.PodSpec`.
fn go_struct(definition: &str) -> String {
    let mut parts = definition.rsplit('.');
    let name = parts.next().unwrap_or_default();
    format!("{}.{name}", parts.next().unwrap_or_default())
}

fn last_segment(definition: &str) -> &str {
    definition.rsplit('.').next().unwrap_or_default()
}

fn short_name(schema: &Schema) -> &str {
    schema.definition.as_deref().map_or("", last_segment)
}

fn quantity(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.to_string(),
        other => other.to_string(),
    };
    text.parse::<Quantity>().err().map(|error: QuantityError| error.to_string())
}

fn base64_error(text: &str) -> Option<String> {
    STANDARD.decode(text).err()?;
    let alphabet = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/' | b'\r' | b'\n');
    let at = text.bytes().position(|c| !alphabet(c)).unwrap_or(text.len());
    Some(format!("illegal base64 data at input byte {at}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin;
    use crate::gvk::GroupVersionKind;

    fn error(api_version: &str, kind: &str, object: &str) -> Option<String> {
        let schema = builtin::schema(&GroupVersionKind::from_api_version(api_version, kind)).unwrap();
        decode_error(&value::from_json(object.as_bytes()).unwrap(), &schema)
    }

    /// The messages were seen from kube-apiserver v1.36.3.
    #[test]
    fn wrong_types_are_refused_in_gos_words() {
        for (api_version, kind, object, message) in [
            (
                "apps/v1",
                "Deployment",
                r#"{"spec":{"replicas":"two"}}"#,
                "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
            ),
            (
                "v1",
                "ConfigMap",
                r#"{"data":{"a":1,"b":true}}"#,
                "json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
            ),
            (
                "v1",
                "ConfigMap",
                r#"{"data":["a"]}"#,
                "json: cannot unmarshal array into Go struct field ConfigMap.data of type map[string]string",
            ),
            ("v1", "Secret", r#"{"data":{"a":"not base64!"}}"#, "illegal base64 data at input byte 3"),
        ] {
            assert_eq!(error(api_version, kind, object).as_deref(), Some(message));
        }
    }

    #[test]
    fn what_fits_is_accepted() {
        let service = r#"{"spec":{"ports":[{"port":80,"targetPort":"http"},{"port":1,"targetPort":2}]}}"#;
        assert_eq!(error("v1", "Service", service), None);
        let pod = r#"{"spec":{"containers":[{"name":"a","resources":{"limits":{"cpu":1,"memory":"1Gi"}}}]}}"#;
        assert_eq!(error("v1", "Pod", pod), None);
    }
}
