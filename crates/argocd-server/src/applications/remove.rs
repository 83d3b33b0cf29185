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
        (_, None) => Some(RESOURCES_FINALIZER.to_owned()),
        (_, Some(policy @ ("foreground" | "background"))) => Some(format!("{RESOURCES_FINALIZER}/{policy}")),
        (_, Some(other)) => return Err(ApiError::invalid(format!("invalid propagation policy: {other}"))),
    };
    let application = &permit.application;
    let target = control.address_of(application);
    let session = control.session();
    let before: Vec<&str> = object::finalizers(application).collect();
    let after = finalizers(&before, wanted.as_deref());
    if before != after {
        let patch = Value::map_of([("metadata", Value::map_of([("finalizers", Value::list_of(after))]))]);
        session.merge_patch(&target, Subresource::Main, MANAGER, &patch).await?;
    }
    let uid = object::uid(application).unwrap_or_default();
    session.delete(&target, uid, Propagation::Background).await?;
    Ok(Answer::Json(Value::map()))
}

/// As upstream: a policy is added to what is there, and without cascading nothing of it stays.
fn finalizers<'a>(before: &[&'a str], wanted: Option<&'a str>) -> Vec<&'a str> {
    let Some(wanted) = wanted else {
        return before.iter().copied().filter(|finalizer| !is_resources_finalizer(finalizer)).collect();
    };
    let mut after = before.to_vec();
    if !after.contains(&wanted) {
        after.push(wanted);
    }
    after
}
