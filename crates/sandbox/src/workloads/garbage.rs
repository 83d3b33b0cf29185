//! Garbage collection by owner references.

use std::sync::Arc;

use apimachinery::object;
use value::Value;

use super::Outcome;
use super::client::{self, MANAGER};
use crate::api::Api;
use crate::kinds::Kind;
use crate::status::Refusal;
use crate::store::Location;
use crate::verbs::delete::{self, FOREGROUND, ORPHAN, Propagation};

/// Looks at one object: whether its owners are gone, and, when it is going itself, what becomes of its
/// dependents.
pub(super) fn reconcile(api: &Api, at: &Location) -> Outcome {
    let Some((kind, object)) = find(api, at) else { return Ok(None) };
    if object::deletion_timestamp(&object).is_some() {
        let has = |finalizer: &str| object::finalizers(&object).any(|other| other == finalizer);
        if has(ORPHAN) {
            orphan_dependents(api, &kind, &object)?;
        } else if has(FOREGROUND) {
            delete_dependents(api, &kind, &object)?;
        }
        return Ok(None);
    }
    collect(api, &kind, &object).map(|()| None)
}

fn find(api: &Api, at: &Location) -> Option<(Arc<Kind>, Value)> {
    let kind = api.kinds().of_table(&at.table)?;
    let object = client::get(api, &kind, at)?;
    Some((kind, object))
}

/// What is known of an owner.
enum Owner {
    /// It is there, or it is in another namespace than could be.
    Solid,
    /// It is gone.
    Gone,
    /// It waits for its dependents to go first.
    Waiting,
}

fn owner(api: &Api, object: &Value, reference: &Value) -> Owner {
    let uid = reference.str_at(&["uid"]).unwrap_or_default();
    let transaction = api.begin();
    let Some(location) = transaction.writer().location(uid) else { return Owner::Gone };
    let reachable = location.namespace.is_empty() || Some(&*location.namespace) == object::namespace(object);
    let Some(owner) = transaction.at(location).filter(|_| reachable) else { return Owner::Gone };
    let waits = object::deletion_timestamp(owner).is_some()
        && object::finalizers(owner).any(|finalizer| finalizer == FOREGROUND);
    if waits { Owner::Waiting } else { Owner::Solid }
}

/// Deletes an object all of whose owners are gone or wait for it; forgets those owners if others stay.
fn collect(api: &Api, kind: &Arc<Kind>, object: &Value) -> Result<(), Refusal> {
    let references = object::owner_references(object);
    if references.is_empty() {
        return Ok(());
    }
    let owners: Vec<(Owner, &Value)> =
        references.iter().map(|reference| (owner(api, object, reference), reference)).collect();
    let solid: Vec<Value> = owners
        .iter()
        .filter(|(owner, _)| matches!(owner, Owner::Solid))
        .map(|(_, reference)| (*reference).clone())
        .collect();
    if solid.len() == owners.len() {
        return Ok(());
    }
    if !solid.is_empty() {
        let mut next = object.clone();
        next.set_at(&["metadata", "ownerReferences"], solid);
        client::update(api, kind, next, MANAGER)?;
        return Ok(());
    }
    let waiting = owners.iter().any(|(owner, _)| matches!(owner, Owner::Waiting));
    let has_dependents = !api.begin().writer().dependents(object::uid(object).unwrap_or_default()).is_empty();
    let propagation = if object::finalizers(object).any(|finalizer| finalizer == ORPHAN) {
        Propagation::Orphan
    } else if waiting && has_dependents {
        Propagation::Foreground
    } else {
        Propagation::Background
    };
    client::delete(api, kind, object, propagation)
}

/// Dependents forget the owner, then it may go.
fn orphan_dependents(api: &Api, kind: &Arc<Kind>, owner: &Value) -> Result<(), Refusal> {
    let uid = object::uid(owner).unwrap_or_default();
    let dependents = api.begin().writer().dependents(uid);
    for (kind, dependent) in dependents.iter().filter_map(|at| find(api, at)) {
        let kept: Vec<Value> = object::owner_references(&dependent)
            .iter()
            .filter(|reference| reference.str_at(&["uid"]) != Some(uid))
            .cloned()
            .collect();
        let mut next = dependent.clone();
        if kept.is_empty() {
            next.remove_at(&["metadata", "ownerReferences"]);
        } else {
            next.set_at(&["metadata", "ownerReferences"], kept);
        }
        client::update(api, &kind, next, MANAGER)?;
    }
    release(api, kind, owner, ORPHAN)
}

/// Dependents that hold the owner go first; when there are none, it may go.
fn delete_dependents(api: &Api, kind: &Arc<Kind>, owner: &Value) -> Result<(), Refusal> {
    let uid = object::uid(owner).unwrap_or_default();
    let dependents = api.begin().writer().dependents(uid);
    let mut blocked = false;
    for (kind, dependent) in dependents.iter().filter_map(|at| find(api, at)) {
        blocked |= object::owner_references(&dependent).iter().any(|reference| {
            reference.str_at(&["uid"]) == Some(uid)
                && reference.get("blockOwnerDeletion") == Some(&Value::Bool(true))
        });
        if object::deletion_timestamp(&dependent).is_none() {
            collect(api, &kind, &dependent)?;
        }
    }
    // What went at once has left the list since.
    let left = api.begin().writer().dependents(uid);
    if blocked && !left.is_empty() { Ok(()) } else { release(api, kind, owner, FOREGROUND) }
}

fn release(api: &Api, kind: &Arc<Kind>, object: &Value, finalizer: &str) -> Result<(), Refusal> {
    let mut next = object.clone();
    delete::remove_finalizer(&mut next, finalizer);
    client::update(api, kind, next, MANAGER).map(|_| ())
}
