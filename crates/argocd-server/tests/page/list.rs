//! Windows of the list.

use crate::world::{World, install_flux};

pub(crate) fn application(name: &str, project: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: {name}, namespace: argocd}}
spec:
  project: {project}
  source: {{repoURL: 'https://git.example.com/{name}', path: deploy, targetRevision: main}}
  destination: {{name: in-cluster, namespace: {name}}}
"
    )
}

/// A Kustomization, generated for an Application or by itself.
pub(crate) fn kustomization(name: &str, owner: Option<&str>) -> String {
    let marks = owner.map(|owner| {
        format!(
            ", labels: {{flamingo/generated: 'true'}}, annotations: {{flamingo/application: argocd/{owner}}}"
        )
    });
    format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: {name}, namespace: flux-system{}}}
spec: {{interval: 10m, path: ./deploy, prune: true, sourceRef: {{kind: GitRepository, name: {name}}}}}
",
        marks.unwrap_or_default()
    )
}

pub(crate) async fn fill(world: &World) {
    let objects = [
        application("shop", "web"),
        application("api", "web"),
        application("batch", "data"),
        kustomization("shop", Some("shop")),
        kustomization("batch", Some("batch")),
        kustomization("infra", None),
    ];
    world.apply(&objects.join("---\n")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_sees_what_is_theirs() {
    let world = World::start(true, None).await;
    fill(&world).await;
    let (admin, alice) = (world.log_in("admin").await, world.log_in("alice").await);
    let nobody = world.log_in("nobody").await;
    let all = "Application/api Application/batch Kustomization/batch Kustomization/infra Application/shop \
               Kustomization/shop";
    world.until_rows(&admin, "show=all", all).await;
    let seen =
        world.until_rows(&alice, "show=all", "Application/api Application/shop Kustomization/shop").await;
    assert_eq!((&seen["total"], &seen["matching"]), (&3.into(), &3.into()));
    assert_eq!(seen["facets"]["project"], serde_json::json!({"web": 3}));
    let namespaces = serde_json::json!({"api": 1, "flux-system": 1, "shop": 1});
    assert_eq!(seen["facets"]["namespace"], namespaces);
    let seen = world.until_rows(&nobody, "show=all", "").await;
    assert_eq!((&seen["total"], &seen["facets"]["kind"]), (&0.into(), &serde_json::json!({})));
    // Who may get the cluster sees the Flux objects of nobody.
    let policy = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-rbac-cm, namespace: argocd}\ndata:\n  \
                  policy.csv: |\n    p, nobody, clusters, get, https://kubernetes.default.svc, allow\n";
    world.apply(policy).await;
    world.until_rows(&nobody, "show=all", "Kustomization/batch Kustomization/infra Kustomization/shop").await;
    world.until_rows(&alice, "show=all", "").await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn windows_are_searched_counted_and_sorted() {
    let world = World::start(true, None).await;
    fill(&world).await;
    let admin = world.log_in("admin").await;
    world.until_rows(&admin, "", "Application/api Application/batch Application/shop").await;
    let answer = world.until_rows(&admin, "q=project:web+-api&show=applications", "Application/shop").await;
    assert_eq!((&answer["total"], &answer["matching"]), (&3.into(), &1.into()));
    let row = &answer["rows"][0];
    assert_eq!(row["key"], "argoproj.io/Application/argocd/shop");
    assert_eq!(row["repo"], "https://git.example.com/shop");
    assert_eq!(row["destination"], "in-cluster");
    let answer = world.until_rows(&admin, "project=data&order=desc", "Application/batch").await;
    assert_eq!(answer["facets"]["project"], serde_json::json!({"data": 1, "web": 2}));
    let answer =
        world.until_rows(&admin, "sort=project&order=desc&offset=1&limit=1", "Application/shop").await;
    assert_eq!(answer["offset"], 1);
    let refused = world.get(&admin, "/rows?sort=luck").await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json()["code"], 3);
    assert!(refused.json()["message"].as_str().expect("a message").starts_with("parameter sort: \"luck\""));
    assert_eq!(world.get("none", "/rows").await.status, 401);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_of_the_whole_list_are_those_that_one_may_see() {
    let world = World::start(true, None).await;
    fill(&world).await;
    let (admin, alice) = (world.log_in("admin").await, world.log_in("alice").await);
    let all = "Application/api Application/batch Kustomization/batch Kustomization/infra Application/shop \
               Kustomization/shop";
    world.until_rows(&admin, "show=all", all).await;
    let names = world.get(&admin, "/names?show=all").await.json();
    let expected = serde_json::json!({
        "kinds": ["argoproj.io/Application", "kustomize.toolkit.fluxcd.io/Kustomization"],
        "namespaces": ["argocd", "api", "batch", "flux-system", "shop"],
        "projects": ["web", "data", ""],
        "rows": [
            ["api", 0, 0, 0, 1],
            ["batch", 0, 0, 1, 2],
            ["batch", 1, 3, 1, 3],
            ["infra", 1, 3, 2, 3],
            ["shop", 0, 0, 0, 4],
            ["shop", 1, 3, 0, 3],
        ],
    });
    assert_eq!(names, expected);
    let names = world.get(&alice, "/names").await.json();
    assert_eq!(names["rows"], serde_json::json!([["api", 0, 0, 0, 1], ["shop", 0, 0, 0, 2]]));
    assert_eq!(world.get("none", "/names").await.status, 401);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_to_another_application_of_the_project_goes_out_of_sight() {
    let world = World::start(true, None).await;
    let policy = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-rbac-cm, namespace: argocd}\ndata: \
                  {policy.csv: 'p, alice, applications, get, web/shop, allow'}\n";
    world.apply(policy).await;
    fill(&world).await;
    let alice = world.log_in("alice").await;
    world.until_rows(&alice, "show=all", "Application/shop Kustomization/shop").await;
    world.apply(&kustomization("shop", Some("api"))).await;
    world.until_rows(&alice, "show=all", "Application/shop").await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kinds_may_come_later() {
    let world = World::start(false, None).await;
    let admin = world.log_in("admin").await;
    world.until_rows(&admin, "show=all", "").await;
    install_flux(&world.session).await;
    world.apply(&kustomization("infra", None)).await;
    world.until_rows(&admin, "show=all", "Kustomization/infra").await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_says_where_it_is() {
    let world = World::start(false, None).await;
    world
        .apply("{apiVersion: argoproj.io/v1alpha1, kind: AppProject, metadata: {name: web, namespace: argocd}, spec: {}}")
        .await;
    let (admin, alice) = (world.log_in("admin").await, world.log_in("alice").await);
    let session = world.get(&admin, "/session").await.json();
    assert_eq!(session["user"], "admin");
    assert_eq!(session["namespace"], "argocd");
    assert_eq!(session["cluster"]["isSimulated"], true);
    assert!(session["cluster"]["version"].as_str().expect("a version").starts_with("v1."));
    assert!(!session["cluster"]["version"].as_str().expect("a version").contains('+'));
    assert_eq!(session["may"]["create"], true);
    assert_eq!(world.get(&alice, "/session").await.json()["may"]["create"], false);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_answers_are_packed_for_those_who_unpack_them() {
    let world = World::start(false, None).await;
    let names: Vec<String> = (0..20).map(|number| format!("app-{number:02}")).collect();
    let objects: Vec<String> = names.iter().map(|name| application(name, "default")).collect();
    world.apply(&objects.join("---\n")).await;
    let admin = world.log_in("admin").await;
    let all: Vec<String> = names.iter().map(|name| format!("Application/{name}")).collect();
    let plain = world.until_rows(&admin, "", &all.join(" ")).await;
    let request = world.client.get(world.url("/api/flamingo/v1/rows")).bearer_auth(&admin);
    let packed = crate::world::read(request.header("accept-encoding", "gzip")).await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&packed.body[..]), &mut text)
        .expect("gzip");
    assert!(packed.body.len() * 3 < text.len());
    assert_eq!(serde_json::from_str::<serde_json::Value>(&text).expect("JSON")["rows"], plain["rows"]);
    let request = world.client.get(world.url("/healthz")).header("accept-encoding", "gzip");
    assert_eq!(crate::world::read(request).await.header("content-encoding"), "", "a short one is not");
    world.stop().await;
}
