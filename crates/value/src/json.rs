//! JSON in and out, as Go's `encoding/json` writes it.

use std::fmt::Write as _;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use thiserror::Error;

use crate::{Key, Map, Value};

/// A text that is not JSON; says line and column.
#[derive(Debug, Error)]
#[error("invalid JSON: {0}")]
pub struct JsonError(#[from] serde_json::Error);

/// Parses one JSON document. Nesting is limited to 128 levels.
///
/// # Errors
/// The text is not one JSON document.
pub fn from_json(text: &[u8]) -> Result<Value, JsonError> {
    Ok(serde_json::from_slice(text)?)
}

/// Compact JSON with sorted keys. `<`, `>` and `&` are not escaped (Go's `SetEscapeHTML(false)`).
pub fn to_json(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value, None);
    out
}

/// JSON indented by `indent` spaces a level.
pub fn to_json_pretty(value: &Value, indent: usize) -> String {
    let mut out = String::new();
    write_value(&mut out, value, Some((indent, 0)));
    out
}

fn write_value(out: &mut String, value: &Value, indent: Option<(usize, usize)>) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Int(value) => push(out, format_args!("{value}")),
        Value::UInt(value) => push(out, format_args!("{value}")),
        Value::Float(value) => write_float(out, *value),
        Value::String(text) => write_string(out, text),
        Value::List(list) => {
            let items = list.iter().map(|item| (None, item));
            write_items(out, ('[', ']'), items, indent);
        }
        Value::Map(map) => {
            let items = map.iter().map(|(key, item)| (Some(key), item));
            write_items(out, ('{', '}'), items, indent);
        }
    }
}

fn write_items<'a>(
    out: &mut String,
    (open, close): (char, char),
    items: impl ExactSizeIterator<Item = (Option<&'a Key>, &'a Value)>,
    indent: Option<(usize, usize)>,
) {
    let inner = indent.map(|(width, depth)| (width, depth + 1));
    let empty = items.len() == 0;
    out.push(open);
    for (at, (key, item)) in items.enumerate() {
        if at > 0 {
            out.push(',');
        }
        break_line(out, inner);
        if let Some(key) = key {
            write_string(out, key);
            out.push_str(if indent.is_some() { ": " } else { ":" });
        }
        write_value(out, item, inner);
    }
    if !empty {
        break_line(out, indent);
    }
    out.push(close);
}

fn break_line(out: &mut String, indent: Option<(usize, usize)>) {
    if let Some((width, depth)) = indent {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', width * depth));
    }
}

/// As Go's `floatEncoder`: shortest form, exponent below 1e-6 and from 1e21 on.
fn write_float(out: &mut String, value: f64) {
    if !value.is_finite() {
        // JSON has no such number; Go refuses to encode it. Nothing that was read as JSON holds one.
        out.push_str("null");
        return;
    }
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = match exponent.strip_prefix('-') {
            Some(exponent) => ('-', exponent),
            None => ('+', exponent),
        };
        // Go writes at least two digits of a positive exponent and cleans e-09 up to e-9.
        let width = if sign == '-' { 1 } else { 2 };
        push(out, format_args!("{digits}e{sign}{exponent:0>width$}"));
    } else {
        push(out, format_args!("{value}"));
    }
}

fn write_string(out: &mut String, text: &str) {
    out.push('"');
    let mut plain = 0;
    for (at, char) in text.char_indices() {
        let escape = match char {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\u{8}' => "\\b",
            '\u{c}' => "\\f",
            '\u{2028}' => "\\u2028",
            '\u{2029}' => "\\u2029",
            char if char < ' ' => "",
            _ => continue,
        };
        out.push_str(&text[plain..at]);
        if escape.is_empty() {
            push(out, format_args!("\\u{:04x}", u32::from(char)));
        } else {
            out.push_str(escape);
        }
        plain = at + char.len_utf8();
    }
    out.push_str(&text[plain..]);
    out.push('"');
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).unwrap_or_else(|_| unreachable!("writing to a String cannot fail"));
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::UInt(value) => serializer.serialize_u64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::String(text) => serializer.serialize_str(text),
            Self::List(list) => {
                let mut out = serializer.serialize_seq(Some(list.len()))?;
                list.iter().try_for_each(|item| out.serialize_element(item))?;
                out.end()
            }
            Self::Map(map) => {
                let mut out = serializer.serialize_map(Some(map.len()))?;
                map.iter().try_for_each(|(key, item)| out.serialize_entry(key.as_str(), item))?;
                out.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Builder)
    }
}

struct Builder;

impl<'de> Visitor<'de> for Builder {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Value, E> {
        Ok(std::str::from_utf8(bytes).map_err(E::custom)?.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(Arc::new(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut entries: Vec<(Key, Value)> = Vec::new();
        while let Some(entry) = items.next_entry::<KeySeed, Value>()? {
            entries.push((entry.0.0, entry.1));
        }
        Ok(Value::Map(Arc::new(entries.into_iter().collect::<Map>())))
    }
}

/// A map key read without an intermediate string where the input allows it.
struct KeySeed(Key);

impl<'de> Deserialize<'de> for KeySeed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = KeySeed;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text key")
            }
            fn visit_str<E>(self, text: &str) -> Result<KeySeed, E> {
                Ok(KeySeed(Key::from(text)))
            }
            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<KeySeed, E> {
                Ok(KeySeed(Key::from(std::str::from_utf8(bytes).map_err(E::custom)?)))
            }
        }
        deserializer.deserialize_str(Text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(text: &str) -> String {
        to_json(&from_json(text.as_bytes()).expect(text))
    }

    #[test]
    fn keys_are_sorted_and_numbers_keep_their_kind() {
        assert_eq!(
            round(r#"{"b":1,"a":[1.0,18446744073709551615,-3,1e21,1e-7,null]}"#),
            r#"{"a":[1,18446744073709551615,-3,1e+21,1e-7,null],"b":1}"#
        );
    }

    #[test]
    fn control_characters_are_escaped_as_go_does() {
        assert_eq!(round(r#""a\u0001\n\u2028<""#), r#""a\u0001\n\u2028<""#);
    }

    #[test]
    fn pretty_json_keeps_empty_collections_on_one_line() {
        let value = from_json(br#"{"a":{},"b":[1]}"#).expect("valid");
        assert_eq!(to_json_pretty(&value, 2), "{\n  \"a\": {},\n  \"b\": [\n    1\n  ]\n}");
    }
}
