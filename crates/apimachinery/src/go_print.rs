//! Values as Go's `fmt` prints them, for messages of the API server that show them so.

use value::Value;

/// The type as Go's `%T` prints it.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::UInt(_) => "int64",
        Value::Float(_) => "float64",
        Value::String(_) => "string",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
    }
}

/// The value as Go's `%#v` prints it.
pub(crate) fn syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::List(list) => {
            let elements: Vec<_> = list.iter().map(syntax).collect();
            format!("[]interface {{}}{{{}}}", elements.join(", "))
        }
        Value::Map(map) => {
            let entries: Vec<_> =
                map.iter().map(|(key, value)| format!("{:?}:{}", key.as_str(), syntax(value))).collect();
            format!("map[string]interface {{}}{{{}}}", entries.join(", "))
        }
        scalar => scalar.to_string(),
    }
}

/// A pointer to the wrapped value as Go's `%v` prints it.
pub(crate) fn pointer(value: &Value) -> String {
    format!("&{{{}}}", plain(value))
}

/// The value as Go's `%v` prints it.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.to_string(),
        Value::List(list) => {
            let elements: Vec<_> = list.iter().map(plain).collect();
            format!("[{}]", elements.join(" "))
        }
        Value::Map(map) => {
            let entries: Vec<_> = map.iter().map(|(key, value)| format!("{key}:{}", plain(value))).collect();
            format!("map[{}]", entries.join(" "))
        }
        scalar => scalar.to_string(),
    }
}
