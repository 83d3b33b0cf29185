//! A cluster with the controllers, and what they talk to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use apimachinery::clock::Clock;
use apimachinery::object;
use cluster::watch::{Observation, View};
use cluster::{ActAs, Apply, Cluster, ClusterId, Deadline, Resource, Session};
use flux_controllers::{Controllers, Settings};
use kube::config::{KubeConfigOptions, Kubeconfig};
use sandbox::Sandbox;
use serde_json::Value as Json;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use value::Value;

use crate::receiver::Receiver;

const KUBECONFIG: &str = "FLAMINGO_REPLAY_KUBECONFIG";

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

/// One version of a Flux object, as a watch saw it.
#[derive(Clone)]
pub(crate) struct Version {
    pub(crate) object: Json,
    pub(crate) gone: bool,
}

/// Every version of every Flux object.
#[derive(Clone, Default)]
pub(crate) struct Versions(Arc<Mutex<Vec<Version>>>);

impl Versions {
    /// Those of objects in `namespaces`.
    pub(crate) fn of(&self, namespaces: &[String]) -> Vec<Version> {
        let all = self.0.lock().expect("no panic while it is held");
        let is_there = |version: &&Version| {
            let namespace = version.object["metadata"]["namespace"].as_str().unwrap_or_default();
            namespaces.iter().any(|other| other == namespace)
        };
        all.iter().filter(is_there).cloned().collect()
    }

    fn push(&self, object: &Value, gone: bool) {
        let version = Version { object: json(object), gone };
        self.0.lock().expect("no panic while it is held").push(version);
    }
}

/// Whether the cluster is a real one.
pub(crate) fn is_real() -> bool {
    std::env::var_os(KUBECONFIG).is_some()
}

/// A cluster with the controllers.
pub(crate) struct World {
    pub(crate) cluster: Cluster,
    pub(crate) client: kube::Client,
    pub(crate) receiver: Receiver,
    pub(crate) versions: Versions,
    pub(crate) repositories: TempDir,
    stop: CancellationToken,
    _storage: TempDir,
    _sandbox: Option<Sandbox>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        // A second world of the same process finds the provider installed.
        drop(rustls::crypto::ring::default_provider().install_default());
        let (sandbox, kubeconfig) = match std::env::var_os(KUBECONFIG) {
            Some(path) => (None, Kubeconfig::read_from(path).expect("a kubeconfig")),
            None => {
                let config = sandbox::Config::in_memory(Arc::new(SystemClock));
                let sandbox = Sandbox::start(config).await.expect("a sandbox");
                let kubeconfig = Kubeconfig::from_yaml(&sandbox.kubeconfig()).expect("a kubeconfig");
                (Some(sandbox), kubeconfig)
            }
        };
        let options = KubeConfigOptions::default();
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.expect("a config");
        let client = kube::Client::try_from(config).expect("a client");
        let cluster = Cluster::new(ClusterId::in_cluster(), client.clone());
        install(&cluster).await;
        let (receiver, storage) = (Receiver::start().await, tempfile::tempdir().expect("a folder"));
        let stop = CancellationToken::new();
        let settings = Settings {
            concurrent: 16,
            requeue_dependency: Duration::from_secs(3),
            min_retry_delay: Duration::from_secs(8),
            interval_jitter_percentage: 0,
            events_addr: Some(receiver.address.parse().expect("a URL")),
            ..Settings::new(storage.path().to_owned())
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let controllers = Controllers::start(&cluster, settings, Arc::new(SystemClock), listener, &stop);
        let controllers = controllers.await.expect("controllers");
        let stopped = stop.clone();
        tokio::spawn(async move {
            stopped.cancelled().await;
            controllers.stopped().await;
        });
        let versions = Versions::default();
        watch(&cluster, &versions, &stop).await;
        let repositories = tempfile::tempdir().expect("a folder");
        Self { cluster, client, receiver, versions, repositories, stop, _storage: storage, _sandbox: sandbox }
    }

    pub(crate) fn session(&self) -> Session {
        session(&self.cluster)
    }
}

fn session(cluster: &Cluster) -> Session {
    cluster.session(ActAs::Component, Deadline::after(Duration::from_secs(30)))
}

async fn install(cluster: &Cluster) {
    let session = session(cluster);
    for definition in flux_api::definitions::all().expect("definitions") {
        let target = session.target(&definition).await.expect("a target");
        let how = Apply { manager: "recorder", force: true, dry_run: false };
        session.apply(&target, &definition, how).await.expect("an applied definition");
    }
    for kind in [flux_api::git_repository::kind(), flux_api::kustomization::kind()] {
        while session.resource(&kind).await.is_err() {
            cluster.forget_kinds();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn watch(cluster: &Cluster, versions: &Versions, stop: &CancellationToken) {
    let kinds = [
        Resource::new(flux_api::git_repository::kind(), "gitrepositories", true),
        Resource::new(flux_api::kustomization::kind(), "kustomizations", true),
    ];
    for kind in kinds {
        let (view, mut observations) = View::start(cluster, &kind, None, stop);
        view.synced().await;
        let versions = versions.clone();
        tokio::spawn(async move {
            while let Some(observation) = observations.recv().await {
                match observation {
                    Observation::Changed { now, .. } => versions.push(&now, false),
                    Observation::Gone(last) => versions.push(&last, true),
                }
            }
        });
    }
}

/// As the recordings are read.
pub(crate) fn json(object: &Value) -> Json {
    serde_json::from_str(&value::to_json(object)).expect("JSON")
}

/// As the cluster wants it.
pub(crate) fn value(object: &Json) -> Value {
    value::from_json(object.to_string().as_bytes()).expect("JSON")
}

/// The UID, or nothing.
pub(crate) fn uid(object: &Value) -> String {
    object::uid(object).unwrap_or_default().to_owned()
}
