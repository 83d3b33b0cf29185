//! StatefulSets: Pods with an identity, made and replaced in order.

use apimachinery::object;
use value::{Map, Value};

use super::Outcome;
use super::client::{self, Builtins, MANAGER};
use super::events::{self, Event};
use super::history;
use super::owned::{self, is_ready, number};
use crate::api::Api;
use crate::status::Refusal;
use crate::store::Location;
use crate::verbs::delete::Propagation;

const REVISION: &str = "controller-revision-hash";

/// One turn of a StatefulSet.
struct Turn<'a> {
    api: &'a Api,
    builtins: &'a Builtins,
    set: &'a Value,
    /// The name of the revision of the present template.
    update: String,
    pods: Vec<Value>,
}

/// Makes, replaces or deletes Pods, one at a time unless told otherwise, and writes the status.
pub(super) fn reconcile(api: &Api, builtins: &Builtins, at: &Location) -> Outcome {
    let Some(set) = client::get(api, &builtins.stateful_sets, at) else { return Ok(None) };
    let current = set.str_at(&["status", "currentRevision"]).unwrap_or_default().to_owned();
    let label = ("controller.kubernetes.io/hash", &[current.clone()][..]);
    let revision = history::current(api, builtins, &set, label)?;
    let update = object::name(&revision).unwrap_or_default().to_owned();
    let pods = owned::claim(api, &builtins.pods, &set)?;
    let turn = Turn { api, builtins, set: &set, update, pods };
    if object::deletion_timestamp(&set).is_none() {
        turn.advance()?;
    }
    let pods = owned::claim(api, &builtins.pods, &set)?;
    let turn = Turn { pods, ..turn };
    let status = turn.status(&current);
    owned::write_status(api, &builtins.stateful_sets, &set, status)?;
    Ok(None)
}

impl Turn<'_> {
    fn replicas(&self) -> i64 {
        self.set.at(&["spec", "replicas"]).and_then(Value::as_i64).unwrap_or(1)
    }

    fn first(&self) -> i64 {
        number(self.set, &["spec", "ordinals", "start"])
    }

    fn name(&self, ordinal: i64) -> String {
        format!("{}-{ordinal}", object::name(self.set).unwrap_or_default())
    }

    fn pod(&self, ordinal: i64) -> Option<&Value> {
        let name = self.name(ordinal);
        self.pods.iter().find(|pod| object::name(pod) == Some(&name))
    }

    fn advance(&self) -> Result<(), Refusal> {
        let parallel = self.set.str_at(&["spec", "podManagementPolicy"]) == Some("Parallel");
        let ordinals = self.first()..self.first() + self.replicas();
        for ordinal in ordinals.clone() {
            match self.pod(ordinal) {
                None => {
                    self.create(ordinal)?;
                    if !parallel {
                        return Ok(());
                    }
                }
                Some(pod) if owned::is_over(pod) => {
                    client::delete(self.api, &self.builtins.pods, pod, Propagation::Background)?;
                    return Ok(());
                }
                Some(pod) if !parallel && (!is_ready(pod) || going(pod)) => return Ok(()),
                Some(_) => {}
            }
        }
        if self.scale_down(&ordinals, parallel)? {
            return Ok(());
        }
        self.replace(ordinals)
    }

    /// Deletes what is beyond the wanted number, the highest first; says whether there is any.
    fn scale_down(&self, ordinals: &std::ops::Range<i64>, parallel: bool) -> Result<bool, Refusal> {
        let mut surplus: Vec<(i64, &Value)> = self
            .pods
            .iter()
            .filter_map(|pod| Some((ordinal(pod)?, pod)))
            .filter(|(ordinal, _)| !ordinals.contains(ordinal))
            .collect();
        surplus.sort_by_key(|(ordinal, _)| std::cmp::Reverse(*ordinal));
        for (_, pod) in &surplus {
            if !going(pod) {
                self.delete(pod)?;
            }
            if !parallel {
                break;
            }
        }
        Ok(!surplus.is_empty())
    }

    /// Replaces a Pod of an older template, the highest first, when all are ready.
    fn replace(&self, ordinals: std::ops::Range<i64>) -> Result<(), Refusal> {
        if self.set.str_at(&["spec", "updateStrategy", "type"]) == Some("OnDelete") {
            return Ok(());
        }
        let partition = number(self.set, &["spec", "updateStrategy", "rollingUpdate", "partition"]);
        for ordinal in ordinals.rev() {
            let Some(pod) = self.pod(ordinal) else { return Ok(()) };
            if ordinal - self.first() >= partition && object::label(pod, REVISION) != Some(&self.update) {
                return if going(pod) { Ok(()) } else { self.delete(pod) };
            }
            if !is_ready(pod) || going(pod) {
                return Ok(());
            }
        }
        Ok(())
    }

    fn create(&self, ordinal: i64) -> Result<(), Refusal> {
        let name = self.name(ordinal);
        let set_name = object::name(self.set).unwrap_or_default();
        let template = self.set.at(&["spec", "template"]).cloned().unwrap_or_default();
        let mut pod = owned::pod(self.set, &template, Some(&name));
        for (key, text) in [
            (REVISION, self.update.as_str()),
            ("statefulset.kubernetes.io/pod-name", &name),
            ("apps.kubernetes.io/pod-index", &ordinal.to_string()),
        ] {
            pod.set_at(&["metadata", "labels", key], text);
        }
        pod.set_at(&["spec", "hostname"], name.as_str());
        if let Some(service) = self.set.str_at(&["spec", "serviceName"]).filter(|name| !name.is_empty()) {
            pod.set_at(&["spec", "subdomain"], service);
        }
        self.add_claims(&mut pod, &name)?;
        client::create(self.api, &self.builtins.pods, pod, MANAGER)?;
        self.tell("SuccessfulCreate", &format!("Create Pod {name} in StatefulSet {set_name} successful"))
    }

    /// A claim of its own for each template, kept when the Pod goes.
    fn add_claims(&self, pod: &mut Value, pod_name: &str) -> Result<(), Refusal> {
        let templates = self.set.at(&["spec", "volumeClaimTemplates"]).and_then(Value::as_list);
        let templates = templates.unwrap_or_default();
        if templates.is_empty() {
            return Ok(());
        }
        let namespace = object::namespace(self.set).unwrap_or_default();
        let mut volumes = pod.at(&["spec", "volumes"]).and_then(Value::as_list).unwrap_or_default().to_vec();
        for template in templates {
            let volume = object::name(template).unwrap_or_default();
            let claim = format!("{volume}-{pod_name}");
            let at = Location {
                table: self.builtins.claims.table.clone(),
                namespace: namespace.into(),
                name: claim.as_str().into(),
            };
            if client::get(self.api, &self.builtins.claims, &at).is_none() {
                let mut object = Value::map_of([("spec", template.get("spec").cloned().unwrap_or_default())]);
                object.set_at(&["metadata", "name"], claim.as_str());
                object.set_at(&["metadata", "namespace"], namespace);
                let labels = self.set.at(&["spec", "selector", "matchLabels"]).cloned();
                object.set_at(&["metadata", "labels"], labels.unwrap_or_else(Value::map));
                client::create(self.api, &self.builtins.claims, object, MANAGER)?;
            }
            volumes.retain(|other| other.str_at(&["name"]) != Some(volume));
            let mut mounted = Value::map_of([("name", volume)]);
            mounted.set_at(&["persistentVolumeClaim", "claimName"], claim);
            volumes.push(mounted);
        }
        pod.set_at(&["spec", "volumes"], volumes);
        Ok(())
    }

    fn delete(&self, pod: &Value) -> Result<(), Refusal> {
        client::delete(self.api, &self.builtins.pods, pod, Propagation::Background)?;
        let (pod, set) = (object::name(pod).unwrap_or_default(), object::name(self.set).unwrap_or_default());
        self.tell("SuccessfulDelete", &format!("Delete Pod {pod} in StatefulSet {set} successful"))
    }

    fn tell(&self, reason: &str, message: &str) -> Result<(), Refusal> {
        let event = Event { warning: false, reason, message, component: "statefulset-controller" };
        events::record(self.api, self.builtins, self.set, &event)
    }

    fn status(&self, current: &str) -> Value {
        let count = |test: &dyn Fn(&Value) -> bool| {
            i64::try_from(self.pods.iter().filter(|pod| test(pod)).count()).unwrap_or(i64::MAX)
        };
        let of = |pod: &Value, revision: &str| object::label(pod, REVISION) == Some(revision);
        let replicas = count(&|_| true);
        let ready = count(&|pod| is_ready(pod) && !going(pod));
        let updated = count(&|pod| of(pod, &self.update) && !going(pod));
        // The roll-out is over when every Pod is of the new revision and ready.
        let complete = updated == replicas && ready == replicas && replicas == self.replicas();
        let current = if complete || current.is_empty() { self.update.as_str() } else { current };
        let mut status = Map::from_iter([
            ("observedGeneration", Value::from(object::generation(self.set).unwrap_or(0))),
            ("replicas", replicas.into()),
            ("availableReplicas", ready.into()),
            ("collisionCount", 0.into()),
            ("currentRevision", current.into()),
            ("updateRevision", self.update.as_str().into()),
        ]);
        let of_current = count(&|pod| of(pod, current) && !going(pod));
        for (field, value) in
            [("readyReplicas", ready), ("updatedReplicas", updated), ("currentReplicas", of_current)]
        {
            if value > 0 {
                status.insert(field, value);
            }
        }
        status.into()
    }
}

fn going(pod: &Value) -> bool {
    object::deletion_timestamp(pod).is_some()
}

fn ordinal(pod: &Value) -> Option<i64> {
    object::name(pod)?.rsplit_once('-')?.1.parse().ok()
}
