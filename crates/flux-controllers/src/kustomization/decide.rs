//! What to do with a Kustomization, given its inputs.

use std::time::Duration;

use flux_api::Kustomization;

use super::observe::{Artifact, Dependency, DependencyState, Facts, Source};
use crate::settings::Settings;

/// The step that follows from the inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing but a change of the spec can help.
    Stall { reason: &'static str, message: String },
    /// The source has nothing to offer.
    AwaitSource { message: String, after: Duration },
    /// A dependency is not ready.
    AwaitDependency { message: String, revision: String },
    /// Build and apply.
    Deploy(Artifact),
}

pub(crate) fn decide(facts: &Facts, spec: &Kustomization, settings: &Settings) -> Step {
    if let Some(refused) = refused_reference(facts, spec, settings) {
        return refused;
    }
    let artifact = match &facts.source {
        Source::Unsupported => {
            let message = format!(
                "spec.sourceRef.kind {} of Kustomization is not supported by this version of Flamingo; use a \
                 GitRepository",
                spec.source.kind
            );
            return Step::Stall { reason: "UnsupportedField", message };
        }
        Source::Missing => {
            let message = format!("GitRepository.source.toolkit.fluxcd.io {:?} not found", spec.source.name);
            return Step::AwaitSource { message, after: spec.retry_interval };
        }
        Source::Empty => {
            let after = settings.requeue_dependency;
            let shown = apimachinery::duration::format(after);
            let message = format!("Source artifact not found, retrying in {shown}");
            return Step::AwaitSource { message, after };
        }
        Source::Available(artifact) => artifact,
    };
    let unmet = facts.dependencies.iter().find_map(|dependency| unmet(dependency, artifact));
    match unmet {
        Some(message) => Step::AwaitDependency { message, revision: artifact.revision.clone() },
        None => Step::Deploy(artifact.clone()),
    }
}

fn refused_reference(facts: &Facts, spec: &Kustomization, settings: &Settings) -> Option<Step> {
    if !settings.no_cross_namespace_refs {
        return None;
    }
    let foreign = |namespace: &str| namespace != facts.namespace;
    let source = foreign(&spec.source.namespace).then(|| {
        let flux_api::kustomization::Reference { kind, namespace, name, .. } = &spec.source;
        format!("can't access '{kind}/{namespace}/{name}', cross-namespace references have been blocked")
    });
    let message = source.or_else(|| {
        let (namespace, name) = spec.depends_on.iter().find(|(namespace, _)| foreign(namespace))?;
        Some(format!(
            "can't access 'Kustomization/{namespace}/{name}', cross-namespace references have been blocked"
        ))
    })?;
    Some(Step::Stall { reason: "AccessDenied", message })
}

fn unmet(dependency: &Dependency, artifact: &Artifact) -> Option<String> {
    let name = &dependency.name;
    match &dependency.state {
        DependencyState::Missing => {
            let short = name.rsplit('/').next().unwrap_or(name);
            Some(format!(
                "dependency '{name}' not found: kustomizations.kustomize.toolkit.fluxcd.io {short:?} not found"
            ))
        }
        DependencyState::NotReady => Some(format!("dependency '{name}' is not ready")),
        DependencyState::Ready { applied_of_same_source: Some(applied) } if *applied != artifact.revision => {
            Some(format!("dependency '{name}' revision is not up to date"))
        }
        DependencyState::Ready { .. } => None,
    }
}
