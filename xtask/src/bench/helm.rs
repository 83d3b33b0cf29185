//! `flamingo template` against `helm template`: CPU time cold and warm, memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result};

use super::children_cpu_seconds;
use crate::command::{cargo_command, output, root};
use crate::conformance::find_charts;
use crate::flamingo;
use crate::oracles::Oracles;

/// Runs of each program and chart; the fastest one counts where charts are compared one by one.
const RUNS: usize = 3;
/// Renderings within one process.
const WARM: &str = "50";

/// What one program needed for one chart.
struct Cost {
    cpu: f64,
    fastest: f64,
}

/// Measures over the charts below a folder and prints a table.
pub(super) fn bench(charts: &Path) -> Result<()> {
    let oracles = Oracles::prepare_only(&["helm"])?;
    let helm = oracles.tool("helm")?;
    let ours = flamingo::build(true)?;
    let warm = warm()?;
    let home = tempfile::tempdir()?;
    let mut totals = [0.0_f64; 3];
    let (mut slower, mut measured, mut largest) = (Vec::new(), 0, (0.0, PathBuf::new()));
    for chart in find_charts(charts)? {
        let Some(theirs) = cost(&helm, &chart, home.path())? else { continue };
        let Some(mine) = cost(&ours, &chart, home.path())? else { continue };
        measured += 1;
        totals[0] += theirs.cpu;
        totals[1] += mine.cpu;
        if mine.fastest > theirs.fastest {
            slower.push(chart.display().to_string());
        }
        if theirs.fastest > largest.0 {
            largest = (theirs.fastest, chart.clone());
        }
        let printed = output(Command::new(&warm).arg(&chart).arg(WARM))?;
        let seconds: f64 = printed.trim().parse().with_context(|| format!("{printed} is no time"))?;
        totals[2] += seconds;
    }
    let per = |seconds: f64| seconds / f64::from(measured.max(1)) * 1000.0;
    println!("{measured} charts that both render, CPU milliseconds per rendering");
    println!("helm template                 {:>9.2}", per(totals[0]));
    println!(
        "flamingo template             {:>9.2}   {:.1} times less",
        per(totals[1]),
        totals[0] / totals[1]
    );
    println!(
        "in one process, chart parsed  {:>9.2}   {:.1} times less",
        per(totals[2]),
        totals[0] / totals[2]
    );
    println!("charts slower than with helm  {:>9}   {}", slower.len(), slower.join(" "));
    let (theirs, mine) = (peak(&helm, &largest.1, home.path())?, peak(&ours, &largest.1, home.path())?);
    println!("peak memory of {}:", largest.1.display());
    println!("helm {theirs:.1} MiB, flamingo {mine:.1} MiB, {:.1} times less", theirs / mine);
    Ok(())
}

fn command(program: &Path, chart: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg("template").arg("release-name").arg(chart).stdout(Stdio::null()).stderr(Stdio::null());
    command.env("HOME", home).env_remove("KUBECONFIG");
    for name in ["CACHE", "CONFIG", "DATA"] {
        command.env(format!("HELM_{name}_HOME"), home.join(name));
    }
    command
}

/// The CPU time of one rendering on average, or nothing where the chart does not render.
fn cost(program: &Path, chart: &Path, home: &Path) -> Result<Option<Cost>> {
    let before = children_cpu_seconds()?;
    let mut fastest = f64::MAX;
    for _ in 0..RUNS {
        let started = Instant::now();
        if !command(program, chart, home).status()?.success() {
            return Ok(None);
        }
        fastest = fastest.min(started.elapsed().as_secs_f64());
    }
    Ok(Some(Cost { cpu: (children_cpu_seconds()? - before) / RUNS as f64, fastest }))
}

/// The largest resident set of a rendering, in MiB.
fn peak(program: &Path, chart: &Path, home: &Path) -> Result<f64> {
    let report = home.join("time");
    let mut time = Command::new("/usr/bin/time");
    time.args(["-f", "%M", "-o"]).arg(&report).arg(program).args(["template", "release-name"]).arg(chart);
    time.env("HOME", home).stdout(Stdio::null()).stderr(Stdio::null());
    time.status().context("/usr/bin/time could not be started")?;
    let text = fs::read_to_string(report)?;
    let kibibytes: f64 = text.lines().last().unwrap_or_default().trim().parse()?;
    Ok(kibibytes / 1024.0)
}

/// The example of the `cli` crate that renders one chart many times and prints the CPU seconds of one.
fn warm() -> Result<PathBuf> {
    let build = ["build", "--quiet", "--release", "--package", "cli", "--example", "helm_warm"];
    output(cargo_command().args(build))?;
    Ok(root().join("target/release/examples/helm_warm"))
}
