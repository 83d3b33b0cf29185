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

/// The merge patch that turns `from` into `to`; `None` where they are equal.
pub fn difference(from: &Value, to: &Value) -> Option<Value> {
    if from == to {
        return None;
    }
    let (Some(before), Some(after)) = (from.as_map(), to.as_map()) else { return Some(to.clone()) };
    let mut patch = Map::new();
    for (key, value) in after {
        match before.get(key) {
            Some(old) => patch.extend(difference(old, value).map(|change| (key.clone(), change))),
            None => {
                patch.insert(key.clone(), value.clone());
            }
        }
    }
    for key in before.keys().filter(|key| !after.contains_key(key)) {
        patch.insert(key.clone(), Value::Null);
    }
    Some(patch.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_names_only_what_changed() {
        let from = value::from_json(br#"{"a":1,"b":{"c":1,"d":2},"e":[1]}"#).expect("valid");
        let to = value::from_json(br#"{"a":1,"b":{"c":3},"e":[1,2],"f":{}}"#).expect("valid");
        let patch = difference(&from, &to).expect("they differ");
        assert_eq!(patch.to_string(), r#"{"b":{"c":3,"d":null},"e":[1,2],"f":{}}"#);
        assert_eq!(merge_patch(&from, &patch), to);
        assert_eq!(difference(&from, &from), None);
    }

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
