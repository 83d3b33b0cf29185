//! In which order objects are applied.

use value::Value;

use crate::ObjectRef;

/// Kinds that go before all others, in this order.
const FIRST: [&str; 23] = [
    "CustomResourceDefinition",
    "Namespace",
    "ClusterRole",
    "ClusterClass",
    "RuntimeClass",
    "PriorityClass",
    "StorageClass",
    "VolumeSnapshotClass",
    "IngressClass",
    "GatewayClass",
    "ClusterRoleBinding",
    "ResourceQuota",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "ConfigMap",
    "Secret",
    "Service",
    "LimitRange",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

/// Kinds that go after all others: they can refuse what is still to be applied.
const LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// The sort key of an object within a stage.
///
/// Source: fluxcd/pkg/ssa `sort.go`.
pub fn rank(reference: &ObjectRef) -> impl Ord + use<> {
    let at = |kinds: &[&str]| kinds.iter().position(|kind| *kind == reference.kind);
    let index = match (at(&FIRST), at(&LAST)) {
        (Some(first), _) => first,
        (None, Some(last)) => FIRST.len() + 1 + last,
        (None, None) => FIRST.len(),
    };
    let ObjectRef { group, kind, namespace, name } = reference.clone();
    (index, group, kind, namespace, name)
}

/// Objects that are applied together.
#[derive(Debug, PartialEq)]
pub struct Stage {
    /// The objects in apply order.
    pub objects: Vec<Value>,
    /// Whether the next stage has to wait until these are ready.
    pub awaited: bool,
}

/// Splits objects into the stages in which Flux applies them: definitions and what they need first,
/// then classes, then the rest. Empty stages are left out, and only a stage that another one follows
/// is waited for.
///
/// Source: fluxcd/pkg/ssa `manager_apply.go`, `ApplyAllStaged`.
pub fn stages(objects: Vec<Value>) -> Vec<Stage> {
    let mut stages: [Vec<(ObjectRef, Value)>; 3] = Default::default();
    for object in objects {
        if let Some(reference) = ObjectRef::of(&object) {
            stages[stage_of(&reference.kind)].push((reference, object));
        }
    }
    let mut stages: Vec<Stage> = stages
        .into_iter()
        .enumerate()
        .filter(|(_, objects)| !objects.is_empty())
        .map(|(at, mut objects)| {
            objects.sort_by_cached_key(|(reference, _)| rank(reference));
            Stage { objects: objects.into_iter().map(|(_, object)| object).collect(), awaited: at < 2 }
        })
        .collect();
    if let Some(last) = stages.last_mut() {
        last.awaited = last.awaited && last.objects.iter().any(is_definition);
    }
    stages
}

fn stage_of(kind: &str) -> usize {
    match kind {
        "CustomResourceDefinition" | "Namespace" | "ClusterRole" => 0,
        kind if kind.ends_with("Class") => 1,
        _ => 2,
    }
}

fn is_definition(object: &Value) -> bool {
    object.str_at(&["kind"]) == Some("CustomResourceDefinition")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(kind: &str, name: &str) -> Value {
        let metadata = Value::map_of([("name", name), ("namespace", "ns")]);
        Value::map_of([("apiVersion", Value::from("v1")), ("kind", kind.into()), ("metadata", metadata)])
    }

    #[test]
    fn definitions_come_first_and_webhooks_last() {
        let kinds = [
            "MutatingWebhookConfiguration",
            "Widget",
            "Deployment",
            "Namespace",
            "ConfigMap",
            "StorageClass",
        ];
        let stages = stages(kinds.map(|kind| object(kind, "x")).to_vec());
        let kinds_of = |stage: &Stage| {
            let kinds: Vec<_> = stage.objects.iter().filter_map(|object| object.str_at(&["kind"])).collect();
            (kinds.join(" "), stage.awaited)
        };
        assert_eq!(
            stages.iter().map(kinds_of).collect::<Vec<_>>(),
            [
                ("Namespace".to_owned(), true),
                ("StorageClass".to_owned(), true),
                ("ConfigMap Deployment Widget MutatingWebhookConfiguration".to_owned(), false),
            ]
        );
    }
}
