//! ReplicaSets: so many Pods of one template.

use apimachinery::object;
use value::{Map, Value};

use super::Outcome;
use super::client::{self, Builtins, MANAGER};
use super::events::{self, Event};
use super::owned::{self, is_active, is_ready, number};
use crate::api::Api;
use crate::status::Refusal;
use crate::store::Location;
use crate::verbs::delete::Propagation;

/// As many Pods are made in one turn as a real controller makes in a burst.
const BURST: i64 = 500;

/// Makes or deletes Pods, and writes the status.
pub(super) fn reconcile(api: &Api, builtins: &Builtins, at: &Location) -> Outcome {
    let Some(set) = client::get(api, &builtins.replica_sets, at) else { return Ok(None) };
    let pods = owned::claim(api, &builtins.pods, &set)?;
    let active: Vec<&Value> = pods.iter().filter(|pod| is_active(pod)).collect();
    let mut failure = None;
    if object::deletion_timestamp(&set).is_none() {
        let wanted = number(&set, &["spec", "replicas"]);
        let missing = wanted - i64::try_from(active.len()).unwrap_or(i64::MAX);
        if missing > 0 {
            for _ in 0..missing.min(BURST) {
                if let Err(refusal) = create_pod(api, builtins, &set) {
                    failure = Some(refusal);
                    break;
                }
            }
        } else {
            delete_pods(api, builtins, &set, (active, missing.unsigned_abs()))?;
        }
    }
    let Some(set) = client::get(api, &builtins.replica_sets, at) else { return Ok(None) };
    let pods = owned::claim(api, &builtins.pods, &set)?;
    let status = status(&set, &pods, failure.as_ref(), &api.now());
    owned::write_status(api, &builtins.replica_sets, &set, status)?;
    failure.map_or(Ok(None), Err)
}

fn create_pod(api: &Api, builtins: &Builtins, set: &Value) -> Result<(), Refusal> {
    let template = set.at(&["spec", "template"]).cloned().unwrap_or_default();
    let pod = owned::pod(set, &template, None);
    let component = "replicaset-controller";
    match client::create(api, &builtins.pods, pod, MANAGER) {
        Ok(pod) => {
            let message = format!("Created pod: {}", object::name(&pod).unwrap_or_default());
            let event = Event { warning: false, reason: "SuccessfulCreate", message: &message, component };
            events::record(api, builtins, set, &event)
        }
        Err(refusal) => {
            let message = format!("Error creating: {refusal}");
            let event = Event { warning: true, reason: "FailedCreate", message: &message, component };
            events::record(api, builtins, set, &event)?;
            Err(refusal)
        }
    }
}

/// Those that have come the least far go first, then the youngest.
fn delete_pods(
    api: &Api,
    builtins: &Builtins,
    set: &Value,
    (mut active, surplus): (Vec<&Value>, u64),
) -> Result<(), Refusal> {
    let progress = |pod: &Value| {
        let scheduled = pod.str_at(&["spec", "nodeName"]).is_some();
        (scheduled, pod.str_at(&["status", "phase"]) == Some("Running"), is_ready(pod))
    };
    active.sort_by(|a, b| {
        progress(a).cmp(&progress(b)).then_with(|| owned::created(b).cmp(&owned::created(a)))
    });
    for pod in active.into_iter().take(usize::try_from(surplus).unwrap_or(usize::MAX)) {
        client::delete(api, &builtins.pods, pod, Propagation::Background)?;
        let message = format!("Deleted pod: {}", object::name(pod).unwrap_or_default());
        let component = "replicaset-controller";
        let event = Event { warning: false, reason: "SuccessfulDelete", message: &message, component };
        events::record(api, builtins, set, &event)?;
    }
    Ok(())
}

fn status(set: &Value, pods: &[Value], failure: Option<&Refusal>, now: &str) -> Value {
    let count = |test: &dyn Fn(&Value) -> bool| {
        i64::try_from(pods.iter().filter(|pod| test(pod)).count()).unwrap_or(i64::MAX)
    };
    let labels: Vec<(&str, &str)> =
        object::text_entries(set.at(&["spec", "template", "metadata", "labels"])).collect();
    let fully_labeled = count(&|pod| {
        is_active(pod) && labels.iter().all(|(key, value)| object::label(pod, key) == Some(value))
    });
    let ready = count(&|pod| is_active(pod) && is_ready(pod));
    let mut status = Map::from_iter([
        ("replicas", count(&is_active)),
        ("observedGeneration", object::generation(set).unwrap_or(0)),
        (
            "terminatingReplicas",
            count(&|pod| object::deletion_timestamp(pod).is_some() && !owned::is_over(pod)),
        ),
    ]);
    for (field, value) in
        [("fullyLabeledReplicas", fully_labeled), ("readyReplicas", ready), ("availableReplicas", ready)]
    {
        if value > 0 {
            status.insert(field, value);
        }
    }
    if let Some(failure) = failure {
        let known = set.at(&["status", "conditions"]).and_then(Value::as_list).unwrap_or_default();
        let since = known.first().and_then(|one| one.str_at(&["lastTransitionTime"])).unwrap_or(now);
        let condition = Value::map_of([
            ("type", "ReplicaFailure"),
            ("status", "True"),
            ("reason", "FailedCreate"),
            ("message", &failure.to_string()),
            ("lastTransitionTime", since),
        ]);
        status.insert("conditions", Value::list_of([condition]));
    }
    status.into()
}
