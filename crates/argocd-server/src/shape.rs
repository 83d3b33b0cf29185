//! Objects as upstream's Go types write them, and the parts of them that a client asks for.

use value::{Map, Value};

/// An application: without the kind, and with the parts of the status that are always there.
pub(crate) fn application(object: &Value) -> Value {
    const ALWAYS: [(&[&str], Empty); 7] = [
        (&["status", "sync", "status"], Empty::Text),
        (&["status", "sync", "comparedTo", "source", "repoURL"], Empty::Text),
        (&["status", "sync", "comparedTo", "destination"], Empty::Map),
        (&["status", "health"], Empty::Map),
        (&["status", "summary"], Empty::Map),
        (&["status", "sourceHydrator"], Empty::Map),
        (&["spec", "project"], Empty::Text),
    ];
    let mut object = without_kind(object);
    for (path, empty) in ALWAYS {
        if object.at(path).is_none() {
            match empty {
                Empty::Text => object.set_at(path, ""),
                Empty::Map => object.set_at(path, Value::map()),
            }
        }
    }
    object
}

/// A project: without the kind, and with a status.
pub(crate) fn project(object: &Value) -> Value {
    let mut object = without_kind(object);
    if object.get("status").is_none() {
        object.set_at(&["status"], Value::map());
    }
    object
}

/// Any object without `apiVersion` and `kind`, which the gateway leaves out.
pub(crate) fn without_kind(object: &Value) -> Value {
    let mut object = object.clone();
    for field in ["apiVersion", "kind"] {
        object.remove_at(&[field]);
    }
    object
}

/// A list in the shape of the gateway: without items it is `null`.
pub(crate) fn list(resource_version: &str, items: Vec<Value>) -> Value {
    let items = if items.is_empty() { Value::Null } else { Value::from(items) };
    let metadata = Value::map_of([("resourceVersion", resource_version)]);
    Value::map_of([("metadata", metadata), ("items", items)])
}

#[derive(Clone, Copy)]
enum Empty {
    Text,
    Map,
}

/// The fields of an answer that a client wants: `items.metadata.name,items.spec`, or all but those that follow
/// a dash.
pub(crate) struct FieldFilter<'a> {
    fields: Vec<Vec<&'a str>>,
    excludes: bool,
}

impl<'a> FieldFilter<'a> {
    /// Reads the parameter `fields`; an empty one wants everything.
    pub(crate) fn new(text: &'a str) -> Self {
        let excludes = text.starts_with('-');
        let text = text.strip_prefix('-').unwrap_or(text);
        let fields = text.split(',').filter(|field| !field.is_empty());
        Self { fields: fields.map(|field| field.split('.').collect()).collect(), excludes }
    }

    pub(crate) fn apply(&self, value: &Value) -> Value {
        if self.fields.is_empty() {
            return value.clone();
        }
        let fields: Vec<&[&str]> = self.fields.iter().map(Vec::as_slice).collect();
        if self.excludes { without(value, &fields) } else { only(value, &fields) }
    }
}

/// Lists are passed through: a field is one of each item.
fn only(value: &Value, fields: &[&[&str]]) -> Value {
    if fields.iter().any(|field| field.is_empty()) {
        return value.clone();
    }
    if let Some(items) = value.as_list() {
        return Value::from(items.iter().map(|item| only(item, fields)).collect::<Vec<_>>());
    }
    let Some(map) = value.as_map() else { return value.clone() };
    let mut kept = Map::new();
    for (key, inner) in map {
        let deeper = below(fields, key.as_str());
        if !deeper.is_empty() {
            kept.insert(key.as_str(), only(inner, &deeper));
        }
    }
    Value::from(kept)
}

fn without(value: &Value, fields: &[&[&str]]) -> Value {
    if let Some(items) = value.as_list() {
        return Value::from(items.iter().map(|item| without(item, fields)).collect::<Vec<_>>());
    }
    let Some(map) = value.as_map() else { return value.clone() };
    let mut kept = Map::new();
    for (key, inner) in map {
        let deeper = below(fields, key.as_str());
        if deeper.iter().any(|field| field.is_empty()) {
            continue;
        }
        let inner = if deeper.is_empty() { inner.clone() } else { without(inner, &deeper) };
        kept.insert(key.as_str(), inner);
    }
    Value::from(kept)
}

fn below<'a>(fields: &[&'a [&'a str]], key: &str) -> Vec<&'a [&'a str]> {
    fields
        .iter()
        .filter_map(|field| field.split_first().filter(|(first, _)| **first == key))
        .map(|(_, rest)| rest)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Value {
        value::from_json(text.as_bytes()).expect(text)
    }

    #[test]
    fn fields_are_picked_or_left_out() {
        let object =
            json(r#"{"metadata":{"a":1},"items":[{"metadata":{"name":"x","uid":"u"},"spec":{"k":1}}]}"#);
        let rows = [
            ("", r#"{"metadata":{"a":1},"items":[{"metadata":{"name":"x","uid":"u"},"spec":{"k":1}}]}"#),
            ("items.metadata.name", r#"{"items":[{"metadata":{"name":"x"}}]}"#),
            ("items.nope", r#"{"items":[{}]}"#),
            ("metadata,items.spec", r#"{"metadata":{"a":1},"items":[{"spec":{"k":1}}]}"#),
            ("-items.metadata.uid,items.spec", r#"{"metadata":{"a":1},"items":[{"metadata":{"name":"x"}}]}"#),
        ];
        for (fields, expected) in rows {
            assert_eq!(FieldFilter::new(fields).apply(&object), json(expected), "{fields}");
        }
    }

    #[test]
    fn an_application_has_the_parts_that_go_writes() {
        let object = json(
            r#"{"apiVersion":"a/v1","kind":"Application","metadata":{"name":"x"},"spec":{"project":"p"}}"#,
        );
        let expected = r#"{"metadata":{"name":"x"},"spec":{"project":"p"},"status":{"sync":{"status":"","comparedTo":{"source":{"repoURL":""},"destination":{}}},"health":{},"summary":{},"sourceHydrator":{}}}"#;
        assert_eq!(application(&object), json(expected));
    }
}
