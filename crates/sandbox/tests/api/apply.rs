//! Server-side apply.

use value::Value;

use crate::harness::{CONFIG_MAPS, World};

fn path(manager: &str) -> String {
    format!("{CONFIG_MAPS}/a?fieldManager={manager}")
}

fn body(data: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {data}\n")
}

#[tokio::test]
async fn an_apply_creates_changes_and_removes() {
    let world = World::new().await;
    let made = world.client.apply(&path("one"), &body("{x: '1', y: '1'}")).await;
    assert_eq!(made.code, 201);
    let changed = world.client.apply(&path("one"), &body("{x: '2'}")).await;
    assert_eq!(changed.code, 200);
    assert_eq!(changed.ok().get("data").unwrap().to_string(), r#"{"x":"2"}"#);
    let live = world.client.get(&format!("{CONFIG_MAPS}/a")).await.ok();
    let same = world.client.apply(&path("one"), &body("{x: '2'}")).await.ok();
    assert_eq!(same, live, "an apply that changes nothing writes nothing");
}

#[tokio::test]
async fn another_managers_field_is_a_conflict() {
    let world = World::new().await;
    world.client.apply(&path("one"), &body("{x: '1'}")).await.ok();
    let conflict = world.client.apply(&path("two"), &body("{x: '2'}")).await;
    let causes = conflict.body.at(&["details", "causes"]).and_then(Value::as_list).unwrap();
    assert_eq!(
        causes[0].to_string(),
        r#"{"field":".data.x","message":"conflict with \"one\"","reason":"FieldManagerConflict"}"#
    );
    assert_eq!(
        conflict.refusal(),
        "409 Conflict: Apply failed with 1 conflict: conflict with \"one\": .data.x"
    );
    let forced = world.client.apply(&format!("{}&force=true", path("two")), &body("{x: '2'}")).await.ok();
    assert_eq!(forced.str_at(&["data", "x"]), Some("2"));
    let equal = world.client.apply(&path("three"), &body("{x: '2'}")).await;
    assert_eq!(equal.code, 200, "an equal value is shared");
}

#[tokio::test]
async fn an_apply_needs_a_manager_and_a_kind() {
    let world = World::new().await;
    let nobody = world.client.apply(&format!("{CONFIG_MAPS}/a"), &body("{}")).await;
    assert_eq!(
        nobody.refusal(),
        "422 Invalid: PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch"
    );
    let kindless = world.client.apply(&path("one"), "metadata: {name: a}\n").await;
    assert_eq!(kindless.code, 400);
    let other = world.client.apply(&path("one"), &body("{}").replace("name: a", "name: b")).await;
    assert_eq!(other.code, 400);
    let unknown = world.client.apply(&path("one"), &format!("{}nope: 1\n", body("{}"))).await.refusal();
    assert!(unknown.contains(".nope: field not declared in schema"), "{unknown}");
}

#[tokio::test]
async fn a_status_is_applied_apart() {
    let world = World::new().await;
    let deployments = "/apis/apps/v1/namespaces/default/deployments";
    let deployment = "{metadata: {name: web}, spec: {replicas: 0, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: m, image: i}]}}}}";
    world.client.post(deployments, deployment).await.ok();
    let status =
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nstatus: {collisionCount: 4}\n";
    let path = format!("{deployments}/web/status?fieldManager=m&force=true");
    let applied = world.client.apply(&path, status).await.ok();
    assert_eq!(applied.at(&["status", "collisionCount"]).unwrap().as_i64(), Some(4));
    let entries = applied.at(&["metadata", "managedFields"]).and_then(Value::as_list).unwrap();
    assert!(entries.iter().any(|entry| {
        entry.str_at(&["manager"]) == Some("m") && entry.str_at(&["subresource"]) == Some("status")
    }));
    let absent = world.client.apply(&path.replace("web", "nope"), &status.replace("web", "nope")).await;
    assert_eq!(absent.code, 404);
}
