//! The page's files.

use std::io::Write as _;
use std::sync::Arc;

use argocd_server::{Asset, Page};

use crate::world::{World, read};

struct Files;

const SCRIPT: &str = "console.log('flamingo');";

impl Page for Files {
    fn find(&self, path: &str) -> Option<Asset> {
        (path == "/assets/index-4f2a.js").then(|| {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            packed.write_all(SCRIPT.as_bytes()).expect("in memory");
            Asset {
                content_type: "text/javascript; charset=utf-8",
                etag: "4f2a".to_owned(),
                is_immutable: true,
                body: packed.finish().expect("in memory").into(),
                is_gzipped: true,
            }
        })
    }

    fn index(&self) -> Asset {
        Asset {
            content_type: "text/html; charset=utf-8",
            etag: "1".to_owned(),
            is_immutable: false,
            body: "<!doctype html>".into(),
            is_gzipped: false,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_of_the_page_are_its_document() {
    let world = World::start(false, Some(Arc::new(Files))).await;
    let html = "text/html,application/xhtml+xml,*/*;q=0.8";
    for (path, accept, status, kind) in [
        ("/", "*/*", 200, "text/html; charset=utf-8"),
        ("/applications/shop?tab=events", html, 200, "text/html; charset=utf-8"),
        ("/applications/shop", "application/json", 404, "text/plain; charset=utf-8"),
        ("/api/v1/nothing", html, 404, "text/plain; charset=utf-8"),
        ("/assets/gone-1.js", html, 404, "text/plain; charset=utf-8"),
        ("/auth/nothing", html, 404, "text/plain; charset=utf-8"),
        ("/api/version", html, 200, "application/json"),
    ] {
        let answer = read(world.client.get(world.url(path)).header("accept", accept)).await;
        assert_eq!((answer.status, answer.header("content-type")), (status, kind), "{path} {accept}");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{path}");
        assert!(!policy.contains("unsafe"), "{path}");
    }
    let post = world.client.post(world.url("/")).header("content-type", "application/json");
    assert_eq!(read(post.header("accept", html)).await.status, 404);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_kept_and_packed() {
    let world = World::start(false, Some(Arc::new(Files))).await;
    let get = || world.client.get(world.url("/assets/index-4f2a.js"));
    let plain = read(get()).await;
    assert_eq!(plain.body, SCRIPT.as_bytes());
    assert_eq!(plain.header("content-encoding"), "");
    assert_eq!(plain.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(plain.header("vary"), "Accept-Encoding");
    let packed = read(get().header("accept-encoding", "br, gzip")).await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert_ne!(packed.body, SCRIPT.as_bytes());
    let known = read(get().header("if-none-match", packed.header("etag"))).await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    let other = read(get().header("if-none-match", "\"other\"")).await;
    assert_eq!(other.status, 200);
    let head = read(world.client.head(world.url("/"))).await;
    assert_eq!((head.status, head.header("cache-control"), head.body.len()), (200, "no-cache", 0));
    world.stop().await;
}
