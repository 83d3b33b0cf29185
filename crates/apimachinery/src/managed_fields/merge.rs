//! An object with a configuration laid over it, and an object without some of its fields.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use value::{Map, Value};

use super::elements::path_element;
use super::path::PathElement;
use super::set::Set;
use super::typed::{Atom, ListAtom, MapAtom, Relation, TypeRef};

/// Lays `new` over `old`: what `new` says holds, the rest of `old` stays.
pub(super) fn merge(old: Option<&Value>, new: Option<&Value>, r#type: TypeRef<'_>) -> Option<Value> {
    let atom = if new.is_some() { r#type.atom_for(new) } else { r#type.atom_for(old) };
    merge_atom(&atom, old, new)
}

fn merge_atom(atom: &Atom<'_>, old: Option<&Value>, new: Option<&Value>) -> Option<Value> {
    let leaf = || new.or(old).cloned();
    if let Some(map) = &atom.map {
        let (old_map, new_map) = (old.and_then(Value::as_map), new.and_then(Value::as_map));
        let empty = old_map.is_none_or(Map::is_empty) && new_map.is_none_or(Map::is_empty);
        if map.atomic || empty { leaf() } else { Some(merge_entries(map, old_map, new_map)) }
    } else if atom.scalar.is_some() {
        leaf()
    } else if let Some(list) = &atom.list {
        let (old_list, new_list) = (
            old.and_then(Value::as_list).unwrap_or_default(),
            new.and_then(Value::as_list).unwrap_or_default(),
        );
        let empty = old_list.is_empty() && new_list.is_empty();
        if empty || matches!(list.relation, Relation::Atomic) {
            leaf()
        } else {
            Some(merge_elements(list, old_list, new_list))
        }
    } else {
        leaf()
    }
}

fn merge_entries(map: &MapAtom<'_>, old: Option<&Map>, new: Option<&Map>) -> Value {
    let keys: BTreeSet<_> = old.into_iter().chain(new).flat_map(Map::keys).collect();
    let at = |map: Option<&Map>, key: &str| map.and_then(|map| map.get(key)).cloned();
    let entries = keys.into_iter().filter_map(|key| {
        let merged = merge(at(old, key).as_ref(), at(new, key).as_ref(), map.field(key))?;
        Some((key.clone(), merged))
    });
    Value::map_of(entries.collect::<Vec<_>>())
}

/// The order is that of `new` for its elements; those that only `old` has stay before the shared
/// element that they stood before.
fn merge_elements(list: &ListAtom<'_>, old: &[Value], new: &[Value]) -> Value {
    let old_steps = indexed(list, old);
    let new_steps = indexed(list, new);
    let old_values = by_step(&old_steps);
    let new_values = by_step(&new_steps);
    let mut shared: VecDeque<&PathElement> =
        new_steps.iter().map(|(step, _)| step).filter(|step| old_values.contains_key(step)).collect();
    let mut next_shared = shared.pop_front();
    let mut merged_steps: BTreeSet<&PathElement> = BTreeSet::new();
    let mut out = Vec::with_capacity(old.len().max(new.len()));
    let old_value = |step: &PathElement| old_values.get(step).copied().flatten();
    let mut put = |step: &PathElement, old: Option<&Value>| {
        let new = new_values.get(step).copied().flatten();
        out.extend(merge(old, new, list.element));
    };
    let (mut at_old, mut at_new) = (0, 0);
    while at_old < old_steps.len() || at_new < new_steps.len() {
        if let (Some((old_step, _)), Some((new_step, _))) = (old_steps.get(at_old), new_steps.get(at_new)) {
            if old_step == new_step {
                merged_steps.insert(new_step);
                put(new_step, old_value(new_step));
                (at_old, at_new) = (at_old + 1, at_new + 1);
                next_shared = shared.pop_front();
                continue;
            }
            if new_values.contains_key(old_step) && next_shared.is_some_and(|next| next != old_step) {
                at_old += 1;
                continue;
            }
        }
        if let Some((old_step, value)) = old_steps.get(at_old) {
            if !new_values.contains_key(old_step) {
                put(old_step, Some(value));
                at_old += 1;
                continue;
            }
            if merged_steps.contains(old_step) {
                at_old += 1;
            }
        }
        if let Some((new_step, _)) = new_steps.get(at_new) {
            merged_steps.insert(new_step);
            put(new_step, old_value(new_step));
            at_new += 1;
            if next_shared == Some(new_step) {
                next_shared = shared.pop_front();
            }
        }
    }
    Value::from(out)
}

fn indexed<'v>(list: &ListAtom<'_>, elements: &'v [Value]) -> Vec<(PathElement, &'v Value)> {
    elements.iter().filter_map(|element| Some((path_element(list, element).ok()?, element))).collect()
}

/// The element of each step; `None` for a step that is there twice.
fn by_step<'a, 'v>(steps: &'a [(PathElement, &'v Value)]) -> BTreeMap<&'a PathElement, Option<&'v Value>> {
    let mut values = BTreeMap::new();
    for (step, value) in steps {
        values.entry(step).and_modify(|known| *known = None).or_insert(Some(*value));
    }
    values
}

/// The value without the fields of a set; `None` where nothing of it is left.
pub(super) fn remove(value: &Value, fields: &Set, r#type: TypeRef<'_>) -> Option<Value> {
    let atom = r#type.atom_for(Some(value));
    if let Some(map) = &atom.map {
        let entries = value.as_map().filter(|entries| !entries.is_empty() && !map.atomic)?;
        let mut kept = Map::new();
        let mut entered = false;
        for (key, value) in entries {
            let step = PathElement::Field(key.clone());
            if fields.has_member(&step) {
                continue;
            }
            let value = match fields.below(&step) {
                Some(below) => {
                    entered = true;
                    left_over(value, below, map.field(key))
                }
                None => value.clone(),
            };
            kept.insert(key.clone(), value);
        }
        (entered || !kept.is_empty()).then(|| kept.into())
    } else if atom.scalar.is_some() {
        Some(value.clone())
    } else {
        let list = atom.list.as_ref().filter(|list| !matches!(list.relation, Relation::Atomic))?;
        remove_elements(value.as_list()?, fields, list)
    }
}

fn remove_elements(elements: &[Value], fields: &Set, list: &ListAtom<'_>) -> Option<Value> {
    let mut kept = Vec::with_capacity(elements.len());
    let mut entered = false;
    for element in elements {
        let Ok(step) = path_element(list, element) else {
            kept.push(element.clone());
            continue;
        };
        if fields.has_member(&step) {
            continue;
        }
        kept.push(match fields.below(&step) {
            Some(below) => {
                entered = true;
                left_over(element, below, list.element)
            }
            None => element.clone(),
        });
    }
    (entered || !kept.is_empty()).then(|| kept.into())
}

/// A map or list of which nothing is left stays as an empty one: its owner removes it, if anybody does.
fn left_over(value: &Value, below: &Set, r#type: TypeRef<'_>) -> Value {
    remove(value, below, r#type).unwrap_or_else(|| match value {
        Value::Map(_) => Value::map(),
        Value::List(_) => Value::from(Vec::new()),
        _ => Value::Null,
    })
}
