//! `--watch`: whether something that was read has changed since.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The state of the files that a rendering reads: the size and time of each. A file that cannot be looked at
/// is as one that is not there; the rendering says what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen(BTreeMap<PathBuf, (u64, Option<SystemTime>)>);

/// More files than any chart has are not looked at.
const MAX_FILES: usize = 100_000;

impl Seen {
    /// Looks at files and folders.
    pub(crate) fn now(paths: &[PathBuf]) -> Self {
        let (mut seen, mut folders) = (Self::default(), BTreeSet::new());
        for path in paths {
            seen.add(path, &mut folders);
        }
        seen
    }

    /// Links can lead back, so each folder is looked at once, under whatever name it comes first.
    fn add(&mut self, path: &Path, folders: &mut BTreeSet<PathBuf>) {
        let Ok(meta) = fs::metadata(path) else { return };
        if self.0.len() >= MAX_FILES {
            return;
        }
        self.0.insert(path.to_owned(), (meta.len(), meta.modified().ok()));
        if !meta.is_dir() || !fs::canonicalize(path).is_ok_and(|real| folders.insert(real)) {
            return;
        }
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            if entry.file_name() != ".git" {
                self.add(&entry.path(), folders);
            }
        }
    }
}
