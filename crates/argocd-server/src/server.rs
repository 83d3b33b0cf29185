//! The server's life.

use std::net::SocketAddr;
use std::sync::Arc;

use apimachinery::clock::Clock;
use axum::extract::Request;
use cluster::Cluster;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::control_plane::ControlPlane;
use crate::link;
use crate::page::Page;
use crate::preview::Preview;
use crate::router::{Reach, Router};

/// What the server is told.
#[derive(Clone)]
pub struct Settings {
    /// The namespace of the control plane.
    pub namespace: String,
    /// Whether it answers only requests that were addressed to this machine by itself.
    pub loopback_only: bool,
    /// The page that it serves beside the API.
    pub page: Option<Arc<dyn Page>>,
    /// Who tells what controllers would do.
    pub preview: Option<Arc<dyn Preview>>,
}

/// Why the server cannot start, or cannot do what it is asked for.
#[derive(Debug, Error)]
pub enum ServerError {
    /// The listener has no address.
    #[error("the address that the API listens on is not known")]
    Address(#[source] std::io::Error),
    /// The system has no randomness.
    #[error("no randomness is to be had")]
    Randomness(#[from] getrandom::Error),
    /// A link that logs in is for this machine only.
    #[error("a server that others can reach gives out no link that logs in")]
    Reachable,
}

/// A running server.
pub struct Server {
    address: SocketAddr,
    control: Arc<ControlPlane>,
    loopback_only: bool,
    task: JoinHandle<std::io::Result<()>>,
}

impl Server {
    /// Serves the API of `cluster`'s control plane over HTTP on `listener`, until `stop` is cancelled.
    ///
    /// # Errors
    /// The listener has no address, or the system no randomness.
    pub async fn start(
        listener: TcpListener,
        cluster: Cluster,
        settings: Settings,
        clock: Arc<dyn Clock>,
        stop: &CancellationToken,
    ) -> Result<Self, ServerError> {
        let Settings { namespace, loopback_only, page, preview } = settings;
        let address = listener.local_addr().map_err(ServerError::Address)?;
        let control = Arc::new(ControlPlane::start(cluster, namespace, clock, preview, stop).await?);
        let reach = if loopback_only { Reach::Loopback(address) } else { Reach::Any };
        let router = Arc::new(Router::new(control.clone(), reach, page));
        let service =
            axum::Router::new().fallback(async move |request: Request| router.answer(request).await);
        let stopped = stop.clone().cancelled_owned();
        let task = tokio::spawn(axum::serve(listener, service).with_graceful_shutdown(stopped).into_future());
        Ok(Self { address, control, loopback_only, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A link that logs a browser in as `admin`: once, within ten minutes, and only until the next one is made.
    ///
    /// # Errors
    /// The server can be reached from other machines, or the system has no randomness.
    pub fn login_link(&self) -> Result<String, ServerError> {
        if !self.loopback_only {
            return Err(ServerError::Reachable);
        }
        let token = self.control.link.issue(self.control.clock.now())?;
        Ok(format!("http://{}{}?token={token}", self.address, link::PATH))
    }

    /// Waits until it has stopped; its stop token must have been cancelled.
    pub async fn stopped(self) {
        if let Ok(Err(error)) = self.task.await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the API stopped with an error");
        }
    }
}
