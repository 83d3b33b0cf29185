//! The values of Secrets never leave the cluster: what is shown says only which are the same.
//!
//! Source of the rules: gitops-engine, `pkg/diff/diff.go` (`HideSecretData`), and the recording `secret-masking`.

use std::collections::HashMap;

use apimachinery::object;
use engine::ObjectRef;
use value::{Map, Value};

/// Where `kubectl apply` keeps what it applied last, values included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
const FIELDS: [&str; 2] = ["data", "stringData"];
/// The first value of a key is this long, each other one four signs longer.
const LENGTH: usize = 8;
const STEP: usize = 4;

/// What stands for values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
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

/// The object without the values of a Secret; anything else as it is.
pub(crate) fn masked(object: &Value, sign: Sign) -> Value {
    let is_secret =
        ObjectRef::of(object).is_some_and(|object| object.group.is_empty() && object.kind == "Secret");
    if !is_secret {
        return object.clone();
    }
    let mut known = HashMap::new();
    let mut hidden = object.clone();
    hide(&mut hidden, sign, &mut known);
    if let Some(applied) = object::annotation(object, LAST_APPLIED) {
        // What cannot be read cannot be masked either.
        match value::from_json(applied.as_bytes()) {
            Ok(mut applied) => {
                hide(&mut applied, sign, &mut known);
                hidden.set_at(&["metadata", "annotations", LAST_APPLIED], value::to_json(&applied));
            }
            Err(_) => drop(hidden.remove_at(&["metadata", "annotations", LAST_APPLIED])),
        }
    }
    hidden
}

/// The values that were seen of each key, and what stands for them.
type Known = HashMap<String, Vec<Value>>;

fn hide(secret: &mut Value, sign: Sign, known: &mut Known) {
    for field in FIELDS {
        let Some(values) = secret.get(field).filter(|values| !values.is_null()) else { continue };
        let hidden = match values.as_map() {
            Some(values) => Value::from(hide_all(values, sign, known)),
            None => Value::from(sign.text(0)),
        };
        secret.set_at(&[field], hidden);
    }
}

fn hide_all(values: &Map, sign: Sign, known: &mut Known) -> Map {
    let mut hidden = Map::new();
    for (key, value) in values {
        let seen = known.entry(key.as_str().to_owned()).or_default();
        let at = seen.iter().position(|known| known == value).unwrap_or_else(|| {
            seen.push(value.clone());
            seen.len() - 1
        });
        hidden.insert(key.as_str(), sign.text(at));
    }
    hidden
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(text: &str) -> String {
        value::to_json(&masked(&value::from_json(text.as_bytes()).expect(text), Sign::Plus))
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
