//! Where the files of a chart folder come from.

use std::sync::Arc;

use thiserror::Error;

/// A file tree. Paths are relative to its root, separated by slashes; the root is the empty path.
/// Symbolic links are followed by whoever implements it, within the limits that are right there.
pub trait Tree {
    /// The root as messages show it.
    fn location(&self) -> &str;

    /// The entries of the directory at `path`, by name in byte order.
    ///
    /// # Errors
    /// There is no such directory, or it cannot be read.
    fn list(&self, path: &str) -> Result<Vec<Entry>, TreeError>;

    /// What stands at `path`, if anything does.
    fn kind(&self, path: &str) -> Option<EntryKind> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let entries = self.list(folder).ok()?;
        entries.into_iter().find(|entry| entry.name == name).map(|entry| entry.kind)
    }

    /// The content of the file at `path`.
    ///
    /// # Errors
    /// There is no such file, or it cannot be read.
    fn read(&self, path: &str) -> Result<Arc<[u8]>, TreeError>;
}

/// An entry of a directory.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
    /// Its size in bytes, for a file.
    pub size: u64,
    /// When it was last changed.
    pub modified: Option<jiff::Timestamp>,
    /// What it leads to, for a symbolic link.
    pub link: Option<String>,
}

/// What an entry of a directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A directory.
    Directory,
    /// A regular file.
    File,
    /// A device, a socket or the like.
    Irregular,
}

/// A file or directory could not be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{action} {path}: {reason}")]
pub struct TreeError {
    /// Whether it is there at all.
    pub kind: TreeErrorKind,
    /// What was attempted, such as `open`.
    pub action: &'static str,
    /// With which file, as the location of the tree and the path in it.
    pub path: String,
    /// Why.
    pub reason: String,
}

impl TreeError {
    /// That there is no such file.
    pub fn not_found(path: impl Into<String>) -> Self {
        let reason = "no such file or directory".to_owned();
        Self { kind: TreeErrorKind::NotFound, action: "open", path: path.into(), reason }
    }
}

/// Whether something is missing or cannot be used: only the first may be passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TreeErrorKind {
    /// There is no such file or directory.
    NotFound,
    /// It is there, and cannot be read.
    Unreadable,
}
