//! Applications on a simulated cluster, from their creation to their end.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use value::Value;
use world::{World, config_map};

const AUTOMATED: &str =
    r#","syncPolicy":{"automated":{},"syncOptions":["FluxSubsystem=true","AutoCreateFluxResources=true"]}"#;
const MANUAL: &str = r#","syncPolicy":{"syncOptions":["FluxSubsystem=true","AutoCreateFluxResources=true"]}"#;
const FOUND: &str = r#","syncPolicy":{"syncOptions":["FluxSubsystem=true"]}"#;
const FINALIZER: &str = r#","finalizers":["resources-finalizer.argocd.argoproj.io"]"#;

fn text<'a>(application: &'a Value, path: &[&str]) -> &'a str {
    application.str_at(path).unwrap_or_default()
}

fn conditions(application: &Value) -> String {
    application.at(&["status", "conditions"]).map(Value::to_string).unwrap_or_default()
}

fn history(application: &Value) -> Vec<(i64, String)> {
    let entries = application.at(&["status", "history"]).and_then(Value::as_list).unwrap_or_default();
    let entry = |entry: &Value| {
        (entry.get("id").and_then(Value::as_i64).expect("an id"), text(entry, &["revision"]).to_owned())
    };
    entries.iter().map(entry).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_automated_application_follows_its_branch() {
    let world = World::start().await;
    let first = world.head();
    world.create("", AUTOMATED).await;
    let application = world.until_is("Synced", "Healthy").await;
    assert_eq!(text(&application, &["status", "sync", "revision"]), first);
    assert_eq!(world.deployed("one").await.as_deref(), Some("first"));
    let second = world.commit("app/one.yaml", &config_map("one", "second"));
    world.refresh().await;
    let application = world
        .until("the second commit", |application| {
            text(application, &["status", "sync", "revision"]) == second
                && text(application, &["status", "sync", "status"]) == "Synced"
                && text(application, &["status", "operationState", "phase"]) == "Succeeded"
        })
        .await;
    assert_eq!(world.deployed("one").await.as_deref(), Some("second"));
    assert_eq!(history(&application), [(0, first), (1, second.clone())]);
    let state =
        |path: &[&str]| text(&application, &[&["status", "operationState"], path].concat()).to_owned();
    assert_eq!(state(&["syncResult", "revision"]), second);
    assert_eq!(state(&["message"]), "successfully synced (all tasks run)");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_commit_that_comes_while_an_earlier_one_is_waited_for_is_no_error() {
    let world = World::start().await;
    let deployment = |tag: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: apps}}\nspec:\n  selector: \
             {{matchLabels: {{a: web}}}}\n  template:\n    metadata: {{labels: {{a: web}}}}\n    spec: {{containers: \
             [{{name: m, image: 'nginx:{tag}'}}]}}\n"
        )
    };
    world.commit("app/web.yaml", &deployment("does-not-exist"));
    world.create("", AUTOMATED).await;
    world
        .until("the wait for Pods", |application| {
            text(application, &["status", "operationState", "phase"]) == "Running"
                && text(application, &["status", "health", "message"]).contains("Deployment:apps/web")
        })
        .await;
    let second = world.commit("app/web.yaml", &deployment("1"));
    world.refresh().await;
    let application = world
        .until("the second commit", |application| {
            let state = |field| text(application, &["status", "operationState", field]);
            assert_ne!(state("phase"), "Error", "{}", state("message"));
            state("phase") == "Succeeded"
        })
        .await;
    assert_eq!(text(&application, &["status", "operationState", "syncResult", "revision"]), second);
    assert_eq!(text(&application, &["status", "operationState", "operation", "sync", "revision"]), second);
    world.until_is("Synced", "Healthy").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn without_automated_only_a_sync_deploys() {
    let world = World::start().await;
    let first = world.head();
    world.create("", MANUAL).await;
    let application = world.until_is("OutOfSync", "Missing").await;
    assert_eq!(text(&application, &["status", "sync", "revision"]), first);
    world.settle().await;
    assert_eq!(world.deployed("one").await, None);

    let application = world.sync(r#"{"initiatedBy":{"username":"admin"},"sync":{}}"#).await;
    let state =
        |path: &[&str]| text(&application, &[&["status", "operationState"], path].concat()).to_owned();
    assert_eq!(
        (state(&["phase"]).as_str(), state(&["message"]).as_str()),
        ("Succeeded", "successfully synced (all tasks run)")
    );
    assert_eq!(state(&["syncResult", "revision"]), first);
    assert_eq!(world.deployed("one").await.as_deref(), Some("first"));
    let application = world.until_is("Synced", "Healthy").await;
    let by = application.at(&["status", "history"]).and_then(Value::as_list).expect("a history");
    assert_eq!(text(&by[0], &["initiatedBy", "username"]), "admin");

    world.commit("app/one.yaml", &config_map("one", "second"));
    world.refresh().await;
    world.until_is("OutOfSync", "Healthy").await;
    world.settle().await;
    assert_eq!(world.deployed("one").await.as_deref(), Some("first"), "it rests between syncs");
    world.sync(r#"{"sync":{}}"#).await;
    world.until_is("Synced", "Healthy").await;
    assert_eq!(world.deployed("one").await.as_deref(), Some("second"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_sync_to_an_older_commit_stays_out_of_sync() {
    let world = World::start().await;
    let first = world.head();
    world.commit("app/one.yaml", &config_map("one", "second"));
    world.create("", MANUAL).await;
    world.until_is("OutOfSync", "Missing").await;
    let application = world.sync(&format!(r#"{{"sync":{{"revision":"{first}"}}}}"#)).await;
    assert_eq!(text(&application, &["status", "operationState", "phase"]), "Succeeded");
    assert_eq!(text(&application, &["status", "operationState", "syncResult", "revision"]), first);
    assert_eq!(world.deployed("one").await.as_deref(), Some("first"));
    world.until_is("OutOfSync", "Healthy").await;
    let source = world.get("GitRepository", "apps", "demo").await.expect("a source");
    assert_eq!(source.at(&["spec", "ref"]).map(Value::to_string).as_deref(), Some(r#"{"branch":"main"}"#));
    world.settle().await;
    assert_eq!(world.deployed("one").await.as_deref(), Some("first"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_sync_that_fails_says_why() {
    let world = World::start().await;
    world.commit("app/broken.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: broken}\ndata: [1]\n");
    world.create("", MANUAL).await;
    world.until_is("OutOfSync", "Missing").await;
    let application = world.sync(r#"{"sync":{}}"#).await;
    assert_eq!(text(&application, &["status", "operationState", "phase"]), "Failed");
    let message = text(&application, &["status", "operationState", "message"]);
    assert!(message.contains("ConfigMap/broken"), "{message}");
    let application = world.until_is("OutOfSync", "Degraded").await;
    assert!(conditions(&application).contains("What to do:"), "{}", conditions(&application));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_sync_that_fails_is_tried_again() {
    let world = World::start().await;
    world.commit("app/other.yaml", &config_map("other", "x").replace("namespace: apps", "namespace: later"));
    world.create("", MANUAL).await;
    world.until_is("OutOfSync", "Missing").await;
    let retry = r#"{"limit":1,"backoff":{"duration":"1s","factor":1}}"#;
    let application = world.sync(&format!(r#"{{"sync":{{}},"retry":{retry}}}"#)).await;
    let state = application.at(&["status", "operationState"]).expect("a state");
    assert_eq!(text(state, &["phase"]), "Failed");
    assert!(text(state, &["message"]).ends_with("(retried 1 times)."), "{state}");
    assert_eq!(state.get("retryCount").and_then(Value::as_i64), Some(1));

    world.patch(&format!(r#"{{"operation":{{"sync":{{}},"retry":{retry}}}}}"#)).await;
    world
        .until("the wait for another attempt", |application| {
            text(application, &["status", "operationState", "message"]).contains("Retrying attempt #1 at")
        })
        .await;
    let namespace = r#"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"later"}}"#;
    world.apply(&value::from_json(namespace.as_bytes()).expect("valid")).await;
    world
        .until("the end of the sync", |application| {
            text(application, &["status", "operationState", "phase"]) == "Succeeded"
        })
        .await;
    world.until_is("Synced", "Healthy").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_sync_can_be_ended() {
    let world = World::start().await;
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: stuck, namespace: apps}\nspec: {nodeSelector: {no: such}, \
               containers: [{name: c, image: \"example.com/c:1\"}]}\n";
    world.commit("app/pod.yaml", pod);
    world.create("", MANUAL).await;
    world.until_is("OutOfSync", "Missing").await;
    world.patch(r#"{"operation":{"sync":{}}}"#).await;
    world
        .until("the wait for the Pod", |application| {
            text(application, &["status", "operationState", "message"])
                .contains("waiting for healthy state of Kustomization/apps/demo")
        })
        .await;
    world.patch(r#"{"status":{"operationState":{"phase":"Terminating"}}}"#).await;
    let application =
        world.until("the end of the sync", |application| application.get("operation").is_none()).await;
    assert_eq!(text(&application, &["status", "operationState", "phase"]), "Failed");
    assert_eq!(text(&application, &["status", "operationState", "message"]), "Operation terminated");
    let workload = world.get("Kustomization", "apps", "demo").await.expect("it is there");
    assert_eq!(workload.at(&["spec", "suspend"]), Some(&Value::from(true)), "and rests");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_flux_cannot_do_in_a_sync_is_refused() {
    let world = World::start().await;
    world.create("", MANUAL).await;
    world.until_is("OutOfSync", "Missing").await;
    for (operation, expected) in [
        (r#"{"sync":{"dryRun":true}}"#, "operation.sync.dryRun is set"),
        (r#"{"sync":{"revision":"no-such"}}"#, "unable to resolve 'no-such' to a commit SHA"),
        (r#"{"sync":{"syncOptions":["Replace=true"]}}"#, "the sync option Replace=true"),
    ] {
        let application = world.sync(operation).await;
        assert_eq!(text(&application, &["status", "operationState", "phase"]), "Error", "{operation}");
        let message = text(&application, &["status", "operationState", "message"]);
        assert!(message.contains(expected), "{message}");
    }
    assert_eq!(world.deployed("one").await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn deletion_with_the_finalizer_leaves_nothing() {
    let world = World::start().await;
    world.create(FINALIZER, MANUAL).await;
    world.until_is("OutOfSync", "Missing").await;
    world.sync(r#"{"sync":{}}"#).await;
    assert_eq!(world.deployed("one").await.as_deref(), Some("first"));
    world.delete("Application", "argocd", "demo").await;
    world.until_gone("Application", "argocd", "demo").await;
    for (kind, name) in [("Kustomization", "demo"), ("GitRepository", "demo"), ("ConfigMap", "one")] {
        assert!(world.get(kind, "apps", name).await.is_none(), "{kind} {name} is left");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn deletion_awaits_what_is_pruned() {
    let world = World::start().await;
    world.create(FINALIZER, AUTOMATED).await;
    world.until_is("Synced", "Healthy").await;
    let held = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one","namespace":"apps","finalizers":["example.com/hold"]}}"#;
    world.apply(&value::from_json(held.as_bytes()).expect("valid")).await;
    world.delete("Application", "argocd", "demo").await;
    world.until_is("Synced", "Progressing").await;
    world.settle().await;
    assert!(world.get("Kustomization", "apps", "demo").await.is_some(), "it goes after what it deployed");
    assert!(world.get("GitRepository", "apps", "demo").await.is_some(), "it goes after the workload");
    let free = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one","namespace":"apps","finalizers":[]}}"#;
    world.apply(&value::from_json(free.as_bytes()).expect("valid")).await;
    world.until_gone("Application", "argocd", "demo").await;
    assert!(world.get("GitRepository", "apps", "demo").await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn deletion_without_the_finalizer_leaves_everything() {
    let world = World::start().await;
    world.create("", AUTOMATED).await;
    world.until_is("Synced", "Healthy").await;
    world.delete("Application", "argocd", "demo").await;
    world.until_gone("Application", "argocd", "demo").await;
    world.settle().await;
    for (kind, name) in [("Kustomization", "demo"), ("GitRepository", "demo"), ("ConfigMap", "one")] {
        assert!(world.get(kind, "apps", name).await.is_some(), "{kind} {name} is gone");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_a_project_denies_is_not_generated() {
    let world = World::start().await;
    let project = r#"{"apiVersion":"argoproj.io/v1alpha1","kind":"AppProject","metadata":{"name":"default","namespace":"argocd"},"spec":{"sourceRepos":["https://example.com/*"],"destinations":[{"server":"*","namespace":"*"}],"clusterResourceWhitelist":[{"group":"*","kind":"*"}]}}"#;
    world.apply(&value::from_json(project.as_bytes()).expect("valid")).await;
    world.settle().await;
    world.create("", AUTOMATED).await;
    let application = world.until_is("Unknown", "Unknown").await;
    assert_eq!(application.at(&["status", "reconciledAt"]), None, "nothing was compared");
    let expected = format!("application repo {} is not permitted in project 'default'", world.url);
    assert!(conditions(&application).contains(&expected), "{}", conditions(&application));
    world.settle().await;
    assert!(world.get("GitRepository", "apps", "demo").await.is_none());
    // The project changes its mind, and again.
    world.apply(&argocd_api::project::default_project("argocd")).await;
    world.until_is("Synced", "Healthy").await;
    world.apply(&value::from_json(project.as_bytes()).expect("valid")).await;
    world.until_is("Unknown", "Unknown").await;
    world.commit("app/one.yaml", &config_map("one", "second"));
    let workload = world.get("Kustomization", "apps", "demo").await.expect("it stays");
    assert_eq!(workload.at(&["spec", "suspend"]), Some(&Value::from(true)), "and rests");
    world.apply(&argocd_api::project::default_project("argocd")).await;
    world.until_is("Synced", "Healthy").await;
    let workload = world.get("Kustomization", "apps", "demo").await.expect("it is there");
    assert_eq!(workload.at(&["spec", "suspend"]), None);
}

/// A project that allows ConfigMaps in one namespace.
const LIMITED: &str = r#"{"apiVersion":"argoproj.io/v1alpha1","kind":"AppProject","metadata":{"name":"limited","namespace":"argocd"},"spec":{"sourceRepos":["*"],"destinations":[{"server":"*","namespace":"apps"}],"namespaceResourceBlacklist":[{"group":"","kind":"Service"}]}}"#;
const SERVICE: &str =
    "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: apps}\nspec: {ports: [{port: 80}]}\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_denied_kind_keeps_everything_from_being_deployed() {
    let world = World::start().await;
    world.apply(&value::from_json(LIMITED.as_bytes()).expect("valid")).await;
    world.commit("app/web.yaml", SERVICE);
    let elsewhere = config_map("elsewhere", "x").replace("namespace: apps", "namespace: argocd");
    let role =
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\nrules: []\n";
    world.commit("app/more.yaml", &format!("{elsewhere}---\n{role}"));
    let mut application = world.application("", MANUAL);
    application.set_at(&["spec", "project"], "limited");
    world.settle().await;
    world.apply(&application).await;
    world.until_is("OutOfSync", "Missing").await;
    let application = world.sync(r#"{"sync":{}}"#).await;
    let state = application.at(&["status", "operationState"]).expect("a state");
    assert_eq!(text(state, &["phase"]), "Failed");
    for expected in [
        "one or more synchronization tasks are not valid: ",
        "resource :Service is not permitted in project limited",
        "resource rbac.authorization.k8s.io:ClusterRole is not permitted in project limited",
        "namespace argocd is not permitted in project 'limited'",
    ] {
        assert!(text(state, &["message"]).contains(expected), "{}", text(state, &["message"]));
    }
    let denied = state.at(&["syncResult", "resources"]).and_then(Value::as_list).expect("results");
    assert_eq!(denied.len(), 3);
    world.settle().await;
    assert_eq!(world.deployed("one").await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_automated_application_of_a_limited_project_deploys_what_is_allowed() {
    let world = World::start().await;
    world.apply(&value::from_json(LIMITED.as_bytes()).expect("valid")).await;
    world.settle().await;
    let mut application = world.application("", AUTOMATED);
    application.set_at(&["spec", "project"], "limited");
    world.apply(&application).await;
    world.until_is("Synced", "Healthy").await;
    assert_eq!(world.deployed("one").await.as_deref(), Some("first"));
    world.commit("app/one.yaml", &config_map("one", "second"));
    world.refresh().await;
    world.until_is("Synced", "Healthy").await;
    assert_eq!(world.deployed("one").await.as_deref(), Some("second"));
    world.commit("app/web.yaml", SERVICE);
    world.commit("app/one.yaml", &config_map("one", "third"));
    world.refresh().await;
    world
        .until("the denial", |application| {
            text(application, &["status", "operationState", "message"]).contains("resource :Service")
        })
        .await;
    world.settle().await;
    assert_eq!(world.deployed("one").await.as_deref(), Some("second"));
    let source = world.get("GitRepository", "apps", "demo").await.expect("a source");
    assert_eq!(source.at(&["spec", "suspend"]), None, "it follows its branch again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn overrides_do_not_go_past_a_limited_project() {
    let world = World::start().await;
    world.apply(&value::from_json(LIMITED.as_bytes()).expect("valid")).await;
    world.settle().await;
    let mut application = world.application("", AUTOMATED);
    application.set_at(&["spec", "project"], "limited");
    for field in
        ["include: [{repository: {name: other}}]", "recurseSubmodules: true", "secretRef: {name: theirs}"]
    {
        let annotation = format!("spec:\n  {field}\n");
        application.set_at(&["metadata", "annotations", "flamingo/gitrepository-override"], annotation);
        world.apply(&application).await;
        let name = field.split(':').next().unwrap_or_default();
        let expected = format!("the override of the GitRepository sets spec.{name}");
        world.until(&expected, |application| conditions(application).contains(&expected)).await;
        assert!(world.get("GitRepository", "apps", "demo").await.is_none());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_request_that_comes_during_another_sync_is_carried_out_after_it() {
    let world = World::start().await;
    world.apply(&value::from_json(LIMITED.as_bytes()).expect("valid")).await;
    let never = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: never, namespace: apps}\nspec:\n  storageClassName: none\n  \
                 accessModes: [ReadWriteOnce]\n  resources: {requests: {storage: 1Gi}}\n";
    world.commit("app/never.yaml", never);
    world.settle().await;
    let metadata = r#","annotations":{"flamingo/kustomize-override":"spec:\n  timeout: 2s\n"}"#;
    let mut application = world.application(metadata, AUTOMATED);
    application.set_at(&["spec", "project"], "limited");
    world.apply(&application).await;
    let state = |application: &Value, path: &[&str]| {
        text(application, &[&["status", "operationState"], path].concat()).to_owned()
    };
    world.until("the automated sync", |application| state(application, &["phase"]) == "Running").await;
    world.patch(r#"{"operation":{"initiatedBy":{"username":"me"},"sync":{}}}"#).await;
    world
        .until("the sync that was asked for", |application| {
            state(application, &["operation", "initiatedBy", "username"]) == "me"
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_change_of_the_spec_is_out_of_sync_until_it_is_synced() {
    let world = World::start().await;
    world.create("", MANUAL).await;
    world.until_is("OutOfSync", "Missing").await;
    world.sync(r#"{"sync":{}}"#).await;
    world.until_is("Synced", "Healthy").await;
    world.patch(r#"{"spec":{"source":{"kustomize":{"nameSuffix":"-x"}}}}"#).await;
    world.until_is("OutOfSync", "Healthy").await;
    assert_eq!(world.deployed("one-x").await, None);
    world.sync(r#"{"sync":{}}"#).await;
    world.until_is("Synced", "Healthy").await;
    assert_eq!(world.deployed("one-x").await.as_deref(), Some("first"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_revision_that_does_not_exist_is_named_until_it_does() {
    let world = World::start().await;
    let more = AUTOMATED;
    let mut application = world.application("", more);
    application.set_at(&["spec", "source", "targetRevision"], "release");
    world.apply(&application).await;
    let application = world.until_is("Unknown", "Missing").await;
    assert!(conditions(&application).contains("unable to resolve 'release'"), "{}", conditions(&application));
    assert!(world.get("GitRepository", "apps", "demo").await.is_none());
    world.git(&["tag", "release"]);
    world.refresh().await;
    world.until_is("Synced", "Healthy").await;
    let source = world.get("GitRepository", "apps", "demo").await.expect("a source");
    assert_eq!(source.at(&["spec", "ref"]).map(Value::to_string).as_deref(), Some(r#"{"tag":"release"}"#));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_unknown_sync_option_is_told_and_keeps_nothing_from_being_deployed() {
    let world = World::start().await;
    let policy = AUTOMATED.replace("FluxSubsystem=true", r#"FluxSubsystem=true","CreateNamespce=true"#);
    world.create("", &policy).await;
    let application = world.until_is("Synced", "Healthy").await;
    let conditions = conditions(&application);
    for expected in
        ["UnknownSyncOptionWarning", "CreateNamespce=true is not known", "write CreateNamespace=true"]
    {
        assert!(conditions.contains(expected), "{expected:?} is not in {conditions}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn replicas_that_the_source_sets_itself_are_told() {
    let world = World::start().await;
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: apps}\nspec:\n  selector: \
                      {matchLabels: {app: web}}\n  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, \
                      image: 'x:1'}]}}\n";
    world.commit("app/web.yaml", deployment);
    let overlay = "resources: [web.yaml]\n";
    world.commit("app/kustomization.yaml", &format!("{overlay}replicas: [{{name: web, count: 1}}]\n"));
    let mut application = world.application("", AUTOMATED);
    let replica = |name: &str| Value::map_of([("name", Value::from(name)), ("count", 3.into())]);
    application.set_at(&["spec", "source", "kustomize", "replicas"], vec![replica("web"), replica("absent")]);
    world.apply(&application).await;
    let said =
        world.until("the conditions", |application| conditions(application).contains("SyncError")).await;
    for expected in [
        "sets web to 3, and Deployment/apps/web has 1 all the same",
        "set replicas in the kustomization of app",
        "spec.source.kustomize.replicas names absent, and the source has no Deployment",
    ] {
        assert!(conditions(&said).contains(expected), "{expected:?} is not in {}", conditions(&said));
    }
    application.set_at(&["spec", "source", "kustomize", "replicas"], vec![replica("web")]);
    world.apply(&application).await;
    world.commit("app/kustomization.yaml", overlay);
    world.refresh().await;
    world.until("no conditions", |application| conditions(application).is_empty()).await;
    world.until_is("Synced", "Healthy").await;
    let web = world.get("Deployment", "apps", "web").await.expect("a Deployment");
    assert_eq!(web.at(&["spec", "replicas"]), Some(&Value::from(3)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_missing_path_is_named_in_terms_of_the_application() {
    let world = World::start().await;
    let mut application = world.application("", AUTOMATED);
    application.set_at(&["spec", "source", "path"], "absent");
    world.apply(&application).await;
    let application = world.until_is("OutOfSync", "Degraded").await;
    let conditions = conditions(&application);
    for expected in ["ComparisonError", "the path is not in the source", "set spec.source.path"] {
        assert!(conditions.contains(expected), "{expected:?} is not in {conditions}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn objects_that_somebody_made_are_reflected_and_left_alone() {
    let world = World::start().await;
    world.create(FINALIZER, FOUND).await;
    let application = world.until_is("Unknown", "Missing").await;
    assert!(conditions(&application).contains("there is no Kustomization demo in namespace apps"));
    let source = format!(
        r#"{{"apiVersion":"source.toolkit.fluxcd.io/v1","kind":"GitRepository","metadata":{{"name":"theirs","namespace":"apps"}},"spec":{{"interval":"10m","url":"{}","ref":{{"branch":"main"}}}}}}"#,
        world.url
    );
    let workload = r#"{"apiVersion":"kustomize.toolkit.fluxcd.io/v1","kind":"Kustomization","metadata":{"name":"demo","namespace":"apps"},"spec":{"interval":"10m","path":"app","prune":true,"sourceRef":{"kind":"GitRepository","name":"theirs"}}}"#;
    for object in [source.as_str(), workload] {
        world.apply(&value::from_json(object.as_bytes()).expect("valid")).await;
    }
    let application = world.until_is("Synced", "Healthy").await;
    let resources = application.at(&["status", "resources"]).map(Value::to_string).expect("resources");
    assert!(resources.contains("theirs") && resources.contains("Kustomization"), "{resources}");
    let application = world.sync(r#"{"sync":{}}"#).await;
    assert_eq!(text(&application, &["status", "operationState", "phase"]), "Succeeded");
    world.delete("Application", "argocd", "demo").await;
    world.until_gone("Application", "argocd", "demo").await;
    world.settle().await;
    for (kind, name) in [("Kustomization", "demo"), ("GitRepository", "theirs"), ("ConfigMap", "one")] {
        assert!(world.get(kind, "apps", name).await.is_some(), "{kind} {name} is gone");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn objects_of_others_are_not_taken_over() {
    let world = World::start().await;
    let theirs = r#"{"apiVersion":"kustomize.toolkit.fluxcd.io/v1","kind":"Kustomization","metadata":{"name":"demo","namespace":"apps"},"spec":{"interval":"10m","path":"theirs","prune":true,"sourceRef":{"kind":"GitRepository","name":"theirs"}}}"#;
    world.apply(&value::from_json(theirs.as_bytes()).expect("valid")).await;
    world.create("", AUTOMATED).await;
    let application = world.until_is("Unknown", "Unknown").await;
    assert!(conditions(&application).contains("Kustomization/apps/demo exists and was not generated"));
    let workload = world.get("Kustomization", "apps", "demo").await.expect("it is there");
    assert_eq!(text(&workload, &["spec", "path"]), "theirs");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn credentials_are_derived_and_removed() {
    let world = World::start().await;
    let secret = format!(
        r#"{{"apiVersion":"v1","kind":"Secret","metadata":{{"name":"creds","namespace":"argocd","labels":{{"argocd.argoproj.io/secret-type":"repository"}}}},"stringData":{{"url":"{}","username":"me","password":"secret"}}}}"#,
        world.url
    );
    world.apply(&value::from_json(secret.as_bytes()).expect("valid")).await;
    world.settle().await;
    world.create(FINALIZER, AUTOMATED).await;
    world.until_is("Synced", "Healthy").await;
    let derived = world.get("Secret", "apps", "demo-repository").await.expect("a derived Secret");
    assert_eq!(
        derived.get("data").map(Value::to_string).as_deref(),
        Some(r#"{"password":"c2VjcmV0","username":"bWU="}"#)
    );
    let source = world.get("GitRepository", "apps", "demo").await.expect("a source");
    assert_eq!(text(&source, &["spec", "secretRef", "name"]), "demo-repository");
    world.delete("Application", "argocd", "demo").await;
    world.until_gone("Application", "argocd", "demo").await;
    assert!(world.get("Secret", "apps", "demo-repository").await.is_none());
    assert!(world.get("Secret", "argocd", "creds").await.is_some());
    // The Application moves, and its credentials with it.
    world.create(FINALIZER, AUTOMATED).await;
    world.until_is("Synced", "Healthy").await;
    world.patch(r#"{"spec":{"destination":{"namespace":"argocd"}}}"#).await;
    world.until_gone("Secret", "apps", "demo-repository").await;
    world.until_is("Synced", "Healthy").await;
    assert!(world.get("Secret", "argocd", "demo-repository").await.is_some());
    world.delete("Application", "argocd", "demo").await;
    world.until_gone("Secret", "argocd", "demo-repository").await;
    world.until_gone("Application", "argocd", "demo").await;
    // The credentials go while the Application stays.
    world.create(FINALIZER, AUTOMATED).await;
    world.until_is("Synced", "Healthy").await;
    world.delete("Secret", "argocd", "creds").await;
    world.until_gone("Secret", "apps", "demo-repository").await;
    let source = world.get("GitRepository", "apps", "demo").await.expect("a source");
    assert_eq!(source.at(&["spec", "secretRef"]), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_secret_of_somebody_else_is_not_overwritten() {
    let world = World::start().await;
    let labels = r#","labels":{"argocd.argoproj.io/secret-type":"repository"}"#;
    for (name, namespace, labels) in [("creds", "argocd", labels), ("demo-repository", "apps", "")] {
        let secret = format!(
            r#"{{"apiVersion":"v1","kind":"Secret","metadata":{{"name":"{name}","namespace":"{namespace}"{labels}}},"stringData":{{"url":"{}","username":"{name}","password":"x"}}}}"#,
            world.url
        );
        world.apply(&value::from_json(secret.as_bytes()).expect("valid")).await;
    }
    world.settle().await;
    world.create("", AUTOMATED).await;
    let application =
        world.until("the refusal", |application| conditions(application).contains("SyncError")).await;
    assert!(conditions(&application).contains("Secret/apps/demo-repository exists and was not generated"));
    let theirs = world.get("Secret", "apps", "demo-repository").await.expect("it is there");
    assert_eq!(text(&theirs, &["data", "username"]), "ZGVtby1yZXBvc2l0b3J5");
    assert!(world.get("GitRepository", "apps", "demo").await.is_none());
}

/// The sentences of Argo CD 3.6, as recorded (`err-*`, `project-denies-*`, `any-namespace`).
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_invalid_spec_is_refused_in_argo_cds_words() {
    let world = World::start().await;
    let limited = r#"{"apiVersion":"argoproj.io/v1alpha1","kind":"AppProject","metadata":{"name":"elsewhere","namespace":"argocd"},"spec":{"sourceRepos":["*"],"destinations":[{"server":"*","namespace":"other"}]}}"#;
    world.apply(&value::from_json(limited.as_bytes()).expect("valid")).await;
    world.settle().await;
    world.create("", AUTOMATED).await;
    world.until_is("Synced", "Healthy").await;
    let rows = [
        (
            r#"{"destination":{"name":"in-cluster"}}"#,
            "application destination can't have both name and server defined: in-cluster https://kubernetes.default.svc",
        ),
        (r#"{"destination":{"name":null,"server":null}}"#, "Destination server missing from app spec"),
        (
            r#"{"destination":{"name":"no-such-cluster"}}"#,
            "there are no clusters with this name: no-such-cluster",
        ),
        (
            r#"{"destination":{"name":null,"server":"https://other.example.com"}}"#,
            r#"error getting cluster by server \"https://other.example.com\": rpc error: code = NotFound desc = cluster \"https://other.example.com\" not found"#,
        ),
        (
            r#"{"destination":{"server":"https://kubernetes.default.svc"},"source":{"path":null}}"#,
            "spec.source.repoURL and either spec.source.path or spec.source.chart are required",
        ),
        (
            r#"{"source":{"path":"app"},"project":"no-such-project"}"#,
            "Application referencing project no-such-project which does not exist",
        ),
        (
            r#"{"project":"elsewhere"}"#,
            "application destination server 'https://kubernetes.default.svc' and namespace 'apps' do not match any of the \
             allowed destinations in project 'elsewhere'",
        ),
        (
            r#"{"project":"default","sources":[{"repoURL":"https://example.com/x","path":"y"}]}"#,
            "spec.sources cannot be carried over",
        ),
    ];
    for (patch, expected) in rows {
        world.patch(&format!(r#"{{"spec":{patch}}}"#)).await;
        let application =
            world.until(expected, |application| conditions(application).contains(expected)).await;
        assert!(conditions(&application).contains("InvalidSpecError"), "{}", conditions(&application));
        assert_eq!(text(&application, &["status", "health", "status"]), "Unknown");
    }
    let workload = world.get("Kustomization", "apps", "demo").await.expect("it stays");
    assert_eq!(workload.at(&["spec", "suspend"]), Some(&Value::from(true)), "and rests");
    world.patch(r#"{"spec":{"sources":null}}"#).await;
    world.until_is("Synced", "Healthy").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_application_of_argo_cds_engine_says_what_is_missing() {
    let world = World::start().await;
    world.create("", "").await;
    let application = world.until_is("Unknown", "Unknown").await;
    assert!(conditions(&application).contains("set the sync option FluxSubsystem=true"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_application_that_is_to_be_left_alone_is() {
    let world = World::start().await;
    world.create(r#","annotations":{"argocd.argoproj.io/skip-reconcile":"true"}"#, AUTOMATED).await;
    world.settle().await;
    assert!(world.get("GitRepository", "apps", "demo").await.is_none());
    let application = world.get("Application", "argocd", "demo").await.expect("it is there");
    assert_eq!(application.get("status"), None);
}

/// `Kind change` of each object that a sync is about.
fn changes(plan: &Value) -> Vec<String> {
    let objects = plan.at(&["objects"]).and_then(Value::as_list).expect("objects");
    let change = |object: &Value| {
        let key: Vec<&str> = text(object, &["key"]).split('/').collect();
        format!("{} {} {}", key[1], key[3], text(object, &["change"]))
    };
    objects.iter().map(change).collect()
}

fn keys(list: &Value, field: &str) -> Vec<String> {
    let items = list.get(field).and_then(Value::as_list).expect(field);
    items.iter().map(|item| text(item, &["key"]).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_preview_says_what_would_be_generated_and_writes_nothing() {
    let world = World::start().await;
    let preview = world.preview.application(&world.application("", MANUAL)).await;
    assert_eq!(
        keys(&preview, "generated"),
        [
            "source.toolkit.fluxcd.io/GitRepository/apps/demo",
            "kustomize.toolkit.fluxcd.io/Kustomization/apps/demo"
        ]
    );
    let workload = preview.at(&["generated"]).and_then(Value::as_list).expect("a list")[1].clone();
    assert!(text(&workload, &["yaml"]).contains("  path: app\n"), "{workload}");
    let mut application = world.application("", MANUAL);
    application.set_at(&["spec", "destination", "namespace"], "");
    application.set_at(&["spec", "source", "targetRevision"], "nope");
    let preview = world.preview.application(&application).await;
    let problems = preview.at(&["problems"]).and_then(Value::as_list).expect("problems");
    assert_eq!(text(&problems[0], &["field"]), "spec.source.targetRevision");
    world.settle().await;
    assert!(world.get("GitRepository", "apps", "demo").await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_preview_says_what_a_sync_would_change_and_a_deletion_delete() {
    let world = World::start().await;
    let first = world.head();
    world.create(FINALIZER, MANUAL).await;
    world.until_is("OutOfSync", "Missing").await;
    let application = world.get("Application", "argocd", "demo").await.expect("it is there");
    let plan = world.preview.sync(&application).await;
    assert_eq!(
        (changes(&plan), text(&plan, &["to"])),
        (vec!["ConfigMap one create".to_owned()], first.as_str())
    );
    assert_eq!(plan.get("isComplete"), Some(&Value::from(true)), "{plan}");
    world.sync(r#"{"sync":{}}"#).await;
    world.until_is("Synced", "Healthy").await;
    assert_eq!(changes(&world.preview.sync(&application).await), ["ConfigMap one none"]);

    world.git(&["mv", "app/one.yaml", "app/two.yaml"]);
    let second = world.commit("app/two.yaml", &config_map("two", "second"));
    let plan = world.preview.sync(&application).await;
    assert_eq!((text(&plan, &["from"]), text(&plan, &["to"])), (first.as_str(), second.as_str()));
    assert_eq!(plan.get("isComplete"), Some(&Value::from(false)), "the commit is not here yet");
    assert_eq!(text(&plan, &["fetched"]), first.as_str(), "what is listed is of the one before");
    world.refresh().await;
    world.until_is("OutOfSync", "Healthy").await;
    let plan = world.preview.sync(&application).await;
    assert_eq!(changes(&plan), ["ConfigMap one delete", "ConfigMap two create"]);
    assert_eq!(world.deployed("one").await.as_deref(), Some("first"), "nothing was written");
    assert_eq!(world.deployed("two").await, None);

    let removal = world.preview.removal(&application, true).await.expect("an answer");
    assert_eq!(
        keys(&removal, "goes"),
        [
            "argoproj.io/Application/argocd/demo",
            "kustomize.toolkit.fluxcd.io/Kustomization/apps/demo",
            "/ConfigMap/apps/one",
            "source.toolkit.fluxcd.io/GitRepository/apps/demo"
        ]
    );
    let removal = world.preview.removal(&application, false).await.expect("an answer");
    assert_eq!(keys(&removal, "goes"), ["argoproj.io/Application/argocd/demo"]);
    assert_eq!(keys(&removal, "stays").len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_preview_shows_nothing_that_the_project_does_not_allow() {
    let world = World::start().await;
    world.create("", AUTOMATED).await;
    world.until_is("Synced", "Healthy").await;
    let own = world.get("Application", "argocd", "demo").await.expect("it is there");
    assert_eq!(world.preview.manifests(&own, None).await.expect("its manifests").len(), 1);
    // Somebody else's objects, looked at through a project that may not have them.
    let elsewhere = LIMITED.replace(r#""namespace":"apps""#, r#""namespace":"elsewhere""#);
    world.apply(&value::from_json(elsewhere.as_bytes()).expect("valid")).await;
    world.settle().await;
    let mut theirs = world.application(r#","labels":{"flamingo/workload-name":"demo"}"#, FOUND);
    theirs.set_at(&["metadata", "name"], "other");
    theirs.set_at(&["spec", "project"], "limited");
    let refusal = world.preview.manifests(&theirs, None).await.expect_err("refused").to_string();
    assert!(
        refusal.contains("do not match any of the allowed destinations in project 'limited'"),
        "{refusal}"
    );
    let mut generated = world.application(r#","labels":{"flamingo/workload-name":"demo"}"#, MANUAL);
    generated.set_at(&["metadata", "name"], "other");
    let refusal = world.preview.manifests(&generated, None).await.expect_err("refused").to_string();
    assert!(refusal.contains("exists and was not generated for this Application"), "{refusal}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_preview_of_a_deletion_says_what_the_finalizer_does() {
    let world = World::start().await;
    let kept = config_map("kept", "x")
        .replace("name: kept", "name: kept, annotations: {kustomize.toolkit.fluxcd.io/prune: disabled}");
    world.commit("app/kept.yaml", &kept);
    let policy = AUTOMATED.replace(r#"["FluxSubsystem=true""#, r#"["Prune=false","FluxSubsystem=true""#);
    world.create(FINALIZER, &policy).await;
    world.until_is("Synced", "Healthy").await;
    let application = world.get("Application", "argocd", "demo").await.expect("it is there");
    let removal = world.preview.removal(&application, true).await.expect("an answer");
    assert!(keys(&removal, "goes").contains(&"/ConfigMap/apps/one".to_owned()), "{removal}");
    assert_eq!(keys(&removal, "stays"), ["/ConfigMap/apps/kept"]);
    world.delete("Application", "argocd", "demo").await;
    world.until_gone("Application", "argocd", "demo").await;
    assert_eq!(world.deployed("one").await, None);
    assert_eq!(world.deployed("kept").await.as_deref(), Some("x"));
}
