//! The walls of the house, checked.

mod edges;
mod sources;

use anyhow::{Result, bail};

use crate::command;

/// Prints what is wrong and fails if anything is.
///
/// # Errors
/// A rule is broken, or the sources cannot be read.
pub(crate) fn tidy() -> Result<()> {
    let root = command::root();
    let architecture = edges::Architecture::read(&root)?;
    let mut problems = edges::check(&root, &architecture)?;
    problems.extend(sources::check(&root, &architecture.pure)?);
    for problem in &problems {
        println!("tidy: {problem}");
    }
    if !problems.is_empty() {
        bail!("{} problems", problems.len());
    }
    println!("tidy: edges, purity, names, sizes and reachability are in order");
    Ok(())
}
