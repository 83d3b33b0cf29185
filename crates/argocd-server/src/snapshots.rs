//! Trees as tabs have them, so that who comes back, or has just looked, is told only what differs.

use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use value::Value;

/// So many are kept of tabs that have gone; who comes back later asks for everything again.
const KEPT: usize = 64;
/// What a tab was told last may not have arrived as a whole, so the tree before that counts, too.
const OF_A_TAB: usize = 2;

/// The nodes of a tree by key.
pub(crate) type Nodes = Arc<BTreeMap<String, Value>>;

/// The tree of an Application as it was at all of these numbers.
struct Snapshot {
    numbers: RangeInclusive<u64>,
    application: String,
    nodes: Nodes,
}

/// The latest trees.
#[derive(Default)]
pub(crate) struct Snapshots(Mutex<State>);

#[derive(Default)]
struct State {
    kept: VecDeque<Snapshot>,
    /// By the number of the tab: its connection may be broken, and nobody has noticed yet.
    tabs: BTreeMap<u64, VecDeque<Snapshot>>,
    tabs_made: u64,
}

impl State {
    fn keep(&mut self, snapshot: Snapshot) {
        self.kept.push_back(snapshot);
        if self.kept.len() > KEPT {
            self.kept.pop_front();
        }
    }
}

impl Snapshots {
    /// Keeps the tree of an Application as it is at a number.
    pub(crate) fn keep(&self, number: u64, application: &str, nodes: Nodes) {
        let (numbers, application) = (number..=number, application.to_owned());
        self.state().keep(Snapshot { numbers, application, nodes });
    }

    /// A number for a tab that begins.
    pub(crate) fn enter(&self) -> u64 {
        let mut state = self.state();
        state.tabs_made += 1;
        state.tabs_made
    }

    /// What a tab has now, at a number.
    pub(crate) fn follow(&self, tab: u64, number: u64, application: &str, nodes: &Nodes) {
        let mut state = self.state();
        let trees = state.tabs.entry(tab).or_default();
        match trees.back_mut() {
            Some(last) if Arc::ptr_eq(&last.nodes, nodes) => {
                last.numbers = *last.numbers.start()..=number;
            }
            _ => {
                let (numbers, application) = (number..=number, application.to_owned());
                trees.push_back(Snapshot { numbers, application, nodes: nodes.clone() });
            }
        }
        if trees.len() > OF_A_TAB {
            trees.pop_front();
        }
    }

    /// A tab has gone, and may come back.
    pub(crate) fn leave(&self, tab: u64) {
        let mut state = self.state();
        for snapshot in state.tabs.remove(&tab).unwrap_or_default() {
            state.keep(snapshot);
        }
    }

    /// The tree of an Application as it was at a number.
    pub(crate) fn at(&self, number: u64, application: &str) -> Option<Nodes> {
        let state = self.state();
        let mut all = state.kept.iter().rev().chain(state.tabs.values().flatten());
        let is_it = |known: &&Snapshot| known.application == application && known.numbers.contains(&number);
        all.find(is_it).map(|known| known.nodes.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(name: &str) -> Nodes {
        Arc::new(BTreeMap::from([(name.to_owned(), Value::map())]))
    }

    #[test]
    fn what_a_tab_had_is_known_before_and_after_it_has_gone() {
        let snapshots = Snapshots::default();
        let (tab, other) = (snapshots.enter(), snapshots.enter());
        let (first, second, third) = (tree("first"), tree("second"), tree("third"));
        snapshots.follow(tab, 3, "shop", &first);
        // Something else has changed meanwhile.
        snapshots.follow(tab, 9, "shop", &first);
        snapshots.follow(tab, 12, "shop", &second);
        snapshots.follow(other, 12, "api", &third);
        let known =
            |number| snapshots.at(number, "shop").map(|nodes| nodes.keys().cloned().collect::<String>());
        for _ in 0..2 {
            assert_eq!(known(3).as_deref(), Some("first"));
            assert_eq!(known(7).as_deref(), Some("first"));
            assert_eq!(known(12).as_deref(), Some("second"));
            assert_eq!(known(10), None, "nobody was told of this number");
            snapshots.leave(tab);
        }
        snapshots.follow(other, 13, "api", &first);
        snapshots.follow(other, 14, "api", &second);
        assert!(snapshots.at(12, "api").is_none(), "the last two count");
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let snapshots = Snapshots::default();
        for number in 0..=64 {
            snapshots.keep(number, "shop", tree("x"));
        }
        assert!(snapshots.at(0, "shop").is_none() && snapshots.at(1, "shop").is_some());
    }
}
