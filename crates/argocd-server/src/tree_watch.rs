//! Whether the tree of an Application may be another one.

use std::collections::HashSet;
use std::sync::Arc;

use apimachinery::object;
use cluster::live::Change;
use cluster::watch::Observation;
use engine::ObjectRef;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use value::Value;

use crate::control_plane::ControlPlane;
use crate::deployment::Deployment;
use crate::objects::Seen;

/// Listens to the changes of the cluster for one tree.
pub(crate) struct TreeWatch {
    application: ObjectRef,
    changes: Receiver<Change<Seen>>,
    applications: Receiver<Observation>,
    /// The objects of the tree, those that should be there too, and the UIDs that others may name as owners.
    objects: HashSet<ObjectRef>,
    uids: HashSet<String>,
    is_stale: bool,
}

impl TreeWatch {
    /// Listens from now on; the tree has yet to be looked at.
    pub(crate) fn new(control: &ControlPlane, application: ObjectRef) -> Self {
        Self {
            application,
            changes: control.objects.changes(),
            applications: control.changes(),
            objects: HashSet::new(),
            uids: HashSet::new(),
            is_stale: true,
        }
    }

    /// The Application as it is now.
    pub(crate) fn application(&self, control: &ControlPlane) -> Option<Value> {
        control.applications.get(&self.application.namespace, &self.application.name)
    }

    /// Waits for a change of the Application, or of its tree.
    pub(crate) async fn changed(&mut self) {
        while !self.is_stale {
            let outcome = tokio::select! {
                change = self.changes.recv() => change.map(|change| self.is_about(&change)),
                observation = self.applications.recv() => {
                    observation.map(|observation| self.is_own(&observation))
                }
            };
            match outcome {
                Ok(is_stale) => self.is_stale = is_stale,
                Err(RecvError::Lagged(_)) => self.is_stale = true,
                // The views have ended, and the server is about to.
                Err(RecvError::Closed) => std::future::pending::<()>().await,
            }
        }
    }

    /// It may not be as it was, for another reason.
    pub(crate) fn touch(&mut self) {
        self.is_stale = true;
    }

    /// Whether it has to be looked at. What changes from here on is heard of again.
    pub(crate) fn take(&mut self) -> bool {
        while !self.is_stale {
            match self.changes.try_recv() {
                Ok(change) => self.is_stale = self.is_about(&change),
                Err(TryRecvError::Lagged(_)) => self.is_stale = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        while !self.is_stale {
            match self.applications.try_recv() {
                Ok(observation) => self.is_stale = self.is_own(&observation),
                Err(TryRecvError::Lagged(_)) => self.is_stale = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        std::mem::take(&mut self.is_stale)
    }

    /// What the tree consists of now.
    pub(crate) fn remember(&mut self, application: &Value, deployment: &Deployment) {
        self.objects = deployment.tree.iter().map(|placed| placed.reference.clone()).collect();
        let nodes = deployment.tree.iter().filter_map(|placed| placed.node.as_ref());
        self.uids = nodes.map(|node| node.uid.clone()).collect();
        self.uids.extend(object::uid(application).map(str::to_owned));
    }

    fn is_about(&self, change: &Change<Seen>) -> bool {
        let is_owned = |seen: &Arc<Seen>| seen.node.owners.iter().any(|owner| self.uids.contains(&owner.uid));
        self.objects.contains(&change.reference) || change.now.as_ref().is_some_and(is_owned)
    }

    fn is_own(&self, observation: &Observation) -> bool {
        let (Observation::Changed { now: object, .. } | Observation::Gone(object)) = observation;
        ObjectRef::of(object).is_some_and(|reference| reference == self.application)
    }
}
