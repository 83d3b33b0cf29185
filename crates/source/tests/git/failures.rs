//! Servers that refuse, misbehave or die: each has a sentence, and none has an effect.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use source::git::{
    self, Checkout, Credentials, FetchOptions, GitError, GitErrorKind, Reference, Remote, Secret,
};
use source::tree::Files;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{self, pki_types::PrivateKeyDer};

use crate::backend::{Behaviour, Server};
use crate::repository::Bare;

fn main_branch() -> Reference {
    Reference::Branch("main".to_owned())
}

async fn fetch(remote: &Remote, reference: &Reference) -> Result<Checkout, GitError> {
    let scratch = tempfile::tempdir().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let result = git::fetch(remote, reference, &FetchOptions::default(), scratch.path(), deadline).await;
    if result.is_err() {
        let left = std::fs::read_dir(scratch.path()).unwrap().count();
        assert_eq!(left, 0, "a failed fetch left something behind");
    }
    result
}

fn remote(server: &Server) -> Remote {
    Remote::anonymous(format!("http://{}/app.git", server.address).parse().unwrap())
}

async fn repository(root: &Path) -> (Bare, String) {
    let noise: Vec<u8> = (0..300_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    Bare::with_file(root.join("app.git"), "file", &noise).await
}

/// The error of a fetch from a server of this behaviour, and the sentence with the address replaced.
async fn failure(behaviour: Behaviour) -> (GitErrorKind, String) {
    let root = tempfile::tempdir().unwrap();
    repository(root.path()).await;
    let server = Server::start(root.path(), behaviour).await;
    let error = fetch(&remote(&server), &main_branch()).await.unwrap_err();
    let text = error.upstream_text().replace(&server.address, "<git>");
    (*error.kind, text)
}

#[tokio::test]
async fn authentication_is_required_and_suffices() {
    let root = tempfile::tempdir().unwrap();
    let (_, commit) = repository(root.path()).await;
    let server = Server::start_with(root.path(), Behaviour::Backend, Some("robot:pass-1"), None).await;
    let anonymous = remote(&server);
    let with = |credentials| Remote { credentials, ..anonymous.clone() };
    let basic = |password: &str| {
        with(Credentials::Basic { user: "robot".to_owned(), password: Secret::new(password) })
    };
    let url = anonymous.url.as_str();
    let expected = format!("unable to clone '{url}': authentication required: authentication required\n");
    for refused in [with(Credentials::None), basic("wrong-pass"), with(Credentials::Bearer(Secret::new("x")))]
    {
        let error = fetch(&refused, &main_branch()).await.unwrap_err();
        assert_eq!(error.upstream_text(), expected);
        assert!(!format!("{error:?} {refused:?}").contains("wrong-pass"));
    }
    assert_eq!(fetch(&basic("pass-1"), &main_branch()).await.unwrap().commit, commit);
    let mut in_url = anonymous.clone();
    in_url.url.set_username("robot").unwrap();
    in_url.url.set_password(Some("pass-1")).unwrap();
    assert_eq!(fetch(&in_url, &main_branch()).await.unwrap().commit, commit);
    let absent = fetch(&in_url, &Reference::Branch("absent".to_owned())).await.unwrap_err();
    let told = format!("{absent} {absent:?} {}", absent.upstream_text());
    assert!(!told.contains("pass-1"), "{told}");
}

#[tokio::test]
async fn a_private_authority_must_be_given() {
    let root = tempfile::tempdir().unwrap();
    let (_, commit) = repository(root.path()).await;
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let tls = TlsAcceptor::from(Arc::new(config));
    let server = Server::start_with(root.path(), Behaviour::Backend, None, Some(tls)).await;
    let mut remote = remote(&server);
    remote.url = format!("https://{}/app.git", server.address).parse().unwrap();

    let error = fetch(&remote, &main_branch()).await.unwrap_err();
    assert!(matches!(*error.kind, GitErrorKind::Tls { .. }), "{error:?}");
    let text = error.upstream_text();
    assert!(text.contains("tls: failed to verify certificate: x509: "), "{text}");

    remote.ca = Some(made.cert.pem().into_bytes());
    assert_eq!(fetch(&remote, &main_branch()).await.unwrap().commit, commit);
    remote.ca = Some(b"no certificate".to_vec());
    assert!(matches!(*fetch(&remote, &main_branch()).await.unwrap_err().kind, GitErrorKind::Client(_)));
}

#[tokio::test]
async fn a_page_instead_of_git_is_recognised() {
    let html = Behaviour::Always(200, "text/html", "<!DOCTYPE html><title>Sign in</title>");
    let (kind, text) = failure(html).await;
    assert!(matches!(kind, GitErrorKind::NotGit { ref content_type, .. } if content_type == "text/html"));
    assert_eq!(text, "unable to clone 'http://<git>/app.git': invalid pkt-len found");
    let lying = Behaviour::Always(200, "application/x-git-upload-pack-advertisement", "<!DOCTYPE html>");
    assert!(matches!(failure(lying).await.0, GitErrorKind::NotGit { .. }));
}

#[tokio::test]
async fn statuses_are_told_apart() {
    let (kind, text) = failure(Behaviour::Always(500, "text/plain", "oops")).await;
    assert!(matches!(kind, GitErrorKind::Status { .. }));
    assert_eq!(
        text,
        "unable to clone 'http://<git>/app.git': unexpected client error: unexpected requesting \
         \"http://<git>/app.git/info/refs?service=git-upload-pack\" status code: 500"
    );
    let (_, text) = failure(Behaviour::Always(403, "text/plain", "no")).await;
    assert_eq!(text, "unable to clone 'http://<git>/app.git': authorization failed: no");
    let (_, text) = failure(Behaviour::Always(404, "text/plain", "")).await;
    assert_eq!(text, "unable to clone 'http://<git>/app.git': repository not found: ");
}

#[tokio::test]
async fn a_server_that_hangs_up_has_said_eof() {
    let (kind, text) = failure(Behaviour::Close).await;
    assert!(matches!(kind, GitErrorKind::Closed(_)));
    assert_eq!(
        text,
        "unable to clone 'http://<git>/app.git': Get \
         \"http://<git>/app.git/info/refs?service=git-upload-pack\": EOF"
    );
}

#[tokio::test]
async fn a_server_that_dies_in_the_pack_delivered_nothing() {
    let (kind, text) = failure(Behaviour::CutPack).await;
    assert!(matches!(kind, GitErrorKind::Truncated), "{kind:?}");
    assert_eq!(text, "unable to clone 'http://<git>/app.git': unexpected EOF");
}

#[tokio::test]
async fn a_slow_server_meets_the_deadline() {
    let root = tempfile::tempdir().unwrap();
    let server = Server::start(root.path(), Behaviour::Hang).await;
    let deadline = Instant::now() + Duration::from_millis(20);
    let options = FetchOptions::default();
    let result = git::fetch(&remote(&server), &main_branch(), &options, root.path(), deadline).await;
    let error = result.unwrap_err();
    let text = error.upstream_text().replace(&server.address, "<git>");
    assert_eq!(
        text,
        "unable to clone 'http://<git>/app.git': Get \
         \"http://<git>/app.git/info/refs?service=git-upload-pack\": context deadline exceeded"
    );
    assert!(error.is_transient());
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let remote = Remote::anonymous(format!("http://{address}/x.git").parse().unwrap());
    let error = fetch(&remote, &main_branch()).await.unwrap_err();
    assert_eq!(
        error.upstream_text(),
        format!(
            "unable to clone 'http://{address}/x.git': Get \
             \"http://{address}/x.git/info/refs?service=git-upload-pack\": dial tcp {address}: connect: \
             connection refused"
        )
    );
    let error = git::parse_url("http://").unwrap_err();
    assert_eq!(
        error.upstream_text(),
        "unable to clone 'http://': Get \"http:///info/refs?service=git-upload-pack\": http: no Host in \
         request URL"
    );
}

#[tokio::test]
async fn credentials_do_not_follow_a_redirect_to_another_server() {
    let root = tempfile::tempdir().unwrap();
    let (_, commit) = repository(root.path()).await;
    let target = Server::start(root.path(), Behaviour::Backend).await;
    let base = format!("http://{}", target.address);
    let first = Server::start_with(root.path(), Behaviour::Redirect(base), Some("robot:pass-1"), None).await;
    let password = Secret::new("pass-1");
    let credentials = Credentials::Basic { user: "robot".to_owned(), password };
    let remote = Remote { credentials, ..remote(&first) };
    assert_eq!(fetch(&remote, &main_branch()).await.unwrap().commit, commit);
    assert!(first.saw_credentials());
    assert!(!target.saw_credentials());
}

#[tokio::test]
async fn redirects_end() {
    let root = tempfile::tempdir().unwrap();
    let server = Server::start(root.path(), Behaviour::Redirect(String::new())).await;
    let error = fetch(&remote(&server), &main_branch()).await.unwrap_err();
    assert!(matches!(*error.kind, GitErrorKind::Redirect(_)));
}

#[tokio::test]
async fn servers_of_the_old_protocol_are_understood() {
    let root = tempfile::tempdir().unwrap();
    let (bare, first) = repository(root.path()).await;
    let tree = tempfile::tempdir().unwrap();
    std::fs::write(tree.path().join("other"), "2").unwrap();
    let date = "1767225700 +0000";
    let second = bare.commit(tree.path(), "refs/heads/main", Some(&first), ("second", date)).await;
    bare.run(&["tag", "-a", "v1", "-m", "v1", &first]).await;
    let server = Server::start(root.path(), Behaviour::OldBackend).await;
    let remote = remote(&server);
    let tip = fetch(&remote, &main_branch()).await.unwrap();
    assert_eq!(tip.commit, second);
    assert_eq!((tip.message.trim(), tip.committer.seconds), ("second", 1_767_225_700));
    assert_eq!(tip.tree().entries().len(), 1);
    let tag = fetch(&remote, &Reference::Tag("v1".to_owned())).await.unwrap();
    assert_eq!(tag.revision, format!("v1@sha1:{first}"));
    let pinned = Reference::Commit { sha: first.clone(), branch: None };
    assert_eq!(fetch(&remote, &pinned).await.unwrap().revision, format!("sha1:{first}"));
}

#[tokio::test]
async fn our_own_server_is_understood() {
    let root = tempfile::tempdir().unwrap();
    let files: [(&str, &[u8], bool); 2] = [("app/x.yaml", b"kind: X\n", false), ("run.sh", b"#!\n", true)];
    let demo = git_server::Repository::from_files(&root.path().join("demo"), &files, "Demo", 0).unwrap();
    let head = demo.head().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = git_server::GitServer::start(listener, [("demo".to_owned(), demo)].into()).unwrap();
    let remote = Remote::anonymous(server.url_of("demo").unwrap().parse().unwrap());
    let checkout = fetch(&remote, &main_branch()).await.unwrap();
    assert_eq!(Some(checkout.commit.clone()), head.commit);
    let paths: Vec<&str> = checkout.tree().entries().iter().map(|entry| entry.path.as_str()).collect();
    assert_eq!(paths, ["app", "app/x.yaml", "run.sh"]);
    let deadline = Instant::now() + Duration::from_secs(60);
    let resolved = git::resolve(&remote, &main_branch(), deadline).await.unwrap().unwrap();
    assert_eq!(resolved.revision, checkout.revision);
    let pinned = Reference::Commit { sha: checkout.commit, branch: None };
    assert!(fetch(&remote, &pinned).await.is_ok());
}

#[tokio::test]
async fn a_pack_beyond_the_limit_is_refused() {
    let root = tempfile::tempdir().unwrap();
    repository(root.path()).await;
    let server = Server::start(root.path(), Behaviour::Backend).await;
    let options = FetchOptions { max_pack_bytes: 1000, ..FetchOptions::default() };
    let deadline = Instant::now() + Duration::from_secs(60);
    let result = git::fetch(&remote(&server), &main_branch(), &options, root.path(), deadline).await;
    assert!(matches!(*result.unwrap_err().kind, GitErrorKind::TooLarge(1000)));
}

#[tokio::test]
async fn all_references_are_listed_whatever_the_protocol() {
    let root = tempfile::tempdir().unwrap();
    let (bare, commit) = repository(root.path()).await;
    bare.run(&["tag", "-a", "-m", "first", "v1.0.0", "main"]).await;
    for behaviour in [Behaviour::Backend, Behaviour::OldBackend] {
        let server = Server::start(root.path(), behaviour).await;
        let remote = remote(&server);
        let listing = git::references(&remote, Instant::now() + Duration::from_secs(10)).await.unwrap();
        assert_eq!(listing.default_branch.as_deref(), Some("main"));
        let named = |name: &str| listing.commits.get(name).map(String::as_str);
        assert_eq!(named("refs/heads/main"), Some(commit.as_str()));
        assert_eq!(named("refs/tags/v1.0.0"), Some(commit.as_str()), "the tag's commit, not the tag");
    }
}
