//! What can go wrong with Git, and how Flux says it.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use http::{Method, StatusCode};
use url::Url;

use crate::client::ClientError;

/// A failed operation on a remote repository. No credentials are in it.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} {url}: {kind}")]
pub struct GitError {
    /// What was tried.
    pub operation: Operation,
    /// The repository, without credentials.
    pub url: String,
    /// Why it failed.
    #[source]
    pub kind: Box<GitErrorKind>,
}

/// What was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Listing references, to learn whether anything changed.
    List,
    /// Fetching.
    Clone,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Operation::List => "list the references of",
            Operation::Clone => "fetch",
        })
    }
}

/// Why an operation failed.
#[derive(Debug, thiserror::Error)]
pub enum GitErrorKind {
    /// HTTP 401, with the beginning of what the server wrote.
    #[error("the server wants credentials, or others than it was given")]
    AuthenticationRequired(String),
    /// HTTP 403, with the beginning of what the server wrote.
    #[error("the credentials do not allow reading this repository")]
    AuthorizationFailed(String),
    /// HTTP 404, with the beginning of what the server wrote.
    #[error("the server has no such repository, or hides it from these credentials")]
    RepositoryNotFound(String),
    /// Another status that is no success.
    #[error("the server answered {status}")]
    Status {
        /// The status.
        status: StatusCode,
        /// To which request.
        request: Request,
    },
    /// The full name of a branch or tag that the server does not have.
    #[error("the repository has no {0}")]
    ReferenceNotFound(String),
    /// A full reference name, given as such, that the server does not have.
    #[error("the repository has no reference {0:?}; a full name such as refs/heads/main is needed")]
    NameNotFound(String),
    /// The commit is not on the branch, or on none.
    #[error("commit {0} is on none of the branches")]
    CommitNotFound(String),
    /// No tag is in the range.
    #[error("no tag has a version in {0:?}")]
    NoVersion(String),
    /// There is no commit yet; the flag says whether a branch was asked for.
    #[error("the repository is empty")]
    EmptyRepository {
        /// Upstream words it differently for tags and commits.
        branch: bool,
    },
    /// The reference name cannot be one.
    #[error("{0:?} is no name of a reference")]
    InvalidReference(String),
    /// The answer is no Git protocol.
    #[error("the server answered {status} with {content_type} instead of Git's protocol")]
    NotGit {
        /// What it says it sent.
        content_type: String,
        /// Its status, which was a success.
        status: StatusCode,
    },
    /// The deadline passed, while waiting for the answer to a request or after it.
    #[error("no complete answer in time")]
    Timeout(Option<Request>),
    /// The URL has no host, or is not http(s).
    #[error("the URL names no http or https server")]
    NoHost(Request),
    /// The host's name is unknown.
    #[error("host {host} has no address")]
    Lookup {
        /// For which request.
        request: Request,
        /// The name.
        host: String,
        /// The name server that the system asks.
        server: Option<String>,
    },
    /// Nobody listens, or the way is blocked.
    #[error("cannot connect")]
    Connect {
        /// For which request.
        request: Request,
        /// Where to.
        address: Option<SocketAddr>,
        /// Why not.
        source: io::Error,
    },
    /// The server could not prove who it is, or TLS failed otherwise.
    #[error("the TLS connection failed")]
    Tls {
        /// For which request.
        request: Request,
        /// Why.
        source: rustls::Error,
    },
    /// The connection was closed without an answer.
    #[error("the server closed the connection without an answer")]
    Closed(Request),
    /// The answer broke off.
    #[error("the server's answer broke off")]
    Truncated,
    /// Any other failure of HTTP.
    #[error("the request failed")]
    Network {
        /// Which.
        request: Request,
        /// Why.
        source: reqwest::Error,
    },
    /// The server redirects for ever, away from https, or in the middle.
    #[error("the server redirects to {0}, which is not followed")]
    Redirect(String),
    /// The server said no, in its words.
    #[error("the server refused: {0}")]
    Refused(String),
    /// The answer is Git's protocol, but does not follow it.
    #[error("the server's answer breaks Git's protocol: {0}")]
    Protocol(&'static str),
    /// Something that this client cannot do.
    #[error("{0} is not supported")]
    Unsupported(String),
    /// More data than allowed.
    #[error("the repository sends more than {0} bytes")]
    TooLarge(u64),
    /// The pack is damaged or incomplete.
    #[error("the pack is damaged")]
    Pack(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The commit or its files could not be read from the pack.
    #[error("the commit cannot be read")]
    Read(#[source] super::ReadError),
    /// The scratch folder could not be written.
    #[error("the scratch folder cannot be written")]
    Scratch(#[source] io::Error),
    /// Certificates, proxy or TLS settings are unusable.
    #[error("the connection cannot be set up")]
    Client(#[source] ClientError),
}

/// A request, for messages; without credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// GET or POST.
    pub method: Method,
    /// Its URL.
    pub url: String,
}

impl Request {
    pub(crate) fn new(method: Method, url: &Url) -> Self {
        Request { method, url: redacted(url) }
    }
}

/// As Go's `net/http` begins its errors; go-git puts its own words before those of a POST.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.method == Method::POST {
            write!(f, "unexpected client error: Post {:?}", self.url)
        } else {
            write!(f, "Get {:?}", self.url)
        }
    }
}

/// The URL with a password replaced, as Go's `URL.Redacted`.
pub(crate) fn redacted(url: &Url) -> String {
    let mut url = url.clone();
    if url.password().is_some() && url.set_password(Some("xxxxx")).is_err() {
        return url.origin().ascii_serialization();
    }
    url.into()
}

impl GitError {
    pub(crate) fn new(operation: Operation, url: &Url, kind: GitErrorKind) -> Self {
        GitError { operation, url: redacted(url), kind: Box::new(kind) }
    }

    /// The sentence of Flux's source-controller 1.9, to follow "failed to checkout and determine revision: ".
    pub fn upstream_text(&self) -> String {
        let url = &self.url;
        match &*self.kind {
            GitErrorKind::EmptyRepository { branch: true } => "git repository is empty".to_owned(),
            GitErrorKind::EmptyRepository { branch: false } => {
                format!("unable to clone: remote repository is empty: git repository: '{url}'")
            }
            GitErrorKind::CommitNotFound(sha) => {
                format!("unable to resolve commit object for '{sha}': object not found")
            }
            GitErrorKind::NameNotFound(name) => {
                format!("unable to resolve ref '{name}' to a specific commit")
            }
            GitErrorKind::InvalidReference(name) => {
                format!("ref {name} is invalid; Git refs cannot begin or end with a slash '/'")
            }
            GitErrorKind::NoVersion(range) => format!("no match found for semver: {range}"),
            kind => match self.operation {
                Operation::List => format!("unable to list remote for '{url}': {}", UpstreamText(kind)),
                Operation::Clone => format!("unable to clone '{url}': {}", UpstreamText(kind)),
            },
        }
    }

    /// Whether another attempt may succeed although nothing was changed by the user.
    pub fn is_transient(&self) -> bool {
        matches!(
            *self.kind,
            GitErrorKind::Timeout(_)
                | GitErrorKind::Connect { .. }
                | GitErrorKind::Closed(_)
                | GitErrorKind::Truncated
                | GitErrorKind::Network { .. }
                | GitErrorKind::Lookup { .. }
                | GitErrorKind::Pack(_)
                | GitErrorKind::Scratch(_)
        ) || matches!(*self.kind, GitErrorKind::Status { status, .. } if status.is_server_error())
    }

    /// What the user can do about it.
    pub fn fix(&self) -> &'static str {
        match &*self.kind {
            GitErrorKind::AuthenticationRequired(_) => {
                "put a valid user name and password, or a bearer token, into the Secret that spec.secretRef names"
            }
            GitErrorKind::AuthorizationFailed(_) => "give the account read access to the repository",
            GitErrorKind::RepositoryNotFound(_) => {
                "check spec.url; servers also hide private repositories from those without access"
            }
            GitErrorKind::ReferenceNotFound(_) | GitErrorKind::NameNotFound(_) => {
                "check spec.ref against the repository's branches and tags"
            }
            GitErrorKind::CommitNotFound(_) => "check that the commit was pushed to a branch",
            GitErrorKind::NoVersion(_) => "push a tag in the range, or widen the range",
            GitErrorKind::EmptyRepository { .. } => "push a first commit",
            GitErrorKind::InvalidReference(_) => "correct the name in spec.ref",
            GitErrorKind::NotGit { .. } | GitErrorKind::Protocol(_) => {
                "check that spec.url is the address that git clone takes, not that of a web page"
            }
            GitErrorKind::NoHost(_) | GitErrorKind::Redirect(_) => "correct spec.url",
            GitErrorKind::Lookup { .. } => "check the host name in spec.url and the name server",
            GitErrorKind::Tls { .. } => "check the server's certificate, or add its authority as ca.crt",
            GitErrorKind::Client(_) => "correct the certificates or the proxy in the Secret",
            GitErrorKind::Timeout(_) => "raise spec.timeout, or find out why the server is slow",
            GitErrorKind::TooLarge(_) => "raise the limit, or split the repository",
            GitErrorKind::Scratch(_) => "free space on the disk",
            GitErrorKind::Unsupported(_) => "use what is supported",
            GitErrorKind::Status { .. }
            | GitErrorKind::Connect { .. }
            | GitErrorKind::Closed(_)
            | GitErrorKind::Truncated
            | GitErrorKind::Network { .. }
            | GitErrorKind::Refused(_)
            | GitErrorKind::Pack(_)
            | GitErrorKind::Read(_) => "check that the server is up and healthy; it is asked again",
        }
    }
}

/// What upstream prints after "unable to clone '…': ", as go-git 5 and Go's `net/http` word it.
struct UpstreamText<'a>(&'a GitErrorKind);

impl fmt::Display for UpstreamText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            GitErrorKind::AuthenticationRequired(reason) => write!(f, "authentication required: {reason}"),
            GitErrorKind::AuthorizationFailed(reason) => write!(f, "authorization failed: {reason}"),
            GitErrorKind::RepositoryNotFound(reason) => write!(f, "repository not found: {reason}"),
            GitErrorKind::Status { status, request } => write!(
                f,
                "unexpected client error: unexpected requesting {:?} status code: {}",
                request.url,
                status.as_u16()
            ),
            GitErrorKind::ReferenceNotFound(name) => write!(f, "couldn't find remote ref {name:?}"),
            GitErrorKind::NotGit { .. } => f.write_str("invalid pkt-len found"),
            GitErrorKind::Timeout(Some(request)) => write!(f, "{request}: context deadline exceeded"),
            GitErrorKind::Timeout(None) => f.write_str("context deadline exceeded"),
            GitErrorKind::NoHost(request) => write!(f, "{request}: http: no Host in request URL"),
            GitErrorKind::Lookup { request, host, server } => {
                write!(f, "{request}: dial tcp: lookup {host}")?;
                if let Some(server) = server {
                    write!(f, " on {server}")?;
                }
                f.write_str(": no such host")
            }
            GitErrorKind::Connect { request, address, source } => {
                write!(f, "{request}: dial tcp")?;
                if let Some(address) = address {
                    write!(f, " {address}")?;
                }
                write!(f, ": connect: {}", system_text(source))
            }
            GitErrorKind::Tls { request, source } => write!(f, "{request}: tls: {}", tls_text(source)),
            GitErrorKind::Closed(request) => write!(f, "{request}: EOF"),
            GitErrorKind::Truncated => f.write_str("unexpected EOF"),
            GitErrorKind::Network { request, source } => write!(f, "{request}: {}", Chain(source)),
            GitErrorKind::Pack(source) => write!(f, "{}: {}", self.0, Chain(source.as_ref())),
            other => match std::error::Error::source(other) {
                Some(source) => write!(f, "{other}: {}", Chain(source)),
                None => write!(f, "{other}"),
            },
        }
    }
}

/// All layers of an error, joined as Go joins them.
struct Chain<'a>(&'a (dyn std::error::Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(error) = next {
            write!(f, ": {error}")?;
            next = error.source();
        }
        Ok(())
    }
}

fn system_text(error: &io::Error) -> String {
    let text = match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused",
        io::ErrorKind::NetworkUnreachable => "network is unreachable",
        io::ErrorKind::HostUnreachable => "no route to host",
        io::ErrorKind::TimedOut => "connection timed out",
        io::ErrorKind::ConnectionReset => "connection reset by peer",
        _ => return error.to_string(),
    };
    text.to_owned()
}

fn tls_text(error: &rustls::Error) -> String {
    use rustls::CertificateError as Certificate;
    let reason = match error {
        rustls::Error::InvalidCertificate(Certificate::UnknownIssuer) => {
            "x509: certificate signed by unknown authority"
        }
        rustls::Error::InvalidCertificate(Certificate::Expired | Certificate::ExpiredContext { .. }) => {
            "x509: certificate has expired or is not yet valid"
        }
        rustls::Error::InvalidCertificate(_) => return format!("failed to verify certificate: {error}"),
        other => return other.to_string(),
    };
    format!("failed to verify certificate: {reason}")
}
