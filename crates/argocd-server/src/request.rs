//! A request, read.

use bytes::Bytes;
use http::HeaderMap;
use url::form_urlencoded;
use value::Value;

use crate::error::ApiError;

/// What stands for the variables of a route's path.
pub(crate) type Variables = Vec<(&'static str, String)>;

/// What was asked, with the variables of the route's path.
pub(crate) struct Request {
    pub(crate) variables: Variables,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    /// The pairs of a query string.
    pub(crate) fn query_of(text: &str) -> Vec<(String, String)> {
        form_urlencoded::parse(text.as_bytes()).into_owned().collect()
    }

    /// A variable of the path; a route that has none of the name has an empty one.
    pub(crate) fn variable(&self, name: &str) -> &str {
        self.variables.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text)
    }

    /// The first value of a parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    /// All values of a parameter.
    pub(crate) fn parameters<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.query.iter().filter(move |(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    /// A switch; `None` where it is not given.
    ///
    /// # Errors
    /// It is neither on nor off.
    pub(crate) fn switch(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.parameter(name) {
            None => Ok(None),
            Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(Some(true)),
            Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(Some(false)),
            Some(other) => {
                Err(ApiError::invalid(format!("parameter {name}: {other:?} is neither true nor false")))
            }
        }
    }

    /// The body, which must be a JSON object; an empty one counts as an object without fields.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn json(&self) -> Result<Value, ApiError> {
        if self.body.is_empty() {
            return Ok(Value::map());
        }
        let value = value::from_json(&self.body).map_err(|error| {
            let text = error.to_string();
            // The words of encoding/json, which clients look for.
            ApiError::invalid(if text.contains("EOF") { "unexpected EOF".to_owned() } else { text })
        })?;
        if value.as_map().is_none() {
            return Err(ApiError::invalid("the body is no JSON object"));
        }
        Ok(value)
    }

    /// The body, which must be a JSON text.
    ///
    /// # Errors
    /// It is none, in the words of encoding/json.
    pub(crate) fn text(&self) -> Result<String, ApiError> {
        let value = value::from_json(&self.body).map_err(|_| ApiError::invalid("unexpected EOF"))?;
        value.as_str().map(str::to_owned).ok_or_else(|| {
            let kind = value.kind();
            ApiError::invalid(format!("json: cannot unmarshal {kind} into Go value of type string"))
        })
    }

    /// Whether the client wants events of a stream, and not lines of JSON.
    pub(crate) fn wants_events(&self) -> bool {
        let accept = self.headers.get(http::header::ACCEPT).and_then(|accept| accept.to_str().ok());
        accept.is_some_and(|accept| accept.contains("text/event-stream"))
    }
}
