//! Whether an object is what it should be: Kubernetes' kstatus, with the rule for Jobs that Flux adds.
//!
//! Source: cli-utils `pkg/kstatus/status`; for Jobs fluxcd/pkg/runtime/statusreaders.

mod rules;

use std::fmt;

use apimachinery::object;
use jiff::Timestamp;
use value::Value;

/// The state of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// The controller has not yet brought it to the desired state.
    InProgress,
    /// It will not get there without a change.
    Failed,
    /// It is as desired.
    Current,
    /// It is being deleted.
    Terminating,
    /// It does not exist.
    NotFound,
    /// It could not be read.
    Unknown,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A state and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The state.
    pub state: State,
    /// Why, for people.
    pub message: String,
}

impl Health {
    fn new(state: State, message: impl Into<String>) -> Self {
        Self { state, message: message.into() }
    }

    fn current(message: impl Into<String>) -> Self {
        Self::new(State::Current, message)
    }

    fn in_progress(message: impl Into<String>) -> Self {
        Self::new(State::InProgress, message)
    }

    fn failed(message: impl Into<String>) -> Self {
        Self::new(State::Failed, message)
    }
}

/// The health of `object` at the time `now`.
pub fn assess(object: &Value, now: Timestamp) -> Health {
    told(object, now).unwrap_or_else(|| Health::current("Resource is current"))
}

/// The health that the object's conditions, or a rule for its kind, tell; `None` where there is neither.
pub fn told(object: &Value, now: Timestamp) -> Option<Health> {
    generic(object).or_else(|| rules::of_kind(object, now)).or_else(|| ready_condition(object))
}

/// Whether `object` is `Current` from the moment at which it is stored, so that nothing has to be
/// watched: kinds without status rules, and without a status.
pub fn is_settled_when_stored(object: &Value) -> bool {
    let kind = object.str_at(&["kind"]).unwrap_or_default();
    matches!(kind, "ConfigMap" | "Secret" | "CronJob")
        || (!rules::has_rule(object) && is_builtin_without_conditions(kind))
}

fn is_builtin_without_conditions(kind: &str) -> bool {
    matches!(
        kind,
        "ServiceAccount"
            | "Role"
            | "RoleBinding"
            | "ClusterRole"
            | "ClusterRoleBinding"
            | "NetworkPolicy"
            | "LimitRange"
            | "PriorityClass"
            | "StorageClass"
            | "IngressClass"
            | "RuntimeClass"
            | "Lease"
            | "Endpoints"
            | "EndpointSlice"
    )
}

fn generic(object: &Value) -> Option<Health> {
    if object::deletion_timestamp(object).is_some() {
        return Some(Health::new(State::Terminating, "Resource scheduled for deletion"));
    }
    let observed = object::observed_generation(object);
    if let (Some(observed), Some(generation)) = (observed, object::generation(object))
        && observed != generation
    {
        let kind = object.str_at(&["kind"]).unwrap_or_default();
        let message =
            format!("{kind} generation is {generation}, but latest observed generation is {observed}");
        return Some(Health::in_progress(message));
    }
    let condition = |name| rules::condition(object, name).filter(|condition| condition.status == "True");
    if let Some(reconciling) = condition("Reconciling") {
        return Some(Health::in_progress(reconciling.message));
    }
    condition("Stalled").map(|stalled| Health::failed(stalled.message))
}

fn ready_condition(object: &Value) -> Option<Health> {
    let ready = rules::condition(object, "Ready")?;
    Some(match ready.status {
        "True" => Health::current("Resource is Ready"),
        _ => Health::in_progress(ready.message),
    })
}
