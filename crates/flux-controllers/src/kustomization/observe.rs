//! Facts about a Kustomization and what it depends on.

use apimachinery::condition::{self, Status};
use apimachinery::fields;
use apimachinery::object;
use cluster::{Error, Session, Target};
use flux_api::{FINALIZER, Kustomization, kustomization};
use value::Value;

use super::Controller;
use crate::lifecycle;

/// An artifact as a source's status describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Artifact {
    pub(crate) url: String,
    pub(crate) digest: String,
    pub(crate) revision: String,
}

/// What is known of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A kind that is not supported.
    Unsupported,
    /// It does not exist.
    Missing,
    /// It exists and has nothing to offer yet.
    Empty,
    /// It has an artifact.
    Available(Artifact),
}

/// What is known of one dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// `namespace/name`
    pub(crate) name: String,
    pub(crate) state: DependencyState,
}

/// The state of a dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DependencyState {
    /// It does not exist.
    Missing,
    /// It is not ready in its current generation.
    NotReady,
    /// It is ready. `applied` is its last applied revision, if it uses the same source.
    Ready { applied_of_same_source: Option<String> },
}

/// Everything that [`super::decide`] looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) namespace: String,
    pub(crate) source: Source,
    pub(crate) dependencies: Vec<Dependency>,
}

pub(crate) fn lifecycle(object: &Value) -> lifecycle::Facts {
    lifecycle::Facts {
        deleting: object::deletion_timestamp(object).is_some(),
        has_finalizer: object::finalizers(object).any(|finalizer| finalizer == FINALIZER),
        suspended: object::is_suspended(object),
        refused: fields::present_in_spec(object, kustomization::REFUSED)
            .into_iter()
            .map(str::to_owned)
            .collect(),
    }
}

/// Reads source and dependencies.
///
/// # Errors
/// A dependency could not be read.
pub(crate) async fn inputs(
    controller: &Controller,
    session: &Session,
    spec: &Kustomization,
    namespace: &str,
) -> Result<Facts, Error> {
    let mut dependencies = Vec::new();
    for (other, name) in &spec.depends_on {
        let target = Target::new(&controller.parts.resource, other, name);
        let state =
            session.get(&target).await?.map_or(DependencyState::Missing, |found| readiness(&found, spec));
        dependencies.push(Dependency { name: format!("{other}/{name}"), state });
    }
    Ok(Facts { namespace: namespace.to_owned(), source: source(controller, spec), dependencies })
}

fn source(controller: &Controller, spec: &Kustomization) -> Source {
    if spec.source.kind != "GitRepository" {
        return Source::Unsupported;
    }
    let Some(source) = controller.git_repositories.get(&spec.source.namespace, &spec.source.name) else {
        return Source::Missing;
    };
    artifact(&source).map_or(Source::Empty, Source::Available)
}

/// The artifact that a source offers.
pub(crate) fn artifact(source: &Value) -> Option<Artifact> {
    let artifact = source.at(&["status", "artifact"])?;
    let text = |field| artifact.str_at(&[field]).map(str::to_owned);
    Some(Artifact { url: text("url")?, digest: text("digest")?, revision: text("revision")? })
}

fn readiness(dependency: &Value, spec: &Kustomization) -> DependencyState {
    let observed = object::observed_generation(dependency);
    let ready = dependency.at(&["status", "conditions"]).and_then(|list| condition::get(list, "Ready"));
    let is_ready =
        observed == object::generation(dependency) && ready.is_some_and(|ready| ready.status == Status::True);
    if !is_ready {
        return DependencyState::NotReady;
    }
    let uses_same_source = Kustomization::parse(dependency).is_ok_and(|other| other.source == spec.source);
    let applied = || dependency.str_at(&["status", "lastAppliedRevision"]).unwrap_or_default().to_owned();
    DependencyState::Ready { applied_of_same_source: uses_same_source.then(applied) }
}
