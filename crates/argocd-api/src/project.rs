//! AppProject.
//!
//! Source of the rules: Argo CD 3.6, `pkg/apis/application/v1alpha1/app_project_types.go`.

use apimachinery::gvk::GroupVersionKind;
use value::Value;

use crate::field::{FieldError, Fields};
use crate::{GROUP, VERSION};

/// The project that is there from the start.
pub const DEFAULT: &str = "default";

/// The kind.
pub fn kind() -> GroupVersionKind {
    GroupVersionKind::new(GROUP, VERSION, "AppProject")
}

/// Fields of the spec that are enforced on what applications deploy.
pub const HANDLED: &[&str] = &[
    "clusterResourceBlacklist",
    "clusterResourceWhitelist",
    "description",
    "destinations",
    "namespaceResourceBlacklist",
    "namespaceResourceWhitelist",
    "sourceNamespaces",
    "sourceRepos",
];

/// Fields that are about users, which the API enforces and not a controller.
pub const OF_USERS: &[&str] = &["roles"];

/// Fields that are refused by name when they are set: ignoring a rule would be a hole.
pub const REFUSED: &[&str] = &[
    "destinationServiceAccounts",
    "orphanedResources",
    "permitOnlyProjectScopedClusters",
    "signatureKeys",
    "sourceIntegrity",
    "syncWindows",
];

/// A project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Project {
    /// Its name.
    pub name: String,
    /// Patterns of repositories; one that starts with `!` forbids.
    pub source_repos: Vec<String>,
    /// Clusters and namespaces.
    pub destinations: Vec<Destination>,
    /// Namespaces whose applications may use the project.
    pub source_namespaces: Vec<String>,
    /// Cluster-scoped kinds that may be deployed.
    pub cluster_whitelist: Vec<ResourcePattern>,
    /// Cluster-scoped kinds that may not.
    pub cluster_blacklist: Vec<ResourcePattern>,
    /// Namespaced kinds that may be deployed; `None` for all.
    pub namespace_whitelist: Option<Vec<ResourcePattern>>,
    /// Namespaced kinds that may not.
    pub namespace_blacklist: Vec<ResourcePattern>,
}

/// A destination that is allowed, or with `!` forbidden.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destination {
    /// The API server, a pattern.
    pub server: String,
    /// The name of the cluster, a pattern.
    pub name: String,
    /// The namespace, a pattern.
    pub namespace: String,
}

/// Which objects a rule is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourcePattern {
    /// The API group, a pattern.
    pub group: String,
    /// The kind, a pattern.
    pub kind: String,
    /// The name, a pattern; empty for any.
    pub name: String,
}

impl Project {
    /// Reads an object.
    ///
    /// # Errors
    /// A field is not of its type.
    pub fn parse(object: &Value) -> Result<Self, FieldError> {
        let spec = Fields::of(object, "spec");
        let patterns = |field: &str| {
            spec.each(field, |item| {
                Ok(ResourcePattern {
                    group: item.text("group")?,
                    kind: item.text("kind")?,
                    name: item.text("name")?,
                })
            })
        };
        let whitelist = spec.at("namespaceResourceWhitelist").value().is_some();
        Ok(Self {
            name: Fields::of(object, "metadata").text("name")?,
            source_repos: spec.texts("sourceRepos")?,
            destinations: spec.each("destinations", |item| {
                Ok(Destination {
                    server: item.text("server")?,
                    name: item.text("name")?,
                    namespace: item.text("namespace")?,
                })
            })?,
            source_namespaces: spec.texts("sourceNamespaces")?,
            cluster_whitelist: patterns("clusterResourceWhitelist")?,
            cluster_blacklist: patterns("clusterResourceBlacklist")?,
            namespace_whitelist: whitelist.then(|| patterns("namespaceResourceWhitelist")).transpose()?,
            namespace_blacklist: patterns("namespaceResourceBlacklist")?,
        })
    }
}

/// The `default` project as upstream makes it where there is none: everything is allowed.
pub fn default_project(namespace: &str) -> Value {
    let anywhere = Value::map_of([("namespace", "*"), ("server", "*")]);
    let any_kind = Value::map_of([("group", "*"), ("kind", "*")]);
    Value::map_of([
        ("apiVersion", Value::from(kind().api_version())),
        ("kind", "AppProject".into()),
        ("metadata", Value::map_of([("name", DEFAULT), ("namespace", namespace)])),
        (
            "spec",
            Value::map_of([
                ("clusterResourceWhitelist", Value::list_of([any_kind])),
                ("destinations", Value::list_of([anywhere])),
                ("sourceRepos", Value::list_of(["*"])),
            ]),
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_list_of_kinds_is_another_thing_than_none() {
        let parse = |spec: &str| {
            let text = format!(r#"{{"metadata":{{"name":"p"}},"spec":{spec}}}"#);
            Project::parse(&value::from_json(text.as_bytes()).expect("valid")).expect("valid")
        };
        assert_eq!(parse("{}").namespace_whitelist, None);
        assert_eq!(parse(r#"{"namespaceResourceWhitelist":[]}"#).namespace_whitelist, Some(Vec::new()));
    }

    #[test]
    fn the_default_project_can_be_read() {
        let project = Project::parse(&default_project("argocd")).expect("valid");
        assert_eq!((project.name.as_str(), project.source_repos), ("default", vec!["*".to_owned()]));
    }
}
