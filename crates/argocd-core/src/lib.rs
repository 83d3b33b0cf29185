//! Argo CD's rules about applications, decided on plain values: what a project allows, which repository
//! credentials belong to an address, what a revision names, and which sync options there are.
//!
//! **Invariants.** No IO and no clock. Every rule has a table of cases as its test.

pub mod accounts;
mod expression;
mod glob;
pub mod masking;
pub mod policy;
pub mod projects;
pub mod repositories;
pub mod revision;
pub mod sync_options;

pub use glob::{Glob, GlobError};
