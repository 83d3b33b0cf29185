//! What a project allows.
//!
//! Source of the rules: Argo CD 3.6, `pkg/apis/application/v1alpha1/app_project_types.go`, and recordings
//! of the sentences that refuse.

use argocd_api::Project;
use argocd_api::project::ResourcePattern;
use thiserror::Error;

use crate::expression;
use crate::glob::{kind_matches, matches};
use crate::repositories::normal_url;

/// The address under which Argo CD knows the cluster that it runs in.
pub const IN_CLUSTER_SERVER: &str = "https://kubernetes.default.svc";
/// The name under which Argo CD knows the cluster that it runs in.
pub const IN_CLUSTER_NAME: &str = "in-cluster";

/// A cluster and a namespace that are deployed to, with all names of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Destination<'a> {
    /// The API server.
    pub server: &'a str,
    /// The name of the cluster.
    pub name: &'a str,
    /// The namespace.
    pub namespace: &'a str,
}

/// An object that is to be deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object<'a> {
    /// The API group.
    pub group: &'a str,
    /// The kind.
    pub kind: &'a str,
    /// The name.
    pub name: &'a str,
    /// The namespace; empty for objects of cluster-scoped kinds.
    pub namespace: &'a str,
}

/// Why what a spec says of its destination names no cluster that is known, in upstream's words.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum UnknownCluster {
    /// Neither address nor name.
    #[error("destination server missing from app spec")]
    Missing,
    /// Both.
    #[error("application destination can't have both name and server defined: {name} {server}")]
    Both {
        /// The API server.
        server: String,
        /// The name of the cluster.
        name: String,
    },
    /// No cluster has the name.
    #[error("there are no clusters with this name: {0}")]
    Name(String),
    /// No cluster has the address.
    #[error(
        "error getting cluster by server {0:?}: rpc error: code = NotFound desc = cluster {0:?} not found"
    )]
    Server(String),
}

/// The destination in a namespace of the cluster that Argo CD runs in, which is the only one that is known.
///
/// # Errors
/// Address and name are about another cluster, or about none.
pub fn destination<'a>(
    server: &str,
    name: &str,
    namespace: &'a str,
) -> Result<Destination<'a>, UnknownCluster> {
    match (server, name) {
        ("", "") => Err(UnknownCluster::Missing),
        (IN_CLUSTER_SERVER, "") | ("", IN_CLUSTER_NAME) => {
            Ok(Destination { server: IN_CLUSTER_SERVER, name: IN_CLUSTER_NAME, namespace })
        }
        ("", name) => Err(UnknownCluster::Name(name.to_owned())),
        (server, "") => Err(UnknownCluster::Server(server.to_owned())),
        (server, name) => Err(UnknownCluster::Both { server: server.to_owned(), name: name.to_owned() }),
    }
}

/// Why the project lets nothing be deployed from `url`; `None` where it does.
pub fn denied_source(project: &Project, url: &str) -> Option<String> {
    (!permits_source(project, url))
        .then(|| format!("application repo {url} is not permitted in project '{}'", project.name))
}

/// Why the project lets nothing be deployed to a destination; `None` where it does.
pub fn denied_destination(project: &Project, destination: &Destination<'_>) -> Option<String> {
    let Destination { server, namespace, .. } = destination;
    (!permits_destination(project, destination)).then(|| {
        format!(
            "application destination server '{server}' and namespace '{namespace}' do not match any of the allowed \
             destinations in project '{}'",
            project.name
        )
    })
}

/// Whether the project lets its applications deploy from `url`.
///
/// A pattern that starts with `!` forbids what it matches, and allows everything else.
pub fn permits_source(project: &Project, url: &str) -> bool {
    let url = normal_url(url);
    let mut any = false;
    for pattern in &project.source_repos {
        match pattern.strip_prefix('!') {
            Some(denied) if matches(&normal_url(denied), &url, Some('/')) => return false,
            Some(_) => any = true,
            None => any |= matches(&normal_url(pattern), &url, Some('/')),
        }
    }
    any
}

/// Whether the project lets its applications deploy from every repository.
pub fn permits_every_source(project: &Project) -> bool {
    let patterns = &project.source_repos;
    patterns.iter().any(|pattern| pattern == "*") && !patterns.iter().any(|pattern| pattern.starts_with('!'))
}

/// Whether the project lets its applications deploy to a namespace of a cluster.
///
/// One part that a `!` forbids is enough to refuse, whatever else allows the destination.
pub fn permits_destination(project: &Project, destination: &Destination<'_>) -> bool {
    let (mut allowed, mut denied) = (false, false);
    for rule in &project.destinations {
        let part = |pattern: &str, text: &str| match pattern.strip_prefix('!') {
            Some(forbidden) => !matches(forbidden, text, None),
            None => matches(pattern, text, None),
        };
        let name = !destination.name.is_empty() && part(&rule.name, destination.name);
        let server = !destination.server.is_empty() && part(&rule.server, destination.server);
        let namespace = part(&rule.namespace, destination.namespace);
        let forbids = |pattern: &str, matched: bool| !matched && pattern.starts_with('!');
        if (server || name) && namespace {
            allowed = true;
        } else if forbids(&rule.name, name)
            || forbids(&rule.server, server)
            || forbids(&rule.namespace, namespace)
        {
            denied = true;
        }
    }
    allowed && !denied
}

/// Whether an Application of `namespace` may use the project.
///
/// Those of the control plane's own namespace always may. A pattern in slashes is a regular expression.
pub fn permits_namespace(project: &Project, namespace: &str, control_namespace: &str) -> bool {
    let allows = |pattern: &String| match pattern.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
        Some(text) => expression::parse(text).is_ok_and(|regex| regex.is_match(namespace)),
        None => matches(pattern, namespace, None),
    };
    namespace == control_namespace || project.source_namespaces.iter().any(allows)
}

/// Why an object may not be deployed, in upstream's words; `None` where it may.
///
/// `destination` is where the application deploys to; its namespace gives way to that of the object.
pub fn denial(project: &Project, object: &Object<'_>, destination: &Destination<'_>) -> Option<String> {
    if !permits_kind(project, object) {
        let (Object { group, kind, .. }, name) = (object, &project.name);
        return Some(format!("resource {group}:{kind} is not permitted in project {name}"));
    }
    if object.namespace.is_empty() {
        return None;
    }
    let destination = Destination { namespace: object.namespace, ..*destination };
    (!permits_destination(project, &destination))
        .then(|| format!("namespace {} is not permitted in project '{}'", object.namespace, project.name))
}

/// Whether the project allows every kind everywhere, so that no object has to be looked at.
pub fn permits_everything(project: &Project) -> bool {
    let all = |patterns: &[ResourcePattern]| {
        patterns.iter().any(|pattern| {
            pattern.group == "*" && pattern.kind == "*" && matches!(pattern.name.as_str(), "" | "*")
        })
    };
    let anywhere = |rule: &argocd_api::project::Destination| {
        rule.namespace == "*" && (rule.server == "*" || rule.name == "*")
    };
    let forbids = |rule: &argocd_api::project::Destination| {
        [&rule.namespace, &rule.server, &rule.name].into_iter().any(|pattern| pattern.starts_with('!'))
    };
    all(&project.cluster_whitelist)
        && project.cluster_blacklist.is_empty()
        && project.namespace_whitelist.as_deref().is_none_or(all)
        && project.namespace_blacklist.is_empty()
        && project.destinations.iter().any(anywhere)
        && !project.destinations.iter().any(forbids)
}

/// Cluster-scoped kinds have to be allowed; namespaced ones may not be forbidden.
fn permits_kind(project: &Project, object: &Object<'_>) -> bool {
    let is_in = |patterns: &[ResourcePattern]| patterns.iter().any(|pattern| is_about(pattern, object));
    if object.namespace.is_empty() {
        return is_in(&project.cluster_whitelist) && !is_in(&project.cluster_blacklist);
    }
    project.namespace_whitelist.as_deref().is_none_or(is_in) && !is_in(&project.namespace_blacklist)
}

fn is_about(pattern: &ResourcePattern, object: &Object<'_>) -> bool {
    kind_matches(&pattern.kind, object.kind)
        && kind_matches(&pattern.group, object.group)
        && (pattern.name.is_empty() || matches(&pattern.name, object.name, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(spec: &str) -> Project {
        let text = format!(r#"{{"metadata":{{"name":"p"}},"spec":{spec}}}"#);
        Project::parse(&value::from_json(text.as_bytes()).expect(spec)).expect(spec)
    }

    #[test]
    fn sources() {
        let rows = [
            (r#"["*"]"#, "https://a.example.com/x", true),
            ("[]", "https://a.example.com/x", false),
            (r#"["https://a.example.com/x"]"#, "https://A.example.com/x.git", true),
            (r#"["https://a.example.com/*"]"#, "https://a.example.com/x/y", false),
            (r#"["*", "!https://a.example.com/x"]"#, "https://a.example.com/x.git", false),
            (r#"["!https://a.example.com/x"]"#, "https://b.example.com/y", true),
            (r#"["git@example.com:team/*"]"#, "ssh://git@example.com/team/x", true),
        ];
        for (repos, url, expected) in rows {
            let project = project(&format!(r#"{{"sourceRepos":{repos}}}"#));
            assert_eq!(permits_source(&project, url), expected, "{repos} and {url}");
        }
    }

    #[test]
    fn destinations() {
        let here = ("https://kubernetes.default.svc", "in-cluster");
        let rows = [
            (r#"{"server":"*","namespace":"*"}"#, "a", true),
            (r#"{"server":"https://kubernetes.default.svc","namespace":"ns-*"}"#, "ns-a", true),
            (r#"{"server":"https://kubernetes.default.svc","namespace":"ns-*"}"#, "other", false),
            (r#"{"name":"in-cluster","namespace":"*"}"#, "a", true),
            (r#"{"name":"other","namespace":"*"}"#, "a", false),
            (r#"{"server":"*","namespace":"!kube-system"}"#, "kube-system", false),
            (r#"{"server":"*","namespace":"!kube-system"}"#, "a", true),
            (
                r#"{"server":"*","namespace":"*"},{"server":"!https://kubernetes.default.svc","namespace":"x"}"#,
                "a",
                false,
            ),
            (r#"{"server":"*","namespace":"*"},{"server":"*","namespace":"!kube-*"}"#, "kube-public", false),
        ];
        for (rules, namespace, expected) in rows {
            let project = project(&format!(r#"{{"destinations":[{rules}]}}"#));
            let destination = Destination { server: here.0, name: here.1, namespace };
            assert_eq!(permits_destination(&project, &destination), expected, "{rules} and {namespace}");
        }
    }

    #[test]
    fn namespaces_of_applications() {
        let project = project(r#"{"sourceNamespaces":["team-*","/^dev[0-9]+$/"]}"#);
        let rows = [("argocd", true), ("team-a", true), ("dev12", true), ("devs", false), ("other", false)];
        for (namespace, expected) in rows {
            assert_eq!(permits_namespace(&project, namespace, "argocd"), expected, "{namespace}");
        }
    }

    #[test]
    fn objects() {
        let anywhere = r#""destinations":[{"server":"*","namespace":"ns-*"}]"#;
        let rows = [
            ("", ("", "Service", "ns-a"), None),
            (
                r#","namespaceResourceBlacklist":[{"group":"","kind":"Service"}]"#,
                ("", "Service", "ns-a"),
                Some("resource :Service is not permitted in project p"),
            ),
            (
                r#","namespaceResourceWhitelist":[]"#,
                ("", "Service", "ns-a"),
                Some("resource :Service is not permitted in project p"),
            ),
            (
                r#","namespaceResourceWhitelist":[{"group":"apps","kind":"*"}]"#,
                ("apps", "Deployment", "ns-a"),
                None,
            ),
            (
                "",
                ("rbac.authorization.k8s.io", "ClusterRole", ""),
                Some("resource rbac.authorization.k8s.io:ClusterRole is not permitted in project p"),
            ),
            (r#","clusterResourceWhitelist":[{"group":"*","kind":"*"}]"#, ("", "Namespace", ""), None),
            (
                r#","clusterResourceWhitelist":[{"group":"*","kind":"*"}],"clusterResourceBlacklist":[{"group":"","kind":"Name*"}]"#,
                ("", "Namespace", ""),
                Some("resource :Namespace is not permitted in project p"),
            ),
            (
                r#","clusterResourceWhitelist":[{"group":"","kind":"Namespace","name":"x"}]"#,
                ("", "Namespace", ""),
                Some("resource :Namespace is not permitted in project p"),
            ),
            (
                "",
                ("", "ConfigMap", "kube-public"),
                Some("namespace kube-public is not permitted in project 'p'"),
            ),
        ];
        for (more, (group, kind, namespace), expected) in rows {
            let project = project(&format!("{{{anywhere}{more}}}"));
            let object = Object { group, kind, name: "o", namespace };
            let destination = Destination { server: "https://s", name: "", namespace: "ns-a" };
            assert_eq!(denial(&project, &object, &destination).as_deref(), expected, "{more} and {kind}");
        }
    }

    #[test]
    fn only_a_project_without_limits_permits_everything() {
        let open = Project::parse(&argocd_api::project::default_project("argocd")).expect("valid");
        assert!(permits_everything(&open));
        let limits = [
            Project { cluster_whitelist: Vec::new(), ..open.clone() },
            Project { namespace_whitelist: Some(Vec::new()), ..open.clone() },
            Project { namespace_blacklist: vec![ResourcePattern::default()], ..open.clone() },
            Project { cluster_blacklist: vec![ResourcePattern::default()], ..open.clone() },
            Project { destinations: Vec::new(), ..open },
        ];
        assert!(!limits.iter().any(permits_everything));
    }
}
