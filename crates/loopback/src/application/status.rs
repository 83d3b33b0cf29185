//! The status of one Application during a run, and the patch that writes it.

use apimachinery::object;
use apimachinery::patch::difference;
use cluster::{Error, Session, Subresource, Target, Written};
use value::Value;

use crate::names::MANAGER;

/// The status, as it is stored and as it is to be, with the other fields that are written with it.
pub(super) struct ApplicationStatus {
    target: Target,
    uid: String,
    written: Written,
    stored: Value,
    pub(super) status: Value,
    /// Whether the operation is taken off the object.
    pub(super) operation_done: bool,
    /// Whether the source was compared with the cluster, or was tried to.
    pub(super) is_compared: bool,
    /// Whether the annotation that asks for a refresh is taken off.
    pub(super) refresh_done: bool,
}

impl ApplicationStatus {
    pub(super) fn new(object: &Value, target: Target, written: Written) -> Self {
        let stored = object.get("status").cloned().unwrap_or_else(Value::map);
        let uid = object::uid(object).unwrap_or_default().to_owned();
        let status = stored.clone();
        Self {
            target,
            uid,
            written,
            stored,
            status,
            operation_done: false,
            is_compared: true,
            refresh_done: false,
        }
    }

    pub(super) fn stored(&self) -> &Value {
        &self.stored
    }

    /// Writes what changed, as one merge patch; nothing, where nothing did. There is no status subresource.
    pub(super) async fn write(&mut self, session: &Session) -> Result<(), Error> {
        let change = difference(&self.stored, &self.status);
        if change.is_none() && !self.operation_done && !self.refresh_done {
            return Ok(());
        }
        let mut patch = Value::map_of([("metadata", Value::map_of([("uid", self.uid.as_str())]))]);
        if let Some(change) = change {
            patch.set_at(&["status"], change);
        }
        if self.operation_done {
            patch.set_at(&["operation"], Value::Null);
        }
        if self.refresh_done {
            patch.set_at(&["metadata", "annotations", argocd_api::application::REFRESH], Value::Null);
        }
        let object = session.merge_patch(&self.target, Subresource::Main, MANAGER, &patch).await?;
        self.written.note(&object);
        self.stored = self.status.clone();
        (self.operation_done, self.refresh_done) = (false, false);
        Ok(())
    }

    /// Takes the finalizers with which we held the object off it.
    pub(super) async fn write_finalizers(
        &mut self,
        session: &Session,
        left: Vec<String>,
    ) -> Result<(), Error> {
        let finalizers = if left.is_empty() { Value::Null } else { Value::list_of(left) };
        let metadata = Value::map_of([("uid", Value::from(self.uid.as_str())), ("finalizers", finalizers)]);
        let patch = Value::map_of([("metadata", metadata)]);
        let object = session.merge_patch(&self.target, Subresource::Main, MANAGER, &patch).await?;
        self.written.note(&object);
        Ok(())
    }
}
