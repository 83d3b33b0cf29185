//! Flux objects, which speak through their conditions.
//!
//! Source of the rules: Argo CD 3.6, `resource_customizations/*.toolkit.fluxcd.io`. Beyond those a status about an
//! earlier spec does not count, an object that waits for another one is on the way, and the message says why.

use apimachinery::condition::{self, Condition, Status};
use apimachinery::object;
use value::Value;

use super::{Health, HealthStatus};
use crate::generated;

/// How a Flux object is; alerts and their providers say nothing about that.
pub(super) fn told(object: &Value) -> Option<Health> {
    let says_nothing = object.at(&["status", "conditions"]).is_none()
        && matches!(object.str_at(&["kind"]), Some("Alert" | "Provider"));
    (!says_nothing).then(|| of_flux(object))
}

/// How a Flux object is, by its conditions.
pub fn of_flux(object: &Value) -> Health {
    let kind = object.str_at(&["kind"]).unwrap_or_default();
    if generated::rests(object) {
        return of_resting(object);
    }
    if object::is_suspended(object) {
        return Health::new(HealthStatus::Suspended, format!("{kind} is suspended"));
    }
    if kind == "HelmRepository" && object.str_at(&["spec", "type"]) == Some("oci") {
        let message = "Helm repositories of type 'oci' do not contain any information in the status.";
        return Health::new(HealthStatus::Healthy, message);
    }
    let observed = object::observed_generation(object);
    let Some(conditions) = object.at(&["status", "conditions"]) else {
        return Health::new(HealthStatus::Progressing, format!("Waiting for {kind} to reconcile ..."));
    };
    if let Some(stalled) =
        condition::get(conditions, "Stalled").filter(|stalled| stalled.status == Status::True)
    {
        return Health::new(HealthStatus::Degraded, stalled.message);
    }
    by_ready(conditions, kind, observed.is_some() && observed != object::generation(object))
}

/// How a Flux object is that Flamingo lets rest: as it was when it last ran.
pub fn of_resting(object: &Value) -> Health {
    let kind = object.str_at(&["kind"]).unwrap_or_default();
    let status = |field: &str| object.at(&["status", field]);
    let has_run = status("lastAttemptedRevision").is_some() || status("artifact").is_some();
    match status("conditions").filter(|_| has_run) {
        Some(conditions) => by_ready(conditions, kind, false),
        None => Health::new(HealthStatus::Missing, ""),
    }
}

/// How something is by its Ready condition. `is_old` says that the condition is about an earlier spec.
pub fn by_ready(conditions: &Value, kind: &str, is_old: bool) -> Health {
    let Some(ready) = condition::get(conditions, "Ready") else {
        return Health::new(HealthStatus::Progressing, format!("Waiting for {kind} to reconcile ..."));
    };
    let status = match ready.status {
        Status::True if is_old => {
            let message = format!("Waiting for {kind} to reconcile its new spec ...");
            return Health::new(HealthStatus::Progressing, message);
        }
        Status::True => HealthStatus::Healthy,
        Status::False if waits(&ready) || is_scanning(conditions) => HealthStatus::Progressing,
        Status::False => HealthStatus::Degraded,
        Status::Unknown => HealthStatus::Progressing,
    };
    Health::new(status, ready.message)
}

/// Whether an object of image automation is about to know better.
fn is_scanning(conditions: &Value) -> bool {
    condition::get(conditions, "Reconciling").is_some_and(|reconciling| {
        reconciling.status == Status::True
            && matches!(reconciling.reason.as_str(), "Scanning" | "AccessingRepository" | "ApplyingPolicy")
    })
}

/// Whether a condition that is false tells only of something that has to come first.
pub fn waits(ready: &Condition) -> bool {
    match ready.reason.as_str() {
        "DependencyNotReady" | "HealthCheckCanceled" => true,
        "ArtifactFailed" => ready.message.starts_with("Source artifact not found"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_flamingo_itself_suspended_is_as_it_last_was() {
        let of = |annotations: &str, status: &str| {
            let text = format!(
                r#"{{"apiVersion":"kustomize.toolkit.fluxcd.io/v1","kind":"Kustomization","metadata":{{"name":"x","labels":{{"flamingo/generated":"true"}},"annotations":{{{annotations}}}}},"spec":{{"suspend":true}},"status":{{{status}}}}}"#
            );
            of_flux(&value::from_json(text.as_bytes()).expect(&text)).status
        };
        let ran = r#""lastAttemptedRevision":"main@sha1:1","conditions":[{"type":"Ready","status":"True","reason":"x","message":""}]"#;
        let ours = r#""flamingo/rests":"true""#;
        assert_eq!(of(ours, ran), HealthStatus::Healthy);
        assert_eq!(of(ours, ""), HealthStatus::Missing);
        assert_eq!(of("", ran), HealthStatus::Suspended, "somebody else has suspended it");
    }
}
