//! The server's life.

use std::net::SocketAddr;
use std::sync::Arc;

use apimachinery::clock::Clock;
use axum::extract::Request;
use cluster::Cluster;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::control_plane::ControlPlane;
use crate::router::{Reach, Router};

/// What the server is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The namespace of the control plane.
    pub namespace: String,
    /// Whether it answers only requests that were addressed to this machine by itself.
    pub loopback_only: bool,
}

/// A running server.
pub struct Server {
    address: SocketAddr,
    task: JoinHandle<std::io::Result<()>>,
}

impl Server {
    /// Serves the API of `cluster`'s control plane over HTTP on `listener`, until `stop` is cancelled.
    ///
    /// # Errors
    /// The listener has no address.
    pub async fn start(
        listener: TcpListener,
        cluster: Cluster,
        settings: Settings,
        clock: Arc<dyn Clock>,
        stop: &CancellationToken,
    ) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let control = ControlPlane::start(cluster, settings.namespace, clock, stop).await;
        let reach = if settings.loopback_only { Reach::Loopback(address) } else { Reach::Any };
        let router = Arc::new(Router::new(Arc::new(control), reach));
        let service =
            axum::Router::new().fallback(async move |request: Request| router.answer(request).await);
        let stopped = stop.clone().cancelled_owned();
        let task = tokio::spawn(axum::serve(listener, service).with_graceful_shutdown(stopped).into_future());
        Ok(Self { address, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until it has stopped; its stop token must have been cancelled.
    pub async fn stopped(self) {
        if let Ok(Err(error)) = self.task.await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the API stopped with an error");
        }
    }
}
