//! Actions on objects of an application's tree.
//!
//! Source of the rules: Argo CD 3.6, `resource_customizations`, and the recording `api-applications`. Scripts of
//! `argocd-cm` are not run.

use std::sync::Arc;

use apimachinery::clock::rfc3339;
use cluster::Subresource;
use engine::ObjectRef;
use value::{Map, Value};

use super::resource::{asked, find, named};
use crate::answer::Answer;
use crate::control_plane::{ControlPlane, MANAGER};
use crate::error::{ApiError, Code};
use crate::flux_action::{FluxAction, is_suspended, right};
use crate::permit::{Get, OnApplication, OnResource, ResourceAction};
use crate::request::Request;

/// When a rollout was asked for, as kubectl writes it.
const RESTARTED_AT: [&str; 5] =
    ["spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt"];

/// An action that an object offers.
struct Offer {
    name: &'static str,
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
    let patch = if is_offered { patch(&control, &run, &found.live)? } else { None };
    let Some(patch) = patch else {
        let message = "error getting Lua resource action: built-in script does not exist";
        return Err(ApiError::new(Code::Unknown, message));
    };
    control.session().merge_patch(&found.target, Subresource::Main, MANAGER, &patch).await?;
    Ok(Answer::Json(Value::map()))
}

/// What an object of this kind can be asked to do.
fn offers(reference: &ObjectRef, live: &Value) -> Vec<Offer> {
    let is_paused = live.at(&["spec", "paused"]).and_then(Value::as_bool) == Some(true);
    let offer = |name, icon, is_disabled| Offer { name, icon, is_disabled, parameter: None };
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
        (group, _) if insight::is_flux(group) => {
            let is_refused = |action: FluxAction| action.check(live).is_err();
            let (resume, suspend) = (is_refused(FluxAction::Resume), is_refused(FluxAction::Suspend));
            vec![
                offer("reconcile", "fa fa-fw fa-sync-alt", is_refused(FluxAction::Reconcile)),
                offer("resume", "fa fa-fw fa-play-circle", resume || !is_suspended(live)),
                offer("suspend", "fa fa-fw fa-pause-circle", suspend || is_suspended(live)),
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
    match run.action.as_str() {
        "pause" => patch.set_at(&["spec", "paused"], true),
        "resume" => patch.set_at(&["spec", "paused"], false),
        "restart" => patch.set_at(&RESTARTED_AT, rfc3339(control.clock.now())),
        "scale" => patch.set_at(&["spec", "replicas"], replicas(run)?),
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
        json.into()
    }
}
