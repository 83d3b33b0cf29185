//! Where `up` deploys from.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use cli::arguments::Up;
use flux_api::git_repository::Reference;
use git_server::{GitServer, Head, Repositories, Repository};
use source::git::{self, Remote};
use tokio::net::TcpListener;

/// The files of the demo repository.
const DEMO: [(&str, &[u8]); 6] = [
    ("README.md", include_bytes!("../demo/README.md")),
    ("app/configmap.yaml", include_bytes!("../demo/app/configmap.yaml")),
    ("app/deployment.yaml", include_bytes!("../demo/app/deployment.yaml")),
    ("app/kustomization.yaml", include_bytes!("../demo/app/kustomization.yaml")),
    ("app/namespace.yaml", include_bytes!("../demo/app/namespace.yaml")),
    ("app/service.yaml", include_bytes!("../demo/app/service.yaml")),
];
/// 2026-01-01, so that the demo's commit is the same everywhere.
const DEMO_TIME: i64 = 1_767_225_600;
const ASK_TIMEOUT: Duration = Duration::from_secs(15);

/// A repository that Flux can fetch.
pub(crate) struct Origin {
    /// The name of the Flux objects.
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) path: String,
    pub(crate) reference: Reference,
    pub(crate) target_namespace: Option<String>,
    /// For people.
    pub(crate) described: String,
    /// A local repository whose commits are watched.
    pub(crate) local: Option<Repository>,
    /// Kept while the repository is served.
    _server: Option<GitServer>,
}

impl Origin {
    /// Prepares the repository that the arguments name; a local one is served on loopback.
    pub(crate) async fn prepare(arguments: &Up, data_dir: &Path) -> anyhow::Result<Self> {
        match arguments.from.as_deref() {
            None => Self::demo(data_dir).await,
            Some(from) if from.contains("://") => Self::remote(from, arguments).await,
            Some(from) => Self::local(Path::new(from), arguments).await,
        }
    }

    async fn demo(data_dir: &Path) -> anyhow::Result<Self> {
        let directory = data_dir.join("demo.git");
        if directory.exists() {
            std::fs::remove_dir_all(&directory)
                .with_context(|| format!("{} cannot be removed", directory.display()))?;
        }
        let files = DEMO.map(|(path, content)| (path, content, false));
        let repository = Repository::from_files(&directory, &files, "Demo application", DEMO_TIME)?;
        let (server, url) = serve(&repository).await?;
        Ok(Self {
            name: "demo".to_owned(),
            url,
            path: "./app".to_owned(),
            reference: Reference { branch: Some("main".to_owned()), ..Reference::default() },
            target_namespace: None,
            described: "the built-in demo repository".to_owned(),
            local: None,
            _server: Some(server),
        })
    }

    async fn local(given: &Path, arguments: &Up) -> anyhow::Result<Self> {
        let path: PathBuf =
            given.canonicalize().with_context(|| format!("{} cannot be opened", given.display()))?;
        let repository = Repository::open(&path).with_context(|| {
            format!("{} is not in a Git repository; run `git init` and commit", path.display())
        })?;
        let Head { branch, commit } = repository.head()?;
        if commit.is_none() {
            bail!(
                "{} has no commit yet; `--from` deploys what is committed, so commit first",
                path.display()
            );
        }
        let reference = match (&arguments.reference, branch, commit) {
            (Some(given), ..) => local_reference(given),
            (None, Some(branch), _) => Reference { branch: Some(branch), ..Reference::default() },
            (None, None, commit) => Reference { commit, ..Reference::default() },
        };
        let (server, url) = serve(&repository).await?;
        Ok(Self {
            name: object_name(&path.file_name().unwrap_or_default().to_string_lossy()),
            url,
            path: arguments.path.clone(),
            reference,
            target_namespace: arguments.target_namespace.clone(),
            described: format!("the committed state of {}", path.display()),
            local: Some(repository),
            _server: Some(server),
        })
    }

    async fn remote(url: &str, arguments: &Up) -> anyhow::Result<Self> {
        let parsed = git::parse_url(url).map_err(|_| {
            anyhow::anyhow!(
                "{url} cannot be used: only http:// and https:// URLs of Git repositories are supported"
            )
        })?;
        let described = shown(&parsed);
        if !parsed.username().is_empty() || parsed.password().is_some() {
            bail!(
                "{described} carries credentials; they would be stored in the GitRepository for all to read. Use \
                 a URL without them, and a Secret that spec.secretRef names"
            );
        }
        let remote = Remote::anonymous(parsed.clone());
        let reference = remote_reference(&remote, arguments.reference.as_deref()).await?;
        let last = parsed.path_segments().and_then(|mut segments| segments.rfind(|part| !part.is_empty()));
        Ok(Self {
            name: object_name(last.unwrap_or("app").trim_end_matches(".git")),
            url: url.to_owned(),
            path: arguments.path.clone(),
            reference,
            target_namespace: arguments.target_namespace.clone(),
            described,
            local: None,
            _server: None,
        })
    }
}

/// The URL without credentials and query.
fn shown(url: &url::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{host}{port}{}", url.scheme(), url.path())
}

async fn serve(repository: &Repository) -> anyhow::Result<(GitServer, String)> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("no port is free for the Git server")?;
    let repositories = Repositories::from([("app".to_owned(), repository.clone())]);
    let server = GitServer::start(listener, repositories)?;
    let url = server.url_of("app").context("the Git server does not know its own repository")?;
    Ok((server, url))
}

/// A commit by its SHA, a full name, or a branch. Tags of local repositories are given by full name.
fn local_reference(given: &str) -> Reference {
    by_form(given).unwrap_or_else(|| Reference { branch: Some(given.to_owned()), ..Reference::default() })
}

fn by_form(given: &str) -> Option<Reference> {
    if given.len() == 40 && given.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some(Reference { commit: Some(given.to_owned()), ..Reference::default() });
    }
    let name = given.starts_with("refs/").then(|| given.to_owned())?;
    Some(Reference { name: Some(name), ..Reference::default() })
}

/// What `--ref` means to the remote: a branch or a tag, whichever exists; `main` or `master` by default.
async fn remote_reference(remote: &Remote, given: Option<&str>) -> anyhow::Result<Reference> {
    if let Some(reference) = given.and_then(by_form) {
        return Ok(reference);
    }
    let branch = |name: &str| Reference { branch: Some(name.to_owned()), ..Reference::default() };
    let candidates = match given {
        Some(given) => {
            let tag = Reference { tag: Some(given.to_owned()), ..Reference::default() };
            vec![
                (git::Reference::Branch(given.to_owned()), branch(given)),
                (git::Reference::Tag(given.to_owned()), tag),
            ]
        }
        None => ["main", "master"].map(|name| (git::Reference::Branch(name.to_owned()), branch(name))).into(),
    };
    // Where nothing is found, and where the server cannot be asked, the GitRepository says so with the cause.
    let mut first = None;
    for (asked, reference) in candidates {
        let deadline = tokio::time::Instant::now() + ASK_TIMEOUT;
        match git::resolve(remote, &asked, deadline).await {
            Ok(Some(_)) => return Ok(reference),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the repository cannot be asked")
            }
        }
        first.get_or_insert(reference);
    }
    first.context("no reference can be asked for")
}

/// A name that Kubernetes accepts.
fn object_name(text: &str) -> String {
    let name: String = text
        .chars()
        .map(|char| if char.is_ascii_alphanumeric() { char.to_ascii_lowercase() } else { '-' })
        .take(50)
        .collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "app".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_object_names() {
        assert_eq!(object_name("My Repo_1.x"), "my-repo-1-x");
        assert_eq!(object_name("---"), "app");
    }

    #[test]
    fn references_by_their_form() {
        assert_eq!(local_reference("main").branch.as_deref(), Some("main"));
        assert_eq!(local_reference("refs/tags/v1").name.as_deref(), Some("refs/tags/v1"));
        let sha = "0123456789012345678901234567890123456789";
        assert_eq!(local_reference(sha).commit.as_deref(), Some(sha));
    }
}
