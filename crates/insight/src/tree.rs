//! What an Application consists of: its Flux objects, what they deployed, and what that made in turn.
//!
//! Source of the rules: Argo CD 3.6, `controller/cache` and gitops-engine `pkg/cache`; what a Flux object deployed
//! is in its inventory.

mod node;

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::sync::Arc;

use engine::ObjectRef;
use engine::inventory::Entry;

pub use node::{Info, Network, Node, Owner};

/// No tree that people look at is nearly as large.
const MAX_NODES: usize = 100_000;

/// The objects of a cluster, as far as trees need them.
pub trait Graph {
    /// An object.
    fn get(&self, reference: &ObjectRef) -> Option<Arc<Node>>;
    /// The objects that name `node` as an owner.
    fn owned_by(&self, node: &Node) -> Vec<Arc<Node>>;
}

/// An object in a tree.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Which object.
    pub reference: ObjectRef,
    /// Its version; empty where nothing tells.
    pub version: String,
    /// The object; `None` where it should exist and does not.
    pub node: Option<Arc<Node>>,
    /// What it hangs from; none for a root.
    pub parents: BTreeSet<ObjectRef>,
}

/// The tree below `roots`. An object stands in it once, however many parents it has.
///
/// Objects come with roots first and parents before their children, each level sorted by reference.
pub fn tree(roots: &[Entry], graph: &impl Graph) -> Vec<Placed> {
    let mut growing = Growing::default();
    for root in roots {
        growing.add(root.reference.clone(), &root.version, None, graph);
    }
    while let Some(parent) = growing.queue.pop_front() {
        if growing.placed.len() >= MAX_NODES {
            break;
        }
        growing.descend(&parent, graph);
    }
    let mut placed = growing.placed;
    growing.order.iter().filter_map(|reference| placed.remove(reference)).collect()
}

#[derive(Default)]
struct Growing {
    placed: BTreeMap<ObjectRef, Placed>,
    order: Vec<ObjectRef>,
    queue: VecDeque<Arc<Node>>,
}

impl Growing {
    fn add(&mut self, reference: ObjectRef, version: &str, parent: Option<&ObjectRef>, graph: &impl Graph) {
        if let Some(known) = self.placed.get_mut(&reference) {
            known.parents.extend(parent.filter(|parent| **parent != reference).cloned());
            return;
        }
        let node = graph.get(&reference);
        let version = node.as_ref().map_or(version, |node| &node.version).to_owned();
        self.queue.extend(node.clone());
        self.order.push(reference.clone());
        let parents = parent.cloned().into_iter().collect();
        self.placed.insert(reference.clone(), Placed { reference, version, node, parents });
    }

    fn descend(&mut self, parent: &Arc<Node>, graph: &impl Graph) {
        for entry in &parent.deployed {
            self.add(entry.reference.clone(), &entry.version, Some(&parent.reference), graph);
        }
        let mut owned = graph.owned_by(parent);
        owned.sort_by(|a, b| a.reference.cmp(&b.reference));
        // What a Flux object deployed may own each other: then the nearer parent counts too.
        let mut seen = HashSet::new();
        for child in owned.iter().filter(|child| seen.insert(child.reference.clone())) {
            self.add(child.reference.clone(), &child.version, Some(&parent.reference), graph);
        }
    }
}

#[cfg(test)]
mod tests;
