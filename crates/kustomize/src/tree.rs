//! Where files come from.

use std::error::Error as StdError;
use std::sync::Arc;

use thiserror::Error;

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A file.
    File,
}

/// Something stands at a path, and cannot be looked at or read.
#[derive(Clone, Debug, Error)]
#[error("{action} /{path}: {source}")]
pub struct TreeError {
    /// What was attempted, such as `open`.
    pub action: &'static str,
    /// With what, from the root of the tree.
    pub path: String,
    /// Why it failed.
    pub source: Arc<dyn StdError + Send + Sync>,
}

impl PartialEq for TreeError {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for TreeError {}

/// A file tree. Paths are relative to its root, separated by slashes, without `.` and `..`; the root is
/// the empty path.
pub trait Tree {
    /// What stands at `path`, or at the place that a symbolic link leads to; `None` where nothing does.
    ///
    /// # Errors
    /// It cannot be looked at.
    fn kind(&self, path: &str) -> Result<Option<Kind>, TreeError>;

    /// The content of the file at `path`; `None` where there is none.
    ///
    /// # Errors
    /// It cannot be read.
    fn read(&self, path: &str) -> Result<Option<Arc<[u8]>>, TreeError>;

    /// How many bytes the file at `path` has; `None` where there is none.
    ///
    /// # Errors
    /// It cannot be looked at.
    fn size(&self, path: &str) -> Result<Option<u64>, TreeError> {
        Ok(self.read(path)?.map(|content| content.len() as u64))
    }

    /// The entries of the directory at `path`, by name in byte order; `None` where there is none.
    ///
    /// # Errors
    /// It, or an entry of it, cannot be looked at.
    fn list(&self, path: &str) -> Result<Option<Vec<(String, Kind)>>, TreeError>;

    /// The path without symbolic links, `None` where nothing stands at it or it leads out of the tree. A
    /// tree without symbolic links need not say anything else than its paths.
    ///
    /// # Errors
    /// A link cannot be followed.
    fn canonical(&self, path: &str) -> Result<Option<String>, TreeError> {
        Ok(self.kind(path)?.map(|_| path.to_owned()))
    }
}
