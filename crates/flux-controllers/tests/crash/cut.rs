//! A connection to a cluster that goes dead at a given request, as it does when the process behind it is
//! killed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use http::Request;
use kube::client::Body;
use tower::{Layer, Service};

use crate::Kill;

/// Counts the requests of one process and ends them at one of them. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Cut(Arc<State>);

#[derive(Default)]
struct State {
    requests: AtomicU64,
    before: AtomicU64,
    after: AtomicU64,
    crashed: AtomicBool,
}

impl Cut {
    pub(crate) fn requests(&self) -> u64 {
        self.0.requests.load(Ordering::SeqCst)
    }

    /// Ends the process at the given request, counted from one.
    pub(crate) fn at(&self, request: u64, kill: Kill) {
        let place = match kill {
            Kill::Before => &self.0.before,
            Kill::After => &self.0.after,
        };
        place.store(request, Ordering::SeqCst);
    }

    pub(crate) fn crashed(&self) -> bool {
        self.0.crashed.load(Ordering::SeqCst)
    }

    fn crash(&self) {
        self.0.crashed.store(true, Ordering::SeqCst);
    }
}

impl<S> Layer<S> for Cut {
    type Service = Connection<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Connection { inner, cut: self.clone() }
    }
}

/// The layer's service.
#[derive(Clone)]
pub(crate) struct Connection<S> {
    inner: S,
    cut: Cut,
}

impl<S> Service<Request<Body>> for Connection<S>
where
    S: Service<Request<Body>>,
    S::Response: Send + 'static,
    S::Error: Send + 'static,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let cut = self.cut.clone();
        let number = cut.0.requests.fetch_add(1, Ordering::SeqCst) + 1;
        if number == cut.0.before.load(Ordering::SeqCst) {
            cut.crash();
        }
        // Nothing that a dead process sends arrives.
        if cut.crashed() {
            return Box::pin(std::future::pending());
        }
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await;
            if number == cut.0.after.load(Ordering::SeqCst) {
                cut.crash();
            }
            if cut.crashed() {
                return std::future::pending().await;
            }
            answer
        })
    }
}
