//! Syncing applications.

use std::sync::Arc;

use apimachinery::object;
use argocd_api::application::Phase;
use cluster::Subresource;
use value::{Map, Value};

use super::validation::existing_project;
use crate::answer::Answer;
use crate::control_plane::{ControlPlane, MANAGER};
use crate::error::{ApiError, Code};
use crate::permit::{OnApplication, Sync, Terminate, project_of, rbac_name, require};
use crate::request::Request;
use crate::shape;

/// `POST /api/v1/applications/{name}/sync`: writes the operation that controllers carry out.
pub(crate) async fn sync(
    control: Arc<ControlPlane>,
    permit: OnApplication<Sync>,
    request: Request,
) -> Result<Answer, ApiError> {
    let body = request.json()?;
    check_switches(&body)?;
    let application = &permit.application;
    permit.agrees_with(&body)?;
    // Upstream says so of every route; here one can read an application to see what is wrong with it.
    existing_project(&control, project_of(application)).await?;
    for field in ["revisions", "sourcePositions"] {
        if is_given(&body, field) {
            let message = format!("{field}: applications with several sources are not supported yet");
            return Err(ApiError::new(Code::Unimplemented, message));
        }
    }
    if is_given(&body, "manifests") {
        require(&control, &permit.caller, "override", &rbac_name(&control, application))?;
    }
    refuse_other_revision(application, &body)?;
    if application.get("operation").is_some() {
        return Err(ApiError::new(Code::FailedPrecondition, "another operation is already in progress"));
    }
    let mut patch = Value::map_of([("operation", operation(application, &body, &permit.caller.account))]);
    // Whoever wrote in between may have begun an operation too.
    if let Some(version) = object::resource_version(application) {
        patch.set_at(&["metadata", "resourceVersion"], version);
    }
    let target = control.address_of(application);
    let written = control.session().merge_patch(&target, Subresource::Main, MANAGER, &patch).await?;
    Ok(Answer::Json(shape::application(&written)))
}

/// `DELETE /api/v1/applications/{name}/operation`.
pub(crate) async fn terminate(
    control: Arc<ControlPlane>,
    permit: OnApplication<Terminate>,
    _: Request,
) -> Result<Answer, ApiError> {
    let application = &permit.application;
    let is_running = Phase::of(application) == Some(Phase::Running);
    if application.get("operation").is_none() || !is_running {
        let message = "Unable to terminate operation. No operation is in progress";
        return Err(ApiError::invalid(message));
    }
    let target = control.address_of(application);
    let mut patch = Value::map();
    patch.set_at(&["status", "operationState", "phase"], Phase::Terminating.as_str());
    // An operation that has ended meanwhile stays as it ended.
    if let Some(version) = object::resource_version(application) {
        patch.set_at(&["metadata", "resourceVersion"], version);
    }
    control.session().merge_patch(&target, Subresource::Main, MANAGER, &patch).await?;
    Ok(Answer::Json(Value::map()))
}

/// Refuses what is no switch, in the words of encoding/json.
fn check_switches(body: &Value) -> Result<(), ApiError> {
    for field in ["prune", "dryRun"] {
        let value = body.get(field).filter(|value| !value.is_null() && value.as_bool().is_none());
        if let Some(value) = value {
            let (kind, of) = (value.kind(), format!("ApplicationSyncRequest.{field}"));
            let message = format!("json: cannot unmarshal {kind} into Go struct field {of} of type bool");
            return Err(ApiError::invalid(message));
        }
    }
    Ok(())
}

/// With automated syncs the revision of the application is the only one.
fn refuse_other_revision(application: &Value, body: &Value) -> Result<(), ApiError> {
    let (wanted, set) = (
        body.str_at(&["revision"]).unwrap_or_default(),
        application.str_at(&["spec", "source", "targetRevision"]).unwrap_or_default(),
    );
    if is_automated(application) && !wanted.is_empty() && wanted != set {
        let message = format!("Cannot sync to {wanted}: auto-sync currently set to {set}");
        return Err(ApiError::new(Code::FailedPrecondition, message));
    }
    Ok(())
}

/// Whether the application is synced by itself.
pub(super) fn is_automated(application: &Value) -> bool {
    let automated = application.at(&["spec", "syncPolicy", "automated"]);
    automated.is_some_and(|automated| automated.get("enabled").and_then(Value::as_bool) != Some(false))
}

/// The operation as controllers read it.
fn operation(application: &Value, body: &Value, account: &str) -> Value {
    let mut sync = Map::new();
    let own = application.str_at(&["spec", "source", "targetRevision"]);
    let revision = body.str_at(&["revision"]).filter(|revision| !revision.is_empty()).or(own);
    if let Some(revision) = revision.filter(|_| !is_given(body, "manifests")) {
        sync.insert("revision", revision);
    }
    if let Some(source) = application.at(&["spec", "source"]) {
        sync.insert("source", source.clone());
    }
    for (field, to) in [
        ("prune", "prune"),
        ("dryRun", "dryRun"),
        ("strategy", "syncStrategy"),
        ("resources", "resources"),
        ("manifests", "manifests"),
    ] {
        if let Some(value) = body.get(field).filter(|_| is_given(body, field)) {
            sync.insert(to, without_zeros(value));
        }
    }
    if let Some(options) = body.at(&["syncOptions", "items"]) {
        sync.insert("syncOptions", options.clone());
    }
    let mut operation = Value::map_of([
        ("sync", Value::from(sync)),
        ("initiatedBy", Value::map_of([("username", account)])),
        ("retry", body.get("retryStrategy").cloned().unwrap_or_else(Value::map)),
    ]);
    if let Some(infos) = body.get("infos").filter(|_| is_given(body, "infos")) {
        operation.set_at(&["info"], infos.clone());
    }
    operation
}

/// As Go writes it: neither empty texts nor `false`.
fn without_zeros(value: &Value) -> Value {
    if let Some(items) = value.as_list() {
        return Value::list_of(items.iter().map(without_zeros));
    }
    let Some(map) = value.as_map() else { return value.clone() };
    let is_zero =
        |value: &Value| value.is_null() || value.as_str() == Some("") || value.as_bool() == Some(false);
    Value::map_of(
        map.iter()
            .filter(|(_, value)| !is_zero(value))
            .map(|(key, value)| (key.as_str(), without_zeros(value))),
    )
}

/// Whether a field says anything: as in Go, neither `false` nor an empty list does.
fn is_given(body: &Value, field: &str) -> bool {
    body.get(field).is_some_and(|value| {
        !value.is_null()
            && value.as_bool() != Some(false)
            && value.as_list().is_none_or(|list| !list.is_empty())
    })
}
