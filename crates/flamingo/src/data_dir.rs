//! The folder in which `up` keeps its state.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// Marks a folder as ours, so that `down` removes nothing else.
const MARKER: &str = ".flamingo";

/// A state folder.
pub(crate) struct DataDir(PathBuf);

/// The folder in use by this process; the lock goes when it is dropped.
pub(crate) struct Locked {
    pub(crate) path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// The folder of `--data-dir`, or that of the user's data.
    pub(crate) fn locate(given: Option<&Path>) -> anyhow::Result<Self> {
        if let Some(path) = given {
            // What is told of it has to hold in every other folder, too.
            let path = std::path::absolute(path)
                .with_context(|| format!("{} is no path of a folder", path.display()))?;
            return Ok(Self(path));
        }
        let user = directories::ProjectDirs::from("", "", "flamingo")
            .context("there is no home folder; name a folder with --data-dir")?;
        Ok(Self(user.data_dir().to_owned()))
    }

    /// Creates the folder if needed and takes it for this process. `fresh` empties it first.
    pub(crate) fn take(&self, fresh: bool) -> anyhow::Result<Locked> {
        let path = &self.0;
        let shown = path.display();
        let is_new = !path.join(MARKER).exists();
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .with_context(|| format!("the folder {shown} cannot be created"))?;
        let is_empty = fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
        if is_new && !is_empty {
            bail!("{shown} is not empty and was not made by flamingo; choose another folder with --data-dir");
        }
        let marker = path.join(MARKER);
        let lock =
            File::create(&marker).with_context(|| format!("{} cannot be written", marker.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                bail!(
                    "{shown} is in use by another flamingo; stop it, or choose another folder with --data-dir"
                )
            }
            Err(fs::TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("{} cannot be locked", marker.display()));
            }
        }
        if fresh {
            self.empty().with_context(|| format!("{shown} cannot be emptied"))?;
        }
        Ok(Locked { path: path.clone(), _lock: lock })
    }

    /// Removes the folder, if it is ours and nobody uses it, and says which one that was.
    pub(crate) fn remove(&self) -> anyhow::Result<Option<PathBuf>> {
        let shown = self.0.display();
        if !self.0.exists() {
            return Ok(None);
        }
        if !self.0.join(MARKER).exists() {
            bail!("{shown} was not made by flamingo, so it is left alone");
        }
        let locked = self.take(false)?;
        fs::remove_dir_all(&locked.path).with_context(|| format!("{shown} cannot be removed"))?;
        Ok(Some(locked.path))
    }

    fn empty(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.0)? {
            let entry = entry?;
            if entry.file_name() == MARKER {
                continue;
            }
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(entry.path())?;
            } else {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}
