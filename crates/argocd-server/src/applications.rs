//! Applications.
//!
//! Source of the rules: Argo CD 3.6, `server/application/application.go`, and recordings.

mod actions;
mod events;
mod guard;
mod links;
mod logs;
mod managed;
mod operation;
mod read;
mod remove;
mod resource;
mod restrictions;
mod revisions;
mod tree;
mod validation;
mod watch;
mod write;

pub(crate) use actions::{actions, run_action};
pub(crate) use events::{events, of_object as events_of};
pub(crate) use links::{links, resource_links};
pub(crate) use logs::logs;
pub(crate) use managed::managed_resources;
pub(crate) use operation::{sync, terminate};
pub(crate) use read::{get, highest_version, list};
pub(crate) use remove::delete;
pub(crate) use resource::{delete_resource, patch_resource, resource};
pub(crate) use restrictions::sync_windows;
pub(crate) use revisions::{manifests, metadata, roll_back};
pub(crate) use tree::{resource_tree, watch_tree};
pub(crate) use watch::watch;
pub(crate) use write::{create, patch, update, update_spec};
