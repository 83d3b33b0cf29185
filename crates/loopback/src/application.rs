//! Application: has Flux deploy it, and tells how that goes.

mod act;
mod decide;
mod gate;
mod observe;
mod preview;
mod replicas;
mod revisions;
mod status;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use apimachinery::clock::Clock;
use argocd_api::Application;
use cluster::events::Recorder;
use cluster::runtime::{Cause, Next, ObjectKey, Reconciler, Run};
use cluster::watch::View;
use cluster::{ActAs, Cluster, Error, Resource, Session, Target, Written};
use manifests::Artifacts;
use value::Value;

use crate::generate::Versions;
use crate::names::ApplicationName;
use crate::reflect::Condition;
use crate::settings::Settings;
use decide::Step;
pub(crate) use gate::{Denial, Verdicts};
pub use preview::{CommitError, Preview, SourceError};
pub(crate) use replicas::Remarks;
pub(crate) use revisions::Revisions;
use status::ApplicationStatus;

/// A run only talks to the API server and to Git servers; it waits for nothing.
const LIMIT: Duration = Duration::from_secs(120);

/// What the controller looks at, kept current.
pub(crate) struct Views {
    pub(crate) applications: View,
    pub(crate) projects: View,
    pub(crate) git_repositories: View,
    pub(crate) kustomizations: View,
    /// Of the namespace of Argo CD.
    pub(crate) secrets: View,
    /// Of the namespace of Argo CD.
    pub(crate) config_maps: View,
}

/// The kinds that the controller writes.
pub(crate) struct Kinds {
    pub(crate) applications: Resource,
    pub(crate) git_repositories: Resource,
    pub(crate) kustomizations: Resource,
    pub(crate) secrets: Resource,
    pub(crate) namespaces: Resource,
}

impl Kinds {
    fn versions(&self) -> Versions {
        Versions {
            git_repository: self.git_repositories.gvk().api_version(),
            kustomization: self.kustomizations.gvk().api_version(),
        }
    }
}

/// Reconciles Applications.
pub(crate) struct Controller {
    pub(crate) cluster: Cluster,
    pub(crate) settings: Settings,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) recorder: Recorder,
    pub(crate) kinds: Kinds,
    pub(crate) views: Views,
    pub(crate) written: Written,
    pub(crate) revisions: Revisions,
    pub(crate) artifacts: Artifacts,
    pub(crate) verdicts: Verdicts,
    pub(crate) remarks: Remarks,
    /// Requests that were made of sources because a refresh was asked for.
    pub(crate) refreshes: Mutex<HashMap<ObjectKey, String>>,
}

impl Reconciler for Controller {
    fn name(&self) -> &'static str {
        "application"
    }

    fn limit(&self, _key: &ObjectKey) -> Duration {
        LIMIT
    }

    async fn reconcile(&self, run: Run) -> Next {
        match Reconciliation::run(self, &run).await {
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
    fn refreshes(&self) -> std::sync::MutexGuard<'_, HashMap<ObjectKey, String>> {
        self.refreshes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the steps of one run share.
struct Reconciliation<'a> {
    controller: &'a Controller,
    key: &'a ObjectKey,
    /// What woke it.
    causes: &'a [Cause],
    session: Session,
    name: ApplicationName,
    object: Value,
    status: ApplicationStatus,
}

impl<'a> Reconciliation<'a> {
    /// One run. The object is read anew where the view lags behind our own patches, since an operation that
    /// is done must not begin again.
    async fn run(controller: &'a Controller, run: &'a Run) -> Result<Next, Error> {
        let session = controller.cluster.session(ActAs::Component, run.deadline);
        let target = Target::new(&controller.kinds.applications, &run.key.namespace, &run.key.name);
        let seen = controller.views.applications.get(&run.key.namespace, &run.key.name);
        let object = match seen.filter(|seen| controller.written.is_in(seen)) {
            Some(seen) => Some(seen),
            None => session.get(&target).await?,
        };
        let Some(object) = object else {
            controller.written.forget(&run.key.namespace, &run.key.name);
            controller.refreshes().remove(&run.key);
            controller.verdicts.forget(&run.key);
            controller.remarks.forget(&run.key);
            return Ok(Next::Settled);
        };
        Self::of(controller, (&run.key, &run.causes), session, object).reconcile().await
    }

    fn of(
        controller: &'a Controller,
        (key, causes): (&'a ObjectKey, &'a [Cause]),
        session: Session,
        object: Value,
    ) -> Self {
        let target = Target::new(&controller.kinds.applications, &key.namespace, &key.name);
        let status = ApplicationStatus::new(&object, target, controller.written.clone());
        let name = ApplicationName::of(&object);
        Self { controller, key, causes, session, name, object, status }
    }

    async fn reconcile(&mut self) -> Result<Next, Error> {
        let application = match Application::parse(&self.object) {
            Ok(application) => application,
            Err(error) => return self.refuse(None, vec![Condition::invalid_spec(error.to_string())]).await,
        };
        match decide::decide(&observe::lifecycle(&self.object, &application)) {
            Step::Leave => Ok(Next::Settled),
            Step::Finalize => self.finalize(&application).await,
            Step::NeedsArgoCd => {
                let conditions = vec![Condition::invalid_spec(decide::NEEDS_ARGO_CD)];
                self.refuse(Some(&application), conditions).await
            }
            Step::Deploy { generate } => self.deploy(&application, generate).await,
        }
    }

    fn resync(&self) -> Next {
        Next::After(self.controller.settings.resync, Cause::Interval)
    }
}
