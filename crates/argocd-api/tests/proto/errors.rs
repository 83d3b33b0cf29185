//! What is told when something is no message.

use std::error::Error;

use crate::{V1ALPHA1, descriptors, upstream};

/// An error and what caused it.
fn told(error: &dyn Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", told(source)),
        None => error.to_string(),
    }
}

#[test]
fn json_that_is_no_message() {
    let application = format!("{V1ALPHA1}.Application");
    let override_of = format!("{V1ALPHA1}.ResourceOverride");
    let cluster = format!("{V1ALPHA1}.Cluster");
    let rows = [
        (
            "application.ApplicationCreateRequest",
            r#"{"application": null}"#,
            "required field \"application\" not set",
        ),
        (
            "session.SessionCreateRequest",
            r#"{"password": 12345}"#,
            "password: expected a text, found integer",
        ),
        (
            "session.SessionCreateRequest",
            "[]",
            "session.SessionCreateRequest: expected an object, found array",
        ),
        ("application.ApplicationRollbackRequest", r#"{"name": "a"}"#, "required field \"id\" not set"),
        (
            "application.ApplicationRollbackRequest",
            r#"{"name": "a", "id": 1.0}"#,
            "id: expected a whole number of 64 bits, found number",
        ),
        (
            "application.ResourceActionRunRequestV2",
            r#"{"name": "a", "resourceName": "b", "version": "v1", "kind": "c", "action": "d", "resourceActionParameters": [{"name": "e"}]}"#,
            "required field \"resourceActionParameters[0].value\" not set",
        ),
        (
            &application,
            r#"{"spec": {"sources": [{"helm": {"parameters": [{}, {"forceString": 1}]}}]}}"#,
            "spec.sources[0].helm.parameters[1].forceString: expected true or false, found integer",
        ),
        (
            &application,
            r#"{"metadata": {"labels": {"a": 1}}}"#,
            "metadata.labels.a: expected a text, found integer",
        ),
        (&application, r#"{"metadata": {"labels": []}}"#, "metadata.labels: expected an object, found array"),
        (
            &application,
            r#"{"status": {"reconciledAt": "today"}}"#,
            "status.reconciledAt: the string is not a time such as 2006-01-02T15:04:05Z",
        ),
        (
            &application,
            r#"{"spec": {"source": {"kustomize": {"replicas": [{"count": 4294967296}]}}}}"#,
            "spec.source.kustomize.replicas[0].count: expected a whole number of 32 bits or a text, found integer",
        ),
        (
            &cluster,
            r#"{"config": {"tlsClientConfig": {"caData": "%"}}}"#,
            "config.tlsClientConfig.caData: the string is not base64",
        ),
        (&override_of, r#"{"ignoreDifferences": "a: ["}"#, "ignoreDifferences: the text is not YAML"),
        (
            &override_of,
            r#"{"ignoreDifferences": "- a"}"#,
            "ignoreDifferences: expected an object, found array",
        ),
    ];
    for (name, json, expected) in rows {
        let message = descriptors().message(name).expect(name);
        let json = value::from_json(json.as_bytes()).expect(json);
        let error = descriptors().to_wire(message, &json).expect_err(expected);
        assert!(told(&error).starts_with(expected), "{}", told(&error));
    }
}

#[test]
fn bytes_that_are_no_message() {
    let application = format!("{V1ALPHA1}.Application");
    let rows = [
        ("application.ApplicationRollbackRequest", "0a0161", "required field \"id\" not set"),
        (
            "session.SessionResponse",
            "0a05",
            "the message cannot be read: the protobuf message is damaged at field 1",
        ),
        (
            "session.SessionResponse",
            "0a01ff",
            "the message cannot be read: token: its content cannot be read",
        ),
        ("session.SessionResponse", "0801", "the message cannot be read: token: its content cannot be read"),
        (
            "session.SessionResponse",
            "0b",
            "the message cannot be read: the protobuf message is damaged at field 1",
        ),
        // The second 2^40 is in the year 36812.
        (
            &application,
            "1a09320708808080808020",
            "the message cannot be read: status.reconciledAt: its content cannot be read",
        ),
    ];
    for (name, wire, expected) in rows {
        let message = descriptors().message(name).expect(name);
        let wire = upstream::bytes(wire);
        let error = descriptors().to_json(message, &wire).expect_err(expected);
        assert!(told(&error).starts_with(expected), "{}", told(&error));
    }
}

/// As Go's `encoding/json` does it: an unknown field is ignored, and the case of a name may differ.
#[test]
fn names_are_read_as_by_go() {
    let message = descriptors().message("session.SessionCreateRequest").expect("a message");
    let read = |json: &str| {
        let json = value::from_json(json.as_bytes()).expect(json);
        let wire = descriptors().to_wire(message, &json).expect("a message");
        value::to_json(&descriptors().to_json(message, &wire).expect("a message"))
    };
    assert_eq!(read(r#"{"UserName": "a", "bogus": 1}"#), r#"{"username":"a"}"#);
    assert_eq!(read(r#"{"USERNAME": "a", "username": "b"}"#), r#"{"username":"b"}"#);
}

/// The parts of a message that comes in several are put together; of a number the last one counts.
#[test]
fn parts_are_put_together() {
    let message = descriptors().message("cluster.Settings").expect("a message");
    // url "a", help {chatUrl "b"}, url "c", help {chatText "d"}.
    let wire = upstream::bytes("0a01614a030a01620a01634a03120164");
    let read = descriptors().to_json(message, &wire).expect("a message");
    assert_eq!(value::to_json(&read), r#"{"help":{"chatText":"d","chatUrl":"b"},"url":"c"}"#);
}
