//! `flamingo kustomize`: builds, compares and edits kustomizations on the disk.

mod build;
mod charts;
mod diff;
mod disk;
mod edit;
mod files;
mod remotes;
mod watch;

use std::io::Write as _;
use std::process::ExitCode;

use cli::arguments::kustomize::Kustomize;

/// Runs a command.
pub(crate) fn run(command: Kustomize) -> anyhow::Result<ExitCode> {
    match command {
        Kustomize::Build(arguments) => build::build(&arguments),
        Kustomize::Diff(arguments) => diff::diff(&arguments),
        Kustomize::Edit(command) => edit::edit(command),
    }
}

/// Who is at the other end of standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    /// Somebody may read what comes next.
    Listening,
    /// Nobody does, so that there is nothing left to do; this is no failure.
    Gone,
}

/// Prints to standard output.
fn print(text: &str) -> anyhow::Result<Reader> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(Reader::Gone),
        other => Ok(other.map(|()| Reader::Listening)?),
    }
}

/// Tells something beside the output.
fn tell(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stderr().lock(), "{text}")?)
}
