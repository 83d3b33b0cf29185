//! Go-compatible YAML.
//!
//! Parsing follows sigs.k8s.io/yaml (go-yaml v2 rules, YAML 1.1 scalars), which is what Kubernetes,
//! Helm and Flux read manifests with.
//!
//! **Invariants.** Nothing here reads files; depth, aliases and sizes are limited before memory is
//! spent on them.

mod document;
mod error;
mod scalar;

pub use document::{Document, Rules, parse, parse_documents};
pub use error::{Error, Mark};
