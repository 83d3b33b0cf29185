//! Remote bases and files, from servers on this machine.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use git_server::{GitServer, Repository};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::{folder, printed, refusal, run};

const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\n";

fn config_map(name: &str) -> String {
    CONFIG_MAP.replace("NAME", name)
}

fn built(name: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n")
}

/// A repository with a tag `v1`, a branch `next` and the main branch, each with another object; and its server.
struct Served {
    server: GitServer,
    folder: TempDir,
    /// Serves as long as it lives.
    _runtime: Runtime,
}

impl Served {
    fn start(files: &[(&str, &str)]) -> Self {
        let folder = folder(files);
        git(folder.path(), &["init", "--quiet", "--initial-branch=main"]);
        let served = |name: &str| {
            crate::write(&folder.path().join("base/cm.yaml"), &config_map(name));
            crate::write(&folder.path().join("base/kustomization.yaml"), "resources: [cm.yaml]\n");
            git(folder.path(), &["add", "--all"]);
            let who =
                ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"];
            git(folder.path(), &[&who[..], &["commit", "--quiet", "--message", name]].concat());
        };
        served("first");
        git(folder.path(), &["tag", "v1"]);
        git(folder.path(), &["branch", "odd/v1"]);
        served("second");
        git(folder.path(), &["branch", "next"]);
        served("third");
        let repository = Repository::open(folder.path()).expect("a repository");
        let runtime = Runtime::new().expect("a runtime");
        let server = runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            GitServer::start(listener, [("demo".to_owned(), repository)].into()).expect("a server")
        });
        Self { server, folder, _runtime: runtime }
    }

    fn url(&self) -> String {
        self.server.url_of("demo").expect("a URL")
    }

    fn commit(&self, name: &str) -> String {
        let output = Command::new("git").args(["rev-parse", name]).current_dir(self.folder.path()).output();
        String::from_utf8(output.expect("git").stdout).expect("a text").trim().to_owned()
    }
}

fn git(folder: &Path, arguments: &[&str]) {
    let status = Command::new("git").args(arguments).current_dir(folder).status().expect("git is installed");
    assert!(status.success(), "git {arguments:?}");
}

/// Builds a kustomization with one resource.
fn of(resource: &str) -> TempDir {
    folder(&[("kustomization.yaml", &format!("resources: [\"{resource}\"]\n"))])
}

#[test]
fn a_base_comes_from_the_branch_tag_or_commit_that_is_named() {
    let served = Served::start(&[]);
    let (url, commit) = (served.url(), served.commit("v1"));
    for (query, name) in [
        ("", "third"),
        ("?ref=v1", "first"),
        ("?version=v1", "first"),
        ("?ref=next", "second"),
        ("?ref=odd%2Fv1", "first"),
        ("?ref=refs/heads/next", "second"),
        ("?ref=heads/next", "second"),
        ("?ref=HEAD&timeout=60s", "third"),
        ("?submodules=false", "third"),
        (&format!("?ref={commit}"), "first"),
    ] {
        let out = printed(of(&format!("{url}//base{query}")).path(), &["build"]);
        assert_eq!(out, built(name), "{query}");
    }
    assert_eq!(printed(Path::new("."), &["build", &format!("{url}//base?ref=v1")]), built("first"));
}

#[test]
fn what_is_not_in_the_repository_is_named() {
    let served = Served::start(&[]);
    let url = served.url();
    for (entry, words) in [
        (format!("{url}//base?ref=none"), "no branch, tag or commit \"none\""),
        (format!("{url}//none"), "none"),
        (format!("{url}//base?submodules=true"), "submodules are not fetched"),
        ("ssh://git@127.0.0.1:1/org/repo".to_owned(), "only http and https"),
        ("git@127.0.0.1:org/repo".to_owned(), "only http and https"),
        ("file:///nowhere/repo".to_owned(), "only http and https"),
    ] {
        let error = refusal(of(&entry).path(), &["build"]);
        assert!(error.contains(words) && error.contains(&entry), "{entry}: {error}");
    }
}

#[test]
fn bases_and_files_by_url_can_be_forbidden() {
    let served = Served::start(&[]);
    for entry in [format!("{}//base", served.url()), format!("{}/found.yaml", web())] {
        let error = refusal(of(&entry).path(), &["build", "--offline"]);
        assert!(error.contains(&format!("remote base {entry:?} is refused")), "{error}");
        let error = refusal(Path::new("."), &["build", "--offline", &format!("{}//base", served.url())]);
        assert!(error.contains("is refused"), "{error}");
    }
}

#[test]
fn a_remote_base_cannot_leave_its_directory_or_repository() {
    let served = Served::start(&[
        ("outside.yaml", CONFIG_MAP),
        ("leaves/kustomization.yaml", "resources: [../outside.yaml]\n"),
        ("enters/kustomization.yaml", "resources: [../base]\n"),
        ("escapes/kustomization.yaml", "resources: [../../../etc]\n"),
        ("absolute/kustomization.yaml", "resources: [/etc/hostname]\n"),
    ]);
    let url = served.url();
    assert_eq!(printed(of(&format!("{url}//enters")).path(), &["build"]), built("third"));
    let unrestricted = ["build", "--load-restrictor", "LoadRestrictionsNone"];
    let error = refusal(of(&format!("{url}//leaves")).path(), &unrestricted);
    assert!(error.contains("security; file '/outside.yaml' is not in or below '/leaves'"), "{error}");
    let error = refusal(of(&format!("{url}//escapes")).path(), &unrestricted);
    assert!(error.contains("\"../../../etc\" leads out of the source"), "{error}");
    assert_ne!(run(of(&format!("{url}//absolute")).path(), &unrestricted).0, 0);
}

#[test]
fn a_repository_that_includes_itself_is_a_cycle() {
    let served = Served::start(&[]);
    let url = served.url();
    crate::write(
        &served.folder.path().join("loop/kustomization.yaml"),
        &format!("resources: [\"{url}//loop\"]\n"),
    );
    git(served.folder.path(), &["add", "--all"]);
    let who = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"];
    git(served.folder.path(), &[&who[..], &["commit", "--quiet", "--message", "loop"]].concat());
    let error = refusal(of(&format!("{url}//loop")).path(), &["build"]);
    assert!(error.contains("cycle detected: URI"), "{error}");
}

#[test]
fn origins_name_the_repository() {
    let served = Served::start(&[]);
    let url = served.url();
    let text = format!("buildMetadata: [originAnnotations]\nresources: [\"{url}//base?ref=v1\"]\n");
    let out = printed(folder(&[("kustomization.yaml", &text)]).path(), &["build"]);
    assert!(out.contains(&format!("path: base/cm.yaml\n      repo: {url}\n      ref: v1\n")), "{out}");
}

/// Serves a body at `/found.yaml`, a redirect to it at `/moved.yaml`, one to itself at `/loop.yaml`, and nothing
/// else. Ends with the process.
fn web() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut request = [0; 4096];
            let length = stream.read(&mut request).expect("a request");
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            let path = request.split(' ').nth(1).unwrap_or_default();
            let (status, header, body) = match path {
                "/found.yaml" => ("200 OK", String::new(), config_map("found")),
                "/patch.yaml" => ("200 OK", String::new(), config_map("local") + "data: {a: patched}\n"),
                "/moved.yaml" => ("302 Found", "Location: /found.yaml\r\n".to_owned(), String::new()),
                "/loop.yaml" => ("302 Found", "Location: /loop.yaml\r\n".to_owned(), String::new()),
                _ => ("404 Not Found", String::new(), "no".to_owned()),
            };
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 {status}\r\n{header}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            )
            .expect("an answer");
        }
    });
    format!("http://{address}")
}

#[test]
fn files_come_by_url() {
    let web = web();
    assert_eq!(printed(of(&format!("{web}/found.yaml")).path(), &["build"]), built("found"));
    assert_eq!(printed(of(&format!("{web}/moved.yaml")).path(), &["build"]), built("found"));
    let text = format!("resources: [cm.yaml]\npatches: [{{path: \"{web}/patch.yaml\"}}]\n");
    let patched = folder(&[("kustomization.yaml", &text), ("cm.yaml", &config_map("local"))]);
    assert!(printed(patched.path(), &["build"]).contains("data:\n  a: patched\n"));
}

#[test]
fn files_that_do_not_come_are_named() {
    let web = web();
    let error = refusal(of(&format!("{web}/gone.yaml")).path(), &["build"]);
    assert!(error.contains("status code 404 (Not Found)") && error.contains("/gone.yaml"), "{error}");
    let error = refusal(of(&format!("{web}/loop.yaml")).path(), &["build"]);
    assert!(error.contains("redirects"), "{error}");
    let error = refusal(of("http://127.0.0.1:1/a.yaml").path(), &["build"]);
    assert!(error.contains("http://127.0.0.1:1/a.yaml"), "{error}");
}
