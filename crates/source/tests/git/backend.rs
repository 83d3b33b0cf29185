//! HTTP servers for tests: `git http-backend` behind basic authentication or TLS, and some that misbehave.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What a server does with a request that it lets in.
#[derive(Clone)]
pub(crate) enum Behaviour {
    /// `git http-backend` over the folder.
    Backend,
    /// The same without telling it the protocol version that the client asks for.
    OldBackend,
    /// The same, but the pack is cut in half and the connection closed.
    CutPack,
    /// Always this status, content type and body.
    Always(u16, &'static str, &'static str),
    /// Closes the connection without an answer.
    Close,
    /// Never answers.
    Hang,
    /// Redirects everything to this base.
    Redirect(String),
}

/// A server on a port of its own.
pub(crate) struct Server {
    pub(crate) address: String,
    seen: Arc<Mutex<Vec<HeaderMap>>>,
}

struct Site {
    root: PathBuf,
    login: Option<&'static str>,
    behaviour: Behaviour,
    seen: Arc<Mutex<Vec<HeaderMap>>>,
}

impl Server {
    pub(crate) async fn start(root: &Path, behaviour: Behaviour) -> Self {
        Server::start_with(root, behaviour, None, None).await
    }

    /// A server that wants `user:password`, and speaks TLS when it has an acceptor.
    pub(crate) async fn start_with(
        root: &Path,
        behaviour: Behaviour,
        login: Option<&'static str>,
        tls: Option<TlsAcceptor>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen = Arc::default();
        let site = Site { root: root.to_owned(), login, behaviour, seen: Arc::clone(&seen) };
        tokio::spawn(accept(listener, Arc::new(site), tls));
        Server { address, seen }
    }

    /// Whether any request carried credentials.
    pub(crate) fn saw_credentials(&self) -> bool {
        self.seen.lock().unwrap().iter().any(|headers| headers.contains_key("authorization"))
    }
}

async fn accept(listener: TcpListener, site: Arc<Site>, tls: Option<TlsAcceptor>) {
    while let Ok((stream, _)) = listener.accept().await {
        let site = Arc::clone(&site);
        let tls = tls.clone();
        tokio::spawn(async move {
            match tls {
                None => serve(stream, site).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, site).await;
                    }
                }
            }
        });
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, site: Arc<Site>) {
    let service = hyper::service::service_fn(|request| {
        let site = Arc::clone(&site);
        async move { site.answer(request).await.ok_or(std::io::Error::other("closed on purpose")) }
    });
    // Connections that break are what these tests are about.
    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
}

impl Site {
    async fn answer(&self, request: Request<Incoming>) -> Option<Response<Full<Bytes>>> {
        self.seen.lock().unwrap().push(request.headers().clone());
        if !self.lets_in(request.headers()) {
            return Some(plain(401, "text/plain", "authentication required\n"));
        }
        match &self.behaviour {
            Behaviour::Backend => Some(self.backend(request, true).await),
            Behaviour::OldBackend => Some(self.backend(request, false).await),
            Behaviour::CutPack => {
                let posted = request.method() == http::Method::POST;
                let response = self.backend(request, true).await;
                let (parts, body) = response.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                let is_pack = posted && body.windows(4).any(|bytes| bytes == b"PACK");
                let length = if is_pack { body.len() / 2 } else { body.len() };
                Some(Response::from_parts(parts, Full::new(body.slice(..length))))
            }
            Behaviour::Always(status, kind, body) => Some(plain(*status, kind, body)),
            Behaviour::Close => None,
            Behaviour::Hang => std::future::pending().await,
            Behaviour::Redirect(base) => {
                let mut response = plain(302, "text/plain", "");
                let target = format!("{base}{}", request.uri());
                response.headers_mut().insert("location", target.parse().unwrap());
                Some(response)
            }
        }
    }

    fn lets_in(&self, headers: &HeaderMap) -> bool {
        let Some(login) = self.login else { return true };
        let expected = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(login));
        headers.get("authorization").is_some_and(|given| given.as_bytes() == expected.as_bytes())
    }

    async fn backend(&self, request: Request<Incoming>, tell_version: bool) -> Response<Full<Bytes>> {
        let (parts, body) = request.into_parts();
        let header = |name: &str| parts.headers.get(name).map_or("", |value| value.to_str().unwrap());
        let mut command = tokio::process::Command::new("git");
        command
            .args(["-c", "safe.directory=*", "http-backend"])
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_PROJECT_ROOT", &self.root)
            .env("GIT_HTTP_EXPORT_ALL", "1")
            .env("PATH_INFO", parts.uri.path())
            .env("QUERY_STRING", parts.uri.query().unwrap_or(""))
            .env("REQUEST_METHOD", parts.method.as_str())
            .env("CONTENT_TYPE", header("content-type"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if tell_version {
            command.env("GIT_PROTOCOL", header("git-protocol"));
        }
        let mut running = command.spawn().unwrap();
        let mut input = running.stdin.take().unwrap();
        let body = body.collect().await.unwrap().to_bytes();
        // The backend may answer without reading everything.
        input.write_all(&body).await.ok();
        drop(input);
        cgi(&running.wait_with_output().await.unwrap().stdout)
    }
}

/// A CGI answer: headers, one of which may be the status, an empty line, and the body.
fn cgi(output: &[u8]) -> Response<Full<Bytes>> {
    let end = output.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    let mut response = Response::new(Full::new(Bytes::copy_from_slice(&output[end + 4..])));
    for line in std::str::from_utf8(&output[..end]).unwrap().lines() {
        let (name, value) = line.split_once(": ").unwrap();
        if name == "Status" {
            *response.status_mut() = StatusCode::from_bytes(&value.as_bytes()[..3]).unwrap();
        } else {
            let name: http::HeaderName = name.parse().unwrap();
            response.headers_mut().insert(name, value.parse().unwrap());
        }
    }
    response
}

fn plain(status: u16, kind: &'static str, body: &'static str) -> Response<Full<Bytes>> {
    Response::builder().status(status).header("content-type", kind).body(Full::new(body.into())).unwrap()
}
