//! Why a sandbox did not start or stop.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

pub use crate::journal::Damage;

/// A sandbox that did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The data folder, or a file in it, cannot be made, read or written.
    #[error(
        "cannot use {path} as the sandbox's data; make it readable and writable for you, or name another folder with --data-dir"
    )]
    DataDir {
        /// The folder or file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// Another process has the data folder open.
    #[error("{path} is in use by another sandbox; stop that one, or name another folder with --data-dir")]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The journal is damaged before its end.
    #[error("{path} cannot be read back; start anew with --fresh, which deletes it")]
    Corrupt {
        /// The journal's file.
        path: PathBuf,
        /// Where and what the damage is.
        source: Damage,
    },
    /// The journal could not be rewritten on start.
    #[error("cannot rewrite the journal; free some space, or name another folder with --data-dir")]
    Rewrite(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The address is taken or not allowed.
    #[error("cannot listen on 127.0.0.1:{port}; choose another port, or 0 for any")]
    Listen {
        /// The port that was asked for.
        port: u16,
        /// What the operating system says.
        source: io::Error,
    },
    /// Certificates or the token cannot be made or used.
    #[error("cannot make the server's credentials")]
    Credentials(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The objects that every cluster has could not be created.
    #[error("cannot create the cluster's first objects")]
    Bootstrap(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A sandbox that did not stop cleanly. Everything acknowledged is in the journal nevertheless.
#[derive(Debug, Error)]
pub enum StopError {
    /// The disk did not confirm the journal.
    #[error("the disk did not confirm the journal")]
    Sync(#[source] io::Error),
    /// A task of the sandbox ended by a panic.
    #[error("a task of the sandbox panicked")]
    Panicked(#[source] tokio::task::JoinError),
}
