//! Connections: TLS, HTTP/1.1 and HTTP/2, and a stop that lets running requests finish.

use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::dispatch::Service;

/// A client that opens a connection and says nothing is not waited for.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long running requests may take after a stop; watches end at once.
const DRAIN: Duration = Duration::from_secs(5);
/// After an error such as "too many open files", so that the loop does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop` is cancelled, then lets requests finish.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: ServerConfig,
    service: Arc<Service>,
    stop: CancellationToken,
) {
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let graceful = GracefulShutdown::new();
    let tasks = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            () = service.crashed().cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = connection(stream, acceptor.clone(), service.clone(), graceful.watcher());
                let crashed = service.crashed().clone();
                tasks.spawn(async move {
                    tokio::select! {
                        () = crashed.cancelled() => {}
                        () = connection => {}
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    tasks.close();
    if service.crashed().is_cancelled() {
        tasks.wait().await;
        return;
    }
    let drained = async {
        graceful.shutdown().await;
        tasks.wait().await;
    };
    if tokio::time::timeout(DRAIN, drained).await.is_err() {
        tracing::warn!("some requests did not finish in time and were cut off");
        service.crashed().cancel();
    }
}

async fn connection(stream: TcpStream, acceptor: TlsAcceptor, service: Arc<Service>, watcher: Watcher) {
    // Answers are small and are waited for.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "the connection keeps its delay");
    }
    let stream = match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::debug!(%error, "a TLS handshake failed");
            return;
        }
        Err(_) => return,
    };
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(1000);
    let handler = service_fn(move |request| {
        let service = service.clone();
        async move { service.handle(request).await }
    });
    let connection = builder.serve_connection(TokioIo::new(stream), handler);
    if let Err(error) = watcher.watch(connection.into_owned()).await {
        tracing::debug!(error = &*error, "a connection ended early");
    }
}
