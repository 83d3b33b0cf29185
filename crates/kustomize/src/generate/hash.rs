//! The hash of the content that generated names end with.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use value::{Map, Value};
use yaml::node::{ConvertError, Node};

use crate::resource::Resource;

/// Ten characters of the SHA-256 of what the object says; digits and vowels that could make words are others.
///
/// Source: kustomize `hasher.go`.
///
/// # Errors
/// The object is no data.
pub(crate) fn of(resource: &Resource) -> Result<String, ConvertError> {
    let mut content = Map::new();
    // Upstream looks for a field that is called "metadata/name", and finds none.
    content.insert("name", "");
    let kind = resource.kind();
    content.insert("kind", kind);
    let (required, optional): (&[&str], &str) =
        if kind == "Secret" { (&["data", "type"], "stringData") } else { (&["data"], "binaryData") };
    for field in required {
        content.insert(*field, value_of(resource, field)?);
    }
    let more = value_of(resource, optional)?;
    if more.as_map().is_some() {
        content.insert(optional, more);
    }
    Ok(encode(escaped(&value::to_json(&Value::from(content))).as_bytes()))
}

fn value_of(resource: &Resource, field: &str) -> Result<Value, ConvertError> {
    match resource.node().get(field) {
        None => Ok(Value::from("")),
        Some(Node::Scalar(scalar)) => Ok(Value::from(&*scalar.text)),
        Some(node) => node.to_value(),
    }
}

/// Go's `encoding/json` escapes what HTML would read.
pub(crate) fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for char in json.chars() {
        match char {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            char => out.push(char),
        }
    }
    out
}

fn encode(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let mut hex = String::with_capacity(10);
    for byte in &digest[..5] {
        // Writing to a text cannot fail.
        if write!(hex, "{byte:02x}").is_err() {
            break;
        }
    }
    hex.chars()
        .map(|char| match char {
            '0' => 'g',
            '1' => 'h',
            '3' => 'k',
            'a' => 'm',
            'e' => 't',
            char => char,
        })
        .collect()
}
