//! Actions on objects of an application's tree.
//!
//! Source of the rules: Argo CD 3.6, `resource_customizations`, and the recording `api-applications`. Scripts of
//! `argocd-cm` are not run.

use std::sync::Arc;

use apimachinery::clock::rfc3339;
use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use cluster::{Subresource, Target};
use engine::ObjectRef;
use jiff::Timestamp;
use value::{Map, Value};

use super::resource::{asked, find, named};
use super::validation::require_permitted;
use crate::answer::Answer;
use crate::control_plane::{ControlPlane, MANAGER};
use crate::error::{ApiError, Code};
use crate::flux_action::{FluxAction, right};
use crate::permit::{Get, OnApplication, OnResource, ResourceAction};
use crate::request::Request;

/// When a rollout was asked for, as kubectl writes it.
const RESTARTED_AT: [&str; 5] =
    ["spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt"];

/// The one action that makes an object; all others change theirs.
const CREATE_JOB: &str = "create-job";

/// An action that an object offers.
struct Offer {
    name: &'static str,
    /// The name for people, where it is not the name.
    title: Option<&'static str>,
    icon: &'static str,
    is_disabled: bool,
    parameter: Option<&'static str>,
}

/// `GET /api/v1/applications/{name}/resource/actions`.
pub(crate) async fn actions(
    control: Arc<ControlPlane>,
    permit: OnApplication<Get>,
    request: Request,
) -> Result<Answer, ApiError> {
    let asked = asked(&request)?;
    let found = find(&control, &permit.application, &asked).await?;
    let offers: Vec<Value> = offers(&asked.0, &found.live).iter().map(Offer::to_value).collect();
    Ok(Answer::Json(if offers.is_empty() { Value::map() } else { Value::map_of([("actions", offers)]) }))
}

/// An action is run: `action/apps/Deployment/restart` in policies.
pub(crate) struct RunAction;

impl ResourceAction for RunAction {
    const WHOLE: Option<&'static str> = None;

    fn name(request: &Request) -> Result<String, ApiError> {
        let run = Run::of(request)?;
        Ok(right(&run.asked.0, &run.action))
    }
}

/// What is to be run, and on which object.
struct Run {
    asked: (ObjectRef, String),
    action: String,
    parameters: Vec<(String, String)>,
}

impl Run {
    /// As the body says or, in the old form, the query and a text in the body.
    fn of(request: &Request) -> Result<Self, ApiError> {
        if request.parameter("kind").is_some() {
            return Ok(Self { asked: asked(request)?, action: request.text()?, parameters: Vec::new() });
        }
        let body = request.json()?;
        let asked = named(|field| body.str_at(&[field]))?;
        let parameters = body.get("resourceActionParameters").and_then(Value::as_list).unwrap_or_default();
        let parameter = |parameter: &Value| {
            let text = |field: &str| parameter.str_at(&[field]).unwrap_or_default().to_owned();
            (text("name"), text("value"))
        };
        let action = body.str_at(&["action"]).unwrap_or_default().to_owned();
        Ok(Self { asked, action, parameters: parameters.iter().map(parameter).collect() })
    }
}

/// `POST /api/v1/applications/{name}/resource/actions/v2`, and its older form without `/v2`.
pub(crate) async fn run_action(
    control: Arc<ControlPlane>,
    permit: OnResource<RunAction>,
    request: Request,
) -> Result<Answer, ApiError> {
    let run = Run::of(&request)?;
    let found = find(&control, &permit.application, &run.asked).await?;
    let is_offered = offers(&run.asked.0, &found.live).iter().any(|offer| offer.name == run.action);
    let session = control.session();
    let patch = if !is_offered {
        None
    } else if run.action == CREATE_JOB {
        let job = job_of(&found.live, control.clock.now());
        require_permitted(&control, &permit.application, &job).await?;
        let jobs = session.resource(&GroupVersionKind::new("batch", "v1", "Job")).await?;
        let [namespace, name] = [object::namespace(&job), object::name(&job)].map(Option::unwrap_or_default);
        session.create(&Target::new(&jobs, namespace, name), MANAGER, &job).await?;
        return Ok(Answer::Json(Value::map()));
    } else {
        patch(&control, &run, &found.live)?
    };
    let Some(patch) = patch else {
        let message = "error getting Lua resource action: built-in script does not exist";
        return Err(ApiError::new(Code::Unknown, message));
    };
    session.merge_patch(&found.target, Subresource::Main, MANAGER, &patch).await?;
    Ok(Answer::Json(Value::map()))
}

/// The Job that the schedule of a CronJob would make at `now`, as `kubectl create job --from` does it.
fn job_of(cron_job: &Value, now: Timestamp) -> Value {
    let at = |path: &[&str]| cron_job.at(path).cloned().unwrap_or_default();
    let name = object::name(cron_job).unwrap_or_default();
    let mut metadata = cron_job.at(&["spec", "jobTemplate", "metadata"]).cloned().unwrap_or_else(Value::map);
    metadata.set_at(&["name"], format!("{name}-{}", now.strftime("%y%m%d%H%M")));
    metadata.set_at(&["namespace"], at(&["metadata", "namespace"]));
    metadata.set_at(&["annotations", "cronjob.kubernetes.io/instantiate"], "manual");
    let owner = Value::map_of([
        ("apiVersion", at(&["apiVersion"])),
        ("kind", at(&["kind"])),
        ("name", name.into()),
        ("uid", at(&["metadata", "uid"])),
        ("blockOwnerDeletion", true.into()),
        ("controller", true.into()),
    ]);
    metadata.set_at(&["ownerReferences"], Value::list_of([owner]));
    Value::map_of([
        ("apiVersion", Value::from("batch/v1")),
        ("kind", "Job".into()),
        ("metadata", metadata),
        ("spec", at(&["spec", "jobTemplate", "spec"])),
    ])
}

/// What an object of this kind can be asked to do.
fn offers(reference: &ObjectRef, live: &Value) -> Vec<Offer> {
    let is_paused = live.at(&["spec", "paused"]).and_then(Value::as_bool) == Some(true);
    let offer = |name, icon, is_disabled| Offer { name, title: None, icon, is_disabled, parameter: None };
    let scale = || Offer { parameter: Some("replicas"), ..offer("scale", "fa fa-fw fa-plus-circle", false) };
    let restart = || offer("restart", "fa fa-fw fa-redo", false);
    match (reference.group.as_str(), reference.kind.as_str()) {
        ("apps", "Deployment") => vec![
            offer("pause", "fa fa-fw fa-pause-circle", is_paused),
            restart(),
            offer("resume", "fa fa-fw fa-play-circle", !is_paused),
            scale(),
        ],
        ("apps", "StatefulSet") => vec![restart(), scale()],
        ("apps", "DaemonSet") => vec![restart()],
        ("batch", "CronJob") => {
            let switch = match object::is_suspended(live) {
                true => offer("resume", "fa fa-fw fa-play", false),
                false => offer("suspend", "fa fa-fw fa-pause", false),
            };
            let create = offer(CREATE_JOB, "fa fa-fw fa-plus", false);
            vec![switch, Offer { title: Some("Create Job"), ..create }]
        }
        (group, _) if insight::is_flux(group) => {
            let is_refused = |action: FluxAction| action.check(live).is_err();
            let (resume, suspend) = (is_refused(FluxAction::Resume), is_refused(FluxAction::Suspend));
            vec![
                offer("reconcile", "fa fa-fw fa-sync-alt", is_refused(FluxAction::Reconcile)),
                offer("resume", "fa fa-fw fa-play-circle", resume || !object::is_suspended(live)),
                offer("suspend", "fa fa-fw fa-pause-circle", suspend || object::is_suspended(live)),
            ]
        }
        _ => Vec::new(),
    }
}

fn patch(control: &ControlPlane, run: &Run, live: &Value) -> Result<Option<Value>, ApiError> {
    if insight::is_flux(&run.asked.0.group) {
        let Some(action) = FluxAction::of(&run.action) else { return Ok(None) };
        action.check(live)?;
        return Ok(Some(action.patch(control)));
    }
    let mut patch = Value::map();
    match (run.asked.0.kind.as_str(), run.action.as_str()) {
        ("CronJob", action) => patch.set_at(&["spec", "suspend"], action == "suspend"),
        (_, "pause") => patch.set_at(&["spec", "paused"], true),
        (_, "resume") => patch.set_at(&["spec", "paused"], false),
        (_, "restart") => patch.set_at(&RESTARTED_AT, rfc3339(control.clock.now())),
        (_, "scale") => patch.set_at(&["spec", "replicas"], replicas(run)?),
        _ => return Ok(None),
    }
    Ok(Some(patch))
}

fn replicas(run: &Run) -> Result<i64, ApiError> {
    let given = run.parameters.iter().find(|(name, _)| name == "replicas").map(|(_, text)| text.as_str());
    let given = given.unwrap_or_default();
    given.parse().ok().filter(|number| *number >= 0).ok_or_else(|| {
        let message = format!("error executing Lua resource action: invalid number: {given}");
        ApiError::new(Code::Unknown, message)
    })
}

impl Offer {
    fn to_value(&self) -> Value {
        let mut json = Map::new();
        json.insert("name", self.name);
        if self.is_disabled {
            json.insert("disabled", true);
        }
        if let Some(parameter) = self.parameter {
            json.insert("params", Value::list_of([Value::map_of([("name", parameter)])]));
        }
        json.insert("iconClass", self.icon);
        if let Some(title) = self.title {
            json.insert("displayName", title);
        }
        json.into()
    }
}
