//! What the API server fills into an object that it is given.
//!
//! Of a custom kind these are the defaults of its schema. Of a built-in kind they are, in this order: what
//! Go's types lose and add when an object goes through them (nulls, empty lists and plain zeros go, structs that are
//! always written appear, quantities become canonical), the hand-written defaults of each kind, and the
//! defaults that stand in the schema.

mod admission;
mod fill;
mod kinds;
mod pod;
mod workload;

use value::{Map, Value};

use crate::gvk::GroupVersionKind;
use crate::schema::Schema;

pub use admission::admit;

/// The object with its defaults. Fields that the schema does not know are left alone.
pub fn default(object: &Value, gvk: &GroupVersionKind, schema: &Schema) -> Value {
    let mut object = object.clone();
    if schema.definition.is_none() {
        fill::custom(&mut object, schema);
        return object;
    }
    fill::builtin(&mut object, schema);
    kinds::default(&mut object, gvk);
    fill::builtin(&mut object, schema);
    object
}

/// The object of a built-in kind as Go's types write it: what they lose and add, and the defaults that
/// stand in the schema, but not the hand-written ones. Fields that the schema does not know are left alone.
pub fn through_types(object: &Value, schema: &Schema) -> Value {
    let mut object = object.clone();
    fill::builtin(&mut object, schema);
    object
}

/// Puts a value where there is none.
fn set_default(map: &mut Map, key: &str, value: impl Into<Value>) {
    if map.get(key).is_none_or(Value::is_null) {
        map.insert(key, value);
    }
}

/// Runs over the map under a key, which is made when it is not there.
fn with_map(map: &mut Map, key: &str, run: impl FnOnce(&mut Map)) {
    if let Some(below) = map.entry_or(key, Value::map).as_map_mut() {
        run(below);
    }
}

/// Runs over the map under a key, if there is one.
fn in_map(map: &mut Map, key: &str, run: impl FnOnce(&mut Map)) {
    if let Some(below) = map.get_mut(key).and_then(Value::as_map_mut) {
        run(below);
    }
}

/// Runs over each map of the list under a key, if there is one.
fn each(map: &mut Map, key: &str, mut run: impl FnMut(&mut Map)) {
    if let Some(list) = map.get_mut(key).and_then(Value::as_list_mut) {
        list.iter_mut().filter_map(Value::as_map_mut).for_each(&mut run);
    }
}

fn text<'m>(map: &'m Map, key: &str) -> &'m str {
    map.get(key).and_then(Value::as_str).unwrap_or_default()
}
