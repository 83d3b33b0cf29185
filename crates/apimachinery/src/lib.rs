//! Kubernetes API machinery without IO.
//!
//! **Invariants.** Objects are [`value::Value`] trees; nothing here knows a server, a file, the clock or
//! chance: the present is an argument ([`clock`]).

pub mod builtin;
pub mod clock;
pub mod condition;
pub mod defaulting;
pub mod duration;
pub mod fields;
pub mod filepath;
mod go_print;
pub mod gvk;
pub mod managed_fields;
pub mod object;
pub mod patch;
pub mod path_segment;
pub mod protobuf;
pub mod quantity;
pub mod schema;
pub mod selector;
pub mod validation;
