//! What people are told about deployments, for Argo CD's world and for Flux's.
//!
//! There is one record for everything that is wrong, [`Finding`]: conditions, the command line, the API
//! and the page all show it. Objects are read as plain objects.
//!
//! **Invariants.** No IO and no clock. A finding names the object, the cause and what to do.

mod argocd;
mod diagnosis;
mod finding;
mod flux;
mod terms;
mod workload;

pub use argocd::with_advice;
pub use diagnosis::diagnose;
pub use finding::{Code, Finding};
pub use terms::Terms;
