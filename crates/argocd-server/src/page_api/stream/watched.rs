//! The Application that a tab shows.

use std::collections::BTreeMap;
use std::sync::Arc;

use insight::rows::object_of;
use value::Value;

use crate::authentication::Caller;
use crate::control_plane::ControlPlane;
use crate::deployment::Deployment;
use crate::page_api::application::head;
use crate::permit::sees;
use crate::snapshots::Nodes;
use crate::tree_watch::TreeWatch;

/// An Application and its tree, as the tab has them.
pub(super) struct Watched {
    pub(super) key: String,
    watch: TreeWatch,
    nodes: Nodes,
    head: Value,
}

/// What a tab is told of its Application.
pub(super) type Told = (&'static str, Value);

impl Watched {
    /// `None` where the key names no Application.
    pub(super) fn new(control: &ControlPlane, key: &str) -> Option<Self> {
        let reference = object_of(key).filter(|reference| reference.kind == "Application")?;
        let watch = TreeWatch::new(control, reference);
        Some(Self { key: key.to_owned(), watch, nodes: Nodes::default(), head: Value::Null })
    }

    /// Takes it that the tab has the tree of an earlier moment; `false` where that is not known.
    pub(super) fn go_on(&mut self, control: &ControlPlane, number: u64) -> bool {
        let known = control.snapshots.at(number, &self.key);
        let is_known = known.is_some();
        self.nodes = known.unwrap_or_default();
        is_known
    }

    /// The tree that the tab has.
    pub(super) fn nodes(&self) -> &Nodes {
        &self.nodes
    }

    /// Waits for a change that may be about the tree.
    pub(super) async fn changed(&mut self) {
        self.watch.changed().await;
    }

    /// It may not be as the tab has it.
    pub(super) fn touch(&mut self) {
        self.watch.touch();
    }

    /// What differs from what the tab has. `None` when the Application is gone, or may not be seen any more.
    pub(super) fn tell(&mut self, control: &ControlPlane, caller: &Caller) -> Option<Vec<Told>> {
        let is_stale = self.watch.take();
        let application = self.watch.application(control);
        let application = application.filter(|application| sees(control, caller, application))?;
        if !is_stale {
            return Some(Vec::new());
        }
        let deployment = Deployment::of(control, &application);
        self.watch.remember(&application, &deployment);
        let mut told = Vec::new();
        let head = head(control, caller, &application, &deployment);
        if head != self.head {
            self.head = head.clone();
            told.push(("application", head));
        }
        let nodes: BTreeMap<String, Value> = deployment.nodes().into_iter().collect();
        if nodes != *self.nodes {
            told.push(("tree", difference(&self.nodes, &nodes)));
            self.nodes = Arc::new(nodes);
        }
        Some(told)
    }
}

fn difference(before: &BTreeMap<String, Value>, now: &BTreeMap<String, Value>) -> Value {
    let changed = now.iter().filter(|(key, node)| before.get(*key) != Some(node));
    let gone = before.keys().filter(|key| !now.contains_key(*key));
    Value::map_of([
        ("changed", Value::list_of(changed.map(|(_, node)| node.clone()))),
        ("gone", Value::list_of(gone.map(String::as_str))),
    ])
}
