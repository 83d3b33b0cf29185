//! The commands: their arguments, and what they print.
//!
//! What a command does is wired in the `flamingo` crate; here is what people type and read.

pub mod argocd;
pub mod arguments;
pub mod helm;
pub mod progress;
