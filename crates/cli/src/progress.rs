//! Telling how far a deployment is: one line that changes on a terminal, plain lines elsewhere.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use insight::Finding;

/// Shows the progress of `flamingo up`.
pub struct Progress {
    bar: Option<ProgressBar>,
    started: Instant,
    last: String,
}

impl Progress {
    /// A line that changes when standard error is a terminal, plain lines otherwise.
    pub fn start() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { bar, started: Instant::now(), last: String::new() }
    }

    /// What is going on now; said once while it stays the same.
    pub fn doing(&mut self, what: &str) {
        if self.last == what {
            return;
        }
        what.clone_into(&mut self.last);
        match &self.bar {
            Some(bar) => bar.set_message(what.to_owned()),
            None => self.line(&format!("{:>6.1}s  {what}", self.started.elapsed().as_secs_f64())),
        }
    }

    /// A line that stays.
    pub fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.line(text)),
            None => self.line(text),
        }
    }

    /// What is wrong, each finding with its cause and fix.
    pub fn findings(&self, findings: &[Finding]) {
        for finding in findings {
            self.say(&format!("✗ {finding}"));
        }
    }

    /// No deployment is being waited for any more.
    pub fn rest(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        self.last.clear();
    }

    /// Since the start.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Standard error may be closed; then nobody reads the progress, and the work goes on.
    fn line(&self, text: &str) {
        if let Err(error) = writeln!(std::io::stderr(), "{text}") {
            debug_assert!(error.kind() != std::io::ErrorKind::InvalidInput, "{error}");
        }
    }
}
