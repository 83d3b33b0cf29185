//! A cluster with the controllers, in a runtime of its own that can be ended at any point.
//!
//! The simulated cluster ends together with the controllers; of a real one (the kubeconfig that
//! `FLAMINGO_CRASH_KUBECONFIG` names) only the controllers end.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use apimachinery::clock::Clock;
use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use cluster::{
    ActAs, Apply, Cluster, ClusterId, Deadline, Propagation, Resource, Session, Subresource, Target,
};
use engine::{Inventory, ObjectRef};
use flux_controllers::{Controllers, Settings};
use kube::config::{KubeConfigOptions, Kubeconfig};
use sandbox::{Config, Sandbox, StartError};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use value::Value;

use crate::Kill;
use crate::cut::Cut;
use crate::repository::Repository;

const KUBECONFIG: &str = "FLAMINGO_CRASH_KUBECONFIG";

/// For so long a world may take to come to rest.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a test does to a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Create,
    Update,
    Prune,
    Delete,
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

/// Whether the cluster is a real one.
pub(crate) fn is_real() -> bool {
    std::env::var_os(KUBECONFIG).is_some()
}

/// The data folder of a cluster, or of the controllers of a real one, in which a change can begin.
pub(crate) struct Prepared(TempDir);

impl Prepared {
    /// For all changes but the first sync, the first commit is deployed; then the repository changes.
    pub(crate) fn make(repository: &Repository, change: Change) -> Self {
        let prepared = Self(tempfile::tempdir().expect("a folder"));
        let mut world = World::open_cluster(&prepared, repository);
        world.install();
        world.start_controllers(prepared.0.path());
        if change != Change::Create {
            world.carry_out(Change::Create);
            world.settle(Change::Create);
        }
        world.close();
        match change {
            Change::Update => repository.update(),
            Change::Prune => repository.remove(),
            Change::Create | Change::Delete => {}
        }
        prepared
    }

    pub(crate) fn copy(&self) -> Self {
        let copy = tempfile::tempdir().expect("a folder");
        copy_folder(self.0.path(), copy.path());
        Self(copy)
    }
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            std::fs::create_dir_all(&target).expect("a folder");
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// What is ended, and where what it did can be counted.
enum Doomed {
    /// The simulated cluster ends at a write.
    Cluster(Option<Sandbox>),
    /// The controllers end at a request.
    Controllers(Cut),
}

/// A running cluster with its controllers.
pub(crate) struct World {
    runtime: Option<Runtime>,
    doomed: Doomed,
    cluster: Cluster,
    stop: CancellationToken,
    url: String,
    head: String,
    namespace: String,
}

impl World {
    pub(crate) fn open(prepared: &Prepared, repository: &Repository) -> Self {
        let mut world = Self::open_cluster(prepared, repository);
        world.start_controllers(prepared.0.path());
        world
    }

    /// After a crash: what exists must be in an inventory before anything is repaired.
    pub(crate) fn restart(prepared: &Prepared, repository: &Repository) -> Result<Self, String> {
        let mut world = Self::open_cluster(prepared, repository);
        world.check_inventory()?;
        world.start_controllers(prepared.0.path());
        Ok(world)
    }

    fn open_cluster(prepared: &Prepared, repository: &Repository) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        if rustls::crypto::ring::default_provider().install_default().is_err() {
            // Another world of this process has installed it.
        }
        let data_dir = prepared.0.path().join("cluster");
        let (doomed, cluster) = runtime.block_on(async {
            let (doomed, kubeconfig) = match std::env::var_os(KUBECONFIG) {
                Some(path) => {
                    (Doomed::Controllers(Cut::default()), Kubeconfig::read_from(path).expect("a kubeconfig"))
                }
                None => {
                    let config =
                        Config { data_dir: Some(data_dir), ..Config::in_memory(Arc::new(SystemClock)) };
                    let sandbox = start(config).await;
                    let kubeconfig = Kubeconfig::from_yaml(&sandbox.kubeconfig()).expect("a kubeconfig");
                    (Doomed::Cluster(Some(sandbox)), kubeconfig)
                }
            };
            (doomed, connect(kubeconfig, None).await)
        });
        Self {
            runtime: Some(runtime),
            doomed,
            cluster,
            stop: CancellationToken::new(),
            url: repository.url(),
            head: repository.head(),
            namespace: repository.namespace().to_owned(),
        }
    }

    /// The cluster as the controllers reach it.
    fn controllers_cluster(&self) -> Cluster {
        match &self.doomed {
            Doomed::Cluster(_) => self.cluster.clone(),
            Doomed::Controllers(cut) => {
                let path = std::env::var_os(KUBECONFIG).expect("the cluster is a real one");
                let kubeconfig = Kubeconfig::read_from(path).expect("a kubeconfig");
                self.runtime().block_on(connect(kubeconfig, Some(cut.clone())))
            }
        }
    }

    fn start_controllers(&mut self, folder: &Path) {
        let mut settings = Settings::new(folder.join("artifacts"));
        settings.min_retry_delay = Duration::from_millis(20);
        settings.max_retry_delay = Duration::from_millis(200);
        settings.requeue_dependency = Duration::from_millis(100);
        // Other worlds work in other namespaces of the same cluster.
        settings.watch_namespace = Some(self.flux_namespace());
        let (cluster, stop) = (self.controllers_cluster(), self.stop.clone());
        self.runtime().spawn(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let controllers = Controllers::start(&cluster, settings, Arc::new(SystemClock), listener, &stop);
            let controllers = controllers.await.expect("controllers");
            stop.cancelled().await;
            controllers.stopped().await;
        });
    }

    pub(crate) fn install(&self) {
        let session = self.session();
        self.runtime().block_on(async {
            for definition in flux_api::definitions::all().expect("definitions") {
                apply(&session, &definition).await;
            }
            let namespace = format!(
                r#"{{"apiVersion":"v1","kind":"Namespace","metadata":{{"name":"{}"}}}}"#,
                self.flux_namespace()
            );
            apply(&session, &parse(&namespace)).await;
            // A kind is served as soon as its definition is established.
            let kinds = [flux_api::git_repository::kind(), flux_api::kustomization::kind()];
            let started = Instant::now();
            for kind in kinds {
                while session.resource(&kind).await.is_err() {
                    assert!(started.elapsed() < PATIENCE, "{kind} is not served");
                    session.cluster().forget_kinds();
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        });
    }

    /// Writes of the simulated cluster, or requests of the controllers to a real one.
    pub(crate) fn steps(&self) -> u64 {
        match &self.doomed {
            Doomed::Cluster(sandbox) => sandbox.as_ref().expect("the world is open").faults().writes(),
            Doomed::Controllers(cut) => cut.requests(),
        }
    }

    /// Ends the process at the `step`th step from now.
    pub(crate) fn kill_at(&self, step: u64, kill: Kill) {
        let step = self.steps() + step;
        match (&self.doomed, kill) {
            (Doomed::Controllers(cut), _) => cut.at(step, kill),
            (Doomed::Cluster(sandbox), Kill::Before) => {
                sandbox.as_ref().expect("the world is open").faults().crash_before_write(step);
            }
            (Doomed::Cluster(sandbox), Kill::After) => {
                sandbox.as_ref().expect("the world is open").faults().crash_after_write(step);
            }
        }
    }

    fn crashed(&self) -> bool {
        match &self.doomed {
            Doomed::Cluster(sandbox) => sandbox.as_ref().expect("the world is open").faults().crashed(),
            Doomed::Controllers(cut) => cut.crashed(),
        }
    }

    pub(crate) fn carry_out(&self, change: Change) {
        let session = self.session();
        self.runtime().block_on(async {
            match change {
                Change::Create => {
                    for object in self.objects() {
                        // The cluster may be down by now; that is what is tested.
                        let target = session.target(&object).await;
                        let how = Apply { manager: "test", force: true, dry_run: false };
                        if let Ok(target) = target {
                            drop(session.apply(&target, &object, how).await);
                        }
                    }
                }
                Change::Update | Change::Prune => {
                    let patch = r#"{"metadata":{"annotations":{"reconcile.fluxcd.io/requestedAt":"now"}}}"#;
                    drop(session.merge_patch(&self.source(), Subresource::Main, "test", &parse(patch)).await);
                }
                Change::Delete => {
                    if let Ok(Some(live)) = session.get(&self.workload()).await {
                        let uid = object::uid(&live).unwrap_or_default();
                        drop(session.delete(&self.workload(), uid, Propagation::Background).await);
                    }
                }
            }
        });
    }

    /// The user tries again what may have been lost in the crash.
    pub(crate) fn carry_out_again(&self, change: Change) {
        self.carry_out(change);
    }

    /// Waits until the change is carried out and nothing is written any more.
    pub(crate) fn settle(&self, change: Change) {
        let done = self.wait(|world| world.is_done(change));
        assert!(done, "{change:?} did not come to rest:\n{}", self.dump());
        self.rest();
    }

    /// Waits for the change or for the crash; says whether it crashed.
    pub(crate) fn settle_or_crash(&self, change: Change) -> bool {
        let ended = self.wait(|world| world.crashed() || world.is_done(change));
        assert!(ended, "{change:?} neither came to rest nor crashed:\n{}", self.dump());
        self.rest();
        self.crashed()
    }

    /// Waits until nothing is done for a while.
    fn rest(&self) {
        let started = Instant::now();
        let mut last = self.steps();
        while started.elapsed() < PATIENCE {
            std::thread::park_timeout(Duration::from_millis(150));
            let now = self.steps();
            if now == last {
                return;
            }
            last = now;
        }
        panic!("writing never came to rest:\n{}", self.dump());
    }

    fn wait(&self, until: impl Fn(&Self) -> bool) -> bool {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if until(self) {
                return true;
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
        false
    }

    fn is_done(&self, change: Change) -> bool {
        let Ok(found) = self.get(&self.workload()) else { return false };
        let Some(object) = found else { return change == Change::Delete };
        let applied = object.str_at(&["status", "lastAppliedRevision"]).unwrap_or_default();
        let ready = object
            .at(&["status", "conditions"])
            .and_then(|conditions| apimachinery::condition::get(conditions, "Ready"));
        change != Change::Delete
            && applied.ends_with(&self.head)
            && ready.is_some_and(|ready| ready.status == apimachinery::condition::Status::True)
    }

    /// Everything of the deployment, without what differs from run to run.
    pub(crate) fn dump(&self) -> String {
        let mut lines = Vec::new();
        for object in self.owned() {
            let data = object.get("data").cloned().unwrap_or_default();
            let reference = ObjectRef::of(&object).expect("a stored object");
            lines.push(format!("{reference} {data}"));
        }
        if let Ok(Some(workload)) = self.get(&self.workload()) {
            let status = |field| workload.at(&["status", field]).cloned().unwrap_or_default();
            lines.push(format!("inventory {}", status("inventory")));
            lines.push(format!("applied {}", status("lastAppliedRevision")));
        }
        // Each world has namespaces of its own, and can have commits of its own.
        lines.join("\n").replace(&self.namespace, "app").replace(&self.head, "the last commit")
    }

    /// Objects that carry the labels of the Kustomization.
    fn owned(&self) -> Vec<Value> {
        let session = self.session();
        let kinds = [("Namespace", "namespaces", false), ("ConfigMap", "configmaps", true)];
        self.runtime().block_on(async {
            let mut found = Vec::new();
            for (kind, plural, namespaced) in kinds {
                let resource = Resource::new(GroupVersionKind::new("", "v1", kind), plural, namespaced);
                let labels = format!(
                    "kustomize.toolkit.fluxcd.io/name=app,kustomize.toolkit.fluxcd.io/namespace={}",
                    self.flux_namespace()
                );
                found.extend(session.list(&resource, "", &labels).await.expect("a list"));
            }
            // What a real cluster still has to take apart is as good as gone.
            found.retain(|object| object::deletion_timestamp(object).is_none());
            found
        })
    }

    fn check_inventory(&self) -> Result<(), String> {
        let workload = self.get(&self.workload()).map_err(|error| error.to_string())?;
        let status = workload.as_ref().and_then(|workload| workload.at(&["status", "inventory"]));
        let inventory = Inventory::from_status(status)?;
        let known: BTreeSet<ObjectRef> = inventory.entries.into_iter().map(|entry| entry.reference).collect();
        let orphans: Vec<String> = self
            .owned()
            .iter()
            .filter_map(ObjectRef::of)
            .filter(|reference| !known.contains(reference))
            .map(|reference| reference.to_string())
            .collect();
        if orphans.is_empty() { Ok(()) } else { Err(format!("in no inventory: {}", orphans.join(", "))) }
    }

    fn get(&self, target: &Target) -> Result<Option<Value>, cluster::Error> {
        let session = self.session();
        self.runtime().block_on(session.get(target))
    }

    fn objects(&self) -> [Value; 2] {
        let source = format!(
            r#"{{"apiVersion":"source.toolkit.fluxcd.io/v1","kind":"GitRepository","metadata":{{"name":"app","namespace":"{}"}},"spec":{{"interval":"10m","url":"{}","ref":{{"branch":"main"}}}}}}"#,
            self.flux_namespace(),
            self.url
        );
        let workload = format!(
            r#"{{"apiVersion":"kustomize.toolkit.fluxcd.io/v1","kind":"Kustomization","metadata":{{"name":"app","namespace":"{}"}},"spec":{{"interval":"10m","retryInterval":"1s","prune":true,"wait":true,"sourceRef":{{"kind":"GitRepository","name":"app"}}}}}}"#,
            self.flux_namespace()
        );
        [parse(&source), parse(&workload)]
    }

    /// The namespace of the Flux objects.
    fn flux_namespace(&self) -> String {
        format!("flux-{}", self.namespace)
    }

    fn source(&self) -> Target {
        let resource = Resource::new(flux_api::git_repository::kind(), "gitrepositories", true);
        Target::new(&resource, &self.flux_namespace(), "app")
    }

    fn workload(&self) -> Target {
        let resource = Resource::new(flux_api::kustomization::kind(), "kustomizations", true);
        Target::new(&resource, &self.flux_namespace(), "app")
    }

    fn session(&self) -> Session {
        self.cluster.session(ActAs::Component, Deadline::after(Duration::from_secs(5)))
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("the world is open")
    }

    /// Ends in good order.
    pub(crate) fn close(mut self) {
        self.stop.cancel();
        if let Doomed::Cluster(sandbox) = &mut self.doomed
            && let (Some(runtime), Some(sandbox)) = (&self.runtime, sandbox.take())
        {
            runtime.block_on(sandbox.stop()).expect("a clean stop");
        }
    }
}

/// Ends as a killed process does: nothing is finished.
impl Drop for World {
    fn drop(&mut self) {
        let sandbox = match &mut self.doomed {
            Doomed::Cluster(sandbox) => sandbox.take(),
            Doomed::Controllers(_) => None,
        };
        if let Some(runtime) = self.runtime.take() {
            let guard = runtime.enter();
            drop(sandbox);
            drop(guard);
            runtime.shutdown_timeout(Duration::from_millis(500));
        }
    }
}

/// The threads of a world that was killed can hold its folder for a moment on a busy machine.
async fn start(config: Config) -> Sandbox {
    let started = Instant::now();
    loop {
        match Sandbox::start(config.clone()).await {
            Ok(sandbox) => return sandbox,
            Err(StartError::InUse { .. }) if started.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

async fn apply(session: &Session, object: &Value) {
    let target = session.target(object).await.expect("a target");
    let how = Apply { manager: "test", force: true, dry_run: false };
    session.apply(&target, object, how).await.expect("an applied object");
}

fn parse(text: &str) -> Value {
    value::from_json(text.as_bytes()).expect(text)
}

async fn connect(kubeconfig: Kubeconfig, cut: Option<Cut>) -> Cluster {
    let options = KubeConfigOptions::default();
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.expect("a config");
    let builder = kube::client::ClientBuilder::try_from(config).expect("a client");
    let client = match cut {
        Some(cut) => builder.with_layer(&cut).build(),
        None => builder.build(),
    };
    Cluster::new(ClusterId::in_cluster(), client)
}
