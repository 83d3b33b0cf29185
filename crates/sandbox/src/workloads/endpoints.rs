//! Endpoints and EndpointSlices: which Pods are behind a Service.

use apimachinery::object;
use value::{Map, Value};

use super::Outcome;
use super::client::{self, Builtins, MANAGER};
use super::owned::{self, is_over, is_ready};
use crate::api::Api;
use crate::status::Refusal;
use crate::store::Location;
use crate::verbs::delete::Propagation;

const SERVICE_NAME: &str = "kubernetes.io/service-name";
const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";

/// Writes what is behind a Service that has a selector.
pub(super) fn reconcile(api: &Api, builtins: &Builtins, at: &Location) -> Outcome {
    let Some(service) = client::get(api, &builtins.services, at) else {
        // The slices are the Service's own, and garbage now.
        if let Some(endpoints) = client::get(api, &builtins.endpoints, at) {
            client::delete(api, &builtins.endpoints, &endpoints, Propagation::Background)?;
        }
        return Ok(None);
    };
    let selector = object::text_entries(service.at(&["spec", "selector"]));
    let selector: Vec<(&str, &str)> = selector.collect();
    if selector.is_empty() || object::deletion_timestamp(&service).is_some() {
        return Ok(None);
    }
    let selects = |pod: &Value| selector.iter().all(|(key, text)| object::label(pod, key) == Some(text));
    let pods: Vec<Value> = client::list(api, &builtins.pods, &at.namespace)
        .into_iter()
        .filter(|pod| selects(pod) && !is_over(pod))
        .filter(|pod| pod.str_at(&["status", "podIP"]).is_some())
        .collect();
    write_endpoints(api, builtins, &service, (&pods, at))?;
    write_slice(api, builtins, &service, &pods)?;
    Ok(None)
}

fn target(pod: &Value) -> Value {
    let text = |key: &str| pod.str_at(&["metadata", key]).unwrap_or_default().to_owned();
    Value::map_of([
        ("kind", "Pod"),
        ("name", &text("name")),
        ("namespace", &text("namespace")),
        ("uid", &text("uid")),
    ])
}

fn labels(service: &Value) -> Map {
    service.at(&["metadata", "labels"]).and_then(Value::as_map).cloned().unwrap_or_default()
}

/// The ports as the Pods have them: a named target port is looked up.
fn ports(service: &Value, pods: &[Value], keep_empty_name: bool) -> Vec<Value> {
    let ports = service.at(&["spec", "ports"]).and_then(Value::as_list).unwrap_or_default();
    ports.iter().filter_map(|port| endpoint_port(port, pods, keep_empty_name)).collect()
}

fn endpoint_port(port: &Value, pods: &[Value], keep_empty_name: bool) -> Option<Value> {
    let number = match port.get("targetPort") {
        Some(Value::String(name)) => named_port(pods.first()?, name)?,
        Some(Value::Int(number)) if *number != 0 => Value::Int(*number),
        _ => port.get("port")?.clone(),
    };
    let protocol = port.str_at(&["protocol"]).unwrap_or("TCP");
    let mut found = Map::from_iter([("port", number), ("protocol", protocol.into())]);
    let name = port.str_at(&["name"]).unwrap_or_default();
    if keep_empty_name || !name.is_empty() {
        found.insert("name", name);
    }
    if let Some(protocol) = port.get("appProtocol") {
        found.insert("appProtocol", protocol.clone());
    }
    Some(found.into())
}

fn named_port(pod: &Value, name: &str) -> Option<Value> {
    let containers = pod.at(&["spec", "containers"])?.as_list()?;
    let mut ports = containers
        .iter()
        .flat_map(|container| container.at(&["ports"]).and_then(Value::as_list).unwrap_or_default());
    ports.find(|port| port.str_at(&["name"]) == Some(name))?.get("containerPort").cloned()
}

fn write_endpoints(
    api: &Api,
    builtins: &Builtins,
    service: &Value,
    (pods, at): (&[Value], &Location),
) -> Result<(), Refusal> {
    let address = |pod: &Value| {
        let mut address = Map::from_iter([
            ("ip", Value::from(pod.str_at(&["status", "podIP"]).unwrap_or_default())),
            ("targetRef", target(pod)),
        ]);
        if let Some(node) = pod.at(&["spec", "nodeName"]) {
            address.insert("nodeName", node.clone());
        }
        Value::from(address)
    };
    let going = |pod: &&Value| object::deletion_timestamp(pod).is_some();
    let ready: Vec<Value> = pods.iter().filter(|pod| is_ready(pod) && !going(pod)).map(address).collect();
    let not_ready: Vec<Value> =
        pods.iter().filter(|pod| !is_ready(pod) && !going(pod)).map(address).collect();
    let mut subset = Map::new();
    for (field, addresses) in [("addresses", ready), ("notReadyAddresses", not_ready)] {
        if !addresses.is_empty() {
            subset.insert(field, addresses);
        }
    }
    let subsets = if subset.is_empty() {
        None
    } else {
        subset.insert("ports", ports(service, pods, false));
        Some(Value::list_of([Value::from(subset)]))
    };
    let mut labels = labels(service);
    labels.insert("endpoints.kubernetes.io/managed-by", "endpoint-controller");
    let live = client::get(api, &builtins.endpoints, at);
    let mut next = live.clone().unwrap_or_else(|| {
        Value::map_of([("metadata", Value::map_of([("name", &*at.name), ("namespace", &*at.namespace)]))])
    });
    next.set_at(&["metadata", "labels"], labels);
    match subsets {
        Some(subsets) => next.set_at(&["subsets"], subsets),
        None => drop(next.remove_at(&["subsets"])),
    }
    match live {
        Some(live) if live == next => Ok(()),
        Some(_) => client::update(api, &builtins.endpoints, next, MANAGER).map(|_| ()),
        None => client::create(api, &builtins.endpoints, next, MANAGER).map(|_| ()),
    }
}

fn write_slice(api: &Api, builtins: &Builtins, service: &Value, pods: &[Value]) -> Result<(), Refusal> {
    let namespace = object::namespace(service).unwrap_or_default();
    let own = |slice: &Value| {
        object::label(slice, SERVICE_NAME) == object::name(service)
            && object::label(slice, MANAGED_BY) == Some("endpointslice-controller.k8s.io")
    };
    let live = client::list(api, &builtins.endpoint_slices, namespace).into_iter().find(own);
    let mut next = live.clone().unwrap_or_else(|| {
        let name = object::name(service).unwrap_or_default();
        let prefix = format!("{name}-");
        let metadata = [("generateName", prefix.as_str()), ("namespace", namespace)];
        Value::map_of([("metadata", Value::map_of(metadata))])
    });
    let mut labels = labels(service);
    labels.insert(MANAGED_BY, "endpointslice-controller.k8s.io");
    labels.insert(SERVICE_NAME, object::name(service).unwrap_or_default());
    if service.str_at(&["spec", "clusterIP"]) == Some("None") {
        labels.insert("service.kubernetes.io/headless", "");
    }
    next.set_at(&["metadata", "labels"], labels);
    next.set_at(&["metadata", "ownerReferences"], Value::list_of([owned::reference(service)]));
    next.set_at(&["addressType"], "IPv4");
    next.set_at(&["endpoints"], pods.iter().map(endpoint).collect::<Vec<_>>());
    next.set_at(&["ports"], ports(service, pods, true));
    match live {
        Some(live) if live == next => Ok(()),
        Some(_) => client::update(api, &builtins.endpoint_slices, next, MANAGER).map(|_| ()),
        None => client::create(api, &builtins.endpoint_slices, next, MANAGER).map(|_| ()),
    }
}

fn endpoint(pod: &Value) -> Value {
    let going = object::deletion_timestamp(pod).is_some();
    let conditions = Value::map_of([
        ("ready", is_ready(pod) && !going),
        ("serving", is_ready(pod)),
        ("terminating", going),
    ]);
    let address = pod.str_at(&["status", "podIP"]).unwrap_or_default();
    let mut endpoint = Map::from_iter([
        ("addresses", Value::list_of([address])),
        ("conditions", conditions),
        ("targetRef", target(pod)),
    ]);
    if let Some(node) = pod.at(&["spec", "nodeName"]) {
        endpoint.insert("nodeName", node.clone());
    }
    endpoint.into()
}
