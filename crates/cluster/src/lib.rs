//! All Kubernetes IO of Flamingo.
//!
//! [`Cluster`] names one cluster and how to reach it. Every call goes through a [`Session`], which
//! fixes whose identity acts ([`ActAs`], without a default) and until when ([`Deadline`]). Decisions
//! come from the `engine` crate; [`apply`], [`prune`] and [`wait`] carry them out. [`watch`] keeps a
//! view of a kind, and [`runtime`] runs reconcilers.
//!
//! **Invariants.** Objects are never written back whole: only owned fields are applied or patched.
//! Every DELETE carries the UID of the object that was decided on. Waiting holds no worker.

pub mod apply;
mod client;
mod deadline;
mod discovery;
mod error;
pub mod events;
mod identity;
pub mod live;
mod logs;
pub mod prune;
pub mod runtime;
mod target;
pub mod wait;
pub mod watch;
mod written;

pub use client::{Applied, Apply, Cluster, Propagation, Session, Subresource};
pub use deadline::Deadline;
pub use error::{Error, Status};
pub use identity::{ActAs, ClusterId};
pub use logs::Logs;
pub use target::{Resource, Target};
pub use written::Written;
