//! The API without its transport: kinds, objects, time and chance, and the transactions on them.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use apimachinery::clock::{self, Clock};
use apimachinery::gvk::GroupVersionKind;
use value::Value;

use crate::journal::JournalError;
use crate::kinds::{Kind, Kinds};
use crate::status::{self, Refusal};
use crate::store::{Location, Store, Writer};

/// The table of CustomResourceDefinitions: a write to it changes what is served.
pub(crate) const DEFINITIONS: &str = "customresourcedefinitions.apiextensions.k8s.io";

/// The API of one sandbox.
pub(crate) struct Api {
    pub(crate) store: Store,
    kinds: RwLock<Kinds>,
    clock: Arc<dyn Clock>,
    /// The certificate that clients of this server trust, for `kube-root-ca.crt`.
    pub(crate) authority: String,
}

impl Api {
    /// An API on a store; the kinds of the definitions that are in the store are served.
    pub(crate) fn new(store: Store, clock: Arc<dyn Clock>, authority: String) -> Self {
        let mut kinds = Kinds::builtin();
        for definition in store.lock_for_write().list(DEFINITIONS, None, None) {
            kinds.define(definition);
        }
        Self { store, kinds: RwLock::new(kinds), clock, authority }
    }

    /// The kinds that are served now. Not to be held while a transaction begins.
    pub(crate) fn kinds(&self) -> RwLockReadGuard<'_, Kinds> {
        self.kinds.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// A kind that every cluster has.
    ///
    /// # Errors
    /// There is no such kind, which is a mistake of the caller.
    pub(crate) fn builtin(&self, api_version: &str, kind: &str) -> Result<Arc<Kind>, Refusal> {
        let gvk = GroupVersionKind::from_api_version(api_version, kind);
        self.kinds().of_kind(&gvk).ok_or_else(|| status::internal(format!("no kind {gvk}")))
    }

    /// The present as objects write it.
    pub(crate) fn now(&self) -> String {
        clock::rfc3339(self.clock.now())
    }

    /// The present.
    pub(crate) fn timestamp(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    /// Begins a transaction: nobody else writes until it is dropped.
    pub(crate) fn begin(&self) -> Transaction<'_> {
        Transaction { writer: self.store.lock_for_write(), api: self }
    }

    fn definition_changed(&self, definition: &Value, removed: bool) {
        let mut kinds = self.kinds.write().unwrap_or_else(PoisonError::into_inner);
        if removed {
            kinds.forget(apimachinery::object::name(definition).unwrap_or_default());
        } else {
            kinds.define(definition);
        }
    }
}

/// Reads and writes that nobody comes between.
pub(crate) struct Transaction<'a> {
    pub(crate) api: &'a Api,
    writer: Writer<'a>,
}

impl Transaction<'_> {
    pub(crate) fn revision(&self) -> u64 {
        self.writer.revision()
    }

    /// An object in the version of its kind.
    pub(crate) fn get(&self, kind: &Kind, namespace: &str, name: &str) -> Option<Value> {
        self.writer.get(&kind.table, namespace, name).map(|object| kind.show(object))
    }

    /// The objects of a kind, in one namespace or all, as they are kept.
    pub(crate) fn stored<'a>(
        &'a self,
        kind: &'a Kind,
        namespace: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Value> {
        self.writer.list(&kind.table, namespace, None)
    }

    /// The object at a place, as it is kept.
    pub(crate) fn at(&self, place: &Location) -> Option<&Value> {
        self.writer.get(&place.table, &place.namespace, &place.name)
    }

    pub(crate) fn writer(&self) -> &Writer<'_> {
        &self.writer
    }

    /// Writes an object of a kind and returns it with its revision.
    ///
    /// # Errors
    /// The journal refuses; nothing has changed.
    pub(crate) fn put(&mut self, kind: &Kind, object: &Value) -> Result<Value, JournalError> {
        let written = self.writer.put(&kind.table, kind.store(object))?;
        if &*kind.table == DEFINITIONS {
            self.api.definition_changed(&written, false);
        }
        Ok(kind.show(&written))
    }

    /// Removes an object of a kind, of which this is the last state.
    ///
    /// # Errors
    /// The journal refuses; nothing has changed.
    pub(crate) fn remove(&mut self, kind: &Kind, last: &Value) -> Result<Value, JournalError> {
        let removed = self.writer.remove(&kind.table, kind.store(last))?;
        if &*kind.table == DEFINITIONS {
            self.api.definition_changed(&removed, true);
        }
        Ok(kind.show(&removed))
    }
}
