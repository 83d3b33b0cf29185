//! Answers.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, WARNING};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use value::{Map, Value};

use super::negotiation::Form;
use crate::kinds::Kind;
use crate::status::Status;
use crate::table;
use crate::verbs::list::Page;

/// The body of an answer; an error ends the connection or stream.
pub(super) type Body = UnsyncBoxBody<Bytes, Dropped>;

/// The client is to see its connection end.
#[derive(Debug, thiserror::Error)]
#[error("the connection ends here")]
pub(crate) struct Dropped;

/// An answer of JSON.
pub(super) fn json(code: u16, value: &Value) -> Response<Body> {
    typed(code, "application/json", value::to_json(value))
}

/// An answer of any media type.
pub(super) fn typed(code: u16, content_type: &'static str, text: impl Into<Bytes>) -> Response<Body> {
    let body = Full::new(text.into()).map_err(|never| match never {}).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}

/// Plain text.
pub(super) fn text(code: u16, text: &'static str) -> Response<Body> {
    typed(code, "text/plain; charset=utf-8", text)
}

/// A refusal.
pub(super) fn refusal(status: &Status) -> Response<Body> {
    json(status.code, &status.to_value())
}

/// Adds warnings, which kubectl prints.
pub(super) fn warn(response: &mut Response<Body>, warnings: &[String]) {
    for warning in warnings {
        let quoted = warning.replace('\\', "\\\\").replace('"', "\\\"").replace(['\n', '\r'], " ");
        if let Ok(value) = HeaderValue::from_str(&format!("299 - \"{quoted}\"")) {
            response.headers_mut().append(WARNING, value);
        }
    }
}

/// Which part of the objects goes with the rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowObject {
    Nothing,
    Metadata,
    Whole,
}

/// One object in a form.
pub(super) fn object(
    kind: &Kind,
    object: &Value,
    form: Form,
    now: jiff::Timestamp,
    rows: RowObject,
) -> Value {
    match form {
        Form::Table => table(kind, std::slice::from_ref(object), &revision_of(object), (now, rows)),
        Form::Metadata => metadata_only(object),
        Form::Object | Form::Discovery => object.clone(),
    }
}

/// A list in a form.
pub(super) fn list(kind: &Kind, page: &Page, form: Form, now: jiff::Timestamp, rows: RowObject) -> Value {
    let (api_version, list_kind, items) = match form {
        Form::Table => return table(kind, &page.items, &page.metadata(), (now, rows)),
        Form::Metadata => (
            "meta.k8s.io/v1".to_owned(),
            "PartialObjectMetadataList",
            page.items.iter().map(metadata_only).collect(),
        ),
        // Typed lists of the real server do not repeat the kind in each item.
        _ if kind.custom.is_none() => {
            (kind.gvk.api_version(), kind.list_kind.as_str(), page.items.iter().map(without_kind).collect())
        }
        _ => (kind.gvk.api_version(), kind.list_kind.as_str(), page.items.clone()),
    };
    let items: Vec<Value> = items;
    Value::map_of([
        ("apiVersion", Value::from(api_version)),
        ("kind", list_kind.into()),
        ("metadata", page.metadata()),
        ("items", items.into()),
    ])
}

fn without_kind(object: &Value) -> Value {
    let mut object = object.clone();
    object.remove_at(&["apiVersion"]);
    object.remove_at(&["kind"]);
    object
}

fn revision_of(object: &Value) -> Value {
    let revision = object.at(&["metadata", "resourceVersion"]);
    Value::Map(std::sync::Arc::new(
        revision.map(|text| ("resourceVersion", text.clone())).into_iter().collect(),
    ))
}

fn metadata_only(object: &Value) -> Value {
    Value::map_of([
        ("apiVersion", Value::from("meta.k8s.io/v1")),
        ("kind", "PartialObjectMetadata".into()),
        ("metadata", object.get("metadata").cloned().unwrap_or_else(Value::map)),
    ])
}

fn table(
    kind: &Kind,
    objects: &[Value],
    metadata: &Value,
    (now, rows): (jiff::Timestamp, RowObject),
) -> Value {
    let table = table::of(kind, now);
    let rows: Vec<Value> = objects
        .iter()
        .map(|object| {
            let mut row = Map::from_iter([("cells", Value::from(table.cells(object)))]);
            match rows {
                RowObject::Nothing => {}
                RowObject::Metadata => drop(row.insert("object", metadata_only(object))),
                RowObject::Whole => drop(row.insert("object", object.clone())),
            }
            row.into()
        })
        .collect();
    Value::map_of([
        ("apiVersion", Value::from("meta.k8s.io/v1")),
        ("kind", "Table".into()),
        ("metadata", metadata.clone()),
        ("columnDefinitions", table.column_definitions()),
        ("rows", rows.into()),
    ])
}
