//! Everything that the page of an Application needs.

use std::sync::Arc;

use engine::ObjectRef;
use insight::rows::{Row, key_of};
use value::Value;

use crate::answer::Answer;
use crate::authentication::Caller;
use crate::control_plane::ControlPlane;
use crate::deployment::{Deployment, finding};
use crate::error::ApiError;
use crate::permit::{Shown, rbac_name, require};
use crate::request::Request;
use crate::shape;
use crate::snapshots::Nodes;

/// `GET /api/flamingo/v1/applications/{name}`.
pub(crate) async fn application(
    control: Arc<ControlPlane>,
    Shown { caller, application }: Shown,
    _: Request,
) -> Result<Answer, ApiError> {
    let number = control.list.mark();
    let deployment = Deployment::of(&control, &application);
    let nodes = deployment.nodes();
    let mut answer = head(&control, &caller, &application, &deployment);
    answer.set_at(&["position"], control.list.position(number));
    answer.set_at(&["tree", "nodes"], Value::list_of(nodes.iter().map(|(_, node)| node.clone())));
    let nodes: Nodes = Arc::new(nodes.into_iter().collect());
    control.snapshots.keep(number, &key(&application), nodes);
    Ok(Answer::Json(answer))
}

/// The answer without the tree.
pub(super) fn head(
    control: &ControlPlane,
    caller: &Caller,
    application: &Value,
    deployment: &Deployment,
) -> Value {
    let object = rbac_name(control, application);
    let may = ["sync", "update", "delete"];
    let may = may.map(|action| (action, require(control, caller, action, &object).is_ok()));
    let row = Row::of(application).map(|row| row.json().clone()).unwrap_or_default();
    Value::map_of([
        ("row", row),
        ("application", shape::application(application)),
        ("chain", deployment.chain().into()),
        ("findings", Value::list_of(deployment.findings(control).iter().map(finding))),
        ("may", Value::map_of(may)),
    ])
}

pub(super) fn key(application: &Value) -> String {
    ObjectRef::of(application).map(|reference| key_of(&reference)).unwrap_or_default()
}
