//! Deletion: preconditions, grace, finalizers and what happens to dependents.

use apimachinery::condition::{self, Condition, Status};
use apimachinery::object;
use jiff::{SignedDuration, Timestamp};
use value::Value;

use super::{Target, update};
use crate::api::{Api, DEFINITIONS, Transaction};
use crate::kinds::Kind;
use crate::status::{self, Refusal};

/// The owner stays until its dependents are gone.
pub(crate) const FOREGROUND: &str = "foregroundDeletion";
/// The owner stays until its dependents have forgotten it.
pub(crate) const ORPHAN: &str = "orphan";
/// A definition stays until its objects are gone.
pub(crate) const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// How a deletion is to be done (`metav1.DeleteOptions`).
#[derive(Clone, Debug, Default)]
pub(crate) struct DeleteOptions {
    pub(crate) dry_run: bool,
    /// Seconds that a Pod may take.
    pub(crate) grace: Option<i64>,
    pub(crate) uid: Option<String>,
    pub(crate) resource_version: Option<String>,
    pub(crate) propagation: Option<Propagation>,
}

/// What happens to dependents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Propagation {
    /// They are deleted afterwards.
    Background,
    /// They are deleted first.
    Foreground,
    /// They stay.
    Orphan,
}

/// What a deletion did.
#[derive(Clone, Debug)]
pub(crate) enum Deleted {
    /// The object is gone; this was its last state.
    Gone(Value),
    /// The object is marked and waits for finalizers or for its grace to pass.
    Pending(Value),
}

impl Deleted {
    pub(crate) fn object(&self) -> &Value {
        match self {
            Self::Gone(object) | Self::Pending(object) => object,
        }
    }
}

/// Deletes an object, or marks it where somebody has to finish first.
///
/// # Errors
/// It does not exist, or it is not the one that the preconditions name.
pub(crate) fn delete(api: &Api, target: &Target, options: &DeleteOptions) -> Result<Deleted, Refusal> {
    delete_in(&mut api.begin(), target, options)
}

/// As [`delete`], within a transaction.
///
/// # Errors
/// As [`delete`].
pub(crate) fn delete_in(
    transaction: &mut Transaction<'_>,
    target: &Target,
    options: &DeleteOptions,
) -> Result<Deleted, Refusal> {
    let kind = &target.kind;
    let live = update::live(transaction, target)?;
    check_preconditions(target, &live, options)?;
    check_allowed(target)?;
    let mut next = live.clone();
    set_propagation(&mut next, options.propagation);
    let now = transaction.api.timestamp();
    let grace = grace(kind, &live, options);
    mark(kind, &mut next, grace, now);
    if is_finished(kind, &next) {
        // What is gone at once was never seen as marked.
        let mut last = live;
        if !options.dry_run {
            last = transaction.remove(kind, &last)?;
        }
        return Ok(Deleted::Gone(last));
    }
    if next != live && !options.dry_run {
        next = transaction.put(kind, &next)?;
    }
    Ok(Deleted::Pending(next))
}

/// Whether nothing holds a marked object any more.
pub(crate) fn is_finished(kind: &Kind, object: &Value) -> bool {
    let grace = object.at(&["metadata", "deletionGracePeriodSeconds"]).and_then(Value::as_i64);
    let held_by_spec = kind.is("", "Namespace")
        && object.at(&["spec", "finalizers"]).and_then(Value::as_list).is_some_and(|list| !list.is_empty());
    object::deletion_timestamp(object).is_some()
        && object::finalizers(object).next().is_none()
        && grace.unwrap_or(0) == 0
        && !held_by_spec
}

fn check_preconditions(target: &Target, live: &Value, options: &DeleteOptions) -> Result<(), Refusal> {
    let kind = target.kind.gvk.group_kind();
    let checks = [
        ("UID", options.uid.as_deref(), object::uid(live), "deleted and then recreated"),
        ("ResourceVersion", options.resource_version.as_deref(), object::resource_version(live), "modified"),
    ];
    for (what, wanted, found, perhaps) in checks {
        if let Some(wanted) = wanted
            && found != Some(wanted)
        {
            let found = found.unwrap_or_default();
            let why = format!(
                "the {what} in the precondition ({wanted}) does not match the {what} in record ({found}). The object might have been {perhaps}"
            );
            return Err(status::not_the_same(&kind, &target.name, &why));
        }
    }
    Ok(())
}

fn check_allowed(target: &Target) -> Result<(), Refusal> {
    let immortal = matches!(target.name.as_str(), "default" | "kube-system" | "kube-public");
    if immortal && target.kind.is("", "Namespace") {
        let why = "this namespace may not be deleted";
        return Err(status::forbidden(target.kind.resource(), &target.name, why));
    }
    Ok(())
}

/// Only Pods that a node runs take their time.
fn grace(kind: &Kind, live: &Value, options: &DeleteOptions) -> i64 {
    let finished = matches!(live.str_at(&["status", "phase"]), Some("Succeeded" | "Failed"));
    let scheduled = live.str_at(&["spec", "nodeName"]).is_some_and(|node| !node.is_empty());
    if !kind.is("", "Pod") || finished || !scheduled {
        return 0;
    }
    let own = live.at(&["spec", "terminationGracePeriodSeconds"]).and_then(Value::as_i64);
    options.grace.or(own).unwrap_or(30).max(0)
}

fn set_propagation(object: &mut Value, propagation: Option<Propagation>) {
    let Some(propagation) = propagation else { return };
    let wanted = match propagation {
        Propagation::Background => None,
        Propagation::Foreground => Some(FOREGROUND),
        Propagation::Orphan => Some(ORPHAN),
    };
    let kept = object::finalizers(object).filter(|finalizer| ![FOREGROUND, ORPHAN].contains(finalizer));
    let finalizers: Vec<Value> = kept.chain(wanted).map(Value::from).collect();
    set_finalizers(object, finalizers);
}

/// Takes a finalizer off an object that is not written yet.
pub(crate) fn remove_finalizer(object: &mut Value, finalizer: &str) {
    let kept = object::finalizers(object).filter(|other| *other != finalizer).map(Value::from).collect();
    set_finalizers(object, kept);
}

fn set_finalizers(object: &mut Value, finalizers: Vec<Value>) {
    if finalizers.is_empty() {
        object.remove_at(&["metadata", "finalizers"]);
    } else {
        object.set_at(&["metadata", "finalizers"], finalizers);
    }
}

/// Sets when the object is to go. A second deletion can shorten the grace and nothing else.
fn mark(kind: &Kind, object: &mut Value, grace: i64, now: Timestamp) {
    let before = object.at(&["metadata", "deletionGracePeriodSeconds"]).and_then(Value::as_i64);
    let marked = object::deletion_timestamp(object).is_some();
    if marked && before.unwrap_or(0) <= grace {
        return;
    }
    let end = now.checked_add(SignedDuration::from_secs(grace)).unwrap_or(now);
    object.set_at(&["metadata", "deletionTimestamp"], apimachinery::clock::rfc3339(end));
    object.set_at(&["metadata", "deletionGracePeriodSeconds"], grace);
    if marked {
        return;
    }
    if let Some(generation) = object::generation(object) {
        object.set_at(&["metadata", "generation"], generation + 1);
    }
    if kind.is("", "Namespace") {
        object.set_at(&["status", "phase"], "Terminating");
        object.remove_at(&["metadata", "deletionGracePeriodSeconds"]);
    }
    if &*kind.table == DEFINITIONS {
        mark_definition(object, now);
    }
}

fn mark_definition(definition: &mut Value, now: Timestamp) {
    let mut finalizers: Vec<Value> = object::finalizers(definition).map(Value::from).collect();
    if !finalizers.contains(&CLEANUP.into()) {
        finalizers.push(CLEANUP.into());
    }
    set_finalizers(definition, finalizers);
    let mut conditions = definition.at(&["status", "conditions"]).cloned().unwrap_or_default();
    let message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
    let terminating = Condition::new("Terminating", Status::True, "InstanceDeletionPending", message);
    condition::set(&mut conditions, &terminating, &apimachinery::clock::rfc3339(now));
    definition.set_at(&["status", "conditions"], conditions);
}
