//! Facts about an Application: its project, its credentials, and its Flux objects.

use std::time::Duration;

use apimachinery::condition::{self, Status};
use apimachinery::fields;
use apimachinery::object;
use argocd_api::Application;
use argocd_api::application::{Operation, Phase};
use argocd_api::project::{self, Project};
use argocd_core::projects::{self, Destination, IN_CLUSTER_NAME, IN_CLUSTER_SERVER, UnknownCluster};
use argocd_core::repositories::{self, Entry, Role, SECRET_TYPE};
use base64::Engine as _;
use jiff::Timestamp;
use value::Value;

use super::Controller;
use super::decide::{Facts, Ready, Request};
use crate::generate::{Credentials, Refusal};
use crate::names::{AUTO_CREATE, ApplicationName, FLUX_SUBSYSTEM};
use crate::reflect::{self, Condition};

/// Certificates that are trusted, by host.
const CERTIFICATES: &str = "argocd-tls-certs-cm";

pub(super) fn lifecycle(object: &Value, application: &Application) -> Facts {
    Facts {
        deleting: object::deletion_timestamp(object).is_some(),
        cascades: application.cascades,
        skipped: application.skip_reconcile,
        flux: application.sync_policy.has(FLUX_SUBSYSTEM),
        generate: application.sync_policy.has(AUTO_CREATE),
    }
}

/// The project that lets the Application do what it asks for.
///
/// # Errors
/// Everything that the spec lacks, and that the project does not allow, in upstream's words.
pub(super) fn admitted(
    controller: &Controller,
    application: &Application,
    name: &ApplicationName,
) -> Result<Project, Vec<Condition>> {
    let project = project_of(controller, application).map_err(|condition| vec![condition])?;
    if !projects::permits_namespace(&project, &name.namespace, &controller.settings.namespace) {
        let message = format!(
            "application '{}' in namespace '{}' is not permitted to use project '{}'",
            name.name, name.namespace, project.name
        );
        return Err(vec![Condition::unknown(message)]);
    }
    let mut conditions = source_problems(application, &project);
    conditions.extend(destination_problem(controller, application, &project).map(Condition::invalid_spec));
    if conditions.is_empty() { Ok(project) } else { Err(conditions) }
}

fn project_of(controller: &Controller, application: &Application) -> Result<Project, Condition> {
    let name = &application.project;
    let Some(object) = controller.views.projects.get(&controller.settings.namespace, name) else {
        let message = format!("Application referencing project {name} which does not exist");
        return Err(Condition::invalid_spec(message));
    };
    if let [field, ..] = fields::present_in_spec(&object, project::REFUSED).as_slice() {
        let message = format!(
            "spec.{field} of project {name} is not enforced by this version of Flamingo, so nothing is deployed for it; \
             remove the field, or use another project"
        );
        return Err(Condition::invalid_spec(message));
    }
    let project = Project::parse(&object)
        .map_err(|error| Condition::invalid_spec(format!("project {name} cannot be read: {error}")))?;
    Ok(project)
}

fn source_problems(application: &Application, project: &Project) -> Vec<Condition> {
    let source = application.source.clone().unwrap_or_default();
    if !application.has_sources
        && (source.repo_url.is_empty() || (source.path.is_empty() && source.chart.is_empty()))
    {
        let message = "spec.source.repoURL and either spec.source.path or spec.source.chart are required";
        return vec![Condition::invalid_spec(message)];
    }
    match projects::denied_source(project, &source.repo_url) {
        Some(message) if !application.has_sources => vec![Condition::invalid_spec(message)],
        _ => Vec::new(),
    }
}

/// Why the project lets nothing be deployed to a namespace of our own cluster.
pub(super) fn denied_namespace(project: &Project, namespace: &str) -> Option<String> {
    let destination = Destination { server: IN_CLUSTER_SERVER, name: IN_CLUSTER_NAME, namespace };
    projects::denied_destination(project, &destination)
}

fn destination_problem(
    controller: &Controller,
    application: &Application,
    project: &Project,
) -> Option<String> {
    let argocd_api::application::Destination { server, name, namespace } = &application.destination;
    let unknown = match projects::destination(server, name, namespace) {
        Ok(destination) => return projects::denied_destination(project, &destination),
        Err(unknown) => unknown,
    };
    let registered = match &unknown {
        UnknownCluster::Missing => return Some("Destination server missing from app spec".to_owned()),
        UnknownCluster::Both { .. } => None,
        UnknownCluster::Name(name) => other_cluster(controller, "name", name),
        UnknownCluster::Server(server) => other_cluster(controller, "server", server),
    };
    Some(registered.unwrap_or_else(|| unknown.to_string()))
}

/// What is said of a cluster that is registered.
fn other_cluster(controller: &Controller, field: &str, text: &str) -> Option<String> {
    let is_it = |secret: &Value| {
        object::label(secret, SECRET_TYPE) == Some("cluster")
            && decoded(secret, field).as_deref() == Some(text)
    };
    (!controller.views.secrets.select(is_it).is_empty()).then(|| {
        format!(
            "deploying to another cluster ({text}) through Flux is not supported by this version of Flamingo"
        )
    })
}

/// The credentials of the repository, and the certificates that are trusted for its host.
///
/// # Errors
/// The credentials cannot be carried over to Flux.
pub(super) fn credentials(
    controller: &Controller,
    application: &Application,
    url: &str,
) -> Result<Option<Credentials>, Refusal> {
    let role = |secret: &Value| object::label(secret, SECRET_TYPE).and_then(Role::of);
    let mut secrets = controller.views.secrets.select(|secret| role(secret).is_some());
    secrets.sort_by_key(|secret| object::name(secret).unwrap_or_default().to_owned());
    let entries: Vec<Entry> = secrets
        .iter()
        .filter_map(|secret| {
            let text = |field: &str| decoded(secret, field).unwrap_or_default();
            Some(Entry {
                role: role(secret)?,
                url: text("url"),
                project: text("project"),
                has_credentials: Credentials::of(Some(secret), None).map_or(true, |found| found.is_some()),
            })
        })
        .collect();
    let found = repositories::find(&entries, url, &application.project);
    let secret = found.credentials.and_then(|index| secrets.get(index));
    let host = url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let certificates = controller.views.config_maps.get(&controller.settings.namespace, CERTIFICATES);
    let ca = host.and_then(|host| certificates?.str_at(&["data", &host]).map(str::to_owned));
    Credentials::of(secret, ca.as_deref())
}

fn decoded(secret: &Value, field: &str) -> Option<String> {
    let encoded = secret.str_at(&["data", field])?;
    let bytes = base64::engine::general_purpose::STANDARD.decode(encoded).ok()?;
    String::from_utf8(bytes).ok()
}

/// An operation that runs, as the status tells of it.
pub(super) struct Running {
    pub(super) operation: Operation,
    pub(super) started: String,
    pub(super) retried: u32,
    pub(super) failed_at: Option<Timestamp>,
}

impl Running {
    /// `None` where no operation runs, or what the status says of it cannot be read.
    pub(super) fn of(object: &Value) -> Option<Self> {
        if Phase::of(object)?.is_completed() {
            return None;
        }
        let state = object.at(&["status", "operationState"])?;
        let retried = state.get("retryCount").and_then(Value::as_i64).unwrap_or(0);
        Some(Self {
            operation: Operation::in_status(object).ok()??,
            started: state.str_at(&["startedAt"])?.to_owned(),
            retried: u32::try_from(retried).unwrap_or(0),
            failed_at: state.str_at(&["finishedAt"]).and_then(|at| at.parse().ok()),
        })
    }

    /// What Flux objects are asked with: the operation and its attempt, so that a run after a crash knows it
    /// again.
    pub(super) fn token(&self) -> String {
        match self.retried {
            0 => self.started.clone(),
            retried => format!("{}#{retried}", self.started),
        }
    }

    pub(super) fn failed_since(&self, now: Timestamp) -> Option<Duration> {
        let since = now.duration_since(self.failed_at?);
        Some(Duration::try_from(since).unwrap_or(Duration::ZERO))
    }
}

/// Whether `object` was asked with `token`, and has answered.
pub(super) fn request(object: &Value, token: &str) -> Request {
    if object.str_at(&["status", "lastHandledReconcileAt"]) == Some(token) {
        return Request::Handled;
    }
    match engine::request::requested_at(object) {
        Some(asked) if asked == token => Request::Pending,
        _ => Request::Unmade,
    }
}

/// How a Flux object is. `of_generation` says whether an answer to an older spec counts.
pub(super) fn ready(object: &Value, of_generation: bool) -> Ready {
    let observed = object::observed_generation(object);
    let conditions = object.at(&["status", "conditions"]);
    let Some(ready) = conditions.and_then(|conditions| condition::get(conditions, "Ready")) else {
        return Ready::Unknown;
    };
    match ready.status {
        Status::True if of_generation && observed != object::generation(object) => Ready::Unknown,
        Status::True => Ready::Yes,
        Status::False if reflect::waits(&ready) => Ready::Unknown,
        Status::False => Ready::No(ready.message),
        Status::Unknown => Ready::Unknown,
    }
}
