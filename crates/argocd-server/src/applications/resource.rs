//! One object of an application's tree: read, changed, deleted.
//!
//! Source of the rules: Argo CD 3.6, `server/application/application.go`, and the recording `api-applications`.

use std::sync::Arc;

use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use argocd_core::masking::{Sign, masked};
use cluster::{Propagation, Subresource, Target};
use engine::ObjectRef;
use value::Value;

use crate::answer::Answer;
use crate::control_plane::{ControlPlane, MANAGER};
use crate::deployment::Deployment;
use crate::error::{ApiError, Code};
use crate::permit::{Get, OnApplication, OnResource, RemoveResource, UpdateResource};
use crate::request::Request;

const MERGE: &str = "application/merge-patch+json";
const JSON: &str = "application/json-patch+json";
/// Known to Kubernetes, and not carried over.
const UNBUILT: [&str; 2] = ["application/strategic-merge-patch+json", "application/apply-patch+yaml"];

/// An object that exists in the tree of an application.
pub(super) struct Found {
    pub(super) target: Target,
    pub(super) live: Value,
}

/// `GET /api/v1/applications/{name}/resource`.
pub(crate) async fn resource(
    control: Arc<ControlPlane>,
    permit: OnApplication<Get>,
    request: Request,
) -> Result<Answer, ApiError> {
    let found = find(&control, &permit.application, &asked(&request)?).await?;
    Ok(manifest(&control, &found.live))
}

/// `POST /api/v1/applications/{name}/resource`: the body is a patch, as a text.
pub(crate) async fn patch_resource(
    control: Arc<ControlPlane>,
    permit: OnResource<UpdateResource>,
    request: Request,
) -> Result<Answer, ApiError> {
    let patch = request.text()?;
    let found = find(&control, &permit.application, &asked(&request)?).await?;
    let kind = request.parameter("patchType").unwrap_or_default();
    if UNBUILT.contains(&kind) {
        let message = format!("patches of type {kind} are not supported; use {MERGE} or {JSON}");
        return Err(ApiError::new(Code::Unimplemented, message));
    }
    if ![MERGE, JSON].contains(&kind) {
        let message = "error patching resource: 415: Unsupported Media Type";
        return Err(ApiError::new(Code::Unknown, message));
    }
    let patch = value::from_json(patch.as_bytes()).map_err(|error| {
        let text = error.to_string();
        let text = if text.contains("EOF") { "unexpected end of JSON input" } else { text.as_str() };
        let message = format!("error patching resource: error decoding patch: {text}");
        ApiError::new(Code::FailedPrecondition, message)
    })?;
    let session = control.session();
    let patched = match kind {
        MERGE => session.merge_patch(&found.target, Subresource::Main, MANAGER, &patch).await,
        _ => session.json_patch(&found.target, MANAGER, &patch).await,
    };
    let patched = patched.map_err(|error| {
        let code = ApiError::from_cluster(&error);
        ApiError::new(code, format!("error patching resource: {error}"))
    })?;
    Ok(manifest(&control, &patched))
}

/// `DELETE /api/v1/applications/{name}/resource`: its dependents go first, afterwards at once with `force`, or stay
/// with `orphan`.
pub(crate) async fn delete_resource(
    control: Arc<ControlPlane>,
    permit: OnResource<RemoveResource>,
    request: Request,
) -> Result<Answer, ApiError> {
    let (force, orphan) = (request.switch("force")?, request.switch("orphan")?);
    let found = find(&control, &permit.application, &asked(&request)?).await?;
    let uid = object::uid(&found.live).unwrap_or_default();
    let session = control.session();
    match (orphan, force) {
        (Some(true), _) => session.delete(&found.target, uid, Propagation::Orphan).await?,
        (_, Some(true)) => session.delete_at_once(&found.target, uid, Propagation::Background).await?,
        _ => session.delete(&found.target, uid, Propagation::Foreground).await?,
    };
    Ok(Answer::Json(Value::map()))
}

/// The object that the query names, and the version in which it is wanted.
///
/// # Errors
/// Something is missing, in the words of upstream's encoder.
pub(super) fn asked(request: &Request) -> Result<(ObjectRef, String), ApiError> {
    named(|field| request.parameter(field))
}

/// The object that fields name.
///
/// # Errors
/// Something is missing, in the words of upstream's encoder, which begins at the end.
pub(super) fn named<'a>(
    text: impl Fn(&'static str) -> Option<&'a str>,
) -> Result<(ObjectRef, String), ApiError> {
    for field in ["kind", "version", "resourceName"] {
        if text(field).is_none() {
            let message = format!("grpc: error while marshaling: proto: required field {field:?} not set");
            return Err(ApiError::new(Code::Internal, message));
        }
    }
    let owned = |field| text(field).unwrap_or_default().to_owned();
    let reference = ObjectRef {
        group: owned("group"),
        kind: owned("kind"),
        namespace: owned("namespace"),
        name: owned("resourceName"),
    };
    Ok((reference, owned("version")))
}

/// The object, if it stands in the tree and exists.
///
/// # Errors
/// It does not.
pub(super) async fn find(
    control: &ControlPlane,
    application: &Value,
    (reference, version): &(ObjectRef, String),
) -> Result<Found, ApiError> {
    let name = object::name(application).unwrap_or_default();
    let ObjectRef { group, kind, namespace, name: wanted } = reference;
    let missing =
        || ApiError::invalid(format!("{kind} {group} {wanted} not found as part of application {name}"));
    let deployment = Deployment::of(control, application);
    let node = deployment.find(reference).and_then(|placed| placed.node.as_ref()).ok_or_else(missing)?;
    let version = if version.is_empty() { &node.version } else { version };
    let session = control.session();
    let resource = session.resource(&GroupVersionKind::new(group, version, kind)).await?;
    let target = Target::new(&resource, namespace, wanted);
    let live = session.get(&target).await?.ok_or_else(missing)?;
    Ok(Found { target, live })
}

fn manifest(control: &ControlPlane, live: &Value) -> Answer {
    let live = masked(live, &control.mask(Sign::Plus));
    Answer::Json(Value::map_of([("manifest", value::to_json(&live))]))
}
