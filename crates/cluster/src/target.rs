//! Addresses: kinds as the API server's paths name them, and single objects.

use std::sync::Arc;

use apimachinery::gvk::GroupVersionKind;
use apimachinery::path_segment::encode;

/// A served kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Resource(Arc<Facts>);

#[derive(Debug, PartialEq, Eq, Hash)]
struct Facts {
    gvk: GroupVersionKind,
    plural: String,
    namespaced: bool,
}

impl Resource {
    /// A kind with its plural name and scope.
    pub fn new(gvk: GroupVersionKind, plural: &str, namespaced: bool) -> Self {
        Self(Arc::new(Facts { gvk, plural: plural.to_owned(), namespaced }))
    }

    /// Group, version and kind.
    pub fn gvk(&self) -> &GroupVersionKind {
        &self.0.gvk
    }

    /// The plural name of paths.
    pub fn plural(&self) -> &str {
        &self.0.plural
    }

    /// Whether its objects live in namespaces.
    pub fn is_namespaced(&self) -> bool {
        self.0.namespaced
    }

    /// The path of the collection, in one namespace or (with an empty one) in all.
    pub(crate) fn collection(&self, namespace: &str) -> String {
        let GroupVersionKind { group, version, .. } = &self.0.gvk;
        let root =
            if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
        if self.0.namespaced && !namespace.is_empty() {
            format!("{root}/namespaces/{}/{}", encode(namespace), self.0.plural)
        } else {
            format!("{root}/{}", self.0.plural)
        }
    }
}

/// One object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// Its kind.
    pub resource: Resource,
    /// Its namespace; empty for cluster-scoped kinds.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Target {
    /// An object by kind, namespace and name.
    pub fn new(resource: &Resource, namespace: &str, name: &str) -> Self {
        let namespace = if resource.is_namespaced() { namespace } else { "" };
        Self { resource: resource.clone(), namespace: namespace.to_owned(), name: name.to_owned() }
    }

    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.resource.collection(&self.namespace), encode(&self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_path() {
        let resource = Resource::new(GroupVersionKind::new("apps", "v1", "Deployment"), "deployments", true);
        assert_eq!(
            Target::new(&resource, "a/b", "x?y").path(),
            "/apis/apps/v1/namespaces/a%2Fb/deployments/x%3Fy"
        );
    }
}
