//! `status.history`: what the workload deployed, one entry for each revision.

use jiff::Timestamp;
use value::Value;

use super::{Live, Subject, commit_of};

/// The words of a deployment that succeeded.
const SUCCEEDED: &str = "ReconciliationSucceeded";

/// A deployment that the workload remembers.
struct Deployment {
    commit: String,
    at: Timestamp,
    took: std::time::Duration,
}

/// The history with the deployments that are not in it yet; `None` where there is nothing to tell.
pub(super) fn history(status: &Value, subject: &Subject<'_>, live: &Live<'_>) -> Option<Value> {
    let stored = status.get("history").and_then(Value::as_list);
    if subject.history_limit == 0 {
        return stored.map(|_| Vec::new().into());
    }
    let workload = live.workload?;
    let mut entries = stored.unwrap_or_default().to_vec();
    for deployment in deployments(workload) {
        let last = entries.last();
        if !is_known(&entries, &deployment) {
            let id = last.and_then(|last| last.get("id")).and_then(Value::as_i64).map_or(0, |id| id + 1);
            entries.push(entry(id, &deployment, status, subject));
        }
    }
    let surplus = entries.len().saturating_sub(subject.history_limit);
    entries.drain(..surplus);
    (stored.is_some() || !entries.is_empty()).then(|| entries.into())
}

/// Whether the history has a deployment: it is the last one, or from before the last one. Times are of whole
/// seconds, within which there can be two.
fn is_known(entries: &[Value], deployment: &Deployment) -> bool {
    let Some(last) = entries.last() else { return false };
    let has = |entry: &Value| entry.str_at(&["revision"]) == Some(deployment.commit.as_str());
    let since = last.str_at(&["deployedAt"]).and_then(|at| at.parse::<Timestamp>().ok());
    has(last)
        || since.is_some_and(|since| since > deployment.at)
        || (since == Some(deployment.at) && entries.iter().any(has))
}

/// What succeeded, the earliest first.
fn deployments(workload: &Value) -> Vec<Deployment> {
    let remembered = workload.at(&["status", "history"]).and_then(Value::as_list).unwrap_or_default();
    // The newest comes first there, which the order of equal times has to keep.
    let mut deployments: Vec<Deployment> = remembered
        .iter()
        .rev()
        .filter(|entry| entry.str_at(&["lastReconciledStatus"]) == Some(SUCCEEDED))
        .filter_map(|entry| {
            let duration = entry.str_at(&["lastReconciledDuration"]);
            Some(Deployment {
                commit: commit_of(entry.str_at(&["metadata", "revision"])?).to_owned(),
                at: entry.str_at(&["lastReconciled"])?.parse().ok()?,
                took: duration.and_then(|text| apimachinery::duration::parse(text).ok()).unwrap_or_default(),
            })
        })
        .collect();
    deployments.sort_by_key(|deployment| deployment.at);
    deployments
}

fn entry(id: i64, deployment: &Deployment, status: &Value, subject: &Subject<'_>) -> Value {
    // What is deployed while an operation runs is deployed by it, noted before its end or after.
    let operation = status.get("operationState").filter(|state| {
        state.str_at(&["syncResult", "revision"]) == Some(&deployment.commit)
            || matches!(state.str_at(&["phase"]), Some("Running" | "Terminating"))
    });
    let by = operation.and_then(|state| state.at(&["operation", "initiatedBy"]).cloned());
    let by = by.unwrap_or_else(|| Value::map_of([("automated", true)]));
    let started = operation.and_then(|state| state.str_at(&["startedAt"])).map(str::to_owned);
    let started = started.unwrap_or_else(|| {
        let began = deployment.at.checked_sub(deployment.took).unwrap_or(deployment.at);
        apimachinery::clock::rfc3339(began)
    });
    Value::map_of([
        ("deployStartedAt", Value::from(started)),
        ("deployedAt", apimachinery::clock::rfc3339(deployment.at).into()),
        ("id", id.into()),
        ("initiatedBy", by),
        ("revision", deployment.commit.as_str().into()),
        ("source", subject.source.value.clone()),
    ])
}
