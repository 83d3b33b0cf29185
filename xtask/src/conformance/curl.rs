//! Whoever may not: curl asks our API, and each answer must be the one that a real Argo CD gave.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::report::Report;
use crate::command::root;
use crate::flamingo;
use crate::oracles::Oracles;
use crate::process::capture;

/// Runs `tests/curl/refusals.sh` on a simulated cluster; each line that it prints is a result or part of one.
///
/// # Errors
/// The cluster cannot be started, or the script cannot be run to its end.
pub(super) fn run(oracles: &Oracles, binary: &Path, report: &mut Report) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let up = flamingo::up(binary, folder.path(), None)?;
    up.line("✓ Ready", 0)?;
    let api = up.line("Argo CD's API is at", 0)?;
    let password = up.line("The first password of admin:", 0)?;
    let server = api.split_whitespace().find(|word| word.starts_with("http://")).context("no address")?;
    let mut script = Command::new(root().join("tests/curl/refusals.sh"));
    script.arg(server.trim_end_matches('.'));
    script.arg(password.split_whitespace().next_back().context("no password")?);
    script.env("KUBECONFIG", flamingo::kubeconfig(folder.path())).env("KUBECTL", oracles.tool("kubectl")?);
    let printed = capture(&mut script)?;
    let mut results: Vec<(&str, Vec<String>)> = Vec::new();
    for line in printed.stdout.lines() {
        match (line.split_once("curl: "), results.last_mut()) {
            (Some((_, name)), _) => results.push((name, Vec::new())),
            (None, Some((_, said))) if line.starts_with(' ') => said.push(line.trim_start().to_owned()),
            _ => {}
        }
    }
    for (name, problems) in &results {
        report.add(&format!("curl: {name}"), problems);
    }
    let is_told = results.iter().any(|(_, problems)| !problems.is_empty());
    ensure!(!results.is_empty() && (printed.status.success() || is_told), "{}", printed.stderr);
    Ok(())
}
