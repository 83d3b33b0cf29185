//! A cluster with our controller of Applications and none of Flux's.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use apimachinery::clock::Clock;
use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use cluster::{
    ActAs, Apply, Cluster, ClusterId, Deadline, Propagation, Resource, Session, Subresource, Target,
};
use kube::config::{KubeConfigOptions, Kubeconfig};
use sandbox::{Config, Sandbox};
use tokio_util::sync::CancellationToken;
use value::Value;

use crate::stand_in::StandIn;

const KUBECONFIG: &str = "FLAMINGO_UPSTREAM_KUBECONFIG";
const DEFINITIONS: &str = "FLAMINGO_UPSTREAM_CRDS";
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);
/// What the stand-in writes with.
const OTHER: &str = "kustomize-controller";
const NAME: &str = "demo";
/// How many worlds share the cluster.
static WORLDS: AtomicU32 = AtomicU32::new(0);

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

/// Where the objects of one world are.
#[derive(Clone)]
pub(crate) struct Objects {
    session: Session,
    /// That of the Flux objects; each world has its own.
    namespace: String,
    control: String,
}

pub(crate) struct World {
    objects: Objects,
    stop: CancellationToken,
    _sandbox: Option<Sandbox>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        if rustls::crypto::ring::default_provider().install_default().is_err() {
            // Another test of this process has installed it.
        }
        let (sandbox, kubeconfig) = match std::env::var_os(KUBECONFIG) {
            Some(path) => (None, Kubeconfig::read_from(path).expect("a kubeconfig")),
            None => {
                let sandbox =
                    Sandbox::start(Config::in_memory(Arc::new(SystemClock))).await.expect("a sandbox");
                let kubeconfig = Kubeconfig::from_yaml(&sandbox.kubeconfig()).expect("a kubeconfig");
                (Some(sandbox), kubeconfig)
            }
        };
        let options = KubeConfigOptions::default();
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.expect("a config");
        let client = kube::Client::try_from(config).expect("a client");
        let cluster = Cluster::new(ClusterId::in_cluster(), client);
        let session = cluster.session(ActAs::Component, Deadline::after(Duration::from_secs(600)));
        install(&session).await;
        let unique = format!("{}-{}", std::process::id(), WORLDS.fetch_add(1, Ordering::Relaxed));
        let objects =
            Objects { session, namespace: format!("apps-{unique}"), control: format!("argocd-{unique}") };
        for namespace in [&objects.namespace, &objects.control] {
            objects
                .apply(&json(&format!(
                    r#"{{"apiVersion":"v1","kind":"Namespace","metadata":{{"name":"{namespace}"}}}}"#
                )))
                .await;
        }
        let stop = CancellationToken::new();
        let settings = loopback::Settings {
            namespace: objects.control.clone(),
            look: Duration::from_millis(100),
            ..loopback::Settings::default()
        };
        let ours = loopback::Controllers::start(&cluster, settings, Arc::new(SystemClock), &stop);
        ours.await.expect("our controller");
        Self { objects, stop, _sandbox: sandbox }
    }

    pub(crate) async fn create_application(&self) {
        let Objects { namespace, control, .. } = &self.objects;
        // Nobody asks this repository: a branch is told by what the source says.
        self.objects.apply(&json(&format!(
            r#"{{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{{"name":"{NAME}","namespace":"{control}","finalizers":["resources-finalizer.argocd.argoproj.io"]}},"spec":{{"project":"default","destination":{{"namespace":"{namespace}","server":"https://kubernetes.default.svc"}},"source":{{"repoURL":"http://127.0.0.1:9/demo.git","path":"app","targetRevision":"main"}},"syncPolicy":{{"automated":{{}},"syncOptions":["FluxSubsystem=true","AutoCreateFluxResources=true"]}}}}}}"#
        )))
        .await;
    }

    /// Answers what is asked of Flux's controllers from now on.
    pub(crate) fn stand_in(&self, revision: &'static str) -> StandIn {
        StandIn::start(self.objects.clone(), revision)
    }

    /// The source controller has an artifact.
    pub(crate) async fn fetched(&self, revision: &str) {
        let mut status = artifact(revision);
        status.set_at(&["conditions"], conditions("True", "Succeeded", "stored artifact"));
        self.objects.write_status("GitRepository", status).await;
    }

    /// The kustomize controller has deployed it.
    pub(crate) async fn deployed(&self, revision: &str) {
        let mut status = applied(revision);
        let message = format!("Applied revision: {revision}");
        status.set_at(&["conditions"], conditions("True", "ReconciliationSucceeded", &message));
        self.objects.write_status("Kustomization", status).await;
    }

    /// The kustomize controller has tried, in vain.
    pub(crate) async fn failed(&self, revision: &str, reason: &str, message: &str) {
        let mut status = Value::map_of([("lastAttemptedRevision", revision)]);
        status.set_at(&["conditions"], conditions("False", reason, message));
        self.objects.write_status("Kustomization", status).await;
    }

    pub(crate) async fn patch_application(&self, patch: &str) {
        self.objects.patch("Application", patch).await;
    }

    pub(crate) async fn delete_application(&self) {
        let found = self.objects.get("Application").await.expect("it is there");
        let uid = object::uid(&found).expect("a UID");
        let target = self.objects.target("Application");
        self.objects.session.delete(&target, uid, Propagation::Background).await.expect("deleted");
    }

    pub(crate) async fn until_there(&self, kind: &str) -> Value {
        let started = Instant::now();
        loop {
            if let Some(found) = self.objects.get(kind).await {
                return found;
            }
            assert!(started.elapsed() < PATIENCE, "there is no {kind}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    pub(crate) async fn until_gone(&self, kind: &str) {
        let started = Instant::now();
        while self.objects.get(kind).await.is_some() {
            assert!(started.elapsed() < PATIENCE, "the {kind} is still there");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits until the Application is as expected.
    pub(crate) async fn until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let started = Instant::now();
        loop {
            let found = self.objects.get("Application").await.unwrap_or_default();
            if is_so(&found) {
                return found;
            }
            let status = found.get("status").map(|status| value::to_json_pretty(status, 1));
            assert!(started.elapsed() < PATIENCE, "{what} has not come: {}", status.unwrap_or_default());
            tokio::time::sleep(PAUSE).await;
        }
    }

    pub(crate) async fn until_is(&self, sync: &str, health: &str) -> Value {
        self.until(&format!("{sync}/{health}"), |application| {
            application.str_at(&["status", "sync", "status"]) == Some(sync)
                && application.str_at(&["status", "health", "status"]) == Some(health)
        })
        .await
    }
}

impl Objects {
    fn target(&self, kind: &str) -> Target {
        let (gvk, plural) = match kind {
            "Application" => (argocd_api::application::kind(), "applications"),
            "GitRepository" => (flux_api::git_repository::kind(), "gitrepositories"),
            "Kustomization" => (flux_api::kustomization::kind(), "kustomizations"),
            other => panic!("no test needs {other}"),
        };
        let namespace = if kind == "Application" { &self.control } else { &self.namespace };
        Target::new(&Resource::new(gvk, plural, true), namespace, NAME)
    }

    pub(crate) async fn get(&self, kind: &str) -> Option<Value> {
        self.session.get(&self.target(kind)).await.expect("an answer")
    }

    pub(crate) async fn patch(&self, kind: &str, patch: &str) {
        let patched =
            self.session.merge_patch(&self.target(kind), Subresource::Main, OTHER, &json(patch)).await;
        if let Err(error) = patched {
            assert!(error.is_not_found(), "{error}");
        }
    }

    /// Writes a status as a controller does that has seen the spec.
    pub(crate) async fn write_status(&self, kind: &str, mut status: Value) {
        let found = self.get(kind).await.expect("it is there");
        if let Some(generation) = object::generation(&found) {
            status.set_at(&["observedGeneration"], generation);
        }
        let patch = Value::map_of([("status", status)]);
        self.session
            .merge_patch(&self.target(kind), Subresource::Status, OTHER, &patch)
            .await
            .expect("patched");
    }

    async fn apply(&self, object: &Value) {
        apply(&self.session, object).await;
    }
}

/// `status.artifact` of a GitRepository.
pub(crate) fn artifact(revision: &str) -> Value {
    let mut status = Value::map();
    for (field, text) in [
        ("revision", revision),
        ("url", "http://source-controller.flux-system.svc/artifact.tar.gz"),
        ("path", "gitrepository/apps/demo/artifact.tar.gz"),
        ("digest", "sha256:0000000000000000000000000000000000000000000000000000000000000000"),
        ("lastUpdateTime", "2026-01-01T00:00:00Z"),
    ] {
        status.set_at(&["artifact", field], text);
    }
    status.set_at(&["artifact", "size"], 1000);
    status
}

/// What a Kustomization tells of a revision that it has applied.
pub(crate) fn applied(revision: &str) -> Value {
    let mut status = Value::map_of([("lastAppliedRevision", revision), ("lastAttemptedRevision", revision)]);
    status.set_at(&["inventory", "entries"], Value::list_of(Vec::<Value>::new()));
    status
}

pub(crate) fn conditions(status: &str, reason: &str, message: &str) -> Value {
    let condition = Value::map_of([
        ("type", "Ready"),
        ("status", status),
        ("reason", reason),
        ("message", message),
        ("lastTransitionTime", "2026-01-01T00:00:00Z"),
    ]);
    Value::list_of([condition])
}

fn json(text: &str) -> Value {
    value::from_json(text.as_bytes()).expect(text)
}

/// Flux's definitions as they are given, or ours; those of Argo CD are ours.
async fn install(session: &Session) {
    let flux = match std::env::var_os(DEFINITIONS) {
        Some(folder) => upstream(Path::new(&folder)),
        None => flux_api::definitions::all().expect("definitions"),
    };
    for definition in flux.into_iter().chain(argocd_api::definitions::all().expect("definitions")) {
        apply(session, &definition).await;
    }
    let kinds = [
        flux_api::kustomization::kind(),
        flux_api::git_repository::kind(),
        argocd_api::application::kind(),
        argocd_api::project::kind(),
    ];
    let started = Instant::now();
    for kind in kinds {
        while session.resource(&kind).await.is_err() {
            assert!(started.elapsed() < PATIENCE, "{kind} is not served");
            session.cluster().forget_kinds();
            tokio::time::sleep(PAUSE).await;
        }
    }
}

fn upstream(folder: &Path) -> Vec<Value> {
    let files = std::fs::read_dir(folder).expect("a folder of definitions");
    let texts = files.map(|file| std::fs::read_to_string(file.expect("a file").path()).expect("a text"));
    let documents = texts.flat_map(|text| yaml::parse_documents(&text, yaml::Rules::V2).expect("YAML"));
    let definitions: Vec<Value> =
        documents.map(|document| document.value).filter(|value| !value.is_null()).collect();
    assert!(!definitions.is_empty(), "there are no definitions in {}", folder.display());
    definitions
}

async fn apply(session: &Session, object: &Value) {
    let how = Apply { manager: "test", force: true, dry_run: false };
    let target = match session.target(object).await {
        Ok(target) => target,
        Err(_) => {
            let gvk = GroupVersionKind::of(object).expect("a kind");
            panic!("{gvk} is not served");
        }
    };
    session.apply(&target, object, how).await.expect("applied");
}
