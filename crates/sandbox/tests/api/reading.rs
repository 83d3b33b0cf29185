//! Lists, selectors and the forms of answers.

use value::Value;

use crate::harness::{CONFIG_MAPS, Client, World, names};

async fn some(client: &Client) {
    for name in ["a", "b", "c", "d"] {
        let body = format!("{{metadata: {{name: {name}, labels: {{n: {name}}}}}}}");
        client.post("/api/v1/namespaces/kube-public/configmaps", &body).await.ok();
    }
}

const PUBLIC: &str = "/api/v1/namespaces/kube-public/configmaps";

#[tokio::test]
async fn pages_show_one_revision() {
    let world = World::new().await;
    some(&world.client).await;
    let labelled = format!("{PUBLIC}?labelSelector=n&limit=2");
    let first = world.client.get(&labelled).await.ok();
    assert_eq!(names(&first), ["a", "b"]);
    let token = first.str_at(&["metadata", "continue"]).unwrap().to_owned();
    world.client.delete(&format!("{PUBLIC}/c")).await.ok();
    world.client.post(PUBLIC, "{metadata: {name: bb, labels: {n: x}}}").await.ok();
    let second = world.client.get(&format!("{labelled}&continue={token}")).await.ok();
    assert_eq!(names(&second), ["c", "d"], "what came between the pages is not seen");
    assert_eq!(second.at(&["metadata", "resourceVersion"]), first.at(&["metadata", "resourceVersion"]));
    assert!(second.at(&["metadata", "continue"]).is_none());
    let all = world.client.get(&format!("{PUBLIC}?limit=1")).await.ok();
    assert_eq!(all.at(&["metadata", "remainingItemCount"]).unwrap().as_i64(), Some(4));
    let broken = world.client.get(&format!("{PUBLIC}?continue=nonsense")).await;
    assert_eq!(broken.code, 400);
}

#[tokio::test]
async fn a_list_is_continued_only_as_long_as_its_revision_is_known() {
    let mut config = crate::harness::config();
    config.watch_history = 3;
    let world = World::with(config).await;
    some(&world.client).await;
    let first = world.client.get(&format!("{PUBLIC}?limit=1")).await.ok();
    let token = first.str_at(&["metadata", "continue"]).unwrap();
    for value in 0..4 {
        world.client.merge(&format!("{PUBLIC}/a"), &format!("{{data: {{k: '{value}'}}}}")).await.ok();
    }
    let gone = world.client.get(&format!("{PUBLIC}?limit=1&continue={token}")).await.refusal();
    assert!(gone.starts_with("410 Expired: The provided continue parameter is too old"), "{gone}");
}

#[tokio::test]
async fn revisions_are_waited_for_by_the_client() {
    let world = World::new().await;
    let far =
        world.client.get(&format!("{PUBLIC}?resourceVersion=999999&resourceVersionMatch=NotOlderThan")).await;
    assert_eq!(far.code, 504);
    assert!(far.refusal().contains("Too large resource version: 999999, current: "));
    let list = world.client.get(PUBLIC).await.ok();
    let revision = list.str_at(&["metadata", "resourceVersion"]).unwrap();
    world.client.post(PUBLIC, "{metadata: {name: later}}").await.ok();
    let exact = format!("{PUBLIC}?resourceVersion={revision}&resourceVersionMatch=Exact");
    assert!(!names(&world.client.get(&exact).await.ok()).contains(&"later"));
}

#[tokio::test]
async fn selectors_select() {
    let world = World::new().await;
    some(&world.client).await;
    for (query, expected) in [
        ("labelSelector=n+in+(a,b)", vec!["a", "b"]),
        ("labelSelector=n!%3Da,n", vec!["b", "c", "d"]),
        ("fieldSelector=metadata.name%3Dc", vec!["c"]),
        ("labelSelector=n%3Da&fieldSelector=metadata.name%3Db", vec![]),
    ] {
        let list = world.client.get(&format!("{PUBLIC}?{query}")).await.ok();
        assert_eq!(names(&list), expected, "{query}");
    }
    let everywhere = "/api/v1/configmaps?fieldSelector=metadata.namespace%3Dkube-public";
    assert_eq!(names(&world.client.get(everywhere).await.ok()).len(), 5);
    let unknown = world.client.get(&format!("{PUBLIC}?fieldSelector=data.x%3Dy")).await;
    assert_eq!(
        unknown.refusal(),
        "400 BadRequest: \"data.x\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
    );
    let broken = world.client.get(&format!("{PUBLIC}?labelSelector=a%3D%3D%3Db")).await;
    assert_eq!(broken.code, 400);
}

#[tokio::test]
async fn tables_have_the_columns_that_kubectl_prints() {
    let world = World::new().await;
    let table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    let table = world.client.get_as("/api/v1/namespaces", table).await.ok();
    let columns: Vec<_> = table
        .at(&["columnDefinitions"])
        .and_then(Value::as_list)
        .unwrap()
        .iter()
        .filter_map(|column| column.str_at(&["name"]))
        .collect();
    assert_eq!(columns, ["Name", "Status", "Age"]);
    let row = &table.at(&["rows"]).and_then(Value::as_list).unwrap()[0];
    let cells = row.get("cells").and_then(Value::as_list).unwrap();
    assert_eq!((cells[0].as_str(), cells[1].as_str()), (Some("default"), Some("Active")));
    assert_eq!(row.str_at(&["object", "kind"]), Some("PartialObjectMetadata"));
}

#[tokio::test]
async fn metadata_alone_can_be_asked_for() {
    let world = World::new().await;
    let form = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    let list = world.client.get_as(CONFIG_MAPS, form).await.ok();
    assert_eq!(list.str_at(&["kind"]), Some("PartialObjectMetadataList"));
    let item = &list.get("items").and_then(Value::as_list).unwrap()[0];
    assert!(item.get("data").is_none());
    let form = form.replace("List", "");
    let one = world.client.get_as(&format!("{CONFIG_MAPS}/kube-root-ca.crt"), &form).await.ok();
    assert_eq!(one.str_at(&["kind"]), Some("PartialObjectMetadata"));
}

#[tokio::test]
async fn absent_objects_are_named() {
    let world = World::new().await;
    let absent = world.client.get(&format!("{CONFIG_MAPS}/nope")).await;
    assert_eq!(absent.body.at(&["details"]).unwrap().to_string(), r#"{"kind":"configmaps","name":"nope"}"#);
    assert_eq!(absent.refusal(), "404 NotFound: configmaps \"nope\" not found");
}
