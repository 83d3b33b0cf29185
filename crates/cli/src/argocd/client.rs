//! Calls to the API.

use std::error::Error as StdError;
use std::time::Duration;

use reqwest::Method;
use thiserror::Error;
use url::Url;
use value::Value;

/// A call takes no longer; waiting is done in many of them.
const PATIENCE: Duration = Duration::from_secs(90);

/// A failed call.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The address is none.
    #[error("{0:?} is no address of an API: write http://HOST:PORT, or HOST:PORT for HTTPS")]
    Address(String),
    /// Nobody answered.
    #[error("the API at {server} cannot be reached")]
    Unreachable {
        /// The address.
        server: Url,
        /// Why.
        source: reqwest::Error,
    },
    /// What answers does not speak TLS.
    #[error("{server} does not speak HTTPS; try http://{}", .server.authority())]
    PlainText {
        /// The address.
        server: Url,
        /// What TLS says.
        source: reqwest::Error,
    },
    /// The API refused.
    #[error("{message}")]
    Refused {
        /// The status of HTTP.
        status: u16,
        /// The API's sentence.
        message: String,
    },
    /// Something else than the API answered.
    #[error("what answers at {server} is not Argo CD's API (status {status})")]
    Foreign {
        /// The address.
        server: Url,
        /// The status of HTTP.
        status: u16,
    },
}

impl ClientError {
    /// Whether logging in again may help.
    pub fn is_unauthenticated(&self) -> bool {
        matches!(self, Self::Refused { status: 401, .. })
    }
}

/// An API, and who asks it.
#[derive(Clone, Debug)]
pub struct Client {
    server: Url,
    token: Option<String>,
    http: reqwest::Client,
}

impl Client {
    /// A client of the API at `server`.
    ///
    /// # Errors
    /// The address is none, or TLS cannot be set up.
    pub fn new(server: &str, token: Option<String>) -> Result<Self, ClientError> {
        let address = || ClientError::Address(server.to_owned());
        let full = if server.contains("://") { server.to_owned() } else { format!("https://{server}") };
        let server = Url::parse(&full).map_err(|_| address())?;
        if !matches!(server.scheme(), "http" | "https") || server.host().is_none() {
            return Err(address());
        }
        let http = reqwest::Client::builder().timeout(PATIENCE).build();
        let http = http.map_err(|source| ClientError::Unreachable { server: server.clone(), source })?;
        Ok(Self { server, token, http })
    }

    /// The address of the API.
    pub fn server(&self) -> &Url {
        &self.server
    }

    /// Asks for something.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Value, ClientError> {
        self.call(Method::GET, path, query, None).await
    }

    /// Sends something.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn post(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        body: &Value,
    ) -> Result<Value, ClientError> {
        self.call(Method::POST, path, query, Some(body)).await
    }

    /// Deletes something.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn delete(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Value, ClientError> {
        self.call(Method::DELETE, path, query, None).await
    }

    async fn call(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Value, ClientError> {
        let mut url = self.server.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = self.http.request(method, url).header("content-type", "application/json");
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.body(value::to_json(body));
        }
        let unreachable = |source: reqwest::Error| {
            let (server, source) = (self.server.clone(), source.without_url());
            if is_no_tls(&source) {
                return ClientError::PlainText { server, source };
            }
            ClientError::Unreachable { server, source }
        };
        let answer = request.send().await.map_err(unreachable)?;
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await.map_err(unreachable)?;
        let foreign = || ClientError::Foreign { server: self.server.clone(), status };
        let answer = value::from_json(&bytes).map_err(|_| foreign())?;
        if status < 300 {
            return Ok(answer);
        }
        let mut message = answer.str_at(&["message"]).ok_or_else(foreign)?.to_owned();
        // The API does not tell which of the two it is.
        if status == 403 && message == "permission denied" {
            message += ": there is no such object, or you may not see it (`flamingo app list` shows those that you may)";
        }
        Err(ClientError::Refused { status, message })
    }
}

/// Whether the other side answered a greeting of TLS with something else.
fn is_no_tls(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if matches!(error.downcast_ref(), Some(rustls::Error::InvalidMessage(_))) {
            return true;
        }
        // An error of IO shows what it carries as its own text, not as its cause.
        let carried = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause = carried.map(|carried| carried as &(dyn StdError + 'static)).or_else(|| error.source());
    }
    false
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The binary does so when it starts.
    pub(in crate::argocd) fn install_tls() {
        if rustls::crypto::ring::default_provider().install_default().is_err() {
            // Another test of this process has installed it.
        }
    }

    #[tokio::test]
    async fn a_server_without_tls_is_told_from_one_that_is_not_there() {
        install_tls();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let answer = async {
            use tokio::io::AsyncWriteExt as _;
            let (mut stream, _) = listener.accept().await.expect("a client");
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.expect("it is written");
        };
        let client = Client::new(&address.to_string(), None).expect("an address");
        let (found, ()) = tokio::join!(client.get(&["api"], &[]), answer);
        let error = found.expect_err("no TLS").to_string();
        assert!(error.contains(&format!("try http://{address}")), "{error}");
        drop(listener);
        let error = client.get(&["api"], &[]).await.expect_err("nobody").to_string();
        assert!(error.contains("cannot be reached"), "{error}");
    }

    #[test]
    fn addresses() {
        install_tls();
        let address = |text: &str| Client::new(text, None).map(|client| client.server().to_string());
        assert_eq!(address("http://127.0.0.1:8080").expect("valid"), "http://127.0.0.1:8080/");
        assert_eq!(address("argocd.example.com").expect("valid"), "https://argocd.example.com/");
        for text in ["ftp://x", "http://", ""] {
            let error = address(text).expect_err(text).to_string();
            assert!(error.contains("is no address of an API"), "{error}");
        }
    }
}
