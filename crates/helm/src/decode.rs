//! Typed fields out of YAML, by the rules of sigs.k8s.io/yaml and Go's `encoding/json`.
//!
//! Field names match without regard to case, scalars become text where text is wanted, `null` leaves a
//! field as it is, the first mismatch in key order is reported and what follows it is still read.

use thiserror::Error;
use value::{Map, Value};

use crate::go;

/// Why a YAML document does not have the wanted form.
#[derive(Debug, Error, PartialEq)]
pub enum DecodeError {
    /// Not YAML.
    #[error("error converting YAML to JSON: {0}")]
    Yaml(yaml::Error),
    /// Not UTF-8 text.
    #[error("error converting YAML to JSON: yaml: invalid leading UTF-8 octet")]
    Encoding,
    /// A value of a wrong kind.
    #[error("error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {found} into Go {target}")]
    Kind {
        /// What stands there, in Go's words.
        found: String,
        /// Where it was to go, in Go's words.
        target: String,
    },
    /// A key that the type does not have, where that is an error.
    #[error("error unmarshaling JSON: while decoding JSON: json: unknown field {field:?}")]
    UnknownField {
        /// The key.
        field: String,
    },
    /// A key that its map has already, where that is an error.
    #[error("error converting YAML to JSON: yaml: unmarshal errors:\n  line {line}: key {} already set in map", go::quote(.key))]
    DuplicateKey {
        /// The line.
        line: u64,
        /// The key.
        key: String,
    },
    /// A text that is not a time.
    #[error("error unmarshaling JSON: while decoding JSON: {0}")]
    Time(String),
}

/// A Go struct that YAML is decoded into.
pub(crate) trait Struct: Default {
    /// Its name, as Go's errors write it inside of a field path.
    const NAME: &'static str;
    /// Its name with the package, as Go's errors write types.
    const TYPE: &'static str;
    /// The names of its fields.
    const FIELDS: &'static [&'static str];

    /// Takes the value of one of [`Self::FIELDS`]. Null is never passed.
    fn set(&mut self, field: &'static str, value: &Value, at: &mut Decoder);
}

/// The first document of `text` as a Go struct.
pub(crate) fn from_yaml<T: Struct>(text: &[u8]) -> Result<T, DecodeError> {
    from_value(&parse(text)?, T::default(), false)
}

/// As [`from_yaml`], where a key that the type does not have, or that a map has twice, is an error.
pub(crate) fn from_yaml_strict<T: Struct>(text: &[u8]) -> Result<T, DecodeError> {
    let value = parse(text)?;
    if let Ok(text) = std::str::from_utf8(text)
        && let Err(yaml::Error::DuplicateKey { mark, key, .. }) = yaml::parse_first(text, yaml::Rules::V3)
    {
        return Err(DecodeError::DuplicateKey { line: mark.line, key });
    }
    from_value(&value, T::default(), true)
}

/// Decodes over what `into` already holds, as Go does when it unmarshals twice into one value.
pub(crate) fn from_yaml_over<T: Struct>(text: &[u8], into: T) -> Result<T, DecodeError> {
    from_value(&parse(text)?, into, false)
}

/// The first document of a text; a text without one is null.
pub(crate) fn parse(text: &[u8]) -> Result<Value, DecodeError> {
    let text = std::str::from_utf8(text).map_err(|_| DecodeError::Encoding)?;
    yaml::parse_first(text, yaml::Rules::V2).map_err(DecodeError::Yaml)
}

/// A parsed document as a Go struct.
pub(crate) fn from_value<T: Struct>(value: &Value, mut into: T, strict: bool) -> Result<T, DecodeError> {
    let mut decoder = Decoder { path: Vec::new(), owner: T::NAME, error: None, strict };
    match value {
        Value::Null => return Ok(into),
        Value::Map(map) => decoder.fields(map, &mut into),
        other => {
            let target = format!("value of type {}", T::TYPE);
            return Err(DecodeError::Kind { found: found(other), target });
        }
    }
    decoder.error.map_or(Ok(into), Err)
}

/// Where decoding is, and what went wrong first.
pub(crate) struct Decoder {
    path: Vec<&'static str>,
    owner: &'static str,
    error: Option<DecodeError>,
    strict: bool,
}

impl Decoder {
    fn fields<T: Struct>(&mut self, map: &Map, into: &mut T) {
        for (key, value) in map.iter() {
            let Some(field) = field_of::<T>(key) else {
                if self.strict {
                    self.fail(DecodeError::UnknownField { field: key.to_string() });
                }
                continue;
            };
            if value.is_null() {
                continue;
            }
            let owner = std::mem::replace(&mut self.owner, T::NAME);
            self.path.push(field);
            into.set(field, value, self);
            self.path.pop();
            self.owner = owner;
        }
    }

    /// Text; numbers and booleans are written out.
    pub(crate) fn text(&mut self, value: &Value, into: &mut String) {
        match scalar_text(value) {
            Some(text) => *into = text,
            None => self.mismatch(value, "string"),
        }
    }

    /// A boolean.
    pub(crate) fn flag(&mut self, value: &Value, into: &mut bool) {
        match value {
            Value::Bool(flag) => *into = *flag,
            other => self.mismatch(other, "bool"),
        }
    }

    /// A list of texts; a null among them is the empty text.
    pub(crate) fn texts(&mut self, value: &Value, into: &mut Vec<String>) {
        let Value::List(list) = value else { return self.mismatch(value, "[]string") };
        into.clear();
        for item in list.iter() {
            let mut text = String::new();
            if !item.is_null() {
                self.text(item, &mut text);
            }
            into.push(text);
        }
    }

    /// A map of texts.
    pub(crate) fn text_map(&mut self, value: &Value, into: &mut Option<Vec<(String, String)>>) {
        let Value::Map(map) = value else { return self.mismatch(value, "map[string]string") };
        let entries = into.get_or_insert_default();
        for (key, item) in map.iter() {
            let mut text = String::new();
            if !item.is_null() {
                self.text(item, &mut text);
            }
            entries.retain(|(known, _)| known != key.as_str());
            entries.push((key.to_string(), text));
        }
        entries.sort();
    }

    /// A list of values of any kind, numbers as Go's float64.
    pub(crate) fn anything(&mut self, value: &Value, into: &mut Vec<Value>) {
        match value {
            Value::List(list) => *into = list.iter().map(crate::values::as_json_numbers).collect(),
            other => self.mismatch(other, "[]interface {}"),
        }
    }

    /// A struct inside.
    pub(crate) fn object<T: Struct>(&mut self, value: &Value, into: &mut T) {
        match value {
            Value::Map(map) => self.fields(map, into),
            other => self.mismatch(other, T::TYPE),
        }
    }

    /// A list of pointers to structs; a null is a missing one.
    pub(crate) fn objects<T: Struct>(&mut self, value: &Value, into: &mut Vec<Option<T>>) {
        let Value::List(list) = value else {
            return self.mismatch(value, &format!("[]*{}", T::TYPE));
        };
        into.clear();
        for item in list.iter() {
            into.push(match item {
                Value::Null => None,
                Value::Map(map) => {
                    let mut object = T::default();
                    self.fields(map, &mut object);
                    Some(object)
                }
                other => {
                    self.mismatch(other, T::TYPE);
                    Some(T::default())
                }
            });
        }
    }

    /// A time in RFC 3339, kept as it was written.
    pub(crate) fn time(&mut self, value: &Value, into: &mut String) {
        match value {
            Value::String(text) if is_rfc3339(text) => *into = text.to_string(),
            Value::String(text) => self.fail(DecodeError::Time(format!(
                "parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {text:?} as \"2006\""
            ))),
            _ => self.fail(DecodeError::Time("Time.UnmarshalJSON: input is not a JSON string".to_owned())),
        }
    }

    pub(crate) fn mismatch(&mut self, value: &Value, go_type: &str) {
        let target = format!("struct field {}.{} of type {go_type}", self.owner, self.path.join("."));
        self.fail(DecodeError::Kind { found: found(value), target });
    }

    fn fail(&mut self, error: DecodeError) {
        self.error.get_or_insert(error);
    }
}

fn field_of<T: Struct>(key: &str) -> Option<&'static str> {
    let exact = T::FIELDS.iter().find(|field| **field == key);
    exact.or_else(|| T::FIELDS.iter().find(|field| field.eq_ignore_ascii_case(key))).copied()
}

/// What `encoding/json` calls a value that it cannot store.
pub(crate) fn found(value: &Value) -> String {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::UInt(_) | Value::Float(_) => "number",
        Value::String(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    }
    .to_owned()
}

/// A scalar as the text that sigs.k8s.io/yaml makes of it where a string is wanted: floats go through 32
/// bits there.
pub(crate) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_string()),
        Value::Int(number) => Some(number.to_string()),
        Value::UInt(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Float(number) => Some(value::shortest_float32(*number)),
        Value::Null | Value::List(_) | Value::Map(_) => None,
    }
}

fn is_rfc3339(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shape = b"0000-00-00T00:00:00";
    bytes.len() > shape.len()
        && bytes.iter().zip(shape).all(|(byte, wanted)| match wanted {
            b'0' => byte.is_ascii_digit(),
            other => byte == other,
        })
        && is_zone(text[shape.len()..].trim_start_matches(|char: char| char == '.' || char.is_ascii_digit()))
}

fn is_zone(text: &str) -> bool {
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    text == "Z"
        || text
            .strip_prefix(['+', '-'])
            .and_then(|offset| offset.split_once(':'))
            .is_some_and(|(hours, minutes)| digits(hours) && digits(minutes))
}
