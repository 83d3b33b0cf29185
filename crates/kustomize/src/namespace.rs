//! The namespace transformer.

use std::collections::HashSet;

use apimachinery::object;
use value::Value;

use crate::resource::{Resource, is_namespaced};

/// Moves all resources to a namespace.
///
/// Every object whose kind is not known to be cluster-scoped gets it, whatever its manifest says; a
/// Namespace object is renamed to it; role bindings follow for the ServiceAccounts of the build and for
/// the one called `default`; APIServices and conversion webhooks follow with their Service.
///
/// Source: kustomize `NamespaceTransformer` and its default field specs.
pub(crate) fn set(resources: &mut [Resource], namespace: &str) {
    let accounts: HashSet<(String, String)> = resources
        .iter()
        .filter(|resource| resource.object.str_at(&["kind"]) == Some("ServiceAccount"))
        .map(|resource| {
            let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
            (text(object::namespace(&resource.object)), text(object::name(&resource.object)))
        })
        .collect();
    for resource in resources {
        move_one(&mut resource.object, namespace, &accounts);
    }
}

fn move_one(object: &mut Value, namespace: &str, accounts: &HashSet<(String, String)>) {
    let api_version = object.str_at(&["apiVersion"]).unwrap_or_default();
    let group = api_version.split_once('/').map_or("", |(group, _)| group).to_owned();
    let kind = object.str_at(&["kind"]).unwrap_or_default().to_owned();
    if is_namespaced(object) {
        object.set_at(&["metadata", "namespace"], namespace);
    }
    match (group.as_str(), kind.as_str()) {
        ("", "Namespace") => object.set_at(&["metadata", "name"], namespace),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            move_subjects(object, namespace, accounts);
        }
        ("apiregistration.k8s.io", "APIService") => {
            object.set_at(&["spec", "service", "namespace"], namespace)
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => {
            let service = ["spec", "conversion", "webhook", "clientConfig", "service"];
            if object.at(&service).is_some() {
                object.set_at(&[&service[..], &["namespace"]].concat(), namespace);
            }
        }
        _ => {}
    }
}

fn move_subjects(binding: &mut Value, namespace: &str, accounts: &HashSet<(String, String)>) {
    let Some(Value::List(subjects)) = binding.get("subjects").cloned() else { return };
    let moved = subjects.iter().cloned().map(|mut subject| {
        let text = |field| subject.str_at(&[field]).unwrap_or_default().to_owned();
        let (kind, name, of) = (text("kind"), text("name"), text("namespace"));
        let is_of_build = accounts.contains(&(of, name.clone()));
        if kind == "ServiceAccount" && (name == "default" || is_of_build) {
            subject.set_at(&["namespace"], namespace);
        }
        subject
    });
    let moved = Value::list_of(moved);
    binding.set_at(&["subjects"], moved);
}
