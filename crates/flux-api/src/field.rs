//! Reading fields of a spec.

use std::time::Duration;

use thiserror::Error;
use value::Value;

/// A field whose value is not what its kind asks for. The API server's validation lets none through.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("spec.{path}: {problem}")]
pub struct FieldError {
    /// The path below `spec`.
    pub path: String,
    /// What is wrong, and what is allowed.
    pub problem: String,
}

/// Of the given paths below `spec`, those that `object` sets. `[]` after a name means any element.
/// A field with an empty list or map, an empty text or `false` counts as not set: it asks for nothing.
pub fn present<'a>(object: &Value, paths: &[&'a str]) -> Vec<&'a str> {
    let Some(spec) = object.get("spec") else { return Vec::new() };
    paths.iter().copied().filter(|path| is_set(spec, path)).collect()
}

fn is_set(value: &Value, path: &str) -> bool {
    let (step, rest) = path.split_once('.').map_or((path, None), |(step, rest)| (step, Some(rest)));
    let (name, each) = step.strip_suffix("[]").map_or((step, false), |name| (name, true));
    let Some(field) = value.get(name) else { return false };
    let below = |field: &Value| rest.map_or_else(|| asks_for_something(field), |rest| is_set(field, rest));
    if each { field.as_list().is_some_and(|items| items.iter().any(below)) } else { below(field) }
}

fn asks_for_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::List(items) => !items.is_empty(),
        Value::Map(entries) => !entries.is_empty(),
        _ => true,
    }
}

/// Typed access to the fields of a spec.
pub(crate) struct Spec<'a>(pub(crate) &'a Value);

impl Spec<'_> {
    pub(crate) fn text(&self, path: &[&str]) -> Option<String> {
        self.0.str_at(path).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    pub(crate) fn required(&self, path: &[&str]) -> Result<String, FieldError> {
        self.text(path).ok_or_else(|| error(path, "is required"))
    }

    pub(crate) fn flag(&self, path: &[&str]) -> bool {
        self.0.at(path).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(crate) fn duration(&self, path: &[&str]) -> Result<Option<Duration>, FieldError> {
        let Some(text) = self.0.str_at(path) else { return Ok(None) };
        match apimachinery::duration::parse(text) {
            Ok(duration) => Ok(Some(duration)),
            Err(cause) => {
                Err(error(path, &format!("{text:?} is not a duration such as 10m or 1h30m ({cause})")))
            }
        }
    }

    pub(crate) fn texts(&self, path: &[&str]) -> Vec<(String, String)> {
        let Some(map) = self.0.at(path).and_then(Value::as_map) else { return Vec::new() };
        map.iter().filter_map(|(key, value)| Some((key.to_string(), value.as_str()?.to_owned()))).collect()
    }

    pub(crate) fn items(&self, path: &[&str]) -> &[Value] {
        self.0.at(path).and_then(Value::as_list).unwrap_or_default()
    }
}

pub(crate) fn error(path: &[&str], problem: &str) -> FieldError {
    FieldError { path: path.join("."), problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fields_that_ask_for_something_are_present() {
        let text = br#"{"spec":{"a":{"b":[{"c":"x"},{}]},"d":false,"e":[],"f":{"g":""}}}"#;
        let object = value::from_json(text).expect("valid");
        assert_eq!(present(&object, &["a.b[].c", "a.b[].z", "d", "e", "f.g", "h"]), ["a.b[].c"]);
    }
}
