//! The objects: one writer, every revision kept for as long as watchers may ask for it.
//!
//! **Guarantees.** A write is in the journal before it is in a table, and in a table before anybody is
//! told. Revisions grow by one with each write, over all tables, and never go back, not even over a
//! restart. A refused write changes nothing.
//!
//! **Invariant.** Nothing here knows what the objects mean: names, owners and revisions of their metadata
//! are all that is looked at.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use apimachinery::object;
use tokio::sync::{mpsc, watch};
use value::Value;

mod history;
mod owners;

pub(crate) use history::{Change, ChangeKind, Expired};
pub(crate) use owners::Location;

use crate::error::StartError;
use crate::faults::JournalFaults;
use crate::journal::{Journal, JournalError, Record, Recovered};
use history::History;
use owners::Owners;

/// Where an object is in its table: namespace (empty for cluster-scoped ones) and name.
type Place = (Arc<str>, Arc<str>);

/// All objects of one sandbox.
pub(crate) struct Store {
    state: Mutex<State>,
    /// How many changes each table remembers.
    remembered: usize,
    faults: JournalFaults,
}

struct State {
    revision: u64,
    /// Before this revision nothing is known: the store was opened here.
    opened_at: u64,
    tables: HashMap<Arc<str>, Table>,
    owners: Owners,
    journal: Option<Journal>,
    feeds: Vec<mpsc::UnboundedSender<Change>>,
}

struct Table {
    objects: BTreeMap<Place, Value>,
    history: History,
    /// Tells watchers the revision of the table's last change.
    signal: watch::Sender<u64>,
}

impl Table {
    fn new(opened_at: u64, remembered: usize) -> Self {
        Self {
            objects: BTreeMap::new(),
            history: History::new(opened_at, remembered),
            signal: watch::Sender::new(opened_at),
        }
    }
}

impl Store {
    /// A store that lives as long as the process.
    pub(crate) fn in_memory(faults: JournalFaults, remembered: usize) -> Self {
        Self::with(None, Recovered { revision: 0, records: Vec::new() }, faults, remembered)
    }

    /// A store that is kept in a folder.
    pub(crate) fn open(
        dir: &std::path::Path,
        faults: JournalFaults,
        remembered: usize,
    ) -> Result<Self, StartError> {
        let (journal, recovered) = Journal::open(dir, faults.clone())?;
        let recorded = recovered.records.len();
        let store = Self::with(Some(journal), recovered, faults, remembered);
        let mut state = store.lock();
        let live: usize = state.tables.values().map(|table| table.objects.len()).sum();
        if recorded > live * 2 + 64 {
            state.rewrite().map_err(|error| StartError::Rewrite(error.into()))?;
        }
        drop(state);
        Ok(store)
    }

    fn with(
        journal: Option<Journal>,
        recovered: Recovered,
        faults: JournalFaults,
        remembered: usize,
    ) -> Self {
        let mut state = State {
            revision: recovered.revision,
            opened_at: recovered.revision,
            tables: HashMap::new(),
            owners: Owners::default(),
            journal,
            feeds: Vec::new(),
        };
        for record in recovered.records {
            let location =
                Location { table: record.table.clone(), namespace: record.namespace, name: record.name };
            let table = state
                .tables
                .entry(record.table)
                .or_insert_with(|| Table::new(recovered.revision, remembered));
            let place = (location.namespace.clone(), location.name.clone());
            let before = match record.object {
                Some(object) => {
                    state.owners.add(&location, &object);
                    table.objects.insert(place, object)
                }
                None => table.objects.remove(&place),
            };
            if let Some(before) = before {
                let now = table.objects.get(&(location.namespace.clone(), location.name.clone()));
                state.owners.replace(&location, &before, now);
            }
        }
        Self { state: Mutex::new(state), remembered, faults }
    }

    /// Exclusive access: what is read holds until the guard is dropped.
    pub(crate) fn lock_for_write(&self) -> Writer<'_> {
        Writer { remembered: self.remembered, state: self.lock() }
    }

    /// Whether a simulated crash ended this store.
    pub(crate) fn has_crashed(&self) -> bool {
        self.faults.crashed()
    }

    /// Everything that changes from now on, in order, all tables.
    pub(crate) fn feed(&self) -> mpsc::UnboundedReceiver<Change> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.lock().feeds.push(sender);
        receiver
    }

    /// A signal that changes with each change of a table.
    pub(crate) fn signal(&self, table: &Arc<str>) -> watch::Receiver<u64> {
        self.lock().table(table, self.remembered).signal.subscribe()
    }

    /// The changes of a table after a revision, and the revision up to which that is all.
    ///
    /// # Errors
    /// Some of the changes are forgotten.
    pub(crate) fn changes_after(
        &self,
        table: &Arc<str>,
        revision: u64,
    ) -> Result<(Vec<Change>, u64), Expired> {
        let mut state = self.lock();
        let now = state.revision;
        let changes = state.table(table, self.remembered).history.after(revision)?;
        Ok((changes, now))
    }

    /// Writes what the operating system still holds to the disk.
    pub(crate) fn sync(&self) -> std::io::Result<()> {
        self.lock().journal.as_ref().map_or(Ok(()), Journal::sync)
    }

    /// Why the last write was not kept; `None` where it was.
    pub(crate) fn write_refusal(&self) -> Option<String> {
        self.lock().journal.as_ref().and_then(Journal::refusal)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn table(&mut self, table: &Arc<str>, remembered: usize) -> &mut Table {
        let opened_at = self.opened_at;
        self.tables.entry(table.clone()).or_insert_with(|| Table::new(opened_at, remembered))
    }

    fn rewrite(&mut self) -> Result<(), JournalError> {
        let Some(mut journal) = self.journal.take() else { return Ok(()) };
        let records = self.tables.iter().flat_map(|(table, content)| {
            content.objects.iter().map(|((namespace, name), object)| Record {
                revision: object::resource_version(object).and_then(|text| text.parse().ok()).unwrap_or(0),
                table: table.clone(),
                namespace: namespace.clone(),
                name: name.clone(),
                object: Some(object.clone()),
            })
        });
        let result = journal.rewrite(self.revision, records);
        self.journal = Some(journal);
        result
    }
}

/// Exclusive access to a [`Store`].
pub(crate) struct Writer<'a> {
    remembered: usize,
    state: MutexGuard<'a, State>,
}

impl Writer<'_> {
    /// The revision of the last write.
    pub(crate) fn revision(&self) -> u64 {
        self.state.revision
    }

    /// One object.
    pub(crate) fn get(&self, table: &str, namespace: &str, name: &str) -> Option<&Value> {
        self.state.tables.get(table)?.objects.get(&(namespace.into(), name.into()))
    }

    /// The objects of a table in the order of namespace and name: of one namespace if one is given, and
    /// from a place on if one is given.
    pub(crate) fn list(
        &self,
        table: &str,
        namespace: Option<&str>,
        from: Option<(&str, &str)>,
    ) -> impl Iterator<Item = &Value> {
        let start = from.or(namespace.map(|namespace| (namespace, ""))).unwrap_or_default();
        let start: Place = (start.0.into(), start.1.into());
        self.state
            .tables
            .get(table)
            .into_iter()
            .flat_map(move |table| table.objects.range(start.clone()..))
            .take_while(move |((found, _), _)| namespace.is_none_or(|wanted| wanted == &**found))
            .map(|(_, object)| object)
    }

    /// All objects of all tables.
    pub(crate) fn everything(&self) -> impl Iterator<Item = (Location, Value)> {
        self.state.tables.iter().flat_map(|(table, content)| {
            content.objects.iter().map(|((namespace, name), object)| {
                let location =
                    Location { table: table.clone(), namespace: namespace.clone(), name: name.clone() };
                (location, object.clone())
            })
        })
    }

    /// The names of the tables that hold something in a namespace.
    pub(crate) fn tables_with(&self, namespace: &str) -> Vec<Arc<str>> {
        let start: Place = (namespace.into(), "".into());
        let holds = |table: &Table| {
            table.objects.range(start.clone()..).next().is_some_and(|((found, _), _)| **found == *namespace)
        };
        let mut names: Vec<_> = self
            .state
            .tables
            .iter()
            .filter(|(_, table)| holds(table))
            .map(|(name, _)| name.clone())
            .collect();
        names.sort();
        names
    }

    /// Where the objects are that name an owner of this UID.
    pub(crate) fn dependents(&self, uid: &str) -> Vec<Location> {
        self.state.owners.dependents(uid)
    }

    /// Where the object of a UID is.
    pub(crate) fn location(&self, uid: &str) -> Option<&Location> {
        self.state.owners.location(uid)
    }

    /// Writes an object and returns it with its revision.
    ///
    /// # Errors
    /// The journal refuses; nothing has changed.
    pub(crate) fn put(&mut self, table: &Arc<str>, mut object: Value) -> Result<Value, JournalError> {
        let revision = self.state.revision + 1;
        object.set_at(&["metadata", "resourceVersion"], revision.to_string());
        let location = locate(table, &object);
        self.journal(revision, &location, Some(object.clone()))?;
        let state = &mut *self.state;
        state.revision = revision;
        state.owners.add(&location, &object);
        let place = (location.namespace.clone(), location.name.clone());
        let before = state.table(table, self.remembered).objects.insert(place, object.clone());
        if let Some(before) = &before {
            state.owners.replace(&location, before, Some(&object));
        }
        let kind = if before.is_some() { ChangeKind::Modified } else { ChangeKind::Added };
        self.announce(Change { revision, table: table.clone(), kind, object: object.clone(), before });
        Ok(object)
    }

    /// Removes an object, of which this is the last state, and returns that with its revision.
    ///
    /// # Errors
    /// The journal refuses; nothing has changed.
    pub(crate) fn remove(&mut self, table: &Arc<str>, mut last: Value) -> Result<Value, JournalError> {
        let revision = self.state.revision + 1;
        last.set_at(&["metadata", "resourceVersion"], revision.to_string());
        let location = locate(table, &last);
        self.journal(revision, &location, None)?;
        let state = &mut *self.state;
        state.revision = revision;
        let place = (location.namespace.clone(), location.name.clone());
        let before = state.table(table, self.remembered).objects.remove(&place);
        if let Some(before) = &before {
            state.owners.replace(&location, before, None);
        }
        let kind = ChangeKind::Deleted;
        self.announce(Change { revision, table: table.clone(), kind, object: last.clone(), before });
        Ok(last)
    }

    fn journal(
        &mut self,
        revision: u64,
        location: &Location,
        object: Option<Value>,
    ) -> Result<(), JournalError> {
        let Some(journal) = &mut self.state.journal else { return Ok(()) };
        journal.append(&Record {
            revision,
            table: location.table.clone(),
            namespace: location.namespace.clone(),
            name: location.name.clone(),
            object,
        })
    }

    fn announce(&mut self, change: Change) {
        let revision = change.revision;
        self.state.feeds.retain(|feed| feed.send(change.clone()).is_ok());
        let table = change.table.clone();
        let table = self.state.table(&table, self.remembered);
        table.history.push(change);
        table.signal.send_replace(revision);
        let wants_snapshot = self.state.journal.as_ref().is_some_and(Journal::wants_snapshot);
        if wants_snapshot && let Err(error) = self.state.rewrite() {
            // The write itself is safe in the old file, which stays in use and is tried again later.
            tracing::warn!(error = &error as &dyn std::error::Error, "the journal could not be rewritten");
        }
    }
}

fn locate(table: &Arc<str>, object: &Value) -> Location {
    Location {
        table: table.clone(),
        namespace: object::namespace(object).unwrap_or_default().into(),
        name: object::name(object).unwrap_or_default().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(name: &str) -> Value {
        Value::map_of([(
            "metadata",
            Value::map_of([("name", name), ("namespace", "default"), ("uid", name)]),
        )])
    }

    fn names(store: &Store) -> Vec<String> {
        let writer = store.lock_for_write();
        writer.list("pods", None, None).filter_map(|pod| object::name(pod).map(str::to_owned)).collect()
    }

    fn memory() -> Store {
        Store::in_memory(JournalFaults::default(), 4)
    }

    #[test]
    fn changes_are_seen_in_order_and_forgotten_in_time() {
        let (store, table) = (memory(), Arc::from("pods"));
        for name in ["a", "b"] {
            store.lock_for_write().put(&table, pod(name)).unwrap();
        }
        let last = store.lock_for_write().get("pods", "default", "a").cloned().unwrap();
        store.lock_for_write().remove(&table, last).unwrap();
        let (changes, now) = store.changes_after(&table, 1).unwrap();
        let seen: Vec<_> = changes.iter().map(|change| (change.revision, change.kind)).collect();
        assert_eq!(seen, [(2, ChangeKind::Added), (3, ChangeKind::Deleted)]);
        assert_eq!(now, 3);
        for _ in 0..4 {
            store.lock_for_write().put(&table, pod("b")).unwrap();
        }
        assert!(store.changes_after(&table, 2).is_err());
        assert_eq!(store.changes_after(&table, 3).unwrap().0.len(), 4);
    }

    #[test]
    fn a_namespace_is_listed_alone() {
        let (store, table) = (memory(), Arc::from("pods"));
        for (namespace, name) in [("a", "x"), ("a", "y"), ("ab", "x"), ("b", "x")] {
            let mut object = pod(name);
            object.set_at(&["metadata", "namespace"], namespace);
            store.lock_for_write().put(&table, object).unwrap();
        }
        let writer = store.lock_for_write();
        assert_eq!(writer.list("pods", Some("a"), None).count(), 2);
        assert_eq!(writer.list("pods", Some("a"), Some(("a", "y"))).count(), 1);
        assert_eq!(writer.list("pods", None, Some(("a", "y"))).count(), 3);
        assert_eq!(writer.tables_with("ab"), [Arc::from("pods")]);
        assert!(writer.tables_with("c").is_empty());
    }

    #[test]
    fn revisions_and_objects_survive() {
        let dir = tempfile::tempdir().unwrap();
        let table = Arc::from("pods");
        let open = || Store::open(dir.path(), JournalFaults::default(), 4).unwrap();
        let store = open();
        for name in ["a", "b", "c"] {
            store.lock_for_write().put(&table, pod(name)).unwrap();
        }
        let last = store.lock_for_write().get("pods", "default", "c").cloned().unwrap();
        store.lock_for_write().remove(&table, last).unwrap();
        drop(store);
        let store = open();
        assert_eq!(names(&store), ["a", "b"]);
        assert_eq!(store.lock_for_write().revision(), 4);
        assert!(store.changes_after(&table, 3).is_err(), "what was before the restart is not known");
        assert!(store.changes_after(&table, 4).unwrap().0.is_empty());
        assert!(store.lock_for_write().location("a").is_some());
        assert!(store.lock_for_write().location("c").is_none());
    }

    #[test]
    fn a_journal_of_old_states_is_rewritten_when_it_is_opened() {
        let dir = tempfile::tempdir().unwrap();
        let table = Arc::from("pods");
        let open = || Store::open(dir.path(), JournalFaults::default(), 4).unwrap();
        let size = || std::fs::metadata(dir.path().join("journal")).unwrap().len();
        let store = open();
        for _ in 0..200 {
            store.lock_for_write().put(&table, pod("a")).unwrap();
        }
        drop(store);
        let before = size();
        drop(open());
        assert!(size() < before / 50, "{before} {}", size());
        let store = open();
        assert_eq!(names(&store), ["a"]);
        assert_eq!(store.lock_for_write().revision(), 200);
    }

    #[test]
    fn a_refused_write_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let table = Arc::from("pods");
        let faults = JournalFaults::default();
        let store = Store::open(dir.path(), faults.clone(), 4).unwrap();
        let mut feed = store.feed();
        faults.at(1, crate::faults::JournalFault::NoSpace);
        assert!(store.lock_for_write().put(&table, pod("a")).is_err());
        assert!(names(&store).is_empty());
        assert_eq!(store.lock_for_write().revision(), 0);
        assert!(feed.try_recv().is_err());
        assert_eq!(
            store.lock_for_write().put(&table, pod("a")).unwrap().str_at(&["metadata", "resourceVersion"]),
            Some("1")
        );
    }
}
