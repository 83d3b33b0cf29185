//! Kinds that a CustomResourceDefinition describes.

use std::sync::Arc;

use apimachinery::builtin::Subresource;
use apimachinery::condition::{self, Status};
use apimachinery::gvk::GroupVersionKind;
use apimachinery::schema::Schema;
use value::Value;

use super::Kind;
use crate::status::ResourceName;

/// What a custom kind has and a built-in one has not.
#[derive(Debug)]
pub(crate) struct Custom {
    /// The UID of the definition: a definition of the same name made later is another one.
    pub(crate) uid: String,
    /// The schema as it was written, for OpenAPI.
    pub(crate) open_api: Value,
    pub(crate) columns: Vec<Column>,
    pub(crate) scale: Option<ScalePaths>,
    /// Paths, such as `spec.color`, that field selectors may name.
    pub(crate) selectable: Vec<String>,
    /// What clients are warned of, if the version is deprecated.
    pub(crate) deprecation: Option<String>,
    /// Whether the definition is being deleted: nothing may be created.
    pub(crate) terminating: bool,
}

/// One of `additionalPrinterColumns`.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) r#type: String,
    pub(crate) format: String,
    pub(crate) description: String,
    pub(crate) priority: i64,
    pub(crate) path: String,
}

/// Where the scale of an object stands.
#[derive(Clone, Debug)]
pub(crate) struct ScalePaths {
    pub(crate) spec: Vec<String>,
    pub(crate) status: Vec<String>,
    pub(crate) selector: Option<Vec<String>>,
}

/// Whether a definition's kinds are served.
pub(crate) fn is_established(definition: &Value) -> bool {
    definition
        .at(&["status", "conditions"])
        .and_then(|conditions| condition::get(conditions, "Established"))
        .is_some_and(|established| established.status == Status::True)
}

/// The version in which a definition's objects are kept.
pub(crate) fn storage_version(definition: &Value) -> Option<&str> {
    versions(definition)
        .iter()
        .find(|version| version.get("storage").and_then(Value::as_bool) == Some(true))?
        .str_at(&["name"])
}

fn versions(definition: &Value) -> &[Value] {
    definition.at(&["spec", "versions"]).and_then(Value::as_list).unwrap_or_default()
}

/// The served versions of a definition.
pub(super) fn kinds(definition: &Value) -> Vec<Kind> {
    versions(definition)
        .iter()
        .filter(|version| version.get("served").and_then(Value::as_bool) == Some(true))
        .filter_map(|version| kind(definition, version))
        .collect()
}

fn kind(definition: &Value, version: &Value) -> Option<Kind> {
    let spec = |path: &[&str]| definition.get("spec")?.str_at(path).map(str::to_owned);
    let names = |key: &str| {
        let accepted = definition.str_at(&["status", "acceptedNames", key]);
        accepted.filter(|name| !name.is_empty()).map(str::to_owned).or_else(|| spec(&["names", key]))
    };
    let (group, kind, plural) = (spec(&["group"])?, names("kind")?, names("plural")?);
    let name = version.str_at(&["name"])?;
    let open_api = version.at(&["schema", "openAPIV3Schema"]).cloned().unwrap_or_else(Value::map);
    // A schema that is not structural is refused when the definition is written.
    let schema = Schema::from_crd(&open_api).unwrap_or_else(|_| Schema::anything());
    let gvk = GroupVersionKind::new(group.as_str(), name, kind.as_str());
    let namespaced = spec(&["scope"])? == "Namespaced";
    let table: Arc<str> = ResourceName { group: &group, plural: &plural }.to_string().into();
    let stored = storage_version(definition).unwrap_or(name);
    Some(Kind {
        stored_as: GroupVersionKind::new(group.as_str(), stored, kind.as_str()),
        singular: names("singular").unwrap_or_else(|| kind.to_lowercase()),
        list_kind: names("listKind").unwrap_or_else(|| format!("{kind}List")),
        short_names: texts(definition, &["spec", "names", "shortNames"]),
        categories: texts(definition, &["spec", "names", "categories"]),
        verbs: verbs(&["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"]),
        subresources: subresources(version, &gvk),
        custom: Some(custom(definition, version, open_api)),
        namespaced,
        schema,
        table,
        plural,
        gvk,
    })
}

fn custom(definition: &Value, version: &Value, open_api: Value) -> Custom {
    let columns = version.at(&["additionalPrinterColumns"]).and_then(Value::as_list).unwrap_or_default();
    let selectable = version.at(&["selectableFields"]).and_then(Value::as_list).unwrap_or_default();
    let deprecated = version.get("deprecated").and_then(Value::as_bool) == Some(true);
    Custom {
        uid: apimachinery::object::uid(definition).unwrap_or_default().to_owned(),
        open_api,
        columns: columns.iter().map(column).collect(),
        scale: scale(version),
        selectable: selectable
            .iter()
            .filter_map(|field| field.str_at(&["jsonPath"]))
            .map(|path| path.trim_start_matches('.').to_owned())
            .collect(),
        deprecation: deprecated.then(|| deprecation(definition, version)),
        terminating: apimachinery::object::deletion_timestamp(definition).is_some(),
    }
}

fn deprecation(definition: &Value, version: &Value) -> String {
    if let Some(warning) = version.str_at(&["deprecationWarning"]) {
        return warning.to_owned();
    }
    let text = |path: &[&str]| definition.str_at(path).unwrap_or_default().to_owned();
    let name = version.str_at(&["name"]).unwrap_or_default();
    format!("{}/{name} {} is deprecated", text(&["spec", "group"]), text(&["spec", "names", "kind"]))
}

fn column(column: &Value) -> Column {
    let text = |key: &str| column.str_at(&[key]).unwrap_or_default().to_owned();
    Column {
        name: text("name"),
        r#type: text("type"),
        format: text("format"),
        description: text("description"),
        priority: column.get("priority").and_then(Value::as_i64).unwrap_or(0),
        path: text("jsonPath"),
    }
}

fn scale(version: &Value) -> Option<ScalePaths> {
    let scale = version.at(&["subresources", "scale"])?;
    let path = |key: &str| {
        let path = scale.str_at(&[key])?.trim_start_matches('.');
        Some(path.split('.').map(str::to_owned).collect())
    };
    Some(ScalePaths {
        spec: path("specReplicasPath")?,
        status: path("statusReplicasPath")?,
        selector: path("labelSelectorPath"),
    })
}

fn subresources(version: &Value, gvk: &GroupVersionKind) -> Vec<Subresource> {
    let declared = |name: &str| version.at(&["subresources", name]).is_some();
    let mut found = Vec::new();
    if declared("status") {
        let verbs = verbs(&["get", "patch", "update"]);
        found.push(Subresource { name: "status".to_owned(), gvk: gvk.clone(), verbs });
    }
    if declared("scale") {
        let verbs = verbs(&["get", "patch", "update"]);
        let gvk = GroupVersionKind::new("autoscaling", "v1", "Scale");
        found.push(Subresource { name: "scale".to_owned(), gvk, verbs });
    }
    found
}

fn verbs(verbs: &[&str]) -> Vec<String> {
    verbs.iter().map(|verb| (*verb).to_owned()).collect()
}

fn texts(value: &Value, path: &[&str]) -> Vec<String> {
    let list = value.at(path).and_then(Value::as_list).unwrap_or_default();
    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}
