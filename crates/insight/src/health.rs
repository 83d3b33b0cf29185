//! How something is, in Argo CD's words, whatever world it is of.

mod flux;
mod kinds;

use apimachinery::object;
use engine::ObjectRef;
use engine::health::{State, told};
use jiff::Timestamp;
use value::Value;

pub use flux::{by_ready, of_flux, of_resting, waits};

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

/// An object with this annotation says nothing about what it is part of.
const IGNORED: &str = "argocd.argoproj.io/ignore-healthcheck";
/// Of more objects than these a health names the number only.
const MAX_CAUSES: usize = 3;

/// How objects are together: as the worst of them, naming who is to blame.
///
/// Source of the rule: Argo CD 3.6, `controller/health.go`.
pub fn together<'a>(parts: impl IntoIterator<Item = (&'a Value, Health)>) -> Health {
    let parts: Vec<(&Value, HealthStatus)> = parts
        .into_iter()
        .filter(|(object, _)| object::annotation(object, IGNORED) != Some("true"))
        .map(|(object, health)| (object, health.status))
        .collect();
    let worst = parts.iter().map(|(_, status)| *status).max().unwrap_or(HealthStatus::Healthy);
    if worst == HealthStatus::Healthy {
        return Health::new(worst, "");
    }
    let mut causes =
        parts.iter().filter(|(_, status)| *status == worst).filter_map(|(object, _)| ObjectRef::of(object));
    let first: Vec<String> = causes.by_ref().take(MAX_CAUSES).map(named).collect();
    let mut message = format!("Caused by {}", first.join(", "));
    match causes.count() {
        0 => {}
        more => message.push_str(&format!(" and {more} more")),
    }
    Health::new(worst, message)
}

/// `apps/Deployment:ns/web`, `Service:ns/web`, `rbac.authorization.k8s.io/ClusterRole:reader`.
fn named(reference: ObjectRef) -> String {
    let ObjectRef { group, kind, namespace, name } = reference;
    let parts = [(group, "/"), (kind, ":"), (namespace, "/"), (name, "")];
    let parts = parts.into_iter().filter(|(text, _)| !text.is_empty());
    parts.map(|(text, mark)| text + mark).collect()
}

/// How a deployed object is.
pub fn of_deployed(object: &Value, now: Timestamp) -> Health {
    of_kind(object, now).unwrap_or_else(|| Health::new(HealthStatus::Healthy, ""))
}

/// How an object is, if it or its kind says anything about that; in Argo CD most kinds do not.
///
/// Kinds that Argo CD has a rule for are judged by that; others by what Kubernetes' kstatus makes of their conditions.
pub fn of_kind(object: &Value, now: Timestamp) -> Option<Health> {
    if object::deletion_timestamp(object).is_some() {
        return Some(Health::new(HealthStatus::Progressing, "Pending deletion"));
    }
    let ObjectRef { group, kind, .. } = ObjectRef::of(object)?;
    if crate::is_flux(&group) {
        return flux::told(object);
    }
    let Some(rule) = kinds::rule(&group, &kind) else { return by_kstatus(object, &kind, now) };
    let mut health = rule(object);
    // Argo CD does not always say why.
    if health.message.is_empty() && health.status > HealthStatus::Healthy {
        health.message = told(object, now)
            .filter(|told| matches!(told.state, State::InProgress | State::Failed))
            .map(|told| told.message)
            .unwrap_or_default();
    }
    Some(health)
}

/// Whether Argo CD has a rule for a kind, so that its objects count for the health of what they are part of.
pub fn is_judged(group: &str, kind: &str) -> bool {
    kinds::rule(group, kind).is_some()
}

fn by_kstatus(object: &Value, kind: &str, now: Timestamp) -> Option<Health> {
    // They are always ready, and nobody asks.
    if matches!(kind, "ConfigMap" | "Secret") {
        return None;
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
