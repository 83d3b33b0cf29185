//! The HTTP server that hands artifacts to their consumers.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio_util::io::ReaderStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Location, Store};

type Body = BoxBody<Bytes, std::io::Error>;

/// Serves the files of a [`Store`], for GET and HEAD, below a path that cannot be guessed. There are no
/// directory listings, and whatever is not an artifact is 404.
#[derive(Debug)]
pub struct Server {
    base: String,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The listener has no address of its own.
    #[error("the listener of the artifact server has no address")]
    Address(#[source] std::io::Error),
    /// The system gave no random bytes for the path.
    #[error("no randomness for the path of the artifact server")]
    Random(#[source] getrandom::Error),
}

impl Server {
    /// Serves until it is stopped or dropped. URLs begin with `advertised` (such as
    /// `http://source-controller.flux-system.svc`), or with the listener's own address.
    ///
    /// # Errors
    /// When the listener has no address or the system no randomness.
    pub fn start(listener: TcpListener, store: Store, advertised: Option<&str>) -> Result<Self, ServerError> {
        let address = listener.local_addr().map_err(ServerError::Address)?;
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(ServerError::Random)?;
        let prefix: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let host =
            advertised.map_or_else(|| format!("http://{address}"), |url| url.trim_end_matches('/').into());
        let server = Server {
            base: format!("{host}/{prefix}"),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        let shelf = Arc::new(Shelf { prefix: format!("/{prefix}/"), root: store.root().to_owned() });
        server.tasks.spawn(accept(listener, shelf, server.stop.clone(), server.tasks.clone()));
        Ok(server)
    }

    /// The URL of a file by its path in the store.
    pub fn url_of(&self, path: &str) -> String {
        format!("{}/{path}", self.base)
    }

    /// Takes no more requests and waits for those under way.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn accept(listener: TcpListener, shelf: Arc<Shelf>, stop: CancellationToken, tasks: TaskTracker) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                tasks.spawn(serve(stream, peer, Arc::clone(&shelf), stop.clone()));
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "artifact server cannot accept");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
}

async fn serve(stream: tokio::net::TcpStream, peer: SocketAddr, shelf: Arc<Shelf>, stop: CancellationToken) {
    let service = hyper::service::service_fn(move |request| {
        let shelf = Arc::clone(&shelf);
        async move { Ok::<_, Infallible>(shelf.answer(&request).await) }
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new());
    let connection = http.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, error = &error as &dyn std::error::Error, "artifact connection broke");
    }
}

#[derive(Debug)]
struct Shelf {
    prefix: String,
    root: PathBuf,
}

impl Shelf {
    async fn answer(&self, request: &Request<Incoming>) -> Response<Body> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut refusal = plain(StatusCode::METHOD_NOT_ALLOWED);
            refusal.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("GET, HEAD"));
            return refusal;
        }
        let Some(file) = self.file(request.uri().path()) else { return plain(StatusCode::NOT_FOUND) };
        let opened = async {
            let file = tokio::fs::File::open(file).await?;
            let size = file.metadata().await?;
            Ok::<_, std::io::Error>((file, size))
        };
        match opened.await {
            Ok((file, metadata)) if metadata.is_file() => found(request.method(), file, metadata.len()),
            Ok(_) => plain(StatusCode::NOT_FOUND),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => plain(StatusCode::NOT_FOUND),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "artifact cannot be read");
                plain(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }

    /// The file that a URL path names, if it has the prefix and the form of an artifact's path.
    fn file(&self, path: &str) -> Option<PathBuf> {
        let parts: Vec<&str> = path.strip_prefix(&self.prefix)?.split('/').collect();
        let [kind, namespace, name, file] = parts.as_slice() else { return None };
        let path = Location::new(kind, namespace, name).ok()?.path_of(file).ok()?;
        Some(self.root.join(path))
    }
}

fn found(method: &Method, file: tokio::fs::File, size: u64) -> Response<Body> {
    let body: Body = if *method == Method::HEAD {
        Empty::new().map_err(|never| match never {}).boxed()
    } else {
        BodyExt::boxed(StreamBody::new(ReaderStream::with_capacity(file, 1 << 16).map_ok(Frame::data)))
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, size.into());
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/octet-stream"));
    response
}

fn plain(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Empty::new().map_err(|never| match never {}).boxed());
    *response.status_mut() = status;
    response
}
