//! A receiver of notifications.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::Value as Json;
use tokio::net::TcpListener;

/// Records what is POSTed to it.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) address: String,
    received: Arc<Mutex<Vec<Json>>>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}/", listener.local_addr().expect("an address"));
        let receiver = Self { address, received: Arc::default() };
        tokio::spawn(receiver.clone().accept(listener));
        receiver
    }

    /// The notifications about objects of `namespaces`, in the order in which they came.
    pub(crate) fn about(&self, namespaces: &[String]) -> Vec<Json> {
        let received = self.received.lock().expect("no panic while it is held");
        let is_about = |body: &&Json| {
            let namespace = body["involvedObject"]["namespace"].as_str().unwrap_or_default();
            namespaces.iter().any(|other| other == namespace)
        };
        received.iter().filter(is_about).cloned().collect()
    }

    async fn accept(self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let receiver = self.clone();
            tokio::spawn(async move {
                let service = hyper::service::service_fn(|request| receiver.clone().take(request));
                let connection = hyper::server::conn::http1::Builder::new();
                // The sender may close its connection at any time.
                connection.serve_connection(TokioIo::new(stream), service).await.ok();
            });
        }
    }

    async fn take(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
        let body = request.into_body().collect().await?.to_bytes();
        let body = serde_json::from_slice(&body).expect("a notification is JSON");
        self.received.lock().expect("no panic while it is held").push(body);
        Ok(Response::new(Full::default()))
    }
}
