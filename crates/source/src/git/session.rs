//! One conversation with a server: requests, redirects, deadlines, and frames out of answers.

use base64::Engine as _;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use reqwest::Response;
use tokio::time::{Instant, timeout_at};
use url::{Position, Url};

use super::error::{GitErrorKind, Request};
use super::pkt::{self, Pkt};
use super::{Credentials, Remote};
use crate::client::{Client, LookupFailed, Settings};

/// How many redirects of the first request are followed.
const MAX_REDIRECTS: usize = 10;
/// How much of a refusal's body is kept for the message.
const MAX_REASON: usize = 4096;

const ADVERTISEMENT: &str = "application/x-git-upload-pack-advertisement";
const RESULT: &str = "application/x-git-upload-pack-result";

/// The way to one repository.
#[derive(Debug)]
pub(crate) struct Session {
    client: Client,
    /// Where the repository is after redirects; without query, fragment and credentials.
    base: Url,
    /// Only sent to the origin that the user named.
    authorization: Option<HeaderValue>,
    deadline: Instant,
}

impl Session {
    /// A session that has not spoken yet.
    pub(crate) fn new(remote: &Remote, deadline: Instant) -> Result<Self, GitErrorKind> {
        let certificate = remote.client_certificate.as_ref().map(|(chain, key)| (&chain[..], &key[..]));
        let settings = Settings { ca: remote.ca.as_deref(), certificate, proxy: remote.proxy.as_ref() };
        let base = plain(&remote.url);
        if !matches!(base.scheme(), "http" | "https") || !base.has_host() {
            return Err(GitErrorKind::NoHost(Request::new(Method::GET, &base)));
        }
        Ok(Session {
            client: Client::new(&settings).map_err(GitErrorKind::Client)?,
            base,
            authorization: authorization(remote),
            deadline,
        })
    }

    /// Asks for the advertisement, following redirects to where the repository now is.
    pub(crate) async fn advertisement(&mut self) -> Result<Frames, GitErrorKind> {
        for _ in 0..MAX_REDIRECTS {
            let url = self.at("info/refs?service=git-upload-pack");
            let request = Request::new(Method::GET, &url);
            let call = self.client.http.get(url.clone()).headers(self.headers(ADVERTISEMENT));
            let response = self.send(call, &request).await?;
            if !response.status().is_redirection() {
                return self.frames(response, request, ADVERTISEMENT).await;
            }
            self.follow(&url, &response)?;
        }
        Err(GitErrorKind::Redirect(self.base.to_string()))
    }

    /// Sends a command, and returns the frames of the answer.
    pub(crate) async fn command(&self, body: Vec<u8>) -> Result<Frames, GitErrorKind> {
        let url = self.at("git-upload-pack");
        let request = Request::new(Method::POST, &url);
        let mut headers = self.headers(RESULT);
        let content = HeaderValue::from_static("application/x-git-upload-pack-request");
        headers.insert(header::CONTENT_TYPE, content);
        let call = self.client.http.post(url).headers(headers).body(body);
        let response = self.send(call, &request).await?;
        if response.status().is_redirection() {
            let target = response.headers().get(header::LOCATION);
            let target = target.and_then(|value| value.to_str().ok()).unwrap_or("nowhere");
            return Err(GitErrorKind::Redirect(target.to_owned()));
        }
        self.frames(response, request, RESULT).await
    }

    fn at(&self, path: &str) -> Url {
        let text = format!("{}/{path}", self.base.as_str().trim_end_matches('/'));
        // A URL stays one when a plain path is appended to it.
        Url::parse(&text).unwrap_or_else(|_| self.base.clone())
    }

    fn headers(&self, accept: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
        headers.insert("git-protocol", HeaderValue::from_static("version=2"));
        if let Some(authorization) = &self.authorization {
            headers.insert(header::AUTHORIZATION, authorization.clone());
        }
        headers
    }

    async fn send(&self, call: reqwest::RequestBuilder, request: &Request) -> Result<Response, GitErrorKind> {
        match timeout_at(self.deadline, call.send()).await {
            Err(_) => Err(GitErrorKind::Timeout(Some(request.clone()))),
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(self.explain(error, request)),
        }
    }

    /// Moves to where a redirect leads; credentials stay behind when that is another origin.
    fn follow(&mut self, from: &Url, response: &Response) -> Result<(), GitErrorKind> {
        let location = response.headers().get(header::LOCATION);
        let text = location.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let refused = || GitErrorKind::Redirect(text.to_owned());
        let target = from.join(text).map_err(|_| refused())?;
        if !matches!(target.scheme(), "http" | "https")
            || (from.scheme() == "https" && target.scheme() != "https")
        {
            return Err(refused());
        }
        let path = target[..Position::AfterPath].strip_suffix("/info/refs").ok_or_else(refused)?;
        let base = plain(&Url::parse(path).map_err(|_| refused())?);
        if base.origin() != self.base.origin() {
            self.authorization = None;
        }
        self.base = base;
        Ok(())
    }

    async fn frames(
        &self,
        response: Response,
        request: Request,
        expected: &str,
    ) -> Result<Frames, GitErrorKind> {
        let status = response.status();
        let content_type = response.headers().get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or("no content type");
        if !status.is_success() {
            return Err(refusal(response, request, self.deadline).await);
        }
        if content_type != expected {
            return Err(GitErrorKind::NotGit { content_type: content_type.to_owned(), status });
        }
        let content_type = content_type.to_owned();
        Ok(Frames { response, buffer: BytesMut::new(), deadline: self.deadline, content_type })
    }

    /// What an error of the HTTP library means.
    fn explain(&self, error: reqwest::Error, request: &Request) -> GitErrorKind {
        let request = request.clone();
        let connecting = error.is_connect();
        let mut next = std::error::Error::source(&error);
        let mut system = None;
        while let Some(layer) = next {
            if let Some(lookup) = layer.downcast_ref::<LookupFailed>() {
                return GitErrorKind::Lookup { request, host: lookup.host.clone(), server: name_server() };
            }
            if let Some(io) = layer.downcast_ref::<std::io::Error>() {
                if let Some(tls) = tls_error(io) {
                    return GitErrorKind::Tls { request, source: tls };
                }
                system = Some(io.kind());
            }
            if let Some(tls) = layer.downcast_ref::<rustls::Error>() {
                return GitErrorKind::Tls { request, source: tls.clone() };
            }
            if layer.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_incomplete_message) {
                return GitErrorKind::Closed(request);
            }
            next = layer.source();
        }
        match system {
            Some(kind) if connecting => {
                GitErrorKind::Connect { request, address: self.address(), source: kind.into() }
            }
            Some(std::io::ErrorKind::UnexpectedEof) => GitErrorKind::Closed(request),
            _ => GitErrorKind::Network { request, source: error.without_url() },
        }
    }

    /// The address that was connected to, as far as it is known.
    fn address(&self) -> Option<std::net::SocketAddr> {
        let port = self.base.port_or_known_default()?;
        let mut address = match self.base.host()? {
            url::Host::Ipv4(ip) => (ip, 0).into(),
            url::Host::Ipv6(ip) => (ip, 0).into(),
            url::Host::Domain(name) => self.client.addresses.of(name)?,
        };
        address.set_port(port);
        Some(address)
    }
}

/// The TLS error inside an IO error, which may be wrapped more than once.
fn tls_error(error: &std::io::Error) -> Option<rustls::Error> {
    let inner = error.get_ref()?;
    match inner.downcast_ref::<std::io::Error>() {
        Some(io) => tls_error(io),
        None => inner.downcast_ref::<rustls::Error>().cloned(),
    }
}

/// The URL without what must not be sent or shown.
fn plain(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    if url.set_username("").and_then(|()| url.set_password(None)).is_err() {
        tracing::debug!("a URL without host has no credentials to remove");
    }
    url
}

fn authorization(remote: &Remote) -> Option<HeaderValue> {
    let basic = |user: &str, password: &str| {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        format!("Basic {pair}")
    };
    let text = match &remote.credentials {
        Credentials::Bearer(token) => format!("Bearer {}", token.expose()),
        Credentials::Basic { user, password } => basic(user, password.expose()),
        Credentials::None if remote.url.username().is_empty() && remote.url.password().is_none() => {
            return None;
        }
        Credentials::None => {
            basic(&unescaped(remote.url.username()), &unescaped(remote.url.password().unwrap_or_default()))
        }
    };
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Percent-decoding, as credentials in URLs need it.
fn unescaped(text: &str) -> String {
    let pair = format!("x={}", text.replace('+', "%2B"));
    url::form_urlencoded::parse(pair.as_bytes())
        .next()
        .map_or_else(String::new, |(_, value)| value.into_owned())
}

/// The name server that the system asks first, for messages like Go's.
fn name_server() -> Option<String> {
    let text = std::fs::read_to_string("/etc/resolv.conf").ok()?;
    let address = text.lines().find_map(|line| line.trim().strip_prefix("nameserver "))?.trim().to_owned();
    Some(if address.contains(':') { format!("[{address}]:53") } else { format!("{address}:53") })
}

async fn refusal(mut response: Response, request: Request, deadline: Instant) -> GitErrorKind {
    let status = response.status();
    let mut body = Vec::new();
    // A refusal whose body breaks off is still that refusal.
    while let Ok(Ok(Some(chunk))) = timeout_at(deadline, response.chunk()).await {
        body.extend_from_slice(&chunk);
        if body.len() >= MAX_REASON {
            body.truncate(MAX_REASON);
            break;
        }
    }
    let reason = String::from_utf8_lossy(&body).into_owned();
    match status {
        StatusCode::UNAUTHORIZED => GitErrorKind::AuthenticationRequired(reason),
        StatusCode::FORBIDDEN => GitErrorKind::AuthorizationFailed(reason),
        StatusCode::NOT_FOUND => GitErrorKind::RepositoryNotFound(reason),
        status => GitErrorKind::Status { status, request },
    }
}

/// The frames of one answer, as they arrive.
#[derive(Debug)]
pub(crate) struct Frames {
    response: Response,
    buffer: BytesMut,
    deadline: Instant,
    content_type: String,
}

impl Frames {
    /// The next frame, or `None` after the last one.
    pub(crate) async fn next(&mut self) -> Result<Option<Pkt>, GitErrorKind> {
        loop {
            if let Some(frame) = pkt::take(&mut self.buffer).map_err(|_| self.not_git())? {
                if let Pkt::Data(data) = &frame
                    && let Some(message) = data.strip_prefix(b"ERR ")
                {
                    return Err(refused(message));
                }
                return Ok(Some(frame));
            }
            if !self.fill().await? {
                return if self.buffer.is_empty() { Ok(None) } else { Err(GitErrorKind::Truncated) };
            }
        }
    }

    /// The rest of the answer as it is, chunk by chunk: what servers without side-band send.
    pub(crate) async fn raw(&mut self) -> Result<Option<Bytes>, GitErrorKind> {
        if self.buffer.is_empty() && !self.fill().await? {
            return Ok(None);
        }
        Ok(Some(self.buffer.split().freeze()))
    }

    /// Whether more came.
    async fn fill(&mut self) -> Result<bool, GitErrorKind> {
        match timeout_at(self.deadline, self.response.chunk()).await {
            Err(_) => Err(GitErrorKind::Timeout(None)),
            Ok(Ok(Some(chunk))) => {
                self.buffer.extend_from_slice(&chunk);
                Ok(true)
            }
            Ok(Ok(None)) => Ok(false),
            Ok(Err(_)) => Err(GitErrorKind::Truncated),
        }
    }

    fn not_git(&self) -> GitErrorKind {
        GitErrorKind::NotGit { content_type: self.content_type.clone(), status: self.response.status() }
    }
}

/// The server's own words, which are shown but kept short.
pub(crate) fn refused(message: &[u8]) -> GitErrorKind {
    let text = String::from_utf8_lossy(&message[..message.len().min(MAX_REASON)]);
    GitErrorKind::Refused(text.trim_end().to_owned())
}
