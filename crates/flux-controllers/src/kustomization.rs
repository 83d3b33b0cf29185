//! Kustomization: builds manifests from a source's artifact and keeps the cluster equal to them.
//!
//! Source of the rules: kustomize-controller 1.9, `internal/controller/kustomization_controller.go`, and
//! recordings of it.

mod act;
mod decide;
mod observe;
mod status;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use apimachinery::clock::Clock;
use cluster::runtime::{Next, ObjectKey, Reconciler, Run};
use cluster::watch::View;
use cluster::{ActAs, Cluster, Error, Resource, Session, Target};
use flux_api::{FieldError, Kustomization};
use value::Value;

use crate::artifacts::Artifacts;
use crate::lifecycle::{self, Step};
use crate::notify::{Notifier, Severity};
use crate::settings::Settings;
use crate::status::ObjectStatus;
use crate::written::Written;

/// The manager of what is applied.
pub(crate) const APPLY_MANAGER: &str = "kustomize-controller";
/// The manager of the status.
pub(crate) const STATUS_MANAGER: &str = "gotk-kustomize-controller";
/// A run may take this long beyond the timeouts of its own steps.
const MARGIN: Duration = Duration::from_secs(300);
/// The limit of a run of an object that was not seen yet.
const DEFAULT_LIMIT: Duration = Duration::from_secs(3600);

/// Reconciles Kustomizations.
pub(crate) struct Controller {
    pub(crate) cluster: Cluster,
    pub(crate) resource: Resource,
    pub(crate) settings: Settings,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) notifier: Notifier,
    pub(crate) artifacts: Artifacts,
    pub(crate) git_repositories: View,
    pub(crate) kustomizations: View,
    pub(crate) written: Written,
}

/// What the steps of one run share.
pub(crate) struct Reconciliation<'a> {
    pub(crate) controller: &'a Controller,
    pub(crate) run: &'a Run,
    pub(crate) session: Session,
    pub(crate) status: ObjectStatus,
    pub(crate) started: Instant,
}

impl Reconciler for Controller {
    fn name(&self) -> &'static str {
        APPLY_MANAGER
    }

    fn limit(&self, key: &ObjectKey) -> Duration {
        let object = self.kustomizations.get(&key.namespace, &key.name);
        let spec = object.and_then(|object| Kustomization::parse(&object).ok());
        spec.map_or(DEFAULT_LIMIT, |spec| spec.timeout * 3 + MARGIN)
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
    /// One run. The object is read anew where the view lags behind our own patches, since an old
    /// inventory would forget objects.
    async fn run(&self, run: &Run) -> Result<Next, Error> {
        let session = self.cluster.session(ActAs::Component, run.deadline);
        let target = Target::new(&self.resource, &run.key.namespace, &run.key.name);
        let seen = self.kustomizations.get(&run.key.namespace, &run.key.name);
        let object = match seen.filter(|seen| self.written.is_in(seen)) {
            Some(seen) => Some(seen),
            None => session.get(&target).await?,
        };
        let Some(object) = object else {
            self.written.forget(&run.key.namespace, &run.key.name);
            return Ok(Next::Settled);
        };
        let status =
            ObjectStatus::new(&object, target, STATUS_MANAGER, self.clock.clone(), self.written.clone());
        let mut reconciliation =
            Reconciliation { controller: self, run, session, status, started: Instant::now() };
        match lifecycle::decide(&observe::lifecycle(&object)) {
            Step::Leave => Ok(Next::Settled),
            Step::Finalize => reconciliation.finalize().await,
            Step::Suspended => reconciliation.rest().await,
            Step::Refuse(fields) => {
                let message = lifecycle::refusal("Kustomization", &fields);
                reconciliation.stall("UnsupportedField", &message).await
            }
            Step::Adopt => {
                reconciliation.set_finalizer(true).await?;
                reconciliation.reconcile(Kustomization::parse(&object)).await
            }
            Step::Reconcile => reconciliation.reconcile(Kustomization::parse(&object)).await,
        }
    }
}

impl Reconciliation<'_> {
    async fn reconcile(&mut self, spec: Result<Kustomization, FieldError>) -> Result<Next, Error> {
        let spec = match spec {
            Ok(spec) => spec,
            Err(error) => return self.stall("InvalidSpec", &error.to_string()).await,
        };
        let facts = observe::inputs(self.controller, &self.session, &spec, &self.run.key.namespace).await?;
        match decide::decide(&facts, &spec, &self.controller.settings) {
            decide::Step::Stall { reason, message } => self.stall(reason, &message).await,
            decide::Step::AwaitSource { message, after } => self.await_source(&message, after).await,
            decide::Step::AwaitDependency { message, revision } => {
                self.await_dependency(&message, &revision).await
            }
            decide::Step::Deploy(artifact) => self.deploy(&spec, artifact).await,
        }
    }

    /// A suspended object: only note that it was seen.
    async fn rest(&mut self) -> Result<Next, Error> {
        self.status.observe_generation();
        self.status.handle_request();
        self.status.write(&self.session).await?;
        Ok(Next::Settled)
    }

    async fn stall(&mut self, reason: &str, message: &str) -> Result<Next, Error> {
        self.status.stall(reason, message);
        self.status.handle_request();
        self.status.write(&self.session).await?;
        self.tell(Severity::Error, reason, message, None);
        Ok(Next::Settled)
    }

    pub(crate) fn tell(&self, severity: Severity, reason: &str, message: &str, revision: Option<&str>) {
        let metadata: Vec<(&str, &str)> =
            revision.map(|revision| ("revision", revision)).into_iter().collect();
        self.controller.notifier.tell(self.status.object(), severity, (reason, message), &metadata);
    }

    pub(crate) async fn set_finalizer(&mut self, ours: bool) -> Result<(), Error> {
        let finalizers = lifecycle::finalizers(self.status.object(), ours);
        let finalizers: Vec<&str> = finalizers.iter().map(String::as_str).collect();
        self.status.write_finalizers(&self.session, &finalizers).await
    }

    pub(crate) fn object(&self) -> &Value {
        self.status.object()
    }
}
