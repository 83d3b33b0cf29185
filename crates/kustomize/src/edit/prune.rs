//! What Go leaves out when it writes a kustomization: fields that are empty.

use value::{Map, Value};

/// Fields that are maps of anything, in which nothing is left out.
const FREE: [&str; 8] = [
    "annotations",
    "commonAnnotations",
    "commonLabels",
    "labels",
    "openapi",
    "pairs",
    "valuesInline",
    "valuesLocal",
];

/// Fields that are written even where they are empty.
const ALWAYS: [&str; 7] = ["count", "fieldref", "name", "objref", "orderFirst", "orderLast", "select"];

/// What an entry of a list or a mapping has even where the file does not say it.
fn unsaid(field: &str) -> Vec<(&'static str, Value)> {
    let empty = || Value::from(Map::new());
    match field {
        "vars" => vec![("fieldref", empty()), ("name", Value::from("")), ("objref", empty())],
        "objref" => vec![("name", Value::from(""))],
        "replicas" => vec![("count", Value::from(0_i64))],
        "targets" => vec![("select", Value::Null)],
        "legacySortOptions" => vec![("orderFirst", Value::Null), ("orderLast", Value::Null)],
        _ => Vec::new(),
    }
}

fn complete(field: &str, map: &Map) -> Map {
    let mut map = map.clone();
    for (name, value) in unsaid(field) {
        if !map.contains_key(name) {
            map.insert(name, value);
        }
    }
    map
}

/// The value of a field as Go writes it.
pub(super) fn pruned(field: &str, value: &Value) -> Value {
    match value {
        Value::Map(_) if FREE.contains(&field) => value.clone(),
        Value::Map(map) => {
            let kept: Map = complete(field, map)
                .iter()
                .map(|(name, value)| (name, pruned(name, value)))
                .filter(|(name, value)| is_kept(field, name, value))
                .map(|(name, value)| (name.clone(), value))
                .collect();
            Value::from(kept)
        }
        // The entries of a list are of one kind; what they are called is what the list is called.
        Value::List(list) => Value::list_of(list.iter().map(|item| match item {
            Value::Map(map) => pruned("", &Value::from(complete(field, map))),
            other => other.clone(),
        })),
        other => other.clone(),
    }
}

fn is_kept(within: &str, name: &str, value: &Value) -> bool {
    let is_empty = match value {
        Value::Null | Value::Bool(false) | Value::Int(0) => true,
        Value::String(text) => text.is_empty(),
        Value::List(list) => list.is_empty(),
        Value::Map(map) => {
            map.is_empty() && !matches!(name, "target" | "select" | "source" | "options" | "fieldref")
        }
        _ => false,
    };
    // A name is left out where it is optional, and written where it must be there.
    !is_empty || (ALWAYS.contains(&name) && !(name == "name" && within.is_empty()))
}
