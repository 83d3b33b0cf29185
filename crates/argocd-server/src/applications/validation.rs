//! What an application must be before it is written.

use argocd_api::application::Destination as Given;
use argocd_api::{Application, Project};
use argocd_core::projects::{Destination, permits_destination, permits_source};
use value::Value;

use crate::control_plane::ControlPlane;
use crate::error::{ApiError, Code};
use crate::permit::project_of;

/// The API server of the cluster that the control plane runs in, and the cluster's name.
const HERE: (&str, &str) = ("https://kubernetes.default.svc", "in-cluster");

/// Refuses an application whose project, destination or source is not allowed, or does not exist.
///
/// # Errors
/// The first thing that is wrong with it.
pub(super) async fn validate(control: &ControlPlane, name: &str, object: &Value) -> Result<(), ApiError> {
    let project = project_of(object);
    let found = control.session().get(&control.project(project)).await?;
    let found = found.ok_or_else(|| {
        ApiError::invalid(format!("app is not allowed in project {project:?}, or the project does not exist"))
    })?;
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
    let here = (HERE.0.to_owned(), HERE.1.to_owned());
    match (server, name) {
        ("", "") => Err("destination server missing from app spec".to_owned()),
        ("", name) if name == HERE.1 => Ok(here),
        ("", name) => Err(format!("there are no clusters with this name: {name}")),
        (server, "") if server == HERE.0 => Ok(here),
        (server, "") => {
            let missing = format!("rpc error: code = NotFound desc = cluster {server:?} not found");
            Err(format!("error getting cluster by server {server:?}: {missing}"))
        }
        (server, name) => {
            Err(format!("application destination can't have both name and server defined: {name} {server}"))
        }
    }
}
