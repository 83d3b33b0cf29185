//! Fields of built-in kinds that cannot be changed.

use value::Value;

use super::FieldError;
use crate::gvk::GroupVersionKind;

const STATEFUL_SET: &str = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
const POD: &str = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
const CLAIM: &str = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";

/// What `object` changes of `old` that it must not. The values that kube-apiserver prints in its internal
/// form (a Job's template, the difference of two Pods) stand here in the form of the API.
pub(super) fn validate(object: &Value, old: &Value, gvk: &GroupVersionKind) -> Vec<FieldError> {
    let changed = |path: &[&str]| {
        let (new, old) = (object.at(path), old.at(path));
        (new.unwrap_or(&Value::Null) != old.unwrap_or(&Value::Null))
            .then(|| FieldError::invalid(path.join("."), new.unwrap_or(&Value::Null), "field is immutable"))
    };
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("apps", "Deployment" | "ReplicaSet" | "DaemonSet") => {
            changed(&["spec", "selector"]).into_iter().collect()
        }
        ("apps", "StatefulSet") => stateful_set(object, old),
        ("batch", "Job") => [&["spec", "selector"][..], &["spec", "template"], &["spec", "completionMode"]]
            .into_iter()
            .filter_map(changed)
            .collect(),
        ("", "ConfigMap") => frozen(object, old, &["data", "binaryData"]),
        ("", "Secret") => {
            let mut errors: Vec<_> = changed(&["type"]).into_iter().collect();
            errors.extend(frozen(object, old, &["data"]));
            errors
        }
        ("", "Service") => service(object, old),
        ("", "PersistentVolumeClaim") => claim(object, old),
        ("", "Pod") => pod(object, old),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => role_ref(object, old),
        ("storage.k8s.io", "StorageClass") => storage_class(object, old),
        _ => Vec::new(),
    }
}

fn stateful_set(object: &Value, old: &Value) -> Vec<FieldError> {
    const FREE: [&str; 7] = [
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    ];
    let fixed = |object: &Value| {
        let mut spec = object.get("spec").cloned().unwrap_or_default();
        for field in FREE {
            spec.remove_at(&[field]);
        }
        spec
    };
    if fixed(object) == fixed(old) { Vec::new() } else { vec![FieldError::forbidden("spec", STATEFUL_SET)] }
}

/// An immutable object stays immutable, and so do its data.
fn frozen(object: &Value, old: &Value, fields: &[&str]) -> Vec<FieldError> {
    let is_frozen = |object: &Value| object.get("immutable").and_then(Value::as_bool) == Some(true);
    if !is_frozen(old) {
        return Vec::new();
    }
    let why = "field is immutable when `immutable` is set";
    let mut errors = Vec::new();
    if !is_frozen(object) {
        errors.push(FieldError::forbidden("immutable", why));
    }
    let changed = fields.iter().filter(|field| object.get(field) != old.get(field));
    errors.extend(changed.map(|field| FieldError::forbidden(*field, why)));
    errors
}

fn service(object: &Value, old: &Value) -> Vec<FieldError> {
    let addresses =
        |object: &Value| object.at(&["spec", "clusterIPs"]).and_then(Value::as_list).map(<[Value]>::to_vec);
    let external = |object: &Value| object.str_at(&["spec", "type"]) == Some("ExternalName");
    let (Some(new), Some(before)) = (addresses(object), addresses(old)) else { return Vec::new() };
    if external(object) || external(old) || new.first() == before.first() || before.is_empty() {
        return Vec::new();
    }
    vec![FieldError::invalid("spec.clusterIPs[0]", &Value::from(new), "may not change once set")]
}

fn claim(object: &Value, old: &Value) -> Vec<FieldError> {
    let bound = old.str_at(&["status", "phase"]) == Some("Bound");
    let fixed = |object: &Value| {
        let mut spec = object.get("spec").cloned().unwrap_or_default();
        if bound {
            spec.remove_at(&["resources", "requests"]);
            spec.remove_at(&["volumeAttributesClassName"]);
        }
        spec.remove_at(&["volumeName"]);
        spec
    };
    if fixed(object) == fixed(old) { Vec::new() } else { vec![FieldError::forbidden("spec", CLAIM)] }
}

fn pod(object: &Value, old: &Value) -> Vec<FieldError> {
    let fixed = |object: &Value| {
        let mut spec = object.get("spec").cloned().unwrap_or_default();
        for field in ["activeDeadlineSeconds", "tolerations", "ephemeralContainers", "schedulingGates"] {
            spec.remove_at(&[field]);
        }
        for containers in ["containers", "initContainers"] {
            if let Some(list) =
                spec.as_map_mut().and_then(|spec| spec.get_mut(containers)).and_then(Value::as_list_mut)
            {
                list.iter_mut().for_each(|container| drop(container.remove_at(&["image"])));
            }
        }
        spec
    };
    let (new, before) = (fixed(object), fixed(old));
    // Scheduling sets the node, once.
    let mut bound = before.clone();
    if before.get("nodeName").is_none()
        && let Some(node) = new.get("nodeName")
    {
        bound.set_at(&["nodeName"], node.clone());
    }
    if new == bound { Vec::new() } else { vec![FieldError::forbidden("spec", POD)] }
}

fn role_ref(object: &Value, old: &Value) -> Vec<FieldError> {
    let role = |object: &Value| object.get("roleRef").cloned().unwrap_or_default();
    let new = role(object);
    if new == role(old) {
        return Vec::new();
    }
    // kube-apiserver prints its internal type.
    let field = |key: &str| new.str_at(&[key]).unwrap_or_default().to_owned();
    let shown =
        Value::map_of([("APIGroup", field("apiGroup")), ("Kind", field("kind")), ("Name", field("name"))]);
    vec![FieldError::invalid("roleRef", &shown, "cannot change roleRef")]
}

fn storage_class(object: &Value, old: &Value) -> Vec<FieldError> {
    let why = "updates to parameters are forbidden.";
    ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"]
        .into_iter()
        .filter(|field| object.get(field) != old.get(field))
        .map(|field| FieldError::forbidden(field, &why.replace("parameters", field)))
        .collect()
}
