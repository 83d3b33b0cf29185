//! What the server adds to requests, and what it refuses for the state that the cluster is in.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use apimachinery::object;
use apimachinery::schema::FieldError;
use value::Value;

use crate::api::Transaction;
use crate::kinds::Kind;
use crate::status::{self, Refusal};
use crate::verbs::Target;

mod pod;

/// The network of Services: 10.96.0.0/16.
const SERVICES: [u8; 2] = [10, 96];

/// A new object: its namespace must be there and stay, and it gets what only a server gives.
///
/// # Errors
/// The namespace is absent or terminating, or the kind itself is.
pub(crate) fn on_create(
    transaction: &Transaction<'_>,
    target: &Target,
    object: &mut Value,
) -> Result<(), Refusal> {
    let kind = &target.kind;
    if kind.namespaced {
        check_namespace(transaction, target, object)?;
    }
    if kind.custom.as_ref().is_some_and(|custom| custom.terminating) {
        let why = "create not allowed while custom resource definition is terminating";
        let message = format!("{} \"{}\": {why}", kind.resource(), name(object));
        return Err(status::Status::new(405, "MethodNotAllowed", message).into());
    }
    match (kind.gvk.group.as_str(), kind.gvk.kind.as_str()) {
        ("", "Namespace") => {
            let own_name = name(object).to_owned();
            object.set_at(&["metadata", "labels", "kubernetes.io/metadata.name"], own_name);
            object.set_at(&["spec", "finalizers"], Value::list_of(["kubernetes"]));
            object.set_at(&["status", "phase"], "Active");
        }
        ("", "Pod") => pod::on_create(transaction, object)?,
        ("", "Service") => object.set_at(&["status", "loadBalancer"], Value::map()),
        ("", "PersistentVolumeClaim") => {
            object.set_at(&["status", "phase"], "Pending");
            protect(object, "kubernetes.io/pvc-protection");
            choose_storage_class(transaction, object)?;
        }
        ("", "PersistentVolume") => {
            object.set_at(&["status", "phase"], "Pending");
            object.set_at(&["status", "lastPhaseTransitionTime"], transaction.api.now());
            protect(object, "kubernetes.io/pv-protection");
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => crate::crd::on_write(object),
        ("batch", "Job") => own_pods(object),
        _ => with_empty_status(kind, object),
    }
    Ok(())
}

/// A changed object.
///
/// # Errors
/// None today; the place where state refuses changes.
pub(crate) fn on_update(
    _transaction: &Transaction<'_>,
    target: &Target,
    _live: &Value,
    object: &mut Value,
) -> Result<(), Refusal> {
    if target.kind.is("", "Namespace") {
        // The label is the server's.
        let own_name = name(object).to_owned();
        object.set_at(&["metadata", "labels", "kubernetes.io/metadata.name"], own_name);
    }
    if target.kind.is("apiextensions.k8s.io", "CustomResourceDefinition") {
        crate::crd::on_write(object);
    }
    Ok(())
}

/// A claim that names no class gets the default one; the empty name means none.
fn choose_storage_class(transaction: &Transaction<'_>, claim: &mut Value) -> Result<(), Refusal> {
    if claim.at(&["spec", "storageClassName"]).is_some() {
        return Ok(());
    }
    let classes = transaction.api.builtin("storage.k8s.io/v1", "StorageClass")?;
    let is_default = |class: &&Value| {
        object::annotation(class, "storageclass.kubernetes.io/is-default-class") == Some("true")
    };
    let class = transaction.stored(&classes, None).find(is_default).and_then(object::name);
    if let Some(class) = class.map(str::to_owned) {
        claim.set_at(&["spec", "storageClassName"], class);
    }
    Ok(())
}

fn name(object: &Value) -> &str {
    object::name(object).unwrap_or_default()
}

fn check_namespace(transaction: &Transaction<'_>, target: &Target, object: &Value) -> Result<(), Refusal> {
    let namespaces = transaction.api.builtin("v1", "Namespace")?;
    let Some(namespace) = transaction.get(&namespaces, "", &target.namespace) else {
        return Err(status::not_found(namespaces.resource(), &target.namespace));
    };
    if object::deletion_timestamp(&namespace).is_some() {
        return Err(status::namespace_terminating(target.kind.resource(), name(object), &target.namespace));
    }
    Ok(())
}

/// A volume or claim stays until nobody uses it.
fn protect(object: &mut Value, finalizer: &str) {
    let mut finalizers: Vec<Value> = object::finalizers(object).map(Value::from).collect();
    if !finalizers.contains(&finalizer.into()) {
        finalizers.push(finalizer.into());
    }
    object.set_at(&["metadata", "finalizers"], finalizers);
}

/// The zero values that the real server shows in the status of a new object.
fn with_empty_status(kind: &Kind, object: &mut Value) {
    let numbers: &[&str] = match (kind.gvk.group.as_str(), kind.gvk.kind.as_str()) {
        _ if kind.custom.is_some() || !kind.has_status() => return,
        ("", "Node") => return,
        ("apps", "ReplicaSet") | ("", "ReplicationController") => &["replicas"],
        ("apps", "StatefulSet") => &["availableReplicas", "replicas"],
        ("apps", "DaemonSet") => {
            &["currentNumberScheduled", "desiredNumberScheduled", "numberMisscheduled", "numberReady"]
        }
        ("policy", "PodDisruptionBudget") => {
            &["currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods"]
        }
        ("autoscaling", "HorizontalPodAutoscaler") => &["desiredReplicas"],
        _ => &[],
    };
    object.set_at(&["status"], Value::map_of(numbers.iter().map(|field| (*field, 0))));
    match kind.gvk.kind.as_str() {
        "Ingress" => object.set_at(&["status", "loadBalancer"], Value::map()),
        "HorizontalPodAutoscaler" if kind.gvk.version == "v2" => {
            object.set_at(&["status", "currentMetrics"], Value::Null);
        }
        _ => {}
    }
}

/// A Job selects its Pods by its own UID, unless it says that it selects by hand.
fn own_pods(job: &mut Value) {
    job.set_at(&["status"], Value::map());
    if job.at(&["spec", "manualSelector"]).and_then(Value::as_bool) == Some(true) {
        return;
    }
    let uid = object::uid(job).unwrap_or_default().to_owned();
    let own_name = name(job).to_owned();
    let labels = [
        ("batch.kubernetes.io/controller-uid", uid.as_str()),
        ("batch.kubernetes.io/job-name", &own_name),
        ("controller-uid", &uid),
        ("job-name", &own_name),
    ];
    for (key, text) in labels {
        job.set_at(&["spec", "template", "metadata", "labels", key], text);
    }
    if job.at(&["metadata", "labels"]).is_none() {
        let labels = job.at(&["spec", "template", "metadata", "labels"]).cloned().unwrap_or_default();
        job.set_at(&["metadata", "labels"], labels);
    }
    let selector = Value::map_of([("batch.kubernetes.io/controller-uid", uid)]);
    job.set_at(&["spec", "selector"], Value::map_of([("matchLabels", selector)]));
}

/// Gives out what there is one of: addresses and ports of Services.
///
/// # Errors
/// An address that was asked for is taken or is none of ours.
pub(crate) fn allocate(
    transaction: &Transaction<'_>,
    target: &Target,
    object: &mut Value,
    live: Option<&Value>,
) -> Result<(), Refusal> {
    if !target.kind.is("", "Service") {
        return Ok(());
    }
    let r#type = object.str_at(&["spec", "type"]).unwrap_or("ClusterIP").to_owned();
    if r#type == "ExternalName" {
        return Ok(());
    }
    if let Some(live) = live {
        keep_allocated(live, object);
    }
    let others: Vec<&Value> = transaction
        .stored(&target.kind, None)
        .filter(|other| object::uid(other) != object::uid(object))
        .collect();
    let taken: BTreeSet<&str> =
        others.iter().filter_map(|other| other.str_at(&["spec", "clusterIP"])).collect();
    allocate_address(target, object, &taken)?;
    if matches!(r#type.as_str(), "NodePort" | "LoadBalancer") {
        allocate_ports(object, &others);
    }
    Ok(())
}

/// What a Service was given stays its own when an update does not name it.
fn keep_allocated(live: &Value, object: &mut Value) {
    for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort"] {
        let path = ["spec", field];
        let absent = object.at(&path).is_none_or(|value| value.is_null() || value.as_str() == Some(""));
        if let (true, Some(value)) = (absent, live.at(&path)) {
            object.set_at(&path, value.clone());
        }
    }
    let old = live.at(&["spec", "ports"]).and_then(Value::as_list).unwrap_or_default().to_vec();
    let mut ports = object.at(&["spec", "ports"]).and_then(Value::as_list).unwrap_or_default().to_vec();
    for port in ports.iter_mut().filter(|port| port.get("nodePort").is_none()) {
        let same = |other: &&Value| {
            other.get("port") == port.get("port") && other.get("protocol") == port.get("protocol")
        };
        if let Some(node_port) = old.iter().find(same).and_then(|other| other.get("nodePort")) {
            port.set_at(&["nodePort"], node_port.clone());
        }
    }
    if !ports.is_empty() {
        object.set_at(&["spec", "ports"], ports);
    }
}

fn allocate_address(target: &Target, object: &mut Value, taken: &BTreeSet<&str>) -> Result<(), Refusal> {
    let wanted = object.str_at(&["spec", "clusterIP"]).unwrap_or_default().to_owned();
    let address = match wanted.as_str() {
        "None" => wanted,
        "" => free_address(taken)
            .ok_or_else(|| status::internal("failed to allocate a serviceIP: range is full"))?,
        _ => {
            check_address(target, object, &wanted, taken)?;
            wanted
        }
    };
    object.set_at(&["spec", "clusterIPs"], Value::list_of([address.as_str()]));
    object.set_at(&["spec", "clusterIP"], address);
    // A headless Service without a selector is for whatever addresses somebody writes.
    let anything =
        object.str_at(&["spec", "clusterIP"]) == Some("None") && object.at(&["spec", "selector"]).is_none();
    let (families, policy) = if anything {
        (Value::list_of(["IPv4", "IPv6"]), "RequireDualStack")
    } else {
        (Value::list_of(["IPv4"]), "SingleStack")
    };
    for (field, value) in [("ipFamilies", families), ("ipFamilyPolicy", policy.into())] {
        if object.at(&["spec", field]).is_none() {
            object.set_at(&["spec", field], value);
        }
    }
    Ok(())
}

/// The first free address after those that a real server reserves for itself and for wishes.
fn free_address(taken: &BTreeSet<&str>) -> Option<String> {
    (256..u32::from(u16::MAX))
        .map(|host| {
            let [_, _, high, low] = host.to_be_bytes();
            Ipv4Addr::new(SERVICES[0], SERVICES[1], high, low).to_string()
        })
        .find(|address| !taken.contains(address.as_str()))
}

fn check_address(
    target: &Target,
    object: &Value,
    wanted: &str,
    taken: &BTreeSet<&str>,
) -> Result<(), Refusal> {
    let why = match wanted.parse::<Ipv4Addr>() {
        _ if taken.contains(wanted) => "provided IP is already allocated",
        Ok(address) if address.octets()[..2] == SERVICES => return Ok(()),
        _ => "the provided network does not match the current range",
    };
    let why = format!("failed to allocate IP {wanted}: {why}");
    let error = FieldError::invalid("spec.clusterIPs", &Value::list_of([wanted]), &why);
    Err(status::invalid(&target.kind.gvk.group_kind(), name(object), &[error]))
}

fn allocate_ports(object: &mut Value, others: &[&Value]) {
    let ports_of = |service: &Value| {
        let ports = service.at(&["spec", "ports"]).and_then(Value::as_list).unwrap_or_default().to_vec();
        ports.into_iter()
    };
    let mut taken: BTreeSet<i64> = others
        .iter()
        .flat_map(|other| ports_of(other))
        .chain(ports_of(object))
        .filter_map(|port| port.get("nodePort")?.as_i64())
        .collect();
    let ports: Vec<Value> = ports_of(object)
        .map(|mut port| {
            if port.get("nodePort").and_then(Value::as_i64).is_none_or(|number| number == 0)
                && let Some(free) = (30000..32768).find(|number| !taken.contains(number))
            {
                taken.insert(free);
                port.set_at(&["nodePort"], free);
            }
            port
        })
        .collect();
    object.set_at(&["spec", "ports"], ports);
}
