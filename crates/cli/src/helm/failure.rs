//! Why a command failed, as people read it.

use std::error::Error;
use std::fmt::{self, Write as _};

use helm::chain;

/// A failed command: helm's own text, and what helps beyond it.
#[derive(Debug)]
pub struct Failure {
    /// The text that helm prints after `Error: `.
    pub message: String,
    /// What we add, one entry a line: places, causes, what to do.
    pub details: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        self.details.iter().try_for_each(|detail| write!(formatter, "\n{detail}"))
    }
}

impl Error for Failure {}

impl Failure {
    /// A failure without details.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), details: Vec::new() }
    }

    /// A failure with the text of an error and its sources, joined as Go joins them.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Self {
        Self::new(chain(error))
    }

    /// With one more line.
    #[must_use]
    pub(crate) fn with(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// What is printed on standard error.
    pub fn text(&self) -> String {
        let mut text = format!("Error: {}\n", self.message);
        for detail in &self.details {
            writeln!(text, "{detail}").unwrap_or_else(|_| unreachable!("writing to a String cannot fail"));
        }
        text
    }
}
