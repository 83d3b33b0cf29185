//! OpenAPI v3 documents: of built-in groups from the built-in facts, of custom ones from their
//! definitions. They are made when they are asked for and not kept.

use std::sync::Arc;

use apimachinery::builtin;
use apimachinery::gvk::{GroupVersionKind, join_api_version};
use sha2::{Digest, Sha256};
use value::{Map, Value};

use crate::kinds::{Custom, Kind, Kinds};

const REFERENCE: &str = "#/components/schemas/";
const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.";

/// `/openapi/v3`: the documents, each with a hash by which clients know whether it has changed.
pub(crate) fn index(kinds: &Kinds) -> Value {
    let mut paths = Map::new();
    for kind in kinds.all() {
        let path = path_of(&kind.gvk);
        if !paths.contains_key(&path) {
            let hash = hash(kinds, &kind.gvk);
            let url = format!("/openapi/v3/{path}?hash={hash}");
            paths.insert(path, Value::map_of([("serverRelativeURL", url)]));
        }
    }
    Value::map_of([("paths", paths)])
}

fn path_of(gvk: &GroupVersionKind) -> String {
    let root = if gvk.group.is_empty() { "api" } else { "apis" };
    format!("{root}/{}", gvk.api_version())
}

fn hash(kinds: &Kinds, gvk: &GroupVersionKind) -> String {
    let mut hash = Sha256::new();
    hash.update(builtin::version());
    hash.update(gvk.api_version());
    for (kind, custom) in customs(kinds, &gvk.group, &gvk.version) {
        hash.update(&kind.gvk.kind);
        hash.update(&custom.uid);
        hash.update(value::to_json(&custom.open_api));
    }
    hash.finalize().iter().map(|byte| format!("{byte:02X}")).collect()
}

fn customs<'a>(
    kinds: &'a Kinds,
    group: &'a str,
    version: &'a str,
) -> impl Iterator<Item = (&'a Arc<Kind>, &'a Custom)> {
    kinds
        .all()
        .filter(move |kind| kind.gvk.group == group && kind.gvk.version == version)
        .filter_map(|kind| Some((kind, kind.custom.as_ref()?)))
}

/// A document, such as `apis/apps/v1`.
pub(crate) fn document(kinds: &Kinds, path: &str) -> Option<String> {
    let segments: Vec<&str> = path.split('/').collect();
    let (group, version) = match segments.as_slice() {
        ["api", version] => ("", *version),
        ["apis", group, version] => (*group, *version),
        _ => return None,
    };
    if let Some(document) = builtin::openapi_v3(&join_api_version(group, version)) {
        return Some(value::to_json(&document));
    }
    let mut schemas = metadata_schemas();
    let mut paths = Map::new();
    let mut found = false;
    for (kind, custom) in customs(kinds, group, version) {
        found = true;
        let name = definition_name(&kind.gvk);
        schemas.insert(format!("{name}List"), list_schema(kind, &name));
        schemas.insert(name, object_schema(kind, custom));
        add_paths(kind, &mut paths);
    }
    let document = Value::map_of([
        ("openapi", Value::from("3.0.0")),
        ("info", Value::map_of([("title", "Kubernetes CRD OpenAPI"), ("version", builtin::version())])),
        ("paths", paths.into()),
        ("components", Value::map_of([("schemas", schemas)])),
    ]);
    found.then(|| value::to_json(&document))
}

/// As the real server names definitions: the group reversed, the version, the kind.
fn definition_name(gvk: &GroupVersionKind) -> String {
    let mut parts: Vec<&str> = gvk.group.split('.').rev().collect();
    parts.extend([gvk.version.as_str(), gvk.kind.as_str()]);
    parts.join(".")
}

/// The definitions that every kind refers to.
fn metadata_schemas() -> Map {
    // A small group that refers to all of them.
    let document = builtin::openapi_v3("coordination.k8s.io/v1").unwrap_or_default();
    let schemas =
        document.at(&["components", "schemas"]).and_then(Value::as_map).cloned().unwrap_or_default();
    schemas.into_iter().filter(|(name, _)| name.starts_with("io.k8s.apimachinery.")).collect()
}

fn reference(name: &str) -> Value {
    Value::map_of([("$ref", format!("{REFERENCE}{name}"))])
}

fn kind_extension(gvk: &GroupVersionKind, kind: &str) -> Value {
    Value::map_of([("group", gvk.group.as_str()), ("version", gvk.version.as_str()), ("kind", kind)])
}

fn text(description: &str) -> Value {
    Value::map_of([("type", "string"), ("description", description)])
}

fn object_schema(kind: &Kind, custom: &Custom) -> Value {
    let mut schema = custom.open_api.clone();
    schema.set_at(&["properties", "apiVersion"], text("The group and version of the object."));
    schema.set_at(&["properties", "kind"], text("The kind of the object."));
    let metadata = Value::map_of([
        ("description", Value::from("Name, namespace, labels, annotations and more.")),
        ("allOf", Value::list_of([reference(&format!("{META}ObjectMeta"))])),
    ]);
    schema.set_at(&["properties", "metadata"], metadata);
    let extension = Value::list_of([kind_extension(&kind.gvk, &kind.gvk.kind)]);
    schema.set_at(&["x-kubernetes-group-version-kind"], extension);
    schema
}

fn list_schema(kind: &Kind, item: &str) -> Value {
    let items = Value::map_of([("type", Value::from("array")), ("items", reference(item))]);
    let properties = Value::map_of([
        ("apiVersion", text("The group and version of the list.")),
        ("kind", text("The kind of the list.")),
        ("metadata", reference(&format!("{META}ListMeta"))),
        ("items", items),
    ]);
    Value::map_of([
        ("type", Value::from("object")),
        ("required", Value::list_of(["items"])),
        ("properties", properties),
        ("x-kubernetes-group-version-kind", Value::list_of([kind_extension(&kind.gvk, &kind.list_kind)])),
    ])
}

/// The operations that clients look at to find out what the server can do.
fn add_paths(kind: &Kind, paths: &mut Map) {
    let root = format!("/{}", path_of(&kind.gvk));
    let place = if kind.namespaced { "/namespaces/{namespace}" } else { "" };
    let collection = format!("{root}{place}/{}", kind.plural);
    let operations = |methods: &[(&str, &str)]| {
        Value::map_of(methods.iter().map(|(method, action)| (*method, operation(kind, action))))
    };
    let of_object = operations(&[("get", "get"), ("put", "put"), ("patch", "patch"), ("delete", "delete")]);
    paths.insert(format!("{collection}/{{name}}"), of_object);
    for subresource in &kind.subresources {
        let path = format!("{collection}/{{name}}/{}", subresource.name);
        paths.insert(path, operations(&[("get", "get"), ("put", "put"), ("patch", "patch")]));
    }
    if kind.namespaced {
        paths.insert(format!("{root}/{}", kind.plural), operations(&[("get", "list")]));
    }
    let methods = [("get", "list"), ("post", "post"), ("delete", "deletecollection")];
    paths.insert(collection, operations(&methods));
}

fn operation(kind: &Kind, action: &str) -> Value {
    let names: &[&str] = match action {
        "post" | "put" => &["dryRun", "fieldManager", "fieldValidation"],
        "patch" => &["dryRun", "fieldManager", "fieldValidation", "force"],
        _ => &[],
    };
    let parameters = names.iter().map(|name| {
        let r#type = if *name == "force" { "boolean" } else { "string" };
        let mut parameter = Value::map_of([("in", "query"), ("name", name)]);
        parameter.set_at(&["schema", "type"], r#type);
        parameter
    });
    let schema = reference(&definition_name(&kind.gvk));
    let content = Value::map_of([("application/json", Value::map_of([("schema", schema)]))]);
    let answer = Value::map_of([("description", Value::from("OK")), ("content", content)]);
    Value::map_of([
        ("x-kubernetes-action", Value::from(action)),
        ("x-kubernetes-group-version-kind", kind_extension(&kind.gvk, &kind.gvk.kind)),
        ("parameters", Value::list_of(parameters)),
        ("responses", Value::map_of([("200", answer)])),
    ])
}
