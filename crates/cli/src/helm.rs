//! `flamingo template`, `lint` and `show`: what `helm` prints, from charts on disk.

mod caret;
mod chart;
mod check_values;
mod explain;
mod failure;
pub mod flags;
mod folder;
mod lint;
mod origin;
mod show;
mod template;
mod user_values;
mod watch;
mod world;

pub use failure::Failure;
pub use folder::{Folder, reason};
pub use lint::lint;
pub use show::{Part, show};
pub use template::{inflate, template};
pub use world::{Context, World};
