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

use std::time::Duration;

use cluster::Error;
use cluster::runtime::Next;
use cluster::watch::View;
use flux_api::Kustomization;
use manifests::Artifacts;
use value::Value;

use crate::lifecycle;
use crate::notify::Severity;
use crate::reconciliation::{Kind, Parts};
use crate::status::ObjectStatus;

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
    pub(crate) parts: Parts,
    pub(crate) artifacts: Artifacts,
    pub(crate) git_repositories: View,
}

pub(crate) type Reconciliation<'a> = crate::reconciliation::Reconciliation<'a, Controller>;

impl Kind for Controller {
    const KIND: &'static str = "Kustomization";
    const CONTROLLER: &'static str = APPLY_MANAGER;
    const STATUS_MANAGER: &'static str = STATUS_MANAGER;

    fn parts(&self) -> &Parts {
        &self.parts
    }

    fn limit(object: Option<&Value>) -> Duration {
        let spec = object.and_then(|object| Kustomization::parse(object).ok());
        spec.map_or(DEFAULT_LIMIT, |spec| spec.timeout * 3 + MARGIN)
    }

    fn facts(object: &Value) -> lifecycle::Facts {
        observe::lifecycle(object)
    }

    fn note_suspended(status: &mut ObjectStatus) {
        status.observe_generation();
    }

    async fn finalize(reconciliation: &mut Reconciliation<'_>) -> Result<Next, Error> {
        reconciliation.finalize().await
    }

    async fn reconcile(reconciliation: &mut Reconciliation<'_>) -> Result<Next, Error> {
        match Kustomization::parse(reconciliation.object()) {
            Ok(spec) => reconciliation.reconcile(&spec).await,
            Err(error) => reconciliation.stall("InvalidSpec", &error.to_string()).await,
        }
    }
}

impl Reconciliation<'_> {
    async fn reconcile(&mut self, spec: &Kustomization) -> Result<Next, Error> {
        let facts = observe::inputs(self.controller, &self.session, spec, &self.run.key.namespace).await?;
        match decide::decide(&facts, spec, &self.controller.parts.settings) {
            decide::Step::Stall { reason, message } => self.stall(reason, &message).await,
            decide::Step::AwaitSource { message, after } => self.await_source(&message, after).await,
            decide::Step::AwaitDependency { message, revision } => {
                self.await_dependency(&message, &revision).await
            }
            decide::Step::Deploy(artifact) => self.deploy(spec, artifact).await,
        }
    }

    fn tell_of(&self, severity: Severity, about: (&str, &str), revision: Option<&str>) {
        let metadata: Vec<(&str, &str)> =
            revision.map(|revision| ("revision", revision)).into_iter().collect();
        self.tell(severity, about, &metadata);
    }
}
