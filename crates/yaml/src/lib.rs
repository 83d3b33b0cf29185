//! Go-compatible YAML.
//!
//! Parsing follows sigs.k8s.io/yaml (go-yaml v2 rules, YAML 1.1 scalars), which is what Kubernetes,
//! Helm and Flux read manifests with, or kyaml (go-yaml v3), which is what kustomize reads them with.
//! Writing follows go-yaml v2.
//!
//! **Invariants.** Nothing here reads files; depth, aliases and sizes are limited before memory is
//! spent on them.

mod document;
mod emit;
mod error;
mod scalar;

pub use document::{Document, Rules, parse, parse_documents};
pub use emit::{EmitError, to_yaml};
pub use error::{Error, Mark};
