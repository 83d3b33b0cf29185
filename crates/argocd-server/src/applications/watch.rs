//! Changes of applications as they come.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use apimachinery::object;
use cluster::watch::Observation;
use futures::StreamExt as _;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use value::Value;

use super::read::{Filter, is_shown};
use crate::answer::Answer;
use crate::authentication::Caller;
use crate::control_plane::ControlPlane;
use crate::error::{ApiError, Code};
use crate::permit::LoggedIn;
use crate::request::Request;
use crate::sessions::is_current;
use crate::shape::{self, FieldFilter};

/// A session that has ended is noticed by its streams after so long, even if nothing happens.
const PERIOD: Duration = Duration::from_secs(30);

/// `GET /api/v1/stream/applications`: first what is there, then each change.
pub(crate) async fn watch(
    control: Arc<ControlPlane>,
    LoggedIn(caller): LoggedIn,
    request: Request,
) -> Result<Answer, ApiError> {
    let filter = Filter::new(&request)?;
    // Changes are listened to before the first look: what happens in between comes twice rather than never.
    let changes = control.changes();
    let mut present =
        control.applications.select(|application| is_shown(&control, &caller, &filter, application));
    present.sort_by(|a, b| object::name(a).cmp(&object::name(b)));
    let fields = request.parameter("fields").unwrap_or_default().to_owned();
    let shown = present.iter().map(|application| (key(application), application.clone())).collect();
    let first: Vec<_> = present.iter().map(|application| Ok(event("ADDED", application, &fields))).collect();
    let watcher = Watcher { control, caller, filter, fields, changes, shown, has_ended: false };
    let rest = futures::stream::unfold(watcher, async |mut watcher| {
        let event = watcher.next().await?;
        Some((event, watcher))
    });
    Ok(Answer::Stream(futures::stream::iter(first).chain(rest).boxed()))
}

/// What one client has been told.
struct Watcher {
    control: Arc<ControlPlane>,
    caller: Caller,
    filter: Filter,
    fields: String,
    changes: Receiver<Observation>,
    /// As the client last saw them; the same again is no news.
    shown: HashMap<(String, String), Value>,
    has_ended: bool,
}

impl Watcher {
    /// The next event; `None` when the stream is over.
    async fn next(&mut self) -> Option<Result<Value, ApiError>> {
        while !self.has_ended {
            let change = tokio::select! {
                change = self.changes.recv() => Some(change),
                () = tokio::time::sleep(PERIOD) => None,
            };
            if !is_current(&self.control, &self.caller) {
                self.has_ended = true;
                return Some(Err(ApiError::new(Code::Unauthenticated, "the session has ended")));
            }
            let Some(change) = change else { continue };
            match change {
                Ok(observation) => {
                    if let Some(event) = self.take(&observation) {
                        return Some(Ok(event));
                    }
                }
                Err(RecvError::Closed) => return None,
                Err(RecvError::Lagged(missed)) => {
                    self.has_ended = true;
                    let message = format!("{missed} changes were missed; open the stream again");
                    return Some(Err(ApiError::new(Code::Aborted, message)));
                }
            }
        }
        None
    }

    /// Rights count at the moment of the event: who has lost them hears that the application is gone.
    fn take(&mut self, observation: &Observation) -> Option<Value> {
        let (now, exists) = match observation {
            Observation::Changed { now, .. } => (now, true),
            Observation::Gone(last) => (last, false),
        };
        let is_seen = exists && is_shown(&self.control, &self.caller, &self.filter, now);
        if !is_seen {
            let last = self.shown.remove(&key(now))?;
            return Some(event("DELETED", &last, &self.fields));
        }
        match self.shown.insert(key(now), now.clone()) {
            None => Some(event("ADDED", now, &self.fields)),
            Some(before) if before == *now => None,
            Some(_) => Some(event("MODIFIED", now, &self.fields)),
        }
    }
}

fn key(application: &Value) -> (String, String) {
    let namespace = object::namespace(application).unwrap_or_default().to_owned();
    (namespace, object::name(application).unwrap_or_default().to_owned())
}

/// Fields of a stream are those of its messages: `result.application.metadata.name`.
fn event(kind: &str, application: &Value, fields: &str) -> Value {
    let message =
        Value::map_of([("type", Value::from(kind)), ("application", shape::application(application))]);
    let whole = Value::map_of([("result", message)]);
    let picked = FieldFilter::new(fields).apply(&whole);
    picked.get("result").cloned().unwrap_or_else(Value::map)
}
