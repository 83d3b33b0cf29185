//! sprig's functions of dictionaries.

use std::collections::BTreeMap;

use super::arguments::*;
use super::defaults::is_empty;
use crate::value::Kind;

pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "dict", params: &[ANYS], call: dict },
    Function { name: "get", params: &[MAP, STRING], call: get },
    Function { name: "set", params: &[MAP, STRING, ANY], call: set },
    Function { name: "unset", params: &[MAP, STRING], call: unset },
    Function { name: "hasKey", params: &[MAP, STRING], call: has_key },
    Function { name: "pluck", params: &[STRING, MAPS], call: pluck },
    Function { name: "keys", params: &[MAPS], call: keys },
    Function { name: "pick", params: &[MAP, STRINGS], call: pick },
    Function { name: "omit", params: &[MAP, STRINGS], call: omit },
    Function { name: "merge", params: &[MAP, MAPS], call: |run, a| merge_all(run, a, false) },
    Function { name: "mustMerge", params: &[MAP, MAPS], call: |run, a| merge_all(run, a, false) },
    Function { name: "mergeOverwrite", params: &[MAP, MAPS], call: |run, a| merge_all(run, a, true) },
    Function { name: "mustMergeOverwrite", params: &[MAP, MAPS], call: |run, a| merge_all(run, a, true) },
    Function { name: "values", params: &[MAP], call: values },
    Function { name: "dig", params: &[ANYS], call: dig },
    Function { name: "deepCopy", params: &[ANY], call: copy },
    Function { name: "mustDeepCopy", params: &[ANY], call: copy },
];

/// Nesting of values that are copied or merged; a map that holds itself ends here.
const MAX_DEPTH: usize = 10_000;
/// What an entry takes beside its key's bytes.
const ENTRY: usize = 64;

fn dict(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let mut entries = BTreeMap::new();
    for pair in a.chunks(2) {
        let key = strval(&pair[0])?;
        run.charge(key.len() + ENTRY)?;
        entries.insert(key, pair.get(1).cloned().unwrap_or_else(|| "".into()));
    }
    Ok(Value::Map(Map::of(MapType::Any, entries)))
}

fn get(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let Some(map) = map(a, 0) else { return Ok("".into()) };
    run.reads(map, text(a, 1));
    Ok(map.get(text(a, 1)).unwrap_or_else(|| "".into()))
}

fn set(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let Some(map) = map(a, 0).filter(|map| !map.is_nil()) else {
        return fail("assignment to entry in nil map");
    };
    let Some(key) = a[1].as_str() else { return Ok(a[0].clone()) };
    run.charge(key.len() + ENTRY)?;
    put(run, map, key, &a[2]);
    Ok(a[0].clone())
}

fn put(run: &mut Run<'_>, map: &Map, key: &Str, value: &Value) {
    map.insert(key.clone(), value.clone());
    run.changed(map, value);
}

fn unset(_: &mut Run<'_>, a: &[Value]) -> Outcome {
    if let Some(map) = map(a, 0) {
        map.remove(text(a, 1));
    }
    Ok(a[0].clone())
}

fn has_key(_: &mut Run<'_>, a: &[Value]) -> Outcome {
    Ok(map(a, 0).is_some_and(|map| map.contains_key(text(a, 1))).into())
}

fn pluck(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    run.charge(size_of_val(a))?;
    let found = (1..a.len()).filter_map(|at| map(a, at)?.get(text(a, 0)));
    Ok(Value::list_of(found))
}

/// In order, where Go's order is random.
fn keys(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let mut keys = Vec::new();
    for map in a.iter().filter_map(Value::as_map) {
        run.charge(map.len() * ENTRY)?;
        keys.extend(map.entries().keys().cloned());
    }
    Ok(Value::strings(keys))
}

/// In the order of the keys, where Go's order is random.
fn values(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let Some(map) = map(a, 0) else { return Ok(Value::list_of(Vec::<Value>::new())) };
    run.charge(map.len() * ENTRY)?;
    Ok(Value::list_of(map.entries().values().cloned()))
}

fn pick(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let mut entries = BTreeMap::new();
    for key in a[1..].iter().filter_map(Value::as_str) {
        if let Some(value) = map(a, 0).and_then(|map| map.get(key)) {
            run.charge(key.len() + ENTRY)?;
            entries.insert(key.clone(), value);
        }
    }
    Ok(Value::Map(Map::of(MapType::Any, entries)))
}

fn omit(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let mut entries = map(a, 0).map(|map| map.entries().clone()).unwrap_or_default();
    run.charge(entries.len() * ENTRY)?;
    for key in a[1..].iter().filter_map(Value::as_str) {
        entries.remove(key.as_bytes());
    }
    Ok(Value::Map(Map::of(MapType::Any, entries)))
}

fn dig(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let [keys @ .., default, at] = a else { return fail("dig needs at least three arguments") };
    if keys.is_empty() {
        return fail("dig needs at least three arguments");
    }
    let mut at = as_plain_map(at)?;
    let mut names = Vec::with_capacity(keys.len());
    for key in keys {
        match key {
            Value::String(name) => names.push(name),
            Value::Nil => return fail("interface conversion: interface {} is nil, not string"),
            other => {
                let got = other.type_name();
                return fail(format!("interface conversion: interface {{}} is {got}, not string"));
            }
        }
    }
    for (depth, name) in names.iter().enumerate() {
        run.reads(&at, name);
        let Some(value) = at.get(name) else { return Ok(default.clone()) };
        if depth + 1 == names.len() {
            return Ok(value);
        }
        at = as_plain_map(&value)?;
    }
    Ok(default.clone())
}

/// `x.(map[string]interface{})`, which a named map type is not.
fn as_plain_map(value: &Value) -> Result<Map, Failure> {
    let got = match value {
        Value::Map(map) if map.map_type() == MapType::Any => return Ok(map.clone()),
        Value::Nil => "nil",
        other => other.type_name(),
    };
    fail(format!("interface conversion: interface {{}} is {got}, not map[string]interface {{}}"))
}

fn copy(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    if a[0].is_nil() {
        return fail("reflect: call of reflect.Value.Type on zero Value");
    }
    deep_copy(run, &a[0], 0)
}

/// `copystructure.Copy`: containers are copied, what has methods is shared.
fn deep_copy(run: &mut Run<'_>, value: &Value, depth: usize) -> Outcome {
    run.step()?;
    if depth > MAX_DEPTH {
        return Err(Failure::Limit(crate::error::Limit::Nesting(MAX_DEPTH)));
    }
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || match value {
        Value::List(list) => {
            run.charge(list.len() * size_of::<Value>())?;
            let items = list.items().to_vec();
            let copies: Result<Vec<Value>, Failure> =
                items.iter().map(|item| deep_copy(run, item, depth + 1)).collect();
            Ok(Value::List(if list.is_nil() { list.clone() } else { List::new(list.list_type(), copies?) }))
        }
        Value::Map(map) => {
            let entries = map.entries().clone();
            run.charge(entries.len() * ENTRY)?;
            let mut copies = BTreeMap::new();
            for (key, item) in &entries {
                copies.insert(key.clone(), deep_copy(run, item, depth + 1)?);
            }
            Ok(Value::Map(if map.is_nil() { map.clone() } else { Map::of(map.map_type(), copies) }))
        }
        other => Ok(other.clone()),
    })
}

fn merge_all(run: &mut Run<'_>, a: &[Value], overwrites: bool) -> Outcome {
    // mergo makes a map where the target is nil.
    let target = if map(a, 0).is_some_and(Map::is_nil) { Value::map() } else { a[0].clone() };
    if let Value::Map(target) = &target {
        for source in a[1..].iter().filter_map(Value::as_map) {
            merge(run, target, source, overwrites, 0)?;
        }
    }
    Ok(target)
}

/// mergo's merge of maps: into the target itself, keys of the target win unless they are empty or
/// `overwrites` is set.
fn merge(
    run: &mut Run<'_>,
    target: &Map,
    source: &Map,
    overwrites: bool,
    depth: usize,
) -> Result<(), Failure> {
    if depth > MAX_DEPTH {
        return Err(Failure::Limit(crate::error::Limit::Nesting(MAX_DEPTH)));
    }
    let entries: Vec<(Str, Value)> =
        source.entries().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    for (key, value) in entries {
        run.step()?;
        run.charge(ENTRY)?;
        merge_entry(run, target, (key, value), overwrites, depth)?;
    }
    Ok(())
}

fn merge_entry(
    run: &mut Run<'_>,
    target: &Map,
    (key, value): (Str, Value),
    overwrites: bool,
    depth: usize,
) -> Result<(), Failure> {
    let existing = target.get(&key);
    if value.is_nil() {
        if overwrites {
            put(run, target, &key, &value);
        }
        return Ok(());
    }
    if let (Some(Value::Map(inner)), Value::Map(source)) = (&existing, &value) {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || merge(run, inner, source, overwrites, depth + 1))?;
    }
    let is_filled = existing.as_ref().is_some_and(|existing| !is_empty(existing));
    let both_are_maps =
        value.kind() == Kind::Map && existing.as_ref().is_some_and(|existing| existing.kind() == Kind::Map);
    if is_filled && both_are_maps {
        return Ok(());
    }
    if overwrites || !is_filled {
        put(run, target, &key, &value);
    }
    Ok(())
}
