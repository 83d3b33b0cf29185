//! What controllers would have done before a step: what an application deployed is there, and a Kustomization stands
//! for it, as Flux deploys here what Argo CD's own engine deployed there.

use std::path::PathBuf;
use std::time::Duration;

use apimachinery::{gvk::GroupVersionKind, object};
use cluster::{Resource, Session, Subresource};
use engine::inventory::Entry;
use engine::{Inventory, ObjectRef};
use value::Value;

use crate::exchange::folder;
use crate::world::{NAMESPACE, apply, parse};

/// The Kustomizations are where Flux is.
const FLUX: &str = "flux-system";

/// Brings the cluster to where it was before a step, or before one of its exchanges.
pub(crate) async fn before(session: &Session, scenario: &str, step: &str) {
    match (scenario, step) {
        ("api-applications", "02-read") => {
            remove_others(session, scenario).await;
            describe(session, scenario, scenario).await;
        }
        ("secret-masking", "01-created") => describe(session, scenario, scenario).await,
        ("api-applications", "03-synced") | ("secret-masking", "02-synced") => {
            deploy(session, scenario, scenario).await;
        }
        ("sync-api", step) if !step.contains('/') => end_operation(session, scenario).await,
        ("api-applications", "05-actions/run-pause-v1") => until_rolled_out(session, scenario).await,
        ("api-applications", "05-actions/resource-tree") => settle().await,
        ("api-applications", "08-badge") => pause(session, scenario).await,
        ("secret-masking", "03-drift") => drift(session).await,
        ("rbac", "01-alice-applications") => {
            for application in ["rbac-syncable", "rbac-visible"] {
                describe(session, scenario, application).await;
            }
        }
        (scenario, "01-synced") if scenario.starts_with("delete-") => {
            describe(session, scenario, scenario).await;
            deploy(session, scenario, scenario).await;
        }
        (scenario, "03-gone") if scenario.starts_with("delete-") => release(session, scenario).await,
        _ => {}
    }
}

/// The objects of the source, in the namespace that the application deploys to.
fn objects(scenario: &str, namespace: &str) -> Vec<Value> {
    let folder: PathBuf = folder().join(scenario).join("input/git").join(scenario).join("1/app");
    let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    let texts = files.iter().map(|file| std::fs::read_to_string(file).expect("a file"));
    let documents: Vec<String> =
        texts.flat_map(|text| text.split("\n---\n").map(str::to_owned).collect::<Vec<_>>()).collect();
    let in_namespace = |text: &String| {
        let mut object = parse(text);
        object.set_at(&["metadata", "namespace"], namespace);
        object
    };
    documents.iter().map(in_namespace).collect()
}

async fn application(session: &Session, name: &str) -> (cluster::Target, Value) {
    let kind = Resource::new(argocd_api::application::kind(), "applications", true);
    let target = cluster::Target::new(&kind, NAMESPACE, name);
    let found = session.get(&target).await.expect("an answer");
    (target, found.unwrap_or_else(|| panic!("there is no application {name}")))
}

/// A Kustomization that lists what it deployed, and an application that knows of it.
async fn describe(session: &Session, scenario: &str, name: &str) {
    let (target, found) = application(session, name).await;
    let namespace = found.str_at(&["spec", "destination", "namespace"]).expect("a namespace").to_owned();
    for namespace in [FLUX, &namespace] {
        apply(
            session,
            &parse(&format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: {namespace}}}}}")),
        )
        .await;
    }
    let entry = |object: &Value| Entry {
        reference: ObjectRef::of(object).expect("a reference"),
        version: GroupVersionKind::of(object).expect("a kind").version,
    };
    let inventory = Inventory { entries: objects(scenario, &namespace).iter().map(entry).collect() };
    let kustomization = parse(&format!(
        "{{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, metadata: {{name: {name}, namespace: {FLUX}}}, \
         spec: {{interval: 10m, prune: true, sourceRef: {{kind: GitRepository, name: x}}}}}}"
    ));
    apply(session, &kustomization).await;
    let of_kustomization = session.target(&kustomization).await.expect("a kind");
    let mut status = Value::map();
    status.set_at(&["status", "inventory"], inventory.to_status());
    session.merge_patch(&of_kustomization, Subresource::Status, "test", &status).await.expect("a status");
    let resources = parse(&format!(
        "{{status: {{resources: [{{group: kustomize.toolkit.fluxcd.io, version: v1, kind: Kustomization, \
         namespace: {FLUX}, name: {name}, status: Synced}}]}}}}"
    ));
    session.merge_patch(&target, Subresource::Main, "test", &resources).await.expect("a status");
    settle().await;
}

/// What the source describes, running.
async fn deploy(session: &Session, scenario: &str, name: &str) {
    let (_, found) = application(session, name).await;
    let namespace = found.str_at(&["spec", "destination", "namespace"]).expect("a namespace").to_owned();
    let objects = objects(scenario, &namespace);
    for object in &objects {
        apply(session, object).await;
    }
    if objects.iter().any(|object| object.str_at(&["kind"]) == Some("Deployment")) {
        until_ready(session, &namespace).await;
    }
    settle().await;
}

async fn until_ready(session: &Session, namespace: &str) {
    let number = |object: &Value, path: &[&str]| object.at(path).and_then(Value::as_i64).unwrap_or(0);
    let is_ready = |object: &Value| {
        number(object, &["status", "availableReplicas"]) == number(object, &["spec", "replicas"])
            && number(object, &["status", "replicas"]) == number(object, &["status", "updatedReplicas"])
            && number(object, &["status", "observedGeneration"])
                == number(object, &["metadata", "generation"])
    };
    until_all(session, namespace, ("apps", "Deployment", "deployments"), is_ready).await;
}

/// What the actions of the step set in motion has come to rest.
async fn until_rolled_out(session: &Session, scenario: &str) {
    let namespace = format!("ns-{scenario}");
    let is_done = |job: &Value| job.at(&["status", "completionTime"]).is_some();
    until_all(session, &namespace, ("batch", "Job", "jobs"), is_done).await;
    until_ready(session, &namespace).await;
    settle().await;
}

async fn until_all(
    session: &Session,
    namespace: &str,
    (group, kind, plural): (&str, &str, &str),
    is_so: impl Fn(&Value) -> bool,
) {
    let kind = Resource::new(GroupVersionKind::new(group, "v1", kind), plural, true);
    loop {
        let found = session.list(&kind, namespace, "").await.expect("a list");
        if found.iter().all(&is_so) {
            return;
        }
        assert!(!session.deadline().left().is_zero(), "the {plural} do not become ready");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The API's views follow the cluster a moment later.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(400)).await;
}

async fn drift(session: &Session) {
    let secret = parse("{apiVersion: v1, kind: Secret, metadata: {name: b64, namespace: ns-secret-masking}}");
    let target = session.target(&secret).await.expect("a kind");
    let patch = parse("{data: {k: b3RoZXI=, extra: eA==}}");
    session.merge_patch(&target, Subresource::Main, "test", &patch).await.expect("a Secret");
    settle().await;
}

/// A controller would have told that the Deployment was paused.
async fn pause(session: &Session, name: &str) {
    let (target, _) = application(session, name).await;
    let patch = parse(
        "{status: {health: {status: Suspended}, sync: {status: OutOfSync, comparedTo: {source: {repoURL: x}, \
         destination: {}}}, operationState: {operation: {initiatedBy: {}, retry: {}}, phase: Succeeded, startedAt: 2026-01-01T00:00:00Z, \
         syncResult: {revision: 93af1b1950244d1a28fea3fbf56ea8f7984309df, source: {repoURL: \"\"}}}}}",
    );
    session.merge_patch(&target, Subresource::Main, "test", &patch).await.expect("an application");
    settle().await;
}

/// Upstream refuses to create what cannot be rendered, and the recorder deleted what it had created to try.
async fn remove_others(session: &Session, name: &str) {
    let kind = Resource::new(argocd_api::application::kind(), "applications", true);
    for found in session.list(&kind, NAMESPACE, "").await.expect("a list") {
        let other = object::name(&found).expect("a name");
        if other != name && !other.ends_with("-option") {
            delete(session, other).await;
        }
    }
    settle().await;
}

async fn delete(session: &Session, name: &str) {
    let (target, found) = application(session, name).await;
    let uid = object::uid(&found).expect("a uid");
    session.delete(&target, uid, cluster::Propagation::Background).await.expect("deleted");
    let patch = parse("{metadata: {finalizers: []}}");
    if let Err(error) = session.merge_patch(&target, Subresource::Main, "test", &patch).await {
        assert!(error.is_not_found(), "{error}");
    }
}

/// A controller would have carried it out.
async fn end_operation(session: &Session, name: &str) {
    let (target, _) = application(session, name).await;
    let patch = parse("{operation: null}");
    session.merge_patch(&target, Subresource::Main, "test", &patch).await.expect("an application");
    settle().await;
}

/// The controller is done with the deletion.
async fn release(session: &Session, name: &str) {
    let kind = Resource::new(argocd_api::application::kind(), "applications", true);
    let target = cluster::Target::new(&kind, NAMESPACE, name);
    if session.get(&target).await.expect("an answer").is_some() {
        delete(session, name).await;
    }
    settle().await;
}
