//! Starting the controller of one cluster.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use apimachinery::clock::Clock;
use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use argocd_api::{Application, application, project};
use argocd_core::repositories::SECRET_TYPE;
use cluster::events::Recorder;
use cluster::runtime::{self, Cause, ObjectKey, Waker};
use cluster::watch::{Observation, View};
use cluster::{ActAs, Cluster, Deadline, Error, Resource, Session, Target, Written};
use flux_api::{git_repository, kustomization};
use manifests::Artifacts;
use source::artifact::Downloader;
use thiserror::Error;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use value::Value;

use crate::application::{Controller, Kinds, Preview, Remarks, Revisions, Verdicts, Views};
use crate::names::{AUTO_CREATE, ApplicationName, FLUX_SUBSYSTEM, MANAGER, workload_name};
use crate::settings::Settings;

/// The name that Events carry.
const COMPONENT: &str = "argocd-application-controller";
/// How long finding out what the cluster serves may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Why the controller could not be started.
#[derive(Debug, Error)]
pub enum StartError {
    /// A kind is not served.
    #[error("the cluster does not serve {kind}; install its CustomResourceDefinition first")]
    Missing {
        /// The kind.
        kind: String,
    },
    /// The client for artifacts cannot be made.
    #[error("the client for artifacts cannot be made")]
    Client(#[from] source::client::ClientError),
    /// The namespace of Argo CD does not exist.
    #[error("namespace {0} does not exist; create it first")]
    NoNamespace(String),
    /// The default project could not be made.
    #[error("the default project cannot be made")]
    DefaultProject(#[source] Error),
    /// The cluster could not be asked what it serves.
    #[error("the cluster cannot be asked what it serves")]
    Discovery(#[source] Error),
}

/// A running controller.
pub struct Controllers {
    applications: runtime::Controller,
    preview: Preview,
}

impl Controllers {
    /// Starts the controller of Applications that Flux deploys. The project `default` is made where there is
    /// none.
    ///
    /// # Errors
    /// See [`StartError`]; nothing runs then.
    pub async fn start(
        cluster: &Cluster,
        settings: Settings,
        clock: Arc<dyn Clock>,
        stop: &CancellationToken,
    ) -> Result<Self, StartError> {
        let (controller, news) = look(cluster, settings.clone(), clock, stop).await?;
        let projects = served(&session(cluster), &project::kind()).await?;
        make_default_project(&session(cluster), &projects, &settings.namespace).await?;
        let queue = runtime::Settings {
            concurrent: settings.concurrent,
            min_retry_delay: settings.min_retry_delay,
            max_retry_delay: settings.max_retry_delay,
            grace: Duration::from_secs(10),
        };
        let applications = runtime::Controller::start(controller.clone(), queue, stop);
        let wiring = Wiring { controller: controller.clone(), waker: applications.waker() };
        tokio::spawn(wiring.work(news));
        Ok(Self { applications, preview: Preview::new(controller) })
    }

    /// What Applications would become and do.
    pub fn preview(&self) -> Preview {
        self.preview.clone()
    }

    /// Waits until the controller has stopped; its stop token must have been cancelled.
    pub async fn stopped(self) {
        self.applications.stop().await;
    }
}

impl Preview {
    /// Previews where no controller runs.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(
        cluster: &Cluster,
        settings: Settings,
        clock: Arc<dyn Clock>,
        stop: &CancellationToken,
    ) -> Result<Self, StartError> {
        let (controller, _) = look(cluster, settings, clock, stop).await?;
        Ok(Self::new(controller))
    }
}

fn session(cluster: &Cluster) -> Session {
    cluster.session(ActAs::Component, Deadline::after(TIMEOUT))
}

/// The controller with current views, and what happens in them from now on. Nothing works yet.
async fn look(
    cluster: &Cluster,
    settings: Settings,
    clock: Arc<dyn Clock>,
    stop: &CancellationToken,
) -> Result<(Arc<Controller>, News), StartError> {
    let session = session(cluster);
    let core = |kind: &str, plural: &str, namespaced| {
        Resource::new(GroupVersionKind::new("", "v1", kind), plural, namespaced)
    };
    let kinds = Kinds {
        applications: served(&session, &application::kind()).await?,
        git_repositories: served(&session, &git_repository::kind()).await?,
        kustomizations: served(&session, &kustomization::kind()).await?,
        secrets: core("Secret", "secrets", true),
        namespaces: core("Namespace", "namespaces", false),
    };
    let projects = served(&session, &project::kind()).await?;
    let config_maps = core("ConfigMap", "configmaps", true);
    let (views, news) = views(cluster, &settings, (&kinds, &projects, &config_maps), stop);
    tokio::join!(
        views.applications.synced(),
        views.projects.synced(),
        views.git_repositories.synced(),
        views.kustomizations.synced(),
        views.secrets.synced(),
        views.config_maps.synced(),
    );
    let controller = Controller {
        cluster: cluster.clone(),
        settings,
        clock: clock.clone(),
        recorder: Recorder::start(cluster, COMPONENT, clock),
        kinds,
        views,
        written: Written::default(),
        revisions: Revisions::default(),
        artifacts: Artifacts::new(Downloader::new()?),
        verdicts: Verdicts::default(),
        remarks: Remarks::default(),
        refreshes: Mutex::default(),
    };
    Ok((Arc::new(controller), news))
}

fn views(
    cluster: &Cluster,
    settings: &Settings,
    (kinds, projects, config_maps): (&Kinds, &Resource, &Resource),
    stop: &CancellationToken,
) -> (Views, News) {
    let control = Some(settings.namespace.as_str());
    let everywhere = |resource: &Resource| View::start(cluster, resource, None, stop);
    let here = |resource: &Resource| View::start(cluster, resource, control, stop);
    let applications_in = control.filter(|_| settings.application_namespaces.is_empty());
    let (applications, application_news) = View::start(cluster, &kinds.applications, applications_in, stop);
    let (projects, project_news) = here(projects);
    let (git_repositories, source_news) = everywhere(&kinds.git_repositories);
    let (kustomizations, workload_news) = everywhere(&kinds.kustomizations);
    let (secrets, secret_news) = here(&kinds.secrets);
    let (config_maps, config_news) = here(config_maps);
    let views = Views { applications, projects, git_repositories, kustomizations, secrets, config_maps };
    let news = News {
        applications: application_news,
        projects: project_news,
        sources: source_news,
        workloads: workload_news,
        secrets: secret_news,
        config_maps: config_news,
    };
    (views, news)
}

/// A default project that is there stays as it is.
async fn make_default_project(
    session: &Session,
    projects: &Resource,
    namespace: &str,
) -> Result<(), StartError> {
    let target = Target::new(projects, namespace, project::DEFAULT);
    match session.create(&target, MANAGER, &project::default_project(namespace)).await {
        Ok(_) => Ok(()),
        Err(error) if error.code() == Some(409) => Ok(()),
        Err(error) if error.is_not_found() => Err(StartError::NoNamespace(namespace.to_owned())),
        Err(error) => Err(StartError::DefaultProject(error)),
    }
}

async fn served(session: &Session, gvk: &GroupVersionKind) -> Result<Resource, StartError> {
    match session.preferred_resource(gvk).await {
        Ok(resource) => Ok(resource),
        Err(Error::NoMatch(_)) => Err(StartError::Missing { kind: format!("{}.{}", gvk.kind, gvk.group) }),
        Err(error) => Err(StartError::Discovery(error)),
    }
}

struct News {
    applications: mpsc::UnboundedReceiver<Observation>,
    projects: mpsc::UnboundedReceiver<Observation>,
    sources: mpsc::UnboundedReceiver<Observation>,
    workloads: mpsc::UnboundedReceiver<Observation>,
    secrets: mpsc::UnboundedReceiver<Observation>,
    config_maps: mpsc::UnboundedReceiver<Observation>,
}

/// Turns observations into wake-ups.
struct Wiring {
    controller: Arc<Controller>,
    waker: Waker,
}

impl Wiring {
    async fn work(self, mut news: News) {
        loop {
            tokio::select! {
                Some(observation) = news.applications.recv() => self.application_observed(&observation),
                Some(observation) = news.sources.recv() => self.source_observed(&observation),
                Some(observation) = news.workloads.recv() => self.workload_observed(&observation),
                Some(observation) = news.projects.recv() => self.project_observed(&observation),
                Some(observation) = news.secrets.recv() => self.secret_observed(&observation),
                Some(_) = news.config_maps.recv() => self.wake_all("ConfigMap", |_| true),
                else => return,
            }
        }
    }

    fn application_observed(&self, observation: &Observation) {
        let object = object_of(observation);
        if !self.controller.settings.covers(object::namespace(object).unwrap_or_default()) {
            return;
        }
        match observation {
            Observation::Gone(object) => self.waker.forget(self.key(&ApplicationName::of(object))),
            Observation::Changed { before, now } => {
                if let Some(cause) = cause(before.as_ref(), now) {
                    self.waker.wake(self.key(&ApplicationName::of(now)), cause);
                }
            }
        }
    }

    fn source_observed(&self, observation: &Observation) {
        let source = object_of(observation);
        if let Some(owner) = ApplicationName::owner_of(source) {
            return self.wake(&owner, source);
        }
        let (namespace, name) = (object::namespace(source), object::name(source));
        let uses = |workload: &Value| {
            let reference = |field: &str| workload.str_at(&["spec", "sourceRef", field]);
            reference("kind") == Some("GitRepository")
                && reference("name") == name
                && reference("namespace").or_else(|| object::namespace(workload)) == namespace
        };
        for workload in self.controller.views.kustomizations.select(uses) {
            self.wake_users(&workload);
        }
    }

    fn workload_observed(&self, observation: &Observation) {
        let workload = object_of(observation);
        match ApplicationName::owner_of(workload) {
            Some(owner) => self.wake(&owner, workload),
            None => self.wake_users(workload),
        }
    }

    /// Wakes the Applications that are deployed by a workload which was not generated for them. One whose own
    /// workload it would be in the way of is among them.
    fn wake_users(&self, workload: &Value) {
        let (namespace, name) = (object::namespace(workload), object::name(workload));
        let uses = |object: &Value| {
            object.str_at(&["spec", "destination", "namespace"]) == namespace
                && Some(workload_name(object)) == name
        };
        for application in self.controller.views.applications.select(uses) {
            self.wake(&ApplicationName::of(&application), workload);
        }
    }

    fn project_observed(&self, observation: &Observation) {
        let name = object::name(object_of(observation)).unwrap_or_default().to_owned();
        self.wake_all("AppProject", |application| {
            Application::parse(application).is_ok_and(|application| application.project == name)
        });
    }

    fn secret_observed(&self, observation: &Observation) {
        if object::label(object_of(observation), SECRET_TYPE).is_some() {
            self.wake_all("Secret", |application| {
                Application::parse(application).is_ok_and(|application| {
                    let policy = &application.sync_policy;
                    policy.has(FLUX_SUBSYSTEM) && policy.has(AUTO_CREATE)
                })
            });
        }
    }

    fn wake_all(&self, kind: &str, which: impl Fn(&Value) -> bool) {
        for application in self.controller.views.applications.select(which) {
            let name = ApplicationName::of(&application);
            if self.controller.settings.covers(&name.namespace) {
                self.waker.wake(self.key(&name), Cause::Dependency(kind.to_owned()));
            }
        }
    }

    fn wake(&self, application: &ApplicationName, because_of: &Value) {
        if self.controller.settings.covers(&application.namespace) {
            let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
            let (kind, name) = (text(because_of.str_at(&["kind"])), text(object::name(because_of)));
            self.waker.wake(self.key(application), Cause::Dependency(format!("{kind} {name}")));
        }
    }

    fn key(&self, name: &ApplicationName) -> ObjectKey {
        ObjectKey {
            cluster: self.controller.cluster.id().clone(),
            namespace: name.namespace.clone(),
            name: name.name.clone(),
        }
    }
}

fn object_of(observation: &Observation) -> &Value {
    match observation {
        Observation::Gone(object) => object,
        Observation::Changed { now, .. } => now,
    }
}

/// Why a change of an Application is a reason to reconcile it. Its status is none, but for the one word in it
/// by which others end an operation.
fn cause(before: Option<&Value>, now: &Value) -> Option<Cause> {
    let Some(before) = before else { return Some(Cause::Seen) };
    if object::deletion_timestamp(now).is_some() && object::deletion_timestamp(before).is_none() {
        return Some(Cause::Deletion);
    }
    let differs = |path: &[&str]| before.at(path) != now.at(path);
    if differs(&["spec"])
        || differs(&["metadata", "uid"])
        || differs(&["metadata", "labels"])
        || differs(&["metadata", "annotations"])
        || differs(&["metadata", "finalizers"])
    {
        return Some(Cause::Spec);
    }
    let phase = ["status", "operationState", "phase"];
    let is_ended = now.str_at(&phase) == Some("Terminating") && differs(&phase);
    (differs(&["operation"]) || is_ended).then_some(Cause::Requested)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_applications_own_status_does_not_wake_it() {
        let object = |text: &str| value::from_json(text.as_bytes()).expect(text);
        let before = object(r#"{"metadata":{"uid":"u","generation":1},"spec":{"a":1}}"#);
        let rows = [
            (r#"{"metadata":{"uid":"u","generation":2},"spec":{"a":1},"status":{"health":{}}}"#, None),
            (r#"{"metadata":{"uid":"u","generation":2},"spec":{"a":2}}"#, Some(Cause::Spec)),
            (
                r#"{"metadata":{"uid":"u","annotations":{"argocd.argoproj.io/refresh":"normal"}},"spec":{"a":1}}"#,
                Some(Cause::Spec),
            ),
            (r#"{"metadata":{"uid":"u"},"spec":{"a":1},"operation":{"sync":{}}}"#, Some(Cause::Requested)),
            (
                r#"{"metadata":{"uid":"u"},"spec":{"a":1},"status":{"operationState":{"phase":"Terminating"}}}"#,
                Some(Cause::Requested),
            ),
            (
                r#"{"metadata":{"uid":"u"},"spec":{"a":1},"status":{"operationState":{"phase":"Succeeded"}}}"#,
                None,
            ),
            (
                r#"{"metadata":{"uid":"u","deletionTimestamp":"2026-01-01T00:00:00Z"},"spec":{"a":1}}"#,
                Some(Cause::Deletion),
            ),
        ];
        for (now, expected) in rows {
            assert_eq!(cause(Some(&before), &object(now)), expected, "{now}");
        }
        assert_eq!(cause(None, &before), Some(Cause::Seen));
    }
}
