//! Where and why a text is not YAML.

use std::fmt;

use thiserror::Error;

/// A place in the text: line and column, both counted from one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Line, counted from one.
    pub line: u64,
    /// Column in characters, counted from one.
    pub column: u64,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Why a text could not be read. The texts are go-yaml's, so that users recognise them.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Error {
    /// The text breaks YAML's grammar.
    #[error("yaml: {}{problem}", .line.map(|line| format!("line {line}: ")).unwrap_or_default())]
    Syntax {
        /// Where.
        mark: Mark,
        /// The line that go-yaml names, which can be another one, or none.
        line: Option<u64>,
        /// What the scanner or parser found.
        problem: String,
    },
    /// An alias names an anchor that the document does not define.
    #[error("yaml: unknown anchor '{anchor}' referenced")]
    UnknownAnchor {
        /// Where.
        mark: Mark,
        /// The anchor's name.
        anchor: String,
    },
    /// The document would expand beyond what its size can justify.
    #[error("yaml: document contains excessive aliasing")]
    ExcessiveAliasing {
        /// Where the limit was passed.
        mark: Mark,
    },
    /// Nesting beyond the limit.
    #[error("yaml: line {}: exceeded max depth of {limit}", .mark.line)]
    TooDeep {
        /// Where.
        mark: Mark,
        /// The limit.
        limit: usize,
    },
    /// A number that JSON has no form for.
    #[error("json: unsupported value: {number}")]
    NoJson {
        /// Where.
        mark: Mark,
        /// The number as Go shows it.
        number: &'static str,
    },
    /// A key that its mapping has already.
    #[error("yaml: line {}: mapping key {key:?} already defined at line {first}", .mark.line)]
    DuplicateKey {
        /// Where.
        mark: Mark,
        /// The key.
        key: String,
        /// The line of the first one.
        first: u64,
    },
    /// A key that cannot become a JSON key.
    #[error("yaml: line {}: {problem}", .mark.line)]
    Key {
        /// Where.
        mark: Mark,
        /// Why.
        problem: String,
    },
}

impl Error {
    /// The same error in a text that has `lines` more lines in front.
    #[must_use]
    pub fn moved(mut self, lines: u64) -> Self {
        match &mut self {
            Self::Syntax { mark, line, .. } => {
                mark.line += lines;
                if let Some(line) = line {
                    *line += lines;
                }
            }
            Self::UnknownAnchor { mark, .. }
            | Self::ExcessiveAliasing { mark }
            | Self::TooDeep { mark, .. }
            | Self::NoJson { mark, .. }
            | Self::Key { mark, .. } => mark.line += lines,
            Self::DuplicateKey { mark, first, .. } => {
                mark.line += lines;
                *first += lines;
            }
        }
        self
    }

    /// The place that the error is about.
    pub fn mark(&self) -> Mark {
        match self {
            Self::Syntax { mark, .. }
            | Self::UnknownAnchor { mark, .. }
            | Self::ExcessiveAliasing { mark }
            | Self::TooDeep { mark, .. }
            | Self::NoJson { mark, .. }
            | Self::DuplicateKey { mark, .. }
            | Self::Key { mark, .. } => *mark,
        }
    }
}
