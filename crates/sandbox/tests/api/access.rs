//! Who may ask, and what the server says of itself.

use bytes::Bytes;
use http_body_util::Full;

use crate::harness::World;

#[tokio::test]
async fn only_the_token_opens() {
    let world = World::new().await;
    let stranger = world.client.with_token("wrong");
    assert_eq!(stranger.get("/api/v1/namespaces").await.refusal(), "401 Unauthorized: Unauthorized");
    assert_eq!(stranger.get("/livez").await.ok().as_str(), Some("ok"));
}

#[tokio::test]
async fn other_hosts_are_refused() {
    let world = World::new().await;
    let mut request = world.client.request("GET", "/api").body(Full::<Bytes>::default()).unwrap();
    request.headers_mut().insert("host", "evil.example.com".parse().unwrap());
    let answer = world.client.try_call(request).await.unwrap();
    assert!(answer.refusal().starts_with("403 Forbidden: the sandbox answers to localhost"));
}

#[tokio::test]
async fn protobuf_is_refused_so_that_clients_fall_back() {
    let world = World::new().await;
    let answer = world.client.get_as("/api/v1/namespaces", "application/vnd.kubernetes.protobuf").await;
    assert_eq!(
        answer.refusal(),
        "406 NotAcceptable: only the following media types are accepted: application/json"
    );
    let answer = world
        .client
        .patch_as("/api/v1/namespaces/default", "application/vnd.kubernetes.protobuf", "{}")
        .await;
    assert!(answer.refusal().starts_with("415 UnsupportedMediaType"));
}

#[tokio::test]
async fn the_server_says_what_it_is() {
    let world = World::new().await;
    let version = world.client.get("/version").await.ok();
    assert!(version.str_at(&["gitVersion"]).unwrap().ends_with("+flamingo"));
    let aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    let groups = world.client.get_as("/apis", aggregated).await.ok();
    assert_eq!(groups.str_at(&["kind"]), Some("APIGroupDiscoveryList"));
    assert!(groups.to_string().contains("\"name\":\"apps\""));
    let resources = world.client.get("/apis/apps/v1").await.ok();
    assert!(resources.to_string().contains("deployments/scale"));
    let index = world.client.get("/openapi/v3").await.ok();
    let url = index.str_at(&["paths", "apis/apps/v1", "serverRelativeURL"]).unwrap();
    let document = world.client.get(url).await.ok();
    assert!(document.at(&["components", "schemas", "io.k8s.api.apps.v1.Deployment"]).is_some());
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let world = World::new().await;
    let nothing = "404 NotFound: the server could not find the requested resource";
    assert_eq!(world.client.get("/apis/apps/v1/things").await.refusal(), nothing);
    for path in ["/apis/nowhere/v1/things", "/metrics"] {
        let absent = world.client.get(path).await;
        assert_eq!((absent.code.as_u16(), absent.body.as_str()), (404, Some("404 page not found\n")));
    }
    let logs = world.client.get("/api/v1/namespaces/default/pods/x/log").await.refusal();
    assert!(logs.starts_with("501 NotImplemented"), "{logs}");
}

#[tokio::test]
async fn the_kubeconfig_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new().await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("kubeconfig");
    world.sandbox.write_kubeconfig(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    world.sandbox.stop().await.unwrap();
}

async fn as_deployer(world: &World, method: &str, path: &str, body: &str) -> crate::harness::Answer {
    let request = world
        .client
        .request(method, path)
        .header("impersonate-user", "system:serviceaccount:default:deployer")
        .header(
            "content-type",
            if method == "PATCH" { "application/apply-patch+yaml" } else { "application/json" },
        )
        .body(Full::new(Bytes::from(body.to_owned())))
        .unwrap();
    world.client.try_call(request).await.unwrap()
}

#[tokio::test]
async fn an_impersonated_user_may_do_what_rbac_allows() {
    const ROLES: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/default";
    let world = World::new().await;
    let path = format!("{}/a?fieldManager=m", crate::harness::CONFIG_MAPS);
    let body = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}"#;
    assert_eq!(
        as_deployer(&world, "PATCH", &path, body).await.refusal(),
        "403 Forbidden: configmaps \"a\" is forbidden: User \"system:serviceaccount:default:deployer\" \
         cannot patch resource \"configmaps\" in API group \"\" in the namespace \"default\""
    );
    let role = "{metadata: {name: r}, rules: [{apiGroups: [''], resources: [configmaps], verbs: [patch]}]}";
    world.client.post(&format!("{ROLES}/roles"), role).await.ok();
    let binding = "{metadata: {name: r}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}, \
                   subjects: [{kind: ServiceAccount, name: deployer, namespace: default}]}";
    world.client.post(&format!("{ROLES}/rolebindings"), binding).await.ok();
    let refused = as_deployer(&world, "PATCH", &path, body).await.refusal();
    assert!(
        refused.contains("configmaps is forbidden") && refused.contains("cannot create resource"),
        "{refused}"
    );
    world
        .client
        .merge(
            &format!("{ROLES}/roles/r"),
            "{rules: [{apiGroups: [''], resources: [configmaps], verbs: [patch, create]}]}",
        )
        .await
        .ok();
    assert_eq!(as_deployer(&world, "PATCH", &path, body).await.code, 201);
    let elsewhere = as_deployer(&world, "GET", "/api/v1/nodes", "").await.refusal();
    assert!(
        elsewhere.ends_with("cannot list resource \"nodes\" in API group \"\" at the cluster scope"),
        "{elsewhere}"
    );
}
