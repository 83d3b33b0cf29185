//! The rules of kinds.
//!
//! Source: Argo CD 3.6, gitops-engine `pkg/health`, and of its `resource_customizations` those of kinds that Kubernetes
//! and Argo CD bring along. The texts are those that its users know.

mod pod;
mod rollout;

use apimachinery::object;
use value::Value;

use super::{Health, HealthStatus};

/// Where `autoscaling/v1` has the conditions, as JSON.
const AUTOSCALING_CONDITIONS: &str = "autoscaling.alpha.kubernetes.io/conditions";

type Rule = fn(&Value) -> Health;

/// The rule of a kind, if Argo CD has one.
pub(super) fn rule(group: &str, kind: &str) -> Option<Rule> {
    Some(match (group, kind) {
        ("apps", "Deployment") => rollout::deployment,
        ("apps", "StatefulSet") => rollout::stateful_set,
        ("apps", "ReplicaSet") => rollout::replica_set,
        ("apps", "DaemonSet") => rollout::daemon_set,
        ("extensions" | "networking.k8s.io", "Ingress") => ingress,
        ("argoproj.io", "Workflow") => workflow,
        ("argoproj.io", "CronWorkflow") => cron_workflow,
        ("argoproj.io", "ApplicationSet") => application_set,
        ("apiregistration.k8s.io", "APIService") => api_service,
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition,
        ("", "Service") => service,
        ("", "PersistentVolumeClaim") => persistent_volume_claim,
        ("", "Pod") => pod::pod,
        ("batch", "Job") => job,
        ("batch", "CronJob") => cron_job,
        ("autoscaling", "HorizontalPodAutoscaler") => autoscaler,
        ("policy", "PodDisruptionBudget") => disruption_budget,
        _ => return None,
    })
}

fn healthy(message: impl Into<String>) -> Health {
    Health::new(HealthStatus::Healthy, message)
}

fn progressing(message: impl Into<String>) -> Health {
    Health::new(HealthStatus::Progressing, message)
}

fn degraded(message: impl Into<String>) -> Health {
    Health::new(HealthStatus::Degraded, message)
}

fn text<'a>(object: &'a Value, path: &[&str]) -> &'a str {
    object.str_at(path).unwrap_or_default()
}

fn list<'a>(object: &'a Value, path: &[&str]) -> &'a [Value] {
    object.at(path).and_then(Value::as_list).unwrap_or_default()
}

fn status(object: &Value, field: &str) -> i64 {
    object.at(&["status", field]).and_then(Value::as_i64).unwrap_or_default()
}

fn conditions(object: &Value) -> &[Value] {
    list(object, &["status", "conditions"])
}

fn condition<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    conditions(object).iter().find(|condition| text(condition, &["type"]) == name)
}

fn is(condition: &Value, name: &str, status: &str) -> bool {
    text(condition, &["type"]) == name && text(condition, &["status"]) == status
}

fn message(condition: &Value) -> &str {
    text(condition, &["message"])
}

/// By whether there is an address.
fn ingress(object: &Value) -> Health {
    match list(object, &["status", "loadBalancer", "ingress"]) {
        [] => progressing(""),
        _ => healthy(""),
    }
}

fn service(object: &Value) -> Health {
    if text(object, &["spec", "type"]) == "LoadBalancer" { ingress(object) } else { healthy("") }
}

fn persistent_volume_claim(object: &Value) -> Health {
    let status = match text(object, &["status", "phase"]) {
        "Lost" => HealthStatus::Degraded,
        "Pending" => HealthStatus::Progressing,
        "Bound" => HealthStatus::Healthy,
        _ => HealthStatus::Unknown,
    };
    Health::new(status, "")
}

/// Whether it has ended; a Job that was suspended once counts as that, as upstream has it.
fn job(object: &Value) -> Health {
    let of = |name| condition(object, name);
    let suspended = of("Suspended");
    match (of("Failed"), of("Complete").or(suspended)) {
        (Some(failed), _) => degraded(message(failed)),
        (None, None) => progressing(""),
        (None, Some(ended)) => match suspended {
            Some(suspended) if text(suspended, &["status"]) == "True" => {
                Health::new(HealthStatus::Suspended, message(suspended))
            }
            _ => healthy(message(ended)),
        },
    }
}

/// A cluster gives every CronJob a status; one without has not been scheduled either.
fn cron_job(object: &Value) -> Health {
    if object::is_suspended(object) {
        return healthy("CronJob is Suspended");
    }
    let time = |field| object.str_at(&["status", field]);
    let Some(scheduled) = time("lastScheduleTime") else {
        return healthy("CronJob has not been scheduled yet");
    };
    match time("lastSuccessfulTime") {
        None => healthy("The CronJob never completed successfully. It may not be healthy"),
        Some(_) if !list(object, &["status", "active"]).is_empty() => {
            healthy("The job is running. Its last execution may not have been successful")
        }
        Some(successful) if successful < scheduled => {
            degraded("CronJob has not completed its last execution successfully")
        }
        Some(_) => healthy("CronJob has completed its last execution successfully"),
    }
}

fn workflow(object: &Value) -> Health {
    let status = match text(object, &["status", "phase"]) {
        "" | "Pending" | "Running" => HealthStatus::Progressing,
        "Succeeded" => HealthStatus::Healthy,
        "Failed" | "Error" => HealthStatus::Degraded,
        _ => HealthStatus::Unknown,
    };
    Health::new(status, text(object, &["status", "message"]))
}

fn cron_workflow(object: &Value) -> Health {
    let found = conditions(object).iter().find_map(|condition| match text(condition, &["type"]) {
        _ if text(condition, &["status"]) != "True" => None,
        "SpecError" | "SubmissionError" => Some(degraded(message(condition))),
        "Completed" => Some(healthy(message(condition))),
        _ => None,
    });
    found.unwrap_or_else(|| healthy("CronWorkflow is healthy."))
}

fn application_set(object: &Value) -> Health {
    let rows = [
        ("ErrorOccurred", "True", HealthStatus::Degraded),
        ("ResourcesUpToDate", "False", HealthStatus::Degraded),
        ("RolloutProgressing", "True", HealthStatus::Progressing),
        ("ResourcesUpToDate", "True", HealthStatus::Healthy),
    ];
    let found = rows.into_iter().find_map(|(name, status, health)| {
        let condition = conditions(object).iter().find(|condition| is(condition, name, status))?;
        Some(Health::new(health, message(condition)))
    });
    found.unwrap_or_else(|| progressing("Waiting for the status to be reported"))
}

fn api_service(object: &Value) -> Health {
    let Some(available) = condition(object, "Available") else {
        return progressing("Waiting to be processed");
    };
    let message = format!("{}: {}", text(available, &["reason"]), message(available));
    if is(available, "Available", "True") { healthy(message) } else { progressing(message) }
}

fn definition(object: &Value) -> Health {
    if conditions(object).is_empty() {
        return progressing("Status conditions not found");
    }
    for condition in conditions(object) {
        let said = message(condition);
        match (text(condition, &["type"]), text(condition, &["status"])) {
            ("Terminating", "True") => return progressing(format!("CRD is terminating: {said}")),
            ("NamesAccepted", "False") => {
                return degraded(format!("CRD names have not been accepted: {said}"));
            }
            ("NonStructuralSchema", "True") => {
                return degraded(format!("Schema violations found: {said}"));
            }
            ("Established", status) if status != "True" && text(condition, &["reason"]) == "Installing" => {
                return progressing("CRD is being installed");
            }
            _ => {}
        }
    }
    if conditions(object).iter().any(|condition| is(condition, "Established", "True")) {
        healthy("CRD is healthy")
    } else {
        degraded("CRD is not established")
    }
}

fn disruption_budget(object: &Value) -> Health {
    let reason = |condition: &Value| format!("PodDisruptionBudget has {}", text(condition, &["reason"]));
    let is_bad = |condition: &&Value| {
        text(condition, &["status"]) == "False" && text(condition, &["reason"]) != "InsufficientPods"
    };
    match (conditions(object).iter().find(is_bad), conditions(object).last()) {
        (Some(bad), _) => degraded(reason(bad)),
        (None, Some(last)) => healthy(reason(last)),
        (None, None) => progressing("Waiting for status"),
    }
}

fn autoscaler(object: &Value) -> Health {
    let Some(text) = object::annotation(object, AUTOSCALING_CONDITIONS) else {
        return by_scaling(conditions(object));
    };
    match value::from_json(text.as_bytes()) {
        Ok(found) => by_scaling(found.as_list().unwrap_or_default()),
        Err(error) => {
            let message = format!("failed to convert conditions annotation to typed: {error}");
            Health::new(HealthStatus::Unknown, message)
        }
    }
}

fn by_scaling(conditions: &[Value]) -> Health {
    let fails = |condition: &&Value| {
        let reason = text(condition, &["reason"]);
        match text(condition, &["type"]) {
            "AbleToScale" => matches!(reason, "FailedGetScale" | "FailedUpdateScale"),
            "ScalingActive" => matches!(
                reason,
                "FailedGetResourceMetric"
                    | "FailedGetObjectMetric"
                    | "FailedGetPodsMetric"
                    | "FailedGetExternalMetric"
                    | "FailedComputeMetricsReplicas"
                    | "InvalidSelector"
            ),
            _ => false,
        }
    };
    let works =
        |condition: &&Value| is(condition, "AbleToScale", "True") || is(condition, "ScalingLimited", "True");
    match (conditions.iter().find(fails), conditions.iter().find(works)) {
        (Some(bad), _) => degraded(message(bad)),
        (None, Some(good)) => healthy(message(good)),
        (None, None) => progressing("Waiting to Autoscale"),
    }
}
