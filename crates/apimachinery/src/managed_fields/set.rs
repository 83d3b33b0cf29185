//! Sets of fields, and their form `fieldsV1`.

use std::collections::{BTreeMap, BTreeSet};

use value::{Map, Value};

use super::path::{Path, PathElement};
use super::typed::TypeRef;

/// A set of paths. A path in it says nothing about the paths below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set {
    members: BTreeSet<PathElement>,
    children: BTreeMap<PathElement, Set>,
}

impl Set {
    /// The set of some paths of fields.
    pub fn of(paths: &[&[&str]]) -> Self {
        let mut set = Self::default();
        for path in paths {
            set.insert(&path.iter().map(|name| PathElement::field(name)).collect::<Vec<_>>());
        }
        set
    }

    /// Whether there is no path.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty() && self.children.values().all(Self::is_empty)
    }

    /// Puts a path in.
    pub fn insert(&mut self, path: &[PathElement]) {
        match path {
            [] => {}
            [last] => {
                self.members.insert(last.clone());
            }
            [first, rest @ ..] => self.children.entry(first.clone()).or_default().insert(rest),
        }
    }

    /// Whether a path is in the set.
    pub fn contains(&self, path: &[PathElement]) -> bool {
        match path {
            [] => false,
            [last] => self.members.contains(last),
            [first, rest @ ..] => self.children.get(first).is_some_and(|child| child.contains(rest)),
        }
    }

    /// Whether the path of one step is in the set.
    pub fn has_member(&self, element: &PathElement) -> bool {
        self.members.contains(element)
    }

    /// What is below one step.
    pub fn below(&self, element: &PathElement) -> Option<&Self> {
        self.children.get(element).filter(|child| !child.is_empty())
    }

    /// The paths in either set.
    #[must_use]
    pub fn union(mut self, other: &Self) -> Self {
        self.members.extend(other.members.iter().cloned());
        for (element, child) in &other.children {
            let own = self.children.entry(element.clone()).or_default();
            *own = std::mem::take(own).union(child);
        }
        self
    }

    /// The paths in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let members = self.members.intersection(&other.members).cloned().collect();
        let children = self.children.iter().filter_map(|(element, child)| {
            let both = child.intersection(other.children.get(element)?);
            (!both.is_empty()).then(|| (element.clone(), both))
        });
        Self { members, children: children.collect() }
    }

    /// The paths that are not in the other set.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.without(other, false)
    }

    /// The paths that are neither in the other set nor below a path of it.
    #[must_use]
    pub fn difference_and_below(&self, other: &Self) -> Self {
        self.without(other, true)
    }

    fn without(&self, other: &Self, below: bool) -> Self {
        let members = self.members.difference(&other.members).cloned().collect();
        let children = self.children.iter().filter_map(|(element, child)| {
            if below && other.members.contains(element) {
                return None;
            }
            let rest = match other.children.get(element) {
                Some(other) => child.without(other, below),
                None => child.clone(),
            };
            (!rest.is_empty()).then(|| (element.clone(), rest))
        });
        Self { members, children: children.collect() }
    }

    /// The paths that are, or are below, one of these top fields.
    #[must_use]
    pub fn only(&self, field: &str) -> Self {
        let keep = PathElement::field(field);
        Self {
            members: self.members.get(&keep).cloned().into_iter().collect(),
            children: self
                .children
                .get_key_value(&keep)
                .map(|(k, v)| (k.clone(), v.clone()))
                .into_iter()
                .collect(),
        }
    }

    /// The set with each declared field on the way to a path as a member of its own, so that two sets
    /// can be subtracted without losing the maps that hold what stays.
    #[must_use]
    pub(super) fn with_named_parents(&self, r#type: TypeRef<'_>) -> Self {
        let atom = r#type.atom();
        let mut members = self.members.clone();
        let mut children = BTreeMap::new();
        for (element, child) in &self.children {
            let mut child_type = TypeRef::undeclared();
            match element {
                PathElement::Field(name) => {
                    if let Some(map) = &atom.map {
                        child_type = map.field(name);
                        if map.declares(name) {
                            members.insert(element.clone());
                        }
                    }
                }
                PathElement::Key(_) => {
                    if let Some(list) = &atom.list {
                        child_type = list.element;
                    }
                }
                PathElement::Value(_) | PathElement::Index(_) => {}
            }
            children.insert(element.clone(), child.with_named_parents(child_type));
        }
        Self { members, children }
    }

    /// Every path, parents before what is below them.
    pub fn paths(&self) -> Vec<Path> {
        let mut paths = Vec::new();
        self.collect(&mut Vec::new(), &mut paths);
        paths
    }

    fn collect(&self, prefix: &mut Vec<PathElement>, into: &mut Vec<Path>) {
        for member in &self.members {
            let mut path = prefix.clone();
            path.push(member.clone());
            into.push(Path(path));
        }
        for (element, child) in &self.children {
            prefix.push(element.clone());
            child.collect(prefix, into);
            prefix.pop();
        }
    }

    /// The form `fieldsV1`.
    pub fn encode(&self) -> Value {
        let mut map = Map::new();
        for member in &self.members {
            map.insert(member.encode(), Value::map());
        }
        for (element, child) in self.children.iter().filter(|(_, child)| !child.is_empty()) {
            let mut below = child.encode();
            if self.members.contains(element)
                && let Some(below) = below.as_map_mut()
            {
                below.insert(".", Value::map());
            }
            map.insert(element.encode(), below);
        }
        map.into()
    }

    /// Reads the form `fieldsV1`; `None` for what is not it.
    pub fn decode(fields: &Value) -> Option<Self> {
        let mut set = Self::default();
        for (key, below) in fields.as_map()?.iter().filter(|(key, _)| key.as_str() != ".") {
            let element = PathElement::decode(key)?;
            let map = below.as_map()?;
            if map.is_empty() || map.contains_key(".") {
                set.members.insert(element.clone());
            }
            let child = Self::decode(below)?;
            if !child.is_empty() {
                set.children.insert(element, child);
            }
        }
        Some(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &str = r#"{"f:metadata":{"f:labels":{".":{},"f:a":{}}},"f:spec":{"f:finalizers":{"v:\"x\"":{}},"f:ports":{"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:port":{}}}}}"#;

    #[test]
    fn fields_v1_is_read_and_written() {
        let fields = value::from_json(FIELDS.as_bytes()).unwrap();
        let set = Set::decode(&fields).unwrap();
        assert_eq!(set.encode(), fields);
        let paths: Vec<_> = set.paths().iter().map(ToString::to_string).collect();
        assert_eq!(
            paths,
            [
                ".metadata.labels",
                ".metadata.labels.a",
                r#".spec.finalizers[="x"]"#,
                r#".spec.ports[port=80,protocol="TCP"]"#,
                r#".spec.ports[port=80,protocol="TCP"].port"#,
            ]
        );
        assert_eq!(Set::decode(&Value::from("x")), None);
    }

    #[test]
    fn sets_are_subtracted_by_path() {
        let fields = value::from_json(FIELDS.as_bytes()).unwrap();
        let set = Set::decode(&fields).unwrap();
        let labels = Set::of(&[&["metadata", "labels"]]);
        assert!(set.difference(&labels).contains(&[
            PathElement::field("metadata"),
            PathElement::field("labels"),
            PathElement::field("a")
        ]));
        assert_eq!(set.difference_and_below(&labels), set.only("spec"));
        assert_eq!(set.intersection(&labels), labels);
        assert_eq!(set.difference_and_below(&labels).union(&set.only("metadata")), set);
    }
}
