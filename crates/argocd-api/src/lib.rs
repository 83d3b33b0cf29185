//! The kinds of argoproj.io, Application and AppProject, and Argo CD's API in protobuf ([`proto`]).
//!
//! Objects are read from plain objects, field by field, and never written back whole.
//!
//! **Invariants.** No IO. The definitions have all fields of upstream's, with its types and rules.

pub mod application;
pub mod definitions;
mod field;
pub mod project;
pub mod proto;

pub use application::Application;
pub use field::FieldError;
pub use project::Project;

/// The API group.
pub const GROUP: &str = "argoproj.io";
/// The version.
pub const VERSION: &str = "v1alpha1";
