//! Fetching an artifact from its URL, whoever serves it.

use std::io::Write;
use std::time::Duration;

use http::StatusCode;
use reqwest::Response;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::{Digest, Digested};
use crate::client::{Client, ClientError, Settings};

/// As Flux's consumers: the first attempt and nine more.
const ATTEMPTS: u32 = 10;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What is accepted.
#[derive(Debug, Clone, Copy)]
pub struct DownloadLimits {
    /// The size of the artifact, as it is transferred.
    pub bytes: u64,
}

impl Default for DownloadLimits {
    fn default() -> Self {
        DownloadLimits { bytes: 512 << 20 }
    }
}

/// Why an artifact could not be had.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The server does not have it (any more): the source's status will soon name another one.
    #[error("artifact not found at {0}")]
    NotFound(Url),
    /// Any other status that trying again does not change, or did not change.
    #[error("the server of {url} answered {status}")]
    Status {
        /// Of the artifact.
        url: Url,
        /// Its last answer.
        status: StatusCode,
    },
    /// No answer, or a broken one.
    #[error("cannot fetch {url}")]
    Network {
        /// Of the artifact.
        url: Url,
        /// The last reason.
        source: reqwest::Error,
    },
    /// The content is not what the source's status announced.
    #[error("the artifact at {url} has digest {found} instead of {expected}")]
    Digest {
        /// Of the artifact.
        url: Url,
        /// Announced.
        expected: Digest,
        /// Of what came.
        found: Digest,
    },
    /// Larger than the limit.
    #[error("the artifact at {url} has more than {limit} bytes")]
    TooLarge {
        /// Of the artifact.
        url: Url,
        /// In bytes.
        limit: u64,
    },
    /// The deadline passed; the reason of the last attempt is the source, if one had ended.
    #[error("no complete answer from {url} in time")]
    Deadline {
        /// Of the artifact.
        url: Url,
        /// Why the attempt before failed.
        source: Option<Box<DownloadError>>,
    },
    /// The content could not be digested.
    #[error("cannot digest the artifact")]
    Digesting(#[source] std::io::Error),
}

/// A client that keeps its connections.
#[derive(Debug, Clone)]
pub struct Downloader {
    http: reqwest::Client,
}

impl Downloader {
    /// A client that connects directly and trusts the system's authorities.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new() -> Result<Self, ClientError> {
        Ok(Downloader { http: Client::new(&Settings::default())?.http })
    }

    /// The content at `url`, if it has this digest. Answers that may change (no answer, 429, 5xx) are asked
    /// for again, after growing pauses or as long as `Retry-After` says, until the deadline.
    ///
    /// # Errors
    /// See [`DownloadError`].
    pub async fn download(
        &self,
        url: &Url,
        digest: &Digest,
        limits: DownloadLimits,
        deadline: Instant,
    ) -> Result<Vec<u8>, DownloadError> {
        let mut last = None;
        for attempt in 0..ATTEMPTS {
            let late = |source| DownloadError::Deadline { url: url.clone(), source };
            let failure = match timeout_at(deadline, self.attempt(url, digest, limits)).await {
                Err(_) => return Err(late(last.map(Box::new))),
                Ok(Ok(content)) => return Ok(content),
                Ok(Err(failure)) => failure,
            };
            let Some(wait) = failure.retry else { return Err(failure.error) };
            let pause = wait.unwrap_or_else(|| (FIRST_PAUSE * 2_u32.pow(attempt)).min(LONGEST_PAUSE));
            if Instant::now() + pause >= deadline {
                return Err(late(Some(Box::new(failure.error))));
            }
            last = Some(failure.error);
            tokio::time::sleep(pause).await;
        }
        Err(last.unwrap_or_else(|| DownloadError::NotFound(url.clone())))
    }

    async fn attempt(&self, url: &Url, digest: &Digest, limits: DownloadLimits) -> Result<Vec<u8>, Failure> {
        let network = |source: reqwest::Error| Failure {
            error: DownloadError::Network { url: url.clone(), source: source.without_url() },
            retry: Some(None),
        };
        let response = self.http.get(url.clone()).send().await.map_err(network)?;
        let status = response.status();
        if status != StatusCode::OK {
            return Err(refused(url, status, &response));
        }
        let mut response = response;
        let mut sum = Digested::like(Vec::new(), digest);
        let mut size = 0;
        while let Some(chunk) = response.chunk().await.map_err(network)? {
            size += chunk.len() as u64;
            if size > limits.bytes {
                return Err(DownloadError::TooLarge { url: url.clone(), limit: limits.bytes }.into());
            }
            sum.write_all(&chunk).map_err(DownloadError::Digesting)?;
        }
        let (content, found, _) = sum.finish();
        if found == *digest {
            return Ok(content);
        }
        Err(DownloadError::Digest { url: url.clone(), expected: digest.clone(), found }.into())
    }
}

/// A failed attempt, and whether another may do better: at once it never does, `Some(None)` leaves the pause
/// to the client.
struct Failure {
    error: DownloadError,
    retry: Option<Option<Duration>>,
}

impl From<DownloadError> for Failure {
    fn from(error: DownloadError) -> Self {
        Failure { error, retry: None }
    }
}

fn refused(url: &Url, status: StatusCode, response: &Response) -> Failure {
    let url = url.clone();
    if status == StatusCode::NOT_FOUND {
        return DownloadError::NotFound(url).into();
    }
    let again = status == StatusCode::TOO_MANY_REQUESTS
        || (status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED);
    let after = response.headers().get(http::header::RETRY_AFTER);
    let seconds = after.and_then(|value| value.to_str().ok()).and_then(|text| text.trim().parse().ok());
    Failure {
        error: DownloadError::Status { url, status },
        retry: again.then_some(seconds.map(Duration::from_secs)),
    }
}
