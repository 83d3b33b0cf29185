//! What stands in for Flux's controllers: it answers requests as they do, and deploys nothing.

use std::time::Duration;

use apimachinery::object;
use value::Value;

use crate::world::{Objects, conditions};

const REQUESTED: &str = "reconcile.fluxcd.io/requestedAt";
const FINALIZER: &str = "finalizers.fluxcd.io";
const LOOK: Duration = Duration::from_millis(50);

/// Answers until it is dropped.
pub(crate) struct StandIn(tokio::task::JoinHandle<()>);

impl Drop for StandIn {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl StandIn {
    pub(crate) fn start(objects: Objects, revision: &'static str) -> Self {
        Self(tokio::spawn(async move {
            loop {
                for kind in ["GitRepository", "Kustomization"] {
                    if let Some(found) = objects.get(kind).await {
                        answer(&objects, kind, &found, revision).await;
                    }
                }
                tokio::time::sleep(LOOK).await;
            }
        }))
    }
}

/// As upstream: a finalizer at first, the status of the revision, the request that was handled; and the end of what
/// is being deleted.
async fn answer(objects: &Objects, kind: &str, found: &Value, revision: &str) {
    let has_finalizer = object::finalizers(found).any(|finalizer| finalizer == FINALIZER);
    if object::deletion_timestamp(found).is_some() {
        if has_finalizer {
            objects.patch(kind, r#"{"metadata":{"finalizers":null}}"#).await;
        }
        return;
    }
    if !has_finalizer {
        objects.patch(kind, &format!(r#"{{"metadata":{{"finalizers":["{FINALIZER}"]}}}}"#)).await;
        return;
    }
    let request = object::annotation(found, REQUESTED).unwrap_or_default();
    let is_answered = found.str_at(&["status", "lastHandledReconcileAt"]).unwrap_or_default() == request;
    let is_current =
        found.at(&["status", "observedGeneration"]).and_then(Value::as_i64) == object::generation(found);
    if is_answered && is_current {
        return;
    }
    let mut status = match kind {
        "GitRepository" => crate::world::artifact(revision),
        _ => crate::world::applied(revision),
    };
    status.set_at(&["conditions"], conditions("True", "Succeeded", "ok"));
    if !request.is_empty() {
        status.set_at(&["lastHandledReconcileAt"], request);
    }
    objects.write_status(kind, status).await;
}
