//! Creating, updating and patching.

use crate::harness::{CONFIG_MAPS, World, names};

const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";
const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 0
  selector: {matchLabels: {a: web}}
  template: {metadata: {labels: {a: web}}, spec: {containers: [{name: m, image: 'i:1'}]}}
";

#[tokio::test]
async fn an_object_is_created_once() {
    let world = World::new().await;
    let body = "{metadata: {name: a, labels: {x: y}}, data: {k: v}}";
    let made = world.client.post(CONFIG_MAPS, body).await;
    assert_eq!(made.code, 201);
    let made = made.ok();
    assert_eq!(made.str_at(&["kind"]), Some("ConfigMap"));
    assert!(made.str_at(&["metadata", "uid"]).is_some());
    assert_eq!(made.str_at(&["metadata", "namespace"]), Some("default"));
    assert!(made.at(&["metadata", "generation"]).is_none());
    let fields = made.at(&["metadata", "managedFields"]).unwrap().to_string();
    assert!(fields.contains(r#""manager":"tester","operation":"Update""#), "{fields}");
    let again = world.client.post(CONFIG_MAPS, body).await;
    assert_eq!(again.refusal(), "409 AlreadyExists: configmaps \"a\" already exists");
}

#[tokio::test]
async fn names_are_generated() {
    let world = World::new().await;
    let made = world.client.post(CONFIG_MAPS, "{metadata: {generateName: a-}}").await.ok();
    let name = made.str_at(&["metadata", "name"]).unwrap();
    assert!(name.starts_with("a-") && name.len() == 7, "{name}");
}

#[tokio::test]
async fn an_update_of_an_old_state_conflicts() {
    let world = World::new().await;
    let old = world.client.post(CONFIG_MAPS, "{metadata: {name: a}}").await.ok();
    let path = format!("{CONFIG_MAPS}/a");
    let mut next = old.clone();
    next.set_at(&["data", "k"], "1");
    let written = world.client.put(&path, &next).await.ok();
    assert_ne!(written.at(&["metadata", "resourceVersion"]), old.at(&["metadata", "resourceVersion"]));
    next.set_at(&["data", "k"], "2");
    assert_eq!(
        world.client.put(&path, &next).await.refusal(),
        "409 Conflict: Operation cannot be fulfilled on configmaps \"a\": the object has been modified; \
         please apply your changes to the latest version and try again"
    );
    let same = world.client.put(&path, &written).await.ok();
    assert_eq!(same, written, "a write that changes nothing writes nothing");
}

#[tokio::test]
async fn the_generation_counts_changes_of_the_specification() {
    let world = World::new().await;
    let path = format!("{DEPLOYMENTS}/web");
    world.client.post(DEPLOYMENTS, DEPLOYMENT).await.ok();
    let generation =
        |object: &value::Value| object.at(&["metadata", "generation"]).unwrap().as_i64().unwrap();
    let labelled = world.client.merge(&path, "{metadata: {labels: {x: y}}}").await.ok();
    assert_eq!(generation(&labelled), 1);
    let scaled = world.client.merge(&path, "{spec: {minReadySeconds: 1}}").await.ok();
    assert_eq!(generation(&scaled), 2);
}

#[tokio::test]
async fn status_and_specification_are_written_apart() {
    let world = World::new().await;
    let path = format!("{DEPLOYMENTS}/web");
    world.client.post(DEPLOYMENTS, DEPLOYMENT).await.ok();
    let both = "{spec: {minReadySeconds: 7}, status: {collisionCount: 5}}";
    let main = world.client.merge(&path, both).await.ok();
    assert_eq!(main.at(&["spec", "minReadySeconds"]).unwrap().as_i64(), Some(7));
    assert!(main.at(&["status", "collisionCount"]).is_none());
    let both = both.replace('7', "9");
    let status = world.client.merge(&format!("{path}/status"), &both).await.ok();
    assert_eq!(status.at(&["spec", "minReadySeconds"]).unwrap().as_i64(), Some(7));
    assert_eq!(status.at(&["status", "collisionCount"]).unwrap().as_i64(), Some(5));
}

#[tokio::test]
async fn the_four_patches_work() {
    let world = World::new().await;
    let path = format!("{DEPLOYMENTS}/web");
    world.client.post(DEPLOYMENTS, DEPLOYMENT).await.ok();
    let json = r#"[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"i:2"}]"#;
    let patched = world.client.patch_as(&path, "application/json-patch+json", json).await.ok();
    assert!(patched.to_string().contains("\"image\":\"i:2\""));
    let strategic = "{spec: {template: {spec: {containers: [{name: side, image: 's:1'}]}}}}";
    let patched =
        world.client.patch_as(&path, "application/strategic-merge-patch+json", strategic).await.ok();
    let containers = patched.at(&["spec", "template", "spec", "containers"]).unwrap().as_list().unwrap();
    assert_eq!(containers.len(), 2, "containers are merged by name");
    let patched = world.client.merge(&path, "{spec: {paused: true}}").await.ok();
    assert_eq!(patched.at(&["spec", "paused"]).unwrap().as_bool(), Some(true));
    let absent = world.client.merge(&format!("{DEPLOYMENTS}/nope"), "{}").await;
    assert_eq!(absent.refusal(), "404 NotFound: deployments.apps \"nope\" not found");
    let bad = r#"[{"op":"remove","path":"/spec/nope"}]"#;
    let bad = world.client.patch_as(&path, "application/json-patch+json", bad).await;
    assert_eq!(bad.code, 422);
}

#[tokio::test]
async fn unknown_fields_are_refused_told_or_dropped() {
    let world = World::new().await;
    let body = DEPLOYMENT.replace("replicas: 0", "replicas: 0\n  foo: 1");
    let strict = world.client.post(&format!("{DEPLOYMENTS}?fieldValidation=Strict"), &body).await;
    assert_eq!(
        strict.refusal(),
        "400 BadRequest: Deployment in version \"v1\" cannot be handled as a Deployment: \
         strict decoding error: unknown field \"spec.foo\""
    );
    let warned = world.client.post(DEPLOYMENTS, &body).await;
    assert_eq!(warned.warnings, ["299 - \"unknown field \\\"spec.foo\\\"\""]);
    assert!(warned.ok().at(&["spec", "foo"]).is_none());
    let path = format!("{DEPLOYMENTS}/web?fieldValidation=Ignore");
    assert!(world.client.merge(&path, "{spec: {foo: 1}}").await.warnings.is_empty());
}

#[tokio::test]
async fn wrong_types_and_values_are_refused_in_the_servers_words() {
    let world = World::new().await;
    let body = DEPLOYMENT.replace("replicas: 0", "replicas: many");
    assert_eq!(
        world.client.post(DEPLOYMENTS, &body).await.refusal(),
        "400 BadRequest: Deployment in version \"v1\" cannot be handled as a Deployment: \
         json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"
    );
    let body = DEPLOYMENT.replace("{labels: {a: web}}", "{labels: {a: other}}");
    let refused = world.client.post(DEPLOYMENTS, &body).await;
    assert_eq!(refused.body.at(&["details", "causes"]).unwrap().as_list().unwrap().len(), 1);
    assert_eq!(
        refused.refusal(),
        "422 Invalid: Deployment.apps \"web\" is invalid: spec.template.metadata.labels: Invalid value: \
         {\"a\":\"other\"}: `selector` does not match template `labels`"
    );
}

#[tokio::test]
async fn a_dry_run_leaves_nothing() {
    let world = World::new().await;
    let before = world.client.get("/api/v1/namespaces").await.ok();
    let made = world.client.post(&format!("{CONFIG_MAPS}?dryRun=All"), "{metadata: {name: a}}").await;
    assert_eq!(made.code, 201);
    let applied = format!("{CONFIG_MAPS}/b?dryRun=All&fieldManager=m");
    let body = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}}"#;
    assert_eq!(world.client.apply(&applied, body).await.code, 201);
    world.client.post(CONFIG_MAPS, "{metadata: {name: real}}").await.ok();
    world.client.merge(&format!("{CONFIG_MAPS}/real?dryRun=All"), "{data: {x: y}}").await.ok();
    world.client.delete(&format!("{CONFIG_MAPS}/real?dryRun=All")).await.ok();
    world.client.delete(&format!("{CONFIG_MAPS}?dryRun=All")).await.ok();
    let list = world.client.get(CONFIG_MAPS).await.ok();
    assert_eq!(names(&list), ["kube-root-ca.crt", "real"]);
    assert!(!list.to_string().contains("\"x\":\"y\""));
    let revision = |list: &value::Value| -> u64 {
        list.str_at(&["metadata", "resourceVersion"]).unwrap().parse().unwrap()
    };
    assert!(revision(&list) > revision(&before));
    let unknown = world.client.post(&format!("{CONFIG_MAPS}?dryRun=Some"), "{metadata: {name: a}}").await;
    assert_eq!(unknown.code, 422);
}

#[tokio::test]
async fn the_scale_is_read_and_written() {
    let world = World::new().await;
    world.client.post(DEPLOYMENTS, DEPLOYMENT).await.ok();
    let path = format!("{DEPLOYMENTS}/web/scale");
    let scale = world.client.get(&path).await.ok();
    assert_eq!(scale.str_at(&["kind"]), Some("Scale"));
    assert_eq!(scale.str_at(&["status", "selector"]), Some("a=web"));
    let scaled = world.client.merge(&path, "{spec: {replicas: 3}}").await.ok();
    assert_eq!(scaled.at(&["spec", "replicas"]).unwrap().as_i64(), Some(3));
    let deployment = world.client.get(&format!("{DEPLOYMENTS}/web")).await.ok();
    assert_eq!(deployment.at(&["spec", "replicas"]).unwrap().as_i64(), Some(3));
}

#[tokio::test]
async fn services_get_and_keep_addresses() {
    let world = World::new().await;
    let services = "/api/v1/namespaces/default/services";
    let body = "{metadata: {name: a}, spec: {type: NodePort, selector: {x: y}, ports: [{port: 80}]}}";
    let made = world.client.post(services, body).await.ok();
    let address = made.str_at(&["spec", "clusterIP"]).unwrap().to_owned();
    assert!(address.starts_with("10.96."), "{address}");
    let mut next = made.clone();
    next.set_at(&["spec", "clusterIP"], "");
    next.remove_at(&["spec", "clusterIPs"]);
    next.set_at(&["spec", "ports"], value::Value::list_of([value::Value::map_of([("port", 80)])]));
    next.remove_at(&["metadata", "resourceVersion"]);
    let kept = world.client.put(&format!("{services}/a"), &next).await.ok();
    assert_eq!(kept.str_at(&["spec", "clusterIP"]), Some(address.as_str()));
    assert_eq!(kept.at(&["spec", "ports"]), made.at(&["spec", "ports"]));
    let taken = format!("{{metadata: {{name: b}}, spec: {{clusterIP: {address}, ports: [{{port: 80}}]}}}}");
    let refused = world.client.post(services, &taken).await.refusal();
    assert!(refused.contains("provided IP is already allocated"), "{refused}");
}

#[tokio::test]
async fn both_kinds_of_events_are_one() {
    let world = World::new().await;
    let events = "/apis/events.k8s.io/v1/namespaces/default/events";
    let body = "{metadata: {name: e}, eventTime: '2026-01-01T00:00:00.000000Z', note: hello, reason: R, action: A, \
                type: Normal, regarding: {kind: Pod, name: p, namespace: default}, reportingController: c, reportingInstance: i}";
    world.client.post(events, body).await.ok();
    let core = world.client.get("/api/v1/namespaces/default/events/e").await.ok();
    assert_eq!(core.str_at(&["message"]), Some("hello"));
    assert_eq!(core.str_at(&["involvedObject", "name"]), Some("p"));
    let selected = "/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Dp";
    assert_eq!(names(&world.client.get(selected).await.ok()), ["e"]);
}
