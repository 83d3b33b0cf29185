//! Remote bases and files of kustomizations, fetched by `source`.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, fs, io};

use hyper_util::client::proxy::matcher::Matcher;
use kustomize::{Kind, RemoteError, Remotes, RepositoryUrl, Tree, TreeError};
use source::git::{self, CommitTree, FetchOptions, GitError, GitErrorKind, Proxy, Reference, Remote, Secret};
use source::tree::{Entry, Files as _};
use source::web::{self, WebError};
use tokio::runtime::Runtime;
use tokio::time::Instant;
use url::Url;

/// What a repository may cost. It is fetched for the few files of a base.
const LIMITS: FetchOptions =
    FetchOptions { max_pack_bytes: 512 << 20, max_object_bytes: 256 << 20, max_entries: 200_000 };
/// The largest file that is fetched by URL.
const MAX_WEB_FILE: usize = 64 << 20;
/// How long fetching a file may take.
const FILE_TIMEOUT: Duration = Duration::from_secs(27);
/// Repositories and files of one build.
const MAX_FETCHES: usize = 200;
/// All of them together, as they are sent.
const MAX_BYTES: u64 = 1 << 30;

/// The network, as far as a build may use it. What was fetched once is not fetched again.
pub(super) struct Network {
    runtime: Runtime,
    proxies: Matcher,
    /// Bytes that may still be fetched.
    left: Cell<u64>,
    repositories: RefCell<BTreeMap<(String, String), Arc<GitTree>>>,
    files: RefCell<BTreeMap<String, Arc<[u8]>>>,
}

/// Why something is not fetched.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(
        "only http and https are spoken to Git servers; write https://…, or clone the repository and name the \
         directory"
    )]
    Protocol,
    #[error("submodules are not fetched; leave ?submodules=true out, or copy the base")]
    Submodules,
    #[error("the repository has no branch, tag or commit {0:?}")]
    Reference(String),
    #[error("a build may fetch {MAX_FETCHES} repositories and files; copy some of them")]
    TooMany,
    #[error("a build may fetch {MAX_BYTES} bytes in all; copy some of the bases")]
    TooMuch,
    #[error("{}", helm::chain(.0))]
    Git(#[from] GitError),
    #[error("{}", helm::chain(.0))]
    Web(#[source] WebError),
    #[error("there is no folder for what is fetched: {0}")]
    Scratch(#[source] io::Error),
}

impl Network {
    /// # Errors
    /// The runtime cannot be started.
    pub(super) fn new() -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self {
            runtime,
            proxies: Matcher::from_env(),
            left: Cell::new(MAX_BYTES),
            repositories: RefCell::default(),
            files: RefCell::default(),
        })
    }

    fn take_one(&self) -> Result<(), Refusal> {
        let fetched = self.repositories.borrow().len() + self.files.borrow().len();
        if fetched >= MAX_FETCHES { Err(Refusal::TooMany) } else { Ok(()) }
    }

    fn spend(&self, bytes: u64) -> Result<(), Refusal> {
        self.left.set(self.left.get().checked_sub(bytes).ok_or(Refusal::TooMuch)?);
        Ok(())
    }

    fn fetch(&self, url: &RepositoryUrl) -> Result<Arc<GitTree>, Refusal> {
        self.take_one()?;
        if url.submodules == Some(true) {
            return Err(Refusal::Submodules);
        }
        let parsed = git::parse_url(&url.clone_url).map_err(|_| Refusal::Protocol)?;
        let remote = Remote { proxy: self.proxy(&parsed), ..Remote::anonymous(parsed) };
        let scratch = tempfile::tempdir().map_err(Refusal::Scratch)?;
        let deadline = Instant::now() + url.timeout;
        let limits = FetchOptions { max_pack_bytes: LIMITS.max_pack_bytes.min(self.left.get()), ..LIMITS };
        let fetched = self.runtime.block_on(async {
            let reference = found(&remote, &url.reference, deadline).await?;
            Ok::<_, Refusal>(git::fetch(&remote, &reference, &limits, scratch.path(), deadline).await?)
        });
        let checkout = fetched.map_err(|error| match error {
            Refusal::Git(git) if matches!(*git.kind, GitErrorKind::TooLarge(limit) if limit < LIMITS.max_pack_bytes) => {
                Refusal::TooMuch
            }
            error => error,
        })?;
        self.spend(bytes_below(scratch.path()).map_err(Refusal::Scratch)?)?;
        Ok(Arc::new(GitTree::new(checkout.tree().clone())))
    }

    /// The proxy that the environment names for a URL. As with Go, none is used for the machine itself.
    fn proxy(&self, url: &Url) -> Option<Proxy> {
        let host = url.host_str()?.trim_matches(['[', ']']);
        let is_local = host == "localhost"
            || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        if is_local {
            return None;
        }
        let through = self.proxies.intercept(&url.as_str().parse().ok()?)?;
        let credentials = through.raw_auth().map(|(user, password)| (user.to_owned(), Secret::new(password)));
        Some(Proxy { url: Url::parse(&through.uri().to_string()).ok()?, credentials })
    }
}

/// The size of all files below a folder.
fn bytes_below(folder: &Path) -> io::Result<u64> {
    fs::read_dir(folder)?.try_fold(0, |sum, entry| {
        let entry = entry?;
        let is_folder = entry.file_type()?.is_dir();
        Ok(sum + if is_folder { bytes_below(&entry.path())? } else { entry.metadata()?.len() })
    })
}

/// What a name stands for: a commit where it looks like one, or else a full name, with or without `refs/`, a tag, or a
/// branch, in this order.
async fn found(remote: &Remote, name: &str, deadline: Instant) -> Result<Reference, Refusal> {
    if name.is_empty() {
        return Ok(Reference::Name("HEAD".to_owned()));
    }
    if name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(Reference::Commit { sha: name.to_ascii_lowercase(), branch: None });
    }
    for reference in [
        Reference::Name(name.to_owned()),
        Reference::Name(format!("refs/{name}")),
        Reference::Tag(name.to_owned()),
        Reference::Branch(name.to_owned()),
    ] {
        if git::resolve(remote, &reference, deadline).await?.is_some() {
            return Ok(reference);
        }
    }
    Err(Refusal::Reference(name.to_owned()))
}

impl Remotes for Network {
    fn repository(&self, url: &RepositoryUrl) -> Result<Arc<dyn Tree>, RemoteError> {
        let key = (url.clone_url.clone(), url.reference.clone());
        if let Some(known) = self.repositories.borrow().get(&key) {
            return Ok(known.clone());
        }
        let tree = self.fetch(url).map_err(|error| RemoteError(Arc::new(error)))?;
        self.repositories.borrow_mut().insert(key, tree.clone());
        Ok(tree)
    }

    fn file(&self, url: &str) -> Result<Arc<[u8]>, RemoteError> {
        if let Some(known) = self.files.borrow().get(url) {
            return Ok(known.clone());
        }
        let failed = |error: Refusal| RemoteError(Arc::new(error));
        self.take_one().map_err(failed)?;
        let proxy = Url::parse(url).ok().and_then(|url| self.proxy(&url));
        let got = web::get(url, proxy.as_ref(), MAX_WEB_FILE, Instant::now() + FILE_TIMEOUT);
        let content = self.runtime.block_on(got).map_err(|error| failed(Refusal::Web(error)))?;
        self.spend(content.len() as u64).map_err(failed)?;
        let content: Arc<[u8]> = Arc::from(&*content);
        self.files.borrow_mut().insert(url.to_owned(), content.clone());
        Ok(content)
    }
}

/// The files of a commit.
struct GitTree {
    tree: CommitTree,
    entries: BTreeMap<String, Entry>,
}

impl GitTree {
    fn new(tree: CommitTree) -> Self {
        let entries = tree.entries().iter().map(|entry| (entry.path.clone(), entry.clone())).collect();
        Self { tree, entries }
    }
}

impl fmt::Debug for GitTree {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("GitTree").finish_non_exhaustive()
    }
}

fn kind_of(entry: &Entry) -> Kind {
    match entry.kind {
        source::tree::Kind::Directory => Kind::Directory,
        source::tree::Kind::File { .. } => Kind::File,
    }
}

impl Tree for GitTree {
    fn kind(&self, path: &str) -> Result<Option<Kind>, TreeError> {
        Ok(if path.is_empty() { Some(Kind::Directory) } else { self.entries.get(path).map(kind_of) })
    }

    fn read(&self, path: &str) -> Result<Option<Arc<[u8]>>, TreeError> {
        let file = self.entries.get(path).filter(|entry| kind_of(entry) == Kind::File);
        let Some(entry) = file else { return Ok(None) };
        let failed = |source| TreeError { action: "read", path: path.to_owned(), source: Arc::new(source) };
        Ok(Some(Arc::from(&*self.tree.read(entry).map_err(failed)?)))
    }

    fn list(&self, path: &str) -> Result<Option<Vec<(String, Kind)>>, TreeError> {
        if self.kind(path)? != Some(Kind::Directory) {
            return Ok(None);
        }
        let below = if path.is_empty() { String::new() } else { format!("{path}/") };
        let mut seen = BTreeSet::new();
        let entries = self.entries.range(below.clone()..).take_while(|(name, _)| name.starts_with(&below));
        let names = entries.filter_map(|(name, entry)| {
            let name = &name[below.len()..];
            let is_direct = !name.is_empty() && !name.contains('/') && seen.insert(name.to_owned());
            is_direct.then(|| (name.to_owned(), kind_of(entry)))
        });
        Ok(Some(names.collect()))
    }
}
