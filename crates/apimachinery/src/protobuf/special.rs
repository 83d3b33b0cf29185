//! Types whose JSON form is not that of their message.

use jiff::Timestamp;
use value::Value;

use super::Error;
use super::wire::{Field, Fields, Wire};
use crate::clock::rfc3339;

/// Reads a message at a path, which errors name.
pub type Reader = fn(&[u8], &str) -> Result<Value, Error>;

/// How a definition is read that has a JSON form of its own.
pub fn reader(definition: &str) -> Option<Reader> {
    Some(match definition.strip_prefix("io.k8s.")? {
        "apimachinery.pkg.apis.meta.v1.Time" => time,
        "apimachinery.pkg.apis.meta.v1.MicroTime" => micro_time,
        "apimachinery.pkg.apis.meta.v1.FieldsV1"
        | "apimachinery.pkg.runtime.RawExtension"
        | "apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON" => raw,
        "apimachinery.pkg.api.resource.Quantity" => quantity,
        "apimachinery.pkg.util.intstr.IntOrString" => int_or_string,
        _ => return None,
    })
}

/// JSON text.
pub(super) fn json(bytes: &[u8], path: &str) -> Result<Value, Error> {
    value::from_json(bytes).map_err(|_| Error::Content { path: path.to_owned() })
}

/// A message whose first field is JSON text.
fn raw(bytes: &[u8], path: &str) -> Result<Value, Error> {
    for field in Fields::of(bytes) {
        if let Field { number: 1, wire: Wire::Bytes(text) } = field? {
            return json(text, path);
        }
    }
    Ok(Value::Null)
}

fn quantity(bytes: &[u8], path: &str) -> Result<Value, Error> {
    for field in Fields::of(bytes) {
        if let Field { number: 1, wire } = field? {
            return super::text(&wire, path).map(Value::from);
        }
    }
    Ok("0".into())
}

fn int_or_string(bytes: &[u8], path: &str) -> Result<Value, Error> {
    let (mut is_text, mut number, mut text) = (false, 0, String::new());
    for field in Fields::of(bytes) {
        match field? {
            Field { number: 1, wire: Wire::Varint(kind) } => is_text = kind == 1,
            Field { number: 2, wire: Wire::Varint(value) } => number = value.cast_signed(),
            Field { number: 3, wire } => text = super::text(&wire, path)?,
            _ => {}
        }
    }
    Ok(if is_text { text.into() } else { number.into() })
}

fn time(bytes: &[u8], path: &str) -> Result<Value, Error> {
    Ok(timestamp(bytes, path)?.map_or(Value::Null, |time| rfc3339(time).into()))
}

/// With six digits of a second, as Go's `RFC3339Micro`.
fn micro_time(bytes: &[u8], path: &str) -> Result<Value, Error> {
    Ok(timestamp(bytes, path)?.map_or(Value::Null, |time| format!("{time:.6}").into()))
}

/// `None` for Go's zero time, which is written without fields.
fn timestamp(bytes: &[u8], path: &str) -> Result<Option<Timestamp>, Error> {
    let (mut seconds, mut nanoseconds) = (0, 0);
    for field in Fields::of(bytes) {
        match field? {
            Field { number: 1, wire: Wire::Varint(value) } => seconds = value.cast_signed(),
            Field { number: 2, wire: Wire::Varint(value) } => nanoseconds = value.cast_signed(),
            _ => {}
        }
    }
    if bytes.is_empty() {
        return Ok(None);
    }
    let content = || Error::Content { path: path.to_owned() };
    let nanoseconds = i32::try_from(nanoseconds).map_err(|_| content())?;
    Timestamp::new(seconds, nanoseconds).map(Some).map_err(|_| content())
}
