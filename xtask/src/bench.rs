//! Measurements.

use anyhow::Result;
use clap::ValueEnum;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum What {
    /// Start, first deployment, new commits, many Kustomizations, memory and size of `flamingo up`.
    Up,
}

/// Measures and prints a table.
///
/// # Errors
/// Something could not be run.
pub(crate) fn bench(what: What) -> Result<()> {
    match what {
        What::Up => Ok(()),
    }
}
