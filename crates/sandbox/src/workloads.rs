//! The controllers of the simulated cluster.
//!
//! One task reads the store's feed of changes, turns each change into the keys that it concerns, and
//! brings one key after the other forward. A controller is a function from a key to the writes that its
//! object needs now and the time when it wants to look again; nothing polls. All writes go through the
//! API's verbs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use apimachinery::object;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use value::Value;

mod autoscaler;
mod balancer;
mod bootstrap;
mod client;
mod cluster_defaults;
mod daemon_set;
mod deployment;
mod disruption;
mod endpoints;
mod events;
mod garbage;
mod history;
mod job;
mod namespace;
mod node;
mod owned;
mod replica_set;
mod scheduler;
mod stateful_set;
mod volumes;

pub(crate) use bootstrap::bootstrap;

use crate::api::{Api, DEFINITIONS};
use crate::config::Timing;
use crate::crd;
use crate::kinds::Kind;
use crate::status::Refusal;
use crate::store::{Change, ChangeKind, Location};
use client::Builtins;

/// How soon a key that failed is tried again.
const RETRY: Duration = Duration::from_secs(2);
/// After so many keys other tasks get their turn.
const BATCH: usize = 32;

/// What a controller says of a key: when to look again, if not only after a change.
type Outcome = Result<Option<Duration>, Refusal>;

/// The controllers, in the order in which they take their turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Controller {
    Definition,
    ClusterDefaults,
    Garbage,
    Deployment,
    ReplicaSet,
    StatefulSet,
    DaemonSet,
    Job,
    Autoscaler,
    Disruption,
    Balancer,
    Volumes,
    Scheduler,
    Node,
    Endpoints,
    Namespace,
    Events,
}

/// An object that a controller is to look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Key {
    controller: Controller,
    location: Location,
}

/// All controllers of one sandbox.
pub(crate) struct Controllers {
    api: Arc<Api>,
    builtins: Builtins,
    timing: Timing,
    feed: mpsc::UnboundedReceiver<Change>,
    queue: BTreeSet<Key>,
    timers: BTreeMap<(Instant, u64), Key>,
    /// The timer of each key that has one.
    due: HashMap<Key, (Instant, u64)>,
    timers_made: u64,
    node: node::Node,
}

impl Controllers {
    /// The controllers of an API, with everything that is there to look at.
    ///
    /// # Errors
    /// A built-in kind is missing, which is a mistake in the program.
    pub(crate) fn new(api: Arc<Api>, timing: Timing) -> Result<Self, Refusal> {
        let builtins = Builtins::new(&api)?;
        let mut controllers = Self {
            feed: api.store.feed(),
            api,
            builtins,
            timing,
            queue: BTreeSet::new(),
            timers: BTreeMap::new(),
            due: HashMap::new(),
            timers_made: 0,
            node: node::Node::new(),
        };
        controllers.look_at_everything();
        Ok(controllers)
    }

    fn look_at_everything(&mut self) {
        let everything: Vec<(Location, Value)> = self.api.begin().writer().everything().collect();
        for (location, object) in everything {
            self.route(&location, &object, ChangeKind::Added);
        }
    }

    /// Works until told to stop, or until a simulated crash.
    pub(crate) async fn run(mut self, stop: CancellationToken, crash: CancellationToken) {
        loop {
            while let Ok(change) = self.feed.try_recv() {
                self.take(change);
            }
            self.wake();
            if !self.work() {
                crash.cancel();
                return;
            }
            if !self.queue.is_empty() || !self.feed.is_empty() {
                // Clients are served between two batches.
                tokio::task::yield_now().await;
                if stop.is_cancelled() {
                    return;
                }
                continue;
            }
            let next = self.timers.first_key_value().map(|((due, _), _)| *due);
            tokio::select! {
                () = stop.cancelled() => return,
                () = crash.cancelled() => return,
                change = self.feed.recv() => match change {
                    Some(change) => self.take(change),
                    None => return,
                },
                () = sleep_until(next) => {}
            }
        }
    }

    fn take(&mut self, change: Change) {
        let location = Location {
            table: change.table,
            namespace: object::namespace(&change.object).unwrap_or_default().into(),
            name: object::name(&change.object).unwrap_or_default().into(),
        };
        if let Some(before) = &change.before {
            self.route_owners(&location, before);
        }
        self.route(&location, &change.object, change.kind);
    }

    /// Puts the keys whose time has come into the queue.
    fn wake(&mut self) {
        let now = Instant::now();
        while let Some(entry) = self.timers.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let key = entry.remove();
            self.due.remove(&key);
            self.queue.insert(key);
        }
    }

    /// Brings some keys forward; `false` after a simulated crash.
    fn work(&mut self) -> bool {
        for _ in 0..BATCH {
            let Some(key) = self.queue.pop_first() else { break };
            match self.reconcile(&key) {
                Ok(None) => self.set_timer(&key, None),
                Ok(Some(after)) => self.set_timer(&key, Some(after)),
                Err(Refusal::Crashed) => return false,
                Err(refusal) => {
                    tracing::debug!(?key, %refusal, "a controller of the sandbox tries again");
                    self.set_timer(&key, Some(RETRY));
                }
            }
        }
        true
    }

    fn set_timer(&mut self, key: &Key, after: Option<Duration>) {
        if let Some(old) = self.due.remove(key) {
            self.timers.remove(&old);
        }
        if let Some(after) = after {
            self.timers_made += 1;
            let due = (Instant::now() + after, self.timers_made);
            self.timers.insert(due, key.clone());
            self.due.insert(key.clone(), due);
        }
    }

    fn reconcile(&mut self, key: &Key) -> Outcome {
        let (api, builtins) = (&*self.api, &self.builtins);
        let at = &key.location;
        match key.controller {
            Controller::Definition => crd::reconcile(api, &at.name).map(|()| None),
            Controller::ClusterDefaults => cluster_defaults::reconcile(api, builtins, &at.name),
            Controller::Garbage => garbage::reconcile(api, at),
            Controller::Deployment => deployment::reconcile(api, builtins, at),
            Controller::ReplicaSet => replica_set::reconcile(api, builtins, at),
            Controller::StatefulSet => stateful_set::reconcile(api, builtins, at),
            Controller::DaemonSet => daemon_set::reconcile(api, builtins, at),
            Controller::Job => job::reconcile(api, builtins, at),
            Controller::Autoscaler => autoscaler::reconcile(api, builtins, at),
            Controller::Disruption => disruption::reconcile(api, builtins, at),
            Controller::Balancer => balancer::reconcile(api, builtins, at),
            Controller::Volumes => volumes::reconcile(api, builtins, at),
            Controller::Scheduler => scheduler::reconcile(api, builtins, at),
            Controller::Node => self.node.reconcile(api, builtins, &self.timing, at),
            Controller::Endpoints => endpoints::reconcile(api, builtins, at),
            Controller::Namespace => namespace::reconcile(api, builtins, &at.name),
            Controller::Events => events::expire(api, builtins, at, self.timing.keep_events),
        }
    }

    fn look(&mut self, controller: Controller, location: &Location) {
        self.queue.insert(Key { controller, location: location.clone() });
    }

    /// Which controllers a change concerns.
    fn route(&mut self, at: &Location, object: &Value, kind: ChangeKind) {
        match &*at.table {
            DEFINITIONS => self.look(Controller::Definition, at),
            "namespaces" => {
                self.look(Controller::ClusterDefaults, at);
                self.look(Controller::Namespace, at);
            }
            "configmaps" | "serviceaccounts" => {
                let namespace = Location::cluster_scoped("namespaces", &at.namespace);
                self.look(Controller::ClusterDefaults, &namespace);
            }
            "deployments.apps" => self.look(Controller::Deployment, at),
            "replicasets.apps" => self.look(Controller::ReplicaSet, at),
            "statefulsets.apps" => self.look(Controller::StatefulSet, at),
            "daemonsets.apps" => self.look(Controller::DaemonSet, at),
            "jobs.batch" => self.look(Controller::Job, at),
            "horizontalpodautoscalers.autoscaling" => self.look(Controller::Autoscaler, at),
            "poddisruptionbudgets.policy" => self.look(Controller::Disruption, at),
            "pods" => self.route_pod(at, kind),
            "services" => {
                self.look(Controller::Endpoints, at);
                self.look(Controller::Balancer, at);
            }
            "ingresses.networking.k8s.io" => self.look(Controller::Balancer, at),
            "nodes" => self.route_node(),
            "persistentvolumeclaims" | "persistentvolumes" => self.look(Controller::Volumes, at),
            "events" => self.look(Controller::Events, at),
            _ => {}
        }
        self.route_owners(at, object);
        self.route_deletion(at, object, kind);
    }

    fn route_pod(&mut self, at: &Location, kind: ChangeKind) {
        if kind == ChangeKind::Deleted {
            self.look(Controller::Node, at);
        } else {
            self.look(Controller::Scheduler, at);
            self.look(Controller::Node, at);
        }
        if kind == ChangeKind::Deleted {
            self.look_at_claims(at);
        }
        self.look_at_all(Controller::Endpoints, &self.builtins.services.clone(), &at.namespace);
        self.look_at_all(Controller::Disruption, &self.builtins.budgets.clone(), &at.namespace);
    }

    /// Looks at what may select a Pod of the namespace.
    fn look_at_all(&mut self, controller: Controller, kind: &Kind, namespace: &str) {
        let found: Vec<Location> = {
            let transaction = self.api.begin();
            let found = transaction.stored(kind, Some(namespace));
            found.filter_map(|object| Location::of(&kind.table, object)).collect()
        };
        for location in &found {
            self.look(controller, location);
        }
    }

    /// Claims that are to go wait for the Pods that use them.
    fn look_at_claims(&mut self, at: &Location) {
        let table = self.builtins.claims.table.clone();
        let claims: Vec<Location> = {
            let transaction = self.api.begin();
            let claims = transaction.stored(&self.builtins.claims, Some(&at.namespace));
            let going = claims.filter(|claim| object::deletion_timestamp(claim).is_some());
            going.filter_map(|claim| Location::of(&table, claim)).collect()
        };
        for claim in &claims {
            self.look(Controller::Volumes, claim);
        }
    }

    /// A node that came or changed may take Pods that nobody took.
    fn route_node(&mut self) {
        let found: Vec<(Controller, Location)> = {
            let transaction = self.api.begin();
            let pods = transaction
                .stored(&self.builtins.pods, None)
                .filter(|pod| pod.str_at(&["spec", "nodeName"]).is_none())
                .filter_map(|pod| Some((Controller::Scheduler, Location::of("pods", pod)?)));
            let sets = transaction
                .stored(&self.builtins.daemon_sets, None)
                .filter_map(|set| Some((Controller::DaemonSet, Location::of("daemonsets.apps", set)?)));
            pods.chain(sets).collect()
        };
        for (controller, location) in found {
            self.look(controller, &location);
        }
    }

    /// Owners look at what became of theirs.
    fn route_owners(&mut self, at: &Location, object: &Value) {
        for owner in object::owner_references(object) {
            let name = owner.str_at(&["name"]).unwrap_or_default();
            let (controller, table) = match owner.str_at(&["kind"]).unwrap_or_default() {
                "Deployment" => (Controller::Deployment, "deployments.apps"),
                "ReplicaSet" => (Controller::ReplicaSet, "replicasets.apps"),
                "StatefulSet" => (Controller::StatefulSet, "statefulsets.apps"),
                "DaemonSet" => (Controller::DaemonSet, "daemonsets.apps"),
                "Job" => (Controller::Job, "jobs.batch"),
                "Service" => (Controller::Endpoints, "services"),
                _ => continue,
            };
            let owner = Location { table: table.into(), namespace: at.namespace.clone(), name: name.into() };
            self.look(controller, &owner);
        }
    }

    fn route_deletion(&mut self, at: &Location, object: &Value, kind: ChangeKind) {
        let marked = object::deletion_timestamp(object).is_some();
        let owners = object::owner_references(object);
        if kind != ChangeKind::Deleted && (marked || !owners.is_empty()) {
            self.look(Controller::Garbage, at);
        }
        if kind != ChangeKind::Deleted {
            return;
        }
        let (dependents, owners) = {
            let transaction = self.api.begin();
            let writer = transaction.writer();
            let uids = owners.iter().filter_map(|owner| owner.str_at(&["uid"]));
            let owners: Vec<Location> = uids.filter_map(|uid| writer.location(uid).cloned()).collect();
            (writer.dependents(object::uid(object).unwrap_or_default()), owners)
        };
        for location in dependents.iter().chain(&owners) {
            self.look(Controller::Garbage, location);
        }
        if !at.namespace.is_empty() {
            self.look(Controller::Namespace, &Location::cluster_scoped("namespaces", &at.namespace));
        }
        let definition = &*at.table;
        if !self.api.kinds().of_definition(definition).is_empty() {
            self.look(Controller::Definition, &Location::cluster_scoped(DEFINITIONS, definition));
        }
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
