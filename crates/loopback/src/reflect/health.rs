//! Health in Argo CD's words.

use apimachinery::condition::{self, Condition, Status};
use apimachinery::object;
use engine::ObjectRef;
use engine::health::{State, assess};
use jiff::Timestamp;
use value::Value;

use super::{Live, named};

/// From best to worst, as upstream weighs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum HealthStatus {
    Healthy,
    Suspended,
    Progressing,
    Missing,
    Degraded,
    Unknown,
}

impl HealthStatus {
    fn as_str(self) -> &'static str {
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
pub(crate) struct Health {
    pub(crate) status: HealthStatus,
    pub(crate) message: String,
}

impl Health {
    pub(crate) fn new(status: HealthStatus, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    /// As `status.health`, with the time since when it is so.
    pub(crate) fn to_status(&self, stored: Option<&Value>, now: &str) -> Value {
        let since = stored
            .filter(|stored| stored.str_at(&["status"]) == Some(self.status.as_str()))
            .and_then(|stored| stored.str_at(&["lastTransitionTime"]))
            .unwrap_or(now);
        let mut health = self.to_value();
        health.set_at(&["lastTransitionTime"], since);
        health
    }

    pub(crate) fn to_value(&self) -> Value {
        let mut health = Value::map_of([("status", self.status.as_str())]);
        if !self.message.is_empty() {
            health.set_at(&["message"], self.message.as_str());
        }
        health
    }
}

/// How a Flux object is, by its conditions.
pub(crate) fn of_flux(object: &Value) -> Health {
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

fn by_ready(conditions: &Value, kind: &str, is_old: bool) -> Health {
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
pub(crate) fn waits(ready: &Condition) -> bool {
    match ready.reason.as_str() {
        "DependencyNotReady" | "HealthCheckCanceled" => true,
        "ArtifactFailed" => ready.message.starts_with("Source artifact not found"),
        _ => false,
    }
}

/// How the source is. Where Flamingo keeps it at its artifact, it is as it was before.
pub(crate) fn of_source(source: &Value, held: bool) -> Health {
    match source.at(&["status", "conditions"]) {
        Some(conditions) if held => by_ready(conditions, "GitRepository", false),
        _ => of_flux(source),
    }
}

/// How the workload is. Where Flamingo lets it rest, it is as it was when it last ran.
pub(crate) fn of_workload(workload: &Value, rests: bool) -> Health {
    if !rests || workload.at(&["spec", "suspend"]).and_then(Value::as_bool) != Some(true) {
        return of_flux(workload);
    }
    if workload.at(&["status", "lastAttemptedRevision"]).is_none() {
        return Health::new(HealthStatus::Missing, "");
    }
    match workload.at(&["status", "conditions"]) {
        Some(conditions) => by_ready(conditions, "Kustomization", false),
        None => Health::new(HealthStatus::Missing, ""),
    }
}

/// How a deployed object is.
pub(crate) fn of_child(child: &Value, now: Timestamp) -> Health {
    let health = assess(child, now);
    let status = match health.state {
        State::Current => return Health::new(HealthStatus::Healthy, ""),
        State::InProgress | State::Terminating => HealthStatus::Progressing,
        State::Failed => HealthStatus::Degraded,
        State::NotFound => HealthStatus::Missing,
        State::Unknown => HealthStatus::Unknown,
    };
    Health::new(status, health.message)
}

/// The worst of the Flux objects and of what they deployed, naming the culprit.
pub(crate) fn of_application(live: &Live<'_>, now: Timestamp) -> Health {
    let Some(workload) = live.workload else { return Health::new(HealthStatus::Missing, "") };
    let of_workload = of_workload(workload, live.rests);
    if of_workload.status == HealthStatus::Missing
        && live
            .source
            .is_none_or(|source| of_source(source, live.holds_source).status != HealthStatus::Degraded)
    {
        return of_workload;
    }
    let flux = live
        .source
        .map(|source| (source, of_source(source, live.holds_source)))
        .into_iter()
        .chain([(workload, of_workload)]);
    let all = flux.chain(live.children.iter().map(|child| (child, of_child(child, now))));
    // Of equally bad ones the one that is nearest to the Pods says most.
    let worst = all.max_by_key(|(_, health)| health.status);
    match worst {
        Some((object, health)) if health.status > HealthStatus::Healthy => {
            let culprit = ObjectRef::of(object).map(|reference| named(&reference)).unwrap_or_default();
            Health::new(health.status, format!("Caused by {culprit}"))
        }
        _ => Health::new(HealthStatus::Healthy, ""),
    }
}

/// How bad the worst of what was deployed is.
pub(crate) fn worst_child(live: &Live<'_>, now: Timestamp) -> HealthStatus {
    let children = live.children.iter().map(|child| of_child(child, now).status);
    children.max().unwrap_or(HealthStatus::Healthy)
}
