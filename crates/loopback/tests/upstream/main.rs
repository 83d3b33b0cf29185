//! Flux's controllers are somebody else's: the Application reflects what these write.
//!
//! With `FLAMINGO_UPSTREAM_KUBECONFIG` on a real control plane, and with `FLAMINGO_UPSTREAM_CRDS` with the
//! definitions of that folder in place of ours; on the simulated cluster otherwise.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "the one who runs the tests says on which cluster")]

mod stand_in;
mod world;

use value::Value;
use world::World;

const FIRST: &str = "main@sha1:1111111111111111111111111111111111111111";
const SECOND: &str = "main@sha1:2222222222222222222222222222222222222222";

fn text<'a>(application: &'a Value, path: &[&str]) -> &'a str {
    application.str_at(path).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_application_reflects_what_another_controller_writes() {
    let world = World::start().await;
    world.create_application().await;
    let source = world.until_there("GitRepository").await;
    assert_eq!(text(&source, &["spec", "ref", "branch"]), "main");
    world.until_there("Kustomization").await;
    world.until_is("Unknown", "Progressing").await;

    world.fetched(FIRST).await;
    world.until_is("OutOfSync", "Progressing").await;
    world.deployed(FIRST).await;
    let application = world.until_is("Synced", "Healthy").await;
    assert_eq!(text(&application, &["status", "sync", "revision"]), &FIRST["main@sha1:".len()..]);
    assert_eq!(text(&application, &["status", "operationState", "phase"]), "Succeeded");

    world.fetched(SECOND).await;
    world.until_is("OutOfSync", "Healthy").await;
    world
        .failed(
            SECOND,
            "HealthCheckFailed",
            "health check failed after 2s: timeout waiting for: [Deployment/apps/web]",
        )
        .await;
    let application = world.until_is("OutOfSync", "Degraded").await;
    let conditions = application.at(&["status", "conditions"]).map(Value::to_string).unwrap_or_default();
    assert!(conditions.contains("timeout waiting for: [Deployment/apps/web]"), "{conditions}");
    world.deployed(SECOND).await;
    let application = world.until_is("Synced", "Healthy").await;
    assert_eq!(application.at(&["status", "conditions"]), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_sync_asks_another_controller_and_deletion_leaves_nothing() {
    let world = World::start().await;
    world.create_application().await;
    world.until_there("Kustomization").await;
    let stand_in = world.stand_in(FIRST);
    world.until_is("Synced", "Healthy").await;
    world.patch_application(r#"{"operation":{"initiatedBy":{"username":"admin"},"sync":{}}}"#).await;
    let application = world
        .until("the end of the sync", |application| {
            text(application, &["status", "operationState", "operation", "initiatedBy", "username"])
                == "admin"
                && text(application, &["status", "operationState", "phase"]) == "Succeeded"
        })
        .await;
    assert_eq!(application.get("operation"), None);
    world.delete_application().await;
    for kind in ["Application", "Kustomization", "GitRepository"] {
        world.until_gone(kind).await;
    }
    drop(stand_in);
}
