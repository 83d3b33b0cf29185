//! The live view of a whole cluster, on a simulated one.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use apimachinery::clock::Clock;
use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use cluster::live::Live;
use cluster::{ActAs, Apply, Cluster, ClusterId, Deadline, Propagation, Session};
use engine::ObjectRef;
use sandbox::{Config, Sandbox};
use tokio_util::sync::CancellationToken;
use value::Value;

const PATIENCE: Duration = Duration::from_secs(60);

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

async fn cluster() -> (Cluster, Sandbox) {
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        // Another test of this process has installed it.
    }
    let sandbox = Sandbox::start(Config::in_memory(Arc::new(SystemClock))).await.expect("a sandbox");
    let kubeconfig = kube::config::Kubeconfig::from_yaml(&sandbox.kubeconfig()).expect("a kubeconfig");
    let options = kube::config::KubeConfigOptions::default();
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.expect("a config");
    let client = kube::Client::try_from(config).expect("a client");
    (Cluster::new(ClusterId::in_cluster(), client), sandbox)
}

async fn apply(session: &Session, json: &str) -> Value {
    let object = value::from_json(json.as_bytes()).expect(json);
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        let how = Apply { manager: "test", force: true, dry_run: false };
        let applied = match session.target(&object).await {
            Ok(target) => session.apply(&target, &object, how).await,
            Err(error) => Err(error),
        };
        match applied {
            Ok(applied) => return applied.object,
            // A kind that was just defined is not served at once.
            Err(_) if tokio::time::Instant::now() < until => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

fn reference(group: &str, kind: &str, name: &str) -> ObjectRef {
    let text = str::to_owned;
    ObjectRef { group: text(group), kind: text(kind), namespace: text("default"), name: text(name) }
}

async fn until<T>(mut found: impl FnMut() -> Option<T>) -> T {
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(tokio::time::Instant::now() < until, "it did not come about");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn objects_owners_and_kinds_that_come_later() {
    let (cluster, _sandbox) = cluster().await;
    let session = cluster.session(ActAs::Component, Deadline::after(PATIENCE));
    let before =
        r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"first","namespace":"default"}}"#;
    let first = apply(&session, before).await;
    let stop = CancellationToken::new();
    let wants = |gvk: &GroupVersionKind| gvk.kind != "Event";
    let keep = |object: &Value| object::name(object).map(str::to_owned);
    let live: Live<String> = Live::start(cluster.clone(), wants, keep, &stop);
    live.synced().await;
    let known = live.get(&reference("", "ConfigMap", "first"));
    assert_eq!(
        known.as_deref().map(String::as_str),
        Some("first"),
        "what was there before is in it once it is synced"
    );

    let uid = object::uid(&first).expect("a UID").to_owned();
    let owned = format!(
        r#"{{"apiVersion":"v1","kind":"Secret","metadata":{{"name":"second","namespace":"default","ownerReferences":[{{"apiVersion":"v1","kind":"ConfigMap","name":"first","uid":"{uid}"}}]}}}}"#
    );
    apply(&session, &owned).await;
    let children = until(|| Some(live.owned_by(&uid)).filter(|children| !children.is_empty())).await;
    assert_eq!(children.iter().map(|child| child.as_str()).collect::<Vec<_>>(), ["second"]);

    let definition = r#"{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"things.example.com"},
        "spec":{"group":"example.com","scope":"Namespaced","names":{"kind":"Thing","plural":"things"},
        "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object"}}}]}}"#;
    apply(&session, definition).await;
    let thing =
        r#"{"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":"third","namespace":"default"}}"#;
    apply(&session, thing).await;
    until(|| live.get(&reference("example.com", "Thing", "third"))).await;

    let target = session.target(&first).await.expect("a target");
    assert!(session.delete(&target, &uid, Propagation::Background).await.expect("deleted"));
    let gone = reference("", "ConfigMap", "first");
    until(|| live.get(&gone).is_none().then_some(())).await;
    until(|| live.owned_by(&uid).is_empty().then_some(())).await;
    stop.cancel();
}
