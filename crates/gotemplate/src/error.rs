//! Errors with Go's texts, and the places that they speak of.

use std::fmt;
use std::sync::Arc;

use thiserror::Error as ThisError;

use crate::function::Failure;

/// A template could not be parsed or executed.
///
/// `Display` is the text that Go's `text/template` gives, nested templates included.
#[derive(Debug, ThisError)]
pub enum Error {
    /// The text is not a template: `template: NAME:LINE: …`.
    #[error("template: {name}:{line}: {message}")]
    Parse {
        /// The name that the text was parsed under.
        name: Arc<str>,
        /// The line that the parser had come to, from 1.
        line: usize,
        /// Where in the text that is, in bytes.
        offset: usize,
        /// What is wrong.
        message: String,
    },
    /// An action failed: `template: NAME:LINE:COLUMN: executing "…" at <…>: …`.
    #[error("{0}")]
    Exec(Box<ExecError>),
    /// There is no template of that name: `template: no template "…" associated with template "…"`.
    #[error("template: no template {0:?} associated with template {1:?}")]
    NoTemplate(String, String),
    /// The template of that name is empty.
    #[error("template: {0}: {0:?} is an incomplete or empty template")]
    Empty(String),
}

/// An action that failed.
#[derive(Debug)]
pub struct ExecError {
    /// Where the action stands.
    pub place: Place,
    /// The template being executed: the file or the name of a `define`.
    pub executing: String,
    /// What went wrong.
    pub cause: Cause,
}

/// A place in the text of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The name that the text was parsed under: the file, also for what stands in a `define`.
    pub name: Arc<str>,
    /// The line, from 1.
    pub line: usize,
    /// The column in bytes, from 0, as Go counts it.
    pub column: usize,
    /// The length in the template's text of the node that failed, as far as it is known; at least 1.
    pub length: usize,
    /// The node, as Go prints it.
    pub node: String,
}

/// What went wrong in an action.
#[derive(Debug)]
pub enum Cause {
    /// The engine's own finding.
    Message(String),
    /// A function or method failed.
    Call {
        /// The function's name.
        function: String,
        /// Why it failed.
        failure: Failure,
    },
    /// A limit was reached.
    Limit(Limit),
}

/// A limit of the run was reached. The texts are ours; Go has no such limits but the first two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub enum Limit {
    /// `{{template}}` nested too deeply.
    #[error("exceeded maximum template depth ({0})")]
    Depth(usize),
    /// Values, expressions or calls nested too deeply.
    #[error("nested more than {0} levels deep")]
    Nesting(usize),
    /// Too many steps.
    #[error("the template ran for more than {0} steps; does it loop?")]
    Steps(u64),
    /// Too much output.
    #[error("the output is larger than {0} bytes")]
    Output(usize),
    /// Too much memory taken for values.
    #[error("the values made by templates are larger than {0} bytes")]
    Memory(u64),
}

impl Error {
    /// The places from the outermost template to the one that failed.
    pub fn chain(&self) -> Vec<&ExecError> {
        let mut chain = Vec::new();
        let mut at = self;
        while let Self::Exec(error) = at {
            chain.push(&**error);
            match &error.cause {
                Cause::Call { failure: Failure::Template { error, .. }, .. } => at = error,
                _ => break,
            }
        }
        chain
    }

    /// The limit that ended the run, if one did.
    pub fn limit(&self) -> Option<Limit> {
        match &self.chain().last()?.cause {
            Cause::Limit(limit) | Cause::Call { failure: Failure::Limit(limit), .. } => Some(*limit),
            _ => None,
        }
    }
}

impl fmt::Display for ExecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { name, line, column, node, .. } = &self.place;
        let executing = crate::print::quote(self.executing.as_bytes());
        write!(f, "template: {name}:{line}:{column}: executing {executing} at <{node}>: {}", self.cause)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(message) => f.write_str(message),
            Self::Call { function, failure } => write!(f, "error calling {function}: {failure}"),
            Self::Limit(limit) => limit.fmt(f),
        }
    }
}
