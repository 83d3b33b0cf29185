//! Health in Argo CD's words: held against what Argo CD said of the same objects, and kind by kind.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod flux;
mod kinds;
mod recorded;

use insight::health::of_kind;
use jiff::Timestamp;
use value::Value;

fn parse(json: &str) -> Value {
    value::from_json(json.as_bytes()).expect(json)
}

/// `Progressing Waiting to Autoscale`; `-` of what says nothing.
fn told(object: &Value) -> String {
    let health = of_kind(object, Timestamp::UNIX_EPOCH);
    health.map_or("-".to_owned(), |health| {
        format!("{} {}", health.status.as_str(), health.message).trim_end().to_owned()
    })
}

/// An object of this version and kind, with fields beside its metadata.
fn object(version: &str, kind: &str, fields: &str) -> Value {
    let metadata = r#""metadata":{"name":"x","namespace":"ns","generation":2}"#;
    parse(&format!(r#"{{"apiVersion":"{version}","kind":"{kind}",{metadata},{fields}}}"#))
}
