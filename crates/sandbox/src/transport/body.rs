//! The bodies of requests.

use apimachinery::protobuf;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use value::Value;

use crate::status::{self, Refusal};

/// As the real server's limit.
const LIMIT: usize = 3 << 20;

/// Reads a whole body.
///
/// # Errors
/// It is larger than 3 MiB, or the client went away.
pub(super) async fn read(body: Incoming) -> Result<Bytes, Refusal> {
    match Limited::new(body, LIMIT).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(status::too_large()),
        Err(error) => Err(status::bad_request(format!("the body could not be read: {error}"))),
    }
}

/// The media type without its parameters.
pub(super) fn media_type(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

/// What the real server reads objects in.
const MEDIA_TYPES: [&str; 3] =
    ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];

/// Reads an object that is sent as JSON, YAML or, of a built-in kind, in protobuf.
///
/// # Errors
/// The body is in another form, or is not well-formed.
pub(super) fn object(bytes: &[u8], content_type: &str) -> Result<Value, Refusal> {
    match media_type(content_type) {
        "" | "application/json" | "*/*" => json(bytes),
        "application/yaml" => yaml(bytes),
        "application/vnd.kubernetes.protobuf" => protobuf::decode(bytes)
            .map_err(|error| status::bad_request(format!("couldn't decode the body: {}", chain(&error)))),
        _ => Err(status::unsupported_media_type(&MEDIA_TYPES)),
    }
}

/// Reads JSON.
///
/// # Errors
/// The body is not well-formed.
pub(super) fn json(bytes: &[u8]) -> Result<Value, Refusal> {
    value::from_json(bytes).map_err(|error| {
        status::bad_request(format!("couldn't get version/kind; json parse error: {}", chain(&error)))
    })
}

/// Reads a patch.
///
/// # Errors
/// The body is not well-formed.
pub(super) fn patch(bytes: &[u8]) -> Result<Value, Refusal> {
    value::from_json(bytes)
        .map_err(|error| status::bad_request(format!("error decoding patch: {}", chain(&error))))
}

/// Reads YAML, of which JSON is a part.
///
/// # Errors
/// The body is not well-formed.
pub(super) fn yaml(bytes: &[u8]) -> Result<Value, Refusal> {
    // What clients apply is JSON in all but name, and that is read several times faster.
    if bytes.first() == Some(&b'{')
        && let Ok(value) = value::from_json(bytes)
    {
        return Ok(value);
    }
    let refused = |error: &dyn std::error::Error| {
        status::bad_request(format!("error decoding YAML: error converting YAML to JSON: {}", chain(error)))
    };
    let text = std::str::from_utf8(bytes).map_err(|error| refused(&error))?;
    yaml::parse(text, yaml::Rules::V2).map_err(|error| refused(&error))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let inner = error.to_string();
        if !text.contains(&inner) {
            text.push_str(": ");
            text.push_str(&inner);
        }
        source = error.source();
    }
    text
}
