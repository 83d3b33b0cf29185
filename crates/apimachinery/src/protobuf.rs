//! Objects of built-in kinds as Kubernetes' own clients send them: in protobuf.
//!
//! Source: `runtime/serializer/protobuf` of k8s.io/apimachinery for the envelope, and the numbers that Go's
//! types name for the fields ([`builtin`]). The result is what the same object looks like in JSON: fields that
//! Go's types leave out when they are empty are left out.

pub mod special;
pub mod wire;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use thiserror::Error;
use value::{Key, Map, Value};

use crate::builtin;
use crate::gvk::GroupVersionKind;
use crate::schema::{AdditionalProperties, Schema, Type};
use wire::{Field, Fields, Wire};

/// What an encoded object begins with.
const MAGIC: &[u8] = b"k8s\0";
/// Levels of messages; the deepest built-in kind has about a dozen.
const MAX_DEPTH: usize = 64;
const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";

/// Why bytes are no object.
#[derive(Debug, Error)]
pub enum Error {
    /// The envelope is missing.
    #[error("provided data does not appear to be a protobuf message, expected prefix {MAGIC:?}")]
    Prefix,
    /// The bytes end within a field, or a field has a form that does not exist.
    #[error("the protobuf message is damaged at field {field}")]
    Damaged {
        /// The number of the field, or of the last one before the damage.
        field: u32,
    },
    /// The kind is not a built-in one.
    #[error("no kind \"{kind}\" is registered for version \"{api_version}\" in protobuf; send it as JSON")]
    Kind {
        /// The apiVersion of the envelope.
        api_version: String,
        /// The kind of the envelope.
        kind: String,
    },
    /// A field of a type whose protobuf form is not supported.
    #[error("{path}: its protobuf form is not supported; send the object as JSON")]
    Unsupported {
        /// The field.
        path: String,
    },
    /// Text that is not UTF-8, or JSON inside of the message that is none.
    #[error("{path}: its content cannot be read")]
    Content {
        /// The field.
        path: String,
    },
    /// More levels than any kind has.
    #[error("the protobuf message is nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
}

/// Whether bytes are an object in protobuf.
pub fn is_object(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Reads an object with its apiVersion and kind.
///
/// # Errors
/// See [`Error`].
pub fn decode(bytes: &[u8]) -> Result<Value, Error> {
    let envelope = Envelope::read(bytes.strip_prefix(MAGIC).ok_or(Error::Prefix)?)?;
    let (api_version, kind) = (envelope.api_version, envelope.kind);
    if envelope.content_type == "application/json" {
        return special::json(envelope.raw, &kind);
    }
    let gvk = GroupVersionKind::from_api_version(&api_version, &kind);
    // Options are sent under the version of whatever they are for.
    let schema = builtin::schema(&gvk).or_else(|| builtin::definition(&format!("{META}.{kind}")));
    let schema =
        schema.ok_or_else(|| Error::Kind { api_version: api_version.clone(), kind: kind.clone() })?;
    let mut object = Message { path: kind.clone(), depth: 0 }.read(&schema, envelope.raw)?;
    object.insert("apiVersion", api_version);
    object.insert("kind", kind);
    Ok(object.into())
}

/// `runtime.Unknown`: an object with its type.
struct Envelope<'a> {
    api_version: String,
    kind: String,
    raw: &'a [u8],
    content_type: String,
}

impl<'a> Envelope<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut envelope =
            Self { api_version: String::new(), kind: String::new(), raw: &[], content_type: String::new() };
        for field in Fields::of(bytes) {
            let Field { number, wire } = field?;
            match (number, wire) {
                (1, Wire::Bytes(type_meta)) => {
                    for field in Fields::of(type_meta) {
                        match field? {
                            Field { number: 1, wire } => envelope.api_version = text(&wire, "apiVersion")?,
                            Field { number: 2, wire } => envelope.kind = text(&wire, "kind")?,
                            _ => {}
                        }
                    }
                }
                (2, Wire::Bytes(raw)) => envelope.raw = raw,
                (4, wire) => envelope.content_type = text(&wire, "contentType")?,
                _ => {}
            }
        }
        Ok(envelope)
    }
}

/// A message at a place of the object.
struct Message {
    path: String,
    depth: usize,
}

impl Message {
    fn read(&self, schema: &Schema, bytes: &[u8]) -> Result<Map, Error> {
        let numbers = schema.definition.as_deref().and_then(builtin::protobuf_fields);
        let numbers = numbers.ok_or_else(|| Error::Unsupported { path: self.path.clone() })?;
        let mut map = Map::new();
        self.read_into(&mut map, schema, numbers, bytes)?;
        Ok(map)
    }

    fn read_into(&self, map: &mut Map, schema: &Schema, numbers: &Map, bytes: &[u8]) -> Result<(), Error> {
        if self.depth > MAX_DEPTH {
            return Err(Error::TooDeep);
        }
        for field in Fields::of(bytes) {
            let Field { number, wire } = field?;
            match numbers.get(&number.to_string()) {
                Some(Value::String(name)) => {
                    // What JSON does not show is not kept either.
                    let Some(property) = schema.property(name) else { continue };
                    let within = Self { path: format!("{}.{name}", self.path), depth: self.depth + 1 };
                    // A field that must be there is written by Go whatever it holds.
                    let keeps_zero = property.pointer || schema.required.contains(&Key::from(&**name));
                    within.field(map, (name, keeps_zero), property, wire)?;
                }
                Some(Value::Map(inner)) => {
                    let Wire::Bytes(bytes) = wire else { return Err(Error::Damaged { field: number }) };
                    let within = Self { path: self.path.clone(), depth: self.depth + 1 };
                    within.read_into(map, schema, inner, bytes)?;
                }
                // A client may be newer than the facts; JSON fields that are not known are ignored too.
                _ => {}
            }
        }
        Ok(())
    }

    fn field(
        &self,
        map: &mut Map,
        (name, keeps_zero): (&str, bool),
        schema: &Schema,
        wire: Wire<'_>,
    ) -> Result<(), Error> {
        if let Some(items) = &schema.items {
            let list = map.entry_or(name, || Vec::new().into());
            let Some(list) = list.as_list_mut() else { return Ok(()) };
            return self.elements(list, items, wire);
        }
        if let (Some(AdditionalProperties::Of(values)), true) =
            (&schema.additional_properties, schema.properties.is_empty())
        {
            let (key, value) = self.entry(values, wire)?;
            let entries = map.entry_or(name, Value::map);
            entries.as_map_mut().map(|entries| entries.insert(key, value));
            return Ok(());
        }
        let value = self.value(schema, &wire)?;
        // Go writes all fields that are no pointers, and JSON leaves their zeros out.
        let is_zero = matches!(&value, Value::Null | Value::Int(0) | Value::Bool(false))
            || value.as_str().is_some_and(str::is_empty);
        if keeps_zero || !is_zero {
            map.insert(name, value);
        }
        Ok(())
    }

    fn elements(&self, list: &mut Vec<Value>, items: &Schema, wire: Wire<'_>) -> Result<(), Error> {
        let is_number = matches!(items.r#type, Some(Type::Integer | Type::Boolean));
        match wire {
            Wire::Bytes(packed) if is_number => {
                for number in wire::packed(packed) {
                    list.push(self.value(items, &Wire::Varint(number?))?);
                }
            }
            wire => list.push(self.value(items, &wire)?),
        }
        Ok(())
    }

    /// An entry of a map is a message of key and value; absent ones are empty.
    fn entry(&self, values: &Schema, wire: Wire<'_>) -> Result<(Key, Value), Error> {
        let Wire::Bytes(bytes) = wire else { return Err(Error::Damaged { field: 1 }) };
        let (mut key, mut value) = (Key::from(""), None);
        for field in Fields::of(bytes) {
            match field? {
                Field { number: 1, wire } => key = Key::from(text(&wire, &self.path)?),
                // A list as a value is a message of its own: `ExtraValue`.
                Field { number: 2, wire: Wire::Bytes(bytes) } if values.items.is_some() => {
                    let mut holder = Map::new();
                    for field in Fields::of(bytes) {
                        self.field(&mut holder, ("items", true), values, field?.wire)?;
                    }
                    value = holder.remove("items");
                }
                Field { number: 2, wire } => value = Some(self.value(values, &wire)?),
                _ => {}
            }
        }
        let empty = || if values.r#type == Some(Type::String) { "".into() } else { Value::Null };
        Ok((key, value.unwrap_or_else(empty)))
    }

    fn value(&self, schema: &Schema, wire: &Wire<'_>) -> Result<Value, Error> {
        let content = || Error::Content { path: self.path.clone() };
        match wire {
            Wire::Bytes(bytes) => {
                if let Some(read) = schema.definition.as_deref().and_then(special::reader) {
                    return read(bytes, &self.path);
                }
                match schema.r#type {
                    Some(Type::String) if schema.format.as_deref() == Some("byte") => {
                        Ok(BASE64.encode(bytes).into())
                    }
                    Some(Type::String) => Ok(std::str::from_utf8(bytes).map_err(|_| content())?.into()),
                    _ => self.read(schema, bytes).map(Value::from),
                }
            }
            Wire::Varint(number) if schema.r#type == Some(Type::Boolean) => Ok((*number != 0).into()),
            // A negative number is written as its complement to two.
            Wire::Varint(number) if schema.r#type == Some(Type::Integer) => Ok(number.cast_signed().into()),
            Wire::Fixed64(bits) if schema.r#type == Some(Type::Number) => Ok(f64::from_bits(*bits).into()),
            _ => Err(content()),
        }
    }
}

fn text(wire: &Wire<'_>, path: &str) -> Result<String, Error> {
    let content = || Error::Content { path: path.to_owned() };
    let Wire::Bytes(bytes) = wire else { return Err(content()) };
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| content())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `kubectl create namespace demo` sends this.
    #[test]
    fn a_namespace() {
        let bytes =
            b"k8s\0\x0a\x0f\x0a\x02v1\x12\x09Namespace\x12\x0e\x0a\x08\x0a\x04demo\x12\x00\x12\x00\x1a\x00";
        let expected =
            r#"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"demo"},"spec":{},"status":{}}"#;
        assert_eq!(decode(bytes).unwrap().to_string(), expected);
    }

    #[test]
    fn zeros_stay_where_the_field_must_be_there() {
        // A Pod whose only container status has name "a", ready false and restartCount 0.
        let status = b"\x0a\x01a\x20\x00\x28\x00\x32\x00\x3a\x00";
        let statuses = [&b"\x42"[..], &[status.len() as u8], status].concat();
        let raw = [&b"\x1a"[..], &[statuses.len() as u8], &statuses].concat();
        let bytes = [&b"k8s\0\x0a\x09\x0a\x02v1\x12\x03Pod\x12"[..], &[raw.len() as u8], &raw].concat();
        let expected = r#"{"apiVersion":"v1","kind":"Pod","status":{"containerStatuses":[{"image":"","imageID":"","name":"a","ready":false,"restartCount":0}]}}"#;
        assert_eq!(decode(&bytes).unwrap().to_string(), expected);
    }

    #[test]
    fn damage_is_an_error() {
        assert!(matches!(decode(b"{}"), Err(Error::Prefix)));
        let cut = b"k8s\0\x0a\x0f\x0a\x02v1\x12\x09Name";
        assert!(matches!(decode(cut), Err(Error::Damaged { .. })));
        let custom = b"k8s\0\x0a\x0b\x0a\x04x/v1\x12\x03Odd";
        assert!(matches!(decode(custom), Err(Error::Kind { .. })));
    }
}
