//! What differs between two objects, by field, and which fields one object has.

use std::collections::{BTreeMap, BTreeSet};

use value::{Map, Value};

use super::elements::path_element;
use super::path::PathElement;
use super::set::Set;
use super::typed::{Atom, ListAtom, MapAtom, Relation, TypeRef};

/// The fields in which two objects differ.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    pub(super) removed: Set,
    pub(super) modified: Set,
    pub(super) added: Set,
}

impl Comparison {
    /// What is written: added or changed.
    pub(super) fn written(&self) -> Set {
        self.modified.clone().union(&self.added)
    }
}

/// Compares two objects of one type.
pub(super) fn compare(old: &Value, new: &Value, r#type: TypeRef<'_>) -> Comparison {
    let mut walk = Comparing { found: Comparison::default(), path: Vec::new() };
    walk.place(Some(old), Some(new), r#type);
    walk.found
}

struct Comparing {
    found: Comparison,
    path: Vec<PathElement>,
}

impl Comparing {
    fn place(&mut self, old: Option<&Value>, new: Option<&Value>, r#type: TypeRef<'_>) {
        if let (Some(old), Some(new)) = (old, new)
            && old.is_same(new)
        {
            return;
        }
        let (old_atom, new_atom) = (r#type.atom_for(old), r#type.atom_for(new));
        let leaf = if new.is_none() {
            self.handle(&old_atom, old, new)
        } else if old.is_none() || old_atom.is_like(&new_atom) {
            self.handle(&new_atom, old, new)
        } else {
            self.handle(&old_atom, old, new) | self.handle(&new_atom, old, new)
        };
        if !leaf {
            match (old, new) {
                (None, _) => self.found.added.insert(&self.path),
                (_, None) => self.found.removed.insert(&self.path),
                _ => {}
            }
        }
    }

    /// Says whether the place is a leaf, about which everything has been noted.
    fn handle(&mut self, atom: &Atom<'_>, old: Option<&Value>, new: Option<&Value>) -> bool {
        if let Some(map) = &atom.map {
            let (old_map, new_map) = (old.and_then(Value::as_map), new.and_then(Value::as_map));
            if map.atomic || (is_none_or_empty(old_map) && is_none_or_empty(new_map)) {
                return self.leaf(old, new);
            }
            self.entries(map, old_map, new_map);
            false
        } else if atom.scalar.is_some() {
            self.leaf(old, new)
        } else if let Some(list) = &atom.list {
            let (old_list, new_list) = (old.and_then(Value::as_list), new.and_then(Value::as_list));
            let empty = old_list.unwrap_or_default().is_empty() && new_list.unwrap_or_default().is_empty();
            if empty || matches!(list.relation, Relation::Atomic) {
                return self.leaf(old, new);
            }
            self.elements(list, old_list.unwrap_or_default(), new_list.unwrap_or_default());
            false
        } else {
            false
        }
    }

    fn leaf(&mut self, old: Option<&Value>, new: Option<&Value>) -> bool {
        match (old, new) {
            (None, _) => self.found.added.insert(&self.path),
            (_, None) => self.found.removed.insert(&self.path),
            (Some(old), Some(new)) if old != new => self.found.modified.insert(&self.path),
            _ => {}
        }
        true
    }

    fn entries(&mut self, map: &MapAtom<'_>, old: Option<&Map>, new: Option<&Map>) {
        let keys: BTreeSet<_> = old.into_iter().chain(new).flat_map(Map::keys).collect();
        for key in keys {
            self.path.push(PathElement::Field(key.clone()));
            self.place(old.and_then(|map| map.get(key)), new.and_then(|map| map.get(key)), map.field(key));
            self.path.pop();
        }
    }

    /// Elements that cannot be told apart are compared by nobody; validation refuses them elsewhere.
    fn elements(&mut self, list: &ListAtom<'_>, old: &[Value], new: &[Value]) {
        let mut found: BTreeMap<PathElement, (Vec<&Value>, Vec<&Value>)> = BTreeMap::new();
        for element in old {
            if let Ok(step) = path_element(list, element) {
                found.entry(step).or_default().0.push(element);
            }
        }
        for element in new {
            if let Ok(step) = path_element(list, element) {
                found.entry(step).or_default().1.push(element);
            }
        }
        for (step, (old, new)) in found {
            self.path.push(step);
            match (old.len(), new.len()) {
                (0..=1, 0..=1) => self.place(old.first().copied(), new.first().copied(), list.element),
                (2.., 2..) if old != new => self.found.modified.insert(&self.path),
                (2.., 2..) => {}
                (2.., _) => {
                    if let Some(new) = new.first() {
                        self.place(None, Some(new), list.element);
                    }
                    self.found.removed.insert(&self.path);
                }
                _ => {
                    if let Some(old) = old.first() {
                        self.place(Some(old), None, list.element);
                    }
                    self.found.added.insert(&self.path);
                }
            }
            self.path.pop();
        }
    }
}

fn is_none_or_empty(map: Option<&Map>) -> bool {
    map.is_none_or(Map::is_empty)
}

/// The fields that an object has.
pub(super) fn field_set(value: &Value, r#type: TypeRef<'_>) -> Set {
    let mut set = Set::default();
    fields(value, r#type, &mut Vec::new(), &mut set);
    set
}

fn fields(value: &Value, r#type: TypeRef<'_>, path: &mut Vec<PathElement>, set: &mut Set) {
    let atom = r#type.atom_for(Some(value));
    if let Some(map) = &atom.map {
        if map.atomic {
            set.insert(path);
        } else if let Some(entries) = value.as_map() {
            for (key, value) in entries {
                path.push(PathElement::Field(key.clone()));
                fields(value, map.field(key), path, set);
                let empty = value.is_null() || value.as_map().is_some_and(Map::is_empty);
                if empty || !map.declares(key) {
                    set.insert(path);
                }
                path.pop();
            }
        }
    } else if atom.scalar.is_some() {
        set.insert(path);
    } else if let Some(list) = &atom.list {
        if matches!(list.relation, Relation::Atomic) {
            set.insert(path);
        } else if let Some(elements) = value.as_list() {
            list_fields(list, elements, path, set);
        }
    }
}

/// Of elements that are there twice only the element is in the set, not its fields.
fn list_fields(list: &ListAtom<'_>, elements: &[Value], path: &mut Vec<PathElement>, set: &mut Set) {
    let steps: Vec<_> =
        elements.iter().filter_map(|one| path_element(list, one).ok().map(|step| (step, one))).collect();
    let mut counts: BTreeMap<&PathElement, usize> = BTreeMap::new();
    for (step, _) in &steps {
        *counts.entry(step).or_default() += 1;
    }
    for (step, element) in &steps {
        path.push(step.clone());
        if counts.get(step) == Some(&1) {
            fields(element, list.element, path, set);
        }
        set.insert(path);
        path.pop();
    }
}
