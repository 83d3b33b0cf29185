//! Pods and their templates.

use std::collections::BTreeSet;

use value::Value;

use super::metadata::invalid;
use super::names;
use super::{FieldError, index, list, text};
use crate::quantity::Quantity;

/// Findings about a Pod's spec: those of a template, and what the API server does not look at there.
pub(super) fn pod(pod: &Value) -> Vec<FieldError> {
    let mut errors = spec(pod, "spec");
    for (at, container) in list(pod, &["containers"]).iter().enumerate() {
        let image = text(container, &["image"]);
        if image.trim() != image {
            let why = "must not have leading or trailing whitespace";
            errors.push(FieldError::invalid(
                format!("spec.containers[{at}].image"),
                &Value::from(image),
                why,
            ));
        }
    }
    errors
}

/// Findings about the spec of a Pod or of a template.
pub(super) fn spec(spec: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let volumes = volumes(spec, path, &mut errors);
    let containers = list(spec, &["containers"]);
    if containers.is_empty() {
        errors.push(FieldError::required(format!("{path}.containers"), ""));
    }
    let mut seen = BTreeSet::new();
    for field in ["containers", "initContainers"] {
        for (at, one) in list(spec, &[field]).iter().enumerate() {
            let path = index(&format!("{path}.{field}"), at);
            container(one, &path, &volumes, &mut errors);
            let name = text(one, &["name"]);
            if !name.is_empty() && !seen.insert(name) {
                errors.push(FieldError::duplicate(format!("{path}.name"), &Value::from(name)));
            }
        }
    }
    supported(spec, "restartPolicy", path, &["Always", "OnFailure", "Never"], &mut errors);
    let policies = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
    supported(spec, "dnsPolicy", path, &policies, &mut errors);
    errors
}

fn volumes<'v>(spec: &'v Value, path: &str, errors: &mut Vec<FieldError>) -> BTreeSet<&'v str> {
    let mut known = BTreeSet::new();
    for (at, volume) in list(spec, &["volumes"]).iter().enumerate() {
        let path = format!("{}.name", index(&format!("{path}.volumes"), at));
        let name = text(volume, &["name"]);
        if name.is_empty() {
            errors.push(FieldError::required(path, ""));
        } else if !known.insert(name) {
            errors.push(FieldError::duplicate(path, &Value::from(name)));
        } else {
            errors.extend(invalid(&path, name, names::dns1123_label(name)));
        }
    }
    known
}

/// A value of a closed set; an empty one is required.
pub(super) fn supported(map: &Value, field: &str, path: &str, values: &[&str], errors: &mut Vec<FieldError>) {
    let path = format!("{path}.{field}");
    match text(map, &[field]) {
        "" => errors.push(FieldError::required(path, "")),
        found if !values.contains(&found) => {
            errors.push(FieldError::not_supported(path, &Value::from(found), values));
        }
        _ => {}
    }
}

fn container(container: &Value, path: &str, volumes: &BTreeSet<&str>, errors: &mut Vec<FieldError>) {
    let name = text(container, &["name"]);
    if name.is_empty() {
        errors.push(FieldError::required(format!("{path}.name"), ""));
    } else {
        errors.extend(invalid(&format!("{path}.name"), name, names::dns1123_label(name)));
    }
    let image = text(container, &["image"]);
    if image.is_empty() {
        errors.push(FieldError::required(format!("{path}.image"), ""));
    }
    ports(container, path, errors);
    environment(container, path, errors);
    for (at, mount) in list(container, &["volumeMounts"]).iter().enumerate() {
        let path = index(&format!("{path}.volumeMounts"), at);
        let name = text(mount, &["name"]);
        if name.is_empty() {
            errors.push(FieldError::required(format!("{path}.name"), ""));
        } else if !volumes.contains(name) {
            errors.push(FieldError::new(format!("{path}.name"), format!("Not found: {name:?}")));
        }
        if text(mount, &["mountPath"]).is_empty() {
            errors.push(FieldError::required(format!("{path}.mountPath"), ""));
        }
    }
    supported(container, "imagePullPolicy", path, &["Always", "IfNotPresent", "Never"], errors);
    resources(container, path, errors);
}

fn ports(container: &Value, path: &str, errors: &mut Vec<FieldError>) {
    for (at, port) in list(container, &["ports"]).iter().enumerate() {
        let path = index(&format!("{path}.ports"), at);
        match port.get("containerPort").and_then(Value::as_i64) {
            None | Some(0) => errors.push(FieldError::required(format!("{path}.containerPort"), "")),
            Some(number) => errors.extend(port_number(number, &format!("{path}.containerPort"))),
        }
        if let Some(number) = port.get("hostPort").and_then(Value::as_i64).filter(|number| *number != 0) {
            errors.extend(port_number(number, &format!("{path}.hostPort")));
        }
        supported(port, "protocol", &path, &["SCTP", "TCP", "UDP"], errors);
    }
}

/// A port's number.
pub(super) fn port_number(number: i64, path: &str) -> Option<FieldError> {
    let why = "must be between 1 and 65535, inclusive";
    (!(1..=65_535).contains(&number)).then(|| FieldError::invalid(path, &Value::from(number), why))
}

fn environment(container: &Value, path: &str, errors: &mut Vec<FieldError>) {
    for (at, variable) in list(container, &["env"]).iter().enumerate() {
        let path = index(&format!("{path}.env"), at);
        let name = text(variable, &["name"]);
        if name.is_empty() {
            errors.push(FieldError::required(format!("{path}.name"), ""));
        } else if name.contains('=') || name.bytes().any(|c| !(b' '..=b'~').contains(&c)) {
            let why = "a valid environment variable name must consist only of printable ASCII characters other than '='";
            errors.push(FieldError::invalid(format!("{path}.name"), &Value::from(name), why));
        }
        let has_source = variable.get("valueFrom").is_some_and(|from| !from.is_null());
        if has_source && !text(variable, &["value"]).is_empty() {
            let why = "may not be specified when `value` is not empty";
            errors.push(FieldError::invalid(format!("{path}.valueFrom"), &Value::from(""), why));
        }
    }
}

/// Requests must not exceed limits.
fn resources(container: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let amount = |value: &Value| -> Option<Quantity> {
        match value {
            Value::String(text) => text.parse().ok(),
            other => other.to_string().parse().ok(),
        }
    };
    let requests = container.at(&["resources", "requests"]).and_then(Value::as_map);
    for (name, request) in requests.into_iter().flat_map(value::Map::iter) {
        let Some(limit) = container.at(&["resources", "limits", name]) else { continue };
        if let (Some(asked), Some(most)) = (amount(request), amount(limit))
            && asked > most
        {
            let why = format!("must be less than or equal to {name} limit of {most}");
            let path = format!("{path}.resources.requests");
            errors.push(FieldError::invalid(path, &Value::from(asked.to_string()), &why));
        }
    }
}
