//! Pods.

use apimachinery::object;
use value::Value;

use super::{condition, degraded, healthy, is, list, message, progressing, text};
use crate::health::{Health, HealthStatus};

/// Lets a Pod that ends by itself be judged as one that does not.
const IGNORE_RESTART_POLICY: &str = "argocd.argoproj.io/ignore-restart-policy";
/// Annotations that make an object a step of a sync.
const HOOKS: [&str; 2] = ["argocd.argoproj.io/hook", "helm.sh/hook"];

/// One that ends by itself may be a hook: it is not judged before it has ended.
pub(super) fn pod(object: &Value) -> Health {
    let is_hook = HOOKS.iter().any(|hook| object::annotation(object, hook).is_some());
    let is_told = object::annotation(object, IGNORE_RESTART_POLICY) == Some("true") && !is_hook;
    // A cluster writes the policy into every Pod.
    let runs_on = is_told || matches!(text(object, &["spec", "restartPolicy"]), "" | "Always");
    if let Some(why) = cannot_start(object).filter(|_| runs_on) {
        return degraded(why);
    }
    let said = text(object, &["status", "message"]);
    match text(object, &["status", "phase"]) {
        "Pending" => progressing(said),
        "Succeeded" => healthy(said),
        "Failed" => degraded(if said.is_empty() { failure(object) } else { said.to_owned() }),
        "Running" if !runs_on => progressing(said),
        "Running" if condition(object, "Ready").is_some_and(|ready| is(ready, "Ready", "True")) => {
            healthy(said)
        }
        "Running" if has_ended_before(object) => degraded(said),
        "Running" => progressing(said),
        _ => Health::new(HealthStatus::Unknown, said),
    }
}

/// Why containers wait that can hardly go on by themselves.
fn cannot_start(pod: &Value) -> Option<String> {
    let waiting = |container: &'_ Value| {
        let waiting = container.at(&["state", "waiting"])?;
        let reason = text(waiting, &["reason"]);
        let is_error = reason.starts_with("Err") || reason.ends_with("Error") || reason.ends_with("BackOff");
        is_error.then(|| message(waiting).to_owned())
    };
    let messages: Vec<String> =
        list(pod, &["status", "containerStatuses"]).iter().filter_map(waiting).collect();
    (!messages.is_empty()).then(|| messages.join(", "))
}

/// What the first container says that has failed.
fn failure(pod: &Value) -> String {
    let all = ["initContainerStatuses", "containerStatuses"].map(|field| list(pod, &["status", field]));
    let said = |container: &Value| {
        let ended = container.at(&["state", "terminated"])?;
        let code = ended.get("exitCode").and_then(Value::as_i64).unwrap_or_default();
        match (message(ended), text(ended, &["reason"])) {
            ("", "OOMKilled") => Some("OOMKilled".to_owned()),
            ("", _) if code == 0 => None,
            ("", _) => {
                Some(format!("container {:?} failed with exit code {code}", text(container, &["name"])))
            }
            (message, _) => Some(message.to_owned()),
        }
    };
    all.into_iter().flatten().find_map(said).unwrap_or_default()
}

fn has_ended_before(pod: &Value) -> bool {
    let containers = list(pod, &["status", "containerStatuses"]);
    containers.iter().any(|container| container.at(&["lastState", "terminated"]).is_some())
}
