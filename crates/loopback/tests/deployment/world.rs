//! A simulated cluster with Flux's controllers and ours, and a Git repository.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use apimachinery::clock::Clock;
use apimachinery::gvk::GroupVersionKind;
use cluster::{
    ActAs, Apply, Cluster, ClusterId, Deadline, Propagation, Resource, Session, Subresource, Target,
};
use git_server::{GitServer, Repositories, Repository};
use sandbox::{Config, Sandbox};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use value::Value;

/// So long a test waits for what it expects.
const PATIENCE: Duration = Duration::from_secs(60);

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

pub(crate) struct World {
    pub(crate) session: Session,
    pub(crate) url: String,
    pub(crate) preview: loopback::Preview,
    work_tree: TempDir,
    stop: CancellationToken,
    _sandbox: Sandbox,
    _server: GitServer,
    _artifacts: TempDir,
}

impl World {
    /// A world with the namespaces `argocd` and `apps`, the default project, and a first commit.
    pub(crate) async fn start() -> Self {
        if rustls::crypto::ring::default_provider().install_default().is_err() {
            // Another test of this process has installed it.
        }
        let sandbox = Sandbox::start(Config::in_memory(Arc::new(SystemClock))).await.expect("a sandbox");
        let kubeconfig = kube::config::Kubeconfig::from_yaml(&sandbox.kubeconfig()).expect("a kubeconfig");
        let options = kube::config::KubeConfigOptions::default();
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options);
        let client = kube::Client::try_from(config.await.expect("a config")).expect("a client");
        let cluster = Cluster::new(ClusterId::in_cluster(), client);
        let session = cluster.session(ActAs::Component, Deadline::after(Duration::from_secs(600)));
        install(&session).await;

        let work_tree = tempfile::tempdir().expect("a folder");
        git(work_tree.path(), &["init", "--quiet", "--initial-branch=main"]);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let repository = Repository::open(work_tree.path()).expect("a repository");
        let server = GitServer::start(listener, Repositories::from([("app".to_owned(), repository)]));
        let server = server.expect("a server");
        let url = server.url_of("app").expect("it serves the repository");

        let (stop, artifacts) = (CancellationToken::new(), tempfile::tempdir().expect("a folder"));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mut settings = flux_controllers::Settings::new(artifacts.path().to_owned());
        settings.requeue_dependency = Duration::from_millis(100);
        let flux =
            flux_controllers::Controllers::start(&cluster, settings, Arc::new(SystemClock), listener, &stop);
        flux.await.expect("Flux's controllers");
        let settings =
            loopback::Settings { look: Duration::from_millis(100), ..loopback::Settings::default() };
        let ours = loopback::Controllers::start(&cluster, settings, Arc::new(SystemClock), &stop);
        let preview = ours.await.expect("our controller").preview();
        let world = Self {
            session,
            url,
            preview,
            work_tree,
            stop,
            _sandbox: sandbox,
            _server: server,
            _artifacts: artifacts,
        };
        world.commit("app/one.yaml", &config_map("one", "first"));
        world
    }

    /// Writes a file and commits it; gives the commit.
    pub(crate) fn commit(&self, path: &str, text: &str) -> String {
        let file = self.work_tree.path().join(path);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(file, text).expect("a file");
        git(self.work_tree.path(), &["add", "--all"]);
        let identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"];
        git(self.work_tree.path(), &[&identity[..], &["commit", "--quiet", "--message", "test"]].concat());
        self.head()
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        git(self.work_tree.path(), arguments)
    }

    pub(crate) fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }

    /// Creates an Application called `demo` with `more` in its spec.
    pub(crate) async fn create(&self, metadata: &str, more: &str) {
        self.apply(&self.application(metadata, more)).await;
    }

    pub(crate) fn application(&self, metadata: &str, more: &str) -> Value {
        let text = format!(
            r#"{{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{{"name":"demo","namespace":"argocd"{metadata}}},"spec":{{"project":"default","destination":{{"namespace":"apps","server":"https://kubernetes.default.svc"}},"source":{{"repoURL":"{}","path":"app","targetRevision":"main"}}{more}}}}}"#,
            self.url
        );
        value::from_json(text.as_bytes()).expect("valid")
    }

    pub(crate) async fn apply(&self, object: &Value) {
        apply(&self.session, object).await;
    }

    /// Patches the Application.
    pub(crate) async fn patch(&self, patch: &str) {
        let patch = value::from_json(patch.as_bytes()).expect(patch);
        let target = target("Application", "argocd", "demo");
        self.session.merge_patch(&target, Subresource::Main, "test", &patch).await.expect("patched");
    }

    /// Asks for a comparison with the source, and waits for it.
    pub(crate) async fn refresh(&self) {
        self.patch(r#"{"metadata":{"annotations":{"argocd.argoproj.io/refresh":"normal"}}}"#).await;
        self.until("the refresh is done", |application| {
            application.at(&["metadata", "annotations", "argocd.argoproj.io/refresh"]).is_none()
        })
        .await;
    }

    /// Waits until the Application is as expected.
    pub(crate) async fn until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let started = Instant::now();
        loop {
            let application = self.get("Application", "argocd", "demo").await;
            if let Some(application) = application.clone().filter(|application| is_so(application)) {
                return application;
            }
            if started.elapsed() > PATIENCE {
                let found = application.map(|application| value::to_json_pretty(&application, 1));
                panic!("{what} has not come; the Application is {}", found.unwrap_or_default());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until sync status and health are as expected.
    pub(crate) async fn until_is(&self, sync: &str, health: &str) -> Value {
        self.until(&format!("{sync}/{health}"), |application| {
            application.str_at(&["status", "sync", "status"]) == Some(sync)
                && application.str_at(&["status", "health", "status"]) == Some(health)
        })
        .await
    }

    /// Asks for a sync, and waits for its end.
    pub(crate) async fn sync(&self, operation: &str) -> Value {
        self.patch(&format!(r#"{{"operation":{operation}}}"#)).await;
        self.until("the end of the sync", |application| {
            let finished = application.at(&["status", "operationState", "finishedAt"]).is_some();
            finished && application.get("operation").is_none()
        })
        .await
    }

    pub(crate) async fn get(&self, kind: &str, namespace: &str, name: &str) -> Option<Value> {
        self.session.get(&target(kind, namespace, name)).await.expect("an answer")
    }

    /// What a ConfigMap that is deployed says.
    pub(crate) async fn deployed(&self, name: &str) -> Option<String> {
        let found = self.get("ConfigMap", "apps", name).await?;
        Some(found.str_at(&["data", "text"]).unwrap_or_default().to_owned())
    }

    pub(crate) async fn delete(&self, kind: &str, namespace: &str, name: &str) {
        let found = self.get(kind, namespace, name).await.expect("it exists");
        let uid = apimachinery::object::uid(&found).expect("a UID");
        let deleted = self.session.delete(&target(kind, namespace, name), uid, Propagation::Background).await;
        assert!(deleted.expect("deleted"));
    }

    pub(crate) async fn until_gone(&self, kind: &str, namespace: &str, name: &str) {
        let started = Instant::now();
        while self.get(kind, namespace, name).await.is_some() {
            let application = self.get("Application", "argocd", "demo").await;
            assert!(started.elapsed() < PATIENCE, "{kind} {name} is still there; {application:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits for a time in which something could happen that must not.
    pub(crate) async fn settle(&self) {
        tokio::time::sleep(Duration::from_millis(800)).await;
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn install(session: &Session) {
    let definitions = flux_api::definitions::all().expect("definitions");
    for definition in definitions.into_iter().chain(argocd_api::definitions::all().expect("definitions")) {
        apply(session, &definition).await;
    }
    let started = Instant::now();
    let kinds = [
        flux_api::kustomization::kind(),
        flux_api::git_repository::kind(),
        argocd_api::application::kind(),
        argocd_api::project::kind(),
    ];
    for kind in kinds {
        while session.resource(&kind).await.is_err() {
            assert!(started.elapsed() < PATIENCE, "{kind} is not served");
            session.cluster().forget_kinds();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    for namespace in ["argocd", "apps"] {
        let namespace =
            format!(r#"{{"apiVersion":"v1","kind":"Namespace","metadata":{{"name":"{namespace}"}}}}"#);
        apply(session, &value::from_json(namespace.as_bytes()).expect("valid")).await;
    }
}

pub(crate) fn config_map(name: &str, text: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: apps}}\ndata: {{text: {text}}}\n"
    )
}

fn target(kind: &str, namespace: &str, name: &str) -> Target {
    let (gvk, plural) = match kind {
        "Application" => (argocd_api::application::kind(), "applications"),
        "GitRepository" => (flux_api::git_repository::kind(), "gitrepositories"),
        "Kustomization" => (flux_api::kustomization::kind(), "kustomizations"),
        "ConfigMap" => (GroupVersionKind::new("", "v1", kind), "configmaps"),
        "Deployment" => (GroupVersionKind::new("apps", "v1", kind), "deployments"),
        "Secret" => (GroupVersionKind::new("", "v1", kind), "secrets"),
        other => panic!("no test needs {other}"),
    };
    Target::new(&Resource::new(gvk, plural, true), namespace, name)
}

async fn apply(session: &Session, object: &Value) {
    let target = session.target(object).await.expect("a served kind");
    session
        .apply(&target, object, Apply { manager: "test", force: true, dry_run: false })
        .await
        .expect("an applied object");
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git").args(arguments).current_dir(folder).output().expect("git is installed");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
