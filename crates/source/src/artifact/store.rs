//! The artifact store: a folder that only this process writes.
//!
//! Everything in it can be lost and is built again. Nothing becomes visible by halves: a file is written under
//! a temporary name in the folder where it will stay, synced, and renamed. All methods block on the disk.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{Digest, Digested};

/// How many files one collection removes at most, so that a huge folder cannot hold a reconcile for long.
const MAX_COLLECTED: usize = 1000;

/// The beginning of the names of files that are still being written.
const UNFINISHED: &str = ".unfinished-";

/// The folder of one object's artifacts: `<kind>/<namespace>/<name>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Location {
    kind: String,
    namespace: String,
    name: String,
}

/// A part of a location that is no plain file name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} cannot be part of an artifact's path")]
pub struct LocationError(String);

impl Location {
    /// `kind` is put in lower case, as in artifact URLs.
    ///
    /// # Errors
    /// When a part is empty, begins with a dot, or holds a character that Kubernetes names do not have.
    pub fn new(kind: &str, namespace: &str, name: &str) -> Result<Self, LocationError> {
        let part = |text: &str| plain(text).map(str::to_owned);
        Ok(Location { kind: part(&kind.to_lowercase())?, namespace: part(namespace)?, name: part(name)? })
    }

    /// The path of one of its files relative to the store, which is also the path of its URL.
    ///
    /// # Errors
    /// When `file` is no plain file name.
    pub fn path_of(&self, file: &str) -> Result<String, LocationError> {
        Ok(format!("{}/{}/{}/{}", self.kind, self.namespace, self.name, plain(file)?))
    }
}

fn plain(part: &str) -> Result<&str, LocationError> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'+' | b':');
    if part.is_empty() || part.len() > 253 || part.starts_with('.') || !part.bytes().all(allowed) {
        return Err(LocationError(part.to_owned()));
    }
    Ok(part)
}

/// A file of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Relative to the store, slash-separated.
    pub path: String,
    /// Of the file's bytes.
    pub digest: Digest,
    /// In bytes.
    pub size: u64,
}

/// How long artifacts that are no longer current stay, for consumers that still read them.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// Older ones go.
    pub ttl: Duration,
    /// Of those that are younger, this many stay, the current one included.
    pub records: usize,
}

impl Default for Retention {
    /// As source-controller's flags: 60 s and two records.
    fn default() -> Self {
        Retention { ttl: Duration::from_secs(60), records: 2 }
    }
}

/// Why the store could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk is full: free some space, or give the store another folder.
    #[error("no space is left on the disk of the artifact store for {path}")]
    NoSpace {
        /// What was to be written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Any other refusal of the file system.
    #[error("the artifact store cannot {action} {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file name is not a plain one.
    #[error(transparent)]
    Location(#[from] LocationError),
}

/// Why [`Store::write`] wrote nothing: the store's reason, or the content's.
#[derive(Debug, thiserror::Error)]
pub enum WriteError<E: std::error::Error + 'static> {
    /// The store's reason.
    #[error(transparent)]
    Store(StoreError),
    /// The content could not be made.
    #[error(transparent)]
    Content(E),
}

/// The folder of all artifacts.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// A store in `root`, which is made when it is not there, readable by its owner only.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        make_directory(root).map_err(failed("make", root))?;
        Ok(Store { root: root.to_owned() })
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Writes a file whose content `fill` produces; nobody sees it before it is complete and on the disk.
    ///
    /// # Errors
    /// The store's, or what `fill` returns; then nothing is left behind. An error of the writer that `fill`
    /// was given is the store's: it is reported as such whatever `fill` makes of it.
    pub fn write<E: std::error::Error + 'static>(
        &self,
        location: &Location,
        file: &str,
        fill: impl FnOnce(&mut dyn Write) -> Result<(), E>,
    ) -> Result<Stored, WriteError<E>> {
        let path = location.path_of(file).map_err(|error| WriteError::Store(error.into()))?;
        let target = self.root.join(&path);
        let directory = target.parent().unwrap_or(&self.root);
        let io = |action| {
            let target = target.clone();
            move |source| WriteError::Store(failed(action, &target)(source))
        };
        make_directory(directory).map_err(io("make the folder of"))?;
        let unfinished = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempfile_in(directory)
            .map_err(io("make a temporary file for"))?;
        let mut out = Watched { inner: Digested::new(BufWriter::new(unfinished)), failure: None };
        let filled = fill(&mut out);
        if let Some(source) = out.failure {
            return Err(io("write")(source));
        }
        filled.map_err(WriteError::Content)?;
        let (out, digest, size) = out.inner.finish();
        let unfinished = out.into_inner().map_err(|error| io("write")(error.into_error()))?;
        unfinished.as_file().sync_all().map_err(io("sync"))?;
        unfinished.persist(&target).map_err(|error| io("rename to")(error.error))?;
        File::open(directory).and_then(|directory| directory.sync_all()).map_err(io("sync the folder of"))?;
        Ok(Stored { path, digest, size })
    }

    /// Whether the file is there and has this digest.
    ///
    /// # Errors
    /// When it is there but cannot be read.
    pub fn verify(&self, path: &str, digest: &Digest) -> Result<bool, StoreError> {
        let target = self.root.join(path);
        let mut file = match File::open(&target) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(failed("open", &target)(error)),
        };
        let mut sum = Digested::like(io::sink(), digest);
        io::copy(&mut file, &mut sum).map_err(failed("read", &target))?;
        Ok(sum.finish().1 == *digest)
    }

    /// The bytes of a file, or `None` when it is not there.
    ///
    /// # Errors
    /// When it is there but cannot be read.
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let target = self.root.join(path);
        match fs::read(&target) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("read", &target)(error)),
        }
    }

    /// Removes artifacts that `retention` does not keep; the current one always stays. Files that a killed
    /// process left unfinished go by their age too. Returns the paths of what was removed.
    ///
    /// # Errors
    /// When the folder cannot be read or a file cannot be removed.
    pub fn collect(
        &self,
        location: &Location,
        current: &str,
        retention: Retention,
        now: SystemTime,
    ) -> Result<Vec<String>, StoreError> {
        let directory = self.root.join(&location.kind).join(&location.namespace).join(&location.name);
        let mut others = match list(&directory) {
            Ok(files) => files,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("list", &directory)(error)),
        };
        others.retain(|(name, _)| name != current);
        others.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let old = |modified: SystemTime| now.duration_since(modified).is_ok_and(|age| age > retention.ttl);
        let mut kept = 1;
        let mut removed = Vec::new();
        for (name, modified) in others {
            let unfinished = name.starts_with(UNFINISHED);
            if !old(modified) && (unfinished || kept < retention.records) {
                kept += usize::from(!unfinished);
                continue;
            }
            if removed.len() == MAX_COLLECTED {
                break;
            }
            let target = directory.join(&name);
            fs::remove_file(&target).map_err(failed("remove", &target))?;
            removed.push(format!("{}/{}/{}/{name}", location.kind, location.namespace, location.name));
        }
        Ok(removed)
    }

    /// Removes all artifacts of an object; returns whether there were any.
    ///
    /// # Errors
    /// When the folder cannot be removed.
    pub fn remove(&self, location: &Location) -> Result<bool, StoreError> {
        let directory = self.root.join(&location.kind).join(&location.namespace).join(&location.name);
        match fs::remove_dir_all(&directory) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed("remove", &directory)(error)),
        }
    }
}

/// Keeps the first error of a writer, which its user may have hidden inside an error of its own.
struct Watched<W> {
    inner: W,
    failure: Option<io::Error>,
}

impl<W: Write> Watched<W> {
    fn watch<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            let kind = error.kind();
            self.failure.get_or_insert(error);
            io::Error::from(kind)
        })
    }
}

impl<W: Write> Write for Watched<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let result = self.inner.write(buffer);
        self.watch(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.inner.flush();
        self.watch(result)
    }
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::NoSpace { path, source },
        _ => StoreError::Io { action, path, source },
    }
}

fn make_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn list(directory: &Path) -> io::Result<Vec<(String, SystemTime)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        if let (true, Ok(name)) = (metadata.is_file(), entry.file_name().into_string()) {
            files.push((name, metadata.modified()?));
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Store, Location) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store")).unwrap();
        (folder, store, Location::new("GitRepository", "apps", "web").unwrap())
    }

    fn put(store: &Store, location: &Location, file: &str, content: &[u8]) -> Stored {
        store.write(location, file, |out| out.write_all(content)).unwrap()
    }

    #[test]
    fn a_file_has_upstreams_path_and_can_be_verified() {
        let (_folder, store, location) = store();
        let stored = put(&store, &location, "abc.tar.gz", b"content");
        assert_eq!(stored.path, "gitrepository/apps/web/abc.tar.gz");
        assert_eq!(stored.size, 7);
        assert!(store.verify(&stored.path, &stored.digest).unwrap());
        assert!(!store.verify(&stored.path, &Digest::of(b"other")).unwrap());
        assert!(!store.verify("gitrepository/apps/web/gone.tar.gz", &stored.digest).unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, store, location) = store();
        let stored = put(&store, &location, "abc.tar.gz", b"content");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let file = store.root().join(stored.path);
        assert_eq!(mode(&file), 0o600);
        assert_eq!(mode(file.parent().unwrap()), 0o700);
        assert_eq!(mode(store.root()), 0o700);
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let (_folder, store, location) = store();
        let stored = put(&store, &location, "a", b"old");
        let result = store.write(&location, "a", |out| {
            out.write_all(b"new")?;
            Err(io::Error::other("the source broke"))
        });
        assert!(matches!(result, Err(WriteError::Content(_))));
        assert_eq!(store.read(&stored.path).unwrap().unwrap(), b"old");
        assert_eq!(list(&store.root().join("gitrepository/apps/web")).unwrap().len(), 1);
    }

    #[test]
    fn a_full_disk_is_said_to_be_one() {
        let (_folder, store, location) = store();
        let error = failed("write", store.root())(io::Error::from(io::ErrorKind::StorageFull));
        assert!(matches!(error, StoreError::NoSpace { .. }));
        let full = Path::new("/dev/full");
        if full.exists() {
            let mut out = Watched { inner: File::options().write(true).open(full).unwrap(), failure: None };
            assert!(out.write_all(b"x").is_err());
            assert!(matches!(failed("write", full)(out.failure.unwrap()), StoreError::NoSpace { .. }));
        }
        put(&store, &location, "a", b"still works");
    }

    #[test]
    fn collects_by_age_and_by_number_but_never_the_current_one() {
        let (_folder, store, location) = store();
        for name in ["a", "b", "c", "d"] {
            put(&store, &location, name, name.as_bytes());
        }
        let now = SystemTime::now();
        let removed = store.collect(&location, "a", Retention::default(), now).unwrap();
        assert_eq!(removed.len(), 2);
        let later = now + Duration::from_secs(120);
        let removed = store.collect(&location, "a", Retention::default(), later).unwrap();
        assert_eq!(removed.len(), 1);
        assert!(store.read("gitrepository/apps/web/a").unwrap().is_some());
        assert!(store.remove(&location).unwrap());
        assert!(!store.remove(&location).unwrap());
        assert!(store.collect(&location, "a", Retention::default(), later).unwrap().is_empty());
    }

    #[test]
    fn refuses_names_that_are_no_file_names() {
        assert!(Location::new("GitRepository", "..", "web").is_err());
        assert!(Location::new("GitRepository", "a/b", "web").is_err());
        let (_folder, store, location) = store();
        let result = store.write(&location, "../x", |_| Ok::<(), io::Error>(()));
        assert!(matches!(result, Err(WriteError::Store(StoreError::Location(_)))));
    }
}
