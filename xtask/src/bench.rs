//! Measurements, from outside the process where that is possible.

mod helm;
mod kustomize;
mod ui;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::ValueEnum;

use crate::command::{cargo_command, output};
use crate::flamingo::{self, Repository};
use crate::oracles::Oracles;
use crate::process::{Running, pause};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum What {
    /// CPU time and memory of `flamingo template` and of helm, over the charts of `--charts`.
    Helm,
    /// Start, first deployment, new commits, many Kustomizations, memory and size of `flamingo up`.
    Up,
    /// Generated overlays beside kustomize: time, growth, memory.
    Kustomize,
    /// The page in a browser, with 5,000 Applications and a tree of 2,000 nodes.
    Ui,
}

/// Commits whose deployment is timed; the slowest one counts.
const COMMITS: usize = 5;
const SETTLE: Duration = Duration::from_secs(20);
const IDLE: Duration = Duration::from_secs(30);
/// Kustomizations of the first sync.
const MANY: &str = "100";

/// Measures and prints a table.
///
/// # Errors
/// Something could not be built or run.
pub(crate) fn bench(what: What, charts: Option<&Path>, overlays: Option<&Path>) -> Result<()> {
    match what {
        What::Helm => helm::bench(charts.context("name a folder of charts with --charts")?),
        What::Up => up(),
        What::Ui => ui::bench(),
        What::Kustomize => kustomize::run(&Oracles::prepare_only(&["kustomize"])?, overlays),
    }
}

fn up() -> Result<()> {
    let binary = flamingo::build(true)?;
    let folder = tempfile::tempdir()?;
    let mut table = Table::default();
    let megabytes = fs::metadata(&binary)?.len() as f64 / 1e6;
    let running = flamingo::up(&binary, &folder.path().join("demo"), None)?;
    let since = |running: &Running| running.started().elapsed().as_secs_f64();
    running.line("runs at", 0)?;
    table.row("start to API ready", since(&running), 0.3, "s");
    running.line("✓ Ready", 0)?;
    table.row("demo Ready", since(&running), 5.0, "s");
    pause(SETTLE);
    let (begin, from) = (cpu_seconds(running.pid())?, Instant::now());
    pause(IDLE);
    let share = (cpu_seconds(running.pid())? - begin) / from.elapsed().as_secs_f64() * 100.0;
    table.row("idle memory (RSS)", resident_mebibytes(running.pid())?, 70.0, "MiB");
    table.row("idle CPU", share, 1.0, "% of a core");
    table.row("stripped binary", megabytes, 30.0, "MB");
    drop(running);
    table.row("commit to --from . applied, slowest of 5", commit(&binary, folder.path())?, 2.0, "s");
    let many = first_sync()?;
    table.row("first sync of 100 Kustomizations", many.0, 10.0, "s");
    table.row("API requests per applied object", many.1, 3.0, "");
    table.print();
    Ok(())
}

/// From the end of `git commit` to the line that says that it is applied and healthy.
fn commit(binary: &Path, folder: &Path) -> Result<f64> {
    let repository = Repository::create(&folder.join("repository"))?;
    let manifest = |text: usize| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: one, namespace: default}}\ndata: {{text: \"{text}\"}}\n"
        )
    };
    repository.write("one.yaml", &manifest(0))?;
    repository.commit("first")?;
    let running = flamingo::up(binary, &folder.join("local"), Some(&repository))?;
    running.line("✓ Ready", 0)?;
    let mut slowest = 0.0_f64;
    for number in 1..=COMMITS {
        repository.write("one.yaml", &manifest(number))?;
        repository.commit("next")?;
        let committed = Instant::now();
        running.line("✓ Ready", number)?;
        slowest = slowest.max(committed.elapsed().as_secs_f64());
    }
    Ok(slowest)
}

/// Seconds, and requests for each object.
fn first_sync() -> Result<(f64, f64)> {
    let mut command = cargo_command();
    command.args(["run", "--quiet", "--release", "--package", "flux-controllers"]);
    command.args(["--example", "first_sync", "--", MANY]);
    let printed = output(&mut command)?;
    println!("{printed}");
    let figures: BTreeMap<&str, &str> =
        printed.lines().filter_map(|line| line.trim().split_once(' ')).collect();
    let figure = |name: &str| {
        let text = figures.get(name).with_context(|| format!("no figure {name}"))?;
        text.parse::<f64>().with_context(|| format!("{name} {text}"))
    };
    Ok((figure("seconds")?, figure("requests_per_object")?))
}

/// User and system time of all processes that this one has waited for.
fn children_cpu_seconds() -> Result<f64> {
    let ticks = ticks_per_second()?;
    let text = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = text.rsplit_once(") ").context("no process name")?.1.split(' ').collect();
    let field = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).context("no times");
    Ok((field(13)? + field(14)?) / ticks)
}

/// The system is asked once, since the program that asks it would be measured, too.
fn ticks_per_second() -> Result<f64> {
    static TICKS: OnceLock<f64> = OnceLock::new();
    if let Some(ticks) = TICKS.get() {
        return Ok(*ticks);
    }
    let ticks = output(Command::new("getconf").arg("CLK_TCK"))?.trim().parse()?;
    Ok(*TICKS.get_or_init(|| ticks))
}

/// User and system time of a process so far.
fn cpu_seconds(pid: u32) -> Result<f64> {
    let ticks = ticks_per_second()?;
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in parentheses can hold spaces; what follows it is the third field.
    let fields: Vec<&str> = text.rsplit_once(") ").context("no process name")?.1.split(' ').collect();
    let field = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).context("no times");
    Ok((field(11)? + field(12)?) / ticks)
}

fn resident_mebibytes(pid: u32) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes / 1024.0)
}

#[derive(Default)]
struct Table(Vec<Figure>);

struct Figure {
    measure: String,
    ours: f64,
    limit: f64,
    unit: String,
    is_within: bool,
}

impl Table {
    /// A figure that is good up to its limit.
    fn row(&mut self, measure: &str, ours: f64, limit: f64, unit: &str) {
        let (measure, unit) = (measure.to_owned(), unit.to_owned());
        self.0.push(Figure { measure, ours, limit, unit, is_within: ours <= limit });
    }

    /// A figure that is good from its limit on.
    fn at_least(&mut self, measure: &str, ours: f64, limit: f64, unit: &str) {
        let (measure, unit) = (measure.to_owned(), unit.to_owned());
        self.0.push(Figure { measure, ours, limit, unit, is_within: ours >= limit });
    }

    fn print(&self) {
        println!("{:44} {:>9} {:>9}  {:12} within", "measure", "ours", "limit", "unit");
        for Figure { measure, ours, limit, unit, is_within } in &self.0 {
            let within = if *is_within { "yes" } else { "NO" };
            println!("{measure:44} {ours:>9.2} {limit:>9.2}  {unit:12} {within}");
        }
    }
}
