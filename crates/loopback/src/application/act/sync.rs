//! The next step of a sync, and the status after it.

use std::time::Duration;

use apimachinery::clock::rfc3339;
use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use argocd_api::application::Phase;
use cluster::events::{Event, Severity};
use cluster::runtime::{Cause, Next};
use cluster::{Error, Resource, Target};
use engine::inventory::Entry;
use insight::health::is_judged;
use value::Value;

use super::deploy::{Deployment, Posture};
use crate::application::Reconciliation;
use crate::application::decide::Request;
use crate::application::decide::SyncStep;
use crate::application::observe::{Running, request};
use crate::names::{SPEC, SYNCED_SPEC};
use crate::reflect::{self, Condition, HealthStatus, Subject};

/// So many objects of an inventory are looked at for health and images.
const MAX_CHILDREN: usize = 200;

/// Kinds whose objects have images or addresses to tell, or are Applications themselves; beside those with health.
const TELLING: [(&str, &str); 2] = [("", "ReplicationController"), ("argoproj.io", "Application")];

impl Reconciliation<'_> {
    /// Carries `step` out, and writes what the Flux objects tell.
    pub(super) async fn step(
        &mut self,
        deployment: &Deployment<'_>,
        step: &SyncStep,
        conditions: Vec<Condition>,
        posture: Posture,
    ) -> Result<Next, Error> {
        let kinds = &self.controller.kinds;
        let (sources, workloads) = (kinds.git_repositories.clone(), kinds.kustomizations.clone());
        match step {
            SyncStep::RequestSource => {
                self.ask(&sources, deployment.live_source.as_ref(), deployment, false).await?
            }
            SyncStep::RequestWorkload => {
                let resumes = deployment.generated && deployment.is_resting;
                self.ask(&workloads, deployment.live_workload.as_ref(), deployment, resumes).await?;
            }
            _ => {}
        }
        let children = self.children(deployment.live_workload.as_ref()).await?;
        let rests = posture.suspend == Some(true);
        let live = deployment.live(&children, rests, posture.hold_source);
        let subject = Subject {
            object: &self.object,
            source: &deployment.source,
            history_limit: deployment.application.history_limit,
            generated: deployment.generated,
            now: self.controller.clock.now(),
        };
        let state = operation_state(self.status.stored(), step, deployment, (&subject, &live));
        if let Some(state) = state {
            self.status.status.set_at(&["operationState"], state);
        }
        // A request that came while another operation ran is still to be carried out.
        let is_own = deployment.application.operation.as_ref().map(|operation| &operation.value)
            == self.status.stored().at(&["operationState", "operation"]);
        self.status.operation_done = is_own && matches!(step, SyncStep::Finish(..));
        self.status.status = reflect::reflect(&self.status.status, &subject, &live, conditions);
        let is_moving = reflect::of_children(&live, subject.now).status > HealthStatus::Suspended;
        self.answer_refresh(deployment).await?;
        self.write().await?;
        Ok(match step {
            SyncStep::Postpone => Next::After(Duration::from_secs(1), Cause::Requested),
            SyncStep::AwaitGate(_) => Next::BackOff,
            SyncStep::Begin | SyncStep::Again => Next::After(Duration::ZERO, Cause::Requested),
            SyncStep::Retry { after, .. } | SyncStep::AwaitRetry(after) => Next::After(*after, Cause::Retry),
            _ if is_moving => Next::After(self.controller.settings.look, Cause::Interval),
            _ => self.resync(),
        })
    }

    /// Asks a Flux object to reconcile; a workload that rests has to work for that.
    async fn ask(
        &self,
        resource: &Resource,
        object: Option<&Value>,
        deployment: &Deployment<'_>,
        resumes: bool,
    ) -> Result<(), Error> {
        let (Some(object), Some(running)) = (object, &deployment.running) else { return Ok(()) };
        let mut patch = engine::request::request(&running.token());
        if resumes {
            patch.set_at(&["spec", "suspend"], false);
        }
        if let Some(spec) = object::annotation(object, SPEC) {
            patch.set_at(&["metadata", "annotations", SYNCED_SPEC], spec);
        }
        self.change(resource, object, patch).await
    }

    /// A refresh lets the source look for news; it is answered when the source has.
    async fn answer_refresh(&mut self, deployment: &Deployment<'_>) -> Result<(), Error> {
        if deployment.application.refresh.is_none() {
            self.controller.refreshes().remove(self.key);
            return Ok(());
        }
        let asked = self.controller.refreshes().get(self.key).cloned();
        let source = deployment.live_source.as_ref();
        match (source, asked) {
            (None, _) => {}
            (Some(source), _) if object::is_suspended(source) => self.status.refresh_done = true,
            (Some(source), Some(token)) if request(source, &token) != Request::Unmade => {
                self.status.refresh_done = request(source, &token) == Request::Handled;
            }
            (Some(source), _) => {
                let token =
                    format!("refresh/{}", apimachinery::clock::rfc3339_micro(self.controller.clock.now()));
                let patch = engine::request::request(&token);
                self.change(&self.controller.kinds.git_repositories, source, patch).await?;
                self.controller.refreshes().insert(self.key.clone(), token);
            }
        }
        Ok(())
    }

    /// What the workload deployed, as far as it has something to tell.
    async fn children(&self, workload: Option<&Value>) -> Result<Vec<Value>, Error> {
        let Some(workload) = workload else { return Ok(Vec::new()) };
        let mut children = Vec::new();
        let telling = |entry: &Entry| {
            let (group, kind) = (entry.reference.group.as_str(), entry.reference.kind.as_str());
            is_judged(group, kind) || TELLING.contains(&(group, kind))
        };
        for entry in reflect::children_of(workload).into_iter().filter(telling).take(MAX_CHILDREN) {
            children.extend(self.read(&entry).await?);
        }
        Ok(children)
    }

    /// An object of an inventory; `None` where it, or its kind, does not exist.
    pub(in crate::application) async fn read(&self, entry: &Entry) -> Result<Option<Value>, Error> {
        let gvk = GroupVersionKind::new(&entry.reference.group, &entry.version, &entry.reference.kind);
        let resource = match self.session.resource(&gvk).await {
            Ok(resource) => resource,
            Err(Error::NoMatch(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        self.session.get(&Target::new(&resource, &entry.reference.namespace, &entry.reference.name)).await
    }

    /// Writes the status, with the time of the comparison where anything changed, and tells what did.
    pub(super) async fn write(&mut self) -> Result<(), Error> {
        let has_changed = self.status.status != *self.status.stored();
        if self.status.is_compared && (has_changed || self.status.refresh_done) {
            let now = rfc3339(self.controller.clock.now());
            self.status.status.set_at(&["reconciledAt"], now);
        }
        let (before, now) = (self.status.stored().clone(), self.status.status.clone());
        self.status.write(&self.session).await?;
        for (severity, reason, message) in news(&before, &now) {
            self.tell(severity, reason, message);
        }
        Ok(())
    }

    fn tell(&self, severity: Severity, reason: &str, message: String) {
        let about = self.object.clone();
        self.controller.recorder.record(Event {
            about,
            severity,
            reason: reason.to_owned(),
            message,
            annotations: Vec::new(),
        });
    }

    /// When the last operation began.
    pub(super) fn began_at(&self) -> Option<String> {
        self.status.stored().str_at(&["operationState", "startedAt"]).map(str::to_owned)
    }

    pub(super) fn now_text(&self) -> String {
        rfc3339(self.controller.clock.now())
    }
}

/// The state of the operation after `step`; `None` where it stays as it is.
fn operation_state(
    stored: &Value,
    step: &SyncStep,
    deployment: &Deployment<'_>,
    (subject, live): (&Subject<'_>, &reflect::Live<'_>),
) -> Option<Value> {
    let state = stored.get("operationState");
    let with_message = |message: String| {
        let mut state = state.cloned()?;
        state.set_at(&["message"], message);
        Some(state)
    };
    let name = |object: Option<&Value>| {
        object.and_then(engine::ObjectRef::of).map(|reference| reference.to_string()).unwrap_or_default()
    };
    let retried = deployment.running.as_ref().map_or(0, |running: &Running| running.retried);
    match step {
        SyncStep::Rest
            if deployment.application.sync_policy.automated.is_some() && !deployment.is_resting =>
        {
            let retry = deployment.application.sync_policy.retry.as_ref();
            reflect::by_flux(state, retry, subject, live)
        }
        SyncStep::Rest | SyncStep::Postpone | SyncStep::AwaitRetry(_) => None,
        SyncStep::Begin => {
            let asked = deployment.application.operation.as_ref().map(|operation| operation.value.clone());
            let operation = asked.unwrap_or_else(|| {
                let retry = deployment.application.sync_policy.retry.as_ref();
                reflect::automated(live.source.and_then(reflect::artifact_revision), retry, subject)
            });
            Some(reflect::running(&operation, "waiting for the source", &rfc3339(subject.now)))
        }
        SyncStep::AwaitObjects => with_message("waiting for the Flux objects to be made".to_owned()),
        SyncStep::RequestSource | SyncStep::AwaitSource => {
            with_message(format!("waiting for {} to look for news", name(live.source)))
        }
        SyncStep::Pin => with_message(format!("waiting for {} to fetch the revision", name(live.source))),
        SyncStep::AwaitGate(why) => {
            with_message(format!("waiting for what is to be held against the project: {why}"))
        }
        SyncStep::HoldSource => {
            with_message(format!("waiting for {} to stay at its artifact", name(live.source)))
        }
        SyncStep::RequestWorkload | SyncStep::AwaitWorkload => {
            with_message(format!("waiting for healthy state of {}", name(live.workload)))
        }
        SyncStep::Retry { after, message } => {
            let at = subject.now.checked_add(*after).unwrap_or(subject.now);
            let at = at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%-I:%M%p");
            let message = message.trim_end_matches('.');
            let mut state = with_message(format!("{message}. Retrying attempt #{} at {at}.", retried + 1))?;
            state.set_at(&["retryCount"], i64::from(retried) + 1);
            state.set_at(&["finishedAt"], rfc3339(subject.now));
            Some(state)
        }
        SyncStep::Again => {
            let mut state = with_message(format!("Retrying operation. Attempt #{retried}"))?;
            state.remove_at(&["finishedAt"]);
            Some(state)
        }
        SyncStep::Finish(Phase::Failed, message) if !deployment.denials.is_empty() => {
            Some(reflect::denied(state?, message, &deployment.denials, subject, live))
        }
        SyncStep::Finish(phase, message) => {
            Some(reflect::completed(state?, (*phase, message), subject, live))
        }
    }
}

/// Who began the operation that the status tells of, as Argo CD says it.
fn beginning(status: &Value) -> String {
    let operation = |path: &[&str]| status.at(&[&["operationState", "operation"], path].concat());
    let text = |path: &[&str]| operation(path).and_then(Value::as_str).filter(|text| !text.is_empty());
    let revision = text(&["sync", "revision"])
        .or_else(|| status.str_at(&["sync", "comparedTo", "source", "targetRevision"]))
        .unwrap_or("HEAD");
    match text(&["initiatedBy", "username"]) {
        Some(user) => format!("{user} initiated sync to {revision}"),
        None if operation(&["initiatedBy", "automated"]).is_some() => {
            format!("Initiated automated sync to '{revision}'")
        }
        None => format!("Unknown user initiated sync to {revision}"),
    }
}

/// What an Event tells of a change of the status.
fn news(before: &Value, now: &Value) -> Vec<(Severity, &'static str, String)> {
    let text = |status: &Value, path: &[&str]| status.str_at(path).unwrap_or_default().to_owned();
    let mut news = Vec::new();
    let changed = |path: &[&str]| {
        let (old, new) = (text(before, path), text(now, path));
        (old != new).then_some((old, new))
    };
    if let Some((old, new)) = changed(&["sync", "status"]) {
        news.push((Severity::Normal, "ResourceUpdated", format!("Updated sync status: {old} -> {new}")));
    }
    if let Some((old, new)) = changed(&["health", "status"]) {
        let why = text(now, &["health", "message"]);
        let why = if why.is_empty() { why } else { format!(" ({why})") };
        news.push((
            Severity::Normal,
            "ResourceUpdated",
            format!("Updated health status: {old} -> {new}{why}"),
        ));
    }
    let state = |part: &'static str| ["operationState", part];
    let is_other = changed(&state("startedAt")).is_some();
    let phase = text(now, &state("phase"));
    if is_other {
        news.push((Severity::Normal, "OperationStarted", beginning(now)));
    }
    if (is_other || changed(&state("phase")).is_some())
        && !matches!(phase.as_str(), "" | "Running" | "Terminating")
    {
        let revision = text(now, &["operationState", "syncResult", "revision"]);
        let (severity, outcome) = match phase == Phase::Succeeded.as_str() {
            true => (Severity::Normal, "succeeded".to_owned()),
            false => (Severity::Warning, format!("failed: {}", text(now, &state("message")))),
        };
        news.push((severity, "OperationCompleted", format!("Sync operation to {revision} {outcome}")));
    }
    news
}
