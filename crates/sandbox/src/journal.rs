//! The journal: what is acknowledged stands in a file before anybody sees it.
//!
//! One file holds a snapshot followed by every write since. It is rewritten (to a temporary file that
//! then takes its place) on start when that saves something, and when the writes outgrow the snapshot.
//!
//! **Guarantees.** A record reaches the operating system (`write(2)`) before the write is acknowledged
//! and before a watcher sees it, so that the end of the process loses nothing. A power loss may lose the
//! last seconds, since records are not synchronised to the disk one by one; snapshots are.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::error::StartError;
use crate::faults::{JournalFault, JournalFaults};

mod frame;
mod record;

pub use frame::Damage;
pub(crate) use record::Record;

const FILE: &str = "journal";
/// Below this a rewrite costs more than it saves.
const SMALL: u64 = 8 << 20;

/// An open journal.
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    length: u64,
    snapshot: u64,
    /// Why the last write was not kept.
    refusal: Option<String>,
    faults: JournalFaults,
    /// Held, not read: two processes on one folder would overwrite each other.
    _lock: File,
}

/// A write that did not reach the journal.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    /// The operating system refused the write; nothing of it is kept.
    #[error("cannot write to {path}")]
    Write {
        /// The journal's file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// A crash was simulated: the process counts as ended.
    #[error("the sandbox has crashed, as a fault asked for")]
    Crashed,
}

/// What a journal held when it was opened.
pub(crate) struct Recovered {
    /// The highest revision that was given out.
    pub(crate) revision: u64,
    /// The records in the order in which they were written.
    pub(crate) records: Vec<Record>,
}

impl Journal {
    /// Opens the journal of a folder, which is created where it is absent, and reads it.
    pub(crate) fn open(dir: &Path, faults: JournalFaults) -> Result<(Self, Recovered), StartError> {
        let refused = |path: &Path| {
            let path = path.to_owned();
            move |source| StartError::DataDir { path, source }
        };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(refused(dir))?;
        let lock = lock(dir)?;
        let path = dir.join(FILE);
        let mut file = private().read(true).truncate(false).open(&path).map_err(refused(&path))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(refused(&path))?;
        let (recovered, end) =
            record::read_all(&bytes).map_err(|source| StartError::Corrupt { path: path.clone(), source })?;
        // What follows the last whole record is the beginning of one that was never acknowledged.
        file.set_len(end).map_err(refused(&path))?;
        file.seek(SeekFrom::Start(end)).map_err(refused(&path))?;
        if end == 0 {
            let header = record::header(recovered.revision);
            file.write_all(&header).map_err(refused(&path))?;
        }
        let length = file.stream_position().map_err(refused(&path))?;
        let journal = Self { path, file, length, snapshot: length, refusal: None, faults, _lock: lock };
        Ok((journal, recovered))
    }

    /// Appends one record.
    ///
    /// # Errors
    /// The file is as before when the write is refused.
    pub(crate) fn append(&mut self, record: &Record) -> Result<(), JournalError> {
        let bytes = record.to_frame();
        let fault = self.faults.next_write()?;
        let written = match fault {
            None | Some(JournalFault::CrashAfter) => self.file.write_all(&bytes),
            Some(JournalFault::Torn(kept)) => self.file.write_all(&bytes[..kept.min(bytes.len())]),
            Some(JournalFault::NoSpace) => self
                .file
                .write_all(&bytes[..bytes.len() / 2])
                .and(Err(io::Error::from(io::ErrorKind::StorageFull))),
        };
        if let Err(source) = written {
            self.roll_back();
            self.refusal = Some(format!("{} cannot be written: {source}", self.path.display()));
            return Err(JournalError::Write { path: self.path.clone(), source });
        }
        self.refusal = None;
        self.length += bytes.len() as u64;
        match fault {
            Some(JournalFault::CrashAfter | JournalFault::Torn(_)) => Err(JournalError::Crashed),
            _ => Ok(()),
        }
    }

    /// Takes back a half-written record. Where even that fails, nothing may follow it: a record behind
    /// half a record could not be read again.
    fn roll_back(&mut self) {
        let back = self
            .file
            .set_len(self.length)
            .and_then(|()| self.file.seek(SeekFrom::Start(self.length)).map(|_| ()));
        if let Err(error) = back {
            tracing::error!(path = %self.path.display(), %error, "the journal takes no more writes");
            self.faults.crash();
        }
    }

    /// Why the last write was not kept; `None` where it was.
    pub(crate) fn refusal(&self) -> Option<String> {
        self.refusal.clone()
    }

    /// Whether the writes have outgrown the snapshot.
    pub(crate) fn wants_snapshot(&self) -> bool {
        self.length > SMALL.max(self.snapshot.saturating_mul(2))
    }

    /// Puts a snapshot in the place of everything written so far.
    ///
    /// # Errors
    /// The old file stays in place and in use.
    pub(crate) fn rewrite(
        &mut self,
        revision: u64,
        records: impl Iterator<Item = Record>,
    ) -> Result<(), JournalError> {
        let next = self.path.with_extension("next");
        let (file, length) = write_snapshot(&next, revision, records)
            .and_then(|written| fs::rename(&next, &self.path).map(|()| written))
            .map_err(|source| JournalError::Write { path: next.clone(), source })?;
        self.file = file;
        self.length = length;
        self.snapshot = length;
        if let Some(dir) = self.path.parent() {
            File::open(dir)
                .and_then(|dir| dir.sync_all())
                .map_err(|source| JournalError::Write { path: dir.to_owned(), source })?;
        }
        Ok(())
    }

    /// Asks the disk to keep what was written.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }
}

fn write_snapshot(
    path: &Path,
    revision: u64,
    records: impl Iterator<Item = Record>,
) -> io::Result<(File, u64)> {
    let file = private().read(true).truncate(true).open(path)?;
    let mut out = io::BufWriter::new(file);
    out.write_all(&record::header(revision))?;
    for record in records {
        out.write_all(&record.to_frame())?;
    }
    let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    let length = file.stream_position()?;
    Ok((file, length))
}

/// Files of the data folder hold Secrets in clear text.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).mode(0o600);
    options
}

fn lock(dir: &Path) -> Result<File, StartError> {
    let path = dir.join("lock");
    let file = private()
        .truncate(false)
        .open(&path)
        .map_err(|source| StartError::DataDir { path: path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(StartError::InUse { path: dir.to_owned() }),
        Err(fs::TryLockError::Error(source)) => Err(StartError::DataDir { path, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: &str, revision: u64) -> Record {
        let object = value::Value::map_of([("name", name)]);
        Record {
            revision,
            table: "pods".into(),
            namespace: "default".into(),
            name: name.into(),
            object: Some(object),
        }
    }

    fn open(dir: &Path) -> Result<(Journal, Recovered), StartError> {
        Journal::open(dir, JournalFaults::default())
    }

    fn names(recovered: &Recovered) -> Vec<String> {
        recovered.records.iter().map(|record| record.name.to_string()).collect()
    }

    #[test]
    fn what_was_appended_is_recovered() {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, recovered) = open(dir.path()).unwrap();
        assert!(recovered.records.is_empty());
        journal.append(&record("a", 1)).unwrap();
        journal.append(&record("b", 2)).unwrap();
        drop(journal);
        let (_, recovered) = open(dir.path()).unwrap();
        assert_eq!(names(&recovered), ["a", "b"]);
        assert_eq!(recovered.revision, 2);
    }

    #[test]
    fn a_snapshot_keeps_the_revision() {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(dir.path()).unwrap();
        journal.append(&record("a", 1)).unwrap();
        journal.rewrite(7, [record("z", 3)].into_iter()).unwrap();
        journal.append(&record("b", 8)).unwrap();
        drop(journal);
        let (_, recovered) = open(dir.path()).unwrap();
        assert_eq!(names(&recovered), ["z", "b"]);
        assert_eq!(recovered.revision, 8);
    }

    #[test]
    fn every_torn_tail_is_dropped_and_writing_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(dir.path()).unwrap();
        journal.append(&record("a", 1)).unwrap();
        let whole = journal.length;
        journal.append(&record("b", 2)).unwrap();
        let end = journal.length;
        drop(journal);
        let path = dir.path().join(FILE);
        let bytes = fs::read(&path).unwrap();
        for cut in whole..end {
            fs::write(&path, &bytes[..usize::try_from(cut).unwrap()]).unwrap();
            let (mut journal, recovered) = open(dir.path()).unwrap();
            assert_eq!(names(&recovered), ["a"], "cut at {cut}");
            journal.append(&record("c", 2)).unwrap();
            drop(journal);
            assert_eq!(names(&open(dir.path()).unwrap().1), ["a", "c"], "cut at {cut}");
        }
    }

    #[test]
    fn a_flipped_byte_anywhere_is_refused_with_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(dir.path()).unwrap();
        let start = usize::try_from(journal.length).unwrap();
        journal.append(&record("a", 1)).unwrap();
        let end = usize::try_from(journal.length).unwrap();
        journal.append(&record("b", 2)).unwrap();
        drop(journal);
        let path = dir.path().join(FILE);
        let bytes = fs::read(&path).unwrap();
        for at in start..end {
            let mut broken = bytes.clone();
            broken[at] ^= 0x41;
            fs::write(&path, &broken).unwrap();
            let Err(error) = open(dir.path()) else { panic!("byte {at} was not noticed") };
            let StartError::Corrupt { source, .. } = &error else { panic!("{error}") };
            assert!(source.to_string().contains(&format!("offset {start}")), "byte {at}: {source}");
            assert!(error.to_string().contains("--fresh"), "{error}");
        }
    }

    #[test]
    fn a_full_disk_refuses_the_write_and_keeps_the_file_whole() {
        let dir = tempfile::tempdir().unwrap();
        let faults = JournalFaults::default();
        let (mut journal, _) = Journal::open(dir.path(), faults.clone()).unwrap();
        journal.append(&record("a", 1)).unwrap();
        faults.at(2, JournalFault::NoSpace);
        assert!(matches!(journal.append(&record("b", 2)), Err(JournalError::Write { .. })));
        journal.append(&record("c", 2)).unwrap();
        drop(journal);
        assert_eq!(names(&open(dir.path()).unwrap().1), ["a", "c"]);
    }

    #[test]
    fn a_second_process_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let held = open(dir.path()).unwrap();
        assert!(matches!(open(dir.path()), Err(StartError::InUse { .. })));
        drop(held);
        assert!(open(dir.path()).is_ok());
    }

    #[test]
    fn others_cannot_read_the_files() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("data");
        drop(open(&inner).unwrap());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&inner), 0o700);
        assert_eq!(mode(&inner.join(FILE)), 0o600);
    }
}
