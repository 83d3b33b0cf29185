//! A fetched commit and its files, read from the pack.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use gix::ObjectId;
use gix::hash::Kind as Hash;
use gix::objs::{CommitRef, Find, Kind as ObjectKind, TreeRefIter, tree::EntryKind};
use tempfile::TempDir;

use super::error::GitErrorKind;
use super::{FetchOptions, Resolved};
use crate::tree::{self, Entry, Files, Kind, PathError};

/// Deeper folders are refused: no repository has them, and paths grow with them.
const MAX_DEPTH: usize = 256;

/// Why a commit or a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The object is not in the pack: what the server sent is not complete.
    #[error("object {0} is missing")]
    Missing(String),
    /// The object is damaged or of the wrong kind.
    #[error("object {0} is damaged or not what it should be")]
    Damaged(String),
    /// A name in a tree that must not become a path.
    #[error("a folder of the commit holds a name that is refused")]
    Path(#[source] PathError),
    /// A name in a tree that is not UTF-8.
    #[error("the commit holds a file name that is not UTF-8: {0:?}")]
    Encoding(String),
    /// More files than allowed, or folders too deep.
    #[error("the commit holds more than {0} files, or folders that are too deep")]
    TooMany(usize),
    /// Nobody waits for the result any more.
    #[error("reading was stopped")]
    Stopped,
}

/// Who did something, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// As in the commit; bytes that are not UTF-8 are replaced.
    pub name: String,
    /// As in the commit.
    pub email: String,
    /// Since 1970, in UTC.
    pub seconds: i64,
}

/// A fetched commit. Its temporary files go when it and all trees made from it are dropped.
#[derive(Debug, Clone)]
pub struct Checkout {
    /// In Flux's form, such as `main@sha1:…`.
    pub revision: String,
    /// The commit's 40 hex digits.
    pub commit: String,
    /// The whole message.
    pub message: String,
    /// Who wrote the change.
    pub author: Signature,
    /// Who made the commit.
    pub committer: Signature,
    tree: CommitTree,
}

impl Checkout {
    pub(crate) fn open(
        objects: Objects,
        resolved: Resolved,
        max_entries: usize,
        stop: &AtomicBool,
    ) -> Result<Self, ReadError> {
        let id = ObjectId::from_hex(resolved.commit.as_bytes())
            .map_err(|_| ReadError::Damaged(resolved.commit.clone()))?;
        let commit = objects.commit(id)?;
        let tree = CommitTree::read(Arc::new(objects), commit.tree, max_entries, stop)?;
        Ok(Checkout {
            revision: resolved.revision,
            commit: resolved.commit,
            message: commit.message,
            author: commit.author,
            committer: commit.committer,
            tree,
        })
    }

    /// The commit's files: directories and regular files; symlinks and submodules are left out, as
    /// source-controller leaves them out of archives.
    pub fn tree(&self) -> &CommitTree {
        &self.tree
    }

    /// The identity of the whole tree: equal ids mean equal files, and so equal archives.
    pub fn tree_id(&self) -> String {
        self.tree.root.to_string()
    }
}

/// The files of a commit, or some folders of it. Reading blocks on the disk.
#[derive(Debug, Clone)]
pub struct CommitTree {
    objects: Arc<Objects>,
    root: ObjectId,
    entries: Vec<Entry>,
    ids: Arc<HashMap<String, ObjectId>>,
}

/// A folder of `spec.sparseCheckout` that the commit does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("sparse checkout dir '{0}' does not exist in repository")]
pub struct SparseError(pub String);

impl CommitTree {
    fn read(
        objects: Arc<Objects>,
        root: ObjectId,
        max_entries: usize,
        stop: &AtomicBool,
    ) -> Result<Self, ReadError> {
        let mut entries = Vec::new();
        let mut ids = HashMap::new();
        let mut folders = vec![(String::new(), root, 0)];
        while let Some((folder, id, depth)) = folders.pop() {
            if stop.load(Ordering::Relaxed) {
                return Err(ReadError::Stopped);
            }
            for (name, child, kind) in objects.tree(id)? {
                let path = join(&folder, &name)?;
                if entries.len() >= max_entries || depth >= MAX_DEPTH {
                    return Err(ReadError::TooMany(max_entries));
                }
                if kind == Kind::Directory {
                    folders.push((path.clone(), child, depth + 1));
                }
                ids.insert(path.clone(), child);
                entries.push(Entry { path, kind });
            }
        }
        tree::sort(&mut entries);
        Ok(CommitTree { objects, root, entries, ids: Arc::new(ids) })
    }

    /// The identity of a folder (its tree object), or of a file's content (its blob).
    pub fn id_of(&self, path: &str) -> Option<String> {
        let path = tree::FileTree::resolve(path)?;
        if path.is_empty() {
            return Some(self.root.to_string());
        }
        self.ids.get(&path).map(ToString::to_string)
    }

    /// Only what is in these folders, and the folders above them.
    ///
    /// # Errors
    /// When one is not there, or is a file.
    pub fn sparse(&self, folders: &[String]) -> Result<Self, SparseError> {
        let missing = |folder: &String| SparseError(folder.clone());
        let mut kept = Vec::new();
        for folder in folders {
            let path = tree::FileTree::resolve(folder).ok_or_else(|| missing(folder))?;
            let is_folder = |entry: &Entry| entry.path == path && entry.kind == Kind::Directory;
            if !path.is_empty() && !self.entries.iter().any(is_folder) {
                return Err(missing(folder));
            }
            kept.push(path);
        }
        let within = |path: &str, folder: &str| {
            folder.is_empty()
                || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let keep = |entry: &&Entry| {
            kept.iter().any(|folder| within(&entry.path, folder) || within(folder, &entry.path))
        };
        let entries = self.entries.iter().filter(keep).cloned().collect();
        Ok(CommitTree { entries, ..self.clone() })
    }
}

fn join(folder: &str, name: &str) -> Result<String, ReadError> {
    let plain = tree::checked(name).map_err(ReadError::Path)?;
    if plain != name || name.contains('/') {
        return Err(ReadError::Path(PathError::Character(name.to_owned())));
    }
    Ok(if folder.is_empty() { plain } else { format!("{folder}/{plain}") })
}

impl Files for CommitTree {
    type Error = ReadError;

    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn read(&self, entry: &Entry) -> Result<Bytes, ReadError> {
        let id = self.ids.get(&entry.path).ok_or_else(|| ReadError::Missing(entry.path.clone()))?;
        self.objects.find(*id, ObjectKind::Blob).map(Bytes::from)
    }
}

/// The objects of one pack in a temporary folder.
pub(crate) struct Objects {
    store: Mutex<gix::odb::Handle>,
    /// Keeps the folder.
    _folder: TempDir,
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Objects").finish_non_exhaustive()
    }
}

/// What a commit object says.
pub(crate) struct Commit {
    pub(crate) tree: ObjectId,
    pub(crate) message: String,
    pub(crate) author: Signature,
    pub(crate) committer: Signature,
}

impl Objects {
    /// Checks the pack's content against its checksum and makes it readable.
    pub(crate) fn index(
        folder: TempDir,
        incoming: &Path,
        options: &FetchOptions,
        stop: &AtomicBool,
    ) -> Result<Self, GitErrorKind> {
        let objects = folder.path().join("objects");
        let packs = objects.join("pack");
        fs::create_dir_all(&packs).map_err(GitErrorKind::Scratch)?;
        let mut pack = BufReader::new(File::open(incoming).map_err(GitErrorKind::Scratch)?);
        let settings = gix_pack::bundle::write::Options {
            alloc_limit_bytes: Some(options.max_object_bytes),
            ..gix_pack::bundle::write::Options::default()
        };
        gix_pack::Bundle::write_to_directory(
            &mut pack,
            Some(&packs),
            &mut gix::progress::Discard,
            stop,
            None::<gix::odb::Handle>,
            Hash::Sha1,
            settings,
        )
        .map_err(|error| match stop.load(Ordering::Relaxed) {
            true => GitErrorKind::Timeout(None),
            false => GitErrorKind::Pack(error.into()),
        })?;
        fs::remove_file(incoming).map_err(GitErrorKind::Scratch)?;
        let store = gix::odb::at(objects, Hash::Sha1).map_err(GitErrorKind::Scratch)?;
        Ok(Objects { store: Mutex::new(store), _folder: folder })
    }

    /// Whether there is a commit of this id.
    pub(crate) fn has(&self, id: ObjectId) -> bool {
        self.find(id, ObjectKind::Commit).is_ok()
    }

    pub(crate) fn commit(&self, id: ObjectId) -> Result<Commit, ReadError> {
        let data = self.find(id, ObjectKind::Commit)?;
        let damaged = || ReadError::Damaged(id.to_string());
        let commit = CommitRef::from_bytes(&data, Hash::Sha1).map_err(|_| damaged())?;
        let signature = |of: gix::actor::SignatureRef<'_>| Signature {
            name: of.name.to_string(),
            email: of.email.to_string(),
            seconds: of.seconds(),
        };
        Ok(Commit {
            tree: commit.tree(),
            message: commit.message.to_string(),
            author: signature(commit.author().map_err(|_| damaged())?),
            committer: signature(commit.committer().map_err(|_| damaged())?),
        })
    }

    /// The directories and regular files in a tree object.
    fn tree(&self, id: ObjectId) -> Result<Vec<(String, ObjectId, Kind)>, ReadError> {
        if id == ObjectId::empty_tree(Hash::Sha1) {
            return Ok(Vec::new());
        }
        let data = self.find(id, ObjectKind::Tree)?;
        let mut found = Vec::new();
        for entry in TreeRefIter::from_bytes(&data, Hash::Sha1) {
            let entry = entry.map_err(|_| ReadError::Damaged(id.to_string()))?;
            let kind = match entry.mode.kind() {
                EntryKind::Tree => Kind::Directory,
                EntryKind::Blob => Kind::File { executable: false },
                EntryKind::BlobExecutable => Kind::File { executable: true },
                EntryKind::Link | EntryKind::Commit => continue,
            };
            let name = std::str::from_utf8(entry.filename)
                .map_err(|_| ReadError::Encoding(entry.filename.to_string()))?;
            found.push((name.to_owned(), entry.oid.to_owned(), kind));
        }
        Ok(found)
    }

    fn find(&self, id: ObjectId, kind: ObjectKind) -> Result<Vec<u8>, ReadError> {
        if kind == ObjectKind::Blob && id == ObjectId::empty_blob(Hash::Sha1) {
            return Ok(Vec::new());
        }
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let mut buffer = Vec::new();
        let found = store.try_find(&id, &mut buffer).map_err(|_| ReadError::Damaged(id.to_string()))?;
        match found.map(|data| data.kind) {
            None => Err(ReadError::Missing(id.to_string())),
            Some(found) if found != kind => Err(ReadError::Damaged(id.to_string())),
            Some(_) => Ok(buffer),
        }
    }
}
