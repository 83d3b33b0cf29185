//! A watch as the body of an answer: one JSON document for each event.

use bytes::Bytes;
use futures::stream;
use http::Response;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tokio_util::sync::CancellationToken;
use value::Value;

use super::answer::{self, Body, Dropped, RowObject};
use super::negotiation::Form;
use crate::api::Api;
use crate::kinds::Kind;
use crate::verbs::watch::{Event, Watch};
use std::sync::Arc;

/// How the events of one watch are written.
pub(super) struct Encoding {
    pub(super) api: Arc<Api>,
    pub(super) kind: Arc<Kind>,
    pub(super) form: Form,
    pub(super) rows: RowObject,
}

impl Encoding {
    fn line(&self, event: &Event) -> Bytes {
        let object = match event.r#type {
            "ERROR" => event.object.clone(),
            "BOOKMARK" if self.form == Form::Object => event.object.clone(),
            _ => answer::object(&self.kind, &event.object, self.form, self.api.timestamp(), self.rows),
        };
        let event = Value::map_of([("type", Value::from(event.r#type)), ("object", object)]);
        let mut line = value::to_json(&event);
        line.push('\n');
        line.into()
    }
}

/// The answer that goes on until the watch is over or the server stops.
pub(super) fn response(watch: Watch, encoding: Encoding, stop: CancellationToken) -> Response<Body> {
    let state = (watch, encoding, stop);
    let events = stream::unfold(state, |(mut watch, encoding, stop)| async move {
        let next = tokio::select! {
            biased;
            () = stop.cancelled() => return None,
            next = watch.next() => next,
        };
        match next {
            Ok(Some(event)) => {
                let line = encoding.line(&event);
                Some((Ok(Frame::data(line)), (watch, encoding, stop)))
            }
            Ok(None) => None,
            Err(_) => Some((Err(Dropped), (watch, encoding, stop))),
        }
    });
    let mut response = answer::typed(200, "application/json", Bytes::new());
    *response.body_mut() = StreamBody::new(events).boxed_unsync();
    response
}
