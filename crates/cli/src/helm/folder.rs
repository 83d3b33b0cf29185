//! A folder on disk as the file tree of a chart.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::chart::absolute;
use helm::{Entry, EntryKind, Tree, TreeError, TreeErrorKind};

/// A chart's folder. As in helm, links are followed: the folder is the user's own.
pub struct Folder {
    root: PathBuf,
    location: String,
}

impl Folder {
    /// The folder at an absolute path.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), location: root.display().to_string() }
    }

    fn failure(&self, path: &str, error: &io::Error) -> TreeError {
        let path = if path.is_empty() { self.location.clone() } else { format!("{}/{path}", self.location) };
        // Go opens a folder like a file, and fails where it reads.
        let action = if error.kind() == io::ErrorKind::IsADirectory { "read" } else { "open" };
        TreeError { kind: kind(error), action, path, reason: reason(error) }
    }
}

fn kind(error: &io::Error) -> TreeErrorKind {
    match error.kind() {
        io::ErrorKind::NotFound => TreeErrorKind::NotFound,
        _ => TreeErrorKind::Unreadable,
    }
}

/// A link that leads nowhere, in the words of Go's `filepath.EvalSymlinks`.
fn broken_link(path: &Path, error: &io::Error) -> TreeError {
    let target = fs::read_link(path).map(|target| path.parent().unwrap_or(path).join(target));
    let target = absolute(&target.unwrap_or_else(|_| path.to_owned()));
    // The first part of the way that is not there is named.
    let missing = target.ancestors().filter(|part| fs::symlink_metadata(part).is_err()).last();
    let missing = missing.unwrap_or(&target).display().to_string();
    let action = "error evaluating symlink";
    let path = format!("{}: lstat {missing}", path.display());
    // The link is there, so what it leads to is not simply left out.
    TreeError { kind: TreeErrorKind::Unreadable, action, path, reason: reason(error) }
}

/// What the system says, in Go's words.
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "is a directory".to_owned(),
        io::ErrorKind::NotADirectory => "not a directory".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or(&text).to_lowercase()
        }
    }
}

impl Tree for Folder {
    fn location(&self) -> &str {
        &self.location
    }

    fn list(&self, path: &str) -> Result<Vec<Entry>, TreeError> {
        let folder = self.root.join(path);
        let failed = |error: io::Error| self.failure(path, &error);
        let mut entries = Vec::new();
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let meta = fs::metadata(entry.path()).map_err(|error| broken_link(&entry.path(), &error))?;
            let kind = if meta.is_dir() {
                EntryKind::Directory
            } else if meta.is_file() {
                EntryKind::File
            } else {
                EntryKind::Irregular
            };
            let modified = meta.modified().ok().and_then(|time| jiff::Timestamp::try_from(time).ok());
            entries.push(Entry { name, kind, size: meta.len(), modified });
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn read(&self, path: &str) -> Result<Arc<[u8]>, TreeError> {
        fs::read(self.root.join(path)).map(Into::into).map_err(|error| self.failure(path, &error))
    }
}
