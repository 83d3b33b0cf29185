//! What the API knows of all objects of the cluster: enough for trees, and Flux objects whole.

use std::sync::Arc;
use std::time::Duration;

use apimachinery::clock::Clock;
use apimachinery::gvk::GroupVersionKind;
use cluster::Cluster;
use cluster::live::{Change, Live};
use engine::ObjectRef;
use insight::rows::is_flux_row;
use insight::tree::{Graph, Node};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;
use value::Value;

use crate::list::List;

/// What does not come in this time is not waited for at the start, and shown when it comes.
const FIRST_LOOK: Duration = Duration::from_secs(10);
/// Kinds that belong to no tree and change all the time; upstream leaves them out as well.
const UNWATCHED: [(&str, &str); 6] = [
    ("", "Event"),
    ("events.k8s.io", "Event"),
    ("coordination.k8s.io", "Lease"),
    ("", "Endpoints"),
    ("discovery.k8s.io", "EndpointSlice"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
];

/// What is kept of an object.
#[derive(Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) node: Arc<Node>,
    /// The whole object, of Flux objects only.
    pub(crate) flux: Option<Value>,
}

/// All objects. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Objects(Live<Seen>);

impl Objects {
    /// Begins to watch; Flux objects become rows of the list.
    pub(crate) async fn start(
        cluster: &Cluster,
        clock: Arc<dyn Clock>,
        list: Arc<List>,
        stop: &CancellationToken,
    ) -> Self {
        let wants = |gvk: &GroupVersionKind| !UNWATCHED.contains(&(gvk.group.as_str(), gvk.kind.as_str()));
        let reduce = move |object: &Value| {
            let node = Arc::new(Node::of(object, clock.now())?);
            let is_flux = is_flux_row(&node.reference.group, &node.reference.kind);
            Some(Seen { node, flux: is_flux.then(|| object.clone()) })
        };
        let objects = Self(Live::start(cluster.clone(), wants, reduce, stop));
        let changes = objects.changes();
        if tokio::time::timeout(FIRST_LOOK, objects.0.synced()).await.is_err() {
            tracing::warn!("not all kinds were listed in time; their objects are shown when they are");
        }
        objects.look(&list);
        tokio::spawn(objects.clone().pass_on(changes, list));
        objects
    }

    pub(crate) fn get(&self, reference: &ObjectRef) -> Option<Arc<Seen>> {
        self.0.get(reference)
    }

    /// Changes from now on.
    pub(crate) fn changes(&self) -> Receiver<Change<Seen>> {
        self.0.changes()
    }

    async fn pass_on(self, mut changes: Receiver<Change<Seen>>, list: Arc<List>) {
        loop {
            match changes.recv().await {
                Ok(change) => self.follow(&list, &change.reference),
                Err(RecvError::Lagged(_)) => self.look(&list),
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Makes the list agree with all Flux objects.
    fn look(&self, list: &List) {
        let known: Vec<ObjectRef> = list.flux_objects();
        let found = self.0.select(|reference| is_flux_row(&reference.group, &reference.kind));
        let found = found.iter().map(|seen| &seen.node.reference);
        known.iter().chain(found).for_each(|reference| self.follow(list, reference));
    }

    fn follow(&self, list: &List, reference: &ObjectRef) {
        if is_flux_row(&reference.group, &reference.kind) {
            list.follow(reference, || self.get(reference)?.flux.clone());
        }
    }
}

impl Graph for Objects {
    fn get(&self, reference: &ObjectRef) -> Option<Arc<Node>> {
        self.0.get(reference).map(|seen| seen.node.clone())
    }

    fn owned_by(&self, node: &Node) -> Vec<Arc<Node>> {
        self.0.owned_by(&node.uid).iter().map(|seen| seen.node.clone()).collect()
    }
}
