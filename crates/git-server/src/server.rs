//! The HTTP side: who may ask, for what, and how answers are streamed.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::{self, BufWriter, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

use super::pkt;
use super::protocol::{self, ProtocolError, Version};
use super::repository::Repository;

type Body = BoxBody<Bytes, io::Error>;

/// What a request may hold: wants and haves, also when they are unpacked.
const MAX_REQUEST: usize = 8 << 20;
/// Parts of an answer that wait for a slow client.
const WAITING: usize = 8;
const CHUNK: usize = 64 << 10;

/// The repositories of a server, by the names in their URLs.
pub type Repositories = BTreeMap<String, Repository>;

/// A running server. It stops when it is dropped.
#[derive(Debug)]
pub struct GitServer {
    base: String,
    names: Vec<String>,
    stop: watch::Sender<bool>,
}

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The listener has no address of its own.
    #[error("the listener of the Git server has no address")]
    Address(#[source] io::Error),
    /// The listener can be reached from other machines.
    #[error("the Git server only listens on loopback, not on {0}")]
    NotLoopback(SocketAddr),
    /// The system gave no random bytes for the path.
    #[error("no randomness for the path of the Git server")]
    Random(#[source] getrandom::Error),
    /// A name that could not be part of a URL as it is.
    #[error("{0:?} cannot be a repository's name: letters, digits, '-', '_' and '.' can")]
    Name(String),
}

impl GitServer {
    /// Serves the repositories on the listener, which must be on loopback, at URLs that only
    /// [`GitServer::url_of`] knows. Must be called in a tokio runtime.
    ///
    /// # Errors
    /// When the listener is not on loopback, or a name is not plain.
    pub fn start(listener: TcpListener, repositories: Repositories) -> Result<Self, ServerError> {
        let address = listener.local_addr().map_err(ServerError::Address)?;
        if !address.ip().is_loopback() {
            return Err(ServerError::NotLoopback(address));
        }
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        for name in repositories.keys() {
            if name.is_empty() || name.starts_with('.') || !name.bytes().all(plain) {
                return Err(ServerError::Name(name.clone()));
            }
        }
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(ServerError::Random)?;
        let secret: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let (stop, stopped) = watch::channel(false);
        let server = GitServer {
            base: format!("http://{address}/{secret}"),
            names: repositories.keys().cloned().collect(),
            stop,
        };
        let port = address.port();
        let hosts = [address.to_string(), format!("localhost:{port}")];
        let site = Arc::new(Site { prefix: format!("/{secret}/"), hosts, repositories });
        tokio::spawn(accept(listener, site, stopped));
        Ok(server)
    }

    /// The URL to clone a repository from, or `None` when there is none of that name.
    pub fn url_of(&self, name: &str) -> Option<String> {
        self.names.iter().any(|known| known == name).then(|| format!("{}/{name}", self.base))
    }

    /// Takes no more requests. What is under way is finished, as long as the runtime lives.
    pub fn stop(self) {
        self.stop.send_replace(true);
    }
}

async fn accept(listener: TcpListener, site: Arc<Site>, mut stopped: watch::Receiver<bool>) {
    loop {
        let accepted = tokio::select! {
            _ = stopped.changed() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                tokio::spawn(serve(stream, peer, Arc::clone(&site), stopped.clone()));
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "Git server cannot accept");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, peer: SocketAddr, site: Arc<Site>, mut stopped: watch::Receiver<bool>) {
    let service = hyper::service::service_fn(move |request| {
        let site = Arc::clone(&site);
        async move { Ok::<_, Infallible>(site.answer(request).await) }
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new());
    let connection = http.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, error = &error as &dyn std::error::Error, "Git connection broke");
    }
}

struct Site {
    prefix: String,
    /// What `Host` may say, so that a web page cannot reach the server by a name of its own.
    hosts: [String; 2],
    repositories: Repositories,
}

enum Service {
    Advertisement,
    Command,
}

impl Site {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        if !host.is_some_and(|host| self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host))) {
            return plain(StatusCode::MISDIRECTED_REQUEST, "this server is not reached by that name\n");
        }
        let Some((repository, service)) = self.find(request.uri().path()) else {
            return plain(StatusCode::NOT_FOUND, "no such repository\n");
        };
        let version =
            Version::of(request.headers().get("git-protocol").and_then(|value| value.to_str().ok()));
        match (service, request.method()) {
            (Service::Advertisement, &Method::GET) => {
                if request.uri().query() != Some("service=git-upload-pack") {
                    return plain(StatusCode::FORBIDDEN, "only git-upload-pack is served\n");
                }
                advertise(repository.clone(), version).await
            }
            (Service::Command, &Method::POST) => command(repository.clone(), version, request).await,
            _ => plain(StatusCode::METHOD_NOT_ALLOWED, "GET info/refs, or POST git-upload-pack\n"),
        }
    }

    fn find(&self, path: &str) -> Option<(&Repository, Service)> {
        let (name, service) = path.strip_prefix(&self.prefix)?.split_once('/')?;
        let service = match service {
            "info/refs" => Service::Advertisement,
            "git-upload-pack" => Service::Command,
            _ => return None,
        };
        let name = if self.repositories.contains_key(name) { name } else { name.strip_suffix(".git")? };
        Some((self.repositories.get(name)?, service))
    }
}

async fn advertise(repository: Repository, version: Version) -> Response<Body> {
    let made = tokio::task::spawn_blocking(move || protocol::advertisement(&repository, version)).await;
    match made {
        Ok(Ok(advertisement)) => git("advertisement", full(advertisement)),
        Ok(Err(error)) => broken(&error),
        Err(error) => broken(&error),
    }
}

async fn command(repository: Repository, version: Version, request: Request<Incoming>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let expected = Some("application/x-git-upload-pack-request");
    if parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) != expected {
        return plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not a Git request\n");
    }
    let Ok(body) = Limited::new(body, MAX_REQUEST).collect().await else {
        return plain(StatusCode::BAD_REQUEST, "the request broke off or is too large\n");
    };
    let Some(body) = inflate(&parts.headers, body.to_bytes()) else {
        return plain(StatusCode::BAD_REQUEST, "the request is not valid gzip or too large\n");
    };
    let (sender, receiver) = mpsc::channel(WAITING);
    tokio::task::spawn_blocking(move || {
        let mut out = BufWriter::with_capacity(CHUNK, Channel(sender));
        if let Err(error) = protocol::answer(&repository, version, &body, &mut out) {
            fail(&error, out);
        } else if let Err(error) = out.flush() {
            tracing::debug!(error = &error as &dyn std::error::Error, "Git client went away");
        }
    });
    let parts = futures::stream::unfold(receiver, |mut receiver| async move {
        let part: Option<io::Result<Bytes>> = receiver.recv().await;
        part.map(|part| (part.map(Frame::data), receiver))
    });
    git("result", BodyExt::boxed(StreamBody::new(parts)))
}

/// Tells the client why there is no answer; one that began is cut off, so that nobody takes it for complete.
fn fail(error: &ProtocolError, mut out: BufWriter<Channel>) {
    let told = match error {
        ProtocolError::Refused(message) => {
            tracing::debug!(message, "Git request refused");
            let mut frame = Vec::new();
            pkt::put(&mut frame, format!("ERR {message}").as_bytes());
            out.write_all(&frame).and_then(|()| out.flush())
        }
        ProtocolError::Repository(_) => {
            tracing::warn!(error = error as &dyn std::error::Error, "Git repository cannot be served");
            let mut frame = Vec::new();
            pkt::put(&mut frame, b"ERR the repository cannot be read");
            out.write_all(&frame).and_then(|()| out.flush())
        }
        ProtocolError::Broken(_) => {
            tracing::debug!(error = error as &dyn std::error::Error, "Git answer broke off");
            out.flush().and_then(|()| out.get_ref().cut_off())
        }
    };
    if let Err(error) = told {
        tracing::debug!(error = &error as &dyn std::error::Error, "Git client went away");
    }
}

/// The body as it was before `Content-Encoding: gzip`, which git uses for long requests.
fn inflate(headers: &HeaderMap, body: Bytes) -> Option<Bytes> {
    match headers.get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        None | Some(b"identity") => Some(body),
        Some(b"gzip" | b"x-gzip") => {
            let mut plain = Vec::new();
            GzDecoder::new(&body[..]).take(MAX_REQUEST as u64 + 1).read_to_end(&mut plain).ok()?;
            (plain.len() <= MAX_REQUEST).then(|| plain.into())
        }
        Some(_) => None,
    }
}

/// Where a blocking thread writes what a connection sends.
struct Channel(mpsc::Sender<io::Result<Bytes>>);

impl Channel {
    fn cut_off(&self) -> io::Result<()> {
        let broken = io::Error::new(io::ErrorKind::UnexpectedEof, "the answer cannot be completed");
        self.0.blocking_send(Err(broken)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Write for Channel {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(data)));
        sent.map(|()| data.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn git(kind: &str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::try_from(format!("application/x-git-upload-pack-{kind}")) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(full(text));
    *response.status_mut() = status;
    response
}

fn broken(error: &(dyn std::error::Error + 'static)) -> Response<Body> {
    tracing::warn!(error, "Git repository cannot be served");
    plain(StatusCode::INTERNAL_SERVER_ERROR, "the repository cannot be read\n")
}

fn full(data: impl Into<Bytes>) -> Body {
    Full::new(data.into()).map_err(|never| match never {}).boxed()
}
