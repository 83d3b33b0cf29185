//! The status of one object during a run: conditions, and the patches that write them.

use std::sync::Arc;

use apimachinery::clock::{Clock, rfc3339};
use apimachinery::condition::{self, Condition, Status};
use apimachinery::object;
use apimachinery::patch::difference;
use cluster::{Error, Session, Subresource, Target, Written};
use value::Value;

/// `Ready`: the summary.
pub(crate) const READY: &str = "Ready";
/// `Reconciling`: work is in progress or will be tried again.
pub(crate) const RECONCILING: &str = "Reconciling";
/// `Stalled`: only a change of the spec can help.
pub(crate) const STALLED: &str = "Stalled";

/// Reason of progress.
pub(crate) const PROGRESSING: &str = "Progressing";
const PROGRESSING_WITH_RETRY: &str = "ProgressingWithRetry";

/// The status of an object, as it is stored and as it is to be.
pub(crate) struct ObjectStatus {
    target: Target,
    manager: &'static str,
    clock: Arc<dyn Clock>,
    written: Written,
    object: Value,
    stored: Value,
    status: Value,
}

impl ObjectStatus {
    pub(crate) fn new(
        object: &Value,
        target: Target,
        manager: &'static str,
        clock: Arc<dyn Clock>,
        written: Written,
    ) -> Self {
        let stored = object.get("status").cloned().unwrap_or_else(Value::map);
        Self { target, manager, clock, written, object: object.clone(), status: stored.clone(), stored }
    }

    /// The object as last seen, with the metadata of the last patch.
    pub(crate) fn object(&self) -> &Value {
        &self.object
    }

    pub(crate) fn now(&self) -> String {
        rfc3339(self.clock.now())
    }

    pub(crate) fn generation(&self) -> i64 {
        object::generation(&self.object).unwrap_or_default()
    }

    pub(crate) fn observed_generation(&self) -> i64 {
        self.status.get("observedGeneration").and_then(Value::as_i64).unwrap_or(-1)
    }

    /// Says that the current generation was dealt with.
    pub(crate) fn observe_generation(&mut self) {
        let generation = self.generation();
        self.set_field("observedGeneration", generation);
    }

    pub(crate) fn field(&self, name: &str) -> Option<&Value> {
        self.status.get(name)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.status.str_at(&[name])
    }

    pub(crate) fn set_field(&mut self, name: &str, value: impl Into<Value>) {
        self.status.set_at(&[name], value);
    }

    pub(crate) fn remove_field(&mut self, name: &str) {
        self.status.remove_at(&[name]);
    }

    /// The request for reconciliation that has not been handled yet.
    pub(crate) fn pending_request(&self) -> Option<&str> {
        let requested = engine::request::requested_at(&self.object)?;
        (self.text("lastHandledReconcileAt") != Some(requested)).then_some(requested)
    }

    /// Says that the request was handled.
    pub(crate) fn handle_request(&mut self) {
        if let Some(requested) = self.pending_request().map(str::to_owned) {
            self.set_field("lastHandledReconcileAt", requested);
        }
    }

    pub(crate) fn condition(&self, name: &str) -> Option<Condition> {
        condition::get(self.status.get("conditions")?, name)
    }

    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.condition(name).is_some_and(|condition| condition.status == Status::True)
    }

    pub(crate) fn set(&mut self, name: &str, status: Status, reason: &str, message: &str) {
        let generation = self.generation();
        let condition = Condition::new(name, status, reason, message).observed(Some(generation));
        let now = self.now();
        self.status.set_at(&["conditions"], {
            let mut conditions = self.status.get("conditions").cloned().unwrap_or_else(|| Vec::new().into());
            condition::set_on_change(&mut conditions, &condition, &now);
            conditions
        });
    }

    pub(crate) fn remove(&mut self, name: &str) {
        if let Some(mut conditions) = self.status.get("conditions").cloned() {
            condition::remove(&mut conditions, name);
            self.status.set_at(&["conditions"], conditions);
        }
    }

    /// Makes a condition speak of the current generation.
    pub(crate) fn renew(&mut self, name: &str) {
        if let Some(Condition { status, reason, message, .. }) = self.condition(name) {
            self.set(name, status, &reason, &message);
        }
    }

    /// Work goes on: `Reconciling` is true, and nothing is stalled.
    pub(crate) fn progress(&mut self, message: &str) {
        self.set(RECONCILING, Status::True, PROGRESSING, message);
        self.remove(STALLED);
    }

    /// The run failed and will be tried again.
    pub(crate) fn fail(&mut self, reason: &str, message: &str) {
        self.set(READY, Status::False, reason, message);
        if let Some(reconciling) = self.condition(RECONCILING) {
            self.set(RECONCILING, Status::True, PROGRESSING_WITH_RETRY, &reconciling.message);
        }
    }

    /// Only a change of the spec can help.
    pub(crate) fn stall(&mut self, reason: &str, message: &str) {
        self.remove(RECONCILING);
        self.set(STALLED, Status::True, reason, message);
        self.set(READY, Status::False, reason, message);
        self.observe_generation();
    }

    /// Writes what changed since the last write, as one merge patch; nothing, where nothing did.
    ///
    /// The UID in the patch makes the server refuse it for another object of the same name.
    pub(crate) async fn write(&mut self, session: &Session) -> Result<(), Error> {
        let Some(difference) = difference(&self.stored, &self.status) else { return Ok(()) };
        let uid = object::uid(&self.object).unwrap_or_default();
        let patch = Value::map_of([("metadata", Value::map_of([("uid", uid)])), ("status", difference)]);
        let object = session.merge_patch(&self.target, Subresource::Status, self.manager, &patch).await?;
        self.adopt(object);
        Ok(())
    }

    /// Replaces the finalizers.
    pub(crate) async fn write_finalizers(
        &mut self,
        session: &Session,
        finalizers: &[&str],
    ) -> Result<(), Error> {
        let uid = object::uid(&self.object).unwrap_or_default();
        let finalizers = match finalizers {
            [] => Value::Null,
            some => Value::list_of(some.iter().copied()),
        };
        let metadata = Value::map_of([("uid", Value::from(uid)), ("finalizers", finalizers)]);
        let patch = Value::map_of([("metadata", metadata)]);
        let object = session.merge_patch(&self.target, Subresource::Main, self.manager, &patch).await?;
        self.adopt(object);
        Ok(())
    }

    /// Takes over what the server answered; of the status only what is ours to know stays as built.
    fn adopt(&mut self, object: Value) {
        self.written.note(&object);
        self.stored = object.get("status").cloned().unwrap_or_else(Value::map);
        if let Some(metadata) = object.get("metadata") {
            self.object.set_at(&["metadata"], metadata.clone());
        }
    }
}
