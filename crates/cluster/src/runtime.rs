//! The controller runtime: which object is reconciled when, by how many workers, and what wakes it.
//!
//! One task owns the queue of a controller; runs are tasks of their own, so that a run which panics or
//! hangs touches only its object. A run holds a worker while it works and gives it back while it waits
//! ([`Run::waiting`]).

mod cause;
mod queue;
mod run;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::time::Duration;

pub use cause::Cause;
pub use queue::{Controller, Settings, Waker};
pub use run::{Interrupted, Run};

use crate::ClusterId;

/// An object of the kind that a controller reconciles.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey {
    /// The cluster in which the object lives.
    pub cluster: ClusterId,
    /// Its namespace; empty for cluster-scoped kinds.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl std::fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.cluster, self.namespace, self.name)
    }
}

/// What a run wants next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing, until something wakes the object.
    Settled,
    /// Another run after a time, for this cause.
    After(Duration, Cause),
    /// Another run after the back-off of repeated failures.
    BackOff,
}

/// What a controller does with one object. Runs of one object never overlap.
pub trait Reconciler: Send + Sync + 'static {
    /// The controller's name, in traces.
    fn name(&self) -> &'static str;

    /// How long a run of `key` may take in all; a run that takes longer is ended and backed off.
    fn limit(&self, key: &ObjectKey) -> Duration;

    /// Brings the object to its desired state, or says what to wait for.
    fn reconcile(&self, run: Run) -> impl Future<Output = Next> + Send;
}
