//! From an artifact to the objects that are applied.

use std::sync::Arc;

use cluster::Deadline;
use cluster::runtime::Interrupted;
use engine::change::Owner;
use flux_api::Kustomization;
use manifests::BuildError;
use source::tree::FileTree;
use value::Value;

use super::deploy::Failure;
use crate::kustomization::observe::Artifact;
use crate::kustomization::{Reconciliation, status};

/// What a build gave.
pub(super) struct Built {
    pub(super) objects: Vec<Value>,
    /// `sha256:…` of the manifests as YAML.
    pub(super) digest: String,
}

impl Reconciliation<'_> {
    /// Fetches the artifact; the same one is fetched once for all Kustomizations. A source that offers
    /// another artifact meanwhile, or the same one at another address, ends the attempt.
    ///
    /// # Errors
    /// The attempt was interrupted.
    pub(super) async fn fetch(
        &self,
        spec: &Kustomization,
        artifact: &Artifact,
    ) -> Result<Result<Arc<FileTree>, Failure>, Interrupted> {
        let deadline = self.session.deadline().min(Deadline::after(spec.timeout));
        let until = tokio::time::Instant::now() + deadline.left();
        let tree = self.controller.artifacts.get(&artifact.url, &artifact.digest, until);
        let tree = self.run.waiting("the artifact", tree).await?;
        Ok(tree.map_err(|error| Failure::because(status::ARTIFACT_FAILED, &error)).and_then(|tree| {
            manifests::check_path(spec, &tree).map_err(|error| failure(&error))?;
            Ok(tree)
        }))
    }

    /// Builds on a thread of its own: a large build must not hold up the others, and one that panics
    /// ends only this run.
    pub(super) async fn build(&self, spec: &Kustomization, tree: Arc<FileTree>) -> Result<Built, Failure> {
        let wanted = spec.clone();
        let built = match tokio::task::spawn_blocking(move || manifests::build(&wanted, tree)).await {
            Ok(built) => built.map_err(|error| failure(&error))?,
            Err(panic) => return Err(Failure::because(status::BUILD_FAILED, &panic)),
        };
        let owner = self.owner();
        let mark = |object| manifests::marked(object, &owner, spec);
        let objects = built.objects.into_iter().map(mark).collect();
        Ok(Built { objects, digest: status::digest(built.yaml.as_bytes()) })
    }

    pub(crate) fn owner(&self) -> Owner {
        manifests::owner(&self.run.key.namespace, &self.run.key.name)
    }
}

fn failure(error: &BuildError) -> Failure {
    let reason = match error {
        BuildError::NoPath(_) => status::ARTIFACT_FAILED,
        BuildError::NoDirectory(_) | BuildError::Failed(_) => status::BUILD_FAILED,
    };
    Failure::because(reason, error)
}
