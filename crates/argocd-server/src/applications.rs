//! Applications.
//!
//! Source of the rules: Argo CD 3.6, `server/application/application.go`, and recordings.

mod operation;
mod read;
mod remove;
mod restrictions;
mod tree;
mod validation;
mod watch;
mod write;

pub(crate) use operation::{sync, terminate};
pub(crate) use read::{get, highest_version, list};
pub(crate) use remove::delete;
pub(crate) use restrictions::{change_not_built, not_built, roll_back, sync_windows};
pub(crate) use tree::resource_tree;
pub(crate) use watch::watch;
pub(crate) use write::{create, patch, update, update_spec};
