//! Deployments and the like: how far the newest Pods are rolled out.

use apimachinery::object;
use value::Value;

use super::{condition, conditions, degraded, healthy, is, message, progressing, status, text};
use crate::health::{Health, HealthStatus};

/// Whether the status is about an earlier spec.
fn is_unobserved(object: &Value) -> bool {
    object::generation(object).unwrap_or_default() > object::observed_generation(object).unwrap_or_default()
}

fn rolling_out(what: impl std::fmt::Display) -> Health {
    progressing(format!("Waiting for rollout to finish: {what}"))
}

fn replicas(object: &Value) -> Option<i64> {
    object.at(&["spec", "replicas"]).and_then(Value::as_i64)
}

pub(super) fn deployment(object: &Value) -> Health {
    if object.at(&["spec", "paused"]).and_then(Value::as_bool) == Some(true) {
        return Health::new(HealthStatus::Suspended, "Deployment is paused");
    }
    if is_unobserved(object) {
        return rolling_out("observed deployment generation less than desired generation");
    }
    let progress = condition(object, "Progressing");
    if progress.is_some_and(|progress| text(progress, &["reason"]) == "ProgressDeadlineExceeded") {
        let name = object::name(object).unwrap_or_default();
        return degraded(format!("Deployment {name:?} exceeded its progress deadline"));
    }
    let [all, updated, available] =
        ["replicas", "updatedReplicas", "availableReplicas"].map(|field| status(object, field));
    match replicas(object) {
        Some(wanted) if updated < wanted => {
            rolling_out(format_args!("{updated} out of {wanted} new replicas have been updated..."))
        }
        _ if all > updated => {
            rolling_out(format_args!("{} old replicas are pending termination...", all - updated))
        }
        _ if available < updated => {
            rolling_out(format_args!("{available} of {updated} updated replicas are available..."))
        }
        _ => healthy(""),
    }
}

pub(super) fn replica_set(object: &Value) -> Health {
    if is_unobserved(object) {
        return rolling_out("observed replica set generation less than desired generation");
    }
    if let Some(failure) = conditions(object).iter().find(|found| is(found, "ReplicaFailure", "True")) {
        return degraded(message(failure));
    }
    let available = status(object, "availableReplicas");
    match replicas(object) {
        Some(wanted) if available < wanted => {
            rolling_out(format_args!("{available} out of {wanted} new replicas are available..."))
        }
        _ => healthy(""),
    }
}

pub(super) fn stateful_set(object: &Value) -> Health {
    if status(object, "observedGeneration") == 0 || is_unobserved(object) {
        return progressing("Waiting for statefulset spec update to be observed...");
    }
    let [ready, updated] = ["readyReplicas", "updatedReplicas"].map(|field| status(object, field));
    let wanted = replicas(object);
    if let Some(missing) = wanted.map(|wanted| wanted - ready).filter(|missing| *missing > 0) {
        return progressing(format!("Waiting for {missing} pods to be ready..."));
    }
    let strategy = object.at(&["spec", "updateStrategy"]);
    match strategy.and_then(|strategy| strategy.str_at(&["type"])) {
        Some("RollingUpdate") => {
            if let Some(rolling) = strategy.and_then(|strategy| strategy.get("rollingUpdate")) {
                return partitioned(rolling, wanted, updated);
            }
        }
        Some("OnDelete") => return healthy(format!("statefulset has {ready} ready pods")),
        _ => {}
    }
    let [current, next] = ["currentRevision", "updateRevision"].map(|field| text(object, &["status", field]));
    if current != next {
        let pods = format!("{updated} pods at revision {next}...");
        return progressing(format!("waiting for statefulset rolling update to complete {pods}"));
    }
    let pods = status(object, "currentReplicas");
    healthy(format!("statefulset rolling update complete {pods} pods at revision {current}..."))
}

fn partitioned(rolling: &Value, wanted: Option<i64>, updated: i64) -> Health {
    let partition = rolling.get("partition").and_then(Value::as_i64);
    match wanted.zip(partition).map(|(wanted, partition)| wanted - partition) {
        Some(wanted) if updated < wanted => progressing(format!(
            "Waiting for partitioned roll out to finish: {updated} out of {wanted} new pods have been updated..."
        )),
        _ => healthy(format!("partitioned roll out complete: {updated} new pods have been updated...")),
    }
}

pub(super) fn daemon_set(object: &Value) -> Health {
    if is_unobserved(object) {
        return rolling_out("observed daemon set generation less than desired generation");
    }
    let [desired, updated, available] =
        ["desiredNumberScheduled", "updatedNumberScheduled", "numberAvailable"]
            .map(|field| status(object, field));
    let of_new = format!("{updated} out of {desired} new pods have been updated");
    if text(object, &["spec", "updateStrategy", "type"]) == "OnDelete" {
        return healthy(format!("daemon set {of_new}"));
    }
    let missing = match () {
        () if updated < desired => of_new,
        () if available < desired => format!("{available} of {desired} updated pods are available"),
        () => return healthy(""),
    };
    let name = object::name(object).unwrap_or_default();
    progressing(format!("Waiting for daemon set {name:?} rollout to finish: {missing}..."))
}
