//! Deletion of a namespace: first what is in it, then itself.

use std::collections::BTreeMap;

use apimachinery::condition::{self, Condition, Status};
use apimachinery::object;
use value::Value;

use super::Outcome;
use super::client::{self, Builtins, MANAGER};
use crate::api::Api;
use crate::status::Refusal;
use crate::store::Location;
use crate::verbs::delete::Propagation;
use crate::verbs::{Part, Target, WriteOptions, update};

/// What is left in a namespace.
#[derive(Default)]
struct Left {
    /// How many objects of each resource.
    objects: BTreeMap<String, usize>,
    /// How many objects each finalizer holds.
    finalizers: BTreeMap<String, usize>,
}

/// Empties a namespace that is being deleted, and lets it go when it is empty.
pub(super) fn reconcile(api: &Api, builtins: &Builtins, name: &str) -> Outcome {
    let at = Location::cluster_scoped("namespaces", name);
    let Some(namespace) = client::get(api, &builtins.namespaces, &at) else { return Ok(None) };
    if object::deletion_timestamp(&namespace).is_none() {
        return Ok(None);
    }
    let left = empty(api, name)?;
    // Events of what was deleted are in the namespace too, so it is looked at as it is now.
    let Some(namespace) = client::get(api, &builtins.namespaces, &at) else { return Ok(None) };
    let mut next = namespace.clone();
    set_conditions(&mut next, &left, &api.now());
    let namespace = if next == namespace {
        namespace
    } else {
        client::update_status(api, &builtins.namespaces, next, MANAGER)?
    };
    if left.objects.is_empty() {
        finalize(api, builtins, &namespace)?;
    }
    Ok(None)
}

fn empty(api: &Api, namespace: &str) -> Result<Left, Refusal> {
    let tables = api.begin().writer().tables_with(namespace);
    let mut left = Left::default();
    for table in tables {
        let Some(kind) = api.kinds().of_table(&table) else { continue };
        for object in client::list(api, &kind, namespace) {
            if object::deletion_timestamp(&object).is_none() {
                client::delete(api, &kind, &object, Propagation::Background)?;
            }
        }
        let remaining = client::list(api, &kind, namespace);
        if remaining.is_empty() {
            continue;
        }
        left.objects.insert(kind.resource().to_string(), remaining.len());
        for finalizer in remaining.iter().flat_map(object::finalizers) {
            *left.finalizers.entry(finalizer.to_owned()).or_default() += 1;
        }
    }
    Ok(left)
}

fn set_conditions(namespace: &mut Value, left: &Left, now: &str) {
    let content = if left.objects.is_empty() {
        (Status::False, "ContentRemoved", "All content successfully removed".to_owned())
    } else {
        let texts: Vec<_> = left
            .objects
            .iter()
            .map(|(resource, count)| format!("{resource} has {count} resource instances"))
            .collect();
        (Status::True, "SomeResourcesRemain", format!("Some resources are remaining: {}", texts.join(", ")))
    };
    let finalizers = if left.finalizers.is_empty() {
        (Status::False, "ContentHasNoFinalizers", "All content-preserving finalizers finished".to_owned())
    } else {
        let texts: Vec<_> = left
            .finalizers
            .iter()
            .map(|(name, count)| format!("{name} in {count} resource instances"))
            .collect();
        let message = format!("Some content in the namespace has finalizers remaining: {}", texts.join(", "));
        (Status::True, "SomeFinalizersRemain", message)
    };
    let fixed = |reason, message: &str| (Status::False, reason, message.to_owned());
    let all = [
        (
            "NamespaceDeletionDiscoveryFailure",
            fixed("ResourcesDiscovered", "All resources successfully discovered"),
        ),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            fixed("ParsedGroupVersions", "All legacy kube types successfully parsed"),
        ),
        (
            "NamespaceDeletionContentFailure",
            fixed("ContentDeleted", "All content successfully deleted, may be waiting on finalization"),
        ),
        ("NamespaceContentRemaining", content),
        ("NamespaceFinalizersRemaining", finalizers),
    ];
    let mut conditions = namespace.at(&["status", "conditions"]).cloned().unwrap_or_default();
    for (r#type, (status, reason, message)) in all {
        condition::set(&mut conditions, &Condition::new(r#type, status, reason, message), now);
    }
    namespace.set_at(&["status", "conditions"], conditions);
}

fn finalize(api: &Api, builtins: &Builtins, namespace: &Value) -> Result<(), Refusal> {
    let mut next = namespace.clone();
    let kept: Vec<Value> = namespace
        .at(&["spec", "finalizers"])
        .and_then(Value::as_list)
        .unwrap_or_default()
        .iter()
        .filter(|finalizer| finalizer.as_str() != Some("kubernetes"))
        .cloned()
        .collect();
    next.set_at(&["spec", "finalizers"], kept);
    let mut target = Target::new(&builtins.namespaces, "", object::name(namespace).unwrap_or_default());
    target.part = Part::Finalize;
    update::update(api, &target, next, &WriteOptions::of(MANAGER)).map(|_| ())
}
