//! Go-compatible YAML.
//!
//! Parsing follows sigs.k8s.io/yaml (go-yaml v2 rules, YAML 1.1 scalars), which is what Kubernetes,
//! Helm and Flux read manifests with, or kyaml (go-yaml v3), which is what kustomize reads them with.
//! Writing follows go-yaml of either version, byte for byte.
//!
//! **Invariants.** Nothing here reads files; depth, aliases and sizes are limited before memory is
//! spent on them.

mod document;
mod emit;
mod error;
mod escapes;
pub mod node;
mod reader;
mod scalar;
mod timestamp;
mod touching;

pub use document::{Document, Rules, parse, parse_documents, parse_first};
pub use emit::{EmitError, Profile, append_yaml, node_to_yaml, to_yaml, to_yaml_as};
pub use error::{Error, Mark};
pub use node::parse_first_node;
