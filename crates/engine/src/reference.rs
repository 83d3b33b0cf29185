//! Naming an object independently of its version.

use std::fmt;

use apimachinery::gvk::{GroupKind, GroupVersionKind};
use apimachinery::object;
use value::Value;

/// An object's group, kind, namespace and name. The version is left out: it does not change identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectRef {
    /// API group; empty for the core group.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Namespace; empty for cluster-scoped objects.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl ObjectRef {
    /// The reference to `object`; `None` where apiVersion, kind or name is missing.
    pub fn of(object: &Value) -> Option<Self> {
        let gvk = GroupVersionKind::of(object)?;
        Some(Self {
            group: gvk.group,
            kind: gvk.kind,
            namespace: object::namespace(object).unwrap_or_default().to_owned(),
            name: object::name(object)?.to_owned(),
        })
    }

    /// Group and kind.
    pub fn group_kind(&self) -> GroupKind {
        GroupKind { group: self.group.clone(), kind: self.kind.clone() }
    }
}

/// `Kind/namespace/name`, without the namespace for cluster-scoped objects.
impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, namespace, name, .. } = self;
        if namespace.is_empty() { write!(f, "{kind}/{name}") } else { write!(f, "{kind}/{namespace}/{name}") }
    }
}
