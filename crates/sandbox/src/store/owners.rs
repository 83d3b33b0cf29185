//! Who owns whom, by UID: what garbage collection asks for with every deletion.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use apimachinery::object;
use value::Value;

/// Where an object is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Location {
    /// The table.
    pub(crate) table: Arc<str>,
    /// The namespace; empty for cluster-scoped objects.
    pub(crate) namespace: Arc<str>,
    /// The name.
    pub(crate) name: Arc<str>,
}

impl Location {
    /// Where an object of a table is; `None` where it has no name.
    pub(crate) fn of(table: &str, object: &Value) -> Option<Self> {
        Some(Self {
            table: table.into(),
            namespace: object::namespace(object).unwrap_or_default().into(),
            name: object::name(object)?.into(),
        })
    }

    /// Where a cluster-scoped object is.
    pub(crate) fn cluster_scoped(table: &str, name: &str) -> Self {
        Self { table: table.into(), namespace: "".into(), name: name.into() }
    }
}

#[derive(Default)]
pub(super) struct Owners {
    objects: HashMap<Arc<str>, Location>,
    dependents: HashMap<Arc<str>, BTreeSet<Location>>,
}

impl Owners {
    pub(super) fn add(&mut self, location: &Location, object: &Value) {
        if let Some(uid) = object::uid(object) {
            self.objects.insert(uid.into(), location.clone());
        }
        for uid in owner_uids(object) {
            self.dependents.entry(uid.into()).or_default().insert(location.clone());
        }
    }

    /// Forgets what the former state of an object said and its present one does not.
    pub(super) fn replace(&mut self, location: &Location, before: &Value, now: Option<&Value>) {
        if let Some(uid) = object::uid(before)
            && now.and_then(object::uid) != Some(uid)
        {
            self.objects.remove(uid);
        }
        for uid in owner_uids(before) {
            if now.is_some_and(|now| owner_uids(now).any(|other| other == uid)) {
                continue;
            }
            if let Some(dependents) = self.dependents.get_mut(uid) {
                dependents.remove(location);
                if dependents.is_empty() {
                    self.dependents.remove(uid);
                }
            }
        }
    }

    pub(super) fn dependents(&self, uid: &str) -> Vec<Location> {
        self.dependents.get(uid).into_iter().flatten().cloned().collect()
    }

    pub(super) fn location(&self, uid: &str) -> Option<&Location> {
        self.objects.get(uid)
    }
}

fn owner_uids(object: &Value) -> impl Iterator<Item = &str> {
    object::owner_references(object).iter().filter_map(|owner| owner.str_at(&["uid"]))
}
