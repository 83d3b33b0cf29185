//! The disk as a tree that kustomizations are built from.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use std::{fmt, fs};

use anyhow::Context as _;
use kustomize::{Kind, MAX_FILE_BYTES, Tree, TreeError};

/// All of the disk; paths are absolute. Notes what was looked at.
#[derive(Default)]
pub(super) struct Disk {
    seen: RefCell<BTreeMap<PathBuf, Option<SystemTime>>>,
    /// The places of what has a name that is no text, by the text that stands for it.
    unspeakable: RefCell<BTreeMap<String, PathBuf>>,
}

impl Disk {
    /// The path of a directory within the tree. One that does not exist is noted, too: it may come.
    ///
    /// # Errors
    /// It does not exist.
    pub(super) fn path(&self, directory: &str) -> anyhow::Result<String> {
        self.note(&std::path::absolute(directory).with_context(|| directory.to_owned())?);
        let canonical = fs::canonicalize(directory).with_context(|| directory.to_owned())?;
        Ok(self.text(&canonical))
    }

    /// Whether something that was looked at has changed since.
    pub(super) fn has_changed(&self) -> bool {
        self.seen.borrow().iter().any(|(path, known)| modified(path) != *known)
    }

    fn place(&self, path: &str) -> PathBuf {
        let known = self.unspeakable.borrow().get(path).cloned();
        known.unwrap_or_else(|| Path::new("/").join(path))
    }

    /// The path of an absolute place within the tree.
    fn text(&self, place: &Path) -> String {
        let text = place.to_string_lossy().trim_start_matches('/').to_owned();
        if place.to_str().is_none() {
            self.unspeakable.borrow_mut().insert(text.clone(), place.to_owned());
        }
        text
    }

    fn note(&self, path: &Path) {
        let time = modified(path);
        self.seen.borrow_mut().entry(path.to_owned()).or_insert(time);
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|data| data.modified()).ok()
}

/// Whether an error says that nothing is there.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// `None` where nothing is there, and an error for any other reason.
fn present<T>(result: io::Result<T>, action: &'static str, path: &str) -> Result<Option<T>, TreeError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(failure(action, path, error)),
    }
}

fn failure(action: &'static str, path: &str, error: io::Error) -> TreeError {
    TreeError { action, path: path.to_owned(), source: Arc::new(Reason(error)) }
}

/// What the system says, in Go's words.
#[derive(Debug)]
struct Reason(io::Error);

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&cli::helm::reason(&self.0))
    }
}

impl Error for Reason {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

/// The content of a file; one byte more than is allowed shows that it is too large, even where it has no end.
fn content(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    fs::File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut content)?;
    Ok(content)
}

impl Tree for Disk {
    fn kind(&self, path: &str) -> Result<Option<Kind>, TreeError> {
        let place = self.place(path);
        // What is not there is noted too: it may come.
        self.note(&place);
        let data = present(fs::metadata(place), "stat", path)?;
        Ok(data.map(|data| if data.is_dir() { Kind::Directory } else { Kind::File }))
    }

    fn read(&self, path: &str) -> Result<Option<Arc<[u8]>>, TreeError> {
        let place = self.place(path);
        self.note(&place);
        Ok(present(content(&place), "open", path)?.map(Into::into))
    }

    fn size(&self, path: &str) -> Result<Option<u64>, TreeError> {
        Ok(present(fs::metadata(self.place(path)), "stat", path)?.map(|data| data.len()))
    }

    fn list(&self, path: &str) -> Result<Option<Vec<(String, Kind)>>, TreeError> {
        let place = self.place(path);
        self.note(&place);
        let Some(found) = present(fs::read_dir(&place), "open", path)? else { return Ok(None) };
        let mut entries = Vec::new();
        for entry in found {
            let entry = entry.map_err(|error| failure("read", path, error))?;
            let text = self.text(&entry.path());
            let name = text.rsplit_once('/').map_or(text.as_str(), |(_, name)| name).to_owned();
            match self.kind(&text)? {
                Some(kind) => entries.push((name, kind)),
                // It is listed, so it is a link that leads nowhere, or it went away meanwhile.
                None => return Err(failure("stat", &text, io::ErrorKind::NotFound.into())),
            }
        }
        entries.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(Some(entries))
    }

    fn canonical(&self, path: &str) -> Result<Option<String>, TreeError> {
        let place = self.place(path);
        self.note(&place);
        let canonical = present(fs::canonicalize(place), "lstat", path)?;
        Ok(canonical.map(|canonical| self.text(&canonical)))
    }
}
