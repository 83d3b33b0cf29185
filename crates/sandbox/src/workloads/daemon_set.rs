//! DaemonSets: one Pod on each node that takes it.

use apimachinery::object;
use value::{Map, Value};

use super::Outcome;
use super::client::{self, Builtins, MANAGER};
use super::events::{self, Event};
use super::history;
use super::owned::{self, is_active, is_ready};
use super::scheduler;
use crate::api::Api;
use crate::status::Refusal;
use crate::store::Location;
use crate::verbs::delete::Propagation;

const REVISION: &str = "controller-revision-hash";

/// Makes or deletes Pods, and writes the status.
pub(super) fn reconcile(api: &Api, builtins: &Builtins, at: &Location) -> Outcome {
    let Some(set) = client::get(api, &builtins.daemon_sets, at) else { return Ok(None) };
    let revision = history::current(api, builtins, &set, (REVISION, &[]))?;
    let hash = object::label(&revision, REVISION).unwrap_or_default().to_owned();
    let nodes: Vec<Value> = api.begin().stored(&builtins.nodes, None).cloned().collect();
    let template = set.at(&["spec", "template"]).cloned().unwrap_or_default();
    let suitable: Vec<&str> =
        nodes.iter().filter(|node| scheduler::fits(&template, node)).filter_map(object::name).collect();
    if object::deletion_timestamp(&set).is_none() {
        let pods = owned::claim(api, &builtins.pods, &set)?;
        place(api, builtins, (&set, &template, &hash), (&suitable, &pods))?;
    }
    let pods = owned::claim(api, &builtins.pods, &set)?;
    owned::write_status(api, &builtins.daemon_sets, &set, status(&set, &hash, &suitable, &pods))?;
    Ok(None)
}

/// The node that a Pod is made for, which stands in its affinity until it is bound.
fn node_of(pod: &Value) -> Option<&str> {
    let terms = ["spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"];
    pod.str_at(&["spec", "nodeName"]).or_else(|| {
        let term = pod.at(&terms)?.at(&["nodeSelectorTerms"])?.as_list()?.first()?;
        term.at(&["matchFields"])?.as_list()?.first()?.at(&["values"])?.as_list()?.first()?.as_str()
    })
}

fn place(
    api: &Api,
    builtins: &Builtins,
    (set, template, hash): (&Value, &Value, &str),
    (suitable, pods): (&[&str], &[Value]),
) -> Result<(), Refusal> {
    for pod in pods.iter().filter(|pod| object::deletion_timestamp(pod).is_none()) {
        let misplaced = node_of(pod).is_none_or(|node| !suitable.contains(&node));
        let outdated = object::label(pod, REVISION) != Some(hash)
            && set.str_at(&["spec", "updateStrategy", "type"]) != Some("OnDelete");
        if misplaced || outdated || owned::is_over(pod) {
            client::delete(api, &builtins.pods, pod, Propagation::Background)?;
            let message = format!("Deleted pod: {}", object::name(pod).unwrap_or_default());
            tell(api, builtins, set, ("SuccessfulDelete", &message))?;
        }
    }
    for node in suitable {
        // A Pod that is going keeps its place until it is gone.
        if pods.iter().any(|pod| node_of(pod) == Some(node)) {
            continue;
        }
        let pod = describe(set, template, hash, node);
        let pod = client::create(api, &builtins.pods, pod, MANAGER)?;
        let message = format!("Created pod: {}", object::name(&pod).unwrap_or_default());
        tell(api, builtins, set, ("SuccessfulCreate", &message))?;
    }
    Ok(())
}

fn tell(api: &Api, builtins: &Builtins, set: &Value, (reason, message): (&str, &str)) -> Result<(), Refusal> {
    let event = Event { warning: false, reason, message, component: "daemonset-controller" };
    events::record(api, builtins, set, &event)
}

fn describe(set: &Value, template: &Value, hash: &str, node: &str) -> Value {
    let mut pod = owned::pod(set, template, None);
    pod.set_at(&["metadata", "labels", REVISION], hash);
    let generation = object::generation(set).unwrap_or(1).to_string();
    pod.set_at(&["metadata", "labels", "pod-template-generation"], generation);
    let field = Value::map_of([
        ("key", Value::from("metadata.name")),
        ("operator", "In".into()),
        ("values", Value::list_of([node])),
    ]);
    let term = Value::map_of([("matchFields", Value::list_of([field]))]);
    let required = Value::map_of([("nodeSelectorTerms", Value::list_of([term]))]);
    let path = ["spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"];
    pod.set_at(&path, required);
    let mut tolerations =
        pod.at(&["spec", "tolerations"]).and_then(Value::as_list).unwrap_or_default().to_vec();
    for (key, effect) in [
        ("not-ready", "NoExecute"),
        ("unreachable", "NoExecute"),
        ("disk-pressure", "NoSchedule"),
        ("memory-pressure", "NoSchedule"),
        ("pid-pressure", "NoSchedule"),
        ("unschedulable", "NoSchedule"),
    ] {
        let key = format!("node.kubernetes.io/{key}");
        tolerations.push(Value::map_of([("effect", effect), ("key", key.as_str()), ("operator", "Exists")]));
    }
    pod.set_at(&["spec", "tolerations"], tolerations);
    pod
}

fn status(set: &Value, hash: &str, suitable: &[&str], pods: &[Value]) -> Value {
    let on_place = |pod: &&Value| is_active(pod) && node_of(pod).is_some_and(|node| suitable.contains(&node));
    let count = |test: &dyn Fn(&Value) -> bool| {
        i64::try_from(pods.iter().filter(on_place).filter(|pod| test(pod)).count()).unwrap_or(i64::MAX)
    };
    let desired = i64::try_from(suitable.len()).unwrap_or(i64::MAX);
    let ready = count(&is_ready);
    let misplaced = pods.iter().filter(|pod| is_active(pod) && !on_place(pod)).count();
    let mut status = Map::from_iter([
        ("currentNumberScheduled", count(&|_| true)),
        ("desiredNumberScheduled", desired),
        ("numberMisscheduled", i64::try_from(misplaced).unwrap_or(i64::MAX)),
        ("numberReady", ready),
        ("observedGeneration", object::generation(set).unwrap_or(0)),
    ]);
    for (field, value) in [
        ("updatedNumberScheduled", count(&|pod| object::label(pod, REVISION) == Some(hash))),
        ("numberAvailable", ready),
        ("numberUnavailable", desired - ready),
    ] {
        if value > 0 {
            status.insert(field, value);
        }
    }
    status.into()
}
