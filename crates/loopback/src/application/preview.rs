//! What an Application would become, what a sync of it would do, and what deleting it would delete: said without
//! writing anything.

mod changes;
mod commits;
mod removal;

use std::sync::Arc;
use std::time::Duration;

use argocd_api::Application;
use argocd_api::project::Project;
use argocd_core::masking::{Mask, Sign, masked};
use argocd_core::projects;
use argocd_core::revision::is_commit;
use cluster::runtime::ObjectKey;
use cluster::{ActAs, Deadline, Error};
use engine::ObjectRef;
use insight::rows::key_of;
use thiserror::Error;
use tokio::sync::Semaphore;
use value::Value;

pub use commits::CommitError;

use self::commits::Commits;
use super::act::deploy::{Deployment, Posture};
use super::decide::{self, Gate, Step};
use super::{Controller, Reconciliation, observe};
use crate::generate::Generated;
use crate::names::ApplicationName;
use crate::reflect::{self, Condition};

/// So many previews are made at once.
const CONCURRENT: usize = 4;
/// A preview takes no longer.
const PATIENCE: Duration = Duration::from_secs(25);

/// Says what would happen, and what is known of revisions.
#[derive(Clone)]
pub struct Preview {
    controller: Arc<Controller>,
    commits: Arc<Commits>,
    /// A preview costs many requests, so few are made at once.
    turns: Arc<Semaphore>,
}

/// Why something cannot be told of a source.
#[derive(Debug, Error)]
pub enum SourceError {
    /// The Application cannot be deployed as it is.
    #[error("{0}")]
    Refused(String),
    /// It is not known of that revision.
    #[error("{0}")]
    Unsupported(String),
    /// The source could not be had, or nothing can be built from it.
    #[error("{0}")]
    Failed(String),
    /// The repository could not be asked.
    #[error("the commit cannot be told of")]
    Commit(#[from] CommitError),
}

impl Preview {
    pub(crate) fn new(controller: Arc<Controller>) -> Self {
        Self { controller, commits: Arc::default(), turns: Arc::new(Semaphore::new(CONCURRENT)) }
    }

    /// The objects that the source of `application` describes, at the revision that was fetched last.
    ///
    /// # Errors
    /// See [`SourceError`]; other revisions are not known.
    pub async fn manifests(
        &self,
        application: &Value,
        revision: Option<&str>,
    ) -> Result<Vec<Value>, SourceError> {
        let (_turn, key) = (self.turns.acquire().await, self.key(application));
        self.look(&key, application).manifests(revision).await
    }

    /// Who made the commit `revision` of the source, when and why: `{"author", "date", "message", "tags"}`.
    ///
    /// # Errors
    /// See [`SourceError`].
    pub async fn revision(&self, application: &Value, revision: &str) -> Result<Value, SourceError> {
        if !is_commit(revision) {
            return Err(SourceError::Refused(format!("{revision:?} is no commit by all its hex digits")));
        }
        let (_turn, key) = (self.turns.acquire().await, self.key(application));
        let look = self.look(&key, application);
        let parsed =
            Application::parse(application).map_err(|error| SourceError::Refused(error.to_string()))?;
        observe::admitted(&self.controller, &parsed, &look.name)
            .map_err(|conditions| SourceError::Refused(said(&conditions)))?;
        let source = parsed.source.clone().unwrap_or_default();
        let credentials = observe::credentials(&self.controller, &parsed, &source.repo_url)
            .map_err(|refusal| SourceError::Refused(refusal.to_string()))?;
        Ok(self.commits.get(&source, credentials.as_ref(), revision).await?)
    }

    /// The Flux objects that `application`, which need not exist, would become:
    /// `{"problems": [{"message", "field"}], "generated": [{"key", "yaml"}]}`. Secrets are shown without their
    /// values.
    pub async fn application(&self, application: &Value) -> Value {
        let (_turn, key) = (self.turns.acquire().await, self.key(application));
        let look = self.look(&key, application);
        let generated = match Application::parse(application) {
            Err(error) => Err(vec![Condition::invalid_spec(error.to_string())]),
            Ok(parsed) => look.would_generate(&parsed).await,
        };
        let (problems, generated) = match generated {
            Ok(generated) => (Vec::new(), objects(&generated)),
            Err(conditions) => (conditions, Vec::new()),
        };
        Value::map_of([
            ("problems", Value::list_of(problems.iter().map(problem))),
            ("generated", Value::from(generated)),
        ])
    }

    /// What a sync of `application` would do now: `{"from", "to", "fetched", "steps", "objects": [{"key",
    /// "change"}], "isComplete", "problem"?}`. The objects are those of `fetched`.
    pub async fn sync(&self, application: &Value) -> Value {
        let (_turn, key) = (self.turns.acquire().await, self.key(application));
        self.look(&key, application).would_sync().await
    }

    /// What deleting `application` would delete: `{"goes": [{"key"}], "stays": [{"key", "why"}]}`.
    ///
    /// # Errors
    /// The cluster could not be asked what was generated.
    pub async fn removal(&self, application: &Value, cascades: bool) -> Result<Value, Error> {
        let (_turn, key) = (self.turns.acquire().await, self.key(application));
        removal::of(&self.look(&key, application), cascades).await
    }

    fn key(&self, application: &Value) -> ObjectKey {
        let name = ApplicationName::of(application);
        ObjectKey {
            cluster: self.controller.cluster.id().clone(),
            namespace: name.namespace,
            name: name.name,
        }
    }

    fn look<'a>(&'a self, key: &'a ObjectKey, application: &Value) -> Reconciliation<'a> {
        let session = self.controller.cluster.session(ActAs::Component, Deadline::after(PATIENCE));
        Reconciliation::of(&self.controller, (key, &[]), session, application.clone())
    }
}

impl Reconciliation<'_> {
    async fn would_generate(&self, application: &Application) -> Result<Generated, Vec<Condition>> {
        let project = observe::admitted(self.controller, application, &self.name)?;
        match decide::decide(&observe::lifecycle(&self.object, application)) {
            Step::NeedsArgoCd => Err(vec![Condition::invalid_spec(decide::NEEDS_ARGO_CD)]),
            Step::Deploy { generate: false } => match self.found(application) {
                Ok(_) => Err(Vec::new()),
                Err(message) => Err(vec![Condition::invalid_spec(message)]),
            },
            _ => self.generated_for(&mut self.deployment(application, &project), &project).await,
        }
    }

    async fn generated_for(
        &self,
        deployment: &mut Deployment<'_>,
        project: &Project,
    ) -> Result<Generated, Vec<Condition>> {
        let ingredients = self.ingredients(deployment, project).await?;
        let posture = Posture { suspend: deployment.is_resting.then_some(true), hold_source: false };
        self.generate(deployment, (project, &ingredients), &ingredients.form, posture)
    }

    /// The Application's project and Flux objects, if it may have them.
    fn admitted<'b>(
        &self,
        application: &'b Application,
    ) -> Result<(Project, Deployment<'b>), Vec<Condition>> {
        let refused = |message: &str| Err(vec![Condition::invalid_spec(message)]);
        let project = observe::admitted(self.controller, application, &self.name)?;
        let deployment = match decide::decide(&observe::lifecycle(&self.object, application)) {
            Step::Deploy { generate: true } => self.deployment(application, &project),
            Step::Deploy { generate: false } => {
                self.found(application).map_err(|message| vec![Condition::invalid_spec(message)])?
            }
            Step::Leave => return refused("the Application is to be left alone"),
            Step::Finalize => return refused("the Application is being deleted"),
            Step::NeedsArgoCd => return refused(decide::NEEDS_ARGO_CD),
        };
        let live = [deployment.live_source.as_ref(), deployment.live_workload.as_ref()];
        match self.foreign(live).filter(|_| deployment.generated) {
            Some(condition) => Err(vec![condition]),
            None => Ok((project, deployment)),
        }
    }

    async fn manifests(&self, revision: Option<&str>) -> Result<Vec<Value>, SourceError> {
        let application =
            Application::parse(&self.object).map_err(|error| SourceError::Refused(error.to_string()))?;
        let (_, found) =
            self.admitted(&application).map_err(|conditions| SourceError::Refused(said(&conditions)))?;
        let (Some(source), Some(workload)) = (&found.live_source, &found.live_workload) else {
            return Err(SourceError::Failed("the source was not fetched yet".to_owned()));
        };
        let artifact = reflect::artifact_revision(source).map(reflect::commit_of).unwrap_or_default();
        let own = found.source.target_revision.as_str();
        if revision.is_some_and(|revision| revision != artifact && revision != own) {
            return Err(SourceError::Unsupported(format!(
                "manifests are known of {artifact} only, the revision that was fetched last"
            )));
        }
        let artifact = |field: &str| source.str_at(&["status", "artifact", field]).unwrap_or_default();
        let built = self.objects((artifact("url"), artifact("digest")), workload).await;
        built.map_err(SourceError::Failed)?.map_err(|error| SourceError::Failed(error.to_string()))
    }

    async fn would_sync(&self) -> Value {
        let application = match Application::parse(&self.object) {
            Ok(application) => application,
            Err(error) => return refused(&[Condition::invalid_spec(error.to_string())]),
        };
        let (project, mut deployment) = match self.admitted(&application) {
            Ok(admitted) => admitted,
            Err(conditions) => return refused(&conditions),
        };
        let workload = match deployment.generated {
            true => match self.generated_for(&mut deployment, &project).await {
                Ok(generated) => Some(generated.workload),
                Err(conditions) => return refused(&conditions),
            },
            false => deployment.live_workload.clone(),
        };
        self.planned(&deployment, &project, workload).await
    }

    /// What a sync would do that nothing stands in the way of.
    async fn planned(
        &self,
        deployment: &Deployment<'_>,
        project: &Project,
        workload: Option<Value>,
    ) -> Value {
        let source = deployment.live_source.as_ref();
        let artifact = source.and_then(reflect::artifact_revision).map(reflect::commit_of);
        let applied = deployment
            .live_workload
            .as_ref()
            .and_then(|workload| workload.str_at(&["status", "lastAppliedRevision"]))
            .map(reflect::commit_of);
        let newest = self.newest(deployment).await;
        let mut plan = Value::map();
        let revisions = [("from", applied), ("to", newest.as_deref().or(artifact)), ("fetched", artifact)];
        for (field, revision) in revisions {
            if let Some(revision) = revision {
                plan.set_at(&[field], revision);
            }
        }
        plan.set_at(&["steps"], Value::list_of(self.steps(deployment, project)));
        let (Some(source), Some(workload)) = (source, workload) else {
            plan.set_at(&["objects"], Value::list_of(Vec::<Value>::new()));
            plan.set_at(&["isComplete"], false);
            return plan;
        };
        let denied = match deployment.generated {
            true => self.denied(project, source, &workload).await,
            false => None,
        };
        if let Some(denied) = denied {
            plan.set_at(&["problem"], denied);
            plan.set_at(&["objects"], Value::list_of(Vec::<Value>::new()));
            plan.set_at(&["isComplete"], false);
            return plan;
        }
        let changes = changes::of(self, source, &workload).await;
        let is_newest = newest.is_none_or(|newest| artifact == Some(newest.as_str()));
        plan.set_at(&["isComplete"], changes.is_complete && is_newest);
        plan.set_at(&["objects"], Value::from(changes.objects));
        if let Some(problem) = changes.problem {
            plan.set_at(&["problem"], problem);
        }
        plan
    }

    /// What the project denies of the artifact that is here, or why that is not known.
    async fn denied(&self, project: &Project, source: &Value, workload: &Value) -> Option<Value> {
        let unknown = |why: &str| {
            let fix = "it is held against the project in the sync";
            Some(trouble("it is not known whether the project allows what the source has", why, fix))
        };
        match self.gate(project, source, workload).await {
            Ok((Gate::Denied(message), _)) => {
                let fix = "take what is denied out of the source, or let the project allow it";
                Some(trouble("the project does not allow what the source has", &message, fix))
            }
            Ok((Gate::Closed(why), _)) => unknown(&why),
            Ok((Gate::Open | Gate::Moving | Gate::Passed, _)) => None,
            Err(error) => unknown(&error.to_string()),
        }
    }

    /// The commit that the repository has now, where it is told by name.
    async fn newest(&self, deployment: &Deployment<'_>) -> Option<String> {
        let source = &deployment.source;
        let credentials =
            observe::credentials(self.controller, deployment.application, &source.repo_url).ok()?;
        super::revisions::commit(source, credentials.as_ref()).await
    }

    fn steps(&self, deployment: &Deployment<'_>, project: &Project) -> Vec<String> {
        let name = |object: &Option<Value>, kind: &str| {
            let reference = object.as_ref().and_then(ObjectRef::of);
            reference.map_or_else(|| format!("a new {kind}"), |reference| reference.to_string())
        };
        let source = name(&deployment.live_source, "GitRepository");
        let workload = name(&deployment.live_workload, "Kustomization");
        let mut steps = vec![format!("{source} looks for news")];
        if deployment.generated && !projects::permits_everything(project) {
            steps.push(format!("what it has is held against project {}", project.name));
        }
        if deployment.generated && deployment.is_resting {
            steps.push(format!("{workload}, which rests between syncs, deploys it and rests again"));
        } else {
            steps.push(format!("{workload} deploys it"));
        }
        steps
    }
}

fn said(conditions: &[Condition]) -> String {
    let messages: Vec<&str> = conditions.iter().map(|condition| condition.message.as_str()).collect();
    messages.join("; ")
}

/// The generated objects, in the order in which they are made.
fn objects(generated: &Generated) -> Vec<Value> {
    let mask = Mask::new(Sign::Plus, "");
    let secret = generated.secret.as_ref().map(|secret| masked(secret, &mask));
    let objects = [generated.namespace.clone(), secret, Some(generated.source.clone())];
    let objects = objects.into_iter().flatten().chain([generated.workload.clone()]);
    let shown = |object: Value| {
        let mut item = Value::map_of([("key", key_of(&ObjectRef::of(&object)?))]);
        item.set_at(&["yaml"], yaml::to_yaml(&object).ok()?);
        Some(item)
    };
    objects.filter_map(shown).collect()
}

fn problem(condition: &Condition) -> Value {
    let mut problem = Value::map_of([("message", condition.message.as_str())]);
    if let Some(field) = field_of(&condition.message) {
        problem.set_at(&["field"], field);
    }
    problem
}

/// The field that a sentence is about: the first that it names, or the one that upstream's sentences are about.
fn field_of(message: &str) -> Option<String> {
    const SENTENCES: [(&str, &str); 5] = [
        ("application repo ", "spec.source.repoURL"),
        ("application destination", "spec.destination.namespace"),
        ("Destination server missing", "spec.destination.server"),
        ("Application referencing project ", "spec.project"),
        ("unable to resolve '", "spec.source.targetRevision"),
    ];
    let named = message
        .split(|c: char| c.is_whitespace() || c == ':' || c == ',')
        .find(|word| word.starts_with("spec."));
    let by_sentence = || SENTENCES.iter().find(|(part, _)| message.contains(part)).map(|(_, field)| *field);
    named.or_else(by_sentence).map(|field| field.trim_end_matches('.').to_owned())
}

/// A sync that cannot be.
fn refused(conditions: &[Condition]) -> Value {
    let fix = "correct the Application as the cause says";
    Value::map_of([
        ("steps", Value::list_of(Vec::<Value>::new())),
        ("objects", Value::list_of(Vec::<Value>::new())),
        ("isComplete", false.into()),
        ("problem", trouble("it cannot be synced as it is", &said(conditions), fix)),
    ])
}

fn trouble(sentence: &str, evidence: &str, fix: &str) -> Value {
    Value::map_of([("sentence", sentence), ("evidence", evidence), ("fix", fix)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_that_a_sentence_is_about() {
        let rows = [
            (
                "spec.destination.namespace is empty: the Flux objects are made there",
                "spec.destination.namespace",
            ),
            ("application repo x is not permitted in project 'p'", "spec.source.repoURL"),
            (
                "Failed to load target state: unable to resolve 'x' to a commit SHA",
                "spec.source.targetRevision",
            ),
            ("Application referencing project p which does not exist", "spec.project"),
        ];
        for (message, field) in rows {
            assert_eq!(field_of(message).as_deref(), Some(field), "{message}");
        }
        assert_eq!(
            field_of("Kustomization/apps/demo exists and was not generated for this Application"),
            None
        );
    }
}
