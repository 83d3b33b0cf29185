//! The Git repository of a test, and its server.

use std::path::Path;
use std::process::Command;

use git_server::{GitServer, Repositories};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A work tree with a server that outlives the crashes of the test.
pub(crate) struct Repository {
    folder: TempDir,
    namespace: String,
    runtime: Option<Runtime>,
    server: Option<GitServer>,
}

impl Repository {
    /// A repository whose objects live in `namespace`.
    pub(crate) fn create(namespace: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        git(folder.path(), &["init", "--quiet", "--initial-branch=main"]);
        let object = format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: {namespace}}}}}");
        write(folder.path(), "namespace.yaml", &object);
        for name in ["one", "two", "three"] {
            write(folder.path(), &format!("{name}.yaml"), &config_map(namespace, name, "first"));
        }
        commit(folder.path(), "first");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let served = git_server::Repository::open(folder.path()).expect("a repository");
        let server = runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            GitServer::start(listener, Repositories::from([("app".to_owned(), served)])).expect("a server")
        });
        Self { folder, namespace: namespace.to_owned(), runtime: Some(runtime), server: Some(server) }
    }

    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    pub(crate) fn url(&self) -> String {
        self.server.as_ref().and_then(|server| server.url_of("app")).expect("it serves the repository")
    }

    /// Changes one object and adds one.
    pub(crate) fn update(&self) {
        write(self.folder.path(), "two.yaml", &config_map(&self.namespace, "two", "second"));
        write(self.folder.path(), "four.yaml", &config_map(&self.namespace, "four", "second"));
        commit(self.folder.path(), "second");
    }

    /// Removes two objects and adds one.
    pub(crate) fn remove(&self) {
        for name in ["one.yaml", "three.yaml"] {
            std::fs::remove_file(self.folder.path().join(name)).expect("it exists");
        }
        write(self.folder.path(), "five.yaml", &config_map(&self.namespace, "five", "second"));
        commit(self.folder.path(), "second");
    }

    pub(crate) fn head(&self) -> String {
        git(self.folder.path(), &["rev-parse", "HEAD"])
    }
}

impl Drop for Repository {
    fn drop(&mut self) {
        self.server.take();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn config_map(namespace: &str, name: &str, text: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: {namespace}\ndata:\n  text: {text}\n"
    )
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("it can be written");
}

fn commit(folder: &Path, message: &str) {
    git(folder, &["add", "--all"]);
    let identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"];
    git(folder, &[&identity[..], &["commit", "--quiet", "--message", message]].concat());
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git").args(arguments).current_dir(folder).output().expect("git is installed");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
