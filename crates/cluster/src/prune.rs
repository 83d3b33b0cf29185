//! Deleting what a deployment no longer holds.

use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use engine::ObjectRef;
use engine::change::{Change, Owner};
use engine::inventory::Entry;
use engine::order::rank;
use engine::prune::{Verdict, decide};

use crate::{Error, Propagation, Session, Target, wait};

/// What was done to one stale object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pruned {
    /// Which object.
    pub entry: Entry,
    /// [`Change::Deleted`] or [`Change::Skipped`].
    pub change: Change,
}

/// The outcome of pruning: what was done, and what failed for which object.
#[derive(Debug, Default)]
pub struct Outcome {
    /// In the order of deletion.
    pub done: Vec<Pruned>,
    /// Objects that may still exist, with why.
    pub failed: Vec<(Entry, Error)>,
}

impl Outcome {
    /// One line an object: `Kind/namespace/name deleted`.
    pub fn log(&self) -> Vec<String> {
        self.done.iter().map(|done| format!("{} {}", done.entry.reference, done.change.word())).collect()
    }
}

/// Deletes the objects of stale inventory entries in reverse apply order.
///
/// Guarantees: only objects that the inventory names, that still carry the owner's labels and that
/// nothing exempts are deleted, each with the UID that was read. A kind that the cluster no longer
/// serves counts as gone only when discovery is complete. A failure does not keep the others from
/// being deleted.
///
/// Source: fluxcd/pkg/ssa `manager_delete.go`.
pub async fn prune(session: &Session, mut stale: Vec<Entry>, owner: &Owner) -> Outcome {
    stale.sort_by_cached_key(|entry| std::cmp::Reverse(rank(&entry.reference)));
    let mut outcome = Outcome::default();
    for entry in stale {
        match prune_one(session, &entry, owner).await {
            Ok(change) => outcome.done.push(Pruned { entry, change }),
            Err(error) => outcome.failed.push((entry, error)),
        }
    }
    outcome
}

async fn prune_one(session: &Session, entry: &Entry, owner: &Owner) -> Result<Change, Error> {
    let Some(target) = target_of(session, entry).await? else { return Ok(Change::Deleted) };
    let live = session.get(&target).await?;
    match (decide(live.as_ref(), owner), live) {
        (Verdict::Delete, Some(live)) => {
            let uid = object::uid(&live).unwrap_or_default();
            session.delete(&target, uid, Propagation::Background).await?;
            Ok(Change::Deleted)
        }
        (Verdict::Gone | Verdict::Delete, _) => Ok(Change::Deleted),
        (Verdict::Foreign | Verdict::Kept, _) => Ok(Change::Skipped),
    }
}

/// The address of an entry; `None` where its kind is certainly not served any more.
async fn target_of(session: &Session, entry: &Entry) -> Result<Option<Target>, Error> {
    let ObjectRef { group, kind, namespace, name } = &entry.reference;
    let gvk = GroupVersionKind::new(group, &entry.version, kind);
    match session.resource(&gvk).await {
        Ok(resource) => Ok(Some(Target::new(&resource, namespace, name))),
        Err(Error::NoMatch(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Waits until deleted objects are gone.
///
/// # Errors
/// The first object that still exists at the deadline, or could not be read.
pub async fn until_gone(session: &Session, deleted: &[Pruned]) -> Result<(), (Entry, Error)> {
    for pruned in deleted.iter().filter(|pruned| pruned.change == Change::Deleted) {
        let gone = async {
            match target_of(session, &pruned.entry).await? {
                Some(target) => wait::until_gone(session, &target, "").await,
                None => Ok(()),
            }
        };
        gone.await.map_err(|error| (pruned.entry.clone(), error))?;
    }
    Ok(())
}
