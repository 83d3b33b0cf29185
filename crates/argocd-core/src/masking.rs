//! The values of Secrets never leave the cluster: what is shown says only which are the same.
//!
//! Source of the rules: gitops-engine, `pkg/diff/diff.go` (`HideSecretData`), and the recording `secret-masking`.

use std::collections::HashMap;

use value::{Map, Value};

/// Where `kubectl apply` keeps what it applied last, values included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// The setting of annotations that are as secret as the values, with commas in between.
pub const ANNOTATIONS: &str = "resource.sensitive.mask.annotations";
const FIELDS: [&str; 2] = ["data", "stringData"];
/// The first value of a key is this long, each other one four signs longer.
const LENGTH: usize = 8;
const STEP: usize = 4;

/// What stands for values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Upstream's.
    Plus,
    /// The page's.
    Asterisk,
}

impl Sign {
    fn text(self, different: usize) -> String {
        let sign = match self {
            Self::Plus => "+",
            Self::Asterisk => "*",
        };
        sign.repeat(LENGTH + STEP * different)
    }
}

/// What is hidden, and how.
pub struct Mask {
    sign: Sign,
    /// The annotations of Secrets whose values are hidden as well.
    annotations: Vec<String>,
}

impl Mask {
    /// The values, and those of the annotations that a setting names, with commas in between.
    pub fn new(sign: Sign, annotations: &str) -> Self {
        let keys = annotations.split(',').map(str::trim).filter(|key| !key.is_empty());
        Self { sign, annotations: keys.map(str::to_owned).collect() }
    }
}

/// The object without the values of a Secret; anything else as it is.
pub fn masked(object: &Value, mask: &Mask) -> Value {
    let is_core = object.str_at(&["apiVersion"]).is_some_and(|version| !version.contains('/'));
    let is_secret = is_core && object.str_at(&["kind"]) == Some("Secret");
    if !is_secret {
        return object.clone();
    }
    let mut known = Known::default();
    let mut hidden = object.clone();
    hide(&mut hidden, mask, &mut known);
    let is_whole = mask.annotations.iter().any(|key| key == LAST_APPLIED);
    if let Some(applied) = object.str_at(&["metadata", "annotations", LAST_APPLIED]).filter(|_| !is_whole) {
        // What cannot be read cannot be masked either.
        match value::from_json(applied.as_bytes()) {
            Ok(mut applied) => {
                hide(&mut applied, mask, &mut known);
                hidden.set_at(&["metadata", "annotations", LAST_APPLIED], value::to_json(&applied));
            }
            Err(_) => drop(hidden.remove_at(&["metadata", "annotations", LAST_APPLIED])),
        }
    }
    hidden
}

/// The values that were seen of each key, and what stands for them.
#[derive(Default)]
struct Known {
    data: HashMap<String, Vec<Value>>,
    annotations: HashMap<String, Vec<Value>>,
}

fn hide(secret: &mut Value, mask: &Mask, known: &mut Known) {
    let sign = mask.sign;
    for field in FIELDS {
        let Some(values) = secret.get(field).filter(|values| !values.is_null()) else { continue };
        let hidden = match values.as_map() {
            Some(values) => Value::from(hide_all(values, sign, &mut known.data)),
            None => Value::from(sign.text(0)),
        };
        secret.set_at(&[field], hidden);
    }
    for key in &mask.annotations {
        let path = ["metadata", "annotations", key];
        let value = secret.at(&path);
        let hidden =
            value.map(|value| sign.text(place(known.annotations.entry(key.clone()).or_default(), value)));
        if let Some(hidden) = hidden {
            secret.set_at(&path, hidden);
        }
    }
}

fn hide_all(values: &Map, sign: Sign, known: &mut HashMap<String, Vec<Value>>) -> Map {
    let mut hidden = Map::new();
    for (key, value) in values {
        let seen = known.entry(key.as_str().to_owned()).or_default();
        hidden.insert(key.as_str(), sign.text(place(seen, value)));
    }
    hidden
}

/// The place of a value among the different ones.
fn place(seen: &mut Vec<Value>, value: &Value) -> usize {
    seen.iter().position(|known| known == value).unwrap_or_else(|| {
        seen.push(value.clone());
        seen.len() - 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(text: &str) -> String {
        mask_with(text, "")
    }

    fn mask_with(text: &str, annotations: &str) -> String {
        let mask = Mask::new(Sign::Plus, annotations);
        value::to_json(&masked(&value::from_json(text.as_bytes()).expect(text), &mask))
    }

    #[test]
    fn annotations_are_hidden_where_settings_say_so() {
        let secret = |a: &str, b: &str, applied: &str| {
            format!(
                r#"{{"apiVersion":"v1","kind":"Secret","metadata":{{"annotations":{{"a":"{a}","b":"{b}","c":"shown","{LAST_APPLIED}":"{{\"metadata\":{{\"annotations\":{{\"a\":\"{applied}\"}}}}}}"}}}}}}"#
            )
        };
        let hidden = mask_with(&secret("x", "y", "z"), "a, b,,missing");
        assert_eq!(hidden, secret("++++++++", "++++++++", "++++++++++++"));
        let whole = mask_with(&secret("x", "y", "hidden"), LAST_APPLIED);
        assert!(!whole.contains("hidden"), "{whole}");
    }

    #[test]
    fn values_are_hidden_and_differences_are_not() {
        let applied = r#"{\"apiVersion\":\"v1\",\"data\":{\"a\":\"x\",\"b\":\"y\"},\"kind\":\"Secret\"}\n"#;
        let secret = format!(
            r#"{{"apiVersion":"v1","data":{{"a":"x","b":"z"}},"kind":"Secret","metadata":{{"annotations":{{"{LAST_APPLIED}":"{applied}"}},"name":"s"}},"stringData":null}}"#
        );
        let hidden = mask(&secret);
        let expected = format!(
            r#"{{"apiVersion":"v1","data":{{"a":"++++++++","b":"++++++++"}},"kind":"Secret","metadata":{{"annotations":{{"{LAST_APPLIED}":"{{\"apiVersion\":\"v1\",\"data\":{{\"a\":\"++++++++\",\"b\":\"++++++++++++\"}},\"kind\":\"Secret\"}}"}},"name":"s"}},"stringData":null}}"#
        );
        assert_eq!(hidden, expected);
    }

    #[test]
    fn nothing_slips_through() {
        for secret in [
            r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"stringData":{"k":"hidden"}}"#,
            r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"data":"hidden"}"#,
            r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"data":{"k":{"deep":"hidden"}}}"#,
            r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{hidden"}}}"#,
        ] {
            assert!(!mask(secret).contains("hidden"), "{secret}");
        }
        let other = r#"{"apiVersion":"v1","data":{"k":"shown"},"kind":"ConfigMap","metadata":{"name":"s"}}"#;
        assert_eq!(mask(other), other);
    }
}
