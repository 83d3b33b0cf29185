//! From an artifact to the objects that are applied.

use std::sync::Arc;

use cluster::Deadline;
use cluster::runtime::Interrupted;
use engine::change::Owner;
use flux_api::Kustomization;
use flux_api::kustomization::PatchTarget;
use kustomize::flux::Options;
use kustomize::kustomization::{Image, Patch, Selector};
use kustomize::{Gvk, ResourceId};
use source::tree::{FileTree, Kind};
use value::Value;

use super::deploy::Failure;
use crate::artifacts::Files;
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
        let tree = self.controller.artifacts.get(&artifact.url, &artifact.digest, deadline);
        let tree = self.run.waiting("the artifact", tree).await?;
        Ok(tree
            .map_err(|error| Failure::because(status::ARTIFACT_FAILED, &error))
            .and_then(|tree| Self::with_path(spec, tree)))
    }

    fn with_path(spec: &Kustomization, tree: Arc<FileTree>) -> Result<Arc<FileTree>, Failure> {
        let path = within(&spec.path);
        if !path.is_empty() && tree.kind(&path).is_none() {
            let message = format!("kustomization path not found: stat /{path}: no such file or directory");
            return Err(Failure::new(status::ARTIFACT_FAILED, message));
        }
        Ok(tree)
    }

    /// Builds on a thread of its own: a large build must not hold up the others, and one that panics
    /// ends only this run.
    pub(super) async fn build(&self, spec: &Kustomization, tree: Arc<FileTree>) -> Result<Built, Failure> {
        let path = within(&spec.path);
        if matches!(tree.kind(&path), Some(Kind::File { .. })) {
            let file = format!("/{path}/kustomization.yaml");
            let message = format!("open {file}: not a directory remove {file}: not a directory");
            return Err(Failure::new(status::BUILD_FAILED, message));
        }
        let options = options(spec);
        let build = move || {
            kustomize::flux::build(&Files(tree), &path, &options, None).map_err(|error| build_failure(&error))
        };
        let built = tokio::task::spawn_blocking(build).await;
        let built = match built {
            Ok(built) => built?,
            Err(panic) => return Err(Failure::because(status::BUILD_FAILED, &panic)),
        };
        let owner = self.owner();
        let objects = built.objects.into_iter().map(|object| marked(object, &owner, spec)).collect();
        Ok(Built { objects, digest: status::digest(built.yaml.as_bytes()) })
    }

    pub(crate) fn owner(&self) -> Owner {
        Owner {
            group: flux_api::kustomization::kind().group,
            name: self.run.key.name.clone(),
            namespace: self.run.key.namespace.clone(),
        }
    }
}

/// What the spec adds to the kustomization of its path.
fn options(spec: &Kustomization) -> Options {
    let patch = |patch: &flux_api::kustomization::Patch| Patch {
        patch: patch.patch.clone(),
        target: patch.target.as_ref().map(selector),
        ..Patch::default()
    };
    let image = |image: &flux_api::kustomization::Image| Image {
        name: image.name.clone(),
        new_name: image.new_name.clone(),
        new_tag: image.new_tag.clone(),
        digest: image.digest.clone(),
        ..Image::default()
    };
    Options {
        target_namespace: spec.target_namespace.clone(),
        name_prefix: spec.name_prefix.clone(),
        name_suffix: spec.name_suffix.clone(),
        patches: spec.patches.iter().map(patch).collect(),
        images: spec.images.iter().map(image).collect(),
        components: spec.components.clone(),
        ignore_missing_components: spec.ignore_missing_components,
        build_metadata: spec.build_metadata.clone(),
    }
}

fn selector(target: &PatchTarget) -> Selector {
    let gvk = Gvk {
        group: target.group.as_str().into(),
        version: target.version.as_str().into(),
        kind: target.kind.as_str().into(),
    };
    Selector {
        id: ResourceId {
            gvk,
            name: target.name.as_str().into(),
            namespace: target.namespace.as_str().into(),
        },
        annotation_selector: target.annotation_selector.clone(),
        label_selector: target.label_selector.clone(),
    }
}

/// The words of kustomize, and the place as editors understand it where the text is not YAML.
fn build_failure(error: &kustomize::flux::Error) -> Failure {
    let failure = Failure::because(status::BUILD_FAILED, error);
    match error.place() {
        Some((path, Some(mark))) => {
            Failure::new(failure.reason, format!("{} ({path}:{mark})", failure.message))
        }
        _ => failure,
    }
}

/// The path below the root of the artifact: `..` at the root stays there, as in upstream's `securejoin`.
fn within(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Owner labels, then the common metadata, which wins over what the manifests say.
fn marked(mut object: Value, owner: &Owner, spec: &Kustomization) -> Value {
    for (key, value) in owner.labels().iter().chain(&spec.common_labels) {
        object.set_at(&["metadata", "labels", key], value.as_str());
    }
    for (key, value) in &spec.common_annotations {
        object.set_at(&["metadata", "annotations", key], value.as_str());
    }
    engine::normal::normalise(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever adds a field to the options must say here what of a spec fills it.
    #[test]
    fn every_field_that_changes_a_build_comes_from_the_spec() {
        let spec: Value = yaml::parse(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a, namespace: b}\nspec:\n  \
             interval: 1m\n  prune: true\n  sourceRef: {kind: GitRepository, name: c}\n  targetNamespace: ns\n  \
             namePrefix: p\n  nameSuffix: s\n  patches: [{patch: x, target: {group: g, version: v, kind: k, name: m, \
             namespace: o, labelSelector: l, annotationSelector: t}}]\n  images: [{name: i, newName: j, newTag: '1', \
             digest: d}]\n  components: [e]\n  ignoreMissingComponents: true\n  buildMetadata: [originAnnotations]\n",
            yaml::Rules::V2,
        )
        .expect("YAML");
        let Options {
            target_namespace,
            name_prefix,
            name_suffix,
            patches,
            images,
            components,
            ignore_missing_components,
            build_metadata,
        } = options(&Kustomization::parse(&spec).expect("a Kustomization"));
        assert_eq!((target_namespace, name_prefix), (Some("ns".to_owned()), Some("p".to_owned())));
        assert_eq!(name_suffix, Some("s".to_owned()));
        let target = patches[0].target.clone().expect("a target");
        assert_eq!((patches.len(), patches[0].patch.as_str()), (1, "x"));
        assert_eq!((&*target.id.gvk.group, &*target.id.gvk.version, &*target.id.gvk.kind), ("g", "v", "k"));
        assert_eq!((&*target.id.name, &*target.id.namespace), ("m", "o"));
        assert_eq!((target.label_selector.as_str(), target.annotation_selector.as_str()), ("l", "t"));
        let image = &images[0];
        let texts = [&image.name, &image.new_name, &image.new_tag, &image.digest];
        assert_eq!(texts, ["i", "j", "1", "d"]);
        assert_eq!((components, ignore_missing_components), (vec!["e".to_owned()], true));
        assert_eq!(build_metadata, ["originAnnotations"]);
    }
}
