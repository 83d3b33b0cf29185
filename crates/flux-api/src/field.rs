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
