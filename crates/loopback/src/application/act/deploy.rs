//! Having Flux deploy an Application, and reflecting how that goes.

use argocd_api::Application;
use argocd_api::application::{Phase, Source};
use argocd_api::project::Project;
use argocd_core::revision::{Form, is_commit};
use cluster::Error;
use cluster::runtime::{Cause, Next};
use value::Value;

use super::ensure::Ensured;
use crate::application::decide::{self, Ready, Request, SyncFacts, SyncStep, TERMINATED};
use crate::application::observe::{self, Running};
use crate::application::{Reconciliation, observe::denied_namespace, observe::denied_source};
use crate::generate::{self, Generated, Inputs, OperationOptions};
use crate::names;
use crate::reflect::{self, Condition, Live};

/// What an Application is deployed from and by.
pub(super) struct Deployment<'a> {
    pub(super) application: &'a Application,
    /// The source, which a running operation can replace.
    pub(super) source: Source,
    pub(super) running: Option<Running>,
    /// Whether the Flux objects are generated.
    pub(super) generated: bool,
    pub(super) live_source: Option<Value>,
    pub(super) live_workload: Option<Value>,
    /// What the operation wants in the place of the Application's revision.
    pub(super) pin: Option<Form>,
}

impl Reconciliation<'_> {
    pub(in crate::application) async fn deploy(
        &mut self,
        application: &Application,
        generate: bool,
    ) -> Result<Next, Error> {
        match observe::admitted(self.controller, application, &self.name) {
            Err(conditions) => {
                self.hold().await?;
                self.refuse(Some(application), conditions).await
            }
            Ok(project) if generate => self.deploy_generated(application, &project).await,
            Ok(_) => self.deploy_found(application).await,
        }
    }

    async fn deploy_generated(
        &mut self,
        application: &Application,
        project: &Project,
    ) -> Result<Next, Error> {
        let running = Running::of(&self.object);
        let replaced = running.as_ref().and_then(|running| running.operation.source.clone());
        let source = replaced.or_else(|| application.source.clone()).unwrap_or_default();
        let views = &self.controller.views;
        let namespace = &application.destination.namespace;
        let live_source = views.git_repositories.get(namespace, &self.name.name);
        let live_workload = views.kustomizations.get(namespace, names::workload_name(&self.object));
        if let Some(condition) = self.foreign([live_source.as_ref(), live_workload.as_ref()]) {
            return self.refuse(Some(application), vec![condition]).await;
        }
        let credentials = match observe::credentials(self.controller, application, &source.repo_url) {
            Ok(credentials) => credentials,
            Err(refusal) => {
                let conditions = vec![Condition::invalid_spec(refusal.to_string())];
                return self.refuse(Some(application), conditions).await;
            }
        };
        let anew = application.refresh.is_some() && !self.controller.refreshes().contains_key(&self.run.key);
        let revisions = &self.controller.revisions;
        let form = revisions.form(&source, live_source.as_ref(), credentials.as_ref(), anew).await;
        if form == Form::Unknown {
            return self.refuse(Some(application), vec![unresolved(&source.target_revision)]).await;
        }
        let pin = match wanted(running.as_ref(), &source) {
            Some(revision) => {
                let pinned = Source { target_revision: revision.to_owned(), ..source.clone() };
                Some(revisions.form(&pinned, None, credentials.as_ref(), anew).await)
            }
            None => None,
        };
        let deployment =
            Deployment { application, source, running, generated: true, live_source, live_workload, pin };
        let step = decide::next(&self.facts(&deployment));
        let suspend = self.rests(&deployment, &step);
        let form = deployment.pin.clone().filter(|_| is_pinned_by(&step, &deployment)).unwrap_or(form);
        let inputs = Inputs {
            object: &self.object,
            application,
            source: &deployment.source,
            form: &form,
            credentials: credentials.as_ref(),
            versions: &self.controller.kinds.versions(),
            suspend,
        };
        let generated = match generate::generate(&inputs).map_err(|refusals| {
            refusals.into_iter().map(|refusal| Condition::invalid_spec(refusal.to_string())).collect()
        }) {
            Ok(generated) => self.within(project, generated),
            Err(conditions) => Err(conditions),
        };
        match generated {
            Err(conditions) => {
                self.hold().await?;
                self.refuse(Some(application), conditions).await
            }
            Ok(generated) => self.carry_out(deployment, &generated, (step, suspend)).await,
        }
    }

    /// What overrides say has to be allowed too.
    fn within(&self, project: &Project, generated: Generated) -> Result<Generated, Vec<Condition>> {
        let source = denied_source(project, generated.url());
        let namespace =
            generated.target_namespace().and_then(|namespace| denied_namespace(project, namespace));
        let conditions: Vec<Condition> =
            source.into_iter().chain(namespace).map(Condition::invalid_spec).collect();
        if conditions.is_empty() { Ok(generated) } else { Err(conditions) }
    }

    async fn carry_out(
        &mut self,
        mut deployment: Deployment<'_>,
        generated: &Generated,
        (step, suspend): (SyncStep, Option<bool>),
    ) -> Result<Next, Error> {
        if self.run.causes.iter().any(|cause| matches!(cause, Cause::Spec | Cause::Seen)) {
            self.retire(&[&generated.source, &generated.workload]).await?;
        }
        let mut conditions = Vec::new();
        match self.ensure(generated, &deployment).await? {
            Ensured::Done { source, workload } => {
                deployment.live_source = Some(source);
                deployment.live_workload = Some(workload);
            }
            Ensured::Refused(message) => conditions.push(Condition::sync(message)),
        }
        let is_refused = !conditions.is_empty();
        let next = self.step(&deployment, &step, conditions, suspend == Some(true)).await?;
        Ok(if is_refused { Next::BackOff } else { next })
    }

    /// Objects that were there before and were not generated for this Application are left alone.
    fn foreign(&self, objects: [Option<&Value>; 2]) -> Option<Condition> {
        let foreign = objects.into_iter().flatten().find(|object| !self.name.owns(object))?;
        let reference = engine::ObjectRef::of(foreign)?;
        Some(Condition::invalid_spec(format!(
            "{reference} exists and was not generated for this Application; remove the sync option {}=true to deploy with \
             it, delete it, or choose another name or namespace",
            names::AUTO_CREATE
        )))
    }

    /// Deploys with the objects that somebody made.
    async fn deploy_found(&mut self, application: &Application) -> Result<Next, Error> {
        let views = &self.controller.views;
        let (namespace, name) = (&application.destination.namespace, names::workload_name(&self.object));
        let Some(workload) = views.kustomizations.get(namespace, name) else {
            let message = format!(
                "there is no Kustomization {name} in namespace {namespace}; make it, name another one with the label \
                 flamingo/workload-name, or set the sync option {}=true to have it made",
                names::AUTO_CREATE
            );
            return self.missing(application, message).await;
        };
        let reference =
            |field: &str| workload.str_at(&["spec", "sourceRef", field]).filter(|text| !text.is_empty());
        let (kind, source_name) =
            (reference("kind").unwrap_or_default(), reference("name").unwrap_or_default());
        let source_namespace = reference("namespace").unwrap_or(namespace);
        if kind != "GitRepository" {
            let message = format!(
                "the source of Kustomization {namespace}/{name} is a {kind}, which is not supported by this version of \
                 Flamingo; use a GitRepository"
            );
            return self.missing(application, message).await;
        }
        let Some(source) = views.git_repositories.get(source_namespace, source_name) else {
            let message = format!(
                "there is no GitRepository {source_name} in namespace {source_namespace}, which Kustomization \
                 {namespace}/{name} refers to; make it, or correct spec.sourceRef"
            );
            return self.missing(application, message).await;
        };
        let deployment = Deployment {
            application,
            source: application.source.clone().unwrap_or_default(),
            running: Running::of(&self.object),
            generated: false,
            live_source: Some(source),
            live_workload: Some(workload),
            pin: None,
        };
        let step = decide::next(&self.facts(&deployment));
        self.step(&deployment, &step, Vec::new(), false).await
    }

    fn facts(&self, deployment: &Deployment<'_>) -> SyncFacts {
        let (source, workload) = (deployment.live_source.as_ref(), deployment.live_workload.as_ref());
        let running = deployment.running.as_ref();
        let token = running.map(Running::token).unwrap_or_default();
        let artifact = source.and_then(reflect::artifact_revision);
        let is_manual = deployment.application.sync_policy.automated.is_none();
        let request = |object: Option<&Value>| {
            object.map_or(Request::Unmade, |object| observe::request(object, &token))
        };
        let is_suspended =
            workload.and_then(|workload| workload.at(&["spec", "suspend"])).and_then(Value::as_bool);
        let is_pinned =
            deployment.pin.as_ref().zip(source).is_some_and(|(pin, source)| is_set_to(source, pin));
        let wanted = running.and_then(|running| wanted(Some(running), &deployment.source));
        SyncFacts {
            phase: Phase::of(&self.object),
            requested: deployment.application.operation.is_some(),
            too_early: self.began_at() == Some(self.now_text()),
            refusal: running.and_then(|running| self.refusal_of(running, deployment)),
            source_exists: source.is_some(),
            source_request: request(source),
            source_ready: source.map_or(Ready::Unknown, |source| observe::ready(source, true)),
            is_wanted_revision: wanted.map(|revision| {
                if is_commit(revision) {
                    artifact.map(reflect::commit_of) == Some(revision)
                } else {
                    is_pinned
                }
            }),
            is_pinned,
            may_pin: deployment.generated && is_manual,
            workload_exists: workload.is_some(),
            workload_request: request(workload),
            workload_ready: workload
                .map_or(Ready::Unknown, |workload| observe::ready(workload, is_suspended != Some(true))),
            is_held: is_suspended == Some(true) && !(deployment.generated && self.is_resting(deployment)),
            is_attempted: artifact.is_some()
                && workload.and_then(|workload| workload.str_at(&["status", "lastAttemptedRevision"]))
                    == artifact,
            retried: running.map_or(0, |running| running.retried),
            retry: running.and_then(|running| running.operation.retry),
            failed_since: running.and_then(|running| running.failed_since(self.controller.clock.now())),
        }
    }

    /// Why an operation cannot be carried out through Flux.
    fn refusal_of(&self, running: &Running, deployment: &Deployment<'_>) -> Option<String> {
        let (operation, application) = (&running.operation, deployment.application);
        if !operation.is_sync {
            return Some("the operation asks for nothing; give it a sync".to_owned());
        }
        if let [field, ..] = operation.demands.as_slice() {
            return Some(format!(
                "operation.{field} is set, which Flux cannot do: a sync of this Application deploys all of the revision"
            ));
        }
        if let [refusal, ..] = OperationOptions(operation).refused(application).as_slice() {
            return Some(refusal.to_string());
        }
        if deployment.pin == Some(Form::Unknown) {
            return Some(format!("ComparisonError: {}", unresolved(&operation.revision).message));
        }
        let own = application.source.as_ref().map(|source| &source.value);
        let is_other = operation.source.as_ref().is_some_and(|source| Some(&source.value) != own);
        let may_change = deployment.generated && application.sync_policy.automated.is_none();
        (is_other && !may_change).then(|| {
            "the sync has another source than the Application, which would not stay deployed; change the Application, or \
             remove syncPolicy.automated"
                .to_owned()
        })
    }

    /// Whether Flamingo lets the workload rest between syncs, or after one that was ended.
    fn is_resting(&self, deployment: &Deployment<'_>) -> bool {
        let is_manual = deployment.application.sync_policy.automated.is_none();
        let is_held = deployment.live_workload.as_ref().is_some_and(super::ensure::is_held);
        is_manual || is_held || self.was_terminated(deployment)
    }

    /// Whether the last operation was ended, and the source has nothing newer since.
    fn was_terminated(&self, deployment: &Deployment<'_>) -> bool {
        let state = |path: &[&str]| self.status.stored().str_at(&[&["operationState"], path].concat());
        let artifact =
            deployment.live_source.as_ref().and_then(reflect::artifact_revision).map(reflect::commit_of);
        state(&["message"]) == Some(TERMINATED)
            && artifact.is_some()
            && state(&["syncResult", "revision"]) == artifact
    }

    /// What is to be said of `suspend` in the generated workload.
    fn rests(&self, deployment: &Deployment<'_>, step: &SyncStep) -> Option<bool> {
        let is_manual = deployment.application.sync_policy.automated.is_none();
        let is_ended = matches!(step, SyncStep::Finish(_, message) if message == TERMINATED);
        match is_manual || is_ended || self.was_terminated(deployment) {
            true => Some(!step.needs_workload()),
            false => None,
        }
    }

    pub(super) fn live<'b>(deployment: &'b Deployment<'_>, children: &'b [Value], rests: bool) -> Live<'b> {
        Live {
            source: deployment.live_source.as_ref(),
            workload: deployment.live_workload.as_ref(),
            children,
            rests,
        }
    }
}

/// The revision that an operation names, where it is not the one that the source names anyway.
fn wanted<'a>(running: Option<&'a Running>, source: &Source) -> Option<&'a str> {
    let revision = running.map(|running| running.operation.revision.as_str())?;
    (!revision.is_empty() && revision != source.target_revision).then_some(revision)
}

/// A source is set to the revision of an operation while that is needed, and only then.
fn is_pinned_by(step: &SyncStep, deployment: &Deployment<'_>) -> bool {
    let is_set = deployment.live_source.as_ref().zip(deployment.pin.as_ref());
    match step {
        SyncStep::Pin => true,
        step => step.needs_pin() && is_set.is_some_and(|(source, pin)| is_set_to(source, pin)),
    }
}

fn is_set_to(source: &Value, pin: &Form) -> bool {
    let is_it = |field: &str, text: &str| source.str_at(&["spec", "ref", field]) == Some(text);
    match pin {
        Form::Branch(text) => is_it("branch", text),
        Form::Tag(text) => is_it("tag", text),
        Form::Commit(text) => is_it("commit", text),
        Form::Range(text) => is_it("semver", text),
        Form::Name(text) => is_it("name", text),
        Form::Unknown => false,
    }
}

fn unresolved(revision: &str) -> Condition {
    Condition::comparison(format!(
        "Failed to load target state: unable to resolve '{revision}' to a commit SHA: revision not found. What to do: set \
         spec.source.targetRevision to a branch, tag or commit that exists, or push it"
    ))
}
