//! `--watch`: whether something that was read has changed since.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The state of the files that a rendering reads: their number, sizes and times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    files: u64,
    bytes: u64,
    latest: Option<SystemTime>,
}

/// Folders inside of folders; links that lead back end here.
const MAX_DEPTH: usize = 32;

impl Seen {
    /// Looks at files and folders.
    pub(crate) fn now(paths: &[PathBuf]) -> Self {
        let mut seen = Self::default();
        for path in paths {
            seen.add(path, 0);
        }
        seen
    }

    fn add(&mut self, path: &Path, depth: usize) {
        let Ok(meta) = fs::metadata(path) else { return };
        self.files += 1;
        self.latest = self.latest.max(meta.modified().ok());
        if !meta.is_dir() {
            self.bytes += meta.len();
            return;
        }
        let is_hidden = |name: &std::ffi::OsStr| name == ".git";
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            if depth < MAX_DEPTH && !is_hidden(&entry.file_name()) {
                self.add(&entry.path(), depth + 1);
            }
        }
    }
}
