//! Helm: charts, values, rendering and release records, as helm 4.3 has them.
//!
//! A [`Chart`] is parsed once and shared; rendering it with other values parses nothing again.
//!
//! **Invariants.** Files come through [`Tree`] or as bytes; time, entropy and the cluster are arguments.
//! Nothing here starts a process, reads the environment or writes. Archives, nesting and values have
//! limits, so that no input ends the process.

pub mod capabilities;
mod chart;
mod coalesce;
mod decode;
mod failure;
mod glob;
mod go;
mod go_json;
mod installable;
pub mod jsonpath;
pub mod lint;
pub mod lock;
mod log;
pub mod manifest;
pub mod metadata;
mod objects;
pub mod output;
mod postrender;
pub mod provenance;
pub mod record;
mod render;
pub mod repository;
mod resolve;
mod schema;
pub mod strvals;
mod tree;
pub mod values;

pub use chart::{ArchiveError, Chart, Crd, File, LoadError, expand, unpack};
pub use coalesce::CoalesceError;
pub use decode::DecodeError;
pub use failure::chain;
pub use go::clean;
pub use installable::{InstallError, check_release_name};
pub use log::Log;
pub use postrender::{MergeError, PostRenderError, PostRenderer};
pub use render::{Compiled, Origin, Release, RenderError, Rendering, Request, effective_values, render};
pub use schema::{BrokenSchema, SchemaError};
pub use tree::{Entry, EntryKind, Tree, TreeError, TreeErrorKind};
