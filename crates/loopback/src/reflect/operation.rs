//! `status.operationState`.

use argocd_api::application::{Phase, Retry};
use engine::ObjectRef;
use value::Value;

use super::{Live, Subject, commit_of};
use crate::application::Denial;
use insight::health::{HealthStatus, of_flux};

/// A state that has just begun, or goes on with another message.
pub(crate) fn running(operation: &Value, message: &str, started: &str) -> Value {
    Value::map_of([
        ("operation", operation.clone()),
        ("phase", Phase::Running.as_str().into()),
        ("message", message.into()),
        ("startedAt", started.into()),
    ])
}

/// The state at its end, with what was done.
pub(crate) fn completed(
    state: &Value,
    (phase, message): (Phase, &str),
    subject: &Subject<'_>,
    live: &Live<'_>,
) -> Value {
    let mut state = state.clone();
    state.set_at(&["phase"], phase.as_str());
    state.set_at(&["message"], message);
    state.set_at(&["finishedAt"], apimachinery::clock::rfc3339(subject.now));
    let attempted = live.workload.and_then(|workload| workload.str_at(&["status", "lastAttemptedRevision"]));
    let revision = match phase {
        Phase::Error => live.source.and_then(super::artifact_revision).or(attempted),
        _ => attempted.or_else(|| live.source.and_then(super::artifact_revision)),
    };
    state.set_at(&["syncResult"], result(revision.map(commit_of), subject, live));
    state
}

/// The state at the end of an operation that the project does not allow: nothing was deployed.
pub(crate) fn denied(
    state: &Value,
    message: &str,
    denials: &[Denial],
    subject: &Subject<'_>,
    live: &Live<'_>,
) -> Value {
    let mut state = completed(state, (Phase::Failed, message), subject, live);
    let resources: Vec<Value> = denials.iter().map(Denial::to_result).collect();
    state.set_at(&["syncResult", "resources"], resources);
    let revision = live.source.and_then(super::artifact_revision).map(commit_of).unwrap_or_default();
    state.set_at(&["syncResult", "revision"], revision);
    state
}

fn result(revision: Option<&str>, subject: &Subject<'_>, live: &Live<'_>) -> Value {
    let resources: Vec<Value> = live.workload.into_iter().chain(live.source).filter_map(resource).collect();
    Value::map_of([
        ("resources", Value::from(resources)),
        ("revision", revision.unwrap_or_default().into()),
        ("source", subject.source.value.clone()),
    ])
}

fn resource(object: &Value) -> Option<Value> {
    let ObjectRef { group, kind, namespace, name } = ObjectRef::of(object)?;
    let version = apimachinery::gvk::GroupVersionKind::of(object)?.version;
    let ready = object
        .at(&["status", "conditions"])
        .and_then(|conditions| apimachinery::condition::get(conditions, "Ready"))
        .map(|ready| ready.message);
    let failed = of_flux(object).status == HealthStatus::Degraded;
    Some(Value::map_of([
        ("group", group),
        ("hookPhase", if failed { "Failed" } else { "Running" }.to_owned()),
        ("kind", kind),
        ("message", ready.unwrap_or_default()),
        ("name", name),
        ("namespace", namespace),
        ("status", if failed { "SyncFailed" } else { "Synced" }.to_owned()),
        ("syncPhase", "Sync".to_owned()),
        ("version", version),
    ]))
}

/// The operation of an automated Application.
pub(crate) fn automated(revision: Option<&str>, retry: Option<&Retry>, subject: &Subject<'_>) -> Value {
    let mut operation = Value::map_of([
        ("initiatedBy", Value::map_of([("automated", true)])),
        ("retry", retry.map_or_else(Value::map, |retry| Value::map_of([("limit", retry.limit)]))),
    ]);
    if let Some(revision) = revision {
        operation.set_at(&["sync", "revision"], commit_of(revision));
    }
    operation.set_at(&["sync", "source"], subject.source.value.clone());
    operation
}

/// What Flux does by itself, told as an operation of an automated Application; `None` where the state that is
/// stored tells it already.
pub(crate) fn by_flux(
    stored: Option<&Value>,
    retry: Option<&Retry>,
    subject: &Subject<'_>,
    live: &Live<'_>,
) -> Option<Value> {
    let workload = live.workload?;
    let attempted = workload.str_at(&["status", "lastAttemptedRevision"])?;
    let commit = commit_of(attempted);
    let known = stored.filter(|state| {
        state.str_at(&["syncResult", "revision"]) == Some(commit)
            || state.str_at(&["operation", "sync", "revision"]) == Some(commit)
    });
    let health = of_flux(workload);
    let (phase, message) = match health.status {
        HealthStatus::Healthy if workload.str_at(&["status", "lastAppliedRevision"]) == Some(attempted) => {
            (Phase::Succeeded, "successfully synced (all tasks run)")
        }
        HealthStatus::Degraded => (Phase::Failed, health.message.as_str()),
        // A repeated run at the same revision is no operation.
        _ if known.is_some() => return None,
        _ => (Phase::Running, health.message.as_str()),
    };
    let is_told = known.is_some_and(|state| {
        state.str_at(&["phase"]) == Some(phase.as_str())
            && (phase == Phase::Succeeded || state.str_at(&["message"]) == Some(message))
    });
    if is_told {
        return None;
    }
    let state = known.cloned().unwrap_or_else(|| {
        let operation = automated(Some(attempted), retry, subject);
        running(&operation, message, &apimachinery::clock::rfc3339(subject.now))
    });
    if phase == Phase::Running {
        return Some(state);
    }
    Some(completed(&state, (phase, message), subject, live))
}
