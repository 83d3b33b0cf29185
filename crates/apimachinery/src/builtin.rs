//! Facts of the built-in kinds of Kubernetes 1.36, as a kube-apiserver with default flags serves them.
//!
//! The data is generated (see `generated/README.md`) and holds no descriptions: a served OpenAPI document
//! explains types and fields, not what they are for. It is decoded when the first fact is asked for.

mod openapi;

use std::collections::HashMap;
use std::io::Read;
use std::sync::LazyLock;

use flate2::read::GzDecoder;
use value::{Map, Value};

use crate::gvk::{GroupVersionKind, GroupVersionResource};
use crate::schema::{self, Schema};

pub use openapi::openapi_v3;

static DATA: &[u8] = include_bytes!("../generated/builtin.json.gz");

static FACTS: LazyLock<Facts> = LazyLock::new(Facts::decode);

/// An API group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The name; empty for the core group.
    pub name: String,
    /// The versions, the preferred one first.
    pub versions: Vec<String>,
}

/// A resource: a kind as it is served in one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// The kind.
    pub gvk: GroupVersionKind,
    /// The name in URLs, such as `deployments`.
    pub plural: String,
    /// The singular name.
    pub singular: String,
    /// Short names that kubectl accepts.
    pub short_names: Vec<String>,
    /// Whether objects live in namespaces.
    pub namespaced: bool,
    /// Categories, such as `all`.
    pub categories: Vec<String>,
    /// Verbs in discovery's order.
    pub verbs: Vec<String>,
    /// Subresources in discovery's order.
    pub subresources: Vec<Subresource>,
}

/// A subresource of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subresource {
    /// The name, such as `status`.
    pub name: String,
    /// The kind that is read and written, such as `autoscaling/v1, Kind=Scale` for `scale`.
    pub gvk: GroupVersionKind,
    /// Verbs in discovery's order.
    pub verbs: Vec<String>,
}

impl Resource {
    /// The name in URLs with group and version.
    pub fn gvr(&self) -> GroupVersionResource {
        GroupVersionResource::new(self.gvk.group.as_str(), self.gvk.version.as_str(), self.plural.as_str())
    }

    /// The subresource of a name.
    pub fn subresource(&self, name: &str) -> Option<&Subresource> {
        self.subresources.iter().find(|subresource| subresource.name == name)
    }

    /// Whether objects can be kept: other kinds, such as SubjectAccessReview, are only asked.
    pub fn is_stored(&self) -> bool {
        self.verbs.iter().any(|verb| verb == "get")
    }
}

struct Facts {
    version: String,
    groups: Vec<Group>,
    resources: Vec<Resource>,
    by_kind: HashMap<GroupVersionKind, usize>,
    by_name: HashMap<GroupVersionResource, usize>,
    definitions: HashMap<String, Definition>,
    definition_of: HashMap<GroupVersionKind, String>,
}

struct Definition {
    source: Value,
    schema: Schema,
}

/// The version of Kubernetes that the facts are of, such as `v1.36.3`.
pub fn version() -> &'static str {
    &FACTS.version
}

/// The API groups in discovery's order.
pub fn groups() -> &'static [Group] {
    &FACTS.groups
}

/// All resources, by group, version and name in discovery's order.
pub fn resources() -> &'static [Resource] {
    &FACTS.resources
}

/// The resource of a kind.
pub fn resource(gvk: &GroupVersionKind) -> Option<&'static Resource> {
    FACTS.by_kind.get(gvk).map(|at| &FACTS.resources[*at])
}

/// The resource of a name in URLs.
pub fn resource_named(gvr: &GroupVersionResource) -> Option<&'static Resource> {
    FACTS.by_name.get(gvr).map(|at| &FACTS.resources[*at])
}

/// The schema of a kind, be it served as a resource, of a subresource (`Scale`) or an option (`Status`).
pub fn schema(gvk: &GroupVersionKind) -> Option<Schema> {
    definition(FACTS.definition_of.get(gvk)?)
}

/// The schema of a definition, such as `io.k8s.api.core.v1.PodSpec`.
pub fn definition(name: &str) -> Option<Schema> {
    FACTS.definitions.get(name).map(|definition| definition.schema.clone())
}

/// The names of a definition's fields by their numbers in protobuf. Where a number stands for a message whose
/// fields are fields of the definition itself, it leads to their names by number.
pub(crate) fn protobuf_fields(definition: &str) -> Option<&'static Map> {
    FACTS.definitions.get(definition)?.source.get("x-go-protobuf")?.as_map()
}

impl Facts {
    #[expect(clippy::expect_used, reason = "the data is part of the program, and a test decodes it")]
    fn decode() -> Self {
        let mut json = Vec::new();
        GzDecoder::new(DATA).read_to_end(&mut json).expect("the built-in facts are compressed");
        let facts = value::from_json(&json).expect("the built-in facts are JSON");
        let mut decoded = Self {
            version: text(&facts, "version"),
            groups: Vec::new(),
            resources: Vec::new(),
            by_kind: HashMap::new(),
            by_name: HashMap::new(),
            definitions: HashMap::new(),
            definition_of: HashMap::new(),
        };
        for group in list(&facts, "groups") {
            decoded.add_group(group);
        }
        for (name, source) in facts.get("definitions").and_then(Value::as_map).into_iter().flat_map(Map::iter)
        {
            decoded.add_definition(name, source);
        }
        decoded
    }

    fn add_group(&mut self, group: &Value) {
        let name = group.str_at(&["metadata", "name"]).unwrap_or_default();
        let mut versions = Vec::new();
        for version in list(group, "versions") {
            let version_name = text(version, "version");
            for resource in list(version, "resources") {
                self.add_resource(read_resource(resource, name, &version_name));
            }
            versions.push(version_name);
        }
        self.groups.push(Group { name: name.to_owned(), versions });
    }

    fn add_resource(&mut self, resource: Resource) {
        let at = self.resources.len();
        self.by_kind.entry(resource.gvk.clone()).or_insert(at);
        self.by_name.insert(resource.gvr(), at);
        self.resources.push(resource);
    }

    fn add_definition(&mut self, name: &str, source: &Value) {
        let kinds = list(source, "x-kubernetes-group-version-kind");
        // Options belong to all groups; only a definition of one kind is the kind's.
        if let [kind] = kinds {
            let gvk = GroupVersionKind::new(text(kind, "group"), text(kind, "version"), text(kind, "kind"));
            self.definition_of.insert(gvk, name.to_owned());
        }
        let schema = schema::definition(name, source.clone());
        self.definitions.insert(name.to_owned(), Definition { source: source.clone(), schema });
    }
}

fn read_resource(resource: &Value, group: &str, version: &str) -> Resource {
    let subresources = list(resource, "subresources").iter().map(|subresource| Subresource {
        name: text(subresource, "subresource"),
        gvk: response_kind(subresource, group, version),
        verbs: texts(subresource, "verbs"),
    });
    Resource {
        gvk: response_kind(resource, group, version),
        plural: text(resource, "resource"),
        singular: text(resource, "singularResource"),
        short_names: texts(resource, "shortNames"),
        namespaced: resource.str_at(&["scope"]) == Some("Namespaced"),
        categories: texts(resource, "categories"),
        verbs: texts(resource, "verbs"),
        subresources: subresources.collect(),
    }
}

/// Empty group and version in discovery stand for those that the resource is served under.
fn response_kind(resource: &Value, group: &str, version: &str) -> GroupVersionKind {
    let at = |key| resource.str_at(&["responseKind", key]).unwrap_or_default();
    match (at("group"), at("version"), at("kind")) {
        ("", "", kind) => GroupVersionKind::new(group, version, kind),
        (group, version, kind) => GroupVersionKind::new(group, version, kind),
    }
}

fn text(value: &Value, key: &str) -> String {
    value.str_at(&[key]).unwrap_or_default().to_owned()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_list).unwrap_or_default()
}

fn texts(value: &Value, key: &str) -> Vec<String> {
    list(value, key).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{ListType, MapType, Type};

    fn gvk(api_version: &str, kind: &str) -> GroupVersionKind {
        GroupVersionKind::from_api_version(api_version, kind)
    }

    #[test]
    fn deployments_are_known() {
        let deployments = resource(&gvk("apps/v1", "Deployment")).unwrap();
        assert_eq!(deployments.plural, "deployments");
        assert_eq!(deployments.short_names, ["deploy"]);
        assert!(deployments.namespaced && deployments.is_stored());
        assert_eq!(deployments.subresource("scale").unwrap().gvk, gvk("autoscaling/v1", "Scale"));
        assert_eq!(resource_named(&deployments.gvr()), Some(deployments));
    }

    #[test]
    fn groups_come_in_discoverys_order() {
        let names: Vec<_> = groups().iter().map(|group| group.name.as_str()).collect();
        assert_eq!(names[..4], ["", "apiregistration.k8s.io", "apps", "events.k8s.io"]);
        let autoscaling = groups().iter().find(|group| group.name == "autoscaling").unwrap();
        assert_eq!(autoscaling.versions, ["v2", "v1"]);
    }

    #[test]
    fn schemas_have_the_facts_that_merging_needs() {
        let schema = schema(&gvk("apps/v1", "Deployment")).unwrap();
        assert_eq!(schema.at(&["spec", "selector"]).unwrap().map_type, Some(MapType::Atomic));
        let containers = schema.at(&["spec", "template", "spec", "containers"]).unwrap();
        assert_eq!(containers.list_type, Some(ListType::Map));
        assert_eq!(containers.patch_merge_key.as_deref(), Some("name"));
        let ports = containers.items.as_ref().unwrap().at(&["ports"]).unwrap();
        assert_eq!(ports.list_map_keys.len(), 2);
        assert_eq!(ports.at(&["protocol"]).unwrap().default, Some(Value::from("TCP")));
        assert!(schema.at(&["spec", "strategy"]).unwrap().patch_strategy.unwrap().retain_keys);
        let limits = schema.at(&["spec", "template", "spec", "containers", "resources", "limits", "cpu"]);
        assert!(limits.unwrap().int_or_string);
    }

    #[test]
    fn every_resource_and_every_definition_can_be_read() {
        for resource in resources() {
            assert!(schema(&resource.gvk).is_some(), "{}", resource.gvk);
        }
        for definition in FACTS.definitions.values() {
            assert!(definition.schema.properties.values().all(|field| field.definition.is_some()
                || field.r#type.is_some()
                || field.int_or_string
                || field.properties.is_empty()));
        }
    }

    #[test]
    fn recursive_definitions_are_read_as_deep_as_they_are_asked() {
        let mut schema =
            definition("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps").unwrap();
        for _ in 0..50 {
            schema = schema.property("not").unwrap().clone();
        }
        assert_eq!(schema.property("title").unwrap().r#type, Some(Type::String));
    }
}
