//! The disk as a tree that kustomizations are built from.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context as _;
use kustomize::{Kind, MAX_FILE_BYTES, Tree};

/// All of the disk; paths are absolute. Notes what was looked at.
#[derive(Default)]
pub(super) struct Disk {
    seen: RefCell<BTreeMap<PathBuf, Option<SystemTime>>>,
}

impl Disk {
    /// The path of a directory within the tree.
    ///
    /// # Errors
    /// It does not exist.
    pub(super) fn path(directory: &str) -> anyhow::Result<String> {
        let absolute = fs::canonicalize(directory).with_context(|| directory.to_owned())?;
        let text = absolute.to_str().with_context(|| format!("{directory} has a name that is not UTF-8"))?;
        Ok(text.trim_start_matches('/').to_owned())
    }

    /// Whether something that was looked at has changed since.
    pub(super) fn has_changed(&self) -> bool {
        self.seen.borrow().iter().any(|(path, known)| modified(path) != *known)
    }

    fn note(&self, path: &Path) {
        let time = modified(path);
        self.seen.borrow_mut().entry(path.to_owned()).or_insert(time);
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|data| data.modified()).ok()
}

fn absolute(path: &str) -> PathBuf {
    Path::new("/").join(path)
}

impl Tree for Disk {
    fn kind(&self, path: &str) -> Option<Kind> {
        let path = absolute(path);
        // What is not there is noted too: it may come.
        self.note(&path);
        let data = fs::metadata(path).ok()?;
        Some(if data.is_dir() { Kind::Directory } else { Kind::File })
    }

    fn read(&self, path: &str) -> Option<Arc<[u8]>> {
        let path = absolute(path);
        self.note(&path);
        let mut content = Vec::new();
        // One byte more shows that the file is too large, even where it has no end.
        fs::File::open(path).ok()?.take(MAX_FILE_BYTES + 1).read_to_end(&mut content).ok()?;
        Some(content.into())
    }

    fn size(&self, path: &str) -> Option<u64> {
        fs::metadata(absolute(path)).ok().map(|data| data.len())
    }

    fn list(&self, path: &str) -> Option<Vec<(String, Kind)>> {
        let mut entries = Vec::new();
        self.note(&absolute(path));
        for entry in fs::read_dir(absolute(path)).ok()? {
            let name = entry.ok()?.file_name().into_string().ok()?;
            let kind = self.kind(&format!("{path}/{name}"))?;
            entries.push((name, kind));
        }
        entries.sort_by(|(one, _), (other, _)| one.cmp(other));
        Some(entries)
    }

    fn canonical(&self, path: &str) -> Option<String> {
        self.note(&absolute(path));
        let canonical = fs::canonicalize(absolute(path)).ok()?;
        Some(canonical.to_str()?.trim_start_matches('/').to_owned())
    }
}
