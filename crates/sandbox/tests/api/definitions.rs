//! CustomResourceDefinitions and their objects.

use value::Value;

use crate::harness::{Client, World, condition, names};

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const FOOS: &str = "/apis/example.com/v1/namespaces/default/foos";
const DEFINITION: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: foos.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: foos, kind: Foo, shortNames: [fo]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}, scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}}
    additionalPrinterColumns:
    - {name: Color, type: string, jsonPath: .spec.color}
    selectableFields: [{jsonPath: .spec.color}]
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [color]
            x-kubernetes-validations: [{rule: 'self.size < 10', message: too big}]
            properties:
              color: {type: string, enum: [red, green]}
              size: {type: integer, default: 1}
              replicas: {type: integer}
          status: {type: object, properties: {replicas: {type: integer}, note: {type: string}}}
  - name: v1beta1
    served: true
    storage: false
    deprecated: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
";

async fn define(client: &Client) {
    client.post(DEFINITIONS, DEFINITION).await.ok();
    let path = format!("{DEFINITIONS}/foos.example.com");
    let established = |definition: &Value| {
        condition(definition, "Established").is_some_and(|one| one.str_at(&["status"]) == Some("True"))
    };
    client.until(&path, established).await;
}

#[tokio::test]
async fn a_definition_is_established_and_served() {
    let world = World::new().await;
    assert_eq!(world.client.get(FOOS).await.code, 404);
    define(&world.client).await;
    let definition = world.client.get(&format!("{DEFINITIONS}/foos.example.com")).await.ok();
    assert_eq!(
        definition.at(&["status", "acceptedNames"]).unwrap().to_string(),
        r#"{"kind":"Foo","listKind":"FooList","plural":"foos","shortNames":["fo"],"singular":"foo"}"#
    );
    assert_eq!(definition.at(&["status", "storedVersions"]).unwrap().to_string(), r#"["v1"]"#);
    let list = world.client.get(FOOS).await.ok();
    assert_eq!(list.str_at(&["kind"]), Some("FooList"));
    let group = world.client.get("/apis/example.com").await.ok();
    assert_eq!(group.str_at(&["preferredVersion", "version"]), Some("v1"));
    let document = world.client.get("/openapi/v3/apis/example.com/v1").await.ok();
    let schema = document.at(&["components", "schemas", "com.example.v1.Foo"]).unwrap();
    assert_eq!(schema.str_at(&["properties", "spec", "properties", "color", "type"]), Some("string"));
    assert!(schema.get("x-kubernetes-group-version-kind").is_some());
}

#[tokio::test]
async fn objects_are_defaulted_pruned_and_checked() {
    let world = World::new().await;
    define(&world.client).await;
    let foo = |spec: &str| {
        format!("{{apiVersion: example.com/v1, kind: Foo, metadata: {{name: f}}, spec: {spec}}}")
    };
    let missing = world.client.post(FOOS, &foo("{}")).await;
    assert_eq!(
        missing.refusal(),
        "422 Invalid: Foo.example.com \"f\" is invalid: spec.color: Required value"
    );
    let blue = world.client.post(FOOS, &foo("{color: blue}")).await.refusal();
    assert!(
        blue.contains("spec.color: Unsupported value: \"blue\": supported values: \"red\", \"green\""),
        "{blue}"
    );
    let big = world.client.post(FOOS, &foo("{color: red, size: 11}")).await;
    assert_eq!(big.refusal(), "422 Invalid: Foo.example.com \"f\" is invalid: spec: Invalid value: too big");
    let strict =
        world.client.post(&format!("{FOOS}?fieldValidation=Strict"), &foo("{color: red, x: 1}")).await;
    assert_eq!(strict.refusal(), "400 BadRequest: strict decoding error: unknown field \"spec.x\"");
    let made = world.client.post(FOOS, &foo("{color: red, x: 1}")).await;
    assert_eq!(made.warnings.len(), 1);
    assert_eq!(made.ok().get("spec").unwrap().to_string(), r#"{"color":"red","size":1}"#);
    let strategic =
        world.client.patch_as(&format!("{FOOS}/f"), "application/strategic-merge-patch+json", "{}").await;
    assert_eq!(strategic.code, 415);
}

#[tokio::test]
async fn status_scale_and_versions_work() {
    let world = World::new().await;
    define(&world.client).await;
    let body =
        "{apiVersion: example.com/v1, kind: Foo, metadata: {name: f}, spec: {color: red}, status: {note: x}}";
    let made = world.client.post(FOOS, body).await.ok();
    assert!(made.get("status").is_none(), "a status is not created");
    let path = format!("{FOOS}/f");
    let status = "{spec: {color: green}, status: {note: y}}";
    let written = world.client.merge(&format!("{path}/status"), status).await.ok();
    assert_eq!(written.str_at(&["status", "note"]), Some("y"));
    assert_eq!(written.str_at(&["spec", "color"]), Some("red"));
    assert_eq!(written.at(&["metadata", "generation"]).unwrap().as_i64(), Some(1));
    world.client.merge(&format!("{path}/scale"), "{spec: {replicas: 4}}").await.ok();
    let scaled = world.client.get(&path).await.ok();
    assert_eq!(scaled.at(&["spec", "replicas"]).unwrap().as_i64(), Some(4));
    assert_eq!(scaled.at(&["metadata", "generation"]).unwrap().as_i64(), Some(2));
    let beta = world.client.get("/apis/example.com/v1beta1/namespaces/default/foos").await;
    assert_eq!(beta.warnings, ["299 - \"example.com/v1beta1 Foo is deprecated\""]);
    assert!(beta.ok().to_string().contains("\"apiVersion\":\"example.com/v1beta1\",\"kind\":\"Foo\""));
    let versionless = "{apiVersion: example.com/v1, kind: Foo, metadata: {name: f}, spec: {color: red}}";
    let versionless = yaml::parse(versionless, yaml::Rules::V2).unwrap();
    let refused = world.client.put(&path, &versionless).await;
    assert!(
        refused
            .refusal()
            .contains("metadata.resourceVersion: Invalid value: 0: must be specified for an update")
    );
}

#[tokio::test]
async fn columns_and_selectable_fields_are_served() {
    let world = World::new().await;
    define(&world.client).await;
    for (name, color) in [("a", "red"), ("b", "green")] {
        let body = format!(
            "{{apiVersion: example.com/v1, kind: Foo, metadata: {{name: {name}}}, spec: {{color: {color}}}}}"
        );
        world.client.post(FOOS, &body).await.ok();
    }
    let table = world.client.get_as(FOOS, "application/json;as=Table;v=v1;g=meta.k8s.io").await.ok();
    let rows = table.get("rows").and_then(Value::as_list).unwrap();
    assert_eq!(rows[0].get("cells").unwrap().to_string(), r#"["a","red"]"#);
    let red = world.client.get(&format!("{FOOS}?fieldSelector=spec.color%3Dred")).await.ok();
    assert_eq!(names(&red), ["a"]);
    let unknown = world.client.get(&format!("{FOOS}?fieldSelector=spec.size%3D1")).await;
    assert_eq!(unknown.refusal(), "400 BadRequest: field label not supported: spec.size");
}

#[tokio::test]
async fn a_definition_takes_its_objects_with_it() {
    let world = World::new().await;
    define(&world.client).await;
    let body = "{apiVersion: example.com/v1, kind: Foo, metadata: {name: f, finalizers: [example.com/hold]}, spec: {color: red}}";
    world.client.post(FOOS, body).await.ok();
    let path = format!("{DEFINITIONS}/foos.example.com");
    let marked = world.client.delete(&path).await.ok();
    assert!(marked.to_string().contains("customresourcecleanup.apiextensions.k8s.io"));
    let refused = world.client.post(FOOS, &body.replace("name: f", "name: g")).await;
    assert_eq!(refused.code, 405);
    world
        .client
        .until(&format!("{FOOS}/f"), |foo| foo.at(&["metadata", "deletionTimestamp"]).is_some())
        .await;
    world.client.merge(&format!("{FOOS}/f"), "{metadata: {finalizers: null}}").await.ok();
    world.client.until_gone(&path).await;
    assert_eq!(world.client.get(FOOS).await.code, 404);
    define(&world.client).await;
    assert!(names(&world.client.get(FOOS).await.ok()).is_empty());
}

#[tokio::test]
async fn a_wrong_definition_is_refused() {
    let world = World::new().await;
    let two = DEFINITION.replace("storage: false", "storage: true");
    let refused = world.client.post(DEFINITIONS, &two).await.refusal();
    assert!(refused.contains("must have exactly one version marked as storage version"), "{refused}");
    let name = DEFINITION.replace("name: foos.example.com", "name: bars.example.com");
    let refused = world.client.post(DEFINITIONS, &name).await.refusal();
    assert!(
        refused.contains("metadata.name: Invalid value: \"bars.example.com\": must be spec.names.plural"),
        "{refused}"
    );
}

#[tokio::test]
async fn definitions_survive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let on_disk = || crate::harness::on_disk(dir.path(), sandbox::Faults::none());
    let world = World::with(on_disk()).await;
    define(&world.client).await;
    world.sandbox.stop().await.unwrap();
    let world = World::with(on_disk()).await;
    assert_eq!(world.client.get(FOOS).await.code, 200);
}
