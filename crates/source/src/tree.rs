//! File trees: the order in which archives list them, and one that is held in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

/// One directory or regular file; the root is not listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Slash-separated and relative to the root, without `.` and `..` components.
    pub path: String,
    /// What it is.
    pub kind: Kind,
}

/// What an [`Entry`] is. Other kinds (symlinks, submodules, devices) never get into a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A directory, perhaps without content.
    Directory,
    /// A regular file.
    File {
        /// Whether any execution bit is set.
        executable: bool,
    },
}

/// A source of files that can be packed: a commit's tree, or a tree in memory.
///
/// Reading may block (a commit's objects are on disk), so async callers do it on a blocking thread.
pub trait Files {
    /// Why a file could not be read.
    type Error: std::error::Error + Send + Sync + 'static;

    /// All entries as Go's `filepath.Walk` visits them: a directory before its content, siblings by the
    /// bytes of their names.
    fn entries(&self) -> &[Entry];

    /// The content of a file of [`Files::entries`].
    ///
    /// # Errors
    /// When the content is damaged or not there, for example because a pack is incomplete.
    fn read(&self, entry: &Entry) -> Result<Bytes, Self::Error>;
}

/// An immutable tree of files in memory. Clones share the content.
///
/// Lookups take any relative path, resolve `.` and `..` by the path's text, and never leave the root: a
/// path that would is simply not there.
#[derive(Debug, Clone, Default)]
pub struct FileTree {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    nodes: BTreeMap<String, Node>,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
enum Node {
    Directory,
    File { content: Bytes, executable: bool },
}

/// Why a path cannot be put into a [`FileTree`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Absolute paths have no place in a tree.
    #[error("path {0:?} is absolute")]
    Absolute(String),
    /// A `..` component could lead out of the root.
    #[error("path {0:?} contains '..'")]
    Parent(String),
    /// NUL ends names for the system, and a slash separates them.
    #[error("path {0:?} contains a character that no name can have")]
    Character(String),
    /// The path names the root itself.
    #[error("path {0:?} names no file")]
    Empty(String),
    /// A name is used both as a file and as a directory.
    #[error("path {0:?} is both a file and a directory")]
    Conflict(String),
}

impl FileTree {
    /// The content of the file at `path`, or `None` when there is no such file.
    pub fn read(&self, path: &str) -> Option<Bytes> {
        match self.node(path)? {
            Node::File { content, .. } => Some(content.clone()),
            Node::Directory => None,
        }
    }

    /// What is at `path`; the root is a directory.
    pub fn kind(&self, path: &str) -> Option<Kind> {
        if resolve(path)?.is_empty() {
            return Some(Kind::Directory);
        }
        Some(match self.node(path)? {
            Node::Directory => Kind::Directory,
            Node::File { executable, .. } => Kind::File { executable: *executable },
        })
    }

    /// The names in the directory at `path` in byte order, or `None` when there is no such directory.
    pub fn list(&self, path: &str) -> Option<Vec<(&str, Kind)>> {
        let base = resolve(path)?;
        if self.kind(&base)? != Kind::Directory {
            return None;
        }
        let start = if base.is_empty() { String::new() } else { format!("{}\0", key(&base)) };
        let below = self.shared.nodes.range(start.clone()..);
        let names = below
            .take_while(|(path, _)| path.starts_with(&start))
            .filter_map(|(path, node)| {
                let name = &path[start.len()..];
                (!name.is_empty() && !name.contains('\0')).then_some((name, node.kind()))
            })
            .collect();
        Some(names)
    }

    /// The path that `path` means inside the tree, or `None` when it would leave the root.
    pub fn resolve(path: &str) -> Option<String> {
        resolve(path)
    }

    fn node(&self, path: &str) -> Option<&Node> {
        self.shared.nodes.get(&key(&resolve(path)?))
    }
}

impl Node {
    fn kind(&self) -> Kind {
        match self {
            Node::Directory => Kind::Directory,
            Node::File { executable, .. } => Kind::File { executable: *executable },
        }
    }
}

impl Files for FileTree {
    type Error = NoSuchFile;

    fn entries(&self) -> &[Entry] {
        &self.shared.entries
    }

    fn read(&self, entry: &Entry) -> Result<Bytes, NoSuchFile> {
        FileTree::read(self, &entry.path).ok_or_else(|| NoSuchFile(entry.path.clone()))
    }
}

/// The entry is none of this tree's files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no file {0:?} in the tree")]
pub struct NoSuchFile(String);

/// Collects files into a [`FileTree`]; directories above a file come by themselves.
#[derive(Debug, Default)]
pub struct Builder {
    nodes: BTreeMap<String, Node>,
}

impl Builder {
    /// Adds a directory.
    ///
    /// # Errors
    /// When the path is not a plain relative one, or a file has that name.
    pub fn directory(&mut self, path: &str) -> Result<(), PathError> {
        let path = checked(path)?;
        self.parents(&path)?;
        self.make_directory(&path)
    }

    /// Adds a file, in place of one of the same path: the last one wins, as when an archive is extracted.
    ///
    /// # Errors
    /// When the path is not a plain relative one, or a directory has that name.
    pub fn file(&mut self, path: &str, content: Bytes, executable: bool) -> Result<(), PathError> {
        let path = checked(path)?;
        self.parents(&path)?;
        if let Some(Node::Directory) = self.nodes.get(&key(&path)) {
            return Err(PathError::Conflict(path));
        }
        self.nodes.insert(key(&path), Node::File { content, executable });
        Ok(())
    }

    /// The tree of everything added.
    pub fn build(self) -> FileTree {
        let entries = self
            .nodes
            .iter()
            .map(|(path, node)| Entry { path: path.replace('\0', "/"), kind: node.kind() })
            .collect();
        FileTree { shared: Arc::new(Shared { nodes: self.nodes, entries }) }
    }

    fn parents(&mut self, path: &str) -> Result<(), PathError> {
        for (at, _) in path.match_indices('/') {
            self.make_directory(&path[..at])?;
        }
        Ok(())
    }

    fn make_directory(&mut self, path: &str) -> Result<(), PathError> {
        match self.nodes.get(&key(path)) {
            Some(Node::Directory) => {}
            Some(Node::File { .. }) => return Err(PathError::Conflict(path.to_owned())),
            None => {
                self.nodes.insert(key(path), Node::Directory);
            }
        }
        Ok(())
    }
}

/// Sorts entries into the order that [`Files::entries`] promises.
pub(crate) fn sort(entries: &mut [Entry]) {
    entries.sort_by_cached_key(|entry| key(&entry.path));
}

/// A path made plain: `.` components and trailing slashes dropped, everything doubtful refused.
pub(crate) fn checked(path: &str) -> Result<String, PathError> {
    let given = || path.to_owned();
    if path.starts_with('/') {
        return Err(PathError::Absolute(given()));
    }
    if path.contains('\0') {
        return Err(PathError::Character(given()));
    }
    let mut plain = String::with_capacity(path.len());
    for component in path.split('/') {
        match component {
            "" | "." => {}
            ".." => return Err(PathError::Parent(given())),
            name => {
                if !plain.is_empty() {
                    plain.push('/');
                }
                plain.push_str(name);
            }
        }
    }
    if plain.is_empty() { Err(PathError::Empty(given())) } else { Ok(plain) }
}

fn resolve(path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains('\0') {
        return None;
    }
    let mut components = Vec::new();
    for component in path.split('/') {
        match component {
            "" | "." => {}
            ".." => {
                components.pop()?;
            }
            name => components.push(name),
        }
    }
    Some(components.join("/"))
}

/// The key under which a path is stored: with NUL, the lowest byte, between components, `a/b` sorts before
/// `a.txt`, as `filepath.Walk` visits them.
fn key(path: &str) -> String {
    path.replace('/', "\0")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(paths: &[&str]) -> FileTree {
        let mut builder = Builder::default();
        for path in paths {
            builder.file(path, Bytes::from(path.to_string()), false).unwrap();
        }
        builder.build()
    }

    fn listed(tree: &FileTree) -> Vec<&str> {
        tree.entries().iter().map(|entry| entry.path.as_str()).collect()
    }

    #[test]
    fn a_directory_comes_before_its_content_and_sorts_by_its_name() {
        let tree = tree(&["a.txt", "a/b", "a-b", "B", "a/c/d"]);
        assert_eq!(listed(&tree), ["B", "a", "a/b", "a/c", "a/c/d", "a-b", "a.txt"]);
    }

    #[test]
    fn lookups_resolve_dots_and_never_leave_the_root() {
        let tree = tree(&["base/x.yaml", "overlay/y.yaml"]);
        assert_eq!(tree.read("overlay/../base/./x.yaml").unwrap(), "base/x.yaml");
        assert!(tree.read("../base/x.yaml").is_none());
        assert!(tree.read("overlay/../../base/x.yaml").is_none());
        assert!(tree.read("/base/x.yaml").is_none());
        assert_eq!(tree.kind("overlay/.."), Some(Kind::Directory));
        assert_eq!(tree.kind(".."), None);
    }

    #[test]
    fn lists_only_the_directory_itself() {
        let tree = tree(&["a/x", "a/b/c", "ab/d", "z"]);
        let names =
            |path| tree.list(path).map(|l| l.into_iter().map(|(n, _)| n.to_owned()).collect::<Vec<_>>());
        assert_eq!(names("a").unwrap(), ["b", "x"]);
        assert_eq!(names(".").unwrap(), ["a", "ab", "z"]);
        assert!(names("a/x").is_none());
        assert!(names("nothing").is_none());
    }

    #[test]
    fn refuses_paths_that_could_escape_or_clash() {
        let mut builder = Builder::default();
        let mut add = |path: &str| builder.file(path, Bytes::new(), false);
        assert!(matches!(add("/etc/passwd"), Err(PathError::Absolute(_))));
        assert!(matches!(add("a/../../b"), Err(PathError::Parent(_))));
        assert!(matches!(add("a\0b"), Err(PathError::Character(_))));
        assert!(matches!(add("./"), Err(PathError::Empty(_))));
        add("a").unwrap();
        assert!(matches!(add("a/b"), Err(PathError::Conflict(_))));
    }

    proptest::proptest! {
        #[test]
        fn a_resolved_path_has_no_way_up(path in "[a./]{0,20}") {
            if let Some(plain) = FileTree::resolve(&path) {
                proptest::prop_assert!(plain.split('/').all(|part| part != ".."));
                proptest::prop_assert!(!plain.starts_with('/'));
            }
        }
    }
}
