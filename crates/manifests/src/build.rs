//! From the files of an artifact to objects.

use std::error::Error as StdError;
use std::sync::Arc;

use flux_api::Kustomization;
use flux_api::kustomization::PatchTarget;
use kustomize::flux::Options;
use kustomize::kustomization::{Image, Patch, Selector};
use kustomize::{Gvk, ResourceId};
use source::tree::{FileTree, Kind};
use thiserror::Error;
use value::Value;

use crate::artifacts::Files;

/// Why nothing was built, in upstream's words.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BuildError {
    /// The path is not in the source.
    #[error("kustomization path not found: stat /{0}: no such file or directory")]
    NoPath(String),
    /// The path is a file.
    #[error("open /{0}/kustomization.yaml: not a directory remove /{0}/kustomization.yaml: not a directory")]
    NoDirectory(String),
    /// The manifests cannot be built; where they are not YAML, with the place.
    #[error("{0}")]
    Failed(String),
}

/// What a build gave.
#[derive(Clone, Debug)]
pub struct Built {
    /// The objects, without what an apply adds to them.
    pub objects: Vec<Value>,
    /// The same as YAML.
    pub yaml: String,
}

/// Whether the path of `spec` is in the source at all.
///
/// # Errors
/// [`BuildError::NoPath`]
pub fn check_path(spec: &Kustomization, tree: &FileTree) -> Result<(), BuildError> {
    let path = within(&spec.path);
    if path.is_empty() || tree.kind(&path).is_some() { Ok(()) } else { Err(BuildError::NoPath(path)) }
}

/// Builds what `spec` makes of the files. A large build takes a while: call it on a thread of its own.
///
/// # Errors
/// See [`BuildError`].
pub fn build(spec: &Kustomization, tree: Arc<FileTree>) -> Result<Built, BuildError> {
    check_path(spec, &tree)?;
    let path = within(&spec.path);
    if matches!(tree.kind(&path), Some(Kind::File { .. })) {
        return Err(BuildError::NoDirectory(path));
    }
    let built = kustomize::flux::build(&Files(tree), &path, &options(spec), None);
    let built = built.map_err(|error| BuildError::Failed(words(&error)))?;
    Ok(Built { objects: built.objects, yaml: built.yaml })
}

/// The words of kustomize, and the place as editors understand it where the text is not YAML.
fn words(error: &kustomize::flux::Error) -> String {
    let mut message = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let text = source.to_string();
        if !message.contains(&text) {
            message = format!("{message}: {text}");
        }
        next = source.source();
    }
    match error.place() {
        Some((path, Some(mark))) => format!("{message} ({path}:{mark})"),
        _ => message,
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
