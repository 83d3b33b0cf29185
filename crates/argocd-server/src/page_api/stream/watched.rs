//! The Application that a tab shows.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use apimachinery::object;
use cluster::live::Change;
use cluster::watch::Observation;
use engine::ObjectRef;
use insight::rows::object_of;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use value::Value;

use crate::authentication::Caller;
use crate::control_plane::ControlPlane;
use crate::deployment::Deployment;
use crate::objects::Seen;
use crate::page_api::application::head;
use crate::permit::sees;
use crate::snapshots::Nodes;

/// An Application and its tree, as the tab has them.
pub(super) struct Watched {
    pub(super) key: String,
    reference: ObjectRef,
    changes: Receiver<Change<Seen>>,
    applications: Receiver<Observation>,
    nodes: Nodes,
    head: Value,
    /// The objects of the tree, those that should be there too, and the UIDs that others may name as owners.
    objects: HashSet<ObjectRef>,
    uids: HashSet<String>,
    is_stale: bool,
}

/// What a tab is told of its Application.
pub(super) type Told = (&'static str, Value);

impl Watched {
    /// `None` where the key names no Application.
    pub(super) fn new(control: &ControlPlane, key: &str) -> Option<Self> {
        let reference = object_of(key).filter(|reference| reference.kind == "Application")?;
        Some(Self {
            key: key.to_owned(),
            reference,
            changes: control.objects.changes(),
            applications: control.changes(),
            nodes: Nodes::default(),
            head: Value::Null,
            objects: HashSet::new(),
            uids: HashSet::new(),
            is_stale: true,
        })
    }

    /// Takes it that the tab has the tree of an earlier moment; `false` where that is not known.
    pub(super) fn go_on(&mut self, control: &ControlPlane, number: u64) -> bool {
        let known = control.snapshots.at(number, &self.key);
        let is_known = known.is_some();
        self.nodes = known.unwrap_or_default();
        is_known
    }

    /// The tree that the tab has.
    pub(super) fn nodes(&self) -> Nodes {
        self.nodes.clone()
    }

    /// Waits for a change of the Application, or of its tree.
    pub(super) async fn changed(&mut self) {
        while !self.is_stale {
            let is_closed = tokio::select! {
                change = self.changes.recv() => match change {
                    Ok(change) => {
                        self.is_stale = self.is_about(&change);
                        false
                    }
                    Err(error) => self.missed(&error),
                },
                observation = self.applications.recv() => match observation {
                    Ok(observation) => {
                        self.is_stale = self.is_own(&observation);
                        false
                    }
                    Err(error) => self.missed(&error),
                },
            };
            if is_closed {
                // The views have ended, and the server is about to.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Whether there will be no more changes; otherwise some were missed.
    fn missed(&mut self, error: &RecvError) -> bool {
        self.is_stale = true;
        *error == RecvError::Closed
    }

    /// It may not be as the tab has it.
    pub(super) fn touch(&mut self) {
        self.is_stale = true;
    }

    /// What differs from what the tab has. `None` when the Application is gone, or may not be seen any more.
    pub(super) fn tell(&mut self, control: &ControlPlane, caller: &Caller) -> Option<Vec<Told>> {
        // First what is heard, then a look: what happens in between is told again.
        self.drain();
        let ObjectRef { namespace, name, .. } = &self.reference;
        let application = control.applications.get(namespace, name);
        let application = application.filter(|application| sees(control, caller, application))?;
        if !std::mem::take(&mut self.is_stale) {
            return Some(Vec::new());
        }
        let deployment = Deployment::of(control, &application);
        self.remember(&application, &deployment);
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

    /// What has come meanwhile is told with the rest.
    fn drain(&mut self) {
        loop {
            match self.changes.try_recv() {
                Ok(change) => self.is_stale |= self.is_about(&change),
                Err(TryRecvError::Lagged(_)) => self.is_stale = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        loop {
            match self.applications.try_recv() {
                Ok(observation) => self.is_stale |= self.is_own(&observation),
                Err(TryRecvError::Lagged(_)) => self.is_stale = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
    }

    fn is_own(&self, observation: &Observation) -> bool {
        let (Observation::Changed { now: object, .. } | Observation::Gone(object)) = observation;
        ObjectRef::of(object).is_some_and(|reference| reference == self.reference)
    }

    fn is_about(&self, change: &Change<Seen>) -> bool {
        let is_owned = |seen: &Arc<Seen>| seen.node.owners.iter().any(|owner| self.uids.contains(&owner.uid));
        self.objects.contains(&change.reference) || change.now.as_ref().is_some_and(is_owned)
    }

    fn remember(&mut self, application: &Value, deployment: &Deployment) {
        self.objects = deployment.tree.iter().map(|placed| placed.reference.clone()).collect();
        let nodes = deployment.tree.iter().filter_map(|placed| placed.node.as_ref());
        self.uids = nodes.map(|node| node.uid.clone()).collect();
        self.uids.extend(object::uid(application).map(str::to_owned));
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
