//! Applications and Flux objects as rows of one list: made once for each change of an object, then searched,
//! counted and sorted as they are.

mod application;
mod flux;
mod query;
mod row;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use engine::ObjectRef;
use value::Value;

pub use flux::is_shown as is_flux_row;
pub use query::{Query, QueryError, Show, Sort, Window};
pub use row::{Owner, Row};

/// The name of an object in the list: `group/Kind/namespace/name`.
pub fn key_of(reference: &ObjectRef) -> String {
    let ObjectRef { group, kind, namespace, name } = reference;
    format!("{group}/{kind}/{namespace}/{name}")
}

/// The object that a key names; `None` where it is none.
pub fn object_of(key: &str) -> Option<ObjectRef> {
    let [group, kind, namespace, name] = key.splitn(4, '/').collect::<Vec<_>>()[..] else { return None };
    if kind.is_empty() || name.is_empty() {
        return None;
    }
    let [group, kind, namespace, name] = [group, kind, namespace, name].map(str::to_owned);
    Some(ObjectRef { group, kind, namespace, name })
}

/// How a row became another one.
#[derive(Clone, Debug)]
pub struct Change {
    /// The object.
    pub key: Arc<str>,
    /// The row that was there.
    pub before: Option<Arc<Row>>,
    /// The row that is there now.
    pub now: Option<Arc<Row>>,
}

/// All rows, sorted by name.
#[derive(Debug, Default)]
pub struct Rows {
    by_key: HashMap<Arc<str>, Arc<Row>>,
    by_name: BTreeMap<(Arc<str>, Arc<str>), Arc<Row>>,
    /// The Flux objects that stand for an Application, by its key.
    generated: HashMap<Arc<str>, BTreeSet<Arc<str>>>,
}

impl Rows {
    /// Takes an object as it is now. What was generated for an Application shows its project, so that one object
    /// may change several rows; an object whose row stays as it was changes none.
    pub fn put(&mut self, object: &Value) -> Vec<Change> {
        let Some(mut row) = Row::of(object) else { return Vec::new() };
        if let Some(application) = row.application() {
            let project = self.by_key.get(application).and_then(|owner| owner.project()).map(str::to_owned);
            self.generated.entry(application.into()).or_default().insert(row.key().clone());
            row = row.with_project(project.as_deref());
        }
        self.disown(&row);
        let key = row.key().clone();
        let mut changes: Vec<Change> = self.replace(key.clone(), Some(row)).into_iter().collect();
        self.follow(&key, &mut changes);
        changes
    }

    /// Takes note that an object is gone.
    pub fn remove(&mut self, reference: &ObjectRef) -> Vec<Change> {
        let key: Arc<str> = Arc::from(key_of(reference));
        let mut changes: Vec<Change> = self.replace(key.clone(), None).into_iter().collect();
        if let Some(before) = changes.first().and_then(|change| change.before.clone()) {
            self.forget_owner(&before);
        }
        self.follow(&key, &mut changes);
        changes
    }

    /// The row of an object.
    pub fn get(&self, key: &str) -> Option<&Arc<Row>> {
        self.by_key.get(key)
    }

    /// All rows, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Row>> {
        self.by_name.values()
    }

    /// The part of the list that a query asks for, of the rows that its reader may see.
    pub fn window(&self, query: &Query, sees: impl FnMut(&Row) -> bool) -> Window {
        query.window(self.iter(), sees)
    }

    fn replace(&mut self, key: Arc<str>, now: Option<Row>) -> Option<Change> {
        let before = self.by_key.get(&key).cloned();
        if before.as_deref() == now.as_ref() {
            return None;
        }
        if let Some(before) = &before {
            self.by_key.remove(&key);
            self.by_name.remove(&(before.name().clone(), key.clone()));
        }
        let now = now.map(Arc::new);
        if let Some(now) = &now {
            self.by_key.insert(key.clone(), now.clone());
            self.by_name.insert((now.name().clone(), key.clone()), now.clone());
        }
        Some(Change { key, before, now })
    }

    /// What was generated for an Application follows it into another project.
    fn follow(&mut self, application: &str, changes: &mut Vec<Change>) {
        let Some(generated) = self.generated.get(application) else { return };
        let project = self.by_key.get(application).and_then(|owner| owner.project()).map(str::to_owned);
        for key in generated.clone() {
            let Some(row) = self.by_key.get(&key) else { continue };
            if row.project() != project.as_deref() {
                let row = row.with_project(project.as_deref());
                changes.extend(self.replace(key, Some(row)));
            }
        }
    }

    /// An object may change hands.
    fn disown(&mut self, row: &Row) {
        let before = self.by_key.get(row.key()).cloned();
        if let Some(before) = before.filter(|before| before.application() != row.application()) {
            self.forget_owner(&before);
        }
    }

    fn forget_owner(&mut self, row: &Row) {
        let Some(application) = row.application() else { return };
        if let Some(generated) = self.generated.get_mut(application) {
            generated.remove(row.key());
            if generated.is_empty() {
                self.generated.remove(application);
            }
        }
    }
}

#[cfg(test)]
mod tests;
