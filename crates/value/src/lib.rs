//! The one object tree of Flamingo: JSON-shaped values whose sub-trees are shared.
//!
//! A [`Value`] is what a Kubernetes object, a chart's values or a decoded YAML document is made of.
//! Cloning costs one reference count, whatever the size; changing a shared sub-tree copies only the
//! nodes on the way to the change. Integers and floating-point numbers are kept apart, as Go does.
//!
//! **Invariants.** Map keys are unique and in ascending byte order, which is the order in which Go's
//! `encoding/json` writes them. There is no IO, clock, environment or randomness here.

mod float;
mod json;
mod key;
mod map;
mod pointer;
mod tree;

pub use float::{shortest_float, shortest_float32};
pub use json::{JsonError, from_json, to_json, to_json_pretty};
pub use key::Key;
pub use map::Map;
pub use pointer::{Pointer, PointerError};
pub use tree::{Kind, Value};
