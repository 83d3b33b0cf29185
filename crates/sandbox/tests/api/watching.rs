//! Watches.

use std::time::Duration;

use crate::harness::{CONFIG_MAPS, World};

async fn revision(world: &World) -> String {
    let list = world.client.get(CONFIG_MAPS).await.ok();
    list.str_at(&["metadata", "resourceVersion"]).unwrap().to_owned()
}

#[tokio::test]
async fn changes_are_told_in_order() {
    let world = World::new().await;
    let revision = revision(&world).await;
    let path = format!("{CONFIG_MAPS}/a");
    world.client.post(CONFIG_MAPS, "{metadata: {name: a}}").await.ok();
    let mut watch = world
        .client
        .watch(&format!("{CONFIG_MAPS}?watch=1&resourceVersion={revision}&fieldSelector=metadata.name%3Da"))
        .await;
    assert_eq!(watch.next_name().await, "ADDED a");
    world.client.merge(&path, "{data: {x: y}}").await.ok();
    assert_eq!(watch.next_name().await, "MODIFIED a");
    let last = world.client.get(&path).await.ok();
    world.client.delete(&path).await.ok();
    let (r#type, gone) = watch.next().await.unwrap();
    assert_eq!(r#type, "DELETED");
    assert_eq!(gone.at(&["data"]), last.at(&["data"]));
    assert_ne!(gone.at(&["metadata", "resourceVersion"]), last.at(&["metadata", "resourceVersion"]));
}

#[tokio::test]
async fn what_is_there_comes_first_and_a_bookmark_ends_it() {
    let world = World::new().await;
    world.client.until(&format!("{CONFIG_MAPS}/kube-root-ca.crt"), |_| true).await;
    let query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let mut watch = world.client.watch(&format!("{CONFIG_MAPS}?{query}")).await;
    assert_eq!(watch.next_name().await, "ADDED kube-root-ca.crt");
    let (r#type, bookmark) = watch.next().await.unwrap();
    assert_eq!(r#type, "BOOKMARK");
    assert_eq!(bookmark.str_at(&["metadata", "annotations", "k8s.io/initial-events-end"]), Some("true"));
    assert_eq!(bookmark.str_at(&["kind"]), Some("ConfigMap"));
    world.client.post(CONFIG_MAPS, "{metadata: {name: later}}").await.ok();
    assert_eq!(watch.next_name().await, "ADDED later");
    let refused = world.client.get(&format!("{CONFIG_MAPS}?watch=1&sendInitialEvents=true")).await;
    assert_eq!(refused.code, 422);
}

#[tokio::test]
async fn selected_objects_come_and_go_with_their_labels() {
    let world = World::new().await;
    let revision = revision(&world).await;
    let mut watch = world
        .client
        .watch(&format!("{CONFIG_MAPS}?watch=1&resourceVersion={revision}&labelSelector=x%3D1"))
        .await;
    world.client.post(CONFIG_MAPS, "{metadata: {name: a}}").await.ok();
    let path = format!("{CONFIG_MAPS}/a");
    world.client.merge(&path, "{metadata: {labels: {x: '1'}}}").await.ok();
    assert_eq!(watch.next_name().await, "ADDED a");
    let changed = world.client.merge(&path, "{metadata: {labels: {x: '2'}}}").await.ok();
    let (r#type, gone) = watch.next().await.unwrap();
    assert_eq!(r#type, "DELETED");
    assert_eq!(gone.str_at(&["metadata", "labels", "x"]), Some("1"), "the last state that was selected");
    assert_eq!(gone.at(&["metadata", "resourceVersion"]), changed.at(&["metadata", "resourceVersion"]));
}

#[tokio::test]
async fn a_revision_that_is_forgotten_is_expired() {
    let mut config = crate::harness::config();
    config.watch_history = 2;
    let world = World::with(config).await;
    world.client.post(CONFIG_MAPS, "{metadata: {name: a}}").await.ok();
    let revision = revision(&world).await;
    for value in 0..4 {
        world.client.merge(&format!("{CONFIG_MAPS}/a"), &format!("{{data: {{k: '{value}'}}}}")).await.ok();
    }
    let mut watch = world.client.watch(&format!("{CONFIG_MAPS}?watch=1&resourceVersion={revision}")).await;
    let (r#type, status) = watch.next().await.unwrap();
    assert_eq!(r#type, "ERROR");
    assert_eq!(status.at(&["code"]).unwrap().as_i64(), Some(410));
    assert_eq!(status.str_at(&["reason"]), Some("Expired"));
    assert!(watch.next().await.is_none(), "the watch is over");
}

#[tokio::test]
async fn a_watch_ends_in_time_with_a_last_bookmark() {
    let world = World::new().await;
    let revision = revision(&world).await;
    let query = format!("watch=1&allowWatchBookmarks=true&timeoutSeconds=1&resourceVersion={revision}");
    let mut watch = world.client.watch(&format!("/api/v1/namespaces/kube-public/secrets?{query}")).await;
    let (r#type, bookmark) = watch.next().await.unwrap();
    assert_eq!(r#type, "BOOKMARK");
    let told: u64 = bookmark.str_at(&["metadata", "resourceVersion"]).unwrap().parse().unwrap();
    assert!(told >= revision.parse().unwrap());
    assert!(watch.next().await.is_none());
}

#[tokio::test]
async fn watches_end_when_the_server_stops() {
    let world = World::new().await;
    let revision = revision(&world).await;
    let mut watch = world.client.watch(&format!("/api/v1/secrets?watch=1&resourceVersion={revision}")).await;
    let stopped = tokio::time::timeout(Duration::from_secs(10), world.sandbox.stop());
    let (stopped, end) = tokio::join!(stopped, watch.next());
    stopped.unwrap().unwrap();
    assert!(end.is_none());
}

#[tokio::test]
async fn rows_are_watched_too() {
    let world = World::new().await;
    let request = world
        .client
        .request("GET", "/api/v1/namespaces?watch=1&fieldSelector=metadata.name%3Ddefault")
        .header("accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
        .body(http_body_util::Full::default())
        .unwrap();
    let response = world.client.send(request).await.unwrap();
    let mut watch = crate::harness::Watch::of(response.into_body());
    let (r#type, table) = watch.next().await.unwrap();
    assert_eq!((r#type.as_str(), table.str_at(&["kind"])), ("ADDED", Some("Table")));
}
