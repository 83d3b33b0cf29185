//! Trees as tabs have them, so that who comes back, or has just looked, is told only what differs.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use value::Value;

/// So many are kept; who comes back later asks for everything again.
const KEPT: usize = 64;

/// The nodes of a tree by key.
pub(crate) type Nodes = Arc<BTreeMap<String, Value>>;

/// The latest trees.
#[derive(Default)]
pub(crate) struct Snapshots(Mutex<VecDeque<(u64, String, Nodes)>>);

impl Snapshots {
    /// Keeps the tree of an Application as it is at a number.
    pub(crate) fn keep(&self, number: u64, application: &str, nodes: Nodes) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back((number, application.to_owned(), nodes));
        if kept.len() > KEPT {
            kept.pop_front();
        }
    }

    /// The tree of an Application as it was at a number.
    pub(crate) fn at(&self, number: u64, application: &str) -> Option<Nodes> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().rev().find(|(at, of, _)| *at == number && of == application);
        found.map(|(_, _, nodes)| nodes.clone())
    }
}
