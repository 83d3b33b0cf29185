//! What the API answers when it does not do what was asked.

use std::borrow::Cow;

use http::StatusCode;
use thiserror::Error;
use value::Value;

/// Codes of gRPC, as clients of the gateway see them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    Unknown,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    FailedPrecondition,
    Aborted,
    Unimplemented,
    Internal,
    Unavailable,
    Unauthenticated,
}

impl Code {
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Unknown => 2,
            Self::InvalidArgument => 3,
            Self::NotFound => 5,
            Self::PermissionDenied => 7,
            Self::FailedPrecondition => 9,
            Self::Aborted => 10,
            Self::Unimplemented => 12,
            Self::Internal => 13,
            Self::Unavailable => 14,
            Self::Unauthenticated => 16,
        }
    }

    /// The status of HTTP that the gateway gives the code.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Unknown | Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::InvalidArgument | Self::FailedPrecondition => StatusCode::BAD_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::PermissionDenied => StatusCode::FORBIDDEN,
            Self::Aborted => StatusCode::CONFLICT,
            Self::Unimplemented => StatusCode::NOT_IMPLEMENTED,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
        }
    }
}

/// A refusal or a failure.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{message}")]
pub(crate) struct ApiError {
    pub(crate) code: Code,
    pub(crate) message: Cow<'static, str>,
}

impl ApiError {
    pub(crate) fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into() }
    }

    pub(crate) fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    /// The answer to those who may not even know whether there is something.
    pub(crate) fn denied() -> Self {
        Self::new(Code::PermissionDenied, "permission denied")
    }

    /// The body of an answer.
    pub(crate) fn body(&self) -> Value {
        Value::map_of([
            ("error", Value::from(&*self.message)),
            ("code", self.code.number().into()),
            ("message", (&*self.message).into()),
        ])
    }

    /// The body of an answer that would have been a stream.
    pub(crate) fn stream_body(&self) -> Value {
        let status = self.code.status();
        let error = Value::map_of([
            ("grpc_code", Value::from(self.code.number())),
            ("http_code", i64::from(status.as_u16()).into()),
            ("message", (&*self.message).into()),
            ("http_status", status.canonical_reason().unwrap_or_default().into()),
        ]);
        Value::map_of([("error", error)])
    }
}

impl ApiError {
    /// The code for what the cluster refused, where upstream tells the API server's refusals apart.
    pub(crate) fn from_cluster(error: &cluster::Error) -> Code {
        match error.code() {
            Some(400) => Code::FailedPrecondition,
            _ => code_of(error),
        }
    }
}

/// What the cluster refused, as upstream's server passes it on.
impl From<cluster::Error> for ApiError {
    fn from(error: cluster::Error) -> Self {
        Self::new(code_of(&error), error.to_string())
    }
}

fn code_of(error: &cluster::Error) -> Code {
    match error.code() {
        Some(400 | 422) => Code::InvalidArgument,
        Some(403) => Code::PermissionDenied,
        Some(404) => Code::NotFound,
        Some(409) => Code::Aborted,
        Some(_) => Code::Unknown,
        None if error.is_transient() => Code::Unavailable,
        None => Code::Internal,
    }
}
