//! Deleting applications.

use std::sync::Arc;

use apimachinery::object;
use argocd_api::application::{RESOURCES_FINALIZER, is_resources_finalizer};
use cluster::{Propagation, Subresource};
use value::Value;

use crate::answer::Answer;
use crate::control_plane::{ControlPlane, MANAGER};
use crate::error::ApiError;
use crate::permit::{Delete, OnApplication};
use crate::request::Request;

/// `DELETE /api/v1/applications/{name}`. What the application deployed goes with it unless `cascade=false`.
///
/// The finalizer is put on or taken off first, so that no crash in between leaves something behind.
pub(crate) async fn delete(
    control: Arc<ControlPlane>,
    permit: OnApplication<Delete>,
    request: Request,
) -> Result<Answer, ApiError> {
    let cascade = request.switch("cascade")?;
    let policy = request.parameter("propagationPolicy").filter(|policy| !policy.is_empty());
    if cascade == Some(false) && policy.is_some() {
        return Err(ApiError::invalid("cannot set propagation policy when cascading is disabled"));
    }
    let wanted = match (cascade, policy) {
        (Some(false), _) => None,
        (_, None | Some("foreground")) => Some(RESOURCES_FINALIZER.to_owned()),
        (_, Some("background")) => Some(format!("{RESOURCES_FINALIZER}/background")),
        (_, Some(other)) => return Err(ApiError::invalid(format!("invalid propagation policy: {other}"))),
    };
    let application = &permit.application;
    let target = control.address_of(application);
    let session = control.session();
    let before: Vec<&str> = object::finalizers(application).collect();
    let others = before.iter().copied().filter(|finalizer| !is_resources_finalizer(finalizer));
    let after: Vec<&str> = others.chain(wanted.as_deref()).collect();
    if before != after {
        let patch = Value::map_of([("metadata", Value::map_of([("finalizers", Value::list_of(after))]))]);
        session.merge_patch(&target, Subresource::Main, MANAGER, &patch).await?;
    }
    let uid = object::uid(application).unwrap_or_default();
    session.delete(&target, uid, Propagation::Background).await?;
    Ok(Answer::Json(Value::map()))
}
