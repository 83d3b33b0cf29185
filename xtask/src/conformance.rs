//! Comparisons with the real tools.

mod clients;
mod control_plane;
mod controllers;
mod curl;
mod differences;
mod expressions;
mod helm;
pub(crate) mod kustomize;
mod mask;
mod records;
mod report;
mod steps;
mod worlds;
mod yaml;

use anyhow::Result;
use clap::ValueEnum;

use crate::flamingo;
use crate::oracles::Oracles;
use report::Report;

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Comparison {
    /// The real kubectl, flux and helm on the simulated cluster and on a real control plane.
    Clients,
    /// Refusals of Argo CD's API, asked for with curl.
    Curl,
    /// The recordings of Flux's controllers, replayed on a real control plane.
    Replay,
    /// The small charts of the Helm corpus; with `--charts`, the charts of a folder instead.
    Helm,
    /// Release records of helm 3 and 4, read and written by us, and ours read by helm.
    Records,
    /// Our kustomize engine beside kustomize, on the cases of `tests/kustomize`.
    Kustomize,
    /// Applications with Flux's own definitions, whose Flux objects other controllers work on.
    Upstream,
    /// Crashes of the controllers at every request to a real control plane.
    Crash,
    /// What Go's YAML libraries read and write.
    Yaml,
    /// What helm's engine makes of single expressions.
    HelmExpressions,
}

/// Runs the comparisons and says how many passed. With `remake`, goldens are written instead of compared.
///
/// # Errors
/// A tool cannot be built, a cluster cannot be started, or a comparison failed.
pub(crate) fn run(only: &[Comparison], remake: bool, overlays: &kustomize::Options) -> Result<()> {
    let is_wanted = |comparison| only.is_empty() || only.contains(&comparison);
    let oracles = match only {
        [Comparison::Helm] => Oracles::prepare_only(&["helm"])?,
        [Comparison::Kustomize] => Oracles::prepare_only(kustomize::oracles(overlays))?,
        _ => Oracles::prepare()?,
    };
    let mut report = Report::default();
    for comparison in Comparison::value_variants() {
        if !is_wanted(*comparison) {
            continue;
        }
        let outcome = match comparison {
            Comparison::Clients => {
                flamingo::build(false).and_then(|flamingo| clients::run(&oracles, &flamingo, &mut report))
            }
            Comparison::Curl => {
                flamingo::build(false).and_then(|flamingo| curl::run(&oracles, &flamingo, &mut report))
            }
            Comparison::Helm => helm::corpus(&oracles, remake, &mut report),
            Comparison::Records => records::run(&oracles, remake, &mut report),
            Comparison::Replay => controllers::run(&oracles, &controllers::REPLAY, &mut report),
            Comparison::Upstream => controllers::run(&oracles, &controllers::UPSTREAM, &mut report),
            Comparison::Crash => controllers::run(&oracles, &controllers::CRASH, &mut report),
            Comparison::Kustomize => kustomize::run(&oracles, remake, overlays)
                .map(|()| report.add("kustomize: every case is as with kustomize", &[])),
            Comparison::Yaml => yaml::run(&oracles, remake, &mut report),
            Comparison::HelmExpressions => expressions::run(&oracles, remake, &mut report),
        };
        // One comparison that cannot be made does not keep the others from being made.
        if let Err(error) = outcome {
            report.add(&format!("{comparison:?}"), &[format!("{error:#}")]);
        }
    }
    report.finish()
}

/// The charts below a folder.
///
/// # Errors
/// The folder cannot be read.
pub(crate) fn find_charts(folder: &std::path::Path) -> Result<Vec<std::path::PathBuf>> {
    helm::find(&folder.canonicalize()?)
}

/// Renders all charts below a folder with helm and with ours, and counts.
///
/// # Errors
/// A tool cannot be built, or not everything is equal.
pub(crate) fn charts(folder: &std::path::Path) -> Result<()> {
    let oracles = Oracles::prepare_only(&["helm"])?;
    let differences = crate::command::root().join("target/helm-differences");
    helm::compare(&oracles, &folder.canonicalize()?, &differences)
}
