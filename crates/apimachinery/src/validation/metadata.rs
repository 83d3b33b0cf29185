//! Names, labels and the other metadata that every object has.

use value::Value;

use super::names;
use super::{FieldError, index, list, text};
use crate::gvk::GroupVersionKind;
use crate::object;

/// Whether the objects of a kind live in namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In namespaces.
    Namespaced,
    /// Once per cluster.
    Cluster,
}

pub(super) fn validate(object: &Value, gvk: &GroupVersionKind, scope: Scope) -> Vec<FieldError> {
    let mut errors = Vec::new();
    match object::name(object).filter(|name| !name.is_empty()) {
        None if text(object, &["metadata", "generateName"]).is_empty() => {
            errors.push(FieldError::required("metadata.name", "name or generateName is required"));
        }
        None => {}
        Some(name) => {
            errors.extend(invalid("metadata.name", name, name_problems(gvk, name)));
        }
    }
    match (scope, object::namespace(object)) {
        (Scope::Namespaced, None) => errors.push(FieldError::required("metadata.namespace", "")),
        (Scope::Namespaced, Some(namespace)) => {
            errors.extend(invalid("metadata.namespace", namespace, names::dns1123_label(namespace)));
        }
        (Scope::Cluster, Some(_)) => {
            errors.push(FieldError::forbidden("metadata.namespace", "not allowed on this type"));
        }
        (Scope::Cluster, None) => {}
    }
    errors.extend(labels(object.at(&["metadata", "labels"]), "metadata.labels"));
    errors.extend(annotations(object));
    errors.extend(owners(object));
    for (at, finalizer) in object::finalizers(object).enumerate() {
        errors.extend(invalid("metadata.finalizers", finalizer, names::qualified_name(finalizer)));
        // For custom kinds the API server only warns about such a name.
        let is_built_in = crate::builtin::resource(gvk).is_some();
        if is_built_in
            && !finalizer.contains('/')
            && !["orphan", "foregroundDeletion", "kubernetes"].contains(&finalizer)
        {
            let why = "name is neither a standard finalizer name nor is it fully qualified";
            errors.push(FieldError::invalid(index("metadata.finalizers", at), &Value::from(finalizer), why));
        }
    }
    errors
}

/// Findings of a rule about a text.
pub(super) fn invalid(path: &str, found: &str, problems: Vec<String>) -> Vec<FieldError> {
    problems.into_iter().map(|problem| FieldError::invalid(path, &Value::from(found), &problem)).collect()
}

/// The rule for the name of a kind: most are subdomains.
fn name_problems(gvk: &GroupVersionKind, name: &str) -> Vec<String> {
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("rbac.authorization.k8s.io", _) => names::path_segment(name),
        ("", "Namespace") => names::dns1123_label(name),
        ("", "Service") => names::dns1123_label(name),
        ("apps", "StatefulSet") => names::dns1123_label(name),
        ("flowcontrol.apiserver.k8s.io" | "certificates.k8s.io", _) => names::path_segment(name),
        _ => names::dns1123_subdomain(name),
    }
}

/// Findings about labels.
pub(super) fn labels(labels: Option<&Value>, path: &str) -> Vec<FieldError> {
    object::text_entries(labels)
        .flat_map(|(key, value)| {
            let mut errors = invalid(path, key, names::qualified_name(key));
            errors.extend(invalid(path, value, names::label_value(value)));
            errors
        })
        .collect()
}

fn annotations(object: &Value) -> Vec<FieldError> {
    const MOST: usize = 256 * 1024;
    let path = "metadata.annotations";
    let mut errors: Vec<_> = object::annotations(object)
        .flat_map(|(key, _)| invalid(path, key, names::qualified_name(&key.to_lowercase())))
        .collect();
    let size: usize = object::annotations(object).map(|(key, value)| key.len() + value.len()).sum();
    if size > MOST {
        errors.push(FieldError::new(path, format!("Too long: may not be more than {MOST} bytes")));
    }
    errors
}

fn owners(object: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut controllers = 0;
    // The API server does not say which of them it means.
    let path = "metadata.ownerReferences";
    for owner in list(object, &["metadata", "ownerReferences"]) {
        if text(owner, &["apiVersion"]).is_empty() {
            let why = "version must not be empty";
            errors.push(FieldError::invalid(format!("{path}.apiVersion"), &Value::from(""), why));
        }
        for field in ["kind", "name", "uid"] {
            if text(owner, &[field]).is_empty() {
                let why = "must not be empty";
                errors.push(FieldError::invalid(format!("{path}.{field}"), &Value::from(""), why));
            }
        }
        controllers += usize::from(owner.get("controller").and_then(Value::as_bool) == Some(true));
    }
    if controllers > 1 {
        let owners = object.at(&["metadata", "ownerReferences"]).cloned().unwrap_or_default();
        let why = "Only one reference can have Controller set to true";
        errors.push(FieldError::invalid(path, &owners, why));
    }
    errors
}

/// What stays as it was born. A deletion that was asked for cannot be taken back.
pub(super) fn validate_update(object: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for field in
        ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"]
    {
        let path = ["metadata", field];
        if let Some(found) = object.at(&path)
            && Some(found) != old.at(&path)
            && !found.is_null()
        {
            errors.push(FieldError::invalid(path.join("."), found, "field is immutable"));
        }
    }
    if object::deletion_timestamp(old).is_some() {
        let added: Vec<_> = object::finalizers(object)
            .filter(|one| !object::finalizers(old).any(|known| known == *one))
            .collect();
        if !added.is_empty() {
            let why = "no new finalizers can be added if the object is being deleted, found new finalizers";
            let added: Vec<_> = added.iter().map(|one| format!("{one:?}")).collect();
            let why = format!("{why} []string{{{}}}", added.join(", "));
            errors.push(FieldError::forbidden("metadata.finalizers", &why));
        }
    }
    errors
}
