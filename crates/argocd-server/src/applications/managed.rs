//! What an application itself consists of: its Flux objects, wanted and live.

use std::sync::Arc;

use apimachinery::object;
use argocd_core::masking::{Mask, Sign, masked};
use engine::ObjectRef;
use value::Value;

use super::tree::reference;
use crate::answer::Answer;
use crate::control_plane::ControlPlane;
use crate::deployment::Deployment;
use crate::error::ApiError;
use crate::permit::{Get, OnApplication};
use crate::request::Request;

/// `GET /api/v1/applications/{name}/managed-resources`. What is wanted of a Flux object is what it is: whoever
/// generated it keeps it so, and otherwise nobody else wants anything.
pub(crate) async fn managed_resources(
    control: Arc<ControlPlane>,
    permit: OnApplication<Get>,
    request: Request,
) -> Result<Answer, ApiError> {
    let deployment = Deployment::of(&control, &permit.application);
    let own = deployment.tree.iter().filter(|placed| placed.parents.is_empty());
    let mask = control.mask(Sign::Plus);
    let mut items = Vec::new();
    for placed in own.filter(|placed| is_asked(&request, &placed.reference, &placed.version)) {
        let seen = control.objects.get(&placed.reference);
        let live = seen.and_then(|seen| seen.flux.clone());
        items.push(item(&placed.reference, live.as_ref(), &mask));
    }
    Ok(Answer::Json(if items.is_empty() { Value::map() } else { Value::map_of([("items", items)]) }))
}

fn is_asked(request: &Request, reference: &ObjectRef, version: &str) -> bool {
    let ObjectRef { group, kind, namespace, name } = reference;
    [
        ("group", group.as_str()),
        ("version", version),
        ("kind", kind),
        ("namespace", namespace),
        ("name", name),
    ]
    .iter()
    .all(|(field, own)| request.parameter(field).is_none_or(|wanted| wanted.is_empty() || wanted == *own))
}

fn item(of: &ObjectRef, live: Option<&Value>, mask: &Mask) -> Value {
    // The versions of Flux objects are not part of these answers.
    let mut item = Value::from(reference(of, ""));
    let Some(live) = live else {
        for field in ["targetState", "liveState", "normalizedLiveState", "predictedLiveState"] {
            item.set_at(&[field], "null");
        }
        item.set_at(&["modified"], true);
        return item;
    };
    let live = masked(live, mask);
    let mut normalized = live.clone();
    normalized.remove_at(&["metadata", "creationTimestamp"]);
    normalized.remove_at(&["status"]);
    let normal = value::to_json(&normalized);
    item.set_at(&["targetState"], value::to_json(&wanted(&live)));
    item.set_at(&["liveState"], value::to_json(&live));
    item.set_at(&["normalizedLiveState"], normal.as_str());
    item.set_at(&["predictedLiveState"], normal.as_str());
    item.set_at(&["resourceVersion"], object::resource_version(&live).unwrap_or_default());
    item
}

/// Without what the cluster says of an object.
fn wanted(live: &Value) -> Value {
    let mut wanted = live.clone();
    wanted.remove_at(&["status"]);
    for field in ["creationTimestamp", "generation", "managedFields", "resourceVersion", "uid"] {
        wanted.remove_at(&["metadata", field]);
    }
    wanted
}
