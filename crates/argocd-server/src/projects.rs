//! Projects.

use std::sync::Arc;

use apimachinery::object;
use argocd_core::policy;
use value::Value;

use crate::answer::Answer;
use crate::applications::highest_version;
use crate::control_plane::ControlPlane;
use crate::error::ApiError;
use crate::permit::{LoggedIn, SeesProject};
use crate::request::Request;
use crate::shape::{self, FieldFilter};

/// `GET /api/v1/projects`: those that the caller may see. Upstream ignores `name` here, and so do we.
pub(crate) async fn list(
    control: Arc<ControlPlane>,
    LoggedIn(caller): LoggedIn,
    request: Request,
) -> Result<Answer, ApiError> {
    let session = control.session();
    let mut projects = session.list(&control.kinds().projects, &control.namespace, "").await?;
    projects.retain(|project| {
        let object = object::name(project).unwrap_or_default();
        control.permits(&caller, &policy::Request { resource: "projects", action: "get", object })
    });
    projects.sort_by(|a, b| object::name(a).cmp(&object::name(b)));
    let version = highest_version(&projects);
    let items: Vec<Value> = projects.iter().map(shape::project).collect();
    let fields = FieldFilter::new(request.parameter("fields").unwrap_or_default());
    Ok(Answer::Json(fields.apply(&shape::list(&version, items))))
}

/// `GET /api/v1/projects/{name}`.
pub(crate) async fn get(
    _: Arc<ControlPlane>,
    SeesProject(project): SeesProject,
    _: Request,
) -> Result<Answer, ApiError> {
    Ok(Answer::Json(shape::project(&project)))
}
