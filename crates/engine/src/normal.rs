//! The form in which objects are applied.

use value::Value;

/// Rewrites what the server would store in another form than it was written, since such a field would
/// differ from the stored object for ever: `stringData` of a Secret becomes `data`.
///
/// Source: fluxcd/pkg/ssa `normalize`.
pub fn normalise(mut object: Value) -> Value {
    if object.str_at(&["apiVersion"]) == Some("v1") && object.str_at(&["kind"]) == Some("Secret") {
        encode_string_data(&mut object);
    }
    object
}

fn encode_string_data(secret: &mut Value) {
    let texts = secret.get("stringData").and_then(Value::as_map);
    // A value that is not text is left for the server to refuse, with its own words.
    if !texts.is_some_and(|texts| texts.values().all(|value| value.as_str().is_some())) {
        return;
    }
    let Some(Value::Map(texts)) = secret.remove_at(&["stringData"]) else { return };
    for (key, text) in texts.iter() {
        secret.set_at(&["data", key], base64(text.as_str().unwrap_or_default().as_bytes()));
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn string_data_wins_over_data() {
        let text = br#"{"apiVersion":"v1","kind":"Secret","data":{"a":"eA=="},"stringData":{"a":"y","b":"z"}}"#;
        let secret = normalise(value::from_json(text).expect("valid"));
        assert_eq!(
            secret.to_string(),
            r#"{"apiVersion":"v1","data":{"a":"eQ==","b":"eg=="},"kind":"Secret"}"#
        );
    }
}
