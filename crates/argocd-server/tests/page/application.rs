//! The page of one Application, and how it follows the cluster.

use serde_json::{Value as Json, json};

use crate::list::{application, kustomization};
use crate::world::{World, read};

const SERVICE: &str = "{apiVersion: v1, kind: Service, metadata: {name: front, namespace: shop}, spec: {ports: [{port: 80}], selector: {app: web}}}";

fn deployment(image: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: shop}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{name: web, image: '{image}'}}]}}
"
    )
}

/// An Application whose Kustomization deployed a Deployment and a Service that is missing.
pub(crate) async fn deployed() -> World {
    let world = World::start(true, None).await;
    let status = "status:
  sync: {status: Synced}
  health: {status: Healthy}
  resources:
  - {group: kustomize.toolkit.fluxcd.io, version: v1, kind: Kustomization, namespace: flux-system, name: shop, status: Synced}
";
    world.apply("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}").await;
    world.apply(&deployment("registry.example.com/web:1")).await;
    world.apply(&kustomization("shop", Some("shop"))).await;
    let inventory =
        "inventory: {entries: [{id: shop_front__Service, v: v1}, {id: shop_web_apps_Deployment, v: v1}]}";
    world.report(&kustomization("shop", None), &format!("{{{inventory}}}")).await;
    world.apply(&format!("{}{status}", application("shop", "web"))).await;
    world
}

/// `Kind/name health sync < parent`
fn nodes(tree: &Json) -> Vec<String> {
    let text = |node: &Json, field: &str| node[field].as_str().unwrap_or("-").to_owned();
    let node = |node: &Json| {
        let parents: Vec<&str> =
            node["parents"].as_array().expect("parents").iter().filter_map(Json::as_str).collect();
        let name = text(node, "name");
        let name =
            if text(node, "kind") == "Pod" || text(node, "kind") == "ReplicaSet" { "web-…" } else { &name };
        let parent = parents.first().and_then(|parent| parent.split('/').nth(1)).unwrap_or("-").to_owned();
        format!("{}/{name} {} {} < {parent}", text(node, "kind"), text(node, "health"), text(node, "sync"))
    };
    let mut all: Vec<String> = tree.as_array().expect("nodes").iter().map(node).collect();
    all.sort();
    all
}

async fn until(world: &World, token: &str, expected: &[&str]) -> Json {
    let mut last = Vec::new();
    for _ in 0..200 {
        let answer = world.get(token, "/applications/shop").await;
        assert_eq!(answer.status, 200);
        let answer = answer.json();
        last = nodes(&answer["tree"]["nodes"]);
        if last == expected {
            return answer;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{last:#?}");
}

const TREE: [&str; 5] = [
    "Deployment/web Healthy Synced < Kustomization",
    "Kustomization/shop Progressing Synced < -",
    "Pod/web-… Healthy - < ReplicaSet",
    "ReplicaSet/web-… Healthy - < Deployment",
    "Service/front Missing OutOfSync < Kustomization",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_with_its_tree() {
    let world = deployed().await;
    let (admin, alice) = (world.log_in("admin").await, world.log_in("alice").await);
    let answer = until(&world, &admin, &TREE).await;
    assert_eq!(answer["row"]["key"], "argoproj.io/Application/argocd/shop");
    assert_eq!(answer["application"]["spec"]["project"], "web");
    assert_eq!(answer["may"], json!({"sync": true, "update": true, "delete": true}));
    let links: Vec<&str> =
        answer["chain"].as_array().expect("links").iter().filter_map(|link| link["name"].as_str()).collect();
    assert_eq!(links, ["commit", "fetched", "built", "applied", "healthy"]);
    assert_eq!(answer["findings"], json!([]));
    let pod = answer["tree"]["nodes"].as_array().expect("nodes").iter().find(|node| node["kind"] == "Pod");
    let pod = pod.expect("a Pod");
    assert_eq!(pod["images"], json!(["registry.example.com/web:1"]));
    assert_eq!(pod["info"][0], json!({"name": "Status Reason", "value": "Running"}));
    let of_alice = world.get(&alice, "/applications/shop").await.json();
    assert_eq!(of_alice["may"], json!({"sync": false, "update": false, "delete": false}));
    world.apply(&application("hidden", "data")).await;
    for name in ["hidden", "nothing"] {
        let answer = world.get(&alice, &format!("/applications/{name}")).await;
        assert_eq!((answer.status, &answer.json()["message"]), (403, &"permission denied".into()), "{name}");
    }
    // The same tree, as Argo CD writes it.
    let request = world.client.get(world.url("/api/v1/applications/shop/resource-tree")).bearer_auth(&admin);
    let tree = read(request).await.json();
    let kinds: Vec<&str> =
        tree["nodes"].as_array().expect("nodes").iter().filter_map(|node| node["kind"].as_str()).collect();
    assert_eq!(kinds, ["Pod", "Service", "Deployment", "ReplicaSet", "Kustomization"]);
    assert_eq!(tree["nodes"][1]["health"]["status"], "Missing");
    assert_eq!(tree["nodes"][0]["parentRefs"][0]["kind"], "ReplicaSet");
    assert_eq!(tree["nodes"][2]["parentRefs"][0]["kind"], "Kustomization");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tab_follows_its_application() {
    let world = deployed().await;
    let admin = world.log_in("admin").await;
    let answer = until(&world, &admin, &TREE).await;
    let query = format!(
        "q=name:nothing&application=argoproj.io%2FApplication%2Fargocd%2Fshop&position={}",
        answer["position"].as_str().expect("a position")
    );
    let mut events = world.listen(&admin, &query, None).await;
    let first = events.expect("application").await;
    assert_eq!(first.data["row"]["name"], "shop");
    assert!(first.data.get("tree").is_none() && first.data.get("position").is_none());
    world.apply(SERVICE).await;
    let event = events.expect("tree").await;
    assert_eq!(nodes(&event.data["changed"]), ["Service/front Healthy Synced < Kustomization"]);
    assert_eq!(event.data["gone"], json!([]));
    drop(events);

    world.delete(SERVICE).await;
    let mut events = world.listen(&admin, &query, Some(&event.id)).await;
    events.expect("application").await;
    let event = events.expect("tree").await;
    assert_eq!(nodes(&event.data["changed"]), ["Service/front Missing OutOfSync < Kustomization"]);

    let scale = deployment("registry.example.com/web:1")
        .replace("spec:\n  selector", "spec:\n  replicas: 0\n  selector");
    world.apply(&scale).await;
    loop {
        let event = events.next().await.expect("an event");
        if event.name == "tree" && event.data["gone"] != json!([]) {
            assert!(event.data["gone"][0].as_str().expect("a key").starts_with("/Pod/shop/web-"));
            break;
        }
    }
    world.delete(&application("shop", "web")).await;
    loop {
        let event = events.next().await.expect("an event");
        if event.name == "gone" {
            assert_eq!(event.data, json!({"key": "argoproj.io/Application/argocd/shop"}));
            break;
        }
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tab_that_was_cut_off_between_events_loses_none() {
    let world = deployed().await;
    let admin = world.log_in("admin").await;
    let answer = until(&world, &admin, &TREE).await;
    let position = answer["position"].as_str().expect("a position");
    let query = format!("show=all&application=argoproj.io%2FApplication%2Fargocd%2Fshop&position={position}");
    let mut events = world.listen(&admin, &query, None).await;
    // The list may still be settling.
    let mut last = loop {
        let event = events.next().await.expect("an event");
        if event.name == "application" {
            break event.id;
        }
    };
    let owner = kustomization("shop", None);
    tokio::join!(world.apply(SERVICE), world.report(&owner, "{lastAttemptedRevision: 'main@sha1:2'}"));
    let first = events.next().await.expect("an event");
    assert_ne!(first.name, "tree");
    if !first.id.is_empty() {
        last = first.id;
    }
    drop(events);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let mut events = world.listen(&admin, &query, Some(&last)).await;
    let tree = async {
        loop {
            let event = events.next().await.expect("an event");
            assert_ne!(event.name, "reset");
            if event.name == "tree" {
                return nodes(&event.data["changed"]);
            }
        }
    };
    let changed = tokio::time::timeout(std::time::Duration::from_secs(10), tree).await.expect("a tree");
    assert!(changed.contains(&"Service/front Healthy Synced < Kustomization".to_owned()), "{changed:?}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tab_whose_tree_is_not_known_asks_again() {
    let world = deployed().await;
    let (admin, alice) = (world.log_in("admin").await, world.log_in("alice").await);
    let list = world.until_rows(&admin, "", "Application/shop").await;
    until(&world, &admin, &TREE).await;
    let position = list["position"].as_str().expect("a position");
    let query =
        |name: &str| format!("application=argoproj.io%2FApplication%2Fargocd%2F{name}&position={position}");
    let mut events = world.listen(&admin, &query("shop"), None).await;
    assert_eq!(events.expect("reset").await.data, json!({}));
    // Somebody else's Application, and none at all, are the same.
    world.apply(&application("hidden", "data")).await;
    for name in ["hidden", "nothing"] {
        let mut events = world.listen(&alice, &query(name), None).await;
        events.expect("reset").await;
        let key = format!("argoproj.io/Application/argocd/{name}");
        assert_eq!(events.expect("gone").await.data, json!({"key": key}));
    }
    let refused = world.get(&admin, "/stream?application=x").await;
    assert_eq!(refused.status, 400);
    world.stop().await;
}

#[tokio::test]
async fn only_who_may_see_all_is_told_that_there_is_none() {
    let world = World::start(true, None).await;
    for (account, status) in [("admin", 404), ("alice", 403)] {
        let token = world.log_in(account).await;
        let answer = world.get(&token, "/applications/nope").await;
        assert_eq!(answer.status, status, "{account}: {}", answer.json());
    }
    world.stop().await;
}

#[tokio::test]
async fn a_sync_option_that_flux_has_no_word_for_is_refused_before_anything_is_written() {
    let world = World::start(true, None).await;
    let spec = "spec: {sourceRepos: ['*'], destinations: [{server: '*', namespace: '*'}]}";
    let project =
        "{apiVersion: argoproj.io/v1alpha1, kind: AppProject, metadata: {name: default, namespace: argocd}, ";
    world.apply(&format!("{project}{spec}}}")).await;
    let token = world.log_in("admin").await;
    let create = async |name: &str, options: &[&str]| {
        let application = json!({
            "metadata": {"name": name},
            "spec": {
                "project": "default",
                "destination": {"server": "https://kubernetes.default.svc", "namespace": "shop"},
                "source": {"repoURL": "https://example.com/x.git", "path": "."},
                "syncPolicy": {"syncOptions": options}
            }
        });
        let request = world.client.post(world.url("/api/v1/applications")).bearer_auth(&token);
        read(request.header("content-type", "application/json").body(application.to_string())).await
    };
    let refused = create("one", &["FluxSubsystem=true", "Replace=true"]).await;
    assert_eq!(refused.status, 400);
    let message = refused.json()["message"].as_str().expect("a message").to_owned();
    for part in ["the sync option Replace=true cannot be carried over", "remove Replace=true from"] {
        assert!(message.contains(part), "{part:?} is not in {message}");
    }
    assert_eq!(create("two", &["Replace=true"]).await.status, 200, "Argo CD's own engine has it");
    assert_eq!(create("three", &["FluxSubsystem=true", "Replaced=true"]).await.status, 200, "it is ignored");
    world.stop().await;
}
