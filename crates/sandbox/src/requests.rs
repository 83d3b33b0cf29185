//! What clients asked for, counted and, if wanted, recorded.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use value::Value;

/// The requests of clients for resources. The sandbox's own controllers make none. Clones share one log.
#[derive(Clone, Debug, Default)]
pub struct RequestLog(Arc<Mutex<Log>>);

#[derive(Debug, Default)]
struct Log {
    counts: BTreeMap<(String, String), u64>,
    recording: Option<Vec<Request>>,
}

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The verb, such as `patch` or `watch`.
    pub verb: String,
    /// The API group; empty for the core group.
    pub group: String,
    /// The version.
    pub version: String,
    /// The resource with its subresource, such as `deployments/status`.
    pub resource: String,
    /// The namespace; empty for cluster-scoped objects and lists over all namespaces.
    pub namespace: String,
    /// The name; empty for collections.
    pub name: String,
    /// The query as it was sent.
    pub query: String,
    /// The media type of the body.
    pub content_type: String,
    /// The body; null where there is none.
    pub body: Value,
    /// The client's name.
    pub user_agent: String,
    /// The user that the client acted as (`Impersonate-User`), if any.
    pub impersonated: Option<String>,
    /// The code of the answer; 0 where a fault took the answer away.
    pub status: u16,
}

impl RequestLog {
    /// How many requests there were of a verb for a resource (`deployments/status`).
    pub fn count(&self, verb: &str, resource: &str) -> u64 {
        self.lock().counts.get(&(verb.to_owned(), resource.to_owned())).copied().unwrap_or(0)
    }

    /// How many requests there were, by verb and resource.
    pub fn counts(&self) -> BTreeMap<(String, String), u64> {
        self.lock().counts.clone()
    }

    /// Begins to record, with an empty recording.
    pub fn record(&self) {
        self.lock().recording = Some(Vec::new());
    }

    /// Takes what was recorded, in the order in which it was answered, and goes on recording.
    pub fn take(&self) -> Vec<Request> {
        self.lock().recording.as_mut().map(std::mem::take).unwrap_or_default()
    }

    pub(crate) fn is_recording(&self) -> bool {
        self.lock().recording.is_some()
    }

    pub(crate) fn add(&self, request: Request) {
        let mut log = self.lock();
        *log.counts.entry((request.verb.clone(), request.resource.clone())).or_default() += 1;
        if let Some(recording) = &mut log.recording {
            recording.push(request);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
