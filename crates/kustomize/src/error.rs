//! Why a build failed, in the words of kustomize and Flux.

mod advice;

use thiserror::Error;

use crate::config::ConfigError;
use crate::generate::GenerateError;
use crate::helm::ChartError;
use crate::kustomization::KustomizationError;
use crate::load::LoadError;
use crate::order::OrderError;
use crate::patch::PatchError;
use crate::plugin::{ConfigurationProblem, PluginError};
use crate::read::ManifestError;
use crate::references::ReferenceError;
use crate::resources::IdError;
use crate::schema::SchemaError;
use crate::transform::TransformError;
use crate::variables::VariableError;

/// A failed build. Paths start with a slash at the root of the tree.
#[derive(Clone, Debug, Error)]
pub enum Error {
    /// A file of a directory without kustomization file is not what Kubernetes can read.
    #[error("failed to decode Kubernetes YAML from /{path}: {source}")]
    Decode {
        /// Which file.
        path: String,
        /// Why.
        source: ManifestError,
    },
    /// Something among the resources.
    #[error("accumulating resources: {source}")]
    Resources {
        /// The kustomization file.
        path: String,
        /// Why.
        source: Box<Error>,
    },
    /// Something among the components.
    #[error("accumulating components: {source}")]
    Components {
        /// The kustomization file.
        path: String,
        /// Why.
        source: Box<Error>,
    },
    /// A component that cannot be entered.
    #[error("loader.New {:?}", .0.to_string())]
    ComponentRoot(#[source] LoadError),
    /// A component.
    #[error("accumulateDirectory: {:?}", .0.to_string())]
    Component(#[source] Box<Error>),
    /// A resource could be added neither as a file nor as a directory.
    #[error("accumulation err='{file}': {directory}")]
    Neither {
        /// Why not as a file.
        file: Box<Error>,
        /// Why not as a directory.
        #[source]
        directory: Box<Error>,
    },
    /// A named file.
    #[error("accumulating resources from '{entry}': {source}")]
    File {
        /// As it is named.
        entry: String,
        /// Why.
        source: Box<Error>,
    },
    /// A manifest that is no YAML is shown with its file.
    #[error("{source}{}", if matches!(.source, ManifestError::Yaml(_)) { format!(" in File: {entry}") } else { String::new() })]
    Manifest {
        /// As it is named.
        entry: String,
        /// The path from the root.
        path: String,
        /// Why.
        source: ManifestError,
    },
    /// The resources of a file cannot be added.
    #[error("merging resources from '{entry}': {source}")]
    Merging {
        /// As it is named.
        entry: String,
        /// Why.
        source: IdError,
    },
    /// A directory that was entered.
    #[error("recursed accumulation of path '/{path}': {source}")]
    Recursed {
        /// The directory.
        path: String,
        /// Why.
        source: Box<Error>,
    },
    /// The resources of a directory cannot be added.
    #[error("recursed merging from path '/{path}': {source}")]
    RecursedMerging {
        /// The directory.
        path: String,
        /// Why.
        source: Box<Error>,
    },
    /// The kustomization of a directory.
    #[error("couldn't make target for path '/{path}': {source}")]
    Target {
        /// The directory.
        path: String,
        /// Why.
        source: Box<Error>,
    },
    /// Something that cannot be reached.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A kustomization file that is not right.
    #[error("{source} in /{path}")]
    Kustomization {
        /// The file.
        path: String,
        /// Why.
        source: KustomizationError,
    },
    /// A component where a kustomization must be, or the other way round.
    #[error("expected kind {} for path '/{path}'{}", if *.wants_component { "'Component'" } else { "!= 'Component'" }, if *.wants_component { format!(" but got '{kind}'") } else { String::new() })]
    Kind {
        /// The directory.
        path: String,
        /// What it is.
        kind: String,
        /// What it must be.
        wants_component: bool,
    },
    /// A file with configurations of transformers.
    #[error("configurations: /{path}: {source}")]
    Configuration {
        /// The file.
        path: String,
        /// Why.
        source: ConfigError,
    },
    /// A file with the types of custom kinds.
    #[error("loading CRDs: unable to parse open API definition from '/{path}': {source}")]
    Crds {
        /// The file.
        path: String,
        /// Why.
        source: ConfigError,
    },
    /// The `openapi` field.
    #[error("openapi of /{path}: {source}")]
    OpenApi {
        /// The kustomization file.
        path: String,
        /// Why.
        source: OpenApiError,
    },
    /// Configurations that contradict each other.
    #[error("{field} of /{path}: {source}")]
    Merge {
        /// The kustomization file.
        path: String,
        /// The field.
        field: &'static str,
        /// Why.
        source: ConfigError,
    },
    /// A generator.
    #[error("{field} {name:?} of /{path}: {source}")]
    Generate {
        /// The kustomization file.
        path: String,
        /// The field.
        field: &'static str,
        /// The name of the generator.
        name: String,
        /// Why.
        source: GenerateError,
    },
    /// What was generated cannot be added.
    #[error("merging from generator {name:?} ({field} of /{path}): {source}")]
    Absorb {
        /// The kustomization file.
        path: String,
        /// The field.
        field: &'static str,
        /// The name of the generator.
        name: String,
        /// Why.
        source: IdError,
    },
    /// A chart where none can be rendered.
    #[error(
        "helmCharts of /{path}: chart {name:?} is not rendered: must specify --enable-helm; where that cannot be said, \
         as in a Flux Kustomization, use a HelmRelease"
    )]
    ChartsForbidden {
        /// The kustomization file.
        path: String,
        /// The chart.
        name: String,
    },
    /// A chart that was not rendered.
    #[error("helmCharts of /{path}: chart {name:?}: {source}")]
    Chart {
        /// The kustomization file.
        path: String,
        /// The chart.
        name: String,
        /// Why.
        source: ChartError,
    },
    /// A patch.
    #[error("{field} of /{path}: {source}")]
    Patch {
        /// The kustomization file.
        path: String,
        /// The field with the number of its entry.
        field: String,
        /// Why.
        source: PatchError,
    },
    /// A file that a field names and that cannot be read.
    #[error("{field} of /{path}: {source}")]
    Unreadable {
        /// The kustomization file.
        path: String,
        /// The field.
        field: &'static str,
        /// Why.
        source: LoadError,
    },
    /// A patch file that cannot be read.
    #[error("{field} of /{path}: failed to get the patch file from path({entry}): {source}")]
    PatchFile {
        /// The kustomization file.
        path: String,
        /// The field with the number of its entry.
        field: String,
        /// As it is named.
        entry: String,
        /// Why.
        source: LoadError,
    },
    /// A transformer.
    #[error("{field} of /{path}: {source}")]
    Transform {
        /// The kustomization file.
        path: String,
        /// The field.
        field: String,
        /// Why.
        source: TransformError,
    },
    /// A plugin.
    #[error("{field} of /{path}: {source}")]
    Plugin {
        /// The kustomization file.
        path: String,
        /// The field.
        field: &'static str,
        /// Why.
        source: PluginError,
    },
    /// A field that is not right.
    #[error("{field} of /{path}: {source}")]
    Misconfigured {
        /// The kustomization file.
        path: String,
        /// The field with the number of its entry.
        field: String,
        /// Why.
        source: ConfigurationProblem,
    },
    /// A validator that changed something.
    #[error(
        "validators of /{path}: validator shouldn't modify the resource map, but {validator} changes {object}"
    )]
    Validator {
        /// The kustomization file.
        path: String,
        /// The validator.
        validator: crate::ResourceId,
        /// The first object that it changes.
        object: crate::ResourceId,
    },
    /// A variable.
    #[error(transparent)]
    Variable(#[from] VariableError),
    /// A name reference.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// The order of the output.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// Two resources with the same id.
    #[error(transparent)]
    Id(#[from] IdError),
    /// A change has taken away what every object needs.
    #[error("missing {field} in object {id}, after all changes")]
    Lost {
        /// What is missing.
        field: &'static str,
        /// The object.
        id: crate::ResourceId,
    },
    /// An object that is no data.
    #[error("{id}: {source}")]
    Convert {
        /// The object.
        id: crate::ResourceId,
        /// Why.
        source: yaml::node::ConvertError,
    },
    /// The built objects could not be written as YAML.
    #[error("writing the build failed: {0}")]
    Emit(#[source] yaml::EmitError),
}

/// What is wrong with `openapi`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OpenApiError {
    /// Both a version and a file.
    #[error("builtin version and custom schema provided, cannot use both")]
    Both,
    /// Another version.
    #[error("the specified OpenAPI version is not built in: {version}; only {built_in} is")]
    Version {
        /// What is said.
        version: String,
        /// What is built in.
        built_in: &'static str,
    },
    /// The file is no such document.
    #[error("{entry}: {source}")]
    Document {
        /// As it is named.
        entry: String,
        /// Why.
        source: SchemaError,
    },
}

impl Error {
    /// The file and the place in it that the error is about, for people who want to go there.
    pub fn place(&self) -> Option<(String, Option<yaml::Mark>)> {
        match self {
            Self::Decode { path, source } | Self::Manifest { path, source, .. } => {
                Some((path.clone(), source.mark()))
            }
            Self::Component(source)
            | Self::Resources { source, .. }
            | Self::Components { source, .. }
            | Self::File { source, .. }
            | Self::Recursed { source, .. }
            | Self::RecursedMerging { source, .. }
            | Self::Target { source, .. } => source.place(),
            Self::Variable(error) => Some((error.file().to_owned(), None)),
            Self::Neither { file, directory } => file.place().or_else(|| directory.place()),
            Self::Kustomization { path, source } => Some((path.clone(), source.mark())),
            Self::Generate { path, .. }
            | Self::Absorb { path, .. }
            | Self::ChartsForbidden { path, .. }
            | Self::Chart { path, .. }
            | Self::Patch { path, .. }
            | Self::PatchFile { path, .. }
            | Self::Unreadable { path, .. }
            | Self::Transform { path, .. }
            | Self::Plugin { path, .. }
            | Self::Misconfigured { path, .. }
            | Self::Validator { path, .. }
            | Self::Merge { path, .. }
            | Self::OpenApi { path, .. }
            | Self::Configuration { path, .. }
            | Self::Crds { path, .. } => Some((path.clone(), None)),
            _ => None,
        }
    }
}
