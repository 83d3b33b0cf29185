//! Starting the controllers of one cluster.

use std::sync::Arc;

use apimachinery::clock::Clock;
use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use cluster::runtime::{self, Cause, ObjectKey, Waker};
use cluster::watch::{Observation, View};
use cluster::{Cluster, Resource, Written};
use flux_api::{Kustomization, git_repository, kustomization};
use manifests::Artifacts;
use source::artifact::{Downloader, Server, Store};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use value::Value;

use crate::kustomization::APPLY_MANAGER;
use crate::notify::Notifier;
use crate::reconciliation::{Controller, Parts};
use crate::settings::Settings;
use crate::{git_repository as git, kustomization as ks};

/// Why the controllers could not be started.
#[derive(Debug, Error)]
pub enum StartError {
    /// The artifact store cannot be used.
    #[error("the artifact store cannot be opened")]
    Store(#[from] source::artifact::StoreError),
    /// The artifact server cannot be started.
    #[error("the artifact server cannot be started")]
    Server(#[from] source::artifact::ServerError),
    /// The HTTP client for artifacts cannot be made.
    #[error("the client for artifacts cannot be made")]
    Client(#[from] source::client::ClientError),
    /// The HTTP client for notifications cannot be made.
    #[error("the client for notifications cannot be made")]
    Notifications(#[from] reqwest::Error),
}

/// Running controllers.
pub struct Controllers {
    git_repositories: runtime::Controller,
    kustomizations: runtime::Controller,
    server: Arc<Server>,
}

impl Controllers {
    /// Starts the source and kustomize controllers of `cluster`. Artifacts are served on `listener`.
    ///
    /// # Errors
    /// See [`StartError`]; nothing runs then.
    pub async fn start(
        cluster: &Cluster,
        settings: Settings,
        clock: Arc<dyn Clock>,
        listener: TcpListener,
        stop: &CancellationToken,
    ) -> Result<Self, StartError> {
        let store = Store::open(&settings.storage_path)?;
        let advertised = settings.storage_adv_addr.as_ref().map(|address| format!("http://{address}"));
        let server = Arc::new(Server::start(listener, store.clone(), advertised.as_deref())?);
        let artifacts = Artifacts::new(Downloader::new()?);
        let notifier = |name| Notifier::start(cluster, name, settings.events_addr.clone(), clock.clone());
        let (source_notifier, apply_notifier) = (notifier(git::MANAGER)?, notifier(APPLY_MANAGER)?);

        let git_resource = Resource::new(git_repository::kind(), "gitrepositories", true);
        let ks_resource = Resource::new(kustomization::kind(), "kustomizations", true);
        let namespace = settings.watch_namespace.as_deref();
        let (git_view, git_observations) = View::start(cluster, &git_resource, namespace, stop);
        let (ks_view, ks_observations) = View::start(cluster, &ks_resource, namespace, stop);
        tokio::join!(git_view.synced(), ks_view.synced());

        let parts = |resource, notifier, view| Parts {
            cluster: cluster.clone(),
            resource,
            settings: settings.clone(),
            clock: clock.clone(),
            notifier,
            view,
            written: Written::default(),
        };
        let git = git::Controller {
            parts: parts(git_resource, source_notifier, git_view.clone()),
            secrets: Resource::new(GroupVersionKind::new("", "v1", "Secret"), "secrets", true),
            store,
            server: server.clone(),
        };
        let ks = ks::Controller {
            parts: parts(ks_resource, apply_notifier, ks_view.clone()),
            artifacts,
            git_repositories: git_view,
        };
        let git_repositories = runtime::Controller::start(Arc::new(Controller(git)), queue(&settings), stop);
        let kustomizations = runtime::Controller::start(Arc::new(Controller(ks)), queue(&settings), stop);
        let wiring = Wiring {
            cluster: cluster.clone(),
            git: git_repositories.waker(),
            ks: kustomizations.waker(),
            ks_view,
        };
        tokio::spawn(wiring.work(git_observations, ks_observations));
        Ok(Self { git_repositories, kustomizations, server })
    }

    /// Waits until both controllers have stopped; their stop token must have been cancelled.
    pub async fn stopped(self) {
        tokio::join!(self.git_repositories.stop(), self.kustomizations.stop());
        if let Some(server) = Arc::into_inner(self.server) {
            server.stop().await;
        }
    }
}

fn queue(settings: &Settings) -> runtime::Settings {
    runtime::Settings {
        concurrent: settings.concurrent,
        min_retry_delay: settings.min_retry_delay,
        max_retry_delay: settings.max_retry_delay,
        grace: std::time::Duration::from_secs(10),
    }
}

/// Turns observations into wake-ups.
struct Wiring {
    cluster: Cluster,
    git: Waker,
    ks: Waker,
    ks_view: View,
}

impl Wiring {
    async fn work(
        self,
        mut git: mpsc::UnboundedReceiver<Observation>,
        mut ks: mpsc::UnboundedReceiver<Observation>,
    ) {
        loop {
            tokio::select! {
                Some(observation) = git.recv() => self.git_observed(&observation),
                Some(observation) = ks.recv() => self.ks_observed(&observation),
                else => return,
            }
        }
    }

    fn git_observed(&self, observation: &Observation) {
        self.wake_itself(&self.git, observation);
        if let Observation::Changed { before, now } = observation {
            let artifact = |object: &Value| {
                let part = |field| object.at(&["status", "artifact", field]).cloned();
                // A restarted artifact server has another address.
                (part("revision"), part("digest"), part("url"))
            };
            // A source without artifact has nothing for anybody.
            let has_news = before.as_ref().map(artifact) != Some(artifact(now));
            if has_news && now.at(&["status", "artifact"]).is_some() {
                self.wake_users(now);
            }
        }
    }

    /// Wakes the Kustomizations that build from a source with news.
    fn wake_users(&self, source: &Value) {
        let (Some(namespace), Some(name)) = (object::namespace(source), object::name(source)) else { return };
        let uses = |object: &Value| {
            Kustomization::parse(object).is_ok_and(|spec| {
                spec.source.kind == "GitRepository"
                    && spec.source.namespace == namespace
                    && spec.source.name == name
            })
        };
        for user in self.ks_view.select(uses) {
            self.ks.wake(self.key(&user), Cause::Source(format!("{namespace}/{name}")));
        }
    }

    fn ks_observed(&self, observation: &Observation) {
        self.wake_itself(&self.ks, observation);
        let Observation::Changed { before: Some(before), now } = observation else { return };
        let outcome = |object: &Value| {
            let status = |field| object.at(&["status", field]).cloned();
            (is_ready(object), status("lastAppliedRevision"), status("observedGeneration"))
        };
        // Those who wait for it can go on only when it is ready.
        if is_ready(now) && outcome(before) != outcome(now) {
            self.wake_dependents(now);
        }
    }

    /// Wakes the Kustomizations that wait for another one.
    fn wake_dependents(&self, changed: &Value) {
        let (Some(namespace), Some(name)) = (object::namespace(changed), object::name(changed)) else {
            return;
        };
        let depends = |object: &Value| {
            let is_this = |(other, other_name): &(String, String)| other == namespace && other_name == name;
            Kustomization::parse(object).is_ok_and(|spec| spec.depends_on.iter().any(is_this))
        };
        for dependent in self.ks_view.select(depends) {
            self.ks.wake(self.key(&dependent), Cause::Dependency(format!("{namespace}/{name}")));
        }
    }

    fn wake_itself(&self, waker: &Waker, observation: &Observation) {
        match observation {
            Observation::Gone(object) => waker.forget(self.key(object)),
            Observation::Changed { before, now } => {
                if let Some(cause) = cause(before.as_ref(), now) {
                    waker.wake(self.key(now), cause);
                }
            }
        }
    }

    fn key(&self, object: &Value) -> ObjectKey {
        ObjectKey {
            cluster: self.cluster.id().clone(),
            namespace: object::namespace(object).unwrap_or_default().to_owned(),
            name: object::name(object).unwrap_or_default().to_owned(),
        }
    }
}

fn is_ready(object: &Value) -> bool {
    let conditions = object.at(&["status", "conditions"]);
    let ready = conditions.and_then(|list| apimachinery::condition::get(list, "Ready"));
    ready.is_some_and(|ready| ready.status == apimachinery::condition::Status::True)
}

/// Why a change of an object is a reason to reconcile it; labels and status alone are none.
fn cause(before: Option<&Value>, now: &Value) -> Option<Cause> {
    let Some(before) = before else { return Some(Cause::Seen) };
    if object::deletion_timestamp(now).is_some() && object::deletion_timestamp(before).is_none() {
        return Some(Cause::Deletion);
    }
    if object::generation(before) != object::generation(now) || object::uid(before) != object::uid(now) {
        return Some(Cause::Spec);
    }
    let requested = engine::request::requested_at;
    (requested(before) != requested(now)).then_some(Cause::Requested)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_spec_request_and_deletion_wake() {
        let object = |text: &str| value::from_json(text.as_bytes()).expect(text);
        let before = object(r#"{"metadata":{"generation":1,"uid":"u"}}"#);
        let labelled = object(r#"{"metadata":{"generation":1,"uid":"u","labels":{"a":"b"}}}"#);
        let changed = object(r#"{"metadata":{"generation":2,"uid":"u"}}"#);
        let requested = object(
            r#"{"metadata":{"generation":1,"uid":"u","annotations":{"reconcile.fluxcd.io/requestedAt":"x"}}}"#,
        );
        let deleted =
            object(r#"{"metadata":{"generation":2,"uid":"u","deletionTimestamp":"2026-01-01T00:00:00Z"}}"#);
        assert_eq!(cause(None, &before), Some(Cause::Seen));
        assert_eq!(cause(Some(&before), &labelled), None);
        assert_eq!(cause(Some(&before), &changed), Some(Cause::Spec));
        assert_eq!(cause(Some(&before), &requested), Some(Cause::Requested));
        assert_eq!(cause(Some(&before), &deleted), Some(Cause::Deletion));
    }
}
