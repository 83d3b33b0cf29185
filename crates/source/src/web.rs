//! Single files on the web.

use bytes::{Bytes, BytesMut};
use http::{StatusCode, header};
use reqwest::Response;
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::client::{Client, ClientError, Settings};
use crate::git::Proxy;

/// How many redirects are followed, as Go's client does.
const MAX_REDIRECTS: usize = 10;

/// Why a file could not be had.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// Not a URL of the web.
    #[error("{0} is no http or https URL")]
    Scheme(String),
    /// No client could be made.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// No answer, or a broken one.
    #[error("cannot fetch {url}")]
    Network {
        /// The file.
        url: Url,
        /// Why.
        source: reqwest::Error,
    },
    /// The server does not give it.
    #[error("HTTP Error: status code {} ({})", .status.as_u16(), .status.canonical_reason().unwrap_or_default())]
    Status {
        /// Its answer.
        status: StatusCode,
    },
    /// Redirects without end, or to somewhere else than the web.
    #[error("{url} redirects to {to:?}, which is not followed")]
    Redirect {
        /// Who redirects.
        url: Url,
        /// Where to.
        to: String,
    },
    /// Larger than the limit.
    #[error("{url} has more than {limit} bytes")]
    TooLarge {
        /// The file.
        url: Url,
        /// In bytes.
        limit: usize,
    },
    /// The deadline passed.
    #[error("no complete answer from {0} in time")]
    Deadline(Url),
}

/// The content of the file at `url`, of at most `limit` bytes.
///
/// # Errors
/// See [`WebError`].
pub async fn get(
    url: &str,
    proxy: Option<&Proxy>,
    limit: usize,
    deadline: Instant,
) -> Result<Bytes, WebError> {
    let client = Client::new(&Settings { proxy, ..Settings::default() })?;
    let mut url = web(Url::parse(url).ok(), url)?;
    let late = |url: &Url| WebError::Deadline(url.clone());
    for _ in 0..=MAX_REDIRECTS {
        let network =
            |source: reqwest::Error| WebError::Network { url: shown(&url), source: source.without_url() };
        let call = timeout_at(deadline, client.http.get(url.clone()).send());
        let response = call.await.map_err(|_| late(&shown(&url)))?.map_err(network)?;
        if response.status().is_redirection() {
            url = target(&url, &response)?;
            continue;
        }
        if !response.status().is_success() {
            return Err(WebError::Status { status: response.status() });
        }
        let body = timeout_at(deadline, body(response, &url, limit));
        return body.await.map_err(|_| late(&shown(&url)))?;
    }
    Err(WebError::Redirect { url: shown(&url), to: shown(&url).to_string() })
}

async fn body(mut response: Response, url: &Url, limit: usize) -> Result<Bytes, WebError> {
    let network =
        |source: reqwest::Error| WebError::Network { url: shown(url), source: source.without_url() };
    let mut content = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(network)? {
        if content.len() + chunk.len() > limit {
            return Err(WebError::TooLarge { url: shown(url), limit });
        }
        content.extend_from_slice(&chunk);
    }
    Ok(content.freeze())
}

/// Where a redirect leads. What was asked for with encryption is not asked for without.
fn target(from: &Url, response: &Response) -> Result<Url, WebError> {
    let location = response.headers().get(header::LOCATION);
    let text = location.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let to = from.join(text).ok().filter(|to| from.scheme() != "https" || to.scheme() == "https");
    web(to, text).map_err(|_| WebError::Redirect { url: shown(from), to: text.to_owned() })
}

fn web(url: Option<Url>, text: &str) -> Result<Url, WebError> {
    url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| WebError::Scheme(text.to_owned()))
}

/// Without what nobody must read in a message.
fn shown(url: &Url) -> Url {
    let mut url = url.clone();
    // Both can only fail for URLs that have no host, which these have.
    if url.set_username("").is_ok() && url.set_password(None).is_ok() {
        url.set_query(None);
    }
    url
}
