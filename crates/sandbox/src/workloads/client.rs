//! How the controllers read and write: the API's verbs, with a field manager of their own.

use std::sync::Arc;

use apimachinery::object;
use value::Value;

use crate::api::Api;
use crate::kinds::Kind;
use crate::status::Refusal;
use crate::store::Location;
use crate::verbs::delete::{self, DeleteOptions, Deleted, Propagation};
use crate::verbs::{Target, WriteOptions, create, update};

/// What the controller manager writes as.
pub(super) const MANAGER: &str = "kube-controller-manager";

/// The built-in kinds that controllers work with.
pub(super) struct Builtins {
    pub(super) namespaces: Arc<Kind>,
    pub(super) nodes: Arc<Kind>,
    pub(super) pods: Arc<Kind>,
    pub(super) services: Arc<Kind>,
    pub(super) service_accounts: Arc<Kind>,
    pub(super) config_maps: Arc<Kind>,
    pub(super) events: Arc<Kind>,
    pub(super) endpoints: Arc<Kind>,
    pub(super) endpoint_slices: Arc<Kind>,
    pub(super) claims: Arc<Kind>,
    pub(super) volumes: Arc<Kind>,
    pub(super) storage_classes: Arc<Kind>,
    pub(super) deployments: Arc<Kind>,
    pub(super) replica_sets: Arc<Kind>,
    pub(super) stateful_sets: Arc<Kind>,
    pub(super) daemon_sets: Arc<Kind>,
    pub(super) revisions: Arc<Kind>,
    pub(super) jobs: Arc<Kind>,
    pub(super) autoscalers: Arc<Kind>,
    pub(super) budgets: Arc<Kind>,
    pub(super) ingresses: Arc<Kind>,
}

impl Builtins {
    pub(super) fn new(api: &Api) -> Result<Self, Refusal> {
        Ok(Self {
            namespaces: api.builtin("v1", "Namespace")?,
            nodes: api.builtin("v1", "Node")?,
            pods: api.builtin("v1", "Pod")?,
            services: api.builtin("v1", "Service")?,
            service_accounts: api.builtin("v1", "ServiceAccount")?,
            config_maps: api.builtin("v1", "ConfigMap")?,
            events: api.builtin("v1", "Event")?,
            endpoints: api.builtin("v1", "Endpoints")?,
            endpoint_slices: api.builtin("discovery.k8s.io/v1", "EndpointSlice")?,
            claims: api.builtin("v1", "PersistentVolumeClaim")?,
            volumes: api.builtin("v1", "PersistentVolume")?,
            storage_classes: api.builtin("storage.k8s.io/v1", "StorageClass")?,
            deployments: api.builtin("apps/v1", "Deployment")?,
            replica_sets: api.builtin("apps/v1", "ReplicaSet")?,
            stateful_sets: api.builtin("apps/v1", "StatefulSet")?,
            daemon_sets: api.builtin("apps/v1", "DaemonSet")?,
            revisions: api.builtin("apps/v1", "ControllerRevision")?,
            jobs: api.builtin("batch/v1", "Job")?,
            autoscalers: api.builtin("autoscaling/v2", "HorizontalPodAutoscaler")?,
            budgets: api.builtin("policy/v1", "PodDisruptionBudget")?,
            ingresses: api.builtin("networking.k8s.io/v1", "Ingress")?,
        })
    }
}

/// The object of a kind at a place.
pub(super) fn get(api: &Api, kind: &Kind, at: &Location) -> Option<Value> {
    api.begin().get(kind, &at.namespace, &at.name)
}

/// The objects of a kind in a namespace.
pub(super) fn list(api: &Api, kind: &Kind, namespace: &str) -> Vec<Value> {
    api.begin().stored(kind, Some(namespace)).map(|object| kind.show(object)).collect()
}

fn target(kind: &Arc<Kind>, object: &Value) -> Target {
    Target::new(kind, object::namespace(object).unwrap_or_default(), object::name(object).unwrap_or_default())
}

/// Creates an object.
pub(super) fn create(api: &Api, kind: &Arc<Kind>, object: Value, manager: &str) -> Result<Value, Refusal> {
    let target = target(kind, &object);
    Ok(create::create(api, &target, object, &WriteOptions::of(manager))?.object)
}

/// Writes what was made of an object, unless somebody else has written it since.
pub(super) fn update(api: &Api, kind: &Arc<Kind>, next: Value, manager: &str) -> Result<Value, Refusal> {
    Ok(update::update(api, &target(kind, &next), next, &WriteOptions::of(manager))?.object)
}

/// As [`update`], of the status.
pub(super) fn update_status(
    api: &Api,
    kind: &Arc<Kind>,
    next: Value,
    manager: &str,
) -> Result<Value, Refusal> {
    Ok(update::update(api, &target(kind, &next).status(), next, &WriteOptions::of(manager))?.object)
}

/// Deletes exactly this object; it does not matter if it is gone already.
pub(super) fn delete(
    api: &Api,
    kind: &Arc<Kind>,
    object: &Value,
    propagation: Propagation,
) -> Result<(), Refusal> {
    delete_with(
        api,
        kind,
        object,
        DeleteOptions { propagation: Some(propagation), ..DeleteOptions::default() },
    )
}

/// As [`delete`], at once: what a node does when a Pod has ended.
pub(super) fn delete_now(api: &Api, kind: &Arc<Kind>, object: &Value) -> Result<(), Refusal> {
    delete_with(api, kind, object, DeleteOptions { grace: Some(0), ..DeleteOptions::default() })
}

fn delete_with(api: &Api, kind: &Arc<Kind>, object: &Value, options: DeleteOptions) -> Result<(), Refusal> {
    let options = DeleteOptions { uid: object::uid(object).map(str::to_owned), ..options };
    match delete::delete(api, &target(kind, object), &options) {
        Ok(Deleted::Gone(_) | Deleted::Pending(_)) => Ok(()),
        // Gone, or another one of the same name: either way this one is no more.
        Err(Refusal::Status(status)) if matches!(status.code, 404 | 409) => Ok(()),
        Err(refusal) => Err(refusal),
    }
}
