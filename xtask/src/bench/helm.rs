//! `flamingo template` against `helm template`: CPU time cold and warm, memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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

/// What is measured of some charts: seconds of helm, of ours, and of ours in one process.
#[derive(Default)]
struct Sums {
    charts: u32,
    helm: f64,
    cold: f64,
    warm: f64,
    slower: Vec<String>,
}

impl Sums {
    fn print(&self, name: &str) {
        let per = |seconds: f64| seconds / f64::from(self.charts.max(1)) * 1000.0;
        println!("{} {name} that both render, CPU milliseconds per rendering", self.charts);
        println!("helm template                 {:>9.2}", per(self.helm));
        println!(
            "flamingo template             {:>9.2}   {:.1} times less",
            per(self.cold),
            self.helm / self.cold
        );
        println!(
            "in one process, chart parsed  {:>9.2}   {:.1} times less",
            per(self.warm),
            self.helm / self.warm
        );
        println!("slower than with helm         {:>9}   {}", self.slower.len(), self.slower.join(" "));
    }
}

/// Measures over the charts below a folder and prints a table. Charts that make keys are counted apart: nearly
/// all of their time goes into the search for primes, which chance makes short or long.
pub(super) fn bench(charts: &Path) -> Result<()> {
    let oracles = Oracles::prepare_only(&["helm"])?;
    let helm = oracles.tool("helm")?;
    let ours = flamingo::build(true)?;
    let warm = warm()?;
    let home = tempfile::tempdir()?;
    let (mut plain, mut with_keys) = (Sums::default(), Sums::default());
    let mut largest = (0.0, PathBuf::new());
    for chart in find_charts(charts)? {
        let Some(theirs) = cost(&helm, &chart, home.path())? else { continue };
        let Some(mine) = cost(&ours, &chart, home.path())? else { continue };
        let printed = output(Command::new(&warm).arg(&chart).arg(WARM))?;
        let seconds: f64 = printed.trim().parse().with_context(|| format!("{printed} is no time"))?;
        let makes_keys = makes_keys(&chart)?;
        let sums = if makes_keys { &mut with_keys } else { &mut plain };
        sums.charts += 1;
        sums.helm += theirs.cpu;
        sums.cold += mine.cpu;
        sums.warm += seconds;
        if mine.fastest > theirs.fastest {
            sums.slower.push(chart.display().to_string());
        }
        if !makes_keys && theirs.fastest > largest.0 {
            largest = (theirs.fastest, chart);
        }
    }
    plain.print("charts");
    with_keys.print("charts with keys and certificates");
    let (theirs, mine) = (peak(&helm, &largest.1, home.path())?, peak(&ours, &largest.1, home.path())?);
    println!("peak memory of {}:", largest.1.display());
    println!("helm {theirs:.1} MiB, flamingo {mine:.1} MiB, {:.1} times less", theirs / mine);
    Ok(())
}

/// Whether a template of the chart or of a subchart in a folder makes keys.
fn makes_keys(folder: &Path) -> Result<bool> {
    const FUNCTIONS: [&[u8]; 4] = [b"genCA", b"genSignedCert", b"genSelfSignedCert", b"genPrivateKey"];
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let found = if entry.file_type()?.is_dir() {
            makes_keys(&entry.path())?
        } else {
            let text = fs::read(entry.path())?;
            FUNCTIONS.iter().any(|name| text.windows(name.len()).any(|window| window == *name))
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
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

/// The CPU time of one rendering, on average and at best, or nothing where the chart does not render.
fn cost(program: &Path, chart: &Path, home: &Path) -> Result<Option<Cost>> {
    let mut cost = Cost { cpu: 0.0, fastest: f64::MAX };
    for _ in 0..RUNS {
        let before = children_cpu_seconds()?;
        if !command(program, chart, home).status()?.success() {
            return Ok(None);
        }
        let cpu = children_cpu_seconds()? - before;
        cost.cpu += cpu / RUNS as f64;
        cost.fastest = cost.fastest.min(cpu);
    }
    Ok(Some(cost))
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
