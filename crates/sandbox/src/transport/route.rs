//! What a path means.

use apimachinery::path_segment;

/// A path of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// `/healthz` and its relatives.
    Health,
    /// `/version`
    Version,
    /// `/`
    Root,
    /// `/api`
    LegacyGroup,
    /// `/apis`
    Groups,
    /// `/apis/GROUP`
    Group(String),
    /// `/api/VERSION` and `/apis/GROUP/VERSION`
    Resources { group: String, version: String },
    /// `/openapi/v2`
    OpenApiV2,
    /// `/openapi/v3`
    OpenApiV3,
    /// A document below `/openapi/v3`, such as `apis/apps/v1`.
    OpenApiV3Document(String),
    /// A resource.
    Resource(ResourcePath),
    /// Nothing.
    Unknown,
}

/// The path of a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ResourcePath {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) plural: String,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) subresource: String,
}

impl Route {
    /// Reads a path. Percent-encoding is undone segment by segment.
    pub(super) fn parse(path: &str) -> Self {
        let segments: Vec<String> = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| path_segment::decode(segment).unwrap_or_default())
            .collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments.as_slice() {
            [] => Self::Root,
            ["healthz" | "livez" | "readyz", ..] => Self::Health,
            ["version"] => Self::Version,
            ["api"] => Self::LegacyGroup,
            ["apis"] => Self::Groups,
            ["apis", group] => Self::Group((*group).to_owned()),
            ["openapi", "v2"] => Self::OpenApiV2,
            ["openapi", "v3"] => Self::OpenApiV3,
            ["openapi", "v3", rest @ ..] => Self::OpenApiV3Document(rest.join("/")),
            ["api", version] => Self::Resources { group: String::new(), version: (*version).to_owned() },
            ["apis", group, version] => {
                Self::Resources { group: (*group).to_owned(), version: (*version).to_owned() }
            }
            ["api", version, rest @ ..] => resource("", version, rest),
            ["apis", group, version, rest @ ..] => resource(group, version, rest),
            _ => Self::Unknown,
        }
    }
}

/// A Namespace is a resource, and its path begins the paths of what is in it.
fn resource(group: &str, version: &str, rest: &[&str]) -> Route {
    let (namespace, rest) = match rest {
        ["namespaces", _, "status" | "finalize"] => ("", rest),
        ["namespaces", namespace, inner @ ..] if !inner.is_empty() => (*namespace, inner),
        _ => ("", rest),
    };
    let (plural, name, subresource) = match rest {
        [plural] => (*plural, "", String::new()),
        [plural, name] => (*plural, *name, String::new()),
        [plural, name, subresource @ ..] => (*plural, *name, subresource.join("/")),
        [] => return Route::Unknown,
    };
    Route::Resource(ResourcePath {
        group: group.to_owned(),
        version: version.to_owned(),
        plural: plural.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        subresource,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> (String, String, String, String) {
        match Route::parse(text) {
            Route::Resource(path) => (path.plural, path.namespace, path.name, path.subresource),
            other => panic!("{other:?}"),
        }
    }

    fn expected(plural: &str, namespace: &str, name: &str, sub: &str) -> (String, String, String, String) {
        (plural.into(), namespace.into(), name.into(), sub.into())
    }

    #[test]
    fn namespaces_are_resources_and_prefixes() {
        assert_eq!(path("/api/v1/namespaces"), expected("namespaces", "", "", ""));
        assert_eq!(path("/api/v1/namespaces/a"), expected("namespaces", "", "a", ""));
        assert_eq!(path("/api/v1/namespaces/a/status"), expected("namespaces", "", "a", "status"));
        assert_eq!(path("/api/v1/namespaces/a/pods"), expected("pods", "a", "", ""));
        assert_eq!(path("/api/v1/namespaces/a/pods/b/log"), expected("pods", "a", "b", "log"));
        assert_eq!(path("/apis/apps/v1/deployments"), expected("deployments", "", "", ""));
    }

    #[test]
    fn names_are_decoded() {
        let name = "system%3Anode";
        let route = format!("/apis/rbac.authorization.k8s.io/v1/clusterroles/{name}");
        assert_eq!(path(&route), expected("clusterroles", "", "system:node", ""));
    }

    #[test]
    fn other_paths_are_told_apart() {
        assert_eq!(Route::parse("/apis/apps"), Route::Group("apps".into()));
        assert_eq!(Route::parse("/readyz/ping"), Route::Health);
        assert_eq!(Route::parse("/openapi/v3/apis/apps/v1"), Route::OpenApiV3Document("apis/apps/v1".into()));
        assert_eq!(Route::parse("/metrics"), Route::Unknown);
    }
}
