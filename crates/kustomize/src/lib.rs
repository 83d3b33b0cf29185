//! `kustomize build` as a pure function of a file tree.
//!
//! So far: plain manifests, `resources` and `namespace`. A kustomization field that is not supported yet
//! fails the build by its name.
//!
//! **Invariants.** Files come only through [`Tree`], which cannot be left. Nothing here starts a
//! process or knows Helm or the cluster.

mod build;
mod error;
pub mod flux;
mod kustomization;
mod namespace;
mod resource;
mod tree;

pub use build::build;
pub use error::Error;
pub use resource::{Resource, ResourceId};
pub use tree::{Kind, Tree};
