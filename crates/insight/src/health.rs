//! How something is, in Argo CD's words, whatever world it is of.

use apimachinery::condition::{self, Condition, Status};
use apimachinery::object;
use engine::ObjectRef;
use engine::health::{State, told};
use jiff::Timestamp;
use value::Value;

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
    if object.at(&["spec", "suspend"]).and_then(Value::as_bool) == Some(true) {
        return Health::new(HealthStatus::Suspended, format!("the {kind} is suspended"));
    }
    let observed = object.at(&["status", "observedGeneration"]).and_then(Value::as_i64);
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

#[cfg(test)]
mod tests {
    use super::*;

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
