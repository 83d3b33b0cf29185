//! What would happen.

use std::sync::Arc;

use apimachinery::object;

use crate::answer::Answer;
use crate::control_plane::ControlPlane;
use crate::error::ApiError;
use crate::permit::{Creates, Get, OnApplication};
use crate::request::Request;

/// `POST /api/flamingo/v1/preview/application`.
pub(crate) async fn preview_application(
    control: Arc<ControlPlane>,
    Creates(application): Creates,
    _: Request,
) -> Result<Answer, ApiError> {
    if object::name(&application).is_none() {
        return Err(ApiError::invalid("metadata.name is missing"));
    }
    Ok(Answer::Json(control.preview()?.application(&application).await?))
}

/// `GET /api/flamingo/v1/applications/{name}/preview`.
pub(crate) async fn preview_sync(
    control: Arc<ControlPlane>,
    permit: OnApplication<Get>,
    _: Request,
) -> Result<Answer, ApiError> {
    Ok(Answer::Json(control.preview()?.sync(&permit.application).await?))
}

/// `GET /api/flamingo/v1/applications/{name}/removal`.
pub(crate) async fn preview_removal(
    control: Arc<ControlPlane>,
    permit: OnApplication<Get>,
    request: Request,
) -> Result<Answer, ApiError> {
    let cascade = request.switch("cascade")?.unwrap_or(true);
    Ok(Answer::Json(control.preview()?.removal(&permit.application, cascade).await?))
}
