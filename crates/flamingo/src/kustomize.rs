//! `flamingo kustomize`: builds, compares and edits kustomizations on the disk.

mod build;
mod charts;
mod diff;
mod disk;
mod edit;
mod files;
mod remotes;

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

/// Prints to standard output. A reader that went away ends the command without a word.
fn print(text: &str) -> anyhow::Result<()> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Tells something beside the output.
fn tell(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stderr().lock(), "{text}")?)
}
