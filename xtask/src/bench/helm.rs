//! `flamingo template` against `helm template`: CPU time cold and warm, memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

use super::children_cpu_seconds;
use crate::command::{cargo_command, output};
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
    /// Bytes on standard output.
    printed: u64,
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
    fn add(&mut self, chart: &Measured) {
        self.charts += 1;
        self.helm += chart.helm.cpu;
        self.cold += chart.ours.cpu;
        self.warm += chart.warm;
        if chart.ours.fastest > chart.helm.fastest {
            self.slower.push(chart.path.display().to_string());
        }
    }

    fn print(&self, name: &str) {
        let per = |seconds: f64| seconds / f64::from(self.charts.max(1)) * 1000.0;
        println!("{} {name}, CPU milliseconds per rendering", self.charts);
        println!("helm template                 {:>9.2}", per(self.helm));
        for (program, seconds) in
            [("flamingo template", self.cold), ("in one process, chart parsed", self.warm)]
        {
            println!("{program:<30}{:>9.2}   {:.1} times less", per(seconds), self.helm / seconds);
        }
        println!("slower than with helm         {:>9}   {}", self.slower.len(), self.slower.join(" "));
    }
}

/// What one chart costs that both render.
struct Measured {
    path: PathBuf,
    helm: Cost,
    ours: Cost,
    /// Seconds of ours in one process.
    warm: f64,
    makes_keys: bool,
}

/// Measures over the charts below a folder and prints a table. Charts that make keys are counted apart, too: nearly
/// all of their time goes into the search for primes, which chance makes short or long.
pub(super) fn bench(charts: &Path) -> Result<()> {
    let oracles = Oracles::prepare_only(&["helm"])?;
    let helm = oracles.tool("helm")?;
    let ours = flamingo::build(true)?;
    let warm = warm()?;
    let home = tempfile::tempdir()?;
    let mut measured = Vec::new();
    for path in find_charts(charts)? {
        let Some(theirs) = cost(&helm, &path, home.path())? else { continue };
        let Some(mine) = cost(&ours, &path, home.path())? else { continue };
        let printed = output(Command::new(&warm).arg(&path).arg(WARM))?;
        let mut words = printed.split_whitespace();
        let seconds = words.next().unwrap_or_default();
        let seconds = seconds.parse().with_context(|| format!("{printed} is no time"))?;
        let makes_keys = words.next().is_some();
        measured.push(Measured { path, helm: theirs, ours: mine, warm: seconds, makes_keys });
    }
    print_sums("charts that both render", &measured, |_| true);
    print_sums("of them without keys", &measured, |chart| !chart.makes_keys);
    print_sums("of them with keys", &measured, |chart| chart.makes_keys);
    for (what, chart) in largest(&measured)? {
        let (theirs, mine) = (peak(&helm, &chart.path, home.path())?, peak(&ours, &chart.path, home.path())?);
        println!("peak memory of the chart with the {what}, {}:", chart.path.display());
        println!("helm {theirs:.1} MiB, flamingo {mine:.1} MiB, {:.1} times less", theirs / mine);
    }
    Ok(())
}

fn print_sums(name: &str, measured: &[Measured], is_meant: impl Fn(&Measured) -> bool) {
    let mut sums = Sums::default();
    measured.iter().filter(|chart| is_meant(chart)).for_each(|chart| sums.add(chart));
    sums.print(name);
}

/// The charts that are the largest by their files and by what they render to.
fn largest(measured: &[Measured]) -> Result<Vec<(&'static str, &Measured)>> {
    let mut sizes = Vec::new();
    for chart in measured {
        sizes.push((size(&chart.path)?, chart));
    }
    let by_files = sizes.iter().max_by_key(|(size, _)| *size).map(|(_, chart)| ("largest files", *chart));
    let by_output = measured.iter().max_by_key(|chart| chart.helm.printed);
    Ok(by_files.into_iter().chain(by_output.map(|chart| ("largest output", chart))).collect())
}

/// The bytes of the files below a folder.
fn size(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() { size(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(bytes)
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
    let mut cost = Cost { cpu: 0.0, fastest: f64::MAX, printed: 0 };
    let printed = home.join("printed");
    for _ in 0..RUNS {
        let before = children_cpu_seconds()?;
        if !command(program, chart, home).stdout(fs::File::create(&printed)?).status()?.success() {
            return Ok(None);
        }
        cost.printed = fs::metadata(&printed)?.len();
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
    Ok(flamingo::built(true)?.join("examples/helm_warm"))
}
