//! Crashes of the controllers at every request to a real control plane.

use anyhow::Result;

use super::control_plane::ControlPlane;
use super::report::Report;
use crate::command::cargo_command;
use crate::oracles::Oracles;

/// Runs the crash test of the controllers with the kubeconfig of a real control plane.
///
/// # Errors
/// The control plane or cargo cannot be started.
pub(crate) fn run(oracles: &Oracles, report: &mut Report) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let control_plane = ControlPlane::start(oracles, folder.path())?;
    let status = cargo_command()
        .args(["test", "--quiet", "--package", "flux-controllers", "--test", "crash", "--", "--nocapture"])
        .env("FLAMINGO_CRASH_KUBECONFIG", control_plane.kubeconfig())
        .status()?;
    let problem = (!status.success()).then(|| format!("the crash test ended with {status}; see above"));
    report.add("crashes of the controllers on a real control plane", problem.as_slice());
    Ok(())
}
