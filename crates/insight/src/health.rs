//! How something is, in Argo CD's words, whatever world it is of.

use apimachinery::condition::{self, Condition, Status};
use apimachinery::object;
use engine::ObjectRef;
use engine::health::{State, told};
use jiff::Timestamp;
use value::Value;

use crate::generated;

/// From best to worst, as upstream weighs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HealthStatus {
    /// As it should be.
    Healthy,
    /// Somebody has it wait.
    Suspended,
    /// On the way.
    Progressing,
    /// It does not exist, and should.
    Missing,
    /// It will not get there without a change.
    Degraded,
    /// It cannot be told.
    Unknown,
}

impl HealthStatus {
    /// The word of `status.health`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "Healthy",
            Self::Suspended => "Suspended",
            Self::Progressing => "Progressing",
            Self::Missing => "Missing",
            Self::Degraded => "Degraded",
            Self::Unknown => "Unknown",
        }
    }
}

/// How something is, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// How it is.
    pub status: HealthStatus,
    /// Why, for people; may be empty.
    pub message: String,
}

impl Health {
    /// A status and why.
    pub fn new(status: HealthStatus, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    /// As `status.health`, with the time since when it is so.
    pub fn to_status(&self, stored: Option<&Value>, now: &str) -> Value {
        let since = stored
            .filter(|stored| stored.str_at(&["status"]) == Some(self.status.as_str()))
            .and_then(|stored| stored.str_at(&["lastTransitionTime"]))
            .unwrap_or(now);
        let mut health = self.to_value();
        health.set_at(&["lastTransitionTime"], since);
        health
    }

    /// Status, and the message if there is one.
    pub fn to_value(&self) -> Value {
        let mut health = Value::map_of([("status", self.status.as_str())]);
        if !self.message.is_empty() {
            health.set_at(&["message"], self.message.as_str());
        }
        health
    }
}

/// How a Flux object is, by its conditions.
pub fn of_flux(object: &Value) -> Health {
    let kind = object.str_at(&["kind"]).unwrap_or_default();
    if generated::rests(object) {
        return of_resting(object);
    }
    if object.at(&["spec", "suspend"]).and_then(Value::as_bool) == Some(true) {
        return Health::new(HealthStatus::Suspended, format!("the {kind} is suspended"));
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
        Status::False if waits(&ready) => HealthStatus::Progressing,
        Status::False => HealthStatus::Degraded,
        Status::Unknown => HealthStatus::Progressing,
    };
    Health::new(status, ready.message)
}

/// Whether a condition that is false tells only of something that has to come first.
pub fn waits(ready: &Condition) -> bool {
    match ready.reason.as_str() {
        "DependencyNotReady" | "HealthCheckCanceled" => true,
        "ArtifactFailed" => ready.message.starts_with("Source artifact not found"),
        _ => false,
    }
}

/// How a deployed object is.
pub fn of_deployed(object: &Value, now: Timestamp) -> Health {
    of_kind(object, now).unwrap_or_else(|| Health::new(HealthStatus::Healthy, ""))
}

/// How an object is, if it or its kind says anything about that; in Argo CD most kinds do not.
pub fn of_kind(object: &Value, now: Timestamp) -> Option<Health> {
    if object::deletion_timestamp(object).is_some() {
        return Some(Health::new(HealthStatus::Progressing, "Pending deletion"));
    }
    let reference = ObjectRef::of(object)?;
    let is_paused = object.at(&["spec", "paused"]).and_then(Value::as_bool) == Some(true);
    match (reference.group.as_str(), reference.kind.as_str()) {
        ("", "ConfigMap" | "Secret") => return None,
        ("batch", "CronJob") if object.at(&["status", "lastScheduleTime"]).is_none() => {
            return Some(Health::new(HealthStatus::Healthy, "CronJob has not been scheduled yet"));
        }
        ("apps", "Deployment") if is_paused => {
            return Some(Health::new(HealthStatus::Suspended, "Deployment is paused"));
        }
        ("", "Pod") => {
            if let Some(why) = cannot_start(object) {
                return Some(Health::new(HealthStatus::Degraded, why));
            }
        }
        _ => {}
    }
    let health = told(object, now)?;
    let status = match health.state {
        State::Current => return Some(Health::new(HealthStatus::Healthy, "")),
        State::InProgress | State::Terminating => HealthStatus::Progressing,
        State::Failed => HealthStatus::Degraded,
        State::NotFound => HealthStatus::Missing,
        State::Unknown => HealthStatus::Unknown,
    };
    Some(Health::new(status, health.message))
}

/// Why containers of a Pod that always runs cannot start. A Pod that ends by itself may be a hook, which fails otherwise.
///
/// Source of the rule: gitops-engine, `pkg/health/health_pod.go`.
fn cannot_start(pod: &Value) -> Option<String> {
    if !matches!(pod.str_at(&["spec", "restartPolicy"]), None | Some("" | "Always")) {
        return None;
    }
    let containers = pod.at(&["status", "containerStatuses"]).and_then(Value::as_list).unwrap_or_default();
    let messages: Vec<&str> = containers
        .iter()
        .filter_map(|container| {
            let waiting = container.at(&["state", "waiting"])?;
            let reason = waiting.str_at(&["reason"])?;
            let is_error =
                reason.starts_with("Err") || reason.ends_with("Error") || reason.ends_with("BackOff");
            is_error.then(|| waiting.str_at(&["message"]).unwrap_or_default())
        })
        .collect();
    (!messages.is_empty()).then(|| messages.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_whose_containers_cannot_start_is_degraded_as_in_argo_cd() {
        let of = |policy: &str, reason: &str| {
            let text = format!(
                r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"x"}},"spec":{{{policy}}},"status":{{"phase":"Pending","containerStatuses":[{{"state":{{"waiting":{{"reason":"{reason}","message":"m"}}}}}}]}}}}"#
            );
            let object = value::from_json(text.as_bytes()).expect(&text);
            of_kind(&object, Timestamp::UNIX_EPOCH).expect("a health").status
        };
        let rows = [
            ("", "ImagePullBackOff", HealthStatus::Degraded),
            (r#""restartPolicy":"Always""#, "ErrImagePull", HealthStatus::Degraded),
            (r#""restartPolicy":"Always""#, "CreateContainerConfigError", HealthStatus::Degraded),
            (r#""restartPolicy":"Always""#, "ContainerCreating", HealthStatus::Progressing),
            (r#""restartPolicy":"Never""#, "ImagePullBackOff", HealthStatus::Progressing),
        ];
        for (policy, reason, expected) in rows {
            assert_eq!(of(policy, reason), expected, "{policy} {reason}");
        }
    }

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

    #[test]
    fn kinds_tell_what_they_tell_in_argo_cd() {
        let object = |kind: &str, more: &str| {
            let text = format!(r#"{{"kind":"{kind}","metadata":{{"name":"x"{more}}}"#);
            value::from_json(format!("{text}}}").as_bytes()).expect(&text)
        };
        let of = |mut object: Value, version: &str| {
            object.set_at(&["apiVersion"], version);
            of_kind(&object, Timestamp::UNIX_EPOCH).map(|health| (health.status, health.message))
        };
        let told = |status, message: &str| Some((status, message.to_owned()));
        assert_eq!(of(object("ConfigMap", ""), "v1"), None);
        let deleted = object("ConfigMap", r#","deletionTimestamp":"2026-01-01T00:00:00Z""#);
        assert_eq!(of(deleted, "v1"), told(HealthStatus::Progressing, "Pending deletion"));
        let mut paused = object("Deployment", "");
        paused.set_at(&["spec", "paused"], true);
        assert_eq!(of(paused, "apps/v1"), told(HealthStatus::Suspended, "Deployment is paused"));
        let cron = of(object("CronJob", ""), "batch/v1");
        assert_eq!(cron, told(HealthStatus::Healthy, "CronJob has not been scheduled yet"));
    }
}
