//! Carrying out a decision over a Kustomization.

mod build;
mod deploy;
mod finalize;
mod health;

pub(super) use deploy::Failure;
