//! Having Flux deploy an Application, and reflecting how that goes.

use std::sync::Arc;

use apimachinery::fields;
use apimachinery::object;
use argocd_api::Application;
use argocd_api::application::{Phase, Source};
use argocd_api::project::Project;
use argocd_core::projects;
use argocd_core::projects::denied_source;
use argocd_core::revision::{Form, is_commit};
use argocd_core::sync_options;
use cluster::Error;
use cluster::runtime::{Cause, Next};
use flux_api::kustomization;
use value::Value;

use super::ensure::Ensured;
use crate::application::decide::{self, Gate, Ready, Request, SyncFacts, SyncStep, TERMINATED};
use crate::application::observe::{self, Running, denied_namespace};
use crate::application::{Denial, Reconciliation};
use crate::generate::{self, Credentials, Generated, Inputs, OperationOptions};
use crate::names;
use crate::reflect::{self, Condition, Live, SyncCode};

/// What an Application is deployed from and by.
pub(in crate::application) struct Deployment<'a> {
    pub(in crate::application) application: &'a Application,
    /// The source, which a running operation can replace.
    pub(in crate::application) source: Source,
    pub(in crate::application) running: Option<Running>,
    /// Whether the Flux objects are generated.
    pub(in crate::application) generated: bool,
    pub(in crate::application) live_source: Option<Value>,
    pub(in crate::application) live_workload: Option<Value>,
    /// What the operation wants in the place of the Application's revision.
    pub(in crate::application) pin: Option<Form>,
    /// Whether the generated workload rests between syncs.
    pub(in crate::application) is_resting: bool,
    pub(in crate::application) gate: Gate,
    /// What the project denies of the artifact.
    pub(in crate::application) denials: Arc<Vec<Denial>>,
}

impl Deployment<'_> {
    /// With the Flux objects as they are, and nothing in the way.
    fn of(application: &Application) -> Deployment<'_> {
        Deployment {
            application,
            source: application.source.clone().unwrap_or_default(),
            running: None,
            generated: false,
            live_source: None,
            live_workload: None,
            pin: None,
            is_resting: false,
            gate: Gate::Open,
            denials: Arc::default(),
        }
    }

    /// Whether a sync is due that nobody asks for: the workload of an automated Application rests, and the
    /// source has something that was not tried yet.
    fn is_due(&self, object: &Value) -> bool {
        let is_automated = self.application.sync_policy.automated.is_some();
        let live = self.live(&[], self.is_resting, false);
        let artifact = self.live_source.as_ref().and_then(reflect::artifact_revision).map(reflect::commit_of);
        let tried = object.str_at(&["status", "operationState", "syncResult", "revision"]);
        let is_new = artifact.is_some() && artifact != tried;
        is_automated && self.is_resting && is_new && reflect::sync_code(&live) == SyncCode::OutOfSync
    }

    pub(super) fn live<'a>(&'a self, children: &'a [Value], rests: bool, holds_source: bool) -> Live<'a> {
        Live {
            source: self.live_source.as_ref(),
            workload: self.live_workload.as_ref(),
            children,
            rests,
            holds_source,
        }
    }
}

/// What objects are generated from besides the Application.
pub(in crate::application) struct Ingredients {
    pub(in crate::application) credentials: Option<Credentials>,
    pub(in crate::application) form: Form,
}

/// What the generated objects are to say besides what the Application says.
#[derive(Clone, Copy)]
pub(in crate::application) struct Posture {
    pub(in crate::application) suspend: Option<bool>,
    pub(in crate::application) hold_source: bool,
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
        let mut deployment = self.deployment(application, project);
        let ingredients = match self.ingredients(&mut deployment, project).await {
            Ok(ingredients) => ingredients,
            Err(conditions) => return self.refuse(Some(application), conditions).await,
        };
        let resting = Posture { suspend: Some(true), hold_source: false };
        let first = match self.generate(&deployment, (project, &ingredients), &ingredients.form, resting) {
            Ok(generated) => generated,
            Err(conditions) => {
                self.hold().await?;
                return self.refuse(Some(application), conditions).await;
            }
        };
        if let (Some(source), Some(_)) = (&deployment.live_source, &deployment.running) {
            (deployment.gate, deployment.denials) = self.gate(project, source, &first.workload).await?;
        }
        let step = decide::next(&self.facts(&deployment));
        let posture = self.posture(&deployment, &step);
        let pin = deployment.pin.clone().filter(|_| is_pinned_by(&step, &deployment));
        let form = pin.as_ref().unwrap_or(&ingredients.form);
        // What could be generated before can be generated with another revision too.
        let generated = self.generate(&deployment, (project, &ingredients), form, posture).unwrap_or(first);
        self.carry_out(deployment, &generated, (step, posture)).await
    }

    /// What the objects are generated from, or everything that stands in the way.
    pub(in crate::application) async fn ingredients(
        &self,
        deployment: &mut Deployment<'_>,
        project: &Project,
    ) -> Result<Ingredients, Vec<Condition>> {
        let live = [deployment.live_source.as_ref(), deployment.live_workload.as_ref()];
        if let Some(condition) = self.foreign(live) {
            return Err(vec![condition]);
        }
        let url = &deployment.source.repo_url;
        // The source of an operation too is asked only where the project allows it.
        if let Some(message) = denied_source(project, url) {
            return Err(vec![Condition::invalid_spec(message)]);
        }
        let credentials = observe::credentials(self.controller, deployment.application, url)
            .map_err(|refusal| vec![Condition::invalid_spec(refusal.to_string())])?;
        let form = self.resolve(deployment, credentials.as_ref()).await;
        if form == Form::Unknown {
            return Err(vec![unresolved(&deployment.source.target_revision)]);
        }
        Ok(Ingredients { credentials, form })
    }

    /// The objects, if the project allows all that they say.
    pub(in crate::application) fn generate(
        &self,
        deployment: &Deployment<'_>,
        (project, ingredients): (&Project, &Ingredients),
        form: &Form,
        posture: Posture,
    ) -> Result<Generated, Vec<Condition>> {
        let inputs = Inputs {
            object: &self.object,
            application: deployment.application,
            source: &deployment.source,
            form,
            credentials: ingredients.credentials.as_ref(),
            versions: &self.controller.kinds.versions(),
            suspend: posture.suspend,
            hold_source: posture.hold_source,
        };
        let refusal = |refusal: generate::Refusal| Condition::invalid_spec(refusal.to_string());
        let generated = generate::generate(&inputs)
            .map_err(|refusals| refusals.into_iter().map(refusal).collect::<Vec<_>>())?;
        within(project, generated)
    }

    pub(in crate::application) fn deployment<'b>(
        &self,
        application: &'b Application,
        project: &Project,
    ) -> Deployment<'b> {
        let running = Running::of(&self.object);
        let replaced = running.as_ref().and_then(|running| running.operation.source.clone());
        let views = &self.controller.views;
        let namespace = &application.destination.namespace;
        let deployment = Deployment::of(application);
        Deployment {
            source: replaced.unwrap_or_else(|| deployment.source.clone()),
            running,
            generated: true,
            live_source: views.git_repositories.get(namespace, &self.name.name),
            live_workload: views.kustomizations.get(namespace, names::workload_name(&self.object)),
            // What may be deployed has to be looked at before, which a workload at work would not wait for.
            is_resting: application.sync_policy.automated.is_none() || !projects::permits_everything(project),
            ..deployment
        }
    }

    /// What the revision names, and that of the operation.
    async fn resolve(&self, deployment: &mut Deployment<'_>, credentials: Option<&Credentials>) -> Form {
        let revisions = &self.controller.revisions;
        let is_asked = deployment.application.refresh.is_some();
        let anew = is_asked && !self.controller.refreshes().contains_key(self.key);
        if let Some(revision) = wanted(deployment.running.as_ref(), &deployment.source) {
            let pinned = Source { target_revision: revision.to_owned(), ..deployment.source.clone() };
            deployment.pin = Some(revisions.form(&pinned, None, credentials, anew).await);
        }
        revisions.form(&deployment.source, deployment.live_source.as_ref(), credentials, anew).await
    }

    async fn carry_out(
        &mut self,
        mut deployment: Deployment<'_>,
        generated: &Generated,
        (step, posture): (SyncStep, Posture),
    ) -> Result<Next, Error> {
        if self.causes.iter().any(|cause| matches!(cause, Cause::Spec | Cause::Seen)) {
            self.retire(generated).await?;
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
        conditions.extend(unknown_options(deployment.application));
        conditions.extend(self.replica_problems(&deployment, &generated.workload).await);
        let next = self.step(&deployment, &step, conditions, posture).await?;
        Ok(if is_refused { Next::BackOff } else { next })
    }

    /// Objects that were there before and were not generated for this Application are left alone.
    pub(in crate::application) fn foreign(&self, objects: [Option<&Value>; 2]) -> Option<Condition> {
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
        let deployment = match self.found(application) {
            Ok(deployment) => deployment,
            Err(message) => return self.missing(application, message).await,
        };
        let step = decide::next(&self.facts(&deployment));
        let posture = Posture { suspend: None, hold_source: false };
        self.step(&deployment, &step, unknown_options(application), posture).await
    }

    /// The objects that somebody made, or what is missing.
    pub(in crate::application) fn found<'b>(
        &self,
        application: &'b Application,
    ) -> Result<Deployment<'b>, String> {
        let views = &self.controller.views;
        let (namespace, name) = (&application.destination.namespace, names::workload_name(&self.object));
        let Some(workload) = views.kustomizations.get(namespace, name) else {
            return Err(format!(
                "there is no Kustomization {name} in namespace {namespace}; make it, name another one with the label \
                 flamingo/workload-name, or set the sync option {}=true to have it made",
                names::AUTO_CREATE
            ));
        };
        let reference =
            |field: &str| workload.str_at(&["spec", "sourceRef", field]).filter(|text| !text.is_empty());
        let (kind, source_name) =
            (reference("kind").unwrap_or_default(), reference("name").unwrap_or_default());
        let source_namespace = reference("namespace").unwrap_or(namespace);
        if kind != "GitRepository" {
            return Err(format!(
                "the source of Kustomization {namespace}/{name} is a {kind}, which is not supported by this version of \
                 Flamingo; use a GitRepository"
            ));
        }
        let Some(source) = views.git_repositories.get(source_namespace, source_name) else {
            return Err(format!(
                "there is no GitRepository {source_name} in namespace {source_namespace}, which Kustomization \
                 {namespace}/{name} refers to; make it, or correct spec.sourceRef"
            ));
        };
        Ok(Deployment {
            running: Running::of(&self.object),
            live_source: Some(source),
            live_workload: Some(workload),
            ..Deployment::of(application)
        })
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
        let rests = workload.is_some_and(object::is_suspended);
        let is_pinned =
            deployment.pin.as_ref().zip(source).is_some_and(|(pin, source)| is_set_to(source, pin));
        let wanted = running.and_then(|running| wanted(Some(running), &deployment.source));
        SyncFacts {
            phase: Phase::of(&self.object),
            requested: deployment.application.operation.is_some() || deployment.is_due(&self.object),
            too_early: self.began_at() == Some(self.now_text()),
            refusal: running.and_then(|running| self.refusal_of(running, deployment)),
            source_exists: source.is_some(),
            source_request: request(source),
            // A source that stays at its artifact has nothing to say about that.
            source_ready: source.map_or(Ready::Unknown, |source| {
                observe::ready(source, !deployment.generated || !object::is_suspended(source))
            }),
            is_wanted_revision: wanted.map(|revision| {
                if is_commit(revision) {
                    artifact.map(reflect::commit_of) == Some(revision)
                } else {
                    is_pinned
                }
            }),
            is_pinned,
            may_pin: deployment.generated && is_manual,
            is_overtaken: !is_manual
                && !deployment.is_resting
                && self.is_told_by_flux()
                && wanted.zip(artifact).is_some_and(|(wanted, artifact)| {
                    is_commit(wanted) && wanted != reflect::commit_of(artifact)
                }),
            gate: deployment.gate.clone(),
            workload_exists: workload.is_some(),
            workload_request: request(workload),
            workload_ready: workload.map_or(Ready::Unknown, |workload| observe::ready(workload, !rests)),
            is_held: rests && !(deployment.generated && self.lets_rest(deployment)),
            is_attempted: artifact.is_some()
                && workload.and_then(|workload| workload.str_at(&["status", "lastAttemptedRevision"]))
                    == artifact,
            retried: running.map_or(0, |running| running.retried),
            retry: running.and_then(|running| running.operation.retry),
            failed_since: running.and_then(|running| running.failed_since(self.controller.clock.now())),
        }
    }

    /// Whether nobody asked for the operation that the status tells of.
    fn is_told_by_flux(&self) -> bool {
        const AUTOMATED: [&str; 4] = ["operationState", "operation", "initiatedBy", "automated"];
        self.status.stored().at(&AUTOMATED).and_then(Value::as_bool) == Some(true)
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

    /// Whether it is Flamingo that lets the workload rest: between syncs, or after one that was ended.
    fn lets_rest(&self, deployment: &Deployment<'_>) -> bool {
        let is_held = deployment.live_workload.as_ref().is_some_and(super::ensure::is_held);
        deployment.is_resting || is_held || self.was_terminated(deployment)
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

    fn posture(&self, deployment: &Deployment<'_>, step: &SyncStep) -> Posture {
        let is_ended = matches!(step, SyncStep::Finish(_, message) if message == TERMINATED);
        let rests = deployment.is_resting || is_ended || self.was_terminated(deployment);
        Posture {
            suspend: rests.then(|| !step.needs_workload()),
            hold_source: deployment.gate != Gate::Open && step.holds_source(),
        }
    }
}

/// Fields of a GitRepository that bring files of other repositories along, or use what belongs to somebody else.
const FOREIGN: [&str; 6] =
    ["include", "provider", "proxySecretRef", "recurseSubmodules", "secretRef", "serviceAccountName"];

/// What overrides say has to be allowed too.
fn within(project: &Project, generated: Generated) -> Result<Generated, Vec<Condition>> {
    let source = denied_source(project, generated.url());
    let namespace = generated.target_namespace().and_then(|namespace| denied_namespace(project, namespace));
    let mut problems: Vec<String> = source.into_iter().chain(namespace).collect();
    let has_no_limits = projects::permits_everything(project);
    if !has_no_limits {
        // What cannot be built here cannot be held against the project.
        let fields = fields::present_in_spec(&generated.workload, kustomization::REFUSED);
        problems.extend(fields.into_iter().map(|field| past("Kustomization", field, project)));
    }
    if !has_no_limits || !projects::permits_every_source(project) {
        let fields = fields::present_in_spec(&generated.source, &FOREIGN);
        let own = generated.secret.as_ref().and_then(object::name);
        let is_own = |field: &str| {
            field == "secretRef"
                && own.is_some()
                && generated.source.str_at(&["spec", "secretRef", "name"]) == own
        };
        let fields = fields.into_iter().filter(|field| !is_own(field));
        problems.extend(fields.map(|field| past("GitRepository", field, project)));
    }
    let conditions: Vec<Condition> = problems.into_iter().map(Condition::invalid_spec).collect();
    if conditions.is_empty() { Ok(generated) } else { Err(conditions) }
}

fn past(kind: &str, field: &str, project: &Project) -> String {
    format!(
        "the override of the {kind} sets spec.{field}, so that it cannot be known what is deployed, and project '{}' does \
         not allow everything",
        project.name
    )
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

/// What nobody knows keeps nothing from being deployed, but is told.
fn unknown_options(application: &Application) -> Vec<Condition> {
    let unknown = sync_options::unknown(&application.sync_policy.options);
    let condition = |option: sync_options::Unknown<'_>| {
        Condition::unknown_option(insight::with_advice(&option.to_string(), &option.fix()))
    };
    unknown.map(condition).collect()
}

fn unresolved(revision: &str) -> Condition {
    let problem = format!(
        "Failed to load target state: unable to resolve '{revision}' to a commit SHA: revision not found"
    );
    let fix = "set spec.source.targetRevision to a branch, tag or commit that exists, or push it";
    Condition::comparison(insight::with_advice(&problem, fix))
}
