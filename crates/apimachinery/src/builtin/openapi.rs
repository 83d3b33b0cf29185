//! The OpenAPI v3 documents of the built-in groups.

use std::collections::BTreeMap;

use value::{Key, Map, Value};

use super::{FACTS, Resource};
use crate::gvk::{GroupVersionKind, split_api_version};

const REFERENCE: &str = "#/components/schemas/";

/// The document that is served at `/openapi/v3/apis/GROUP/VERSION` (or `/openapi/v3/api/v1`) for
/// `group_version` such as `apps/v1` or `v1`; `None` for one that is not built in.
///
/// Schemas are complete but for descriptions. Paths are reduced to what kubectl reads: the operations of
/// each resource with their kind, their action, and the query parameters of writes, by which kubectl
/// finds out whether the server validates fields and runs dry.
pub fn openapi_v3(group_version: &str) -> Option<Value> {
    let (group, version) = split_api_version(group_version);
    let served: Vec<_> = FACTS
        .resources
        .iter()
        .filter(|resource| resource.gvk.group == group && resource.gvk.version == version)
        .collect();
    if served.is_empty() {
        return None;
    }
    let mut schemas = BTreeMap::new();
    let mut paths = Map::new();
    for resource in served {
        let list = format!("{}List", resource.gvk.kind);
        collect_kind(&resource.gvk, &mut schemas);
        collect_kind(&GroupVersionKind::new(group, version, list), &mut schemas);
        for subresource in &resource.subresources {
            collect_kind(&subresource.gvk, &mut schemas);
        }
        add_paths(resource, &mut paths);
    }
    for name in ["DeleteOptions", "Patch", "Status", "WatchEvent"] {
        collect(&format!("io.k8s.apimachinery.pkg.apis.meta.v1.{name}"), &mut schemas);
    }
    Some(Value::map_of([
        ("openapi", Value::from("3.0.0")),
        ("info", Value::map_of([("title", "Kubernetes"), ("version", FACTS.version.as_str())])),
        ("components", Value::map_of([("schemas", Value::map_of(schemas))])),
        ("paths", paths.into()),
    ]))
}

fn collect_kind(gvk: &GroupVersionKind, into: &mut BTreeMap<Key, Value>) {
    if let Some(name) = FACTS.definition_of.get(gvk) {
        collect(name, into);
    }
}

fn collect(name: &str, into: &mut BTreeMap<Key, Value>) {
    if into.contains_key(name) {
        return;
    }
    if let Some(definition) = FACTS.definitions.get(name) {
        into.insert(Key::from(name), without_marks(&definition.source));
        collect_references(&definition.source, into);
    }
}

/// The marks are ours and no part of OpenAPI.
fn without_marks(definition: &Value) -> Value {
    let mut definition = definition.clone();
    definition.remove_at(&["x-go-protobuf"]);
    if let Some(properties) =
        definition.as_map_mut().and_then(|map| map.get_mut("properties")).and_then(Value::as_map_mut)
    {
        properties.iter_mut().for_each(|(_, property)| {
            property.remove_at(&["x-go-pointer"]);
            property.remove_at(&["x-go-null"]);
        });
    }
    definition
}

/// The nesting is that of the committed data, and a definition is entered once.
fn collect_references(value: &Value, into: &mut BTreeMap<Key, Value>) {
    match value {
        Value::Map(map) => {
            if let Some(name) =
                map.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix(REFERENCE))
            {
                collect(name, into);
            }
            map.values().for_each(|value| collect_references(value, into));
        }
        Value::List(list) => list.iter().for_each(|value| collect_references(value, into)),
        _ => {}
    }
}

fn add_paths(resource: &Resource, paths: &mut Map) {
    let root = if resource.gvk.group.is_empty() { "/api/" } else { "/apis/" };
    let root = format!("{root}{}", resource.gvk.api_version());
    let plural = &resource.plural;
    let collection = if resource.namespaced {
        format!("{root}/namespaces/{{namespace}}/{plural}")
    } else {
        format!("{root}/{plural}")
    };
    let on_collection = [("list", "get"), ("create", "post"), ("deletecollection", "delete")];
    let on_object = [("get", "get"), ("update", "put"), ("patch", "patch"), ("delete", "delete")];
    let mut add = |path: String, gvk: &GroupVersionKind, verbs: &[String], methods: &[(&str, &str)]| {
        let operations: Map = methods
            .iter()
            .filter(|(verb, _)| verbs.iter().any(|known| known == verb))
            .map(|(verb, method)| (*method, operation(gvk, verb)))
            .collect();
        if !operations.is_empty() {
            paths.insert(path, operations);
        }
    };
    if resource.namespaced {
        add(format!("{root}/{plural}"), &resource.gvk, &resource.verbs, &on_collection[..1]);
    }
    add(format!("{collection}/{{name}}"), &resource.gvk, &resource.verbs, &on_object);
    for subresource in &resource.subresources {
        let path = format!("{collection}/{{name}}/{}", subresource.name);
        let methods = [("get", "get"), ("update", "put"), ("patch", "patch"), ("create", "post")];
        add(path, &subresource.gvk, &subresource.verbs, &methods);
    }
    add(collection, &resource.gvk, &resource.verbs, &on_collection);
}

fn operation(gvk: &GroupVersionKind, verb: &str) -> Value {
    let action = match verb {
        "create" => "post",
        "update" => "put",
        other => other,
    };
    let mut operation = Value::map_of([("x-kubernetes-action", Value::from(action))]);
    let kind = [("group", gvk.group.as_str()), ("version", &gvk.version), ("kind", &gvk.kind)];
    operation.set_at(&["x-kubernetes-group-version-kind"], Value::map_of(kind));
    operation.set_at(&["responses", "200", "description"], "OK");
    operation.set_at(&["parameters"], Value::list_of(parameters(verb)));
    if verb != "delete"
        && verb != "deletecollection"
        && let Some(name) = FACTS.definition_of.get(gvk)
    {
        let reference = Value::map_of([("$ref", format!("{REFERENCE}{name}"))]);
        operation.set_at(&["responses", "200", "content", "application/json", "schema"], reference);
    }
    operation
}

fn parameters(verb: &str) -> Vec<Value> {
    let names: &[&str] = match verb {
        "create" | "update" => &["dryRun", "fieldManager", "fieldValidation"],
        "patch" => &["dryRun", "fieldManager", "fieldValidation", "force"],
        "delete" | "deletecollection" => &["dryRun", "gracePeriodSeconds", "propagationPolicy"],
        _ => &[],
    };
    names
        .iter()
        .map(|name| {
            let kind = match *name {
                "force" => "boolean",
                "gracePeriodSeconds" => "integer",
                _ => "string",
            };
            let mut parameter = Value::map_of([("in", "query"), ("name", name)]);
            parameter.set_at(&["schema"], Value::map_of([("type", kind)]));
            parameter
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_closed_under_reference() {
        let document = openapi_v3("apps/v1").unwrap();
        let schemas = document.at(&["components", "schemas"]).unwrap();
        assert!(schemas.get("io.k8s.api.core.v1.PodSpec").is_some());
        assert!(schemas.get("io.k8s.api.autoscaling.v1.Scale").is_some());
        let mut referred = BTreeMap::new();
        collect_references(&document, &mut referred);
        for name in referred.keys() {
            assert!(schemas.get(name).is_some(), "{name}");
        }
        let patch = "/apis/apps/v1/namespaces/{namespace}/deployments/{name}";
        let patch = document.at(&["paths", patch, "patch"]).unwrap();
        assert_eq!(patch.str_at(&["x-kubernetes-group-version-kind", "kind"]), Some("Deployment"));
        assert_eq!(openapi_v3("nowhere/v1"), None);
    }
}
