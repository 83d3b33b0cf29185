//! Argo CD's API, for its clients.
//!
//! A request goes one way: [`router`] finds its route, [`authentication`] finds out who asks, a
//! [`permit`] decides, and only then a handler runs, with what the permit granted. Objects are read from live
//! views and changed through the cluster; nothing is kept here that a restart would lose.
//!
//! **Invariants.** A handler cannot be added without a permit: its argument is one. Answers have the
//! shapes, sentences and status codes of upstream's gateway. Who may not see an application cannot tell
//! whether it exists.

mod answer;
mod applications;
mod authentication;
mod badge;
mod bootstrap;
mod compression;
mod control_plane;
mod deployment;
mod error;
mod flux_action;
mod limiter;
mod link;
mod list;
mod objects;
mod page;
mod page_api;
mod permit;
mod preview;
mod projects;
mod request;
mod router;
mod server;
mod sessions;
mod settings;
mod shape;
mod sight;
mod snapshots;
mod token;
mod tree_watch;

pub use bootstrap::{BootstrapError, INITIAL_PASSWORD, bootstrap, initial_password};
pub use page::{Asset, Page};
pub use preview::{Preview, PreviewError, Previewed};
pub use server::{Server, ServerError, Settings};
