//! The methods of Helm's `common.Values`, which `.Values` and the top of the data are.

use super::arguments::*;
use crate::print::quote;

/// A method of a named map type.
pub(crate) struct MapMethod {
    pub(crate) name: &'static str,
    pub(crate) params: &'static [Param],
    pub(crate) call: fn(&Map, &[Value], &mut Run<'_>) -> Outcome,
}

const VALUES: MapType = MapType::Named("common.Values");

/// The method of a map, for the types that have any.
pub(crate) fn map_method(map: &Map, name: &[u8]) -> Option<&'static MapMethod> {
    if map.map_type() != VALUES {
        return None;
    }
    METHODS.iter().find(|method| method.name.as_bytes() == name)
}

const METHODS: &[MapMethod] = &[
    MapMethod { name: "AsMap", params: &[], call: |map, _, _| Ok(Value::Map(map.retyped(MapType::Any))) },
    // Its parameter is something to write to, which no template has.
    MapMethod { name: "Encode", params: &[Param::Object("io.Writer")], call: |_, _, _| Ok(Value::Nil) },
    MapMethod { name: "PathValue", params: &[STRING], call: |map, a, _| path_value(map, &utf8(a, 0)) },
    MapMethod {
        name: "Table",
        params: &[STRING],
        call: |map, a, _| Ok(Value::Map(table(map, utf8(a, 0).split('.'))?)),
    },
    MapMethod {
        name: "YAML",
        params: &[],
        call: |map, _, run| super::yaml::document(run, &Value::Map(map.clone())),
    },
];

fn is_table(value: &Value) -> bool {
    value.as_map().is_some_and(|map| map.map_type() == MapType::Any)
}

fn table<'a>(map: &Map, path: impl Iterator<Item = &'a str>) -> Result<Map, Failure> {
    let mut at = map.clone();
    for name in path {
        match at.get(name) {
            Some(Value::Map(inner)) if inner.map_type() != MapType::Strings => at = inner,
            _ => return fail(format!("{} is not a table", quote(name.as_bytes()))),
        }
    }
    Ok(at.retyped(VALUES))
}

fn path_value(map: &Map, path: &str) -> Outcome {
    if path.is_empty() {
        return fail("YAML path cannot be empty");
    }
    let (parents, key) = path.rsplit_once('.').map_or((None, path), |(parents, key)| (Some(parents), key));
    let found = match parents {
        None => map.get(key),
        Some(parents) => table(map, parents.split('.')).ok().and_then(|table| table.get(key)),
    };
    match found.filter(|value| !is_table(value)) {
        Some(value) => Ok(value),
        None => fail(format!("{} is not a value", quote(key.as_bytes()))),
    }
}
