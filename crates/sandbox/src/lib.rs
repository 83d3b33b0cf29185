//! An in-process Kubernetes API server.
//!
//! What envtest is to controller-runtime, with the few workload controllers that make health real: a
//! cluster that is simulated, on loopback, for trying things out and for tests. It speaks HTTPS with a
//! token, and real clients work with it. The token may do everything; a client that impersonates somebody
//! may do what RBAC allows that user.
//!
//! A request comes in through [`transport`], is carried out by one of the [`verbs`] on the [`api`], and
//! ends in the [`store`], which writes the [`journal`] before anything else. The controllers in
//! [`workloads`] read the store's feed of changes and use the same verbs. [`kinds`] says what is served,
//! [`rules`] and [`admission`] what is accepted, [`discovery`], [`openapi`] and [`table`] describe it.
//!
//! **Durability.** A write that was acknowledged, or that a watcher has seen, survives the end of the
//! process at any point. A power loss may lose the last seconds: records are handed to the operating
//! system one by one and synchronised to the disk when the sandbox stops or rewrites its journal.
//!
//! **Invariants.** No product code knows that it runs on this: the kubeconfig is the only difference.
//! The controllers have no way to an object but the API's own.

mod admission;
mod api;
mod authorization;
mod chance;
mod config;
mod crd;
mod credentials;
mod discovery;
mod error;
mod expressions;
mod faults;
mod journal;
mod kinds;
mod openapi;
mod requests;
mod reviews;
mod rules;
mod status;
mod store;
mod table;
mod transport;
mod verbs;
mod workloads;

use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use config::{Config, Timing};
pub use error::{Damage, StartError, StopError};
pub use faults::{Effect, Fault, Faults};
pub use requests::{Request, RequestLog};

use api::Api;
use credentials::Credentials;
use store::Store;

/// A running sandbox. Dropping it ends it without a goodbye, as the end of the process would.
#[derive(Debug)]
pub struct Sandbox {
    url: String,
    port: u16,
    kubeconfig: String,
    faults: Faults,
    log: RequestLog,
    stop: CancellationToken,
    tasks: Tasks,
}

struct Tasks {
    api: Arc<Api>,
    server: JoinHandle<()>,
    controllers: JoinHandle<()>,
}

impl std::fmt::Debug for Tasks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tasks")
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.server.abort();
        self.controllers.abort();
    }
}

impl Sandbox {
    /// Starts a sandbox; it answers when this returns.
    ///
    /// # Errors
    /// The data cannot be used or is damaged, the port is taken, or the first objects cannot be written.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let dir = config.data_dir.as_deref();
        let store = match dir {
            Some(dir) => Store::open(dir, config.faults.journal().clone(), config.watch_history)?,
            None => Store::in_memory(config.faults.journal().clone(), config.watch_history),
        };
        let credentials = Credentials::load(dir)?;
        let tls = credentials.tls()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, config.port))
            .await
            .map_err(|source| StartError::Listen { port: config.port, source })?;
        let address = listener.local_addr();
        let port = address.map_err(|source| StartError::Listen { port: config.port, source })?.port();
        let url = format!("https://127.0.0.1:{port}");
        let kubeconfig = credentials.kubeconfig(&url);
        let api = Arc::new(Api::new(store, config.clock, credentials.authority.clone()));
        workloads::bootstrap(&api, port).map_err(|error| StartError::Bootstrap(Box::new(error)))?;
        let (stop, crash) = (CancellationToken::new(), CancellationToken::new());
        let log = RequestLog::default();
        let controllers = workloads::Controllers::new(api.clone(), config.timing)
            .map_err(|error| StartError::Bootstrap(Box::new(error)))?;
        let controllers = tokio::spawn(controllers.run(stop.clone(), crash.clone()));
        let service = Arc::new(transport::Service {
            api: api.clone(),
            credentials,
            faults: config.faults.clone(),
            log: log.clone(),
            stop: stop.clone(),
            crash,
        });
        let server = tokio::spawn(transport::serve(listener, tls, service, stop.clone()));
        let tasks = Tasks { api, server, controllers };
        Ok(Self { url, port, kubeconfig, faults: config.faults, log, stop, tasks })
    }

    /// Where the API is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A kubeconfig with the certificate authority and the token inside, and the context
    /// `flamingo-sandbox`.
    pub fn kubeconfig(&self) -> String {
        self.kubeconfig.clone()
    }

    /// Writes the kubeconfig to a file that only its owner can read.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_kubeconfig(&self, path: impl AsRef<Path>) -> io::Result<()> {
        credentials::write_private(path.as_ref(), &self.kubeconfig)
    }

    /// What clients have asked for.
    pub fn requests(&self) -> RequestLog {
        self.log.clone()
    }

    /// The faults that are injected; more can be added.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Why the last write was refused by the disk; `None` where it was kept.
    pub fn write_refusal(&self) -> Option<String> {
        self.tasks.api.store.write_refusal()
    }

    /// Stops: running requests are answered, watches end, the disk keeps what was written.
    ///
    /// # Errors
    /// The disk did not confirm, or a task had panicked.
    pub async fn stop(mut self) -> Result<(), StopError> {
        self.stop.cancel();
        (&mut self.tasks.server).await.map_err(StopError::Panicked)?;
        (&mut self.tasks.controllers).await.map_err(StopError::Panicked)?;
        self.tasks.api.store.sync().map_err(StopError::Sync)
    }
}
