//! Where `up` deploys from.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use cli::arguments::Up;
use git_server::{GitServer, Head, Repositories, Repository};
use source::git;
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

/// A repository that Flux can fetch.
pub(crate) struct Origin {
    /// The name of the Application and of its Flux objects.
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) path: String,
    /// A branch, a tag, a commit or a full name.
    pub(crate) revision: String,
    pub(crate) target_namespace: Option<String>,
    /// For people.
    pub(crate) described: String,
    /// A local repository whose commits are watched.
    pub(crate) local: Option<Repository>,
    /// Kept while the repository is served.
    _server: Option<GitServer>,
}

impl Origin {
    /// Prepares the repository that the arguments name; a local one is served on loopback. `None` where they name none.
    pub(crate) async fn given(arguments: &Up) -> anyhow::Result<Option<Self>> {
        let origin = match arguments.from.as_deref() {
            None => return Ok(None),
            Some(from) if from.contains("://") => Self::remote(from, arguments).await,
            Some(from) if argocd_core::repositories::is_ssh(from) => bail!(
                "{from} is an address of SSH, which is not supported yet; use the https:// address of the repository"
            ),
            Some(from) => Self::local(Path::new(from), arguments).await,
        };
        origin.map(Some)
    }

    /// The built-in repository, written to the data folder and served on loopback.
    pub(crate) async fn demo(data_dir: &Path) -> anyhow::Result<Self> {
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
            revision: "main".to_owned(),
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
        let given = arguments.reference.clone().or(branch).or(commit);
        let revision = given.context("the repository has neither a branch nor a commit")?;
        let (server, url) = serve(&repository).await?;
        Ok(Self {
            name: object_name(&path.file_name().unwrap_or_default().to_string_lossy()),
            url,
            path: arguments.path.clone(),
            revision,
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
        // By default the branch that the server calls its own.
        let revision = arguments.reference.clone().unwrap_or_else(|| "HEAD".to_owned());
        let last = parsed.path_segments().and_then(|mut segments| segments.rfind(|part| !part.is_empty()));
        Ok(Self {
            name: object_name(last.unwrap_or("app").trim_end_matches(".git")),
            url: url.to_owned(),
            path: arguments.path.clone(),
            revision,
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
}
