//! What keeps an application from being synced.

use std::sync::Arc;

use value::Value;

use crate::answer::Answer;
use crate::control_plane::ControlPlane;
use crate::error::{ApiError, Code};
use crate::permit::{Get, OnApplication, project_of};
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
