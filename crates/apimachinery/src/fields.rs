//! Which fields of an object are set.

use value::Value;

/// Of the given paths below `part` of an object, those that it sets. `[]` after a name means any element.
/// A field with an empty list or map, an empty text or `false` counts as not set: it asks for nothing.
pub fn present<'a>(part: &Value, paths: &[&'a str]) -> Vec<&'a str> {
    paths.iter().copied().filter(|path| is_set(part, path)).collect()
}

/// As [`present`], for paths below the `spec` of an object.
pub fn present_in_spec<'a>(object: &Value, paths: &[&'a str]) -> Vec<&'a str> {
    object.get("spec").map(|spec| present(spec, paths)).unwrap_or_default()
}

fn is_set(value: &Value, path: &str) -> bool {
    let (step, rest) = path.split_once('.').map_or((path, None), |(step, rest)| (step, Some(rest)));
    let (name, each) = step.strip_suffix("[]").map_or((step, false), |name| (name, true));
    let Some(field) = value.get(name) else { return false };
    let below = |field: &Value| rest.map_or_else(|| asks_for_something(field), |rest| is_set(field, rest));
    if each { field.as_list().is_some_and(|items| items.iter().any(below)) } else { below(field) }
}

fn asks_for_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::List(items) => !items.is_empty(),
        Value::Map(entries) => !entries.is_empty(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fields_that_ask_for_something_are_present() {
        let text = br#"{"spec":{"a":{"b":[{"c":"x"},{}]},"d":false,"e":[],"f":{"g":""}}}"#;
        let object = value::from_json(text).expect("valid");
        assert_eq!(present_in_spec(&object, &["a.b[].c", "a.b[].z", "d", "e", "f.g", "h"]), ["a.b[].c"]);
        assert_eq!(present(&object, &["spec.a", "spec.d"]), ["spec.a"]);
    }
}
