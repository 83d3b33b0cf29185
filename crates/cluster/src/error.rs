//! Why a call to a cluster failed.

use std::fmt;

use apimachinery::gvk::GroupVersionKind;
use thiserror::Error;
use value::Value;

/// What an API server said instead of doing what was asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// HTTP status code.
    pub code: u16,
    /// The machine-readable reason, such as `NotFound`; can be empty.
    pub reason: String,
    /// The sentence for people.
    pub message: String,
    /// `details` of the Status object; `Null` where there are none.
    pub details: Value,
}

impl Status {
    /// Reads a `Status` object; an answer that is none is quoted in the message.
    pub(crate) fn from_answer(code: u16, body: &[u8]) -> Self {
        let parsed = value::from_json(body).ok().filter(|body| body.str_at(&["kind"]) == Some("Status"));
        match parsed {
            Some(status) => Self {
                code,
                reason: status.str_at(&["reason"]).unwrap_or_default().to_owned(),
                message: status.str_at(&["message"]).unwrap_or_default().to_owned(),
                details: status.get("details").cloned().unwrap_or_default(),
            },
            None => Self::generic(code, String::from_utf8_lossy(body).trim()),
        }
    }

    /// What client-go says where the answer is no Status object (`NewGenericServerResponse`).
    fn generic(code: u16, body: &str) -> Self {
        let (reason, message) = match code {
            401 => ("Unauthorized", "the server has asked for the client to provide credentials".to_owned()),
            404 => ("NotFound", "the server could not find the requested resource".to_owned()),
            code => {
                let quoted: String = body.chars().take(300).collect();
                ("", format!("the server answered with status {code}: {quoted}"))
            }
        };
        Self { code, reason: reason.to_owned(), message, details: Value::Null }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.message.is_empty() {
            return write!(f, "the server answered with status {}", self.code);
        }
        f.write_str(&self.message)
    }
}

/// A failed call.
#[derive(Debug, Error)]
pub enum Error {
    /// The API server refused.
    #[error("{0}")]
    Refused(Box<Status>),
    /// No answer came in time.
    #[error("no answer to {request} in time")]
    Deadline {
        /// Verb and path.
        request: String,
    },
    /// The API server could not be reached.
    #[error("{request} failed")]
    Transport {
        /// Verb and path.
        request: String,
        /// Why.
        #[source]
        source: Box<kube::Error>,
    },
    /// The request could not be built from its parts.
    #[error("{request} is not a valid request")]
    Request {
        /// Verb and path.
        request: String,
        /// Why.
        #[source]
        source: http::Error,
    },
    /// The answer is not JSON.
    #[error("the answer to {request} is unreadable")]
    Answer {
        /// Verb and path.
        request: String,
        /// Why.
        #[source]
        source: value::JsonError,
    },
    /// The cluster does not serve the kind.
    #[error("no matches for kind {:?} in version {:?}", .0.kind, .0.api_version())]
    NoMatch(GroupVersionKind),
    /// The kind may exist, but a part of discovery is unavailable, so its absence proves nothing.
    #[error("discovery of {group:?} is incomplete, so {kind:?} cannot be resolved now")]
    IncompleteDiscovery {
        /// The group whose discovery is stale.
        group: String,
        /// The kind that was looked for.
        kind: String,
    },
    /// An object without apiVersion, kind or name.
    #[error("object without {0}")]
    Incomplete(&'static str),
}

impl Error {
    /// The HTTP status code with which the server refused.
    pub fn code(&self) -> Option<u16> {
        self.status().map(|status| status.code)
    }

    /// What the server said.
    pub fn status(&self) -> Option<&Status> {
        match self {
            Self::Refused(status) => Some(status),
            _ => None,
        }
    }

    /// Whether the object (or its namespace) does not exist.
    pub fn is_not_found(&self) -> bool {
        self.code() == Some(404)
    }

    /// Whether the object was changed since it was read.
    pub fn is_conflict(&self) -> bool {
        self.status().is_some_and(|status| status.code == 409 && status.reason == "Conflict")
    }

    /// Whether trying again may help without anything else changing.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Deadline { .. }
            | Self::Transport { .. }
            | Self::Answer { .. }
            | Self::IncompleteDiscovery { .. } => true,
            Self::Refused(status) => status.code == 429 || status.code >= 500,
            Self::Request { .. } | Self::NoMatch(_) | Self::Incomplete(_) => false,
        }
    }
}
