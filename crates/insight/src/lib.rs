//! What people are told about deployments, for Argo CD's world and for Flux's.
//!
//! There is one record for everything that is wrong, [`Finding`]: conditions, the command line, the API
//! and the page all show it. Objects are read as plain objects.
//!
//! **Invariants.** No IO and no clock. A finding names the object, the cause and what to do.

mod argocd;
pub mod chain;
mod diagnosis;
mod finding;
mod flux;
pub mod generated;
pub mod health;
pub mod rows;
mod terms;
pub mod tree;
mod workload;

pub use argocd::{goes_on_by_itself, with_advice};
pub use diagnosis::diagnose;
pub use finding::{Code, Finding, told};
pub use terms::Terms;

/// Whether a group is one of Flux's.
pub fn is_flux(group: &str) -> bool {
    group.ends_with(".toolkit.fluxcd.io")
}
