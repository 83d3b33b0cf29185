//! What only the controllers of Applications can tell: the composition root fulfils it.

use futures::future::BoxFuture;
use thiserror::Error;
use value::Value;

use crate::error::{ApiError, Code};

/// Why something cannot be told.
#[derive(Debug, Error)]
pub enum PreviewError {
    /// It does not exist, or cannot be asked so.
    #[error("{0}")]
    Invalid(String),
    /// It is not supported, and why.
    #[error("{0}")]
    Unsupported(String),
    /// It could not be found out.
    #[error("{0}")]
    Failed(String),
}

/// An answer, in the shape that `docs/page-api.md` gives it.
pub type Previewed<'a> = BoxFuture<'a, Result<Value, PreviewError>>;

/// Previews of what controllers would do; nothing is written.
pub trait Preview: Send + Sync {
    /// What an Application would become: `{problems, generated}`.
    fn application<'a>(&'a self, application: &'a Value) -> Previewed<'a>;

    /// What a sync would do now: `{from, to, fetched, steps, objects, isComplete, problem}`.
    fn sync<'a>(&'a self, application: &'a Value) -> Previewed<'a>;

    /// What deleting the Application would delete: `{goes, stays}`.
    fn removal<'a>(&'a self, application: &'a Value, cascade: bool) -> Previewed<'a>;

    /// The objects that the source describes at a revision, or at the one of the Application: a list.
    fn manifests<'a>(&'a self, application: &'a Value, revision: Option<&'a str>) -> Previewed<'a>;

    /// Who made a revision, when and why: `{author, date, message, tags}`.
    fn revision<'a>(&'a self, application: &'a Value, revision: &'a str) -> Previewed<'a>;
}

impl From<PreviewError> for ApiError {
    fn from(error: PreviewError) -> Self {
        let code = match &error {
            PreviewError::Invalid(_) => Code::InvalidArgument,
            PreviewError::Unsupported(_) => Code::Unimplemented,
            PreviewError::Failed(_) => Code::Unknown,
        };
        Self::new(code, error.to_string())
    }
}
