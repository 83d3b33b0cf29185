//! Tables of roles and their bindings.

use jiff::Timestamp;
use value::Value;

use super::{Columns, Normal, Wide, age, list, name, text};

pub(super) const KINDS: &[Columns] = &[
    Columns { kind: ("rbac.authorization.k8s.io", "ClusterRoleBinding"), columns: BINDING, cells: binding },
    Columns { kind: ("rbac.authorization.k8s.io", "RoleBinding"), columns: BINDING, cells: binding },
];

const BINDING: &[super::Heading] = &[
    ("Name", "string", Normal),
    ("Role", "string", Normal),
    ("Age", "string", Normal),
    ("Users", "string", Wide),
    ("Groups", "string", Wide),
    ("ServiceAccounts", "string", Wide),
];

fn binding(binding: &Value, now: Timestamp) -> Vec<Value> {
    let subjects = |kind: &str| {
        let of_kind = list(binding, &["subjects"]).iter().filter(|subject| text(subject, &["kind"]) == kind);
        let names = of_kind.map(|subject| {
            let namespace = text(subject, &["namespace"]);
            let slash = if namespace.is_empty() { "" } else { "/" };
            format!("{namespace}{slash}{}", text(subject, &["name"]))
        });
        Value::from(names.collect::<Vec<_>>().join(", "))
    };
    let role = format!("{}/{}", text(binding, &["roleRef", "kind"]), text(binding, &["roleRef", "name"]));
    vec![
        name(binding),
        role.into(),
        age(binding, now),
        subjects("User"),
        subjects("Group"),
        subjects("ServiceAccount"),
    ]
}
