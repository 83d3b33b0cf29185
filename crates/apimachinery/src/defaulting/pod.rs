//! Defaults of Pods and their templates.

use value::{Map, Value};

use super::{each, in_map, set_default, text, with_map};

const CONTAINERS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// A Pod: its spec, and what templates do not get.
pub(super) fn pod(spec: &mut Map) {
    pod_spec(spec);
    set_default(spec, "enableServiceLinks", true);
    for containers in ["initContainers", "containers"] {
        each(spec, containers, requests_from_limits);
    }
}

/// Requests that are not given are the limits.
fn requests_from_limits(container: &mut Map) {
    in_map(container, "resources", |resources| {
        let Some(limits) = resources.get("limits").and_then(Value::as_map).cloned() else { return };
        with_map(resources, "requests", |requests| {
            for (name, amount) in &limits {
                set_default(requests, name, amount.clone());
            }
        });
    });
}

/// The spec of a Pod or of a template.
pub(super) fn pod_spec(spec: &mut Map) {
    set_default(spec, "dnsPolicy", "ClusterFirst");
    set_default(spec, "restartPolicy", "Always");
    set_default(spec, "securityContext", Value::map());
    set_default(spec, "terminationGracePeriodSeconds", 30);
    set_default(spec, "schedulerName", "default-scheduler");
    let host_network = spec.get("hostNetwork").and_then(Value::as_bool) == Some(true);
    for containers in CONTAINERS {
        each(spec, containers, |one| {
            container(one);
            if host_network {
                each(one, "ports", |port| {
                    let number = port.get("containerPort").cloned().unwrap_or_default();
                    set_default(port, "hostPort", number);
                });
            }
        });
    }
    each(spec, "volumes", volume);
    in_map(spec, "securityContext", |context| {
        in_map(context, "seccompProfile", |_| {});
    });
}

fn container(container: &mut Map) {
    set_default(container, "terminationMessagePath", "/dev/termination-log");
    set_default(container, "terminationMessagePolicy", "File");
    let policy = pull_policy(text(container, "image"));
    set_default(container, "imagePullPolicy", policy);
    each(container, "ports", |port| set_default(port, "protocol", "TCP"));
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        in_map(container, name, probe);
    }
    in_map(container, "lifecycle", |lifecycle| {
        for hook in ["postStart", "preStop"] {
            in_map(lifecycle, hook, |hook| in_map(hook, "httpGet", http_get));
        }
    });
    each(container, "env", |variable| {
        if text(variable, "value").is_empty() {
            variable.remove("value");
        }
        in_map(variable, "valueFrom", |from| {
            in_map(from, "fieldRef", |field| set_default(field, "apiVersion", "v1"));
            in_map(from, "resourceFieldRef", |field| set_default(field, "divisor", "0"));
        });
    });
}

/// `latest`, by name or because there is neither tag nor digest, is pulled each time.
fn pull_policy(image: &str) -> &'static str {
    let (name, digest) = image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
    let last = name.rsplit('/').next().unwrap_or_default();
    let tag = last.split_once(':').map(|(_, tag)| tag);
    match (tag, digest) {
        (Some("latest"), _) | (None, None) => "Always",
        _ => "IfNotPresent",
    }
}

fn probe(probe: &mut Map) {
    set_default(probe, "timeoutSeconds", 1);
    set_default(probe, "periodSeconds", 10);
    set_default(probe, "successThreshold", 1);
    set_default(probe, "failureThreshold", 3);
    in_map(probe, "httpGet", http_get);
    in_map(probe, "grpc", |grpc| set_default(grpc, "service", ""));
}

fn http_get(action: &mut Map) {
    set_default(action, "path", "/");
    set_default(action, "scheme", "HTTP");
}

fn volume(volume: &mut Map) {
    if volume.len() == 1 {
        volume.insert("emptyDir", Value::map());
    }
    for source in ["configMap", "secret", "downwardAPI", "projected"] {
        in_map(volume, source, |source| set_default(source, "defaultMode", 420));
    }
    in_map(volume, "downwardAPI", downward_api);
    in_map(volume, "hostPath", |source| set_default(source, "type", ""));
    in_map(volume, "projected", |projected| {
        each(projected, "sources", |source| {
            in_map(source, "serviceAccountToken", |token| set_default(token, "expirationSeconds", 3600));
            in_map(source, "downwardAPI", downward_api);
        });
    });
    in_map(volume, "ephemeral", |source| {
        in_map(source, "volumeClaimTemplate", |template| {
            in_map(template, "spec", |spec| set_default(spec, "volumeMode", "Filesystem"));
        });
    });
    storage(volume);
}

fn downward_api(source: &mut Map) {
    each(source, "items", |item| {
        in_map(item, "fieldRef", |field| set_default(field, "apiVersion", "v1"));
        in_map(item, "resourceFieldRef", |field| set_default(field, "divisor", "0"));
    });
}

/// Volumes that PersistentVolumes have too.
pub(super) fn storage(volume: &mut Map) {
    in_map(volume, "iscsi", |source| set_default(source, "iscsiInterface", "default"));
    in_map(volume, "rbd", |source| {
        set_default(source, "pool", "rbd");
        set_default(source, "user", "admin");
        set_default(source, "keyring", "/etc/ceph/keyring");
    });
    in_map(volume, "azureDisk", |source| {
        set_default(source, "cachingMode", "ReadWrite");
        set_default(source, "kind", "Shared");
        set_default(source, "fsType", "ext4");
        set_default(source, "readOnly", false);
    });
    in_map(volume, "scaleIO", |source| {
        set_default(source, "storageMode", "ThinProvisioned");
        set_default(source, "fsType", "xfs");
    });
}
