//! The tree of an application, as upstream writes it.

use std::sync::Arc;
use std::time::Duration;

use engine::ObjectRef;
use futures::StreamExt as _;
use insight::tree::{Info, Node, Owner, Placed};
use value::{Map, Value};

use crate::answer::Answer;
use crate::authentication::Caller;
use crate::control_plane::ControlPlane;
use crate::deployment::Deployment;
use crate::error::{ApiError, Code};
use crate::permit::{Get, OnApplication, sees};
use crate::request::Request;
use crate::sessions::is_current;
use crate::tree_watch::TreeWatch;

/// A session that has ended is noticed after so long, even if nothing happens.
pub(super) const PERIOD: Duration = Duration::from_secs(30);
/// What happens in this time is looked at once.
const GATHERED: Duration = Duration::from_millis(100);

/// `GET /api/v1/applications/{name}/resource-tree`.
pub(crate) async fn resource_tree(
    control: Arc<ControlPlane>,
    permit: OnApplication<Get>,
    _: Request,
) -> Result<Answer, ApiError> {
    let deployment = Deployment::of(&control, &permit.application);
    Ok(Answer::Json(of(&control, deployment)))
}

/// `GET /api/v1/stream/applications/{name}/resource-tree`: the tree, and again whenever it has changed.
pub(crate) async fn watch_tree(
    control: Arc<ControlPlane>,
    permit: OnApplication<Get>,
    _: Request,
) -> Result<Answer, ApiError> {
    let OnApplication { caller, application, .. } = permit;
    let reference = ObjectRef::of(&application).ok_or_else(ApiError::denied)?;
    let watch = TreeWatch::new(&control, reference);
    let watcher = Watcher { control, caller, watch, last: Value::Null, has_ended: false };
    let trees = futures::stream::unfold(watcher, async |mut watcher| {
        let tree = watcher.next().await?;
        Some((tree, watcher))
    });
    Ok(Answer::Stream(trees.boxed()))
}

/// A client that watches a tree.
struct Watcher {
    control: Arc<ControlPlane>,
    caller: Caller,
    watch: TreeWatch,
    last: Value,
    has_ended: bool,
}

impl Watcher {
    /// The next tree; `None` when the stream is over, as after the end of the application or of the session.
    async fn next(&mut self) -> Option<Result<Value, ApiError>> {
        while !self.has_ended {
            tokio::select! {
                () = self.watch.changed() => tokio::time::sleep(GATHERED).await,
                () = tokio::time::sleep(PERIOD) => {}
            }
            if !is_current(&self.control, &self.caller) {
                self.has_ended = true;
                return Some(Err(ApiError::new(Code::Unauthenticated, "the session has ended")));
            }
            let is_stale = self.watch.take();
            let application = self.watch.application(&self.control);
            let Some(application) =
                application.filter(|application| sees(&self.control, &self.caller, application))
            else {
                self.has_ended = true;
                return Some(Err(ApiError::denied()));
            };
            if !is_stale {
                continue;
            }
            let deployment = Deployment::of(&self.control, &application);
            self.watch.remember(&application, &deployment);
            let tree = of(&self.control, deployment);
            if tree != self.last {
                self.last = tree.clone();
                return Some(Ok(tree));
            }
        }
        None
    }
}

/// Sorted by group, kind, namespace and name.
fn of(control: &ControlPlane, deployment: Deployment) -> Value {
    let mut placed = deployment.tree;
    placed.sort_by(|a, b| a.reference.cmp(&b.reference));
    let nodes: Vec<Value> = placed.iter().map(|placed| node(placed, control)).collect();
    if nodes.is_empty() { Value::map() } else { Value::map_of([("nodes", nodes)]) }
}

fn node(placed: &Placed, control: &ControlPlane) -> Value {
    let mut json = reference(&placed.reference, &placed.version);
    let Some(node) = &placed.node else {
        json.insert("health", Value::map_of([("status", "Missing")]));
        return json.into();
    };
    json.insert("uid", node.uid.as_str());
    let parents: Vec<Value> = placed.parents.iter().map(|parent| parent_of(parent, node, control)).collect();
    if !parents.is_empty() {
        json.insert("parentRefs", parents);
    }
    if !node.info.is_empty() {
        let line = |info: &Info| Value::map_of([("name", info.name), ("value", &info.value)]);
        json.insert("info", Value::list_of(node.info.iter().map(line)));
    }
    if let Some(network) = &node.network {
        json.insert("networkingInfo", networking(network));
    }
    json.insert("resourceVersion", node.resource_version.as_str());
    if !node.images.is_empty() {
        json.insert("images", Value::list_of(node.images.iter().map(String::as_str)));
    }
    if let Some(health) = &node.health {
        json.insert("health", health.to_value());
    }
    json.insert("createdAt", node.created.as_str());
    json.into()
}

/// A parent by the version that the child names, or has it.
fn parent_of(parent: &ObjectRef, child: &Node, control: &ControlPlane) -> Value {
    let named = child.owners.iter().find(|owner: &&Owner| owner.reference == *parent);
    let seen = control.objects.get(parent);
    let version = named.map(|owner| owner.version.clone());
    let version = version.or_else(|| seen.as_ref().map(|seen| seen.node.version.clone()));
    let mut json = reference(parent, &version.unwrap_or_default());
    let uid = named.map(|owner| owner.uid.clone()).or_else(|| seen.map(|seen| seen.node.uid.clone()));
    if let Some(uid) = uid {
        json.insert("uid", uid);
    }
    json.into()
}

/// An object by group, version, kind, namespace and name; what is empty is left out.
pub(super) fn reference(reference: &ObjectRef, version: &str) -> Map {
    let ObjectRef { group, kind, namespace, name } = reference;
    let fields = [
        ("group", group.as_str()),
        ("version", version),
        ("kind", kind),
        ("namespace", namespace),
        ("name", name),
    ];
    let mut json = Map::new();
    for (field, text) in fields.into_iter().filter(|(_, text)| !text.is_empty()) {
        json.insert(field, text);
    }
    json
}

fn networking(network: &insight::tree::Network) -> Value {
    let mut json = Value::map();
    for (field, labels) in [("labels", &network.labels), ("targetLabels", &network.target_labels)] {
        if !labels.is_empty() {
            let entries = labels.iter().map(|(key, text)| (key.as_str(), text.as_str()));
            json.set_at(&[field], Value::map_of(entries));
        }
    }
    if !network.ingress.is_empty() {
        let is_address = |text: &String| text.parse::<std::net::IpAddr>().is_ok();
        let point = |text: &String| {
            Value::map_of([(if is_address(text) { "ip" } else { "hostname" }, text.as_str())])
        };
        json.set_at(&["ingress"], Value::list_of(network.ingress.iter().map(point)));
    }
    json
}
