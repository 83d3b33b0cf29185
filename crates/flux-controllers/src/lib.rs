//! Controllers for the kinds of fluxcd.io.
//!
//! Each kind has the same five files: `observe` gathers facts, `decide` turns them into one step,
//! `act` carries it out, `status` says what people read, `tests` has the decision table. What the
//! kinds share is [`reconciliation`] (a run from reading the object on), [`lifecycle`] (finalizer, suspension,
//! refusal), [`status`] (conditions and patches) and [`notify`] (Events and notifications).
//!
//! **Invariants.** `decide` does no IO. A status is patched field by field, never written whole. A
//! field that is not supported is refused by name before anything is done.

pub mod git_repository;
pub mod kustomization;
mod lifecycle;
mod notify;
mod reconciliation;
mod settings;
mod start;
mod status;

pub use settings::Settings;
pub use start::{Controllers, StartError};
