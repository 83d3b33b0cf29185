//! A repository behind `git http-backend`, deployed: what is removed from it is pruned, and nothing is pruned
//! while it cannot be read.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may end at a failed step")]
#![expect(clippy::disallowed_methods, reason = "a test has no other edge than its environment")]

#[path = "../../../source/tests/git/backend.rs"]
#[expect(dead_code, reason = "the tests of `source` use what is not used here")]
mod backend;
#[path = "../replay/receiver.rs"]
#[expect(dead_code, reason = "the replay uses what is not used here")]
mod receiver;
#[path = "../../../source/tests/git/repository.rs"]
#[expect(dead_code, reason = "the tests of `source` use what is not used here")]
mod repository;
#[path = "../replay/world.rs"]
#[expect(dead_code, reason = "the replay uses what is not used here")]
mod world;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use apimachinery::condition::{self, Status};
use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use cluster::{Apply, Resource, Subresource, Target};
use value::Value;

use backend::{Behaviour, Server};
use repository::{Bare, git};
use world::World;

const NAMESPACE: &str = "default";
const DATE: &str = "1767225600 +0000";
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn removed_objects_are_pruned_and_unreadable_repositories_prune_nothing() {
    let deployed = Deployed::start().await;

    // Something changed, something added, something removed.
    let first = deployed.head().await;
    deployed.push(Some(&first), &[("one", "2"), ("three", "1")]).await;
    deployed.look().await;
    assert_eq!(deployed.objects().await, ["one 2", "three 1"]);

    // History is rewritten: the branch does not continue the commit that is deployed.
    deployed.push(Some(&first), &[("one", "3"), ("two", "3")]).await;
    deployed.look().await;
    assert_eq!(deployed.objects().await, ["one 3", "two 3"]);

    // The server dies while it sends the pack of a commit that removes everything but one.
    let third = deployed.head().await;
    deployed.push(Some(&third), &[("one", "4")]).await;
    let dying = Server::start(deployed.world.repositories.path(), Behaviour::CutPack).await;
    deployed.serve_from(&dying).await;
    deployed.fails("GitOperationFailed").await;
    assert_eq!(deployed.objects().await, ["one 3", "two 3"]);
    deployed.serve_from(&deployed.server).await;
    deployed.look().await;
    assert_eq!(deployed.objects().await, ["one 4"]);

    // The branch is deleted, and another one stays.
    let fourth = deployed.head().await;
    deployed.repository.run(&["update-ref", "refs/heads/other", &fourth]).await;
    deployed.repository.run(&["update-ref", "-d", "refs/heads/main"]).await;
    deployed.fails("GitOperationFailed").await;
    assert_eq!(deployed.objects().await, ["one 4"]);
    deployed.repository.run(&["update-ref", "refs/heads/main", &fourth]).await;
    deployed.look().await;
    assert_eq!(deployed.objects().await, ["one 4"]);

    // The repository is replaced by an empty one.
    let path = deployed.path();
    std::fs::rename(&path, path.with_extension("old")).unwrap();
    Bare::make(path).await;
    deployed.fails("EmptyGitRepository").await;
    assert_eq!(deployed.objects().await, ["one 4"]);
}

/// A repository with its server and the Flux objects that deploy it.
struct Deployed {
    world: World,
    repository: Bare,
    server: Server,
}

impl Deployed {
    async fn start() -> Self {
        let world = World::start().await;
        let server = Server::start(world.repositories.path(), Behaviour::Backend).await;
        let repository = Bare::make(world.repositories.path().join("app.git")).await;
        let deployed = Self { world, repository, server };
        deployed.push(None, &[("one", "1"), ("two", "1")]).await;
        deployed.serve_from(&deployed.server).await;
        deployed
            .apply(
                r#"{"apiVersion":"kustomize.toolkit.fluxcd.io/v1","kind":"Kustomization",
                "metadata":{"name":"app","namespace":"default"},
                "spec":{"interval":"1h","prune":true,"sourceRef":{"kind":"GitRepository","name":"app"}}}"#,
            )
            .await;
        deployed.reaches_head().await;
        assert_eq!(deployed.objects().await, ["one 1", "two 1"]);
        deployed
    }

    fn path(&self) -> PathBuf {
        self.world.repositories.path().join("app.git")
    }

    /// Puts a commit with these ConfigMaps and no others on `main`, whatever it held.
    async fn push(&self, parent: Option<&str>, objects: &[(&str, &str)]) {
        let tree = tempfile::tempdir().unwrap();
        for (name, text) in objects {
            let object = format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: {NAMESPACE}}}\ndata: {{text: \"{text}\"}}\n"
            );
            std::fs::write(tree.path().join(format!("{name}.yaml")), object).unwrap();
        }
        self.repository.commit(tree.path(), "refs/heads/main", parent, ("commit", DATE)).await;
    }

    async fn head(&self) -> String {
        git(&self.path(), DATE, &["rev-parse", "refs/heads/main"]).await
    }

    async fn serve_from(&self, server: &Server) {
        let source = format!(
            r#"{{"apiVersion":"source.toolkit.fluxcd.io/v1","kind":"GitRepository",
            "metadata":{{"name":"app","namespace":"default"}},
            "spec":{{"interval":"1h","url":"http://{}/app.git","ref":{{"branch":"main"}}}}}}"#,
            server.address
        );
        self.apply(&source).await;
    }

    async fn apply(&self, text: &str) {
        let object = value::from_json(text.as_bytes()).unwrap();
        let session = self.world.session();
        let target = session.target(&object).await.unwrap();
        let how = Apply { manager: "test", force: true, dry_run: false };
        session.apply(&target, &object, how).await.unwrap();
    }

    /// Asks for a look at the source, and waits until its commit is applied.
    async fn look(&self) {
        self.request().await;
        self.reaches_head().await;
    }

    async fn reaches_head(&self) {
        let head = self.head().await;
        let is_applied = |_: &Value, workload: &Value| {
            let applied = workload.str_at(&["status", "lastAppliedRevision"]).unwrap_or_default();
            applied.ends_with(&head) && is_ready(workload) == Some(Status::True)
        };
        self.wait(&format!("{head} is applied"), is_applied).await;
    }

    /// Asks for a look at the source, and waits until that has failed for `reason`.
    async fn fails(&self, reason: &str) {
        let asked = self.request().await;
        let has_failed = |source: &Value, _: &Value| {
            let handled = source.str_at(&["status", "lastHandledReconcileAt"]);
            let conditions = source.at(&["status", "conditions"]);
            let ready = conditions.and_then(|list| condition::get(list, "Ready"));
            handled == Some(&asked) && ready.is_some_and(|ready| ready.reason == reason)
        };
        self.wait(&format!("the source fails: {reason}"), has_failed).await;
        // The Kustomization gets the time to do something wrong.
        tokio::time::sleep(Duration::from_millis(300)).await;
    }

    async fn request(&self) -> String {
        let asked = format!("{:?}", Instant::now());
        let annotations = Value::map_of([(engine::request::REQUESTED_AT, asked.as_str())]);
        let patch = Value::map_of([("metadata", Value::map_of([("annotations", annotations)]))]);
        let session = self.world.session();
        session.merge_patch(&source(), Subresource::Main, "test", &patch).await.unwrap();
        asked
    }

    async fn wait(&self, what: &str, until: impl Fn(&Value, &Value) -> bool) {
        let started = Instant::now();
        loop {
            let session = self.world.session();
            let source = session.get(&source()).await.unwrap().unwrap_or_default();
            let workload = session.get(&workload()).await.unwrap().unwrap_or_default();
            if until(&source, &workload) {
                return;
            }
            let status = |object: &Value| object.get("status").cloned().unwrap_or_default();
            let shown = (status(&source), status(&workload));
            assert!(started.elapsed() < PATIENCE, "not so after {PATIENCE:?}: {what}; {shown:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The deployed ConfigMaps with their texts.
    async fn objects(&self) -> Vec<String> {
        let resource = Resource::new(GroupVersionKind::new("", "v1", "ConfigMap"), "configmaps", true);
        let labels = "kustomize.toolkit.fluxcd.io/name=app";
        let found = self.world.session().list(&resource, NAMESPACE, labels).await.unwrap();
        let shown = found.iter().map(|found| {
            let name = object::name(found).unwrap_or_default();
            format!("{name} {}", found.str_at(&["data", "text"]).unwrap_or_default())
        });
        shown.collect()
    }
}

fn is_ready(object: &Value) -> Option<Status> {
    let conditions = object.at(&["status", "conditions"])?;
    condition::get(conditions, "Ready").map(|ready| ready.status)
}

fn source() -> Target {
    let resource = Resource::new(flux_api::git_repository::kind(), "gitrepositories", true);
    Target::new(&resource, NAMESPACE, "app")
}

fn workload() -> Target {
    let resource = Resource::new(flux_api::kustomization::kind(), "kustomizations", true);
    Target::new(&resource, NAMESPACE, "app")
}
