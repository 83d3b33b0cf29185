//! One run of a reconciler.

use std::future::Future;
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::{Cause, ObjectKey};
use crate::Deadline;

/// Why a wait ended before what was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupted {
    /// New input came; a run with it follows.
    Superseded,
    /// The process stops.
    Stopping,
}

/// What a reconciler is given for one run.
pub struct Run {
    /// The object.
    pub key: ObjectKey,
    /// Everything that woke it since the last run.
    pub causes: Vec<Cause>,
    /// How many runs before this one failed in a row.
    pub failures: u32,
    /// When the whole run is ended.
    pub deadline: Deadline,
    pub(super) worker: Worker,
    pub(super) superseded: CancellationToken,
    pub(super) stopping: CancellationToken,
}

impl Run {
    /// Waits for `outcome` without holding a worker. The wait ends early when newer input arrives or
    /// the process stops. `what` names what is waited for, in traces.
    ///
    /// # Errors
    /// Which of the two ended the wait.
    pub async fn waiting<T>(&self, what: &str, outcome: impl Future<Output = T>) -> Result<T, Interrupted> {
        tracing::debug!(what, "waiting");
        self.worker.release();
        let outcome = tokio::select! {
            outcome = outcome => Ok(outcome),
            () = self.superseded.cancelled() => Err(Interrupted::Superseded),
            () = self.stopping.cancelled() => Err(Interrupted::Stopping),
        };
        self.worker.acquire().await;
        outcome
    }
}

/// The right to work, given back while waiting.
pub(super) struct Worker {
    workers: Arc<Semaphore>,
    permit: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Worker {
    pub(super) fn new(workers: Arc<Semaphore>) -> Self {
        Self { workers, permit: Mutex::new(None) }
    }

    pub(super) async fn acquire(&self) {
        // The semaphore is never closed, so there is always a permit in the end.
        let permit = self.workers.clone().acquire_owned().await.ok();
        *self.permit.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = permit;
    }

    fn release(&self) {
        self.permit.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    }
}
