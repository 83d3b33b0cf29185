//! Deletion: preconditions, finalizers, garbage and namespaces.

use crate::harness::{CONFIG_MAPS, Client, World, names};

async fn make(client: &Client, name: &str, metadata: &str) -> String {
    let body = format!("{{metadata: {{name: {name}{metadata}}}}}");
    let made = client.post(CONFIG_MAPS, &body).await.ok();
    made.str_at(&["metadata", "uid"]).unwrap().to_owned()
}

fn owned_by(uid: &str, extra: &str) -> String {
    format!(", ownerReferences: [{{apiVersion: v1, kind: ConfigMap, name: owner, uid: {uid}{extra}}}]")
}

#[tokio::test]
async fn preconditions_protect_another_object_of_the_same_name() {
    let world = World::new().await;
    let uid = make(&world.client, "a", "").await;
    let path = format!("{CONFIG_MAPS}/a");
    let refused = world.client.delete_with(&path, "{preconditions: {uid: other}}").await;
    assert_eq!(
        refused.refusal(),
        format!(
            "409 Conflict: Operation cannot be fulfilled on ConfigMap \"a\": the UID in the precondition (other) \
             does not match the UID in record ({uid}). The object might have been deleted and then recreated"
        )
    );
    let gone = world.client.delete_with(&path, &format!("{{preconditions: {{uid: {uid}}}}}")).await.ok();
    assert_eq!(gone.str_at(&["status"]), Some("Success"));
    assert_eq!(gone.str_at(&["details", "uid"]), Some(uid.as_str()));
    assert_eq!(world.client.delete(&path).await.code, 404);
}

#[tokio::test]
async fn a_finalizer_holds_an_object() {
    let world = World::new().await;
    make(&world.client, "a", ", finalizers: [example.com/hold]").await;
    let path = format!("{CONFIG_MAPS}/a");
    let marked = world.client.delete(&path).await.ok();
    assert!(marked.str_at(&["metadata", "deletionTimestamp"]).is_some());
    let added =
        world.client.merge(&path, "{metadata: {finalizers: [example.com/hold, example.com/new]}}").await;
    assert_eq!(added.code, 422, "no finalizer is added to an object that goes");
    world.client.merge(&path, "{metadata: {finalizers: null}}").await.ok();
    assert_eq!(world.client.get(&path).await.code, 404);
}

#[tokio::test]
async fn dependents_go_after_their_owner() {
    let world = World::new().await;
    let uid = make(&world.client, "owner", "").await;
    make(&world.client, "child", &owned_by(&uid, "")).await;
    world.client.delete(&format!("{CONFIG_MAPS}/owner")).await.ok();
    world.client.until_gone(&format!("{CONFIG_MAPS}/child")).await;
}

#[tokio::test]
async fn dependents_of_nobody_go_at_once() {
    let world = World::new().await;
    make(&world.client, "child", &owned_by("never-was", "")).await;
    world.client.until_gone(&format!("{CONFIG_MAPS}/child")).await;
}

#[tokio::test]
async fn in_the_foreground_the_owner_goes_last() {
    let world = World::new().await;
    let uid = make(&world.client, "owner", "").await;
    let held = format!("{}, finalizers: [example.com/hold]", owned_by(&uid, ", blockOwnerDeletion: true"));
    make(&world.client, "child", &held).await;
    let owner = format!("{CONFIG_MAPS}/owner");
    let marked = world.client.delete_with(&owner, "{propagationPolicy: Foreground}").await.ok();
    assert_eq!(marked.at(&["metadata", "finalizers"]).unwrap().to_string(), r#"["foregroundDeletion"]"#);
    let child = format!("{CONFIG_MAPS}/child");
    world.client.until(&child, |child| child.at(&["metadata", "deletionTimestamp"]).is_some()).await;
    assert_eq!(world.client.get(&owner).await.code, 200);
    world.client.merge(&child, "{metadata: {finalizers: null}}").await.ok();
    world.client.until_gone(&owner).await;
}

#[tokio::test]
async fn orphans_stay_and_forget() {
    let world = World::new().await;
    let uid = make(&world.client, "owner", "").await;
    make(&world.client, "child", &owned_by(&uid, "")).await;
    let owner = format!("{CONFIG_MAPS}/owner");
    world.client.delete_with(&owner, "{propagationPolicy: Orphan}").await.ok();
    world.client.until_gone(&owner).await;
    let child = world.client.get(&format!("{CONFIG_MAPS}/child")).await.ok();
    assert!(child.at(&["metadata", "ownerReferences"]).is_none());
}

#[tokio::test]
async fn a_collection_is_deleted_by_selector() {
    let world = World::new().await;
    make(&world.client, "a", ", labels: {x: y}").await;
    make(&world.client, "b", "").await;
    world.client.delete(&format!("{CONFIG_MAPS}?labelSelector=x%3Dy")).await.ok();
    let list = world.client.get(&format!("{CONFIG_MAPS}?labelSelector=x")).await.ok();
    assert!(names(&list).is_empty());
    assert_eq!(world.client.get(&format!("{CONFIG_MAPS}/b")).await.code, 200);
}

#[tokio::test]
async fn a_namespace_takes_everything_with_it() {
    let world = World::new().await;
    let namespaces = "/api/v1/namespaces";
    world.client.post(namespaces, "{metadata: {name: team}}").await.ok();
    let maps = "/api/v1/namespaces/team/configmaps";
    let body = "{metadata: {name: held, finalizers: [example.com/hold]}}";
    world.client.post(maps, body).await.ok();
    world.client.until("/api/v1/namespaces/team/serviceaccounts/default", |_| true).await;
    let team = format!("{namespaces}/team");
    let marked = world.client.delete(&team).await.ok();
    assert_eq!(marked.str_at(&["status", "phase"]), Some("Terminating"));
    let refused = world.client.post(maps, "{metadata: {name: new}}").await;
    assert!(refused.body.to_string().contains("\"reason\":\"NamespaceTerminating\""));
    assert_eq!(
        refused.refusal(),
        "403 Forbidden: configmaps \"new\" is forbidden: unable to create new content in namespace team because it is being terminated"
    );
    let waiting = world
        .client
        .until(&team, |team| crate::harness::condition(team, "NamespaceFinalizersRemaining").is_some())
        .await;
    let condition = crate::harness::condition(&waiting, "NamespaceFinalizersRemaining").unwrap();
    assert_eq!(
        condition.str_at(&["message"]),
        Some(
            "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances"
        )
    );
    world.client.merge(&format!("{maps}/held"), "{metadata: {finalizers: null}}").await.ok();
    world.client.until_gone(&team).await;
    let refused = world.client.post(maps, "{metadata: {name: new}}").await;
    assert_eq!(refused.refusal(), "404 NotFound: namespaces \"team\" not found");
    let immortal = world.client.delete(&format!("{namespaces}/default")).await;
    assert_eq!(
        immortal.refusal(),
        "403 Forbidden: namespaces \"default\" is forbidden: this namespace may not be deleted"
    );
}
