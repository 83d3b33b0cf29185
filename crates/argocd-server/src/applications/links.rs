//! Links to other systems, which settings describe with templates.

use std::sync::Arc;

use value::Value;

use crate::answer::Answer;
use crate::control_plane::ControlPlane;
use crate::error::{ApiError, Code};
use crate::permit::{Get, OnApplication};
use crate::request::Request;

/// `GET /api/v1/applications/{name}/links`.
pub(crate) async fn links(
    control: Arc<ControlPlane>,
    _: OnApplication<Get>,
    _: Request,
) -> Result<Answer, ApiError> {
    none_of(&control, "application.links")
}

/// `GET /api/v1/applications/{name}/resource/links`.
pub(crate) async fn resource_links(
    control: Arc<ControlPlane>,
    _: OnApplication<Get>,
    _: Request,
) -> Result<Answer, ApiError> {
    none_of(&control, "resource.links")
}

/// There are none where none are described.
fn none_of(control: &ControlPlane, setting: &str) -> Result<Answer, ApiError> {
    match control.config().get(setting).filter(|text| !text.trim().is_empty()) {
        None => Ok(Answer::Json(Value::map())),
        Some(_) => {
            let message = format!("{setting} of argocd-cm: links made by templates are not supported yet");
            Err(ApiError::new(Code::Unimplemented, message))
        }
    }
}
