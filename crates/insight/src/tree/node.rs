//! What is kept of an object: as little as a tree needs.

use std::collections::BTreeMap;

use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use engine::inventory::Entry;
use engine::{Inventory, ObjectRef};
use jiff::Timestamp;
use value::Value;

use crate::health::{self, Health};
use crate::{Finding, Terms, diagnose};

/// An object that another one names as its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Which object; of its namespace, or of none.
    pub reference: ObjectRef,
    /// The version that was named.
    pub version: String,
    /// Its UID.
    pub uid: String,
}

/// A line about an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// What it is about: `Revision`.
    pub name: &'static str,
    /// `Rev:1`.
    pub value: String,
}

/// Who reaches whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// The labels of a Pod.
    pub labels: BTreeMap<String, String>,
    /// The labels that a Service selects.
    pub target_labels: BTreeMap<String, String>,
    /// The hosts and addresses of a load balancer.
    pub ingress: Vec<String>,
}

/// What a tree knows of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Which object.
    pub reference: ObjectRef,
    /// Its version.
    pub version: String,
    /// Its UID.
    pub uid: String,
    /// The version of what was read.
    pub resource_version: String,
    /// When it was created.
    pub created: String,
    /// Its owners.
    pub owners: Vec<Owner>,
    /// What it deployed, if it is a Flux object.
    pub deployed: Vec<Entry>,
    /// How it is, if its kind tells.
    pub health: Option<Health>,
    /// More about it.
    pub info: Vec<Info>,
    /// The images of a Pod.
    pub images: Vec<String>,
    /// For the kinds that traffic goes through.
    pub network: Option<Network>,
    /// What is wrong with it, in the terms of Flux.
    pub finding: Option<Finding>,
}

impl Node {
    /// What is kept of `object` as it is at `now`; `None` where apiVersion, kind, name or UID is missing.
    pub fn of(object: &Value, now: Timestamp) -> Option<Self> {
        let reference = ObjectRef::of(object)?;
        let is_flux = crate::is_flux(&reference.group);
        Some(Self {
            version: GroupVersionKind::of(object)?.version,
            uid: object::uid(object)?.to_owned(),
            resource_version: object::resource_version(object).unwrap_or_default().to_owned(),
            created: object.str_at(&["metadata", "creationTimestamp"]).unwrap_or_default().to_owned(),
            owners: owners(object, &reference),
            deployed: if is_flux { deployed(object) } else { Vec::new() },
            health: health::of_kind(object, now),
            info: info(object, &reference),
            images: if reference.kind == "Pod" { images(object) } else { Vec::new() },
            network: network(object, &reference),
            finding: diagnose([object], now, &Terms::FLUX).pop(),
            reference,
        })
    }
}

fn owners(object: &Value, of: &ObjectRef) -> Vec<Owner> {
    let list = object.at(&["metadata", "ownerReferences"]).and_then(Value::as_list).unwrap_or_default();
    let owner = |owner: &Value| {
        let (group, version) = match owner.str_at(&["apiVersion"])?.split_once('/') {
            Some((group, version)) => (group, version),
            None => ("", owner.str_at(&["apiVersion"])?),
        };
        let text = |field: &str| owner.str_at(&[field]).map(str::to_owned);
        let reference = ObjectRef {
            group: group.to_owned(),
            kind: text("kind")?,
            namespace: of.namespace.clone(),
            name: text("name")?,
        };
        Some(Owner { reference, version: version.to_owned(), uid: text("uid")? })
    };
    list.iter().filter_map(owner).collect()
}

/// What the inventory lists, unless it is about another cluster.
fn deployed(object: &Value) -> Vec<Entry> {
    if object.at(&["spec", "kubeConfig"]).is_some() {
        return Vec::new();
    }
    // An inventory that cannot be read is named by the object's own condition.
    Inventory::from_status(object.at(&["status", "inventory"]))
        .map(|inventory| inventory.entries)
        .unwrap_or_default()
}

fn info(object: &Value, reference: &ObjectRef) -> Vec<Info> {
    let revision = |value: String| vec![Info { name: "Revision", value }];
    match (reference.group.as_str(), reference.kind.as_str()) {
        ("", "Pod") => pod(object),
        ("apps", "Deployment" | "ReplicaSet") => {
            let number = object::annotation(object, "deployment.kubernetes.io/revision");
            number.map(|number| revision(format!("Rev:{number}"))).unwrap_or_default()
        }
        ("apps", "ControllerRevision") => {
            let number = object.get("revision").and_then(Value::as_i64);
            number.map(|number| revision(format!("Rev:{number}"))).unwrap_or_default()
        }
        (group, _) if crate::is_flux(group) => {
            let at = [&["status", "artifact", "revision"], &["status", "lastAppliedRevision"][..]];
            let found = at.iter().find_map(|path| object.str_at(path));
            found.map(|text| revision(short(text))).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// `main@sha1:8c4d6f0…` with seven digits of the commit.
fn short(revision: &str) -> String {
    match revision.split_once("sha1:") {
        Some((before, commit)) => {
            format!("{before}sha1:{}", commit.chars().take(7).collect::<String>())
        }
        None => revision.to_owned(),
    }
}

/// As `kubectl get pods` sums a Pod up.
fn pod(object: &Value) -> Vec<Info> {
    let list = |path: &[&str]| object.at(path).and_then(Value::as_list).unwrap_or_default();
    let statuses = list(&["status", "containerStatuses"]);
    let ready = statuses.iter().filter(|status| status.get("ready").and_then(Value::as_bool) == Some(true));
    let containers = format!("{}/{}", ready.count(), list(&["spec", "containers"]).len());
    let restarts: i64 =
        statuses.iter().filter_map(|status| status.get("restartCount").and_then(Value::as_i64)).sum();
    let mut lines = vec![Info { name: "Status Reason", value: pod_reason(object) }];
    let node = object.str_at(&["spec", "nodeName"]);
    lines.extend(node.map(|node| Info { name: "Node", value: node.to_owned() }));
    lines.push(Info { name: "Containers", value: containers });
    if restarts > 0 {
        lines.push(Info { name: "Restart Count", value: restarts.to_string() });
    }
    lines
}

/// The word of the first container that is not running, or the phase.
fn pod_reason(object: &Value) -> String {
    if object::deletion_timestamp(object).is_some() {
        return "Terminating".to_owned();
    }
    let lists = [("Init:", "initContainerStatuses"), ("", "containerStatuses")];
    for (prefix, list) in lists {
        let statuses = object.at(&["status", list]).and_then(Value::as_list).unwrap_or_default();
        for status in statuses {
            let waiting = status.str_at(&["state", "waiting", "reason"]);
            let terminated = status
                .str_at(&["state", "terminated", "reason"])
                .filter(|reason| prefix.is_empty() || *reason != "Completed");
            if let Some(reason) = waiting.filter(|reason| *reason != "PodInitializing").or(terminated) {
                return format!("{prefix}{reason}");
            }
        }
    }
    let text = |path: &[&str]| object.str_at(path).filter(|text| !text.is_empty());
    text(&["status", "reason"]).or_else(|| text(&["status", "phase"])).unwrap_or("Unknown").to_owned()
}

fn images(pod: &Value) -> Vec<String> {
    let containers = |field: &str| pod.at(&["spec", field]).and_then(Value::as_list).unwrap_or_default();
    let all = containers("initContainers").iter().chain(containers("containers"));
    let mut images: Vec<String> = Vec::new();
    for image in all.filter_map(|container| container.str_at(&["image"])) {
        if !images.iter().any(|known| known == image) {
            images.push(image.to_owned());
        }
    }
    images
}

fn network(object: &Value, reference: &ObjectRef) -> Option<Network> {
    let texts = |value: Option<&Value>| -> BTreeMap<String, String> {
        object::text_entries(value).map(|(key, text)| (key.to_owned(), text.to_owned())).collect()
    };
    let points = object.at(&["status", "loadBalancer", "ingress"]).and_then(Value::as_list);
    let ingress = points.unwrap_or_default().iter();
    let ingress = ingress.filter_map(|point| point.str_at(&["hostname"]).or_else(|| point.str_at(&["ip"])));
    let ingress: Vec<String> = ingress.map(str::to_owned).collect();
    match (reference.group.as_str(), reference.kind.as_str()) {
        ("", "Pod") => {
            Some(Network { labels: texts(object.at(&["metadata", "labels"])), ..Network::default() })
        }
        ("", "Service") => {
            let target_labels = texts(object.at(&["spec", "selector"]));
            Some(Network { target_labels, ingress, ..Network::default() })
        }
        ("networking.k8s.io", "Ingress") => Some(Network { ingress, ..Network::default() }),
        _ => None,
    }
}
