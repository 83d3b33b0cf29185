//! Fields that the schema does not know, and fields that are there twice.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use value::{Key, Map, Value};

use crate::schema::{AdditionalProperties, Node, Schema, Type};

/// The nesting of an object that is followed; JSON that is nested more deeply is refused when it is read.
const DEEPEST: usize = 128;

/// The message of HTTP 400 for findings of strict field validation, if there are any:
/// `strict decoding error: unknown field "spec.foo"`.
pub fn strict_decoding_error(findings: &[String]) -> Option<String> {
    (!findings.is_empty()).then(|| format!("strict decoding error: {}", findings.join(", ")))
}

/// `unknown field "spec.foo"` for each field that the schema does not know, in the order of the keys.
pub fn unknown_fields(object: &Value, schema: &Schema) -> Vec<String> {
    let mut object = object.clone();
    let mut found = Vec::new();
    walk(&mut object, schema, &mut Place { path: String::new(), found: &mut found, root: true });
    found.into_iter().map(|path| format!("unknown field {path:?}")).collect()
}

/// The object without the fields that the schema does not know.
pub fn prune(object: &Value, schema: &Schema) -> Value {
    let mut object = object.clone();
    walk(&mut object, schema, &mut Place { path: String::new(), found: &mut Vec::new(), root: true });
    object
}

struct Place<'a> {
    path: String,
    found: &'a mut Vec<String>,
    root: bool,
}

impl Place<'_> {
    fn enter(&mut self, step: &str, run: impl FnOnce(&mut Self)) {
        let (length, root) = (self.path.len(), self.root);
        self.path.push_str(step);
        self.root = false;
        run(self);
        self.path.truncate(length);
        self.root = root;
    }

    fn key(&mut self, key: &str, run: impl FnOnce(&mut Self)) {
        let dot = if self.path.is_empty() { "" } else { "." };
        self.enter(&format!("{dot}{key}"), run);
    }
}

/// Takes unknown fields out and notes them.
fn walk(value: &mut Value, schema: &Node, place: &mut Place<'_>) {
    if place.path.len() > DEEPEST * 64 {
        return;
    }
    match value {
        Value::Map(_) if has_fields(schema) => {
            if let Some(map) = value.as_map_mut() {
                walk_map(map, schema, place);
            }
        }
        Value::List(_) => {
            let Some(items) = &schema.items else { return };
            if !may_lose(items) {
                return;
            }
            for (at, element) in value.as_list_mut().into_iter().flatten().enumerate() {
                place.enter(&format!("[{at}]"), |place| walk(element, items, place));
            }
        }
        _ => {}
    }
}

/// Whether the schema says anything about the keys of a map.
fn has_fields(schema: &Node) -> bool {
    let raw = schema.r#type.is_none() && schema.properties.is_empty();
    let free_builtin = schema.definition.is_some() && schema.properties.is_empty();
    !(raw || free_builtin) || schema.embedded_resource
}

fn may_lose(schema: &Node) -> bool {
    matches!(schema.r#type, Some(Type::Object | Type::Array) | None)
}

fn walk_map(map: &mut Map, schema: &Node, place: &mut Place<'_>) {
    let embedded =
        |key: &Key| schema.embedded_resource && matches!(key.as_str(), "apiVersion" | "kind" | "metadata");
    let unknown = |key: &Key| {
        !schema.properties.contains_key(key)
            && !embedded(key)
            && !schema.preserve_unknown_fields
            && !matches!(
                &schema.additional_properties,
                Some(AdditionalProperties::Of(_) | AdditionalProperties::Anything)
            )
    };
    let lost: Vec<Key> = map.keys().filter(|key| unknown(key)).cloned().collect();
    for key in map.keys().cloned().collect::<Vec<_>>() {
        if lost.contains(&key) {
            place.key(&key, |place| place.found.push(place.path.clone()));
            map.remove(&key);
            continue;
        }
        let other = match &schema.additional_properties {
            Some(AdditionalProperties::Of(of)) => Some(of),
            _ => None,
        };
        if let (Some(field), Some(value)) = (schema.properties.get(&key).or(other), map.get_mut(&key)) {
            place.key(&key, |place| walk(value, field, place));
        }
    }
}

/// `duplicate field "spec.replicas"` for each field that stands twice in one object of a JSON text. A
/// text that is not JSON has none; reading it tells what is wrong.
pub fn duplicate_fields(json: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let seed = Duplicates { path: String::new(), found: &mut found };
    match seed.deserialize(&mut deserializer) {
        Ok(()) => found.into_iter().map(|path| format!("duplicate field {path:?}")).collect(),
        Err(_) => Vec::new(),
    }
}

struct Duplicates<'a> {
    path: String,
    found: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Duplicates<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Duplicates<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let mut at = 0;
        loop {
            let seed = Duplicates { path: format!("{}[{at}]", self.path), found: self.found };
            if access.next_element_seed(seed)?.is_none() {
                return Ok(());
            }
            at += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = access.next_key::<String>()? {
            let dot = if self.path.is_empty() { "" } else { "." };
            let path = format!("{}{dot}{key}", self.path);
            if !seen.insert(key) {
                self.found.push(path.clone());
            }
            access.next_value_seed(Duplicates { path, found: self.found })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin;
    use crate::gvk::GroupVersionKind;

    const DEPLOYMENT: &str = r#"{"metadata":{"name":"x","labels":{"any":"y"}},"spec":{"foo":1,"template":{
        "spec":{"containers":[{"name":"a","bar":2,"resources":{"limits":{"cpu":"1"}}}],"zed":[1]}}}}"#;

    fn deployment() -> Schema {
        builtin::schema(&GroupVersionKind::new("apps", "v1", "Deployment")).unwrap()
    }

    #[test]
    fn unknown_fields_are_found_and_pruned() {
        let object = value::from_json(DEPLOYMENT.as_bytes()).unwrap();
        let found = unknown_fields(&object, &deployment());
        assert_eq!(
            strict_decoding_error(&found).unwrap(),
            r#"strict decoding error: unknown field "spec.foo", unknown field "spec.template.spec.containers[0].bar", unknown field "spec.template.spec.zed""#
        );
        let pruned = prune(&object, &deployment());
        assert!(unknown_fields(&pruned, &deployment()).is_empty());
        assert_eq!(pruned.str_at(&["metadata", "labels", "any"]), Some("y"));
        assert_eq!(strict_decoding_error(&[]), None);
    }

    #[test]
    fn custom_kinds_keep_what_their_schema_keeps() {
        let schema = Schema::from_crd(
            &value::from_json(
                br#"{"type":"object","properties":{"spec":{"type":"object","properties":{
                    "free":{"type":"object","x-kubernetes-preserve-unknown-fields":true,
                        "properties":{"known":{"type":"object","properties":{"a":{"type":"string"}}}}},
                    "map":{"type":"object","additionalProperties":{"type":"object","properties":{"a":{"type":"string"}}}},
                    "empty":{"type":"object"}}}}}"#,
            )
            .unwrap(),
        )
        .unwrap();
        let object = value::from_json(
            br#"{"apiVersion":"g/v1","kind":"K","metadata":{"name":"n","foo":1},"spec":{"free":{"x":{"y":1},"known":{"b":1}},
                "map":{"k":{"a":"1","b":"2"}},"empty":{"z":1},"nope":1},"status":{}}"#,
        )
        .unwrap();
        let found = unknown_fields(&object, &schema);
        let paths: Vec<_> = found.iter().map(|text| text.trim_start_matches("unknown field ")).collect();
        assert_eq!(
            paths,
            [
                r#""metadata.foo""#,
                r#""spec.empty.z""#,
                r#""spec.free.known.b""#,
                r#""spec.map.k.b""#,
                r#""spec.nope""#,
                r#""status""#
            ]
        );
    }

    #[test]
    fn duplicate_fields_are_found_in_the_text() {
        let text = br#"{"a":1,"b":{"c":1,"c":2},"l":[{"x":1},{"x":1,"x":{"y":1,"y":2}}],"a":2}"#;
        assert_eq!(
            duplicate_fields(text),
            [
                r#"duplicate field "b.c""#,
                r#"duplicate field "l[1].x""#,
                r#"duplicate field "l[1].x.y""#,
                r#"duplicate field "a""#
            ]
        );
        assert!(duplicate_fields(b"{").is_empty());
    }
}
