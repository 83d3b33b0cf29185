//! Repositories: opening one, making one from files, and listing what it offers.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::actor::Signature;
use gix::objs::tree::{Entry, EntryKind};
use gix::objs::{Commit, Tree};
use gix::refs::transaction::PreviousValue;

/// The branch of a repository that is made from files.
const BRANCH: &str = "refs/heads/main";
/// Who commits in a repository that is made from files.
const COMMITTER: (&str, &str) = ("Flamingo", "flamingo@localhost");

/// A repository on this machine. It is opened anew for each request, so it is always as it is on the disk.
#[derive(Debug, Clone)]
pub struct Repository {
    git_dir: PathBuf,
}

/// Why a repository cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// There is none at the path or above it.
    #[error("no Git repository at {path}")]
    Open {
        /// The path.
        path: PathBuf,
        /// Why not.
        source: gix::Error,
    },
    /// Something in it that cannot be read here.
    #[error("the repository at {path} uses {what}, which is not supported")]
    Unsupported {
        /// The repository.
        path: PathBuf,
        /// What it uses.
        what: String,
    },
    /// References or objects cannot be read.
    #[error("the repository at {path} cannot be read")]
    Read {
        /// The repository.
        path: PathBuf,
        /// Why not.
        source: gix::Error,
    },
    /// The repository cannot be made.
    #[error("no repository can be made at {path}")]
    Create {
        /// Where.
        path: PathBuf,
        /// Why not.
        source: gix::Error,
    },
    /// A path among the files that no tree can hold.
    #[error("{0:?} is no path of a file in a repository")]
    Path(String),
    /// The work was stopped from outside.
    #[error("reading the repository was interrupted")]
    Interrupted(#[source] io::Error),
}

/// Where `HEAD` is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The branch's short name; `None` when `HEAD` is detached.
    pub branch: Option<String>,
    /// The commit's hex digits; `None` before the first commit.
    pub commit: Option<String>,
}

/// A reference that is offered.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    pub(crate) name: String,
    /// `None` for a `HEAD` whose branch has no commit yet.
    pub(crate) id: Option<ObjectId>,
    /// What an annotated tag points to in the end.
    pub(crate) peeled: Option<ObjectId>,
    /// Where a symbolic reference points.
    pub(crate) symbolic: Option<String>,
}

impl Repository {
    /// The repository of a work tree (or of a folder in it, or a linked one), or a bare one.
    ///
    /// # Errors
    /// When there is none, or it keeps its references or object ids in a way that cannot be read here.
    pub fn open(path: &Path) -> Result<Self, RepositoryError> {
        let options = gix::discover::upwards::Options { cross_fs: true, ..Default::default() };
        let repository = gix::discover_opts(path, options, isolated())
            .map_err(|source| RepositoryError::Open { path: path.to_owned(), source })?;
        let storage =
            repository.config_snapshot().string("extensions.refStorage").map(|value| value.to_string());
        if let Some(format) = storage.filter(|format| format != "files") {
            let what = format!("the reference format {format:?}");
            return Err(RepositoryError::Unsupported { path: path.to_owned(), what });
        }
        Ok(Repository { git_dir: repository.git_dir().to_owned() })
    }

    /// Makes a bare repository with one commit on `main` in `directory`, which must be empty or absent. The
    /// commit's id depends on the arguments only: files (path, content, executable), message, and the time in
    /// seconds since 1970.
    ///
    /// # Errors
    /// When a path is not a plain relative one, or the folder cannot be written.
    pub fn from_files(
        directory: &Path,
        files: &[(&str, &[u8], bool)],
        message: &str,
        time: i64,
    ) -> Result<Self, RepositoryError> {
        let create = |source| RepositoryError::Create { path: directory.to_owned(), source };
        let made = gix::ThreadSafeRepository::init_opts(
            directory,
            gix::create::Kind::Bare,
            gix::create::Options { destination_must_be_empty: Some(true), ..Default::default() },
            isolated(),
        );
        let repository = made.map_err(create)?.to_thread_local();
        let mut root = Folder::default();
        for (path, content, executable) in files {
            let id = repository.write_blob(content).map_err(create)?.detach();
            let kind = if *executable { EntryKind::BlobExecutable } else { EntryKind::Blob };
            root.insert(path, id, kind)?;
        }
        let tree = root.write(&repository).map_err(create)?;
        let signature = Signature {
            name: COMMITTER.0.into(),
            email: COMMITTER.1.into(),
            time: gix::date::Time { seconds: time, offset: 0 },
        };
        let commit = Commit {
            tree,
            parents: Default::default(),
            author: signature.clone(),
            committer: signature,
            encoding: None,
            message: message.into(),
            extra_headers: Vec::new(),
        };
        let commit = repository.write_object(&commit).map_err(create)?.detach();
        repository.reference(BRANCH, commit, PreviousValue::Any, message).map_err(create)?;
        let git_dir = repository.git_dir().to_owned();
        std::fs::write(git_dir.join("HEAD"), format!("ref: {BRANCH}\n")).map_err(|source| {
            RepositoryError::Create { path: directory.to_owned(), source: gix::Error::from_error(source) }
        })?;
        Ok(Repository { git_dir })
    }

    /// The folder that holds `HEAD`.
    pub fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// Where `HEAD` is now. Blocks on the disk.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn head(&self) -> Result<Head, RepositoryError> {
        let repository = self.read()?;
        let head = repository.head().map_err(self.unreadable())?;
        let branch = head.referent_name().map(|name| name.shorten().to_string());
        let commit = match head.kind {
            gix::head::Kind::Unborn(_) => None,
            _ => Some(repository.head_id().map_err(self.unreadable())?.to_string()),
        };
        Ok(Head { branch, commit })
    }

    pub(crate) fn read(&self) -> Result<gix::Repository, RepositoryError> {
        let opened = gix::open_opts(&self.git_dir, isolated().open_path_as_is(true));
        let mut repository =
            opened.map_err(|source| RepositoryError::Open { path: self.git_dir.clone(), source })?;
        repository.object_cache_size_if_unset(4 << 20);
        Ok(repository)
    }

    pub(crate) fn unreadable(&self) -> impl Fn(gix::Error) -> RepositoryError + Copy + '_ {
        move |source| RepositoryError::Read { path: self.git_dir.clone(), source }
    }

    /// `HEAD`, branches and tags, in the order of their names. Other references (stashes, what was fetched
    /// from elsewhere) are nobody's business.
    pub(crate) fn references(&self, repository: &gix::Repository) -> Result<Vec<Reference>, RepositoryError> {
        let mut found = vec![self.head_reference(repository)?];
        let platform = repository.references().map_err(self.unreadable())?;
        let branches = platform.local_branches().map_err(self.unreadable())?;
        let tags = platform.tags().map_err(self.unreadable())?;
        for reference in branches.chain(tags) {
            let mut reference = reference.map_err(|error| {
                self.unreadable()(gix::Error::from_error(io::Error::other(error.to_string())))
            })?;
            // A name that is not UTF-8 cannot be asked for.
            let Ok(name) = std::str::from_utf8(reference.name().as_bstr()).map(str::to_owned) else {
                continue;
            };
            let direct = reference.try_id().map(gix::Id::detach);
            let peeled = reference.peel_to_id().map_err(self.unreadable())?.detach();
            let id = direct.unwrap_or(peeled);
            found.push(Reference {
                name,
                id: Some(id),
                peeled: (peeled != id).then_some(peeled),
                symbolic: None,
            });
        }
        if found[0].id.is_none() && found[0].symbolic.is_none() {
            found.remove(0);
        }
        Ok(found)
    }

    fn head_reference(&self, repository: &gix::Repository) -> Result<Reference, RepositoryError> {
        let head = repository.head().map_err(self.unreadable())?;
        let symbolic = head.referent_name().map(|name| name.as_bstr().to_string());
        let id = match head.kind {
            gix::head::Kind::Unborn(_) => None,
            _ => Some(repository.head_id().map_err(self.unreadable())?.detach()),
        };
        Ok(Reference { name: "HEAD".to_owned(), id, peeled: None, symbolic })
    }
}

/// Without the user's and the system's configuration and environment, and without replaced objects, whose
/// content would not be what their ids say.
fn isolated() -> gix::open::Options {
    gix::open::Options::isolated().config_overrides(["gitoxide.objects.noReplace=true"])
}

/// A folder while trees are built.
#[derive(Default)]
struct Folder {
    entries: BTreeMap<String, Node>,
}

enum Node {
    Folder(Folder),
    File(ObjectId, EntryKind),
}

impl Folder {
    fn insert(&mut self, path: &str, id: ObjectId, kind: EntryKind) -> Result<(), RepositoryError> {
        let refused = || RepositoryError::Path(path.to_owned());
        let mut folder = self;
        let (folders, name) = match path.rsplit_once('/') {
            Some((folders, name)) => (folders.split('/').collect(), name),
            None => (Vec::new(), path),
        };
        for part in folders.into_iter().chain([name]) {
            if matches!(part, "" | "." | ".." | ".git") || part.contains('\0') {
                return Err(refused());
            }
            if std::ptr::eq(part, name) {
                break;
            }
            let node =
                folder.entries.entry(part.to_owned()).or_insert_with(|| Node::Folder(Folder::default()));
            folder = match node {
                Node::Folder(folder) => folder,
                Node::File(..) => return Err(refused()),
            };
        }
        match folder.entries.insert(name.to_owned(), Node::File(id, kind)) {
            None => Ok(()),
            Some(_) => Err(refused()),
        }
    }

    fn write(&self, repository: &gix::Repository) -> Result<ObjectId, gix::Error> {
        let mut entries = Vec::new();
        for (name, node) in &self.entries {
            let (oid, kind) = match node {
                Node::Folder(folder) => (folder.write(repository)?, EntryKind::Tree),
                Node::File(id, kind) => (*id, *kind),
            };
            entries.push(Entry { mode: kind.into(), filename: name.as_str().into(), oid });
        }
        entries.sort();
        Ok(repository.write_object(&Tree { entries })?.detach())
    }
}
