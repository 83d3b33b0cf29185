//! The built-in transformers.

pub(crate) mod images;
pub(crate) mod labels;
pub(crate) mod namespace;
pub(crate) mod prefix_suffix;
pub(crate) mod replacements;
pub(crate) mod replicas;
pub(crate) mod value_add;

use thiserror::Error;

use crate::field_spec::FieldError;
use crate::id::ResourceId;
use crate::resource::Resource;
use crate::resources::{IdError, Resources};
use crate::select::SelectError;

pub use replacements::ReplacementError;

/// A transformer that cannot transform.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TransformError {
    /// A field of a resource.
    #[error("considering field '{path}' of object {id}: {source}")]
    Field {
        /// The path of the field spec.
        path: String,
        /// The resource.
        id: ResourceId,
        /// Why.
        source: FieldError,
    },
    /// A resource that is no data.
    #[error("{id}: {source}")]
    Convert {
        /// The resource.
        id: ResourceId,
        /// Why.
        source: yaml::node::ConvertError,
    },
    /// Two resources cannot be told apart any more.
    #[error(transparent)]
    Id(#[from] IdError),
    /// A selector.
    #[error(transparent)]
    Select(#[from] SelectError),
    /// A replacement.
    #[error(transparent)]
    Replacement(#[from] ReplacementError),
    /// `replicas` for something that does not exist.
    #[error("resource with name {name} does not match a config with the following GVK [{}]", .gvks.join(" "))]
    NoReplicas {
        /// The name.
        name: String,
        /// The kinds that have replicas.
        gvks: Vec<String>,
    },
    /// An option with a value that does not exist.
    #[error("invalid value {value:?} for {option}: must be one of {allowed}")]
    Option {
        /// The option.
        option: &'static str,
        /// The value.
        value: String,
        /// What it can be.
        allowed: &'static str,
    },
}

impl TransformError {
    pub(crate) fn field(path: &str, resource: &Resource, source: FieldError) -> Self {
        Self::Field { path: path.to_owned(), id: resource.id(), source }
    }
}

/// Adds the hash of their content to the names of generated resources.
///
/// # Errors
/// A resource is no data.
pub(crate) fn add_hashes(resources: &mut Resources) -> Result<(), TransformError> {
    for resource in resources.all_mut() {
        if resource.past.needs_hash {
            let hash = crate::generate::hash::of(resource)
                .map_err(|source| TransformError::Convert { id: resource.id(), source })?;
            resource.remember_id();
            let name = format!("{}-{hash}", resource.name());
            resource.set_name(&name);
        }
    }
    Ok(())
}
