//! Which cluster, and as whom.

use std::fmt;
use std::sync::Arc;

/// The name of a cluster within this installation; part of every key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClusterId(Arc<str>);

impl ClusterId {
    /// A cluster by name.
    pub fn new(name: &str) -> Self {
        Self(Arc::from(name))
    }

    /// The cluster whose API server holds our own objects, `in-cluster` in Argo CD's words.
    pub fn in_cluster() -> Self {
        Self::new("in-cluster")
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whose rights a call uses. There is deliberately no default.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ActAs {
    /// The identity of the component itself.
    Component,
    /// Another user, by impersonation.
    User(String),
}

impl ActAs {
    /// A ServiceAccount, impersonated as Flux does it: by user name, without groups.
    pub fn service_account(namespace: &str, name: &str) -> Self {
        Self::User(format!("system:serviceaccount:{namespace}:{name}"))
    }
}
