//! The list of what a deployment owns, as Flux writes it to `status.inventory`.

use std::collections::HashSet;

use value::Value;

use crate::ObjectRef;

/// An object in an inventory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which object.
    pub reference: ObjectRef,
    /// The API version with which it was applied last.
    pub version: String,
}

impl Entry {
    /// `<namespace>_<name>_<group>_<kind>`; a colon in a name (RBAC) is written `__`.
    ///
    /// Source: cli-utils `object.ObjMetadata.String`.
    pub fn id(&self) -> String {
        let ObjectRef { group, kind, namespace, name } = &self.reference;
        format!("{namespace}_{}_{group}_{kind}", name.replace(':', "__"))
    }

    /// Reads what [`Entry::id`] wrote; `None` for a text that is not an id.
    pub fn parse(id: &str, version: &str) -> Option<Self> {
        let (namespace, rest) = id.split_once('_')?;
        let (rest, kind) = rest.rsplit_once('_')?;
        let (name, group) = rest.rsplit_once('_')?;
        if kind.is_empty() || name.is_empty() {
            return None;
        }
        let reference = ObjectRef {
            group: group.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.replace("__", ":"),
        };
        Some(Self { reference, version: version.to_owned() })
    }
}

/// What a deployment owns, in the order in which it was applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// The entries; no object is in it twice.
    pub entries: Vec<Entry>,
}

impl Inventory {
    /// Reads `status.inventory`. An entry that is not readable is an error, since dropping it would
    /// leave its object behind for ever.
    ///
    /// # Errors
    /// The id of the first entry that is not readable.
    pub fn from_status(status: Option<&Value>) -> Result<Self, String> {
        let entries = status.and_then(|inventory| inventory.get("entries")).and_then(Value::as_list);
        let entry = |entry: &Value| {
            let id = entry.str_at(&["id"]).unwrap_or_default();
            Entry::parse(id, entry.str_at(&["v"]).unwrap_or_default()).ok_or_else(|| id.to_owned())
        };
        let entries = entries.unwrap_or_default().iter().map(entry).collect::<Result<_, _>>()?;
        Ok(Self { entries })
    }

    /// The form of `status.inventory`.
    pub fn to_status(&self) -> Value {
        let entries = self
            .entries
            .iter()
            .map(|entry| Value::map_of([("id", entry.id()), ("v", entry.version.clone())]));
        Value::map_of([("entries", Value::list_of(entries))])
    }

    /// Whether `reference` is owned.
    pub fn contains(&self, reference: &ObjectRef) -> bool {
        self.entries.iter().any(|entry| entry.reference == *reference)
    }

    /// What is owned before `next` and by `next`: written before the first apply, so that whatever an
    /// interrupted apply leaves behind is known. Own entries come first.
    pub fn union(&self, next: &Self) -> Self {
        let known: HashSet<&ObjectRef> = self.entries.iter().map(|entry| &entry.reference).collect();
        let added = next.entries.iter().filter(|entry| !known.contains(&entry.reference));
        Self { entries: self.entries.iter().chain(added).cloned().collect() }
    }

    /// What is owned here and not by `next`: the candidates for pruning.
    pub fn stale(&self, next: &Self) -> Vec<Entry> {
        let kept: HashSet<&ObjectRef> = next.entries.iter().map(|entry| &entry.reference).collect();
        self.entries.iter().filter(|entry| !kept.contains(&entry.reference)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inventory(ids: &[&str]) -> Inventory {
        let entries = ids.iter().map(|id| Entry::parse(id, "v1").expect(id)).collect();
        Inventory { entries }
    }

    fn ids(entries: &[Entry]) -> Vec<String> {
        entries.iter().map(Entry::id).collect()
    }

    #[test]
    fn ids_survive_reading_and_writing() {
        for id in
            ["ns_a__ConfigMap", "_flux-system__Namespace", "_a__b_rbac.authorization.k8s.io_ClusterRole"]
        {
            assert_eq!(Entry::parse(id, "v1").expect(id).id(), id);
        }
        let colon = Entry::parse("_system__node_rbac.authorization.k8s.io_ClusterRole", "v1").expect("id");
        assert_eq!(colon.reference.name, "system:node");
        assert_eq!(Entry::parse("nonsense", "v1"), None);
    }

    #[test]
    fn the_union_keeps_the_old_and_adds_the_new() {
        let (old, new) = (inventory(&["ns_a__X", "ns_b__X"]), inventory(&["ns_b__X", "ns_c__X"]));
        assert_eq!(ids(&old.union(&new).entries), ["ns_a__X", "ns_b__X", "ns_c__X"]);
        assert_eq!(ids(&old.stale(&new)), ["ns_a__X"]);
    }
}
