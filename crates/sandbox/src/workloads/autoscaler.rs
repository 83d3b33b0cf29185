//! HorizontalPodAutoscalers: nobody measures anything here, so each leaves its target as it is, and says so.

use std::time::Duration;

use apimachinery::condition::{self, Condition, Status};
use apimachinery::gvk::GroupVersionKind;
use value::Value;

use super::Outcome;
use super::client::{self, Builtins};
use super::owned;
use crate::api::Api;
use crate::store::Location;

/// As often as the real controller looks at each.
const PERIOD: Duration = Duration::from_secs(15);

/// Writes the status: how many replicas the target has, or that it has none.
pub(super) fn reconcile(api: &Api, builtins: &Builtins, at: &Location) -> Outcome {
    let Some(live) = client::get(api, &builtins.autoscalers, at) else { return Ok(None) };
    let target = live.at(&["spec", "scaleTargetRef"]).cloned().unwrap_or_default();
    let text = |field: &str| target.str_at(&[field]).unwrap_or_default();
    let (kind, name) = (text("kind"), text("name"));
    let group = GroupVersionKind::of(&target).map(|gvk| gvk.group).unwrap_or_default();
    let known = match (group.as_str(), kind) {
        ("apps", "Deployment") => &builtins.deployments,
        ("apps", "StatefulSet") => &builtins.stateful_sets,
        ("apps", "ReplicaSet") => &builtins.replica_sets,
        // What else can be scaled is not looked at.
        _ => return Ok(None),
    };
    let scaled = Location { table: known.table.clone(), namespace: at.namespace.clone(), name: name.into() };
    let scaled = client::get(api, known, &scaled);
    let (holds, reason, message) = match &scaled {
        Some(_) => {
            let message = "the HPA controller was able to get the target's current scale".to_owned();
            (Status::True, "SucceededGetScale", message)
        }
        None => {
            let message = format!(
                "the HPA controller was unable to get the target's current scale: {} {name:?} not found",
                known.table
            );
            (Status::False, "FailedGetScale", message)
        }
    };
    let condition = Condition::new("AbleToScale", holds, reason, message);
    let replicas = scaled.as_ref().map_or(0, |scaled| owned::number(scaled, &["spec", "replicas"]));
    let mut status = live.get("status").cloned().unwrap_or_else(Value::map);
    status.set_at(&["currentReplicas"], replicas);
    status.set_at(&["desiredReplicas"], replicas);
    let mut conditions = status.get("conditions").cloned().unwrap_or_default();
    condition::set(&mut conditions, &condition, &api.now());
    status.set_at(&["conditions"], conditions);
    owned::write_status(api, &builtins.autoscalers, &live, status)?;
    Ok(Some(PERIOD))
}
