//! Tests of the controllers, run on a real control plane.

use anyhow::Result;

use super::control_plane::ControlPlane;
use super::report::Report;
use crate::command::cargo_command;
use crate::oracles::Oracles;

/// A test that takes a kubeconfig.
pub(crate) struct Suite {
    /// What it shows.
    pub(crate) title: &'static str,
    /// The crate.
    pub(crate) package: &'static str,
    /// The test target.
    pub(crate) test: &'static str,
    /// The variable that names the kubeconfig.
    pub(crate) variable: &'static str,
}

/// The recorded scenarios.
pub(crate) const REPLAY: Suite = Suite {
    title: "the recorded scenarios on a real control plane",
    package: "flux-controllers",
    test: "replay",
    variable: "FLAMINGO_REPLAY_KUBECONFIG",
};

/// The end of the controllers at every request.
pub(crate) const CRASH: Suite = Suite {
    title: "crashes of the controllers on a real control plane",
    package: "flux-controllers",
    test: "crash",
    variable: "FLAMINGO_CRASH_KUBECONFIG",
};

/// Applications whose Flux objects somebody else's controllers work on, with Flux's own definitions.
pub(crate) const UPSTREAM: Suite = Suite {
    title: "Applications with Flux's definitions and other controllers, on a real control plane",
    package: "loopback",
    test: "upstream",
    variable: "FLAMINGO_UPSTREAM_KUBECONFIG",
};
/// The variable that names the folder of these definitions.
const DEFINITIONS: &str = "FLAMINGO_UPSTREAM_CRDS";

/// Runs a suite with the kubeconfig of a control plane of its own.
///
/// # Errors
/// The control plane or cargo cannot be started.
pub(crate) fn run(oracles: &Oracles, suite: &Suite, report: &mut Report) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let control_plane = ControlPlane::start(oracles, folder.path())?;
    let status = cargo_command()
        .args(["test", "--quiet", "--package", suite.package, "--test", suite.test, "--", "--nocapture"])
        .env(suite.variable, control_plane.kubeconfig())
        .env(DEFINITIONS, oracles.tool("definitions")?)
        .status()?;
    let problem = (!status.success()).then(|| format!("the test ended with {status}; see above"));
    report.add(suite.title, problem.as_slice());
    Ok(())
}
