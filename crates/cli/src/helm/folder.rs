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

fn kind_of(meta: &fs::Metadata) -> EntryKind {
    if meta.is_dir() {
        EntryKind::Directory
    } else if meta.is_file() {
        EntryKind::File
    } else {
        EntryKind::Irregular
    }
}

fn kind(error: &io::Error) -> TreeErrorKind {
    match error.kind() {
        io::ErrorKind::NotFound => TreeErrorKind::NotFound,
        _ => TreeErrorKind::Unreadable,
    }
}

/// What a link leads to, and where that is. The system follows so many links in a path only; each folder of it
/// was found already.
fn followed(folder: &Path, link: &Path) -> io::Result<(fs::Metadata, Option<String>)> {
    let name = link.file_name().unwrap_or_default();
    let target =
        fs::canonicalize(link).or_else(|_| fs::canonicalize(fs::canonicalize(folder)?.join(name)))?;
    Ok((fs::metadata(&target)?, Some(target.display().to_string())))
}

/// A link that leads nowhere, in the words of Go's `filepath.EvalSymlinks`.
fn broken_link(path: &Path, error: &io::Error) -> TreeError {
    let action = "error evaluating symlink";
    if error.raw_os_error() == Some(TOO_MANY_LINKS) {
        let (path, reason) = (path.display().to_string(), "EvalSymlinks: too many links".to_owned());
        return TreeError { kind: TreeErrorKind::Unreadable, action, path, reason };
    }
    let target = fs::read_link(path).map(|target| path.parent().unwrap_or(path).join(target));
    let target = absolute(&target.unwrap_or_else(|_| path.to_owned()));
    // The first part of the way that is not there is named.
    let missing = target.ancestors().filter(|part| fs::symlink_metadata(part).is_err()).last();
    let missing = missing.unwrap_or(&target).display().to_string();
    let path = format!("{}: lstat {missing}", path.display());
    // The link is there, so what it leads to is not simply left out.
    TreeError { kind: TreeErrorKind::Unreadable, action, path, reason: reason(error) }
}

/// `ELOOP` of Linux.
const TOO_MANY_LINKS: i32 = 40;

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
            let path = entry.path();
            let is_link = entry.file_type().map_err(failed)?.is_symlink();
            let found =
                if is_link { followed(&folder, &path) } else { fs::metadata(&path).map(|meta| (meta, None)) };
            let (meta, link) = found.map_err(|error| broken_link(&path, &error))?;
            let modified = meta.modified().ok().and_then(|time| jiff::Timestamp::try_from(time).ok());
            entries.push(Entry { name, kind: kind_of(&meta), size: meta.len(), modified, link });
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn kind(&self, path: &str) -> Option<EntryKind> {
        fs::metadata(self.root.join(path)).ok().map(|meta| kind_of(&meta))
    }

    fn read(&self, path: &str) -> Result<Arc<[u8]>, TreeError> {
        fs::read(self.root.join(path)).map(Into::into).map_err(|error| self.failure(path, &error))
    }
}
