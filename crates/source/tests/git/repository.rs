//! Repositories made by the real git, with the dates and names of the recordings.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// Runs git with a fixed identity and date, and without the user's configuration.
pub(crate) async fn git(folder: &Path, date: &str, arguments: &[&str]) -> String {
    let output = tokio::process::Command::new("git")
        .args(["-c", "init.defaultBranch=main", "-c", "core.autocrlf=false"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_NAME", "Recorder")
        .env("GIT_AUTHOR_EMAIL", "recorder@example.com")
        .env("GIT_COMMITTER_NAME", "Recorder")
        .env("GIT_COMMITTER_EMAIL", "recorder@example.com")
        .env("GIT_AUTHOR_DATE", date)
        .env("GIT_COMMITTER_DATE", date)
        .output()
        .await
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "git {arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A bare repository that commits can be put into.
pub(crate) struct Bare {
    path: PathBuf,
}

const NOW: &str = "1767225600 +0000";

impl Bare {
    pub(crate) fn at(path: PathBuf) -> Self {
        Bare { path }
    }

    pub(crate) async fn make(path: PathBuf) -> Self {
        std::fs::create_dir_all(&path).unwrap();
        git(&path, NOW, &["init", "-q", "--bare"]).await;
        Bare { path }
    }

    /// A repository with this one file on `main`; returns the commit.
    pub(crate) async fn with_file(path: PathBuf, name: &str, content: &[u8]) -> (Self, String) {
        let tree = tempfile::tempdir().unwrap();
        std::fs::write(tree.path().join(name), content).unwrap();
        let bare = Bare::make(path).await;
        let commit = bare.commit(tree.path(), "refs/heads/main", None, ("commit", NOW)).await;
        (bare, commit)
    }

    pub(crate) async fn run(&self, arguments: &[&str]) -> String {
        git(&self.path, NOW, arguments).await
    }

    pub(crate) async fn commit(
        &self,
        tree: &Path,
        reference: &str,
        parent: Option<&str>,
        (message, date): (&str, &str),
    ) -> String {
        let index = tempfile::tempdir().unwrap();
        let index_file = index.path().join("index");
        let files = index.path().join("files");
        copy(tree, &files);
        let environment = format!("--git-dir={}", self.path.display());
        let work_tree = format!("--work-tree={}", files.display());
        let staged = tokio::process::Command::new("git")
            .args(["-c", "core.autocrlf=false", "-c", "core.bare=false", "-c", "core.excludesFile=/dev/null"])
            .args([&environment, &work_tree, "add", "--all", "--force"])
            .current_dir(&files)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_INDEX_FILE", &index_file)
            .status()
            .await
            .unwrap();
        assert!(staged.success());
        let tree = tokio::process::Command::new("git")
            .args([&environment, "write-tree"])
            .env("GIT_INDEX_FILE", &index_file)
            .output()
            .await
            .unwrap();
        let tree = String::from_utf8(tree.stdout).unwrap();
        // Unlike `-m`, a file is taken without a line feed of git's own, as the recordings have it.
        let message_file = index.path().join("message");
        std::fs::write(&message_file, message).unwrap();
        let mut arguments = vec!["commit-tree", tree.trim(), "-F", message_file.to_str().unwrap()];
        arguments.extend(parent.map(|parent| ["-p", parent]).into_iter().flatten());
        let commit = git(&self.path, date, &arguments).await;
        git(&self.path, date, &["update-ref", reference, &commit]).await;
        commit
    }

    /// Commit `n` of a recording, whose id must come out as it was recorded.
    pub(crate) async fn replay(&self, recorded: &Path, n: u64) {
        let text = std::fs::read_to_string(recorded.join("commits.json")).unwrap();
        let commits: Vec<Value> = serde_json::from_str(&text).unwrap();
        let commit = commits.iter().find(|commit| commit["n"] == n).unwrap();
        let field = |name: &str| commit[name].as_str().unwrap();
        let reference = field("ref");
        let parent = match commit["parent"].as_bool() {
            Some(true) => Some(self.run(&["rev-parse", reference]).await),
            _ => None,
        };
        let message = (field("message"), field("committed"));
        let made = self.commit(&recorded.join(n.to_string()), reference, parent.as_deref(), message).await;
        assert_eq!(made, field("sha"), "commit {n} of {}", recorded.display());
        if let Some(tag) = commit["tag"].as_str() {
            let mut arguments = vec!["tag", "-f", tag, &made];
            if commit["annotated"] == true {
                arguments.extend(["-a", "-m", tag]);
            }
            git(&self.path, field("committed"), &arguments).await;
        }
    }
}

/// Copies a recorded tree; `.symlink` files become symlinks, shell scripts executable.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else if let Some(link) = name.strip_suffix(".symlink") {
            let target = std::fs::read_to_string(&path).unwrap();
            std::os::unix::fs::symlink(target, to.join(link)).unwrap();
        } else {
            std::fs::write(to.join(name), std::fs::read(&path).unwrap()).unwrap();
            let mode = if name.ends_with(".sh") { 0o755 } else { 0o644 };
            let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
            std::fs::set_permissions(to.join(name), mode).unwrap();
        }
    }
}
