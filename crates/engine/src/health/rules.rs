//! The rules for single kinds.

use apimachinery::gvk::GroupVersionKind;
use jiff::{SignedDuration, Timestamp};
use value::Value;

use super::Health;

/// For so long an unschedulable Pod may still find a node.
const SCHEDULE_WINDOW: SignedDuration = SignedDuration::from_secs(15);

/// What a rule wants to know of a condition.
pub(super) struct Condition<'a> {
    pub(super) status: &'a str,
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
}

pub(super) fn condition<'a>(object: &'a Value, name: &str) -> Option<Condition<'a>> {
    let conditions = object.at(&["status", "conditions"])?.as_list()?;
    let found = conditions.iter().find(|condition| condition.str_at(&["type"]) == Some(name))?;
    let text = |field| found.str_at(&[field]).unwrap_or_default();
    Some(Condition { status: text("status"), reason: text("reason"), message: text("message") })
}

type Rule = fn(&Value, Timestamp) -> Health;

fn rule(object: &Value) -> Option<Rule> {
    let gvk = GroupVersionKind::of(object)?;
    Some(match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "Service") => |object, _| service(object),
        ("", "Pod") => pod,
        ("", "Secret" | "ConfigMap") | ("batch", "CronJob") => {
            |_, _| Health::current("Resource is always ready")
        }
        ("", "PersistentVolumeClaim") => |object, _| persistent_volume_claim(object),
        ("apps", "StatefulSet") => |object, _| stateful_set(object),
        ("apps", "DaemonSet") => |object, _| daemon_set(object),
        ("apps" | "extensions", "Deployment") => |object, _| deployment(object),
        ("apps" | "extensions", "ReplicaSet") => |object, _| replica_set(object),
        ("policy", "PodDisruptionBudget") => |object, _| pod_disruption_budget(object),
        ("batch", "Job") => |object, _| job(object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => |object, _| definition(object),
        _ => return None,
    })
}

pub(super) fn has_rule(object: &Value) -> bool {
    rule(object).is_some()
}

pub(super) fn of_kind(object: &Value, now: Timestamp) -> Option<Health> {
    rule(object).map(|rule| rule(object, now))
}

fn number(object: &Value, path: &[&str], default: i64) -> i64 {
    object.at(path).and_then(Value::as_i64).unwrap_or(default)
}

fn status(object: &Value, field: &str) -> i64 {
    number(object, &["status", field], 0)
}

/// The first comparison that does not hold says what is missing: `(have, want, word)`.
fn shortage(comparisons: &[(i64, i64, &str)]) -> Option<Health> {
    let (have, want, word) = comparisons.iter().find(|(have, want, _)| have < want)?;
    Some(Health::in_progress(format!("{word}: {have}/{want}")))
}

fn deployment(object: &Value) -> Health {
    let deadline = number(object, &["spec", "progressDeadlineSeconds"], -1);
    // Without a deadline the Deployment controller does not report progress.
    let mut progressing = deadline == -1 || deadline == i64::from(i32::MAX);
    if let Some(condition) = condition(object, "Progressing") {
        if condition.reason == "ProgressDeadlineExceeded" {
            return Health::failed("Progress deadline exceeded");
        }
        progressing |= condition.status == "True" && condition.reason == "NewReplicaSetAvailable";
    }
    let available = condition(object, "Available").is_some_and(|condition| condition.status == "True");
    let wanted = number(object, &["spec", "replicas"], 1);
    let replicas = status(object, "replicas");
    let updated = status(object, "updatedReplicas");
    let short = shortage(&[(replicas, wanted, "replicas"), (updated, wanted, "Updated")])
        .or_else(|| {
            let extra = replicas - wanted;
            (extra > 0).then(|| Health::in_progress(format!("Pending termination: {extra}")))
        })
        .or_else(|| {
            shortage(&[
                (status(object, "availableReplicas"), updated, "Available"),
                (status(object, "readyReplicas"), wanted, "Ready"),
            ])
        });
    match short {
        Some(health) => health,
        None if !progressing => Health::in_progress("ReplicaSet not Available"),
        None if !available => Health::in_progress("Deployment not Available"),
        None => Health::current(format!("Deployment is available. Replicas: {replicas}")),
    }
}

fn stateful_set(object: &Value) -> Health {
    if object.str_at(&["spec", "updateStrategy", "type"]) == Some("OnDelete") {
        return Health::current("StatefulSet is using the ondelete update strategy");
    }
    let wanted = number(object, &["spec", "replicas"], 1);
    let replicas = status(object, "replicas");
    if let Some(health) =
        shortage(&[(replicas, wanted, "Replicas"), (status(object, "readyReplicas"), wanted, "Ready")])
    {
        return health;
    }
    if replicas > wanted {
        return Health::in_progress(format!("Pending termination: {}", replicas - wanted));
    }
    let partition = number(object, &["spec", "updateStrategy", "rollingUpdate", "partition"], -1);
    let updated = status(object, "updatedReplicas");
    if partition != -1 {
        return if updated < wanted - partition {
            Health::in_progress(format!("updated: {updated}/{}", wanted - partition))
        } else {
            Health::current(format!("Partition rollout complete. updated: {updated}"))
        };
    }
    if let Some(health) = shortage(&[(status(object, "currentReplicas"), wanted, "current")]) {
        return health;
    }
    let revision = |field| object.str_at(&["status", field]).unwrap_or_default();
    if revision("currentRevision") != revision("updateRevision") {
        return Health::in_progress("Waiting for updated revision to match current");
    }
    Health::current(format!("All replicas scheduled as expected. Replicas: {replicas}"))
}

fn daemon_set(object: &Value) -> Health {
    if object.at(&["status", "observedGeneration"]).is_none() {
        return Health::in_progress("Controller has not observed the latest change");
    }
    if object.str_at(&["spec", "updateStrategy", "type"]) == Some("OnDelete") {
        return Health::current("DaemonSet is using the ondelete update strategy");
    }
    let desired = number(object, &["status", "desiredNumberScheduled"], -1);
    if desired == -1 {
        return Health::in_progress("Missing .status.desiredNumberScheduled");
    }
    shortage(&[
        (status(object, "currentNumberScheduled"), desired, "Current"),
        (status(object, "updatedNumberScheduled"), desired, "Updated"),
        (status(object, "numberAvailable"), desired, "Available"),
        (status(object, "numberReady"), desired, "Ready"),
    ])
    .unwrap_or_else(|| Health::current(format!("All replicas scheduled as expected. Replicas: {desired}")))
}

fn replica_set(object: &Value) -> Health {
    if condition(object, "ReplicaFailure").is_some_and(|condition| condition.status == "True") {
        return Health::in_progress("Replica Failure condition. Check Pods");
    }
    let wanted = number(object, &["spec", "replicas"], 1);
    let replicas = status(object, "replicas");
    if let Some(health) = shortage(&[
        (status(object, "fullyLabeledReplicas"), wanted, "Labelled"),
        (status(object, "availableReplicas"), wanted, "Available"),
        (status(object, "readyReplicas"), wanted, "Ready"),
    ]) {
        return health;
    }
    if replicas > wanted {
        return Health::in_progress(format!("Pending termination: {}", replicas - wanted));
    }
    Health::current(format!("ReplicaSet is available. Replicas: {replicas}"))
}

fn pod_disruption_budget(object: &Value) -> Health {
    shortage(&[(status(object, "currentHealthy"), status(object, "desiredHealthy"), "Healthy")])
        .unwrap_or_else(|| Health::current("Budget is met"))
}

fn persistent_volume_claim(object: &Value) -> Health {
    match object.str_at(&["status", "phase"]) {
        Some("Bound") => Health::current("PVC is Bound"),
        phase => Health::in_progress(format!("PVC is not Bound. phase: {}", phase.unwrap_or("unknown"))),
    }
}

fn service(object: &Value) -> Health {
    if object.str_at(&["spec", "type"]) != Some("LoadBalancer") {
        return Health::current("Service is ready");
    }
    let ingress = object.at(&["status", "loadBalancer", "ingress"]).and_then(Value::as_list);
    let has_address = object.str_at(&["spec", "clusterIP"]).is_some_and(|address| !address.is_empty());
    if has_address && ingress.is_some_and(|ingress| !ingress.is_empty()) {
        Health::current("Service is ready")
    } else {
        Health::in_progress("LoadBalancer has no address yet")
    }
}

/// Flux waits for the end of a Job; plain kstatus is content with its start.
fn job(object: &Value) -> Health {
    let is_true = |name| condition(object, name).filter(|condition| condition.status == "True");
    if is_true("Complete").is_some() {
        return Health::current(format!("Job Completed. succeeded: {}", status(object, "succeeded")));
    }
    if let Some(failed) = is_true("Failed") {
        let message = format!("Job Failed. failed: {}. {}", status(object, "failed"), failed.message);
        return Health::failed(message);
    }
    Health::in_progress("Job in progress")
}

fn definition(object: &Value) -> Health {
    let is = |name, status| condition(object, name).filter(|condition| condition.status == status);
    if let Some(refused) = is("NamesAccepted", "False") {
        return Health::failed(refused.message);
    }
    match is("Established", "False") {
        Some(condition) if condition.reason != "Installing" => return Health::failed(condition.message),
        _ => {}
    }
    match is("Established", "True") {
        Some(_) => Health::current("CRD is established"),
        None => Health::in_progress("Install in progress"),
    }
}

fn pod(object: &Value, now: Timestamp) -> Health {
    match object.str_at(&["status", "phase"]) {
        Some("Succeeded") => Health::current("Pod has completed successfully"),
        Some("Failed") => Health::failed("Pod has completed, but not successfully"),
        Some("Running") => running_pod(object),
        Some("Pending") => pending_pod(object, now),
        _ => Health::in_progress("Pod phase not available"),
    }
}

fn running_pod(object: &Value) -> Health {
    if condition(object, "Ready").is_some_and(|ready| ready.status == "True") {
        return Health::current("Pod is Ready");
    }
    match crash_looping(object) {
        Some(container) => Health::failed(format!("Container {container} is in CrashLoopBackOff")),
        None => Health::in_progress("Pod is running but is not Ready"),
    }
}

fn crash_looping(object: &Value) -> Option<&str> {
    let containers = object.at(&["status", "containerStatuses"])?.as_list()?;
    containers
        .iter()
        .find(|container| container.str_at(&["state", "waiting", "reason"]) == Some("CrashLoopBackOff"))?
        .str_at(&["name"])
}

fn pending_pod(object: &Value, now: Timestamp) -> Health {
    let unschedulable = condition(object, "PodScheduled")
        .is_some_and(|scheduled| scheduled.status == "False" && scheduled.reason == "Unschedulable");
    let created =
        object.str_at(&["metadata", "creationTimestamp"]).and_then(|text| text.parse::<Timestamp>().ok());
    let waited = created.is_some_and(|created| now.duration_since(created) > SCHEDULE_WINDOW);
    if unschedulable && waited {
        return Health::failed("Pod could not be scheduled");
    }
    Health::in_progress("Pod is in the Pending phase")
}
