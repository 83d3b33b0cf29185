//! What keeps an application from being synced, and routes that are known and cannot be served yet.

use std::sync::Arc;

use value::Value;

use crate::answer::Answer;
use crate::control_plane::ControlPlane;
use crate::error::{ApiError, Code};
use crate::permit::{ChangeResource, Get, OnApplication, Terminate, project_of};
use crate::request::Request;

/// `GET /api/v1/applications/{name}/syncwindows`.
pub(crate) async fn sync_windows(
    control: Arc<ControlPlane>,
    permit: OnApplication<Get>,
    _: Request,
) -> Result<Answer, ApiError> {
    let project = project_of(&permit.application);
    let found = control.session().get(&control.project(project)).await?;
    let windows = found.as_ref().and_then(|project| project.at(&["spec", "syncWindows"])?.as_list());
    if windows.is_some_and(|windows| !windows.is_empty()) {
        let message = format!("project {project} has sync windows, which are not supported yet");
        return Err(ApiError::new(Code::Unimplemented, message));
    }
    Ok(Answer::Json(Value::map_of([("canSync", true)])))
}

/// A route that reads. Who may not see the application learns nothing here either.
pub(crate) async fn not_built(
    _: Arc<ControlPlane>,
    _: OnApplication<Get>,
    _: Request,
) -> Result<Answer, ApiError> {
    Err(unsupported())
}

/// A route that changes something.
pub(crate) async fn change_not_built(
    _: Arc<ControlPlane>,
    _: OnApplication<ChangeResource>,
    _: Request,
) -> Result<Answer, ApiError> {
    Err(unsupported())
}

/// A rollback, for which upstream wants the right to sync.
pub(crate) async fn roll_back(
    _: Arc<ControlPlane>,
    _: OnApplication<Terminate>,
    _: Request,
) -> Result<Answer, ApiError> {
    Err(unsupported())
}

fn unsupported() -> ApiError {
    ApiError::new(
        Code::Unimplemented,
        "this version of Flamingo does not serve this route of applications yet",
    )
}
