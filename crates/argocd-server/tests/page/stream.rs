//! What a tab is told.

use serde_json::{Value as Json, json};

use crate::list::{application, fill};
use crate::world::{World, names};

const ALL: &str = "Application/api Application/batch Application/shop";

fn status(name: &str, project: &str, health: &str) -> String {
    format!(
        "{}status: {{health: {{status: {health}}}, sync: {{status: Synced}}}}\n",
        application(name, project)
    )
}

async fn filled() -> World {
    let world = World::start(true, None).await;
    fill(&world).await;
    world
}

fn position(answer: &Json) -> String {
    format!("position={}", answer["position"].as_str().expect("a position"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_are_told_to_those_whom_they_concern() {
    let world = filled().await;
    let (admin, alice) = (world.log_in("admin").await, world.log_in("alice").await);
    let start = world.until_rows(&admin, "", ALL).await;
    let mut events = world.listen(&admin, &position(&start), None).await;
    let mut narrow = world.listen(&admin, &format!("q=batch&{}", position(&start)), None).await;
    let mut of_alice = world.listen(&alice, &position(&start), None).await;
    world.apply(&status("batch", "data", "Degraded")).await;
    let event = events.expect("rows").await;
    assert_eq!(names(&event.data["changed"]), "Application/batch");
    assert_eq!(event.data["changed"][0]["health"], "Degraded");
    assert_eq!((&event.data["moved"], &event.data["gone"]), (&json!(true), &json!([])));
    assert_eq!(names(&narrow.expect("rows").await.data["changed"]), "Application/batch");
    assert!(of_alice.is_silent().await);

    world.delete(&application("shop", "web")).await;
    let event = events.expect("rows").await;
    assert_eq!(event.data["gone"], json!(["argoproj.io/Application/argocd/shop"]));
    assert_eq!(of_alice.expect("rows").await.data["gone"], json!(["argoproj.io/Application/argocd/shop"]));
    // It is no row of this one, and counts in its total.
    let event = narrow.expect("rows").await;
    assert_eq!(event.data, json!({"changed": [], "gone": [], "moved": true}));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_moves_out_of_sight_is_gone() {
    let world = filled().await;
    let alice = world.log_in("alice").await;
    let start =
        world.until_rows(&alice, "show=all", "Application/api Application/shop Kustomization/shop").await;
    let mut events = world.listen(&alice, &format!("show=all&{}", position(&start)), None).await;
    let mut degraded = world.listen(&alice, &format!("q=health:degraded&{}", position(&start)), None).await;
    world.apply(&status("shop", "web", "Degraded")).await;
    assert_eq!(names(&events.expect("rows").await.data["changed"]), "Application/shop");
    assert_eq!(names(&degraded.expect("rows").await.data["changed"]), "Application/shop");
    // The Flux object of an Application goes with it.
    world.apply(&status("shop", "data", "Degraded")).await;
    let keys = json!([
        "argoproj.io/Application/argocd/shop",
        "kustomize.toolkit.fluxcd.io/Kustomization/flux-system/shop"
    ]);
    assert_eq!(events.expect("rows").await.data["gone"], keys);
    assert_eq!(degraded.expect("rows").await.data["gone"], json!([keys[0]]));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rights_count_at_the_moment_of_the_event() {
    let world = filled().await;
    let alice = world.log_in("alice").await;
    let start = world.until_rows(&alice, "", "Application/api Application/shop").await;
    let mut events = world.listen(&alice, &position(&start), None).await;
    let policy = |csv: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: argocd-rbac-cm, namespace: argocd}}\ndata:\n  \
             policy.csv: 'p, alice, applications, get, {csv}, allow'\n"
        )
    };
    world.apply(&policy("data/*")).await;
    let event = events.expect("rows").await;
    assert_eq!(names(&event.data["changed"]), "Application/batch");
    let gone = json!(["argoproj.io/Application/argocd/api", "argoproj.io/Application/argocd/shop"]);
    assert_eq!(event.data["gone"], gone);
    world.apply(&status("shop", "web", "Degraded")).await;
    assert!(events.is_silent().await);
    // Who comes back after that knows nothing for certain.
    let mut again = world.listen(&alice, &position(&start), None).await;
    again.expect("reset").await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tab_that_comes_back_hears_what_it_missed() {
    let world = filled().await;
    let admin = world.log_in("admin").await;
    let start = world.until_rows(&admin, "", ALL).await;
    let mut events = world.listen(&admin, &position(&start), None).await;
    world.apply(&status("batch", "data", "Degraded")).await;
    let seen = events.expect("rows").await.id;
    drop(events);
    world.apply(&status("api", "web", "Healthy")).await;
    world.delete(&application("shop", "web")).await;
    world.until_rows(&admin, "", "Application/api Application/batch").await;
    // The id of the browser counts more than the position of the address.
    let mut events = world.listen(&admin, &position(&start), Some(&seen)).await;
    let event = events.expect("rows").await;
    assert_eq!(names(&event.data["changed"]), "Application/api");
    assert_eq!(event.data["gone"], json!(["argoproj.io/Application/argocd/shop"]));
    let mut events = world.listen(&admin, &position(&start), None).await;
    assert_eq!(names(&events.expect("rows").await.data["changed"]), "Application/api Application/batch");
    let mut events = world.listen(&admin, "", None).await;
    assert!(events.is_silent().await, "without a position nothing was missed");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_known_any_more_is_asked_for_again() {
    let world = filled().await;
    let admin = world.log_in("admin").await;
    let start = world.until_rows(&admin, "", ALL).await;
    let position = start["position"].as_str().expect("a position");
    let (epoch, number) = position.split_once('-').expect("two parts");
    let future = format!("{epoch}-{}", number.parse::<u64>().expect("a number") + 1000);
    for position in ["another-1", "garbage", future.as_str()] {
        let mut events = world.listen(&admin, &format!("position={position}"), None).await;
        let reset = events.expect("reset").await;
        assert_eq!(reset.data, json!({}), "{position}");
        assert!(reset.id.starts_with(epoch), "{position}");
        // The stream goes on from there.
        world.apply(&status("api", "web", position)).await;
        assert_eq!(names(&events.expect("rows").await.data["changed"]), "Application/api");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_ends_ends_its_streams() {
    let world = filled().await;
    let admin = world.log_in("admin").await;
    world.until_rows(&admin, "", ALL).await;
    let mut events = world.listen(&admin, "", None).await;
    let request = world.client.get(world.url("/auth/logout")).bearer_auth(&admin);
    assert_eq!(crate::world::read(request).await.status, 303);
    let ended = events.expect("ended").await;
    assert_eq!(ended.data["message"], "the session has ended; log in again");
    assert!(events.next().await.is_none());
    let request = world.client.get(world.url("/api/flamingo/v1/stream")).bearer_auth(&admin);
    let refused = crate::world::read(request).await;
    assert_eq!((refused.status, refused.header("content-type")), (401, "application/json"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_ends_its_streams() {
    let world = filled().await;
    let admin = world.log_in("admin").await;
    let mut events = world.listen(&admin, "", None).await;
    tokio::time::timeout(std::time::Duration::from_secs(5), world.stop()).await.expect("stopped");
    assert!(events.next().await.is_none());
}
