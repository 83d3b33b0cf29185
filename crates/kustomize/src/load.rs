//! Reading files and entering directories, with kustomize's rules of what may be reached.

use std::rc::Rc;
use std::sync::Arc;

use thiserror::Error;

use crate::kustomization::{FILE_NAMES, join};
use crate::remote::{RemoteError, Remotes, RepositoryUrl, is_web_file, redacted};
use crate::tree::{Kind, Tree, TreeError};

/// Directories within directories, so that a chain that never repeats ends too.
const MAX_DEPTH: usize = 64;

/// Folders within folders that are searched for manifests.
pub(crate) const MAX_FOLDERS: usize = 256;

/// The largest file that is read.
pub const MAX_FILE_BYTES: u64 = 256 << 20;

/// Which files a kustomization may read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restriction {
    /// Files in or below its own directory.
    #[default]
    RootOnly,
    /// All files of the tree.
    None,
}

/// Something that cannot be reached. Paths start with a slash at the root of the tree.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LoadError {
    /// A file that does not exist.
    #[error("open /{0}: no such file or directory")]
    NoFile(String),
    /// A file that does not exist, where links are followed first.
    #[error("evalsymlink failure on '/{0}' : lstat /{0}: no such file or directory")]
    NoLink(String),
    /// A directory where a file must be.
    #[error("'/{0}' must resolve to a file")]
    NotAFile(String),
    /// A directory that cannot be read as a file.
    #[error("read /{0}: is a directory")]
    IsDirectory(String),
    /// Something that is there, and cannot be looked at or read.
    #[error(transparent)]
    Unreadable(#[from] TreeError),
    /// A file that is too large.
    #[error("/{path} has more than {} MiB; split it", MAX_FILE_BYTES >> 20, path = .0)]
    TooLarge(String),
    /// A file outside of what may be read.
    #[error(
        "security; file '/{path}' is not in or below '/{root}'; {}",
        if *.is_remote {
            "in a repository nothing else can be read; name a directory of it that holds the file"
        } else {
            "move it there, or build with --load-restrictor LoadRestrictionsNone"
        }
    )]
    Restricted {
        /// The file.
        path: String,
        /// The directory of the kustomization.
        root: String,
        /// Whether it is in a repository that was fetched.
        is_remote: bool,
    },
    /// A path that leaves the tree.
    #[error("{0:?} leads out of the source")]
    Outside(String),
    /// A directory that does not exist.
    #[error(
        "must build at directory: not a valid directory: evalsymlink failure on '/{0}' : lstat /{0}: no such file or \
         directory"
    )]
    NoDirectory(String),
    /// A file where a directory must be.
    #[error("must build at directory: '/{0}': file is not directory")]
    NotADirectory(String),
    /// An empty path.
    #[error("new root cannot be empty")]
    EmptyPath,
    /// An absolute path.
    #[error("new root '{0}' cannot be absolute; write it relative to the kustomization")]
    Absolute(String),
    /// A path that was probably broken by indentation.
    #[error(
        "path {0:?} is ambiguous: a part of it holds two dots, which is likely not the intended target; check for \
         YAML indentation errors in your kustomization file"
    )]
    AmbiguousPath(String),
    /// A kustomization that includes itself.
    #[error("cycle detected: candidate root '/{candidate}' contains visited root '/{visited}'")]
    Cycle {
        /// The directory that was named.
        candidate: String,
        /// The directory that is being built.
        visited: String,
    },
    /// A repository that includes itself.
    #[error("cycle detected: URI '{new}' referenced by previous URI '{previous}'")]
    RepositoryCycle {
        /// The URL that was named.
        new: String,
        /// The URL that is being built.
        previous: String,
    },
    /// Directories nested too deeply.
    #[error("kustomizations are nested more than {MAX_DEPTH} levels deep at /{0}")]
    TooDeep(String),
    /// Folders nested too deeply.
    #[error("folders are nested more than {MAX_FOLDERS} levels deep at /{0}; move what is in it up")]
    FoldersTooDeep(String),
    /// A remote base or file where none is allowed.
    #[error(
        "remote base {0:?} is refused: this build reads nothing but its own source; copy the base into the repository"
    )]
    RemoteForbidden(String),
    /// A remote base or file that could not be fetched.
    #[error("{url}: {source}")]
    Remote {
        /// The URL.
        url: String,
        /// Why.
        source: RemoteError,
    },
    /// A file that is not UTF-8.
    #[error("/{0} is not UTF-8 text")]
    Encoding(String),
    /// No kustomization file.
    #[error(
        "unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '/{0}'"
    )]
    NoKustomization(String),
    /// More than one kustomization file.
    #[error("Found multiple kustomization files under: /{path}: {}; keep one of them", .files.join(", "))]
    SeveralFiles {
        /// The directory.
        path: String,
        /// The files.
        files: Vec<String>,
    },
}

impl LoadError {
    /// The same error without the secrets of URLs.
    pub(crate) fn redacted(mut self) -> Self {
        match &mut self {
            Self::NoFile(path)
            | Self::NoLink(path)
            | Self::NotAFile(path)
            | Self::IsDirectory(path)
            | Self::TooLarge(path)
            | Self::Restricted { path, .. }
            | Self::Outside(path)
            | Self::NoDirectory(path)
            | Self::NotADirectory(path)
            | Self::Absolute(path)
            | Self::AmbiguousPath(path)
            | Self::RemoteForbidden(path)
            | Self::Remote { url: path, .. }
            | Self::Encoding(path) => *path = redacted(path),
            Self::Unreadable(error) => error.path = redacted(&error.path),
            Self::RepositoryCycle { new, previous } => {
                *new = redacted(new);
                *previous = redacted(previous);
            }
            Self::EmptyPath
            | Self::Cycle { .. }
            | Self::TooDeep(_)
            | Self::FoldersTooDeep(_)
            | Self::NoKustomization(_)
            | Self::SeveralFiles { .. } => {}
        }
        self
    }
}

/// A tree of the build, owned or borrowed.
#[derive(Clone)]
enum Source<'a> {
    Borrowed(&'a dyn Tree),
    Fetched(Arc<dyn Tree>),
}

impl Source<'_> {
    fn get(&self) -> &dyn Tree {
        match self {
            Self::Borrowed(tree) => *tree,
            Self::Fetched(tree) => &**tree,
        }
    }
}

/// A directory of a build, with the way that led to it.
#[derive(Clone)]
pub(crate) struct Loader<'a> {
    tree: Source<'a>,
    root: String,
    restriction: Restriction,
    remotes: Option<&'a dyn Remotes>,
    repository: Option<String>,
    parent: Option<Rc<Loader<'a>>>,
    depth: usize,
}

impl<'a> Loader<'a> {
    /// The directory that is built.
    ///
    /// # Errors
    /// It is no directory.
    pub(crate) fn new(
        tree: &'a dyn Tree,
        path: &str,
        restriction: Restriction,
        remotes: Option<&'a dyn Remotes>,
    ) -> Result<Self, LoadError> {
        let root = directory(tree, path)?;
        let tree = Source::Borrowed(tree);
        Ok(Self { tree, root, restriction, remotes, repository: None, parent: None, depth: 0 })
    }

    /// The directory of a repository that is built.
    ///
    /// # Errors
    /// The repository cannot be had, or there is no such directory in it.
    pub(crate) fn of_repository(url: &RepositoryUrl, remotes: &'a dyn Remotes) -> Result<Self, LoadError> {
        let (tree, root) = fetched(url, remotes).map_err(LoadError::redacted)?;
        Ok(Self {
            tree: Source::Fetched(tree),
            root,
            restriction: Restriction::RootOnly,
            remotes: Some(remotes),
            repository: Some(url.raw.clone()),
            parent: None,
            depth: 0,
        })
    }

    /// The directory, from the root of its tree.
    pub(crate) fn root(&self) -> &str {
        &self.root
    }

    /// The tree that the directory is in.
    pub(crate) fn tree(&self) -> &dyn Tree {
        self.tree.get()
    }

    /// The directory that `path` names, or the repository.
    ///
    /// # Errors
    /// It cannot be built from here.
    pub(crate) fn enter(self: &Rc<Self>, path: &str) -> Result<Self, LoadError> {
        self.entered(path).map_err(LoadError::redacted)
    }

    fn entered(self: &Rc<Self>, path: &str) -> Result<Self, LoadError> {
        if path.is_empty() {
            return Err(LoadError::EmptyPath);
        }
        if self.depth >= MAX_DEPTH {
            return Err(LoadError::TooDeep(self.root.clone()));
        }
        if let Some(url) = RepositoryUrl::parse(path) {
            return self.enter_repository(&url);
        }
        if path.starts_with('/') {
            return Err(LoadError::Absolute(path.to_owned()));
        }
        let is_ambiguous = |part: &str| part != ".." && part.contains("..");
        if path.split('/').any(is_ambiguous) {
            return Err(LoadError::AmbiguousPath(path.to_owned()));
        }
        let resolved = resolve(&self.root, path).ok_or_else(|| LoadError::Outside(path.to_owned()))?;
        let root = directory(self.tree.get(), &resolved)?;
        self.refuse_cycle(&root)?;
        Ok(Self {
            tree: self.tree.clone(),
            root,
            restriction: self.restriction,
            remotes: self.remotes,
            repository: self.repository.clone(),
            parent: Some(self.clone()),
            depth: self.depth + 1,
        })
    }

    fn enter_repository(self: &Rc<Self>, url: &RepositoryUrl) -> Result<Self, LoadError> {
        let mut at = Some(self);
        while let Some(loader) = at {
            if let Some(previous) = loader.repository.as_ref().filter(|known| known.starts_with(&url.raw)) {
                return Err(LoadError::RepositoryCycle { new: url.raw.clone(), previous: previous.clone() });
            }
            at = loader.parent.as_ref();
        }
        let remotes = self.remotes.ok_or_else(|| LoadError::RemoteForbidden(url.raw.clone()))?;
        let loader = Self::of_repository(url, remotes)?;
        Ok(Self { parent: Some(self.clone()), depth: self.depth + 1, ..loader })
    }

    fn refuse_cycle(&self, candidate: &str) -> Result<(), LoadError> {
        let mut at = Some(self);
        // A repository is a tree of its own; its paths are not those of the tree that named it.
        while let Some(loader) = at.filter(|loader| loader.repository == self.repository) {
            if is_within(&loader.root, candidate) {
                return Err(LoadError::Cycle {
                    candidate: candidate.to_owned(),
                    visited: loader.root.clone(),
                });
            }
            at = loader.parent.as_deref();
        }
        Ok(())
    }

    /// The content of a file.
    ///
    /// # Errors
    /// It cannot be read from here.
    pub(crate) fn read(&self, path: &str) -> Result<Arc<[u8]>, LoadError> {
        self.content(path).map_err(LoadError::redacted)
    }

    fn content(&self, path: &str) -> Result<Arc<[u8]>, LoadError> {
        if is_web_file(path) {
            let remotes = self.remotes.ok_or_else(|| LoadError::RemoteForbidden(path.to_owned()))?;
            return remotes.file(path).map_err(|source| LoadError::Remote { url: path.to_owned(), source });
        }
        let resolved = resolve(&self.root, path).ok_or_else(|| LoadError::Outside(path.to_owned()))?;
        let tree = self.tree.get();
        let Some(canonical) = tree.canonical(&resolved)? else {
            return Err(match self.restriction {
                Restriction::RootOnly => LoadError::NoLink(resolved),
                Restriction::None => LoadError::NoFile(resolved),
            });
        };
        if tree.kind(&canonical)? == Some(Kind::Directory) {
            return Err(match self.restriction {
                Restriction::RootOnly => LoadError::NotAFile(resolved),
                Restriction::None => LoadError::IsDirectory(resolved),
            });
        }
        let parent = canonical.rsplit_once('/').map_or("", |(parent, _)| parent);
        if self.restriction == Restriction::RootOnly && !is_within(parent, &self.root) {
            return Err(LoadError::Restricted {
                path: resolved,
                root: self.root.clone(),
                is_remote: self.repository.is_some(),
            });
        }
        if tree.size(&canonical)?.is_some_and(|size| size > MAX_FILE_BYTES) {
            return Err(LoadError::TooLarge(resolved));
        }
        let content = tree.read(&canonical)?.ok_or_else(|| LoadError::NoFile(resolved.clone()))?;
        // A file without end, such as a device, says nothing about its size.
        if content.len() as u64 > MAX_FILE_BYTES { Err(LoadError::TooLarge(resolved)) } else { Ok(content) }
    }

    /// The text of a file.
    ///
    /// # Errors
    /// It cannot be read from here, or is not UTF-8.
    pub(crate) fn read_text(&self, path: &str) -> Result<String, LoadError> {
        let bytes = self.read(path)?;
        let shown = || resolve(&self.root, path).unwrap_or_else(|| path.to_owned());
        String::from_utf8(bytes.to_vec()).map_err(|_| LoadError::Encoding(shown()).redacted())
    }

    /// The name of the kustomization file, and its text; nothing where there is none.
    ///
    /// # Errors
    /// There are several, or it cannot be read.
    pub(crate) fn kustomization(&self) -> Result<Option<(&'static str, String)>, LoadError> {
        let name = kustomization_file(self.tree.get(), &self.root)?;
        name.map(|name| Ok((name, self.read_text(name)?))).transpose()
    }
}

/// A repository, and the directory in it.
fn fetched(url: &RepositoryUrl, remotes: &dyn Remotes) -> Result<(Arc<dyn Tree>, String), LoadError> {
    let tree =
        remotes.repository(url).map_err(|source| LoadError::Remote { url: url.raw.clone(), source })?;
    let path = resolve("", &url.path).ok_or_else(|| LoadError::Outside(url.path.clone()))?;
    let root = directory(&*tree, &path)?;
    Ok((tree, root))
}

/// The name of the kustomization file of a directory.
///
/// # Errors
/// There are several, or it cannot be looked for.
pub(crate) fn kustomization_file(tree: &dyn Tree, path: &str) -> Result<Option<&'static str>, LoadError> {
    let mut files = Vec::new();
    for name in FILE_NAMES {
        if tree.kind(&join(path, name))? == Some(Kind::File) {
            files.push(name);
        }
    }
    match files.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        several => Err(LoadError::SeveralFiles {
            path: path.to_owned(),
            files: several.iter().map(|name| (*name).to_owned()).collect(),
        }),
    }
}

fn directory(tree: &dyn Tree, path: &str) -> Result<String, LoadError> {
    let canonical = tree.canonical(path)?.ok_or_else(|| LoadError::NoDirectory(path.to_owned()))?;
    match tree.kind(&canonical)? {
        Some(Kind::Directory) => Ok(canonical),
        Some(Kind::File) => Err(LoadError::NotADirectory(path.to_owned())),
        None => Err(LoadError::NoDirectory(path.to_owned())),
    }
}

/// Whether `path` is `root` or below it.
fn is_within(path: &str, root: &str) -> bool {
    root.is_empty() || path == root || path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'))
}

/// `entry` relative to `directory`; `None` where it leaves the root.
pub(crate) fn resolve(directory: &str, entry: &str) -> Option<String> {
    let mut parts: Vec<&str> = match entry.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => directory.split('/').filter(|part| !part.is_empty()).collect(),
    };
    for part in entry.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
