//! Results, printed as those of a test run.

use anyhow::{Result, bail};

/// Counts what passed and what failed.
#[derive(Default)]
pub(crate) struct Report {
    passed: usize,
    failed: usize,
}

impl Report {
    /// Prints a result; it passed if there are no problems.
    pub(crate) fn add(&mut self, name: &str, problems: &[String]) {
        if problems.is_empty() {
            self.passed += 1;
            println!("ok      {name}");
            return;
        }
        self.failed += 1;
        println!("FAILED  {name}");
        for problem in problems {
            println!("        {problem}");
        }
    }

    /// Prints the counts.
    ///
    /// # Errors
    /// Something failed, or nothing was compared.
    pub(crate) fn finish(&self) -> Result<()> {
        println!("{} passed, {} failed", self.passed, self.failed);
        if self.failed > 0 || self.passed == 0 {
            bail!("not everything is as with the real tools");
        }
        Ok(())
    }
}
