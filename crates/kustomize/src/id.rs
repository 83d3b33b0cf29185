//! What identifies a resource within a build.

use std::fmt;
use std::sync::Arc;

use crate::schema;

/// The namespace that stands for none where objects of a kind live in namespaces.
const DEFAULT_NAMESPACE: &str = "default";
/// What objects that live in no namespace have instead of one.
const NO_NAMESPACE: &str = "_non_namespaceable_";

/// Group, version and kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Gvk {
    /// The group; empty for the core group, and for any group in a selector.
    pub group: Arc<str>,
    /// The version.
    pub version: Arc<str>,
    /// The kind.
    pub kind: Arc<str>,
}

impl Gvk {
    /// Of an object's `apiVersion` and `kind`.
    pub fn of(api_version: &str, kind: &str) -> Self {
        let (group, version) = split_api_version(api_version);
        Self { group: Arc::from(group), version: Arc::from(version), kind: Arc::from(kind) }
    }

    /// Group and version as `apiVersion` has them.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Whether the non-empty parts of `selector` are those of this kind.
    pub fn is_selected(&self, selector: &Self) -> bool {
        let matches = |own: &str, wanted: &str| wanted.is_empty() || own == wanted;
        matches(&self.group, &selector.group)
            && matches(&self.version, &selector.version)
            && matches(&self.kind, &selector.kind)
    }

    /// Whether it is certain that objects of this kind live in no namespace.
    pub fn is_cluster_scoped(&self) -> bool {
        schema::is_cluster_scoped(&self.group, &self.version, &self.kind)
    }
}

/// Group and version of an `apiVersion`.
pub(crate) fn split_api_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

/// `ConfigMap.v1.[noGrp]`, as kustomize shows kinds.
impl fmt::Display for Gvk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, version) = (or(&self.kind, "[noKind]"), or(&self.version, "[noVer]"));
        write!(f, "{kind}.{version}.{}", or(&self.group, "[noGrp]"))
    }
}

fn or<'a>(text: &'a str, none: &'a str) -> &'a str {
    if text.is_empty() { none } else { text }
}

/// Kind, name and namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ResourceId {
    /// The kind.
    pub gvk: Gvk,
    /// The name.
    pub name: Arc<str>,
    /// The namespace; empty where none is said.
    pub namespace: Arc<str>,
}

impl ResourceId {
    /// The namespace that the object would live in.
    pub fn effective_namespace(&self) -> &str {
        effective_namespace(self.gvk.is_cluster_scoped(), &self.namespace)
    }

    /// Whether kind, name and effective namespace are the same.
    pub fn is_same(&self, other: &Self) -> bool {
        self.name == other.name
            && self.gvk == other.gvk
            && self.effective_namespace() == other.effective_namespace()
    }
}

/// `namespace` as comparisons take it: no namespace means `default` for kinds that live in namespaces.
pub(crate) fn effective_namespace(is_cluster_scoped: bool, namespace: &str) -> &str {
    match namespace {
        _ if is_cluster_scoped => NO_NAMESPACE,
        "" => DEFAULT_NAMESPACE,
        namespace => namespace,
    }
}

/// `ConfigMap.v1.[noGrp]/name.[noNs]`, as kustomize shows ids.
impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}.{}", self.gvk, or(&self.name, "[noName]"), or(&self.namespace, "[noNs]"))
    }
}
