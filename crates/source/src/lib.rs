//! Fetching, packing, storing and serving sources: Git, archives, artifacts, files on the web.
//!
//! **Invariant**: nothing here knows Kubernetes. Credentials, proxies and deadlines arrive as values; no
//! environment variable is read, and no process (neither `git` nor `ssh`) is ever started.
//!
//! **Invariant**: credentials appear in no error and no log line.

pub mod archive;
pub mod artifact;
pub mod client;
pub mod git;
pub mod ignore;
pub mod tree;
pub mod web;
