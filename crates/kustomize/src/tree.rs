//! Where files come from.

use std::sync::Arc;

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A file.
    File,
}

/// A file tree. Paths are relative to its root, separated by slashes, without `.` and `..`; the root is
/// the empty path.
pub trait Tree {
    /// What stands at `path`, or at the place that a symbolic link leads to; `None` where nothing does.
    fn kind(&self, path: &str) -> Option<Kind>;

    /// The content of the file at `path`.
    fn read(&self, path: &str) -> Option<Arc<[u8]>>;

    /// How many bytes the file at `path` has.
    fn size(&self, path: &str) -> Option<u64> {
        self.read(path).map(|content| content.len() as u64)
    }

    /// The entries of the directory at `path`, by name in byte order.
    fn list(&self, path: &str) -> Option<Vec<(String, Kind)>>;

    /// The path without symbolic links, `None` where nothing stands at it or it leads out of the tree. A
    /// tree without symbolic links need not say anything else than its paths.
    fn canonical(&self, path: &str) -> Option<String> {
        self.kind(path).map(|_| path.to_owned())
    }
}
