//! The three patches that the API server takes beside apply.

mod json_patch;
mod strategic;

use value::{Map, Value};

pub use json_patch::{JsonPatch, JsonPatchError};
pub use strategic::{StrategicPatchError, strategic};

/// Applies a JSON patch (RFC 6902), given as the list of its operations.
///
/// # Errors
/// [`JsonPatchError::Malformed`] for what is not a patch (HTTP 400), the others for operations that the
/// object does not allow (HTTP 422).
pub fn json_patch(object: &Value, patch: &Value) -> Result<Value, JsonPatchError> {
    JsonPatch::parse(patch)?.apply(object)
}

/// Applies a merge patch (RFC 7386): null removes, maps are merged, all else is replaced.
pub fn merge_patch(object: &Value, patch: &Value) -> Value {
    let Some(entries) = patch.as_map() else { return patch.clone() };
    let mut merged = object.as_map().cloned().unwrap_or_default();
    for (key, value) in entries {
        if value.is_null() {
            merged.remove(key);
        } else {
            let old = merged.get(key).cloned().unwrap_or_default();
            merged.insert(key.clone(), merge_patch(&old, value));
        }
    }
    Value::from(Map::from_iter(merged))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merge_patches_follow_the_examples_of_the_rfc() {
        for (object, patch, result) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
            (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
            (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
            (r#"{}"#, r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
            (r#"["a"]"#, r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#),
        ] {
            let read = |text: &str| value::from_json(text.as_bytes()).unwrap();
            assert_eq!(merge_patch(&read(object), &read(patch)).to_string(), result);
        }
    }
}
