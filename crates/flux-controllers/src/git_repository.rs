//! GitRepository: makes a revision of a Git repository available as an artifact.
//!
//! Source of the rules: source-controller 1.9, `internal/controller/gitrepository_controller.go`, and
//! recordings of it.

mod act;
mod decide;
mod observe;
mod status;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use cluster::runtime::Next;
use cluster::{Error, Resource};
use flux_api::GitRepository;
use source::artifact::{Server, Store};
use value::Value;

use crate::lifecycle;
use crate::reconciliation::{Kind, Parts};
use crate::status::ObjectStatus;

/// The manager of the status, and the name of the controller.
pub(crate) const MANAGER: &str = "source-controller";
/// A run may take this long beyond the timeout of its Git operations.
const MARGIN: Duration = Duration::from_secs(120);
/// The limit of a run of an object that was not seen yet.
const DEFAULT_LIMIT: Duration = Duration::from_secs(600);

/// Reconciles GitRepositories.
pub(crate) struct Controller {
    pub(crate) parts: Parts,
    pub(crate) secrets: Resource,
    pub(crate) store: Store,
    pub(crate) server: Arc<Server>,
}

pub(crate) type Reconciliation<'a> = crate::reconciliation::Reconciliation<'a, Controller>;

impl Kind for Controller {
    const KIND: &'static str = "GitRepository";
    const CONTROLLER: &'static str = MANAGER;
    const STATUS_MANAGER: &'static str = MANAGER;

    fn parts(&self) -> &Parts {
        &self.parts
    }

    fn limit(object: Option<&Value>) -> Duration {
        let spec = object.and_then(|object| GitRepository::parse(object).ok());
        spec.map_or(DEFAULT_LIMIT, |spec| spec.timeout * 2 + MARGIN)
    }

    fn facts(object: &Value) -> lifecycle::Facts {
        observe::lifecycle(object)
    }

    fn note_suspended(status: &mut ObjectStatus) {
        if status.observed_generation() != status.generation() {
            status.observe_generation();
            status.renew(crate::status::READY);
        }
    }

    async fn finalize(reconciliation: &mut Reconciliation<'_>) -> Result<Next, Error> {
        reconciliation.finalize().await
    }

    async fn reconcile(reconciliation: &mut Reconciliation<'_>) -> Result<Next, Error> {
        match GitRepository::parse(reconciliation.object()) {
            Ok(spec) => {
                let had_failed = reconciliation.had_failed();
                let done = reconciliation.make_artifact(&spec).await?;
                reconciliation.conclude(&spec, done, had_failed).await
            }
            Err(error) => reconciliation.stall("InvalidSpec", &error.to_string()).await,
        }
    }
}
