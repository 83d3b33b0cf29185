//! What the API server refuses, and in which words.
//!
//! **Flow** of a write: [`duplicate_fields`] on the bytes and [`unknown_fields`] on the tree (strict field
//! validation, one message by [`strict_decoding_error`]), [`decode_error`] for built-in kinds, pruning by
//! [`prune`], defaulting, then [`validate_create`] or [`validate_update`], whose findings
//! [`invalid_message`] puts into one sentence.

mod builtin;
mod decode;
mod fields;
mod immutable;
mod metadata;
pub mod names;
mod pod;
mod values;

use value::Value;

use crate::gvk::{GroupKind, GroupVersionKind};
use crate::schema::Schema;

pub use crate::schema::FieldError;
pub use decode::decode_error;
pub use fields::{duplicate_fields, prune, strict_decoding_error, unknown_fields};
pub use metadata::Scope;
pub use values::validate_values;

/// Checks an object that is to be created, after defaulting.
pub fn validate_create(
    object: &Value,
    gvk: &GroupVersionKind,
    schema: &Schema,
    scope: Scope,
) -> Vec<FieldError> {
    let mut errors = metadata::validate(object, gvk, scope);
    errors.extend(validate_rest(object, gvk, schema));
    errors
}

/// Checks an object that is to take the place of `old`, after defaulting.
pub fn validate_update(
    object: &Value,
    old: &Value,
    gvk: &GroupVersionKind,
    schema: &Schema,
    scope: Scope,
) -> Vec<FieldError> {
    let mut errors = metadata::validate(object, gvk, scope);
    errors.extend(metadata::validate_update(object, old));
    errors.extend(validate_rest(object, gvk, schema));
    errors.extend(immutable::validate(object, old, gvk));
    errors
}

fn validate_rest(object: &Value, gvk: &GroupVersionKind, schema: &Schema) -> Vec<FieldError> {
    if schema.definition.is_some() { builtin::validate(object, gvk) } else { validate_values(object, schema) }
}

/// The message of HTTP 422: `Deployment.apps "x" is invalid: spec.selector: Required value`. Several
/// findings stand in brackets; the same one twice stands once.
pub fn invalid_message(kind: &GroupKind, name: &str, errors: &[FieldError]) -> String {
    let mut texts: Vec<String> = Vec::with_capacity(errors.len());
    for error in errors {
        let text = error.to_string();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    let list = texts.join(", ");
    let list = if texts.len() == 1 { list } else { format!("[{list}]") };
    format!("{kind} {name:?} is invalid: {list}")
}

/// The place of an element of a list.
fn index(path: &str, at: usize) -> String {
    format!("{path}[{at}]")
}

fn list<'v>(value: &'v Value, path: &[&str]) -> &'v [Value] {
    value.at(path).and_then(Value::as_list).unwrap_or_default()
}

fn text<'v>(value: &'v Value, path: &[&str]) -> &'v str {
    value.str_at(path).unwrap_or_default()
}
