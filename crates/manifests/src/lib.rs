//! From the artifact of a source to the objects that a Kustomization deploys.
//!
//! An artifact is fetched once for all who build from it ([`Artifacts`]), and built in process ([`build`]).
//!
//! **Invariants.** Nothing here knows a cluster. A build reads the artifact and nothing else.

mod artifacts;
mod build;
mod marks;

pub use artifacts::{ArtifactError, Artifacts};
pub use build::{BuildError, Built, build, check_path};
pub use marks::{marked, owner};
