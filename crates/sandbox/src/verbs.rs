//! What can be done with objects.
//!
//! Each verb is a function on the [`Api`](crate::api::Api) that knows no transport: the server calls them
//! for its clients, the controllers of the sandbox call them for themselves.

use std::sync::Arc;

use value::Value;

use crate::kinds::Kind;

pub(crate) mod create;
pub(crate) mod decode;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod patch;
pub(crate) mod read;
pub(crate) mod scale;
pub(crate) mod selection;
pub(crate) mod update;
pub(crate) mod watch;

mod generation;

/// What a request is about.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) kind: Arc<Kind>,
    /// Empty for cluster-scoped kinds, and for lists over all namespaces.
    pub(crate) namespace: String,
    /// Empty for a collection.
    pub(crate) name: String,
    pub(crate) part: Part,
}

/// Which part of an object a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All but the status.
    Main,
    /// The status.
    Status,
    /// A Namespace's `spec.finalizers`.
    Finalize,
    /// The number of replicas.
    Scale,
}

impl Part {
    /// The name in the path and in managed fields.
    pub(crate) fn subresource(self) -> Option<&'static str> {
        match self {
            Self::Main => None,
            Self::Status => Some("status"),
            Self::Finalize => Some("finalize"),
            Self::Scale => Some("scale"),
        }
    }
}

impl Target {
    /// An object of a kind.
    pub(crate) fn new(kind: &Arc<Kind>, namespace: &str, name: &str) -> Self {
        Self { kind: kind.clone(), namespace: namespace.to_owned(), name: name.to_owned(), part: Part::Main }
    }

    /// The same object's status.
    pub(crate) fn status(mut self) -> Self {
        self.part = Part::Status;
        self
    }
}

/// How a write is to be done.
#[derive(Clone, Debug)]
pub(crate) struct WriteOptions {
    /// Do everything but write.
    pub(crate) dry_run: bool,
    /// The field manager.
    pub(crate) manager: String,
    pub(crate) field_validation: FieldValidation,
    /// Take fields from other managers (server-side apply).
    pub(crate) force: bool,
    /// `duplicate field "a"` for each field that stands twice in the text of the request.
    pub(crate) duplicates: Vec<String>,
}

impl WriteOptions {
    /// A write of one of the sandbox's own controllers.
    pub(crate) fn of(manager: &str) -> Self {
        Self {
            dry_run: false,
            manager: manager.to_owned(),
            field_validation: FieldValidation::Ignore,
            force: false,
            duplicates: Vec::new(),
        }
    }
}

/// What happens to fields that the kind does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldValidation {
    /// They are dropped.
    Ignore,
    /// They are dropped, and the client is warned.
    Warn,
    /// The request is refused.
    Strict,
}

/// What a write did.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    /// The object as it is now, in the request's version.
    pub(crate) object: Value,
    /// Whether it is new.
    pub(crate) created: bool,
    /// What the client is warned of.
    pub(crate) warnings: Vec<String>,
}
