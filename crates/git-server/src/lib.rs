//! A read-only smart-HTTP Git server for local repositories: what is *committed* in them, nothing else.
//!
//! It speaks `git-upload-pack` in protocol version 2 (`ls-refs`, `fetch`) and in versions 0 and 1, for clients
//! such as go-git. Packs are always full ones: every object is sent, without deltas.
//!
//! **Invariant**: nothing is ever written to a repository that is served, no process is started, and no
//! configuration but the repository's own is read.
//!
//! **Invariant**: without the random part of its URL, no repository can be read, listed or guessed.

mod pack;
mod pkt;
mod protocol;
mod repository;
mod server;
mod watch;

pub use repository::{Head, Repository, RepositoryError};
pub use server::{GitServer, Repositories, ServerError};
pub use watch::{head, watch_refs};
