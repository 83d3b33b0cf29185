//! Rules of the common built-in kinds. A kind that is not here is checked by its types and metadata.

use value::{Map, Value};

use super::pod::{port_number, supported};
use super::{FieldError, index, list, metadata, names, pod, text};
use crate::gvk::GroupVersionKind;
use crate::selector::LabelSelector;

pub(super) fn validate(object: &Value, gvk: &GroupVersionKind) -> Vec<FieldError> {
    let spec = object.get("spec").unwrap_or(&Value::Null);
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "Pod") => pod::pod(spec),
        ("apps", "Deployment" | "ReplicaSet" | "DaemonSet") => workload(spec),
        ("apps", "StatefulSet") => stateful_set(spec),
        ("batch", "Job") => job(spec, "spec"),
        ("batch", "CronJob") => cron_job(spec),
        ("", "Service") => service(spec),
        ("", "ConfigMap" | "Secret") => data_keys(object),
        ("", "PersistentVolumeClaim") => claim(spec),
        ("networking.k8s.io", "Ingress") => ingress(spec),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => binding(object, &gvk.kind),
        ("autoscaling", "HorizontalPodAutoscaler") => autoscaler(spec),
        _ => Vec::new(),
    }
}

fn not_negative(map: &Value, field: &str, path: &str) -> Option<FieldError> {
    let found = map.get(field).filter(|found| found.as_i64().is_some_and(|number| number < 0))?;
    Some(FieldError::invalid(format!("{path}.{field}"), found, "must be greater than or equal to 0"))
}

fn workload(spec: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    errors.extend(not_negative(spec, "replicas", "spec"));
    let selector = spec.get("selector").filter(|selector| !selector.is_null());
    match selector {
        None => errors.push(FieldError::required("spec.selector", "")),
        Some(selector) if selector.as_map().is_some_and(Map::is_empty) => {
            let why = "empty selector is invalid for deployment";
            errors.push(FieldError::invalid("spec.selector", selector, why));
        }
        Some(selector) => {
            if let Err(error) = LabelSelector::from_value(selector) {
                errors.push(FieldError::invalid("spec.selector", selector, &error.to_string()));
            }
        }
    }
    errors.extend(selected(spec, selector));
    errors.extend(template(spec, "spec.template"));
    let policy = text(spec, &["template", "spec", "restartPolicy"]);
    if !matches!(policy, "" | "Always")
        && errors.iter().all(|error| error.field != "spec.template.spec.restartPolicy")
    {
        let path = "spec.template.spec.restartPolicy";
        errors.push(FieldError::not_supported(path, &Value::from(policy), &["Always"]));
    }
    errors
}

/// The volumes of claim templates are not in the Pod template, and its mounts of them are right.
fn stateful_set(spec: &Value) -> Vec<FieldError> {
    let claims: Vec<String> = list(spec, &["volumeClaimTemplates"])
        .iter()
        .filter_map(crate::object::name)
        .map(|name| format!("Not found: {name:?}"))
        .collect();
    let mut errors = workload(spec);
    errors.retain(|error| !(error.field.contains(".volumeMounts[") && claims.contains(&error.detail)));
    errors
}

/// Without labels that its selector matches a workload would make Pods without end.
fn selected(spec: &Value, selector: Option<&Value>) -> Option<FieldError> {
    let labels = spec.at(&["template", "metadata", "labels"]);
    let matches = selector
        .and_then(|selector| LabelSelector::from_value(selector).ok())
        .is_some_and(|selector| selector.matches(crate::object::text_entries(labels)));
    let why = "`selector` does not match template `labels`";
    let labels = labels.cloned().unwrap_or_default();
    (!matches).then(|| FieldError::invalid("spec.template.metadata.labels", &labels, why))
}

fn template(spec: &Value, path: &str) -> Vec<FieldError> {
    let template = spec.get("template").unwrap_or(&Value::Null);
    let mut errors =
        metadata::labels(template.at(&["metadata", "labels"]), &format!("{path}.metadata.labels"));
    errors.extend(pod::spec(template.get("spec").unwrap_or(&Value::Null), &format!("{path}.spec")));
    errors
}

fn job(spec: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for field in
        ["parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"]
    {
        errors.extend(not_negative(spec, field, path));
    }
    errors.extend(template(spec, &format!("{path}.template")));
    if text(spec, &["template", "spec", "restartPolicy"]) == "Always" {
        let why = r#"valid values: "OnFailure", "Never""#;
        errors.push(FieldError::required(format!("{path}.template.spec.restartPolicy"), why));
    }
    errors
}

fn cron_job(spec: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if text(spec, &["schedule"]).is_empty() {
        errors.push(FieldError::required("spec.schedule", ""));
    }
    supported(spec, "concurrencyPolicy", "spec", &["Allow", "Forbid", "Replace"], &mut errors);
    let job_spec = spec.at(&["jobTemplate", "spec"]).unwrap_or(&Value::Null);
    errors.extend(job(job_spec, "spec.jobTemplate.spec"));
    errors
}

fn service(spec: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let ports = list(spec, &["ports"]);
    let headless = text(spec, &["clusterIP"]) == "None";
    let kind = text(spec, &["type"]);
    if ports.is_empty() && !headless && kind != "ExternalName" {
        errors.push(FieldError::required("spec.ports", ""));
    }
    if kind == "ExternalName" && text(spec, &["externalName"]).is_empty() {
        errors.push(FieldError::required("spec.externalName", ""));
    }
    let mut seen = Vec::new();
    for (at, port) in ports.iter().enumerate() {
        let path = index("spec.ports", at);
        service_port(port, &path, ports.len() > 1, &mut errors);
        let name = text(port, &["name"]);
        if !name.is_empty() && seen.contains(&name) {
            errors.push(FieldError::duplicate(format!("{path}.name"), &Value::from(name)));
        }
        seen.push(name);
    }
    supported(spec, "sessionAffinity", "spec", &["ClientIP", "None"], &mut errors);
    supported(spec, "type", "spec", &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"], &mut errors);
    errors
}

fn service_port(port: &Value, path: &str, named: bool, errors: &mut Vec<FieldError>) {
    let name = text(port, &["name"]);
    if named && name.is_empty() {
        errors.push(FieldError::required(format!("{path}.name"), ""));
    } else if !name.is_empty() {
        errors.extend(metadata::invalid(&format!("{path}.name"), name, names::dns1123_label(name)));
    }
    let number = port.get("port").and_then(Value::as_i64).unwrap_or_default();
    errors.extend(port_number(number, &format!("{path}.port")));
    supported(port, "protocol", path, &["SCTP", "TCP", "UDP"], errors);
    if let Some(target) = port.get("targetPort").and_then(Value::as_i64) {
        errors.extend(port_number(target, &format!("{path}.targetPort")));
    }
}

fn data_keys(object: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for field in ["data", "binaryData"] {
        for key in object.get(field).and_then(Value::as_map).into_iter().flat_map(Map::keys) {
            let path = format!("{field}[{key}]");
            errors.extend(metadata::invalid(&path, key, names::config_map_key(key)));
        }
    }
    errors
}

fn claim(spec: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if list(spec, &["accessModes"]).is_empty() {
        errors.push(FieldError::required("spec.accessModes", "at least 1 access mode is required"));
    }
    if spec.at(&["resources", "requests", "storage"]).is_none() {
        errors.push(FieldError::required("spec.resources[storage]", ""));
    }
    errors
}

fn ingress(spec: &Value) -> Vec<FieldError> {
    let rules = list(spec, &["rules"]);
    if rules.is_empty() && spec.get("defaultBackend").is_none() {
        let why = "either `defaultBackend` or `rules` must be specified";
        return vec![FieldError::invalid("spec", &Value::Null, why)];
    }
    let mut errors = Vec::new();
    for (rule_at, rule) in rules.iter().enumerate() {
        for (at, path) in list(rule, &["http", "paths"]).iter().enumerate() {
            let place = index(&format!("{}.http.paths", index("spec.rules", rule_at)), at);
            let kinds = ["Exact", "ImplementationSpecific", "Prefix"];
            match text(path, &["pathType"]) {
                "" => {
                    let why = "pathType must be specified";
                    errors.push(FieldError::required(format!("{place}.pathType"), why));
                }
                kind if !kinds.contains(&kind) => {
                    let place = format!("{place}.pathType");
                    errors.push(FieldError::not_supported(place, &Value::from(kind), &kinds));
                }
                "Exact" | "Prefix" if !text(path, &["path"]).starts_with('/') => {
                    let found = Value::from(text(path, &["path"]));
                    errors.push(FieldError::invalid(
                        format!("{place}.path"),
                        &found,
                        "must be an absolute path",
                    ));
                }
                _ => {}
            }
        }
    }
    errors
}

fn binding(object: &Value, kind: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let roles: &[&str] = if kind == "RoleBinding" { &["Role", "ClusterRole"] } else { &["ClusterRole"] };
    let role = text(object, &["roleRef", "kind"]);
    if !roles.contains(&role) {
        errors.push(FieldError::not_supported("roleRef.kind", &Value::from(role), roles));
    }
    if text(object, &["roleRef", "name"]).is_empty() {
        errors.push(FieldError::required("roleRef.name", ""));
    }
    let kinds = ["ServiceAccount", "User", "Group"];
    for (at, subject) in list(object, &["subjects"]).iter().enumerate() {
        let path = index("subjects", at);
        if text(subject, &["name"]).is_empty() {
            errors.push(FieldError::required(format!("{path}.name"), ""));
        }
        let kind = text(subject, &["kind"]);
        if !kinds.contains(&kind) {
            errors.push(FieldError::not_supported(format!("{path}.kind"), &Value::from(kind), &kinds));
        } else if kind == "ServiceAccount"
            && text(subject, &["namespace"]).is_empty()
            && object.str_at(&["kind"]) == Some("ClusterRoleBinding")
        {
            errors.push(FieldError::required(format!("{path}.namespace"), ""));
        }
    }
    errors
}

fn autoscaler(spec: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let number = |field: &str| spec.get(field).and_then(Value::as_i64).unwrap_or_default();
    if number("minReplicas") < 1 {
        let found = Value::from(number("minReplicas"));
        errors.push(FieldError::invalid("spec.minReplicas", &found, "must be greater than or equal to 1"));
    }
    let most = Value::from(number("maxReplicas"));
    if number("maxReplicas") < 1 {
        errors.push(FieldError::required("spec.maxReplicas", "must be set and greater than 0"));
    }
    if number("maxReplicas") < number("minReplicas") {
        let why = "must be greater than or equal to `minReplicas`";
        errors.push(FieldError::invalid("spec.maxReplicas", &most, why));
    }
    for field in ["kind", "name"] {
        if text(spec, &["scaleTargetRef", field]).is_empty() {
            errors.push(FieldError::required(format!("spec.scaleTargetRef.{field}"), ""));
        }
    }
    let version = text(spec, &["scaleTargetRef", "apiVersion"]);
    if !version.contains('/') {
        let why = "apiVersion must specify API group";
        errors.push(FieldError::invalid("spec.scaleTargetRef.apiVersion", &Value::from(version), why));
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stateful_set_mounts_the_volumes_of_its_claims() {
        let set = |volume: &str| {
            let text = format!(
                r#"{{"apiVersion":"apps/v1","kind":"StatefulSet","spec":{{"serviceName":"a","selector":{{"matchLabels":{{"a":"b"}}}},
                "template":{{"metadata":{{"labels":{{"a":"b"}}}},"spec":{{"containers":[{{"name":"m","image":"i",
                "volumeMounts":[{{"name":"{volume}","mountPath":"/d"}}]}}]}}}},"volumeClaimTemplates":[{{"metadata":{{"name":"data"}}}}]}}}}"#
            );
            let object = value::from_json(text.as_bytes()).unwrap();
            let found = validate(&object, &GroupVersionKind::of(&object).unwrap());
            found.iter().any(|error| error.detail.starts_with("Not found"))
        };
        assert!(!set("data"));
        assert!(set("other"));
    }
}
