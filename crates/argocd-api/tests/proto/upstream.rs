//! Messages as upstream's Go types write and read them.
//!
//! Each line of `bytes.jsonl` has JSON that Argo CD 3.6.0-dev (main of August 2026) read into the Go type of a
//! message, the bytes that the type wrote (`wire`), and the JSON that it wrote when these bytes had been read
//! again (`back`).

use std::collections::BTreeSet;
use std::fmt::Write as _;

use argocd_api::proto::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor, ReflectMessage as _, Value as Content};
use serde_json::Value as Json;

use crate::{descriptors, sources};

const BYTES: &str = include_str!("bytes.jsonl");

#[test]
fn bytes_and_json_are_those_of_upstream() {
    let mut wrong = Vec::new();
    for (at, line) in BYTES.lines().enumerate() {
        let line: Json = serde_json::from_str(line).expect("JSON");
        let name = line["message"].as_str().expect("a message");
        let message = descriptors().message(name).expect(name);
        let value = |field: &str| value::from_json(line[field].to_string().as_bytes()).expect("JSON");
        let wire = line["wire"].as_str().unwrap_or_default();
        match descriptors().to_wire(message, &value("json")).map(|bytes| hex(&bytes)) {
            Ok(written) if written == wire => {}
            written => wrong.push(format!("{at} {name}: {}\n  {written:?}\n  {wire}", line["json"])),
        }
        match descriptors().to_json(message, &bytes(wire)) {
            Ok(read) if read == value("back") => {}
            read => wrong.push(format!("{at} {name}: {wire}\n  {read:?}\n  {}", line["back"])),
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// No field is described whose number and type upstream's bytes do not show.
#[test]
fn every_field_is_among_the_bytes() {
    let pool = sources::pool();
    let mut seen = BTreeSet::new();
    for (message, bytes) in written() {
        let descriptor = pool.get_message_by_name(message.name()).expect("the same message");
        note(&DynamicMessage::decode(descriptor, &*bytes).expect("upstream's bytes"), &mut seen);
    }
    // Times of whole seconds have no other part.
    seen.insert("k8s.io.apimachinery.pkg.apis.meta.v1.Time.nanos".to_owned());
    let is_own =
        |message: &MessageDescriptor| !message.full_name().starts_with("google.") && !message.is_map_entry();
    let described = pool.all_messages().filter(is_own);
    let described = described.flat_map(|message| message.fields().collect::<Vec<_>>());
    let missing: Vec<String> =
        described.map(|field| field.full_name().to_owned()).filter(|name| !seen.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

/// The fields that hold something, down to the last one.
fn note(message: &DynamicMessage, seen: &mut BTreeSet<String>) {
    for (field, content) in message.fields() {
        if *content != Content::default_value_for_field(&field) {
            seen.insert(field.full_name().to_owned());
        }
        note_content(content, seen);
    }
    assert_eq!(message.unknown_fields().count(), 0, "{}", message.descriptor().full_name());
}

fn note_content(content: &Content, seen: &mut BTreeSet<String>) {
    match content {
        Content::Message(message) => note(message, seen),
        Content::List(items) => items.iter().for_each(|item| note_content(item, seen)),
        Content::Map(entries) => entries.values().for_each(|value| note_content(value, seen)),
        _ => {}
    }
}

/// The messages and their bytes.
pub(crate) fn written() -> Vec<(&'static Message, Vec<u8>)> {
    let line = |line: &str| {
        let line: Json = serde_json::from_str(line).expect("JSON");
        let name = line["message"].as_str().expect("a message");
        (descriptors().message(name).expect(name), bytes(line["wire"].as_str().unwrap_or_default()))
    };
    BYTES.lines().map(line).collect()
}

/// What gRPC-web answered, in recordings of the same Argo CD.
#[test]
fn recorded_answers_of_grpc() {
    let rows = [
        (
            "/session.SessionService/GetUserInfo",
            "0801120561646d696e1a066172676f6364",
            r#"{"iss":"argocd","loggedIn":true,"username":"admin"}"#,
        ),
        (
            "/version.VersionService/Version",
            "0a0e76332e362e302b756e6b6e6f776e",
            r#"{"Version":"v3.6.0+unknown"}"#,
        ),
    ];
    for (path, wire, json) in rows {
        let answer = descriptors().of(descriptors().method(path).expect(path).output());
        let read = descriptors().to_json(answer, &bytes(wire)).expect(path);
        assert_eq!(value::to_json(&read), json);
        assert_eq!(hex(&descriptors().to_wire(answer, &read).expect(path)), wire);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").expect("a String takes it");
        out
    })
}

pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
    (0..hex.len()).step_by(2).map(digit).collect()
}
