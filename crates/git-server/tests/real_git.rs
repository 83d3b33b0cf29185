//! The real git clones from the server, in every protocol version, and sees what was committed.

#![expect(clippy::unwrap_used, reason = "a test may end at a failed step")]

use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use futures::StreamExt;
use git_server::{GitServer, Repositories, Repository, watch_refs};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// Runs git without any configuration but the repository's.
async fn try_git(folder: &Path, arguments: &[&str]) -> Output {
    tokio::process::Command::new("git")
        .args(["-c", "init.defaultBranch=main", "-c", "user.name=T", "-c", "user.email=t@example.com"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .output()
        .await
        .unwrap()
}

async fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = try_git(folder, arguments).await;
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "git {arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

async fn commit(work: &Path, file: &str, content: &str) -> String {
    let path = work.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
    git(work, &["add", "-A"]).await;
    git(work, &["commit", "-q", "-m", file]).await;
    git(work, &["rev-parse", "HEAD"]).await
}

async fn repository() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path().join("work");
    std::fs::create_dir(&work).unwrap();
    git(&work, &["init", "-q"]).await;
    (folder, work)
}

async fn serve(repository: Repository) -> (GitServer, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = GitServer::start(listener, Repositories::from([("app".to_owned(), repository)])).unwrap();
    let url = server.url_of("app").unwrap();
    (server, url)
}

const VERSIONS: [&str; 3] = ["protocol.version=0", "protocol.version=1", "protocol.version=2"];

#[tokio::test]
async fn clones_whole_and_shallow_in_every_version() {
    let (folder, work) = repository().await;
    commit(&work, "a/one.txt", "one").await;
    git(&work, &["tag", "-a", "v1", "-m", "first"]).await;
    commit(&work, "a/two.txt", &"long ".repeat(50_000)).await;
    git(&work, &["gc", "-q"]).await;
    let tip = commit(&work, "b/run.sh", "#!/bin/sh").await;
    let (_server, url) = serve(Repository::open(&work).unwrap()).await;

    for version in VERSIONS {
        let whole = format!("whole-{version}");
        git(folder.path(), &["-c", version, "clone", "-q", &url, &whole]).await;
        let whole = folder.path().join(whole);
        assert_eq!(git(&whole, &["rev-parse", "HEAD"]).await, tip);
        assert_eq!(git(&whole, &["rev-list", "--count", "HEAD"]).await, "3");
        assert_eq!(git(&whole, &["cat-file", "-t", "v1"]).await, "tag");
        git(&whole, &["fsck", "--strict"]).await;

        let shallow = format!("shallow-{version}");
        git(folder.path(), &["-c", version, "clone", "-q", "--depth", "1", &url, &shallow]).await;
        let shallow = folder.path().join(shallow);
        assert_eq!(git(&shallow, &["rev-list", "--count", "HEAD"]).await, "1");
        git(&shallow, &["fsck", "--strict"]).await;

        git(&shallow, &["-c", version, "fetch", "-q", "--unshallow"]).await;
        assert_eq!(git(&shallow, &["rev-list", "--count", "HEAD"]).await, "3");
    }
}

#[tokio::test]
async fn a_pull_brings_the_next_commit() {
    let (folder, work) = repository().await;
    commit(&work, "one", "1").await;
    let (_server, url) = serve(Repository::open(&work).unwrap()).await;
    for version in VERSIONS {
        let clone = format!("clone-{version}");
        git(folder.path(), &["-c", version, "clone", "-q", &url, &clone]).await;
        let clone = folder.path().join(clone);
        let next = commit(&work, version, "next").await;
        git(&clone, &["-c", version, "pull", "-q"]).await;
        assert_eq!(git(&clone, &["rev-parse", "HEAD"]).await, next);
    }
}

#[tokio::test]
async fn serves_linked_work_trees_bare_repositories_and_alternates() {
    let (folder, work) = repository().await;
    commit(&work, "one", "1").await;
    git(&work, &["worktree", "add", "-q", "-b", "side", "../side"]).await;
    let side = folder.path().join("side");
    let tip = commit(&side, "two", "2").await;
    git(folder.path(), &["clone", "-q", "--bare", "--shared", "side", "bare.git"]).await;

    let linked = Repository::open(&side.join(".")).unwrap();
    assert_eq!(linked.head().unwrap().branch.as_deref(), Some("side"));
    for (name, repository) in
        [("x", linked), ("y", Repository::open(&folder.path().join("bare.git")).unwrap())]
    {
        let (_server, url) = serve(repository).await;
        git(folder.path(), &["clone", "-q", &url, name]).await;
        assert_eq!(git(&folder.path().join(name), &["rev-parse", "HEAD"]).await, tip);
    }
}

#[tokio::test]
async fn what_is_not_committed_is_not_served() {
    let (folder, work) = repository().await;
    commit(&work, "one", "1").await;
    std::fs::write(work.join("one"), "secret").unwrap();
    git(&work, &["stash", "-q"]).await;
    std::fs::write(work.join("two"), "not added").unwrap();
    let (_server, url) = serve(Repository::open(&work).unwrap()).await;
    let references = git(folder.path(), &["ls-remote", &url]).await;
    assert!(!references.contains("stash"), "{references}");
    git(folder.path(), &["clone", "-q", &url, "clone"]).await;
    assert!(!folder.path().join("clone/two").exists());
}

#[tokio::test]
async fn an_empty_repository_can_be_cloned() {
    let (folder, work) = repository().await;
    let (_server, url) = serve(Repository::open(&work).unwrap()).await;
    for version in VERSIONS {
        git(folder.path(), &["-c", version, "clone", "-q", &url, version]).await;
    }
    assert_eq!(Repository::open(&work).unwrap().head().unwrap().commit, None);
}

#[tokio::test]
async fn a_commit_that_is_not_there_is_refused_as_git_refuses_it() {
    let (folder, work) = repository().await;
    commit(&work, "one", "1").await;
    git(folder.path(), &["init", "-q", "client"]).await;
    let (_server, url) = serve(Repository::open(&work).unwrap()).await;
    let absent = "1".repeat(40);
    let output = try_git(&folder.path().join("client"), &["fetch", &url, &absent]).await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains(&format!("not our ref {absent}")), "{errors}");
}

#[tokio::test]
async fn a_repository_made_from_files_is_always_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let files: [(&str, &[u8], bool); 3] = [
        ("deploy/app.yaml", b"kind: ConfigMap\n", false),
        ("deploy.md", b"# x\n", false),
        ("run.sh", b"#!/bin/sh\n", true),
    ];
    let make = |name: &str| {
        Repository::from_files(&folder.path().join(name), &files, "Demo", 1_767_225_600).unwrap()
    };
    let head = make("a").head().unwrap();
    assert_eq!(head, make("b").head().unwrap());
    assert_eq!(head.branch.as_deref(), Some("main"));
    let (_server, url) = serve(make("c")).await;
    git(folder.path(), &["clone", "-q", &url, "clone"]).await;
    let clone = folder.path().join("clone");
    git(&clone, &["fsck", "--strict"]).await;
    assert_eq!(git(&clone, &["ls-files", "--stage", "run.sh"]).await[..6], *"100755");
    let refused = Repository::from_files(&folder.path().join("d"), &[("../x", b"", false)], "Demo", 0);
    assert!(refused.is_err());
}

#[tokio::test]
async fn nobody_gets_in_without_the_secret_or_by_another_name() {
    let (folder, work) = repository().await;
    commit(&work, "one", "1").await;
    let (_server, url) = serve(Repository::open(&work).unwrap()).await;
    let (base, _) = url.rsplit_once("/app").unwrap();
    let (open, _) = base.rsplit_once('/').unwrap();
    for wrong in [format!("{open}/app"), format!("{base}/other"), format!("{open}/{}/app", "0".repeat(32))] {
        let output = try_git(folder.path(), &["ls-remote", &wrong]).await;
        assert!(!output.status.success(), "{wrong} was served");
    }
    let header = "http.extraHeader=Host: attacker.example";
    let output = try_git(folder.path(), &["-c", header, "ls-remote", &url]).await;
    assert!(String::from_utf8_lossy(&output.stderr).contains("421"));
}

#[tokio::test]
async fn new_commits_and_other_branches_are_noticed() {
    let (_folder, work) = repository().await;
    let first = commit(&work, "one", "1").await;
    let repository = Repository::open(&work).unwrap();
    let mut heads = Box::pin(watch_refs(repository, Duration::from_millis(20)));
    let mut next = async || {
        let waited = tokio::time::timeout(Duration::from_secs(10), heads.next()).await;
        waited.expect("no change was noticed").unwrap().unwrap()
    };
    assert_eq!(next().await.commit, Some(first));
    for content in ["2", "3"] {
        let commit = commit(&work, "one", content).await;
        assert_eq!(next().await.commit, Some(commit));
    }
    git(&work, &["pack-refs", "--all"]).await;
    let packed = commit(&work, "one", "4").await;
    assert_eq!(next().await.commit, Some(packed.clone()));
    git(&work, &["switch", "-q", "-c", "other"]).await;
    let head = next().await;
    assert_eq!((head.branch.as_deref(), head.commit), (Some("other"), Some(packed)));
}
