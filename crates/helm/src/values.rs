//! Values: what a chart is rendered with, and where it comes from.

use thiserror::Error;
use value::{Map, Value};

use crate::decode::{self, DecodeError};

/// Why a text does not hold values.
#[derive(Debug, Error)]
pub enum ValuesError {
    /// A line that starts like a separator of documents, and is none.
    #[error("error reading yaml document: {0}")]
    Separator(SeparatorError),
    /// A document that is not a YAML map.
    #[error("cannot unmarshal yaml document")]
    Document(#[source] DecodeError),
}

/// A line that starts like a separator of documents, and is none.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("invalid Yaml document separator: {0}")]
pub struct SeparatorError(pub String);

/// Reads values: the documents of a stream, each one merged over those before it. Every number is a
/// float, because Helm's values pass through JSON.
///
/// # Errors
/// A document is not a YAML map.
pub fn from_yaml(text: &[u8]) -> Result<Value, ValuesError> {
    let mut values = Value::map();
    for document in documents(text).map_err(ValuesError::Separator)? {
        match decode::parse(document).map_err(ValuesError::Document)? {
            Value::Null => {}
            map @ Value::Map(_) => merge(&mut values, &as_json_numbers(&map)),
            other => return Err(ValuesError::Document(not_a_map(&other))),
        }
    }
    Ok(values)
}

/// What Go's decoder says about a document that holds something else than a map.
pub(crate) fn not_a_map(document: &Value) -> DecodeError {
    DecodeError::Kind {
        found: decode::found(document),
        target: "value of type map[string]interface {}".to_owned(),
    }
}

/// Splits a stream at its separators, as apimachinery's `YAMLReader` does.
pub(crate) fn documents(text: &[u8]) -> Result<Vec<&[u8]>, SeparatorError> {
    let mut documents = Vec::new();
    let (mut start, mut at) = (0, 0);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        if let Some(rest) = line.strip_prefix(b"---") {
            let rest = String::from_utf8_lossy(rest);
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                return Err(SeparatorError(rest.to_owned()));
            }
            if at > start {
                documents.push(&text[start..at]);
                start = at + line.len();
            }
        }
        at += line.len();
    }
    if at > start {
        documents.push(&text[start..at]);
    }
    Ok(documents)
}

/// The same values with every number a float, as Go decodes JSON into `interface{}`.
pub fn as_json_numbers(value: &Value) -> Value {
    match value {
        Value::Int(number) => Value::Float(*number as f64),
        Value::UInt(number) => Value::Float(*number as f64),
        Value::List(list) => Value::list_of(list.iter().map(as_json_numbers)),
        Value::Map(map) => Value::map_of(map.iter().map(|(key, item)| (key.clone(), as_json_numbers(item)))),
        other => other.clone(),
    }
}

/// Helm's `MergeMaps`: maps are merged, everything else of `over` replaces what `values` has.
pub fn merge(values: &mut Value, over: &Value) {
    let (Some(values), Some(over)) = (values.as_map_mut(), over.as_map()) else { return };
    merge_maps(values, over);
}

fn merge_maps(values: &mut Map, over: &Map) {
    for (key, item) in over.iter() {
        if let (Value::Map(inner), Some(Value::Map(known))) = (item, values.get_mut(key)) {
            merge_maps(std::sync::Arc::make_mut(known), inner);
        } else {
            values.insert(key.clone(), item.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        from_yaml(text.as_bytes()).unwrap().to_string()
    }

    #[test]
    fn later_documents_are_merged_over_earlier_ones() {
        assert_eq!(read("a: {b: 1, c: 2}\n---\na: {b: 3}\nd: null\n"), r#"{"a":{"b":3,"c":2},"d":null}"#);
        assert_eq!(read("---\n# nothing\n--- # x\na: 1"), r#"{"a":1}"#);
        assert_eq!(read(""), "{}");
    }

    #[test]
    fn what_is_no_map_is_refused_in_helm_s_words() {
        let error = from_yaml(b"- a").unwrap_err();
        assert_eq!(error.to_string(), "cannot unmarshal yaml document");
        assert_eq!(
            std::error::Error::source(&error).unwrap().to_string(),
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}"
        );
        assert_eq!(
            from_yaml(b"a: 1\n--- b: 2\n").unwrap_err().to_string(),
            "error reading yaml document: invalid Yaml document separator: b: 2"
        );
    }
}
