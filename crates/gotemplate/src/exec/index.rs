//! `index`, `slice` and `len`.

use super::Slot;
use crate::record::Recorder;
use crate::value::{IntType, Kind, ListType, MapType, Str, Value};

type Outcome<T> = Result<T, String>;

/// `len`
pub(super) fn length(slot: &Slot) -> Outcome<i64> {
    let length = match &slot.value {
        Value::Nil if slot.is_interface => return Err("len of nil pointer".to_owned()),
        Value::Nil => return Err("reflect: call of reflect.Value.Type on zero Value".to_owned()),
        Value::String(text) | Value::Bytes(text) => text.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        Value::Object(object) if matches!(object.kind(), Kind::Map | Kind::Slice) => object.entries().len(),
        other => return Err(format!("len of type {}", other.type_name().trim_start_matches('*'))),
    };
    Ok(length as i64)
}

/// Says which values an `index` reads.
pub(super) fn record(recorder: &mut Recorder, item: &Slot, indexes: &[Slot]) {
    let mut at = item.value.clone();
    for index in indexes {
        let next = match (&at, &index.value) {
            (Value::Map(map), Value::String(key)) => {
                recorder.read(map, key, None);
                map.get(key)
            }
            (Value::List(list), Value::Int(position, _)) => {
                usize::try_from(*position).ok().and_then(|position| list.get(position))
            }
            _ => None,
        };
        let Some(next) = next else { return };
        at = next;
    }
}

/// `index x 1 "a"` is `x[1]["a"]`.
pub(super) fn index(item: &Slot, indexes: &[Slot]) -> Outcome<Slot> {
    if item.value.is_nil() {
        return Err("index of untyped nil".to_owned());
    }
    let mut item = item.clone();
    for index in indexes {
        item = step(&item, &index.value)?;
    }
    Ok(item)
}

fn step(item: &Slot, index: &Value) -> Outcome<Slot> {
    Ok(match &item.value {
        Value::Nil => return Err("index of nil pointer".to_owned()),
        Value::String(text) | Value::Bytes(text) => {
            let at = place(index, text.len())?;
            let byte = *text.get(at).ok_or_else(|| out_of_range("string", at, text.len()))?;
            Slot::concrete(Value::Int(i64::from(byte), IntType::Uint8))
        }
        Value::List(list) => {
            let at = place(index, list.len())?;
            let value = list.get(at).ok_or_else(|| out_of_range("slice", at, list.len()))?;
            Slot::of(value, list.list_type() == ListType::Any)
        }
        Value::Map(map) => {
            let key = key(index)?;
            match (map.get(key), map.map_type()) {
                (Some(value), MapType::Strings) => Slot::concrete(value),
                (Some(value), _) => Slot::interface(value),
                (None, MapType::Strings) => Slot::concrete(Value::from("")),
                (None, _) => Slot::interface(Value::Nil),
            }
        }
        Value::Object(object) if object.kind() == Kind::Map => {
            let is_interface = object.element_type() == "interface {}";
            match object.field(key(index)?) {
                Some(value) => Slot::of(value, is_interface),
                None if is_interface => Slot::interface(Value::Nil),
                None => Slot::concrete(Value::Bytes(Str::default())),
            }
        }
        Value::Object(object) if object.kind() == Kind::Slice => {
            let entries = object.entries();
            let at = place(index, entries.len())?;
            let length = entries.len();
            let (_, value) = entries.into_iter().nth(at).ok_or_else(|| out_of_range("slice", at, length))?;
            Slot::concrete(value)
        }
        other => {
            let name = other.type_name().trim_start_matches('*');
            return Err(format!("can't index item of type {name}"));
        }
    })
}

/// The index one past the end passes Go's check and fails in reflection.
fn out_of_range(what: &str, _at: usize, _length: usize) -> String {
    format!("reflect: {what} index out of range")
}

fn key(index: &Value) -> Outcome<&Str> {
    match index {
        Value::String(key) => Ok(key),
        Value::Nil => Err("value is nil; should be of type string".to_owned()),
        other => Err(format!("value has type {}; should be string", other.type_name())),
    }
}

fn place(index: &Value, capacity: usize) -> Outcome<usize> {
    match index {
        Value::Int(at, _) => usize::try_from(*at)
            .ok()
            .filter(|at| *at <= capacity)
            .ok_or_else(|| format!("index out of range: {at}")),
        Value::Nil => Err("cannot index slice/array with nil".to_owned()),
        other => Err(format!("cannot index slice/array with type {}", other.type_name())),
    }
}

/// Go's own `slice`, which sprig's shadows in Helm.
pub(super) fn slice(item: &Slot, indexes: &[Slot]) -> Outcome<Slot> {
    if item.value.is_nil() {
        return Err("slice of untyped nil".to_owned());
    }
    if indexes.len() > 3 {
        return Err(format!("too many slice indexes: {}", indexes.len()));
    }
    let length = match &item.value {
        Value::String(_) if indexes.len() == 3 => return Err("cannot 3-index slice a string".to_owned()),
        Value::String(text) | Value::Bytes(text) => text.len(),
        Value::List(list) => list.len(),
        other => return Err(format!("can't slice item of type {}", other.type_name())),
    };
    let mut bounds = [0, length, length];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        *bound = place(&index.value, length)?;
    }
    let [start, end, capacity] = bounds;
    if start > end {
        return Err(format!("invalid slice index: {start} > {end}"));
    }
    if end > capacity {
        return Err(format!("invalid slice index: {end} > {capacity}"));
    }
    Ok(Slot::concrete(match &item.value {
        Value::Bytes(bytes) => Value::Bytes(Str::from(&bytes[start..end])),
        Value::List(list) => Value::List(list.part(start..end)),
        Value::String(text) => Value::String(Str::from(&text[start..end])),
        _ => Value::Nil,
    }))
}
