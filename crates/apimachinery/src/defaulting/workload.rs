//! Defaults of the kinds that run Pods.

use value::{Map, Value};

use super::pod::pod_spec;
use super::{each, in_map, set_default, text, with_map};

fn template(spec: &mut Map) {
    in_map(spec, "template", |template| in_map(template, "spec", pod_spec));
}

pub(super) fn pod_template(object: &mut Map) {
    template(object);
}

pub(super) fn deployment(object: &mut Map) {
    in_map(object, "spec", |spec| {
        template(spec);
        set_default(spec, "replicas", 1);
        set_default(spec, "revisionHistoryLimit", 10);
        set_default(spec, "progressDeadlineSeconds", 600);
        with_map(spec, "strategy", |strategy| {
            set_default(strategy, "type", "RollingUpdate");
            if text(strategy, "type") == "RollingUpdate" {
                with_map(strategy, "rollingUpdate", |rolling| {
                    set_default(rolling, "maxUnavailable", "25%");
                    set_default(rolling, "maxSurge", "25%");
                });
            }
        });
    });
}

pub(super) fn replica_set(object: &mut Map) {
    in_map(object, "spec", |spec| {
        template(spec);
        set_default(spec, "replicas", 1);
    });
}

/// Labels and selector are those of the template when they are not given.
pub(super) fn replication_controller(object: &mut Map) {
    let labels = object.get("spec").and_then(|spec| spec.at(&["template", "metadata", "labels"])).cloned();
    in_map(object, "spec", |spec| {
        template(spec);
        set_default(spec, "replicas", 1);
        if let Some(labels) = labels.clone() {
            set_default(spec, "selector", labels);
        }
    });
    if let Some(labels) = labels {
        with_map(object, "metadata", |metadata| set_default(metadata, "labels", labels));
    }
}

pub(super) fn stateful_set(object: &mut Map) {
    in_map(object, "spec", |spec| {
        template(spec);
        set_default(spec, "replicas", 1);
        set_default(spec, "revisionHistoryLimit", 10);
        set_default(spec, "podManagementPolicy", "OrderedReady");
        with_map(spec, "persistentVolumeClaimRetentionPolicy", |policy| {
            set_default(policy, "whenDeleted", "Retain");
            set_default(policy, "whenScaled", "Retain");
        });
        with_map(spec, "updateStrategy", |strategy| {
            set_default(strategy, "type", "RollingUpdate");
            if text(strategy, "type") == "RollingUpdate" {
                with_map(strategy, "rollingUpdate", |rolling| set_default(rolling, "partition", 0));
            }
        });
        each(spec, "volumeClaimTemplates", |claim| {
            set_default(claim, "apiVersion", "v1");
            set_default(claim, "kind", "PersistentVolumeClaim");
            super::kinds::persistent_volume_claim(claim);
        });
    });
}

pub(super) fn daemon_set(object: &mut Map) {
    in_map(object, "spec", |spec| {
        template(spec);
        set_default(spec, "revisionHistoryLimit", 10);
        with_map(spec, "updateStrategy", |strategy| {
            set_default(strategy, "type", "RollingUpdate");
            if text(strategy, "type") == "RollingUpdate" {
                with_map(strategy, "rollingUpdate", |rolling| {
                    set_default(rolling, "maxUnavailable", 1);
                    set_default(rolling, "maxSurge", 0);
                });
            }
        });
    });
}

pub(super) fn job(object: &mut Map) {
    let labels = object.get("spec").and_then(|spec| spec.at(&["template", "metadata", "labels"])).cloned();
    in_map(object, "spec", |spec| {
        template(spec);
        if spec.get("completions").is_none() && spec.get("parallelism").is_none() {
            spec.insert("completions", 1);
        }
        set_default(spec, "parallelism", 1);
        let limit = if spec.contains_key("backoffLimitPerIndex") { i32::MAX } else { 6 };
        set_default(spec, "backoffLimit", limit);
        set_default(spec, "completionMode", "NonIndexed");
        set_default(spec, "suspend", false);
        let policy = if spec.contains_key("podFailurePolicy") { "Failed" } else { "TerminatingOrFailed" };
        set_default(spec, "podReplacementPolicy", policy);
        set_default(spec, "manualSelector", false);
        in_map(spec, "podFailurePolicy", |policy| {
            each(policy, "rules", |rule| {
                each(rule, "onPodConditions", |condition| {
                    if text(condition, "status").is_empty() {
                        condition.insert("status", "True");
                    }
                });
            });
        });
    });
    if let Some(labels) = labels.filter(|labels| labels.as_map().is_some_and(|map| !map.is_empty())) {
        with_map(object, "metadata", |metadata| set_default(metadata, "labels", labels));
    }
}

pub(super) fn cron_job(object: &mut Map) {
    in_map(object, "spec", |spec| {
        set_default(spec, "concurrencyPolicy", "Allow");
        set_default(spec, "suspend", false);
        set_default(spec, "successfulJobsHistoryLimit", 3);
        set_default(spec, "failedJobsHistoryLimit", 1);
        in_map(spec, "jobTemplate", |job| in_map(job, "spec", template));
    });
}

pub(super) fn autoscaler_v1(object: &mut Map) {
    in_map(object, "spec", |spec| set_default(spec, "minReplicas", 1));
}

pub(super) fn autoscaler(object: &mut Map) {
    in_map(object, "spec", |spec| {
        set_default(spec, "minReplicas", 1);
        if spec.get("metrics").and_then(Value::as_list).is_none_or(<[Value]>::is_empty) {
            let target = Value::map_of([
                ("averageUtilization", Value::from(80)),
                ("type", Value::from("Utilization")),
            ]);
            let resource = Value::map_of([("name", Value::from("cpu")), ("target", target)]);
            let metric = Value::map_of([("resource", resource), ("type", Value::from("Resource"))]);
            spec.insert("metrics", Value::list_of([metric]));
        }
        in_map(spec, "behavior", |behavior| {
            with_map(behavior, "scaleUp", |rules| {
                set_default(rules, "stabilizationWindowSeconds", 0);
                set_default(rules, "selectPolicy", "Max");
                set_default(rules, "policies", Value::list_of([scaling("Pods", 4), scaling("Percent", 100)]));
            });
            with_map(behavior, "scaleDown", |rules| {
                set_default(rules, "selectPolicy", "Max");
                set_default(rules, "policies", Value::list_of([scaling("Percent", 100)]));
            });
        });
    });
}

fn scaling(kind: &str, value: i32) -> Value {
    Value::map_of([
        ("type", Value::from(kind)),
        ("value", Value::from(value)),
        ("periodSeconds", Value::from(15)),
    ])
}
