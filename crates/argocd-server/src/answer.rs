//! Answers, in the shapes of upstream's gateway.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt as _};
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION, SET_COOKIE,
    VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use value::Value;

use crate::error::ApiError;

/// Proxies close connections on which nothing happens.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
const METADATA: HeaderName = HeaderName::from_static("grpc-metadata-content-type");

/// What a handler answers.
pub(crate) enum Answer {
    /// A message.
    Json(Value),
    /// A message, and a cookie.
    JsonWithCookie(Value, String),
    /// Messages as they come; an error is the last one.
    Stream(BoxStream<'static, Result<Value, ApiError>>),
    /// Events with names and ids.
    Events(BoxStream<'static, Frame>),
    /// Elsewhere, with a cookie perhaps.
    Redirect { to: String, cookie: Option<String> },
    /// Text.
    Text(StatusCode, &'static str),
    /// A picture that any page may show.
    Picture(String),
    /// Lines that a browser keeps in a file of this name.
    File { name: String, lines: BoxStream<'static, Bytes> },
}

/// A part of a stream of events.
pub(crate) enum Frame {
    Event {
        name: &'static str,
        /// Missing where more belongs to it: who comes back asks for all of that again.
        id: Option<String>,
        data: Value,
    },
    /// Nothing happened; the id all the same is newer.
    Silence { id: String },
}

impl Frame {
    fn text(&self) -> String {
        match self {
            Self::Event { name, id, data } => {
                let id = id.as_ref().map(|id| format!("id: {id}\n")).unwrap_or_default();
                format!("{id}event: {name}\ndata: {}\n\n", value::to_json(data))
            }
            Self::Silence { id } => format!(":\nid: {id}\n\n"),
        }
    }
}

impl Answer {
    /// Streams end when the server does: it waits for them.
    pub(crate) fn until(self, stop: CancellationToken) -> Self {
        match self {
            Self::Stream(messages) => Self::Stream(messages.take_until(stop.cancelled_owned()).boxed()),
            Self::Events(frames) => Self::Events(frames.take_until(stop.cancelled_owned()).boxed()),
            Self::File { name, lines } => {
                Self::File { name, lines: lines.take_until(stop.cancelled_owned()).boxed() }
            }
            other => other,
        }
    }

    /// The answer on the wire.
    pub(crate) fn response(self, wants_events: bool) -> Response {
        match self {
            Self::Json(message) => json(StatusCode::OK, &message, true),
            Self::JsonWithCookie(message, cookie) => {
                with_cookie(json(StatusCode::OK, &message, true), &cookie)
            }
            Self::Stream(messages) => stream(messages, wants_events),
            Self::Events(frames) => {
                let texts = frames.map(|frame| Ok::<_, Infallible>(Bytes::from(frame.text())));
                let mut response = Response::new(Body::from_stream(texts));
                let events = HeaderValue::from_static("text/event-stream");
                response.headers_mut().insert(CONTENT_TYPE, events);
                response
            }
            Self::Redirect { to, cookie } => redirect(&to, cookie.as_deref()),
            Self::Text(status, text) => plain(status, text),
            Self::Picture(svg) => {
                let mut response = Response::new(Body::from(svg));
                let headers = response.headers_mut();
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("image/svg+xml"));
                headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
                response
            }
            Self::File { name, lines } => {
                let mut response = Response::new(Body::from_stream(lines.map(Ok::<_, Infallible>)));
                let headers = response.headers_mut();
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
                insert(headers, CONTENT_DISPOSITION, &format!("attachment;filename=\"{name}\""));
                response
            }
        }
    }
}

/// Elsewhere; the text is for those who do not follow.
fn redirect(to: &str, cookie: Option<&str>) -> Response {
    let escapes = [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&#34;"), ('\'', "&#39;")];
    let link = escapes.into_iter().fold(to.to_owned(), |text, (char, escape)| text.replace(char, escape));
    let text = format!("<a href=\"{link}\">See Other</a>.\n\n");
    let mut response = with_status(Response::new(Body::from(text)), StatusCode::SEE_OTHER);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    insert(headers, LOCATION, to);
    // The address that leads here may hold a secret.
    insert(headers, http::header::REFERRER_POLICY, "no-referrer");
    match cookie {
        Some(cookie) => with_cookie(response, cookie),
        None => response,
    }
}

/// An error; that of a stream has another shape.
pub(crate) fn refusal(error: &ApiError, of_stream: bool, wants_events: bool) -> Response {
    if !of_stream {
        return json(error.code.status(), &error.body(), false);
    }
    let body = value::to_json(&error.stream_body());
    let (kind, text) = if wants_events {
        ("text/event-stream", format!("data: {body} \n\n"))
    } else {
        ("application/json", body)
    };
    let mut response = with_status(Response::new(Body::from(text)), error.code.status());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// What does not come from the gateway itself.
pub(crate) fn plain(status: StatusCode, text: &'static str) -> Response {
    let mut response = with_status(Response::new(Body::from(text)), status);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Nobody may put an answer into a frame, guess its type or keep it.
pub(crate) fn protect(response: &mut Response) {
    const HEADERS: [(HeaderName, &str); 4] = [
        (
            http::header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
             font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (http::header::REFERRER_POLICY, "same-origin"),
        (CACHE_CONTROL, "private, no-store"),
    ];
    for (name, text) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(text));
    }
}

fn json(status: StatusCode, message: &Value, is_message: bool) -> Response {
    let mut response = with_status(Response::new(Body::from(value::to_json(message))), status);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    if is_message {
        headers.insert(METADATA, HeaderValue::from_static("application/grpc"));
    }
    response
}

fn stream(messages: BoxStream<'static, Result<Value, ApiError>>, events: bool) -> Response {
    let texts = messages.map(|message| {
        value::to_json(&match message {
            Ok(message) => Value::map_of([("result", message)]),
            Err(error) => error.stream_body(),
        })
    });
    let (kind, body) = match events {
        true => ("text/event-stream", Body::from_stream(frames(texts.map(|text| event(&text))))),
        false => {
            let lines = texts.map(|text| Ok::<_, Infallible>(Bytes::from(text + "\n")));
            ("application/json", Body::from_stream(lines))
        }
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(METADATA, HeaderValue::from_static("application/grpc"));
    response
}

/// Events, and between them comments, so that the connection is never silent for long.
fn frames(
    events: impl Stream<Item = String> + Send + 'static,
) -> impl Stream<Item = Result<Bytes, Infallible>> {
    futures::stream::unfold(Box::pin(events), async |mut events| {
        let silence = tokio::time::sleep_until(Instant::now() + KEEP_ALIVE);
        tokio::select! {
            event = events.next() => Some((Ok(Bytes::from(event?)), events)),
            () = silence => Some((Ok(Bytes::from_static(b":\n")), events)),
        }
    })
}

fn event(text: &str) -> String {
    format!("data: {text} \n\n\n")
}

fn with_status(mut response: Response, status: StatusCode) -> Response {
    *response.status_mut() = status;
    response
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    insert(response.headers_mut(), SET_COOKIE, cookie);
    response
}

/// A text that is no value of a header is left out; ours are made of tokens and addresses.
fn insert(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    match HeaderValue::from_str(text) {
        Ok(value) => {
            headers.insert(name, value);
        }
        Err(_) => tracing::warn!(header = %name, "a header was left out: its value has control characters"),
    }
}
