//! Why a build failed, in the words of kustomize and Flux.

use thiserror::Error;

/// A failed build. Paths start with a slash at the root of the tree.
#[derive(Debug, Error)]
pub enum Error {
    /// A file of a directory without kustomization file is not what Kubernetes can read.
    #[error("failed to decode Kubernetes YAML from /{path}: {source}")]
    Decode {
        /// Which file.
        path: String,
        /// Why.
        source: ManifestError,
    },
    /// A resource could be added neither as a file nor as a directory.
    #[error("accumulating resources: accumulation err='{file}': {directory}")]
    Accumulate {
        /// Why not as a file.
        file: Box<Error>,
        /// Why not as a directory.
        directory: String,
    },
    /// A file that is named does not exist.
    #[error("accumulating resources from '{entry}': open /{path}: no such file or directory")]
    NoFile {
        /// As it is named in `resources`.
        entry: String,
        /// The path from the root.
        path: String,
    },
    /// A named file is not what Kubernetes can read.
    #[error("accumulating resources from '{entry}': {source}")]
    Manifest {
        /// As it is named in `resources`.
        entry: String,
        /// The path from the root.
        path: String,
        /// Why.
        source: ManifestError,
    },
    /// Two resources have the same id.
    #[error("merging resources from '{entry}': may not add resource with an already registered id: {id}")]
    Duplicate {
        /// As it is named in `resources`.
        entry: String,
        /// The id.
        id: String,
    },
    /// A kustomization includes itself.
    #[error("cycle detected: candidate root '/{path}' contains visited root '/{path}'")]
    Cycle {
        /// The directory.
        path: String,
    },
    /// A kustomization file that cannot be read.
    #[error("invalid Kustomization: {source} in /{path}")]
    Kustomization {
        /// The file.
        path: String,
        /// Why.
        source: yaml::Error,
    },
    /// A field of a kustomization file has a value of a wrong form.
    #[error("invalid Kustomization: {field} of /{path} must be {expected}")]
    Field {
        /// The file.
        path: String,
        /// The field.
        field: String,
        /// What it must be.
        expected: &'static str,
    },
    /// A field that kustomize does not know.
    #[error(
        "invalid Kustomization: json: unknown field {field:?} in /{path}; correct the spelling or remove it"
    )]
    UnknownField {
        /// The file.
        path: String,
        /// The field.
        field: String,
    },
    /// A field that is not supported yet.
    #[error(
        "{field} of /{path} is not supported by this version of Flamingo; remove it, or render the manifests beforehand"
    )]
    Unsupported {
        /// The file.
        path: String,
        /// The field.
        field: String,
    },
    /// More than one kustomization file in a directory.
    #[error("Found multiple kustomization files: {} in /{path}; keep one of them", .files.join(", "))]
    SeveralFiles {
        /// The directory.
        path: String,
        /// The files.
        files: Vec<String>,
    },
    /// The directory has no kustomization file.
    #[error(
        "unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '/{path}'"
    )]
    NoKustomization {
        /// The directory.
        path: String,
    },
    /// A remote base.
    #[error(
        "remote base {entry:?} in /{path} is refused: a build reads nothing but its own source; copy the base into the repository"
    )]
    Remote {
        /// The file.
        path: String,
        /// As it is named in `resources`.
        entry: String,
    },
    /// A resource outside of the source.
    #[error("{entry:?} in /{path} leads out of the source")]
    Outside {
        /// The file.
        path: String,
        /// As it is named in `resources`.
        entry: String,
    },
    /// Kustomizations nested too deeply.
    #[error("kustomizations are nested more than {limit} levels deep at /{path}")]
    TooDeep {
        /// The directory.
        path: String,
        /// The limit.
        limit: usize,
    },
    /// The built objects could not be written as YAML.
    #[error("writing the build failed")]
    Emit(#[from] yaml::EmitError),
}

/// Why a file does not hold Kubernetes objects.
#[derive(Debug, Error)]
pub enum ManifestError {
    /// Not UTF-8.
    #[error("the file is not UTF-8 text")]
    Encoding,
    /// Not YAML.
    #[error("MalformedYAMLError: {0}")]
    Yaml(#[from] yaml::Error),
    /// Not an object at all.
    #[error("missing Resource metadata")]
    NoMetadata,
    /// An object without kind.
    #[error("missing kind in object at line {line}")]
    NoKind {
        /// Where the document starts.
        line: u64,
    },
    /// An object without name.
    #[error("missing metadata.name in object {{{api_version} {kind}}} at line {line}")]
    NoName {
        /// Where the document starts.
        line: u64,
        /// The apiVersion.
        api_version: String,
        /// The kind.
        kind: String,
    },
}

impl ManifestError {
    /// The place in the file, where one is known.
    pub fn mark(&self) -> Option<yaml::Mark> {
        match self {
            Self::Yaml(error) => Some(error.mark()),
            Self::NoKind { line } | Self::NoName { line, .. } => Some(yaml::Mark { line: *line, column: 1 }),
            Self::Encoding | Self::NoMetadata => None,
        }
    }
}

impl Error {
    /// The file and the place in it that the error is about, for people who want to go there.
    pub fn place(&self) -> Option<(String, Option<yaml::Mark>)> {
        match self {
            Self::Decode { path, source } | Self::Manifest { path, source, .. } => {
                Some((path.clone(), source.mark()))
            }
            Self::Accumulate { file, .. } => file.place(),
            Self::Kustomization { path, source } => Some((path.clone(), Some(source.mark()))),
            Self::Field { path, .. }
            | Self::UnknownField { path, .. }
            | Self::Unsupported { path, .. }
            | Self::Remote { path, .. }
            | Self::Outside { path, .. } => Some((path.clone(), None)),
            _ => None,
        }
    }
}
