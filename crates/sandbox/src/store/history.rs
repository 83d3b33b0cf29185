//! The last changes of a table.

use std::collections::VecDeque;
use std::sync::Arc;

use value::Value;

/// One write, as watchers learn of it.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// The revision of the write.
    pub(crate) revision: u64,
    /// The table that changed.
    pub(crate) table: Arc<str>,
    /// What happened.
    pub(crate) kind: ChangeKind,
    /// The object as written; of a removed one, its last state.
    pub(crate) object: Value,
    /// The object as it was before.
    pub(crate) before: Option<Value>,
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    /// It is there now.
    Added,
    /// It is different now.
    Modified,
    /// It is gone.
    Deleted,
}

/// The changes after that revision are no longer known completely.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Expired {
    /// The oldest revision after which everything is known.
    pub(crate) oldest: u64,
}

/// A bounded queue of changes.
pub(super) struct History {
    changes: VecDeque<Change>,
    limit: usize,
    /// Every change after this revision is in the queue.
    complete_after: u64,
}

impl History {
    pub(super) fn new(complete_after: u64, limit: usize) -> Self {
        Self { changes: VecDeque::new(), limit, complete_after }
    }

    pub(super) fn push(&mut self, change: Change) {
        self.changes.push_back(change);
        while self.changes.len() > self.limit {
            if let Some(forgotten) = self.changes.pop_front() {
                self.complete_after = forgotten.revision;
            }
        }
    }

    pub(super) fn after(&self, revision: u64) -> Result<Vec<Change>, Expired> {
        if revision < self.complete_after {
            return Err(Expired { oldest: self.complete_after });
        }
        let start = self.changes.partition_point(|change| change.revision <= revision);
        Ok(self.changes.range(start..).cloned().collect())
    }
}
