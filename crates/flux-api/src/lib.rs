//! The kinds of fluxcd.io: their CustomResourceDefinitions and the specs that controllers read.
//!
//! A spec is read from an object as it comes from the API server, so nothing unknown to us is lost
//! when its status is patched. Each kind lists which of its fields are handled and which are refused
//! by name; a test walks the CustomResourceDefinition and finds every field in one of the two lists.
//!
//! **Invariants.** No IO. Only kinds that are served have a CustomResourceDefinition here.

pub mod annotations;
pub mod definitions;
mod field;
pub mod git_repository;
pub mod kustomization;

pub use field::FieldError;
pub use git_repository::GitRepository;
pub use kustomization::Kustomization;

/// The finalizer of all Flux kinds.
pub const FINALIZER: &str = "finalizers.fluxcd.io";
