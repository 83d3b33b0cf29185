//! An artifact goes through the store, the server and the download, and nothing else does.

#![expect(clippy::unwrap_used, reason = "a test may end at a failed step")]

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use source::artifact::{Digest, DownloadError, DownloadLimits, Downloader, Location, Server, Store, Stored};
use tokio::net::TcpListener;
use tokio::time::Instant;
use url::Url;

async fn download(url: &Url, digest: &Digest, limit: u64) -> Result<Vec<u8>, DownloadError> {
    let deadline = Instant::now() + Duration::from_secs(30);
    Downloader::new().unwrap().download(url, digest, DownloadLimits { bytes: limit }, deadline).await
}

async fn served(content: &[u8]) -> (tempfile::TempDir, Stored, Server, Url) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let location = Location::new("GitRepository", "apps", "web").unwrap();
    let stored = store.write(&location, "abc.tar.gz", |out| out.write_all(content)).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server::start(listener, store, None).unwrap();
    let url = server.url_of(&stored.path).parse().unwrap();
    (folder, stored, server, url)
}

#[tokio::test]
async fn what_was_stored_is_downloaded_and_verified() {
    let content = vec![7; 200_000];
    let (_folder, stored, server, url) = served(&content).await;
    assert_eq!(download(&url, &stored.digest, 1 << 20).await.unwrap(), content);
    let wrong = download(&url, &Digest::of(b"other"), 1 << 20).await;
    assert!(matches!(wrong, Err(DownloadError::Digest { .. })));
    let large = download(&url, &stored.digest, 1000).await;
    assert!(matches!(large, Err(DownloadError::TooLarge { limit: 1000, .. })));
    server.stop().await;
    let deadline = Instant::now() + Duration::from_millis(50);
    let limits = DownloadLimits::default();
    let gone = Downloader::new().unwrap().download(&url, &stored.digest, limits, deadline).await;
    assert!(matches!(gone, Err(DownloadError::Deadline { source: Some(_), .. })), "{gone:?}");
}

#[tokio::test]
async fn only_artifacts_are_served_and_only_below_the_prefix() {
    let (folder, stored, _server, url) = served(b"content").await;
    std::fs::write(folder.path().join("gitrepository/apps/web/.unfinished-1"), "half").unwrap();
    let base = url.as_str().strip_suffix(&stored.path).unwrap();
    let origin = url.origin().ascii_serialization();
    for path in [
        format!("{origin}/{}", stored.path),
        format!("{base}gitrepository/apps/web/.unfinished-1"),
        format!("{base}gitrepository/apps/web/"),
        format!("{base}gitrepository/apps/web"),
        format!("{base}gitrepository/apps/%2e%2e%2fapps%2fweb/abc.tar.gz"),
        format!("{base}gitrepository/apps/web/gone.tar.gz"),
        base.to_owned(),
    ] {
        let result = download(&path.parse().unwrap(), &stored.digest, 1 << 20).await;
        assert!(matches!(result, Err(DownloadError::NotFound(_))), "{path}: {result:?}");
    }
}

/// A server that answers 503 as often as said, and then with the content.
async fn overloaded(times: usize, content: &'static [u8]) -> (Url, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/artifact", listener.local_addr().unwrap()).parse().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let counter = Arc::clone(&counter);
            let service = hyper::service::service_fn(move |_| {
                let busy = counter.fetch_add(1, Ordering::SeqCst) < times;
                let (status, body) = if busy { (503, &b""[..]) } else { (200, content) };
                let response = Response::builder().status(status).header("retry-after", "0");
                std::future::ready(Ok::<_, Infallible>(response.body(Full::new(Bytes::from(body))).unwrap()))
            });
            tokio::spawn(
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
            );
        }
    });
    (url, asked)
}

#[tokio::test]
async fn an_overloaded_server_is_asked_again_as_it_wishes() {
    let (url, asked) = overloaded(3, b"content").await;
    assert_eq!(download(&url, &Digest::of(b"content"), 100).await.unwrap(), b"content");
    assert_eq!(asked.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn after_ten_attempts_the_last_answer_counts() {
    let (url, asked) = overloaded(usize::MAX, b"").await;
    let result = download(&url, &Digest::of(b"content"), 100).await;
    assert!(matches!(result, Err(DownloadError::Status { status, .. }) if status == 503));
    assert_eq!(asked.load(Ordering::SeqCst), 10);
}

#[test]
fn an_interrupted_write_is_the_contents_error() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let location = Location::new("Bucket", "a", "b").unwrap();
    let result = store.write(&location, "x", |_| Err(io::Error::other("no content")));
    assert_eq!(result.unwrap_err().to_string(), "no content");
}
