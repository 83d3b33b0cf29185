//! One object, and what would happen.

use std::sync::Arc;

use argocd_server::{Preview, PreviewError, Previewed};
use futures::FutureExt as _;
use serde_json::json;
use value::Value;

use crate::list::{application, fill, kustomization};
use crate::resources::settled;
use crate::world::{World, read};

const SECRET: &str = "{apiVersion: v1, kind: Secret, metadata: {name: keys, namespace: shop}, data: {a: aGlkZGVu, b: aGlkZGVu}}";
const APPLICATION: &str = "argoproj.io%2FApplication%2Fargocd%2Fshop";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_of_a_tree() {
    let (world, admin) = settled().await;
    let nobody = world.log_in("nobody").await;
    let path = |key: &str| format!("/object?application={APPLICATION}&key={}", key.replace('/', "%2F"));
    let answer = world.get(&admin, &path("apps/Deployment/shop/web")).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let answer = answer.json();
    assert_eq!(answer["object"]["spec"]["template"]["spec"]["containers"][0]["name"], "web");
    assert!(answer["object"]["metadata"].get("managedFields").is_none());
    let applied = answer["applied"].as_array().expect("managers");
    assert!(applied.iter().any(|entry| entry["manager"] == "test" && entry["operation"] == "Apply"));
    assert!(answer["conditions"].is_array() && answer["events"].is_array());
    let missing = world.get(&admin, &path("/Service/shop/front")).await.json();
    assert_eq!((&missing["health"], missing.get("object")), (&json!("Missing"), None));
    for (token, key, status) in [
        (&admin, "/Service/shop/other", 404),
        (&admin, "Service", 400),
        (&nobody, "apps/Deployment/shop/web", 403),
        (&nobody, "/Service/shop/other", 403),
    ] {
        assert_eq!(world.get(token, &path(key)).await.status, status, "{key}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_of_secrets_are_not_shown() {
    let (world, admin) = settled().await;
    world.apply(SECRET).await;
    let inventory = "{inventory: {entries: [{id: shop_keys__Secret, v: v1}]}}";
    world.report(&kustomization("shop", None), inventory).await;
    let path = format!("/object?application={APPLICATION}&key=%2FSecret%2Fshop%2Fkeys");
    let mut answer = world.get(&admin, &path).await;
    for _ in 0..100 {
        if answer.status == 200 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        answer = world.get(&admin, &path).await;
    }
    assert_eq!(answer.json()["object"]["data"], json!({"a": "********", "b": "********"}));
    assert!(!String::from_utf8_lossy(&answer.body).contains("aGlkZGVu"));
    let url = "/api/v1/applications/shop/resource?namespace=shop&resourceName=keys&version=v1&kind=Secret";
    let answer = read(world.client.get(world.url(url)).bearer_auth(&admin)).await;
    assert_eq!(answer.status, 200);
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(text.contains("++++++++") && !text.contains("aGlkZGVu"), "{text}");
    // A patch tells nothing either.
    let url = format!("{url}&patchType=application%2Fmerge-patch%2Bjson");
    let patch =
        world.client.post(world.url(&url)).bearer_auth(&admin).header("content-type", "application/json");
    let answer = read(patch.body(r#""{\"data\":{\"a\":\"c2VjcmV0\"}}""#)).await;
    assert_eq!(answer.status, 200);
    assert!(!String::from_utf8_lossy(&answer.body).contains("c2VjcmV0"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flux_object_without_an_application() {
    let world = World::start(true, None).await;
    fill(&world).await;
    let source = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: infra, namespace: flux-system}\n\
                  spec: {interval: 10m, url: 'https://git.example.com/infra'}\n";
    world.apply(source).await;
    let artifact = "{artifact: {digest: 'sha256:1', lastUpdateTime: '2026-01-01T00:00:00Z', path: x, revision: 'main@sha1:2', url: 'http://x'}}";
    world.report(source, artifact).await;
    let (admin, alice) = (world.log_in("admin").await, world.log_in("alice").await);
    world.until_rows(&admin, "show=flux&q=sha1:2", "GitRepository/infra").await;
    world.until_rows(&admin, "show=flux&q=name:infra", "Kustomization/infra GitRepository/infra").await;
    let path = "/object?key=kustomize.toolkit.fluxcd.io%2FKustomization%2Fflux-system%2Finfra";
    let answer = world.get(&admin, path).await;
    assert_eq!(answer.status, 200);
    let expected = json!({"url": "https://git.example.com/infra", "revision": "main@sha1:2", "digest": "sha256:1", "fetched": "2026-01-01T00:00:00Z"});
    assert_eq!(answer.json()["source"], expected);
    assert_eq!(answer.json()["health"], "Progressing");
    assert_eq!(world.get(&alice, path).await.status, 403);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_source_of_somebody_else_is_not_shown() {
    let (world, admin) = settled().await;
    let source = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: shop, namespace: flux-system}\n\
                  spec: {interval: 10m, url: 'https://me:hidden@git.example.com/shop'}\n";
    world.apply(source).await;
    world.until_rows(&admin, "show=flux", "Kustomization/shop GitRepository/shop").await;
    let alice = world.log_in("alice").await;
    let path = format!(
        "/object?application={APPLICATION}&key=kustomize.toolkit.fluxcd.io%2FKustomization%2Fflux-system%2Fshop"
    );
    let seen = world.get(&admin, &path).await.json();
    assert_eq!(seen["source"], json!({"url": "https://git.example.com/shop"}));
    let seen = world.get(&alice, &path).await;
    assert_eq!((seen.status, seen.json().get("source")), (200, None));
    world.stop().await;
}

struct Told;

impl Preview for Told {
    fn application<'a>(&'a self, application: &'a Value) -> Previewed<'a> {
        let name = application.str_at(&["metadata", "name"]).unwrap_or_default();
        let namespace = application.str_at(&["metadata", "namespace"]).unwrap_or_default();
        let generated = format!("{namespace}/{name}");
        async move { Ok(Value::map_of([("generated", generated)])) }.boxed()
    }

    fn sync<'a>(&'a self, _: &'a Value) -> Previewed<'a> {
        async { Err(PreviewError::Failed("the source cannot be read".to_owned())) }.boxed()
    }

    fn removal<'a>(&'a self, _: &'a Value, cascade: bool) -> Previewed<'a> {
        async move { Ok(Value::map_of([("cascade", cascade)])) }.boxed()
    }

    fn manifests<'a>(&'a self, _: &'a Value, revision: Option<&'a str>) -> Previewed<'a> {
        let mut object = yaml::parse(SECRET, yaml::Rules::V2).expect(SECRET);
        object.set_at(&["metadata", "name"], revision.unwrap_or("head"));
        async { Ok(Value::list_of([object])) }.boxed()
    }

    fn revision<'a>(&'a self, _: &'a Value, revision: &'a str) -> Previewed<'a> {
        async move { Ok(Value::map_of([("message", revision)])) }.boxed()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn previews_are_for_those_who_may_do_it() {
    let world = World::start_with(true, None, Some(Arc::new(Told))).await;
    fill(&world).await;
    let (admin, alice) = (world.log_in("admin").await, world.log_in("alice").await);
    world.until_rows(&alice, "", "Application/api Application/shop").await;
    let preview = async |token: &str, body: &str| {
        let request = world.client.post(world.url("/api/flamingo/v1/preview/application")).bearer_auth(token);
        read(request.header("content-type", "application/json").body(body.to_owned())).await
    };
    let body = r#"{"metadata":{"name":"new"},"spec":{"project":"web"}}"#;
    assert_eq!(preview(&admin, body).await.json(), json!({"generated": "argocd/new"}));
    assert_eq!(preview(&alice, body).await.status, 403);
    assert_eq!(preview(&admin, "{}").await.status, 400);
    let answer = world.get(&alice, "/applications/shop/preview").await;
    assert_eq!((answer.status, &answer.json()["message"]), (500, &json!("the source cannot be read")));
    assert_eq!(world.get(&alice, "/applications/batch/preview").await.status, 403);
    assert_eq!(world.get(&admin, "/applications/shop/removal").await.json(), json!({"cascade": true}));
    let kept = world.get(&admin, "/applications/shop/removal?cascade=false").await;
    assert_eq!(kept.json(), json!({"cascade": false}));
    let get = |path: &str| {
        read(world.client.get(world.url(&format!("/api/v1/applications/shop{path}"))).bearer_auth(&admin))
    };
    assert_eq!(get("/revisions/8c4d/metadata").await.json(), json!({"message": "8c4d"}));
    let manifests = get("/manifests?revision=8c4d").await.json();
    let text = manifests["manifests"][0].as_str().expect("a manifest");
    assert!(text.contains("8c4d") && text.contains("++++") && !text.contains("aGlkZGVu"), "{text}");
    world.stop().await;

    let world = World::start(true, None).await;
    world.apply(&application("shop", "web")).await;
    let admin = world.log_in("admin").await;
    assert_eq!(world.get(&admin, "/applications/shop/preview").await.status, 501);
    world.stop().await;
}
