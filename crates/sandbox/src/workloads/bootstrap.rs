//! What every cluster has from the start.

use std::sync::Arc;

use value::Value;

use crate::api::Api;
use crate::kinds::Kind;
use crate::status::Refusal;
use crate::verbs::{Target, WriteOptions, create, update};

/// Creates what is absent of the first namespaces, the one node, the Service of the API itself and what
/// else a new cluster has.
///
/// # Errors
/// A write is refused.
pub(crate) fn bootstrap(api: &Api, port: u16) -> Result<(), Refusal> {
    for namespace in ["default", "kube-system", "kube-public", "kube-node-lease"] {
        ensure(api, ("v1", "Namespace"), named("", namespace))?;
    }
    let node = node(&api.now());
    ensure(api, ("v1", "Node"), node)?;
    ensure_service(api, port)?;
    ensure(api, ("rbac.authorization.k8s.io/v1", "ClusterRole"), admin_role())?;
    ensure(api, ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"), admin_binding())?;
    ensure(api, ("storage.k8s.io/v1", "StorageClass"), storage_class())?;
    for (name, value) in [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)]
    {
        let mut class = named("", name);
        class.set_at(&["value"], value);
        ensure(api, ("scheduling.k8s.io/v1", "PriorityClass"), class)?;
    }
    Ok(())
}

fn named(namespace: &str, name: &str) -> Value {
    let mut object = Value::map_of([("metadata", Value::map_of([("name", name)]))]);
    if !namespace.is_empty() {
        object.set_at(&["metadata", "namespace"], namespace);
    }
    object
}

fn ensure(api: &Api, (api_version, kind): (&str, &str), object: Value) -> Result<(), Refusal> {
    let kind = api.builtin(api_version, kind)?;
    let (namespace, name) = place(&object);
    if api.begin().get(&kind, &namespace, &name).is_some() {
        return Ok(());
    }
    write(api, &kind, (&namespace, &name), object)
}

fn place(object: &Value) -> (String, String) {
    let text = |key: &str| object.str_at(&["metadata", key]).unwrap_or_default().to_owned();
    (text("namespace"), text("name"))
}

fn write(api: &Api, kind: &Arc<Kind>, (namespace, name): (&str, &str), object: Value) -> Result<(), Refusal> {
    let options = WriteOptions::of("kube-apiserver");
    create::create(api, &Target::new(kind, namespace, name), object, &options).map(|_| ())
}

/// The Service `kubernetes`, whose port is another one in each run.
fn ensure_service(api: &Api, port: u16) -> Result<(), Refusal> {
    let kind = api.builtin("v1", "Service")?;
    let ports = Value::list_of([Value::map_of([
        ("name", Value::from("https")),
        ("port", 443.into()),
        ("protocol", "TCP".into()),
        ("targetPort", u32::from(port).into()),
    ])]);
    let live = api.begin().get(&kind, "default", "kubernetes");
    if let Some(mut live) = live {
        live.set_at(&["spec", "ports"], ports);
        let target = Target::new(&kind, "default", "kubernetes");
        return update::update(api, &target, live, &WriteOptions::of("kube-apiserver")).map(|_| ());
    }
    let mut service = named("default", "kubernetes");
    let labels = Value::map_of([("component", "apiserver"), ("provider", "kubernetes")]);
    service.set_at(&["metadata", "labels"], labels);
    service.set_at(&["spec", "clusterIP"], "10.96.0.1");
    service.set_at(&["spec", "ports"], ports);
    write(api, &kind, ("default", "kubernetes"), service)
}

/// The name of the one node.
pub(super) const NODE: &str = "sandbox";

fn node(now: &str) -> Value {
    let mut node = named("", NODE);
    let labels = [
        ("kubernetes.io/arch", "amd64"),
        ("kubernetes.io/hostname", NODE),
        ("kubernetes.io/os", "linux"),
        ("node-role.kubernetes.io/control-plane", ""),
    ];
    node.set_at(&["metadata", "labels"], Value::map_of(labels));
    let amounts = || Value::map_of([("cpu", "64"), ("memory", "256Gi"), ("pods", "10000")]);
    node.set_at(&["status", "capacity"], amounts());
    node.set_at(&["status", "allocatable"], amounts());
    let addresses = [("InternalIP", "127.0.0.1"), ("Hostname", NODE)]
        .map(|(r#type, address)| Value::map_of([("type", r#type), ("address", address)]));
    node.set_at(&["status", "addresses"], Value::list_of(addresses));
    let version = format!("{}+flamingo", apimachinery::builtin::version());
    let info = [
        ("architecture", "amd64"),
        ("bootID", ""),
        ("containerRuntimeVersion", "simulated://none"),
        ("kernelVersion", "simulated"),
        ("kubeProxyVersion", ""),
        ("kubeletVersion", version.as_str()),
        ("machineID", ""),
        ("operatingSystem", "linux"),
        ("osImage", "Simulated by Flamingo's sandbox"),
        ("systemUUID", ""),
    ];
    node.set_at(&["status", "nodeInfo"], Value::map_of(info));
    let ready = [
        ("type", "Ready"),
        ("status", "True"),
        ("reason", "Simulated"),
        ("message", "this node is simulated; its Pods do not run"),
        ("lastHeartbeatTime", now),
        ("lastTransitionTime", now),
    ];
    node.set_at(&["status", "conditions"], Value::list_of([Value::map_of(ready)]));
    node
}

fn admin_role() -> Value {
    let all = || Value::list_of(["*"]);
    let mut role = named("", "cluster-admin");
    let resources = Value::map_of([("apiGroups", all()), ("resources", all()), ("verbs", all())]);
    let others = Value::map_of([("nonResourceURLs", all()), ("verbs", all())]);
    role.set_at(&["rules"], Value::list_of([resources, others]));
    role
}

fn admin_binding() -> Value {
    let mut binding = named("", "cluster-admin");
    let group = "rbac.authorization.k8s.io";
    let role = [("apiGroup", group), ("kind", "ClusterRole"), ("name", "cluster-admin")];
    binding.set_at(&["roleRef"], Value::map_of(role));
    let subject = [("apiGroup", group), ("kind", "Group"), ("name", "system:masters")];
    binding.set_at(&["subjects"], Value::list_of([Value::map_of(subject)]));
    binding
}

/// The provisioner of the default class is [`super::volumes`].
fn storage_class() -> Value {
    let mut class = named("", "standard");
    class.set_at(&["metadata", "annotations", "storageclass.kubernetes.io/is-default-class"], "true");
    class.set_at(&["provisioner"], super::volumes::PROVISIONER);
    class.set_at(&["reclaimPolicy"], "Delete");
    class.set_at(&["volumeBindingMode"], "Immediate");
    class
}
