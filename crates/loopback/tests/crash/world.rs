//! A simulated cluster with Flux's controllers and ours, in a runtime of its own that can be ended at any point.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use apimachinery::clock::Clock;
use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use cluster::{
    ActAs, Apply, Cluster, ClusterId, Deadline, Propagation, Resource, Session, Subresource, Target,
};
use engine::ObjectRef;
use git_server::{GitServer, Repositories};
use sandbox::{Config, Sandbox, StartError};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use value::Value;

use crate::Kill;

/// For so long a world may take to come to rest.
const PATIENCE: Duration = Duration::from_secs(60);

const FILES: [(&str, &[u8], bool); 2] = [
    (
        "app/one.yaml",
        b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one, namespace: apps}\ndata: {text: first}\n",
        false,
    ),
    (
        "app/two.yaml",
        b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: two, namespace: apps}\ndata: {text: first}\n",
        false,
    ),
];

/// What a test does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// An automated Application is created, with credentials for its repository.
    Create,
    /// An Application without `automated` is synced.
    Sync,
    /// An Application with the finalizer is deleted.
    Delete,
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

/// A repository with a server that outlives the crashes.
pub(crate) struct Repository {
    url: String,
    runtime: Option<Runtime>,
    _server: GitServer,
    _folder: TempDir,
}

impl Repository {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let repository = git_server::Repository::from_files(&folder.path().join("app"), &FILES, "first", 0);
        let runtime = runtime();
        let server = runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let served = [("app".to_owned(), repository.expect("a repository"))];
            GitServer::start(listener, Repositories::from(served)).expect("a server")
        });
        let url = server.url_of("app").expect("it serves the repository");
        Self { url, runtime: Some(runtime), _server: server, _folder: folder }
    }
}

impl Drop for Repository {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}

/// The data folder of a cluster in which a change can begin.
pub(crate) struct Prepared(TempDir);

impl Prepared {
    pub(crate) fn make(repository: &Repository, change: Change) -> Self {
        let prepared = Self(tempfile::tempdir().expect("a folder"));
        let world = World::open_cluster(&prepared, repository);
        world.install();
        world.start_controllers(prepared.0.path());
        match change {
            Change::Create => {}
            Change::Sync => {
                world.apply(&world.application(false));
                world.until(|application| sync_status(application) == "OutOfSync");
                world.rest();
            }
            Change::Delete => {
                world.carry_out(Change::Create);
                world.settle(Change::Create);
            }
        }
        world.close();
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

/// A running cluster with the controllers.
pub(crate) struct World {
    runtime: Option<Runtime>,
    sandbox: Option<Sandbox>,
    cluster: Cluster,
    stop: CancellationToken,
    url: String,
}

impl World {
    pub(crate) fn open(prepared: &Prepared, repository: &Repository) -> Self {
        let world = Self::open_cluster(prepared, repository);
        world.start_controllers(prepared.0.path());
        world
    }

    /// After a crash: what was generated still has its Application before anything is repaired.
    pub(crate) fn restart(prepared: &Prepared, repository: &Repository) -> Result<Self, String> {
        let world = Self::open_cluster(prepared, repository);
        let generated = world.generated();
        let has_finalizer = world.get_application().is_some_and(|application| {
            object::finalizers(&application).any(|finalizer| finalizer.starts_with("resources-finalizer"))
        });
        if !generated.is_empty() && !has_finalizer {
            let names: Vec<String> =
                generated.iter().filter_map(ObjectRef::of).map(|object| object.to_string()).collect();
            return Err(format!("without their Application: {}", names.join(", ")));
        }
        world.start_controllers(prepared.0.path());
        Ok(world)
    }

    fn open_cluster(prepared: &Prepared, repository: &Repository) -> Self {
        if rustls::crypto::ring::default_provider().install_default().is_err() {
            // Another world of this process has installed it.
        }
        let runtime = runtime();
        let data_dir = prepared.0.path().join("cluster");
        let config = Config { data_dir: Some(data_dir), ..Config::in_memory(Arc::new(SystemClock)) };
        let (sandbox, cluster) = runtime.block_on(async {
            let sandbox = start(config).await;
            let kubeconfig =
                kube::config::Kubeconfig::from_yaml(&sandbox.kubeconfig()).expect("a kubeconfig");
            let options = kube::config::KubeConfigOptions::default();
            let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.expect("a config");
            let client = kube::Client::try_from(config).expect("a client");
            (sandbox, Cluster::new(ClusterId::in_cluster(), client))
        });
        Self {
            runtime: Some(runtime),
            sandbox: Some(sandbox),
            cluster,
            stop: CancellationToken::new(),
            url: repository.url.clone(),
        }
    }

    fn start_controllers(&self, folder: &Path) {
        let mut flux = flux_controllers::Settings::new(folder.join("artifacts"));
        flux.min_retry_delay = Duration::from_millis(20);
        flux.max_retry_delay = Duration::from_millis(200);
        flux.requeue_dependency = Duration::from_millis(100);
        let ours = loopback::Settings {
            min_retry_delay: Duration::from_millis(20),
            max_retry_delay: Duration::from_millis(200),
            resync: Duration::from_secs(600),
            ..loopback::Settings::default()
        };
        let (cluster, stop) = (self.cluster.clone(), self.stop.clone());
        self.runtime().spawn(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let flux =
                flux_controllers::Controllers::start(&cluster, flux, Arc::new(SystemClock), listener, &stop);
            let flux = flux.await.expect("Flux's controllers");
            let ours = loopback::Controllers::start(&cluster, ours, Arc::new(SystemClock), &stop).await;
            // The cluster can end while the controller starts.
            if let Ok(ours) = ours {
                stop.cancelled().await;
                tokio::join!(flux.stopped(), ours.stopped());
            }
        });
    }

    fn install(&self) {
        let session = self.session();
        let definitions = flux_api::definitions::all().expect("definitions");
        let definitions = definitions.into_iter().chain(argocd_api::definitions::all().expect("definitions"));
        definitions.for_each(|definition| self.apply(&definition));
        let kinds =
            [flux_api::kustomization::kind(), argocd_api::application::kind(), argocd_api::project::kind()];
        let started = Instant::now();
        self.runtime().block_on(async {
            for kind in kinds {
                while session.resource(&kind).await.is_err() {
                    assert!(started.elapsed() < PATIENCE, "{kind} is not served");
                    session.cluster().forget_kinds();
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        });
        for namespace in ["argocd", "apps"] {
            self.apply(&parse(&format!(
                r#"{{"apiVersion":"v1","kind":"Namespace","metadata":{{"name":"{namespace}"}}}}"#
            )));
        }
        self.apply(&argocd_api::project::default_project("argocd"));
        let secret = format!(
            r#"{{"apiVersion":"v1","kind":"Secret","metadata":{{"name":"creds","namespace":"argocd","labels":{{"argocd.argoproj.io/secret-type":"repository"}}}},"stringData":{{"url":"{}","username":"me","password":"x"}}}}"#,
            self.url
        );
        self.apply(&parse(&secret));
    }

    fn application(&self, automated: bool) -> Value {
        let automated = if automated { r#""automated":{},"# } else { "" };
        parse(&format!(
            r#"{{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{{"name":"demo","namespace":"argocd","finalizers":["resources-finalizer.argocd.argoproj.io"]}},"spec":{{"project":"default","destination":{{"namespace":"apps","server":"https://kubernetes.default.svc"}},"source":{{"repoURL":"{}","path":"app","targetRevision":"main"}},"syncPolicy":{{{automated}"syncOptions":["FluxSubsystem=true","AutoCreateFluxResources=true"]}}}}}}"#,
            self.url
        ))
    }

    pub(crate) fn writes(&self) -> u64 {
        self.faults().writes()
    }

    /// Ends the process at the given write from now.
    pub(crate) fn kill_at(&self, write: u64, kill: Kill) {
        let write = self.writes() + write;
        match kill {
            Kill::Before => self.faults().crash_before_write(write),
            Kill::After => self.faults().crash_after_write(write),
        }
    }

    /// Asks for the change, unless it was asked for before.
    pub(crate) fn carry_out(&self, change: Change) {
        let session = self.session();
        let target = application_target();
        let live = self.get_application();
        // What is asked of a process that has ended stays unanswered.
        let asked = self.runtime().block_on(async {
            match (change, live) {
                (Change::Create, _) => {
                    let how = Apply { manager: "test", force: true, dry_run: false };
                    session.apply(&target, &self.application(true), how).await.is_ok()
                }
                (Change::Sync, Some(live))
                    if live.at(&["status", "operationState"]).is_none()
                        && live.get("operation").is_none() =>
                {
                    let operation = parse(r#"{"operation":{"initiatedBy":{"username":"admin"},"sync":{}}}"#);
                    session.merge_patch(&target, Subresource::Main, "test", &operation).await.is_ok()
                }
                (Change::Delete, Some(live)) if object::deletion_timestamp(&live).is_none() => {
                    let uid = object::uid(&live).expect("a UID");
                    session.delete(&target, uid, Propagation::Background).await.is_ok()
                }
                _ => true,
            }
        });
        assert!(asked || self.faults().crashed(), "{change:?} was refused");
    }

    pub(crate) fn settle(&self, change: Change) {
        let done = self.wait(|world| world.is_done(change));
        assert!(done, "{change:?} did not come to rest:\n{}", self.dump());
        self.rest();
    }

    /// Waits for the change or for the crash; says whether it crashed.
    pub(crate) fn settle_or_crash(&self, change: Change) -> bool {
        let ended = self.wait(|world| world.faults().crashed() || world.is_done(change));
        assert!(ended, "{change:?} neither came to rest nor crashed:\n{}", self.dump());
        self.rest();
        self.faults().crashed()
    }

    /// Waits until nothing is written for a while.
    fn rest(&self) {
        let mut last = self.writes();
        loop {
            std::thread::park_timeout(Duration::from_millis(300));
            let now = self.writes();
            if now == last {
                return;
            }
            last = now;
        }
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

    fn until(&self, is_so: impl Fn(&Value) -> bool) {
        let came = self.wait(|world| world.get_application().is_some_and(|application| is_so(&application)));
        assert!(came, "{:?}", self.get_application());
    }

    fn is_done(&self, change: Change) -> bool {
        let Some(application) = self.get_application() else {
            return change == Change::Delete && !self.faults().crashed();
        };
        let says =
            |path: &[&str], text: &str| application.str_at(&[&["status"], path].concat()) == Some(text);
        let is_synced = says(&["sync", "status"], "Synced") && says(&["health", "status"], "Healthy");
        match change {
            Change::Delete => false,
            Change::Create | Change::Sync => {
                is_synced
                    && says(&["operationState", "phase"], "Succeeded")
                    && application.get("operation").is_none()
            }
        }
    }

    /// What there is of the Application, without what differs from run to run.
    pub(crate) fn dump(&self) -> String {
        let mut lines = Vec::new();
        for generated in self.generated() {
            let reference = ObjectRef::of(&generated).expect("a stored object");
            let part = |field: &str| generated.get(field).cloned().unwrap_or_default();
            lines.push(format!("{reference} {} {}", part("spec"), part("data")));
        }
        for object in self.list(&core("ConfigMap", "configmaps"), "kustomize.toolkit.fluxcd.io/name=demo") {
            lines.push(format!(
                "{} {:?}",
                ObjectRef::of(&object).expect("a stored object"),
                object.get("data")
            ));
        }
        if let Some(application) = self.get_application() {
            let status =
                |path: &[&str]| application.at(&[&["status"], path].concat()).cloned().unwrap_or_default();
            let history = status(&["history"]);
            let entries = history.as_list().unwrap_or_default();
            let entry = |entry: &Value| {
                format!("{:?} {:?} {:?}", entry.get("id"), entry.get("revision"), entry.get("initiatedBy"))
            };
            lines.push(format!("sync {} {}", status(&["sync", "status"]), status(&["sync", "revision"])));
            lines.push(format!(
                "operation {:?} {}",
                application.get("operation"),
                status(&["operationState", "message"])
            ));
            lines.push(format!("history {:?}", entries.iter().map(entry).collect::<Vec<_>>()));
            lines.push(format!("conditions {}", status(&["conditions"])));
        }
        lines.join("\n")
    }

    /// Everything that was generated.
    fn generated(&self) -> Vec<Value> {
        let kinds = [
            Resource::new(flux_api::git_repository::kind(), "gitrepositories", true),
            Resource::new(flux_api::kustomization::kind(), "kustomizations", true),
            core("Secret", "secrets"),
        ];
        kinds.iter().flat_map(|kind| self.list(kind, "flamingo/generated=true")).collect()
    }

    fn list(&self, resource: &Resource, labels: &str) -> Vec<Value> {
        let session = self.session();
        let listed = self.runtime().block_on(session.list(resource, "", labels));
        if self.faults().crashed() { listed.unwrap_or_default() } else { listed.expect("a list") }
    }

    fn get_application(&self) -> Option<Value> {
        let session = self.session();
        self.runtime().block_on(session.get(&application_target())).ok().flatten()
    }

    fn apply(&self, object: &Value) {
        let session = self.session();
        self.runtime().block_on(async {
            let target = session.target(object).await.expect("a served kind");
            let how = Apply { manager: "test", force: true, dry_run: false };
            session.apply(&target, object, how).await.expect("an applied object");
        });
    }

    fn faults(&self) -> &sandbox::Faults {
        self.sandbox.as_ref().expect("the world is open").faults()
    }

    fn session(&self) -> Session {
        self.cluster.session(ActAs::Component, Deadline::after(Duration::from_secs(5)))
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("the world is open")
    }

    /// Ends in good order.
    fn close(mut self) {
        self.stop.cancel();
        if let (Some(runtime), Some(sandbox)) = (&self.runtime, self.sandbox.take()) {
            runtime.block_on(sandbox.stop()).expect("a clean stop");
        }
    }
}

/// Ends as a killed process does: nothing is finished.
impl Drop for World {
    fn drop(&mut self) {
        let sandbox = self.sandbox.take();
        if let Some(runtime) = self.runtime.take() {
            let guard = runtime.enter();
            drop(sandbox);
            drop(guard);
            runtime.shutdown_timeout(Duration::from_millis(500));
        }
    }
}

fn sync_status(application: &Value) -> &str {
    application.str_at(&["status", "sync", "status"]).unwrap_or_default()
}

fn core(kind: &str, plural: &str) -> Resource {
    Resource::new(GroupVersionKind::new("", "v1", kind), plural, true)
}

fn application_target() -> Target {
    Target::new(&Resource::new(argocd_api::application::kind(), "applications", true), "argocd", "demo")
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

fn parse(text: &str) -> Value {
    value::from_json(text.as_bytes()).expect(text)
}
