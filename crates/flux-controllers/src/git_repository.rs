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

use apimachinery::clock::Clock;
use cluster::runtime::{Cause, Next, ObjectKey, Reconciler, Run};
use cluster::watch::View;
use cluster::{ActAs, Cluster, Error, Resource, Session, Target};
use flux_api::{FieldError, GitRepository};
use source::artifact::{Server, Store};
use value::Value;

use crate::lifecycle::{self, Step};
use crate::notify::{Notifier, Severity};
use crate::settings::Settings;
use crate::status::ObjectStatus;
use crate::written::Written;

/// The manager of the status, and the name of the controller.
pub(crate) const MANAGER: &str = "source-controller";
/// A run may take this long beyond the timeout of its Git operations.
const MARGIN: Duration = Duration::from_secs(120);
/// The limit of a run of an object that was not seen yet.
const DEFAULT_LIMIT: Duration = Duration::from_secs(600);

/// Reconciles GitRepositories.
pub(crate) struct Controller {
    pub(crate) cluster: Cluster,
    pub(crate) resource: Resource,
    pub(crate) secrets: Resource,
    pub(crate) settings: Settings,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) notifier: Notifier,
    pub(crate) store: Store,
    pub(crate) server: Arc<Server>,
    pub(crate) view: View,
    pub(crate) written: Written,
}

/// What the steps of one run share.
pub(crate) struct Reconciliation<'a> {
    pub(crate) controller: &'a Controller,
    pub(crate) run: &'a Run,
    pub(crate) session: Session,
    pub(crate) status: ObjectStatus,
}

impl Reconciler for Controller {
    fn name(&self) -> &'static str {
        MANAGER
    }

    fn limit(&self, key: &ObjectKey) -> Duration {
        let object = self.view.get(&key.namespace, &key.name);
        let spec = object.and_then(|object| GitRepository::parse(&object).ok());
        spec.map_or(DEFAULT_LIMIT, |spec| spec.timeout * 2 + MARGIN)
    }

    async fn reconcile(&self, run: Run) -> Next {
        match self.run(&run).await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the reconciliation was interrupted"
                );
                Next::BackOff
            }
        }
    }
}

impl Controller {
    async fn run(&self, run: &Run) -> Result<Next, Error> {
        let session = self.cluster.session(ActAs::Component, run.deadline);
        let target = Target::new(&self.resource, &run.key.namespace, &run.key.name);
        let seen = self.view.get(&run.key.namespace, &run.key.name);
        let object = match seen.filter(|seen| self.written.is_in(seen)) {
            Some(seen) => Some(seen),
            None => session.get(&target).await?,
        };
        let Some(object) = object else {
            self.written.forget(&run.key.namespace, &run.key.name);
            return Ok(Next::Settled);
        };
        let status = ObjectStatus::new(&object, target, MANAGER, self.clock.clone(), self.written.clone());
        let mut reconciliation = Reconciliation { controller: self, run, session, status };
        match lifecycle::decide(&observe::lifecycle(&object)) {
            Step::Leave => Ok(Next::Settled),
            Step::Finalize => reconciliation.finalize().await,
            Step::Suspended => reconciliation.rest().await,
            Step::Refuse(fields) => {
                let message = lifecycle::refusal("GitRepository", &fields);
                reconciliation.stall("UnsupportedField", &message).await
            }
            Step::Adopt => {
                reconciliation.set_finalizer(true).await?;
                reconciliation.reconcile(GitRepository::parse(&object)).await
            }
            Step::Reconcile => reconciliation.reconcile(GitRepository::parse(&object)).await,
        }
    }
}

impl Reconciliation<'_> {
    async fn reconcile(&mut self, spec: Result<GitRepository, FieldError>) -> Result<Next, Error> {
        match spec {
            Ok(spec) => {
                let had_failed = self.had_failed();
                let done = self.make_artifact(&spec).await?;
                self.conclude(&spec, done, had_failed).await
            }
            Err(error) => self.stall("InvalidSpec", &error.to_string()).await,
        }
    }

    /// A suspended object: only note that it was seen.
    async fn rest(&mut self) -> Result<Next, Error> {
        if self.status.observed_generation() != self.status.generation() {
            self.status.observe_generation();
            self.status.renew(crate::status::READY);
        }
        self.status.handle_request();
        self.status.write(&self.session).await?;
        Ok(Next::Settled)
    }

    pub(crate) async fn stall(&mut self, reason: &str, message: &str) -> Result<Next, Error> {
        self.status.stall(reason, message);
        self.status.handle_request();
        self.status.write(&self.session).await?;
        self.controller.notifier.tell(self.object(), Severity::Error, (reason, message), &[]);
        Ok(Next::Settled)
    }

    pub(crate) async fn set_finalizer(&mut self, ours: bool) -> Result<(), Error> {
        let finalizers = lifecycle::finalizers(self.status.object(), ours);
        let finalizers: Vec<&str> = finalizers.iter().map(String::as_str).collect();
        self.status.write_finalizers(&self.session, &finalizers).await
    }

    pub(crate) fn object(&self) -> &Value {
        self.status.object()
    }

    pub(crate) fn next_interval(&self, spec: &GitRepository) -> Next {
        let identity = format!("{}/{}", self.run.key.namespace, self.run.key.name);
        Next::After(self.controller.settings.jittered(spec.interval, &identity), Cause::Interval)
    }
}
