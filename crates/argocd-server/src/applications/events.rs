//! Events of an application, or of an object in its tree.

use std::sync::Arc;

use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use cluster::Resource;
use value::Value;

use super::read::highest_version;
use crate::answer::Answer;
use crate::control_plane::ControlPlane;
use crate::deployment::Deployment;
use crate::error::ApiError;
use crate::permit::{Get, OnApplication};
use crate::request::Request;
use crate::shape;

/// `GET /api/v1/applications/{name}/events`: of the application itself, or of the object that the query names.
pub(crate) async fn events(
    control: Arc<ControlPlane>,
    permit: OnApplication<Get>,
    request: Request,
) -> Result<Answer, ApiError> {
    let application = &permit.application;
    let given = |name| request.parameter(name).unwrap_or_default();
    let (name, namespace, uid) = (given("resourceName"), given("resourceNamespace"), given("resourceUID"));
    let found = if name.is_empty() && uid.is_empty() {
        let own = [object::namespace(application), object::name(application), object::uid(application)];
        let [namespace, name, uid] = own.map(Option::unwrap_or_default);
        of_object(&control, namespace, name, uid).await?
    } else {
        let deployment = Deployment::of(&control, application);
        let is_asked = |node: &insight::tree::Node| {
            node.uid == uid && node.reference.name == name && node.reference.namespace == namespace
        };
        if !deployment.tree.iter().filter_map(|placed| placed.node.as_ref()).any(|node| is_asked(node)) {
            let application = object::name(application).unwrap_or_default();
            let message = format!("{name} not found as part of application {application}");
            return Err(ApiError::invalid(message));
        }
        of_object(&control, namespace, name, uid).await?
    };
    let items = found.iter().map(item).collect();
    Ok(Answer::Json(shape::list(&highest_version(&found), items)))
}

/// The events about an object, as the cluster lists them.
///
/// # Errors
/// They cannot be listed.
pub(crate) async fn of_object(
    control: &ControlPlane,
    namespace: &str,
    name: &str,
    uid: &str,
) -> Result<Vec<Value>, ApiError> {
    let events = Resource::new(GroupVersionKind::new("", "v1", "Event"), "events", true);
    // Those about objects without a namespace are in this one.
    let home = if namespace.is_empty() { "default" } else { namespace };
    let about =
        [("involvedObject.name", name), ("involvedObject.namespace", namespace), ("involvedObject.uid", uid)];
    Ok(control.session().list_with(&events, home, &about).await?)
}

/// With the time that Go always writes, and without reporters that are not named.
fn item(event: &Value) -> Value {
    let mut item = shape::without_kind(event);
    for field in ["reportingComponent", "reportingInstance"] {
        if item.str_at(&[field]) == Some("") {
            item.remove_at(&[field]);
        }
    }
    if item.get("eventTime").is_none() {
        item.set_at(&["eventTime"], Value::Null);
    }
    item
}
