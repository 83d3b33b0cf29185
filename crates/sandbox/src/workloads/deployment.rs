//! Deployments: ReplicaSets that take each other's place.

use apimachinery::object;
use value::Value;

use super::Outcome;
use super::client::{self, Builtins, MANAGER};
use super::events::{self, Event};
use super::owned::{self, Rounding, number, share};
use crate::api::Api;
use crate::status::Refusal;
use crate::store::Location;
use crate::verbs::delete::Propagation;

mod rollout;
mod status;

const REVISION: &str = "deployment.kubernetes.io/revision";
const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
const MAXIMUM: &str = "deployment.kubernetes.io/max-replicas";
const HASH: &str = "pod-template-hash";

/// What a Deployment's turn works with.
struct Turn<'a> {
    api: &'a Api,
    builtins: &'a Builtins,
    deployment: Value,
}

/// The ReplicaSets of a Deployment.
struct Sets {
    /// The one of the present template.
    new: Option<Value>,
    /// The others, oldest first.
    old: Vec<Value>,
}

/// Makes, scales and forgets ReplicaSets, and writes the status.
pub(super) fn reconcile(api: &Api, builtins: &Builtins, at: &Location) -> Outcome {
    let Some(deployment) = client::get(api, &builtins.deployments, at) else { return Ok(None) };
    let mut turn = Turn { api, builtins, deployment };
    let leaving = object::deletion_timestamp(&turn.deployment).is_some();
    let mut sets = turn.sets()?;
    let mut news = None;
    if !leaving {
        let paused = turn.deployment.at(&["spec", "paused"]) == Some(&Value::Bool(true));
        let recreates = turn.deployment.str_at(&["spec", "strategy", "type"]) == Some("Recreate");
        if !paused {
            if !(recreates && turn.old_pods_remain(&sets)?) {
                news = turn.ensure_new(&mut sets)?;
            }
            turn.set_revision(&sets)?;
        }
        if paused {
            turn.scale_all(&sets)?;
        } else if recreates {
            turn.recreate(&sets)?;
        } else {
            turn.roll(&sets)?;
        }
        turn.clean_up(&sets)?;
    }
    let sets = turn.sets()?;
    turn.write_status(&sets, news)
}

impl Turn<'_> {
    fn sets(&self) -> Result<Sets, Refusal> {
        let all = owned::claim(self.api, &self.builtins.replica_sets, &self.deployment)?;
        let template = self.deployment.at(&["spec", "template"]).cloned().unwrap_or_default();
        let mut sets = Sets { new: None, old: Vec::new() };
        for set in all {
            let mut own = set.at(&["spec", "template"]).cloned().unwrap_or_default();
            own.remove_at(&["metadata", "labels", HASH]);
            if sets.new.is_none() && own == template {
                sets.new = Some(set);
            } else {
                sets.old.push(set);
            }
        }
        Ok(sets)
    }

    fn replicas(&self) -> i64 {
        self.deployment.at(&["spec", "replicas"]).and_then(Value::as_i64).unwrap_or(1)
    }

    /// How many Pods may be there beyond, and missing from, the wanted number during a change.
    fn surge_and_unavailable(&self) -> (i64, i64) {
        if self.deployment.str_at(&["spec", "strategy", "type"]) == Some("Recreate") {
            return (0, 0);
        }
        let bound = |field: &str, rounding| {
            let value = self.deployment.at(&["spec", "strategy", "rollingUpdate", field]);
            value.and_then(|value| share(value, self.replicas(), rounding)).unwrap_or(0)
        };
        match (bound("maxSurge", Rounding::Up), bound("maxUnavailable", Rounding::Down)) {
            // Nothing could ever change.
            (0, 0) => (0, 1),
            bounds => bounds,
        }
    }

    fn set_annotations(&self, set: &mut Value) {
        let (surge, _) = self.surge_and_unavailable();
        set.set_at(&["metadata", "annotations", DESIRED], self.replicas().to_string());
        set.set_at(&["metadata", "annotations", MAXIMUM], (self.replicas() + surge).to_string());
    }

    /// Makes the ReplicaSet of the present template, or brings its annotations up to date. Says what it
    /// did as a reason and a message of the condition Progressing.
    fn ensure_new(&self, sets: &mut Sets) -> Result<Option<(&'static str, String)>, Refusal> {
        let revision = sets.old.iter().map(revision).max().unwrap_or(0) + 1;
        match &mut sets.new {
            Some(new) => {
                let mut next = new.clone();
                self.copy_annotations(&mut next);
                self.set_annotations(&mut next);
                if number_of(&next, REVISION) < revision {
                    next.set_at(&["metadata", "annotations", REVISION], revision.to_string());
                }
                if next != *new {
                    *new = client::update(self.api, &self.builtins.replica_sets, next, MANAGER)?;
                }
                Ok(None)
            }
            none => {
                let set = self.new_set(revision, &sets.old);
                let created = client::create(self.api, &self.builtins.replica_sets, set, MANAGER)?;
                let name = object::name(&created).unwrap_or_default().to_owned();
                let replicas = number(&created, &["spec", "replicas"]);
                if replicas > 0 {
                    self.tell(&format!("Scaled up replica set {name} from 0 to {replicas}"))?;
                }
                *none = Some(created);
                Ok(Some(("NewReplicaSetCreated", format!("Created new replica set \"{name}\""))))
            }
        }
    }

    fn copy_annotations(&self, set: &mut Value) {
        const OWN: [&str; 4] =
            ["kubectl.kubernetes.io/last-applied-configuration", REVISION, DESIRED, MAXIMUM];
        for (key, text) in object::annotations(&self.deployment).filter(|(key, _)| !OWN.contains(key)) {
            set.set_at(&["metadata", "annotations", key], text);
        }
    }

    fn new_set(&self, revision: i64, old: &[Value]) -> Value {
        let mut template = self.deployment.at(&["spec", "template"]).cloned().unwrap_or_default();
        let hash = owned::hash(&template, number(&self.deployment, &["status", "collisionCount"]));
        template.set_at(&["metadata", "labels", HASH], hash.as_str());
        let mut selector = self.deployment.at(&["spec", "selector"]).cloned().unwrap_or_default();
        selector.set_at(&["matchLabels", HASH], hash.as_str());
        let name = format!("{}-{hash}", object::name(&self.deployment).unwrap_or_default());
        let mut set = Value::map_of([("metadata", Value::map_of([("name", name)]))]);
        let labels = template.at(&["metadata", "labels"]).cloned().unwrap_or_default();
        set.set_at(&["metadata", "namespace"], object::namespace(&self.deployment).unwrap_or_default());
        set.set_at(&["metadata", "labels"], labels);
        set.set_at(&["metadata", "ownerReferences"], Value::list_of([owned::reference(&self.deployment)]));
        self.copy_annotations(&mut set);
        self.set_annotations(&mut set);
        set.set_at(&["metadata", "annotations", REVISION], revision.to_string());
        if let Some(seconds) = self.deployment.at(&["spec", "minReadySeconds"]) {
            set.set_at(&["spec", "minReadySeconds"], seconds.clone());
        }
        set.set_at(&["spec", "replicas"], self.room_for_new(0, old));
        set.set_at(&["spec", "selector"], selector);
        set.set_at(&["spec", "template"], template);
        set
    }

    /// The Deployment's revision is that of its present ReplicaSet. As the real controller, this goes in
    /// with the status.
    fn set_revision(&mut self, sets: &Sets) -> Result<(), Refusal> {
        let Some(new) = &sets.new else { return Ok(()) };
        let Some(revision) = object::annotation(new, REVISION) else { return Ok(()) };
        if object::annotation(&self.deployment, REVISION) == Some(revision) {
            return Ok(());
        }
        let mut next = self.deployment.clone();
        next.set_at(&["metadata", "annotations", REVISION], revision);
        self.deployment = client::update_status(self.api, &self.builtins.deployments, next, MANAGER)?;
        Ok(())
    }

    fn scale(&self, set: &Value, replicas: i64) -> Result<(), Refusal> {
        let before = number(set, &["spec", "replicas"]);
        let mut next = set.clone();
        next.set_at(&["spec", "replicas"], replicas);
        self.set_annotations(&mut next);
        if next == *set {
            return Ok(());
        }
        client::update(self.api, &self.builtins.replica_sets, next, MANAGER)?;
        if before == replicas {
            return Ok(());
        }
        let way = if replicas > before { "up" } else { "down" };
        let name = object::name(set).unwrap_or_default();
        self.tell(&format!("Scaled {way} replica set {name} from {before} to {replicas}"))
    }

    fn tell(&self, message: &str) -> Result<(), Refusal> {
        let component = "deployment-controller";
        let event = Event { warning: false, reason: "ScalingReplicaSet", message, component };
        events::record(self.api, self.builtins, &self.deployment, &event)
    }

    /// Forgets the oldest ReplicaSets that have no Pods, beyond `revisionHistoryLimit`.
    fn clean_up(&self, sets: &Sets) -> Result<(), Refusal> {
        let Some(limit) = self.deployment.at(&["spec", "revisionHistoryLimit"]).and_then(Value::as_i64)
        else {
            return Ok(());
        };
        let mut empty: Vec<&Value> = sets
            .old
            .iter()
            .filter(|set| {
                number(set, &["spec", "replicas"]) == 0
                    && number(set, &["status", "replicas"]) == 0
                    && object::deletion_timestamp(set).is_none()
            })
            .collect();
        empty.sort_by_key(|set| revision(set));
        let surplus = empty.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
        for set in &empty[..surplus] {
            client::delete(self.api, &self.builtins.replica_sets, set, Propagation::Background)?;
        }
        Ok(())
    }
}

fn number_of(set: &Value, annotation: &str) -> i64 {
    object::annotation(set, annotation).and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn revision(set: &Value) -> i64 {
    number_of(set, REVISION)
}
