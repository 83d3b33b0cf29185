//! Why an object is reconciled.

use std::fmt;

/// What woke an object. The names appear in traces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It was seen for the first time by this process.
    Seen,
    /// Its spec changed.
    Spec,
    /// Somebody asked for a reconciliation.
    Requested,
    /// It is to be deleted.
    Deletion,
    /// A source that it uses has a new artifact.
    Source(String),
    /// An object that it depends on changed.
    Dependency(String),
    /// Its interval is over.
    Interval,
    /// An earlier failure is tried again.
    Retry,
}

impl Cause {
    /// Whether the cause brings new input, which makes a run that still waits for the outcome of the
    /// old input pointless.
    pub fn is_new_input(&self) -> bool {
        matches!(self, Self::Spec | Self::Requested | Self::Deletion | Self::Source(_))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seen => f.write_str("seen"),
            Self::Spec => f.write_str("spec"),
            Self::Requested => f.write_str("requested"),
            Self::Deletion => f.write_str("deletion"),
            Self::Source(name) => write!(f, "source {name}"),
            Self::Dependency(name) => write!(f, "dependency {name}"),
            Self::Interval => f.write_str("interval"),
            Self::Retry => f.write_str("retry"),
        }
    }
}
