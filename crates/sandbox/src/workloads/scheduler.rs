//! The scheduler: which node takes a Pod.

use apimachinery::object;
use value::Value;

use super::Outcome;
use super::client::{self, Builtins};
use super::events::{self, Event};
use crate::api::Api;
use crate::store::Location;

const NAME: &str = "default-scheduler";

/// Gives a Pod a node, or says why none takes it.
pub(super) fn reconcile(api: &Api, builtins: &Builtins, at: &Location) -> Outcome {
    let Some(pod) = client::get(api, &builtins.pods, at) else { return Ok(None) };
    let bound = pod.str_at(&["spec", "nodeName"]).is_some_and(|node| !node.is_empty());
    let ours = pod.str_at(&["spec", "schedulerName"]).is_none_or(|name| name == NAME);
    if bound || !ours || object::deletion_timestamp(&pod).is_some() {
        return Ok(None);
    }
    let nodes: Vec<Value> = api.begin().stored(&builtins.nodes, None).cloned().collect();
    let waits_for = unbound_claim(api, builtins, &pod);
    match nodes.iter().find(|node| fits(&pod, node)) {
        Some(node) if waits_for.is_none() => bind(api, builtins, pod, node),
        _ => refuse(api, builtins, pod, (&nodes, waits_for.as_deref())),
    }
}

/// Whether a node takes a Pod (or a Pod of a template): its selector, its required affinity, and taints.
pub(super) fn fits(pod: &Value, node: &Value) -> bool {
    selector_fits(pod, node) && untolerated(pod, node).is_none()
}

fn selector_fits(pod: &Value, node: &Value) -> bool {
    let mut wanted = object::text_entries(pod.at(&["spec", "nodeSelector"]));
    let terms = ["spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"];
    let terms = pod.at(&terms).and_then(|required| required.at(&["nodeSelectorTerms"])?.as_list());
    wanted.all(|(key, text)| object::label(node, key) == Some(text))
        && terms.is_none_or(|terms| terms.iter().any(|term| term_fits(term, node)))
}

fn term_fits(term: &Value, node: &Value) -> bool {
    let list = |key: &str| term.get(key).and_then(Value::as_list).unwrap_or_default();
    let name = object::name(node);
    list("matchExpressions").iter().all(|requirement| {
        let label = requirement.str_at(&["key"]).and_then(|key| object::label(node, key));
        requirement_fits(requirement, label)
    }) && list("matchFields").iter().all(|requirement| requirement_fits(requirement, name))
}

fn requirement_fits(requirement: &Value, found: Option<&str>) -> bool {
    let values: Vec<&str> = requirement
        .at(&["values"])
        .and_then(Value::as_list)
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let number = |text: &str| text.parse::<i64>().ok();
    match requirement.str_at(&["operator"]).unwrap_or_default() {
        "In" => found.is_some_and(|found| values.contains(&found)),
        "NotIn" => found.is_none_or(|found| !values.contains(&found)),
        "Exists" => found.is_some(),
        "DoesNotExist" => found.is_none(),
        "Gt" => found.and_then(number) > values.first().and_then(|text| number(text)),
        "Lt" => found
            .and_then(number)
            .is_some_and(|found| Some(found) < values.first().and_then(|text| number(text))),
        _ => false,
    }
}

/// A taint that keeps a Pod away.
fn untolerated(pod: &Value, node: &Value) -> Option<String> {
    let list = |object: &Value, field: &str| {
        object.at(&["spec", field]).and_then(Value::as_list).unwrap_or_default().to_vec()
    };
    let tolerations = list(pod, "tolerations");
    let mut taints = list(node, "taints");
    if node.at(&["spec", "unschedulable"]) == Some(&Value::Bool(true)) {
        taints.push(Value::map_of([("key", "node.kubernetes.io/unschedulable"), ("effect", "NoSchedule")]));
    }
    let tolerated = |taint: &Value| {
        tolerations.iter().any(|toleration| {
            let same = |key: &str| {
                let wanted = toleration.str_at(&[key]).unwrap_or_default();
                wanted.is_empty() || Some(wanted) == taint.str_at(&[key])
            };
            let exists = toleration.str_at(&["operator"]) == Some("Exists");
            let same_value = toleration.str_at(&["value"]).unwrap_or_default()
                == taint.str_at(&["value"]).unwrap_or_default();
            same("key") && same("effect") && (exists || same_value)
        })
    };
    let repels = |taint: &&Value| taint.str_at(&["effect"]) != Some("PreferNoSchedule") && !tolerated(taint);
    taints.iter().find(repels).map(|taint| {
        let text = |key: &str| taint.str_at(&[key]).unwrap_or_default().to_owned();
        format!("{{{}: {}}}", text("key"), text("value"))
    })
}

/// A claim of the Pod that has no volume yet, or is not there.
fn unbound_claim(api: &Api, builtins: &Builtins, pod: &Value) -> Option<String> {
    let namespace = object::namespace(pod).unwrap_or_default();
    let volumes = pod.at(&["spec", "volumes"]).and_then(Value::as_list).unwrap_or_default();
    let claims = volumes.iter().filter_map(|volume| volume.str_at(&["persistentVolumeClaim", "claimName"]));
    let transaction = api.begin();
    for name in claims {
        match transaction.get(&builtins.claims, namespace, name) {
            None => return Some(format!("persistentvolumeclaim \"{name}\" not found")),
            Some(claim) if claim.str_at(&["status", "phase"]) != Some("Bound") => {
                return Some("pod has unbound immediate PersistentVolumeClaims".to_owned());
            }
            Some(_) => {}
        }
    }
    None
}

fn bind(api: &Api, builtins: &Builtins, mut pod: Value, node: &Value) -> Outcome {
    let name = object::name(node).unwrap_or_default();
    pod.set_at(&["spec", "nodeName"], name);
    let bound = client::update(api, &builtins.pods, pod, NAME)?;
    let mut next = bound.clone();
    set_scheduled(&mut next, None, &api.now());
    client::update_status(api, &builtins.pods, next, NAME)?;
    let place = |object: &Value| {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        format!("{}/{}", text(object::namespace(object)), text(object::name(object)))
    };
    let message = format!("Successfully assigned {} to {name}", place(&bound));
    let event = Event { warning: false, reason: "Scheduled", message: &message, component: NAME };
    events::record(api, builtins, &bound, &event)?;
    Ok(None)
}

fn refuse(
    api: &Api,
    builtins: &Builtins,
    pod: Value,
    (nodes, waits_for): (&[Value], Option<&str>),
) -> Outcome {
    let count = nodes.len();
    let message = match waits_for {
        Some(why) => format!(
            "0/{count} nodes are available: {why}. no new claims to deallocate, preemption: 0/{count} nodes are available: {count} Preemption is not helpful for scheduling."
        ),
        None if nodes.is_empty() => "no nodes available to schedule pods".to_owned(),
        None => unschedulable(&pod, nodes),
    };
    let mut next = pod.clone();
    set_scheduled(&mut next, Some(&message), &api.now());
    if next == pod {
        return Ok(None);
    }
    client::update_status(api, &builtins.pods, next, NAME)?;
    let event = Event { warning: true, reason: "FailedScheduling", message: &message, component: NAME };
    events::record(api, builtins, &pod, &event)?;
    Ok(None)
}

/// The real scheduler's sentence.
fn unschedulable(pod: &Value, nodes: &[Value]) -> String {
    let count = nodes.len();
    let (selected, others): (Vec<&Value>, Vec<&Value>) =
        nodes.iter().partition(|node| selector_fits(pod, node));
    let mut reasons = Vec::new();
    if !others.is_empty() {
        reasons.push(format!("{} node(s) didn't match Pod's node affinity/selector", others.len()));
    }
    for taint in selected.iter().filter_map(|node| untolerated(pod, node)) {
        reasons.push(format!("1 node(s) had untolerated taint {taint}"));
    }
    format!(
        "0/{count} nodes are available: {}. no new claims to deallocate, preemption: 0/{count} nodes are available: {count} Preemption is not helpful for scheduling.",
        reasons.join(", ")
    )
}

fn set_scheduled(pod: &mut Value, refusal: Option<&str>, now: &str) {
    let mut conditions =
        pod.at(&["status", "conditions"]).and_then(Value::as_list).unwrap_or_default().to_vec();
    let place = conditions.iter().position(|one| one.str_at(&["type"]) == Some("PodScheduled"));
    let status = if refusal.is_some() { "False" } else { "True" };
    let old = place.map(|place| conditions[place].clone()).unwrap_or_default();
    let since = old.str_at(&["lastTransitionTime"]).filter(|_| old.str_at(&["status"]) == Some(status));
    let since = since.unwrap_or(now).to_owned();
    let mut next = Value::map_of([
        ("type", Value::from("PodScheduled")),
        ("status", status.into()),
        ("lastProbeTime", Value::Null),
        ("lastTransitionTime", since.into()),
        ("observedGeneration", object::generation(pod).unwrap_or(1).into()),
    ]);
    if let Some(message) = refusal {
        next.set_at(&["reason"], "Unschedulable");
        next.set_at(&["message"], message);
    }
    match place {
        Some(place) => conditions[place] = next,
        None => conditions.push(next),
    }
    pod.set_at(&["status", "conditions"], conditions);
}
