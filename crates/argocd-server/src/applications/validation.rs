//! What an application must be before it is written.

use argocd_api::application::Destination;
use argocd_api::{Application, Project};
use argocd_core::projects::{Object, denial, denied_destination, denied_source, destination};
use argocd_core::sync_options::{self, FLUX_SUBSYSTEM};
use engine::ObjectRef;
use value::Value;

use crate::control_plane::ControlPlane;
use crate::error::{ApiError, Code};
use crate::permit::project_of;

/// The project of an application.
///
/// # Errors
/// It does not exist.
pub(super) async fn existing_project(control: &ControlPlane, project: &str) -> Result<Value, ApiError> {
    let found = control.session().get(&control.project(project)).await?;
    found.ok_or_else(|| not_in(project))
}

/// The answer where a project does not exist, or does not take an application.
pub(super) fn not_in(project: &str) -> ApiError {
    ApiError::invalid(format!("app is not allowed in project {project:?}, or the project does not exist"))
}

async fn read_project(control: &ControlPlane, project: &str) -> Result<Project, ApiError> {
    let found = existing_project(control, project).await?;
    Project::parse(&found).map_err(|error| {
        ApiError::new(Code::FailedPrecondition, format!("project {project} cannot be read: {error}"))
    })
}

/// Refuses an object that the project of an application does not let it have.
///
/// # Errors
/// That, or there is no project that can be read.
pub(super) async fn require_permitted(
    control: &ControlPlane,
    application: &Value,
    made: &Value,
) -> Result<(), ApiError> {
    let project = read_project(control, project_of(application)).await?;
    let field = |field: &str| application.str_at(&["spec", "destination", field]).unwrap_or_default();
    let destination = destination(field("server"), field("name"), field("namespace"))
        .map_err(|why| ApiError::new(Code::FailedPrecondition, why.to_string()))?;
    let Some(ObjectRef { group, kind, namespace, name }) = ObjectRef::of(made) else { return Ok(()) };
    let object = Object { group: &group, kind: &kind, name: &name, namespace: &namespace };
    match denial(&project, &object, &destination) {
        None => Ok(()),
        Some(_) => {
            let message =
                format!("application is not permitted to manage {group}/{kind}/{name} in {namespace}");
            Err(ApiError::new(Code::Unknown, message))
        }
    }
}

/// Refuses an application whose project, destination or source is not allowed, or does not exist.
///
/// # Errors
/// The first thing that is wrong with it.
pub(super) async fn validate(control: &ControlPlane, name: &str, object: &Value) -> Result<(), ApiError> {
    let project = read_project(control, project_of(object)).await?;
    let of_spec = |why: &str| ApiError::invalid(format!("application spec for {name} is invalid: {why}"));
    let spec = Application::parse(object).map_err(|error| of_spec(&error.to_string()))?;
    let Destination { server, name: cluster, namespace } = &spec.destination;
    let to = destination(server, cluster, namespace).map_err(|why| {
        ApiError::invalid(format!("application destination spec for {name} is invalid: {why}"))
    })?;
    let source = spec.source.as_ref();
    let has_source = source.is_some_and(|source| !source.repo_url.is_empty() && !source.path.is_empty());
    let has_chart = object.at(&["spec", "source", "chart"]).is_some();
    if !has_source && !has_chart && !spec.has_sources {
        let why = "spec.source.repoURL and either spec.source.path or spec.source.chart are required";
        return Err(of_spec(&format!("InvalidSpecError: {why}")));
    }
    let policy = &spec.sync_policy;
    if let Some(option) = sync_options::refused(&policy.options).next().filter(|_| policy.has(FLUX_SUBSYSTEM))
    {
        return Err(of_spec(&format!("InvalidSpecError: {option}; {}", option.fix())));
    }
    let denied = source.and_then(|source| denied_source(&project, &source.repo_url));
    match denied.or_else(|| denied_destination(&project, &to)) {
        Some(why) => Err(of_spec(&format!("InvalidSpecError: {why}"))),
        None => Ok(()),
    }
}
