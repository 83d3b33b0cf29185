//! Reading applications.

use std::sync::Arc;
use std::time::Duration;

use apimachinery::object;
use apimachinery::selector::LabelSelector;
use argocd_api::application::REFRESH;
use argocd_core::repositories::normal_url;
use cluster::{Deadline, Subresource};
use value::Value;

use crate::answer::Answer;
use crate::authentication::Caller;
use crate::control_plane::{ControlPlane, MANAGER};
use crate::error::{ApiError, Code};
use crate::permit::{Get, LoggedIn, OnApplication, project_of, sees};
use crate::request::Request;
use crate::shape::{self, FieldFilter};

/// A controller that does not answer a refresh in this time is not there.
const REFRESH_PATIENCE: Duration = Duration::from_secs(60);
/// How often the object is looked at in the meantime.
const REFRESH_PAUSE: Duration = Duration::from_millis(100);

/// `GET /api/v1/applications`: those that the caller may see.
pub(crate) async fn list(
    control: Arc<ControlPlane>,
    LoggedIn(caller): LoggedIn,
    request: Request,
) -> Result<Answer, ApiError> {
    let filter = Filter::new(&request)?;
    let mut found = control.applications.select(|application| filter.takes(application));
    found.retain(|application| sees(&control, &caller, application));
    found.sort_by(|a, b| object::name(a).cmp(&object::name(b)));
    let version = highest_version(&found);
    let items: Vec<Value> = found.iter().map(shape::application).collect();
    let whole = shape::list(&version, items);
    let mut answer = FieldFilter::new(request.parameter("fields").unwrap_or_default()).apply(&whole);
    // The version of the list is there whatever fields are asked for.
    answer.set_at(&["metadata"], whole.get("metadata").cloned().unwrap_or_else(Value::map));
    Ok(Answer::Json(answer))
}

/// `GET /api/v1/applications/{name}`; with `refresh=normal|hard` after a new comparison with the source.
pub(crate) async fn get(
    control: Arc<ControlPlane>,
    permit: OnApplication<Get>,
    request: Request,
) -> Result<Answer, ApiError> {
    let application = match request.parameter("refresh").filter(|kind| !kind.is_empty()) {
        None => permit.application,
        Some(kind) => refresh(&control, &permit.application, kind).await?,
    };
    let fields = FieldFilter::new(request.parameter("fields").unwrap_or_default());
    Ok(Answer::Json(fields.apply(&shape::application(&application))))
}

/// The highest version of all objects, which stands for that of their list.
pub(crate) fn highest_version(objects: &[Value]) -> String {
    let versions = objects.iter().filter_map(|object| object::resource_version(object)?.parse::<u64>().ok());
    versions.max().unwrap_or_default().to_string()
}

/// Which applications a client asks for.
pub(super) struct Filter {
    names: Vec<String>,
    projects: Vec<String>,
    namespace: Option<String>,
    repository: Option<String>,
    labels: LabelSelector,
}

impl Filter {
    /// Reads the parameters of lists and streams.
    ///
    /// # Errors
    /// The selector cannot be read.
    pub(super) fn new(request: &Request) -> Result<Self, ApiError> {
        let given = |name: &'static str| request.parameters(name).filter(|text| !text.is_empty());
        let selector = given("selector").next().unwrap_or_default();
        let labels = LabelSelector::parse(selector)
            .map_err(|error| ApiError::new(Code::Unknown, format!("error parsing the selector: {error}")))?;
        Ok(Self {
            names: given("name").map(str::to_owned).collect(),
            projects: given("projects").chain(given("project")).map(str::to_owned).collect(),
            namespace: given("appNamespace").next().map(str::to_owned),
            repository: given("repo").next().map(normal_url),
            labels,
        })
    }

    pub(super) fn takes(&self, application: &Value) -> bool {
        let named = |list: &[String], text: &str| list.is_empty() || list.iter().any(|known| known == text);
        let is_of_repository = |wanted: &str| {
            let url = application.str_at(&["spec", "source", "repoURL"]).unwrap_or_default();
            normal_url(url) == wanted
        };
        named(&self.names, object::name(application).unwrap_or_default())
            && named(&self.projects, project_of(application))
            && self.namespace.as_deref().is_none_or(|wanted| object::namespace(application) == Some(wanted))
            && self.repository.as_deref().is_none_or(is_of_repository)
            && self.labels.matches(object::labels(application))
    }
}

/// Whether a change of an application is news to a client.
pub(super) fn is_shown(
    control: &ControlPlane,
    caller: &Caller,
    filter: &Filter,
    application: &Value,
) -> bool {
    filter.takes(application) && sees(control, caller, application)
}

/// Asks for a comparison and waits until a controller took the question off.
async fn refresh(control: &ControlPlane, application: &Value, kind: &str) -> Result<Value, ApiError> {
    let kind = if kind == "hard" { "hard" } else { "normal" };
    let name = object::name(application).unwrap_or_default();
    let namespace = object::namespace(application).unwrap_or_default();
    let target = control.application(namespace, name);
    let session = control.session().until(Deadline::after(REFRESH_PATIENCE));
    let mut patch = Value::map();
    patch.set_at(&["metadata", "annotations", REFRESH], kind);
    session.merge_patch(&target, Subresource::Main, MANAGER, &patch).await?;
    loop {
        let found = session.get(&target).await?.ok_or_else(ApiError::denied)?;
        if object::annotation(&found, REFRESH).is_none() {
            return Ok(found);
        }
        if session.deadline().left() < REFRESH_PAUSE {
            let message = format!(
                "application {name} was not compared within {} s: no controller of applications is running",
                REFRESH_PATIENCE.as_secs()
            );
            return Err(ApiError::new(Code::Unavailable, message));
        }
        tokio::time::sleep(REFRESH_PAUSE).await;
    }
}
