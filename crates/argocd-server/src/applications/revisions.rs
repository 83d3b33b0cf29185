//! Revisions of the source of an application: what is known of them, what they describe, and going back to one.

use std::sync::Arc;

use apimachinery::object;
use argocd_core::masking::{Sign, masked};
use value::Value;

use super::operation::is_automated;
use crate::answer::Answer;
use crate::control_plane::ControlPlane;
use crate::error::{ApiError, Code};
use crate::permit::{Get, OnApplication, Terminate};
use crate::request::Request;

/// `GET /api/v1/applications/{name}/revisions/{revision}/metadata`.
pub(crate) async fn metadata(
    control: Arc<ControlPlane>,
    permit: OnApplication<Get>,
    request: Request,
) -> Result<Answer, ApiError> {
    let told = control.preview()?.revision(&permit.application, request.variable("revision")).await?;
    Ok(Answer::Json(told))
}

/// `GET /api/v1/applications/{name}/manifests`.
pub(crate) async fn manifests(
    control: Arc<ControlPlane>,
    permit: OnApplication<Get>,
    request: Request,
) -> Result<Answer, ApiError> {
    let revision = request.parameter("revision").filter(|revision| !revision.is_empty());
    let objects = control.preview()?.manifests(&permit.application, revision).await?;
    let objects = objects.as_list().unwrap_or_default().iter();
    let mask = control.mask(Sign::Plus);
    let texts: Vec<String> = objects.map(|object| value::to_json(&masked(object, &mask))).collect();
    Ok(Answer::Json(Value::map_of([("manifests", Value::list_of(texts))])))
}

/// `POST /api/v1/applications/{name}/rollback`, for which upstream wants the right to sync. What Flux deploys
/// follows its source, so that going back is said in the source.
pub(crate) async fn roll_back(
    _: Arc<ControlPlane>,
    permit: OnApplication<Terminate>,
    request: Request,
) -> Result<Answer, ApiError> {
    let application = &permit.application;
    let body = request.json()?;
    permit.agrees_with(&body)?;
    let Some(id) = body.get("id").and_then(Value::as_i64) else {
        let message = "grpc: error while marshaling: proto: required field \"id\" not set";
        return Err(ApiError::new(Code::Internal, message));
    };
    if is_automated(application) {
        let message = "rollback cannot be initiated when auto-sync is enabled";
        return Err(ApiError::new(Code::FailedPrecondition, message));
    }
    let history = application.at(&["status", "history"]).and_then(Value::as_list).unwrap_or_default();
    let entry = history.iter().find(|entry| entry.get("id").and_then(Value::as_i64) == Some(id));
    let [namespace, name] =
        [object::namespace(application), object::name(application)].map(Option::unwrap_or_default);
    let entry = entry.ok_or_else(|| {
        ApiError::invalid(format!("application {namespace}/{name} does not have deployment with id {id}"))
    })?;
    let revision = entry.str_at(&["revision"]).unwrap_or("that revision");
    let message = format!(
        "application {name} is deployed by Flux, which follows its source, so it is not rolled back here: set \
         spec.source.targetRevision to {revision} and sync, or revert the commit"
    );
    Err(ApiError::new(Code::Unimplemented, message))
}
