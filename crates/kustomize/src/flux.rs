//! Building as Flux's kustomize-controller does.

use thiserror::Error;
use value::Value;

use crate::build::build_with;
use crate::error::Error as BuildError;
use crate::kustomization::{self, Kustomization, join};
use crate::resource;
use crate::tree::{Kind, Tree};

/// What a Flux Kustomization adds to the kustomization that it finds, or to the one that is generated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The namespace of all namespaced objects.
    pub target_namespace: Option<String>,
}

/// The outcome of a build.
#[derive(Clone, Debug, PartialEq)]
pub struct Build {
    /// The objects in the order in which they were listed.
    pub objects: Vec<Value>,
    /// The same as YAML, as kustomize writes it.
    pub yaml: String,
}

/// Why a build failed.
#[derive(Debug, Error)]
pub enum Error {
    /// The kustomization of a directory without one could not be generated.
    #[error("{0}")]
    Generate(BuildError),
    /// The build itself failed.
    #[error("kustomize build failed: {0}")]
    Build(BuildError),
}

impl Error {
    /// The file and the place in it that the error is about.
    pub fn place(&self) -> Option<(String, Option<yaml::Mark>)> {
        match self {
            Self::Generate(error) | Self::Build(error) => error.place(),
        }
    }
}

/// Builds the directory at `path`. A directory without kustomization file is built as if it had one
/// that lists all its manifests.
///
/// Source: fluxcd/pkg/kustomize `generator.go`.
///
/// # Errors
/// [`Error`] with the file and field that the build failed on.
pub fn build(tree: &dyn Tree, path: &str, options: &Options) -> Result<Build, Error> {
    let mut kustomization = match kustomization::find(tree, path).map_err(Error::Build)? {
        Some(found) => found,
        None => generate(tree, path).map_err(Error::Generate)?,
    };
    if let Some(namespace) = &options.target_namespace {
        kustomization.namespace = Some(namespace.clone());
    }
    let resources = build_with(tree, path, &kustomization).map_err(Error::Build)?;
    let objects: Vec<Value> = resources.into_iter().map(|resource| resource.object).collect();
    let documents: Result<Vec<String>, _> = objects.iter().map(yaml::to_yaml).collect();
    let yaml = documents.map_err(|error| Error::Build(error.into()))?.join("---\n");
    Ok(Build { objects, yaml })
}

/// The kustomization that lists every manifest below `path`, and every directory that has a
/// kustomization file of its own.
fn generate(tree: &dyn Tree, path: &str) -> Result<Kustomization, BuildError> {
    let mut resources = Vec::new();
    scan(tree, path, ".", &mut resources)?;
    Ok(Kustomization { resources, ..Kustomization::default() })
}

fn scan(tree: &dyn Tree, path: &str, shown: &str, resources: &mut Vec<String>) -> Result<(), BuildError> {
    for (name, kind) in tree.list(path).unwrap_or_default() {
        let (path, shown) = (join(path, &name), format!("{shown}/{name}"));
        match kind {
            Kind::Directory if kustomization::find(tree, &path)?.is_some() => resources.push(shown),
            Kind::Directory => scan(tree, &path, &shown, resources)?,
            Kind::File if is_manifest(&name) => {
                let bytes = tree.read(&path).unwrap_or_default();
                if let Err(source) = resource::parse(&bytes) {
                    return Err(BuildError::Decode { path, source });
                }
                resources.push(shown);
            }
            Kind::File => {}
        }
    }
    Ok(())
}

fn is_manifest(name: &str) -> bool {
    !kustomization::FILE_NAMES.contains(&name) && (name.ends_with(".yaml") || name.ends_with(".yml"))
}
