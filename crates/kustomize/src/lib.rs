//! `kustomize build` as a pure function of a file tree.
//!
//! It follows kustomize 5.8.2 to the byte; COMPATIBILITY.md lists what differs on purpose.
//!
//! **Invariants.** Files come only through [`Tree`], which cannot be left, and remote ones only through
//! [`Remotes`]. Nothing here starts a process or knows Helm or the cluster. Resources are found by name and
//! id through an index, never by looking at all of them.

#![expect(clippy::result_large_err, reason = "an error says all that it knows, and ends the build")]

mod build;
mod config;
pub mod edit;
mod error;
pub mod explain;
mod field_spec;
pub mod flux;
mod generate;
pub mod helm;
mod id;
pub mod kustomization;
mod load;
mod lookup;
mod order;
mod origin;
mod patch;
mod plugin;
mod read;
mod references;
mod remote;
mod resource;
mod resources;
mod schema;
mod select;
mod target;
mod transform;
mod tree;
mod variables;

pub use build::{Built, Options, Reorder, build, build_remote, build_with};
pub use config::ConfigError;
pub use error::{Error, OpenApiError};
pub use field_spec::FieldError;
pub use generate::GenerateError;
pub use id::{Gvk, ResourceId};
pub use kustomization::Kustomization;
pub use load::{LoadError, MAX_FILE_BYTES, Restriction};
pub use lookup::LookupError;
pub use order::OrderError;
pub use patch::{JsonPatch, JsonPatchError, JsonSyntax, MergeError, PatchError};
pub use plugin::{ConfigurationProblem, FileProblem, PluginError};
pub use read::ManifestError;
pub use references::ReferenceError;
pub use remote::{RemoteError, Remotes, RepositoryUrl};
pub use resource::Resource;
pub use resources::IdError;
pub use schema::SchemaError;
pub use select::SelectError;
pub use transform::{ReplacementError, TransformError};
pub use tree::{Kind, Tree, TreeError};
pub use variables::VariableError;
