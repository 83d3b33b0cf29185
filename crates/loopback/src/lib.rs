//! Loopback reconciliation: Applications that Flux deploys.
//!
//! An Application with the sync option `FluxSubsystem=true` is not deployed by Argo CD's own engine. Its Flux
//! objects deploy it ([`generate`] makes them where `AutoCreateFluxResources=true` asks for it), and its
//! status says what they say ([`reflect`]).
//!
//! **Invariants.** Both directions are pure functions, and so is `decide`. Nothing is deleted or suspended
//! that was not generated for the Application. Of an Application only the status, the operation that is
//! done, the refresh that was asked for and our own finalizers are written.

mod application;
mod generate;
pub mod names;
mod reflect;
mod settings;
mod start;

pub use application::{CommitError, Preview, SourceError};
pub use settings::Settings;
pub use start::{Controllers, StartError};
