//! The hand-written defaults, by kind.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use value::{Map, Value};

use super::{each, in_map, pod, set_default, text, with_map, workload};
use crate::gvk::GroupVersionKind;

const RBAC: &str = "rbac.authorization.k8s.io";

/// Fills the defaults of a kind in; kinds that are not here have none.
pub(super) fn default(object: &mut Value, gvk: &GroupVersionKind) {
    let Some(object) = object.as_map_mut() else { return };
    match (gvk.group.as_str(), gvk.version.as_str(), gvk.kind.as_str()) {
        ("", _, "Pod") => in_map(object, "spec", pod::pod),
        ("", _, "PodTemplate") => workload::pod_template(object),
        ("", _, "ReplicationController") => workload::replication_controller(object),
        ("apps", _, "Deployment") => workload::deployment(object),
        ("apps", _, "ReplicaSet") => workload::replica_set(object),
        ("apps", _, "StatefulSet") => workload::stateful_set(object),
        ("apps", _, "DaemonSet") => workload::daemon_set(object),
        ("batch", _, "Job") => workload::job(object),
        ("batch", _, "CronJob") => workload::cron_job(object),
        ("autoscaling", "v1", "HorizontalPodAutoscaler") => workload::autoscaler_v1(object),
        ("autoscaling", _, "HorizontalPodAutoscaler") => workload::autoscaler(object),
        _ => other(object, gvk),
    }
}

fn other(object: &mut Map, gvk: &GroupVersionKind) {
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "Service") => in_map(object, "spec", service),
        ("", "Secret") => secret(object),
        ("", "Namespace") => namespace(object),
        ("", "PersistentVolumeClaim") => persistent_volume_claim(object),
        ("", "PersistentVolume") => persistent_volume(object),
        ("", "Endpoints") => each(object, "subsets", |subset| {
            each(subset, "ports", |port| set_default(port, "protocol", "TCP"));
        }),
        ("", "LimitRange") => in_map(object, "spec", |spec| each(spec, "limits", limit)),
        ("discovery.k8s.io", "EndpointSlice") => each(object, "ports", |port| {
            set_default(port, "name", "");
            set_default(port, "protocol", "TCP");
        }),
        (RBAC, "RoleBinding" | "ClusterRoleBinding") => binding(object),
        ("networking.k8s.io", "NetworkPolicy") => in_map(object, "spec", network_policy),
        ("networking.k8s.io", "IngressClass") => in_map(object, "spec", |spec| {
            in_map(spec, "parameters", |parameters| set_default(parameters, "scope", "Cluster"));
        }),
        ("storage.k8s.io", "StorageClass") => {
            set_default(object, "reclaimPolicy", "Delete");
            set_default(object, "volumeBindingMode", "Immediate");
        }
        ("storage.k8s.io", "CSIDriver") => in_map(object, "spec", csi_driver),
        ("scheduling.k8s.io", "PriorityClass") => {
            set_default(object, "preemptionPolicy", "PreemptLowerPriority");
        }
        ("admissionregistration.k8s.io", kind) => webhooks(object, kind),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => custom_resource_definition(object),
        ("apiregistration.k8s.io", "APIService") => in_map(object, "spec", |spec| {
            in_map(spec, "service", |service| set_default(service, "port", 443));
        }),
        _ => {}
    }
}

fn service(spec: &mut Map) {
    set_default(spec, "sessionAffinity", "None");
    set_default(spec, "type", "ClusterIP");
    let kind = text(spec, "type").to_owned();
    if text(spec, "sessionAffinity") == "ClientIP" {
        with_map(spec, "sessionAffinityConfig", |config| {
            with_map(config, "clientIP", |client| set_default(client, "timeoutSeconds", 10_800));
        });
    }
    each(spec, "ports", |port| {
        set_default(port, "protocol", "TCP");
        let unset = port
            .get("targetPort")
            .is_none_or(|target| *target == Value::from(0) || target.as_str() == Some(""));
        if unset {
            let number = port.get("port").cloned().unwrap_or_default();
            port.insert("targetPort", number);
        }
    });
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer") {
        set_default(spec, "externalTrafficPolicy", "Cluster");
    }
    if matches!(kind.as_str(), "ClusterIP" | "NodePort" | "LoadBalancer") {
        set_default(spec, "internalTrafficPolicy", "Cluster");
    }
    if kind == "LoadBalancer" {
        set_default(spec, "allocateLoadBalancerNodePorts", true);
    }
}

/// `stringData` is a way to write `data` and is never read back.
fn secret(object: &mut Map) {
    set_default(object, "type", "Opaque");
    let Some(plain) = object.remove("stringData") else { return };
    let Some(plain) = plain.as_map().filter(|plain| !plain.is_empty()) else { return };
    with_map(object, "data", |data| {
        for (key, value) in plain {
            data.insert(key.clone(), STANDARD.encode(value.as_str().unwrap_or_default()));
        }
    });
}

fn namespace(object: &mut Map) {
    let name =
        object.get("metadata").and_then(|metadata| metadata.str_at(&["name"])).unwrap_or_default().to_owned();
    with_map(object, "metadata", |metadata| {
        with_map(metadata, "labels", |labels| {
            labels.insert("kubernetes.io/metadata.name", name);
        });
    });
    with_map(object, "status", |status| set_default(status, "phase", "Active"));
}

pub(super) fn persistent_volume_claim(object: &mut Map) {
    with_map(object, "spec", |spec| set_default(spec, "volumeMode", "Filesystem"));
    with_map(object, "status", |status| set_default(status, "phase", "Pending"));
}

fn persistent_volume(object: &mut Map) {
    with_map(object, "spec", |spec| {
        set_default(spec, "persistentVolumeReclaimPolicy", "Retain");
        set_default(spec, "volumeMode", "Filesystem");
        in_map(spec, "hostPath", |source| set_default(source, "type", ""));
        pod::storage(spec);
    });
    with_map(object, "status", |status| set_default(status, "phase", "Pending"));
}

/// A container's maximum is its default limit, and a default limit its default request.
fn limit(limit: &mut Map) {
    if text(limit, "type") != "Container" {
        return;
    }
    for (to, from) in [("default", "max"), ("defaultRequest", "default"), ("defaultRequest", "min")] {
        let Some(amounts) = limit.get(from).and_then(Value::as_map).cloned() else { continue };
        with_map(limit, to, |limits| {
            for (name, amount) in &amounts {
                set_default(limits, name, amount.clone());
            }
        });
    }
}

fn binding(object: &mut Map) {
    in_map(object, "roleRef", |role| {
        if text(role, "apiGroup").is_empty() {
            role.insert("apiGroup", RBAC);
        }
    });
    each(object, "subjects", |subject| {
        if text(subject, "apiGroup").is_empty() && matches!(text(subject, "kind"), "User" | "Group") {
            subject.insert("apiGroup", RBAC);
        }
    });
}

fn network_policy(spec: &mut Map) {
    for direction in ["ingress", "egress"] {
        each(spec, direction, |rule| each(rule, "ports", |port| set_default(port, "protocol", "TCP")));
    }
    let has_egress = spec.get("egress").and_then(Value::as_list).is_some_and(|rules| !rules.is_empty());
    let types: &[&str] = if has_egress { &["Ingress", "Egress"] } else { &["Ingress"] };
    set_default(spec, "policyTypes", Value::list_of(types.iter().copied()));
}

fn csi_driver(spec: &mut Map) {
    set_default(spec, "attachRequired", true);
    set_default(spec, "podInfoOnMount", false);
    set_default(spec, "storageCapacity", false);
    set_default(spec, "fsGroupPolicy", "ReadWriteOnceWithFSType");
    set_default(spec, "volumeLifecycleModes", Value::list_of(["Persistent"]));
    set_default(spec, "requiresRepublish", false);
    set_default(spec, "seLinuxMount", false);
}

fn webhooks(object: &mut Map, kind: &str) {
    each(object, "webhooks", |webhook| {
        set_default(webhook, "failurePolicy", "Fail");
        set_default(webhook, "matchPolicy", "Equivalent");
        set_default(webhook, "namespaceSelector", Value::map());
        set_default(webhook, "objectSelector", Value::map());
        set_default(webhook, "timeoutSeconds", 10);
        if kind == "MutatingWebhookConfiguration" {
            set_default(webhook, "reinvocationPolicy", "Never");
        }
        in_map(webhook, "clientConfig", client_config);
        each(webhook, "rules", |rule| set_default(rule, "scope", "*"));
    });
}

fn client_config(config: &mut Map) {
    in_map(config, "service", |service| set_default(service, "port", 443));
}

fn custom_resource_definition(object: &mut Map) {
    in_map(object, "spec", |spec| {
        in_map(spec, "names", |names| {
            let kind = text(names, "kind").to_owned();
            if text(names, "singular").is_empty() {
                names.insert("singular", kind.to_lowercase());
            }
            if text(names, "listKind").is_empty() {
                names.insert("listKind", format!("{kind}List"));
            }
        });
        with_map(spec, "conversion", |conversion| {
            set_default(conversion, "strategy", "None");
            in_map(conversion, "webhook", |webhook| in_map(webhook, "clientConfig", client_config));
        });
    });
}
