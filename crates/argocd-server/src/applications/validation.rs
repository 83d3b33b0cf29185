//! What an application must be before it is written.

use argocd_api::application::Destination as Given;
use argocd_api::{Application, Project};
use argocd_core::projects::{
    Destination, IN_CLUSTER_NAME, IN_CLUSTER_SERVER, permits_destination, permits_source,
};
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

/// Refuses an application whose project, destination or source is not allowed, or does not exist.
///
/// # Errors
/// The first thing that is wrong with it.
pub(super) async fn validate(control: &ControlPlane, name: &str, object: &Value) -> Result<(), ApiError> {
    let project = project_of(object);
    let found = existing_project(control, project).await?;
    let of_spec = |why: &str| ApiError::invalid(format!("application spec for {name} is invalid: {why}"));
    let spec = Application::parse(object).map_err(|error| of_spec(&error.to_string()))?;
    let project = Project::parse(&found).map_err(|error| {
        ApiError::new(Code::FailedPrecondition, format!("project {project} cannot be read: {error}"))
    })?;
    let (server, cluster) = destination(&spec.destination).map_err(|why| {
        ApiError::invalid(format!("application destination spec for {name} is invalid: {why}"))
    })?;
    let source = spec.source.as_ref();
    let has_source = source.is_some_and(|source| !source.repo_url.is_empty() && !source.path.is_empty());
    let has_chart = object.at(&["spec", "source", "chart"]).is_some();
    if !has_source && !has_chart && !spec.has_sources {
        let why = "spec.source.repoURL and either spec.source.path or spec.source.chart are required";
        return Err(of_spec(&format!("InvalidSpecError: {why}")));
    }
    let namespace = &spec.destination.namespace;
    if let Some(source) = source.filter(|source| !permits_source(&project, &source.repo_url)) {
        let why =
            format!("application repo {} is not permitted in project '{}'", source.repo_url, project.name);
        return Err(of_spec(&format!("InvalidSpecError: {why}")));
    }
    let to = Destination { server: &server, name: &cluster, namespace };
    if !permits_destination(&project, &to) {
        let why = format!(
            "application destination server '{server}' and namespace '{namespace}' do not match any of the \
             allowed destinations in project '{}'",
            project.name
        );
        return Err(of_spec(&format!("InvalidSpecError: {why}")));
    }
    Ok(())
}

/// The API server and the name of the cluster.
fn destination(given: &Given) -> Result<(String, String), String> {
    let (server, name) = (given.server.as_str(), given.name.as_str());
    let here = (IN_CLUSTER_SERVER.to_owned(), IN_CLUSTER_NAME.to_owned());
    match (server, name) {
        ("", "") => Err("destination server missing from app spec".to_owned()),
        ("", name) if name == IN_CLUSTER_NAME => Ok(here),
        ("", name) => Err(format!("there are no clusters with this name: {name}")),
        (server, "") if server == IN_CLUSTER_SERVER => Ok(here),
        (server, "") => {
            let missing = format!("rpc error: code = NotFound desc = cluster {server:?} not found");
            Err(format!("error getting cluster by server {server:?}: {missing}"))
        }
        (server, name) => {
            Err(format!("application destination can't have both name and server defined: {name} {server}"))
        }
    }
}
