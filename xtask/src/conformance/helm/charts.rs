//! Charts of a folder, rendered by helm and by us.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::Helm;
use super::case::said;
use crate::flamingo;
use crate::oracles::Oracles;
use crate::process::pause;

/// How often helm renders what differs, to tell what it does not repeat itself.
const RUNS: usize = 5;

/// How long helm's runs are apart.
const BETWEEN: Duration = Duration::from_millis(400);

/// How a comparison ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Equal,
    SameFailure,
    DifferentFailure,
    Different,
}

/// What is compared of each chart, in the order of the counts.
const COMMANDS: [&[&str]; 3] = [&["template", "release-name"], &["lint"], &["show", "all"]];

/// What a program printed.
struct Printed {
    stdout: Vec<u8>,
    /// The first line of its error; `None` where it succeeded.
    error: Option<String>,
    /// Its warnings, in an order of their own: helm's is that of Go's maps.
    warnings: Vec<String>,
}

/// Renders each chart below `folder` with its default values and with each `ci/*values.yaml`, lints and shows it,
/// counts how ours compares with helm's, and writes differences below `differences`.
///
/// # Errors
/// A tool is missing, or not everything is equal.
pub(crate) fn compare(oracles: &Oracles, folder: &Path, differences: &Path) -> Result<()> {
    let helm = Helm::new(oracles)?;
    let ours = flamingo::build(true)?;
    fs::create_dir_all(differences)?;
    let charts = find(folder)?;
    if charts.is_empty() {
        bail!("there is no chart below {}", folder.display());
    }
    let mut counts = [[0_usize; 4]; COMMANDS.len()];
    for chart in &charts {
        for (command, counts) in COMMANDS.iter().zip(&mut counts) {
            let inputs = if command.contains(&"template") { inputs(chart)? } else { vec![None] };
            for values in inputs {
                let asked = (*command, chart.as_path(), values.as_deref());
                let outcome = one(&helm, &ours, asked, (folder, differences))?;
                counts[outcome as usize] += 1;
            }
        }
    }
    println!("{} charts", charts.len());
    for (command, counts) in COMMANDS.iter().zip(&counts) {
        let [equal, same, different_failure, different] = counts;
        println!("{}: {} runs", command.join(" "), counts.iter().sum::<usize>());
        println!("  equal:                              {equal}");
        println!("  both fail with the same first line: {same}");
        println!("  both fail differently:              {different_failure}");
        println!("  different:                          {different}");
    }
    if counts.iter().any(|[_, _, different_failure, different]| different_failure + different > 0) {
        bail!("not everything is equal; see {}", differences.display());
    }
    Ok(())
}

/// The charts below a folder, in order.
///
/// # Errors
/// A folder cannot be read.
pub(crate) fn find(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut charts = Vec::new();
    collect(folder, &mut charts, 0)?;
    charts.sort();
    Ok(charts)
}

/// Folders that are deeper are not looked into.
const MAX_DEPTH: usize = 12;

/// What lies inside of a chart belongs to it.
fn collect(folder: &Path, charts: &mut Vec<PathBuf>, depth: usize) -> Result<()> {
    if depth > MAX_DEPTH {
        println!("not looked into, deeper than {MAX_DEPTH} folders: {}", folder.display());
        return Ok(());
    }
    if folder.join("Chart.yaml").exists() {
        charts.push(folder.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() && entry.file_name() != ".git" {
            collect(&entry.path(), charts, depth + 1)?;
        }
    }
    Ok(())
}

/// Default values, and each file of values for continuous integration.
fn inputs(chart: &Path) -> Result<Vec<Option<PathBuf>>> {
    let mut inputs = vec![None];
    if let Ok(entries) = fs::read_dir(chart.join("ci")) {
        let mut files: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
        files.retain(|file| file.to_string_lossy().ends_with("values.yaml"));
        files.sort();
        inputs.extend(files.into_iter().map(Some));
    }
    Ok(inputs)
}

fn one(
    helm: &Helm,
    ours: &Path,
    (command, chart, values): (&[&str], &Path, Option<&Path>),
    (folder, differences): (&Path, &Path),
) -> Result<Outcome> {
    let mut arguments: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
    arguments.push(chart.display().to_string());
    if let Some(values) = values {
        arguments.extend(["--values".to_owned(), values.display().to_string()]);
    }
    let theirs = printed(helm.run(&arguments, folder)?, folder);
    let mine = run_ours(ours, &arguments, folder)?;
    let mut outcome = outcome(&theirs, &mine);
    let mut shown = theirs.stdout.clone();
    if outcome == Outcome::Different && theirs.error.is_none() && mine.error.is_none() {
        let mut runs = vec![theirs.stdout.clone()];
        for _ in 1..RUNS {
            // A template may print the time, to the second.
            pause(BETWEEN);
            runs.push(printed(helm.run(&arguments, folder)?, folder).stdout);
        }
        // Ours is as random as helm's, and may have been unlucky where five runs of helm agree by chance.
        let mut tries = vec![mine.stdout.clone()];
        for _ in 1..RUNS {
            tries.push(run_ours(ours, &arguments, folder)?.stdout);
        }
        if theirs.warnings == mine.warnings && equal_where_repeated(&runs, &tries) {
            outcome = Outcome::Equal;
        }
        shown.clone_from(&runs[0]);
    }
    if matches!(outcome, Outcome::Different | Outcome::DifferentFailure) {
        let relative = chart.strip_prefix(folder).unwrap_or(chart).display().to_string();
        let input = values.and_then(Path::file_name).map(|name| format!("@{}", name.to_string_lossy()));
        let name = format!("{}:{}{}", command[0], relative.replace('/', "+"), input.unwrap_or_default());
        println!("{outcome:?}: {name}");
        let text = |printed: &Printed, stdout: &[u8]| {
            let (error, warnings) = (printed.error.as_deref(), printed.warnings.join("\n"));
            format!("{}\n{warnings}\n{}", error.unwrap_or("succeeded"), String::from_utf8_lossy(stdout))
        };
        fs::write(differences.join(format!("{name}.helm")), text(&theirs, &shown))?;
        fs::write(differences.join(format!("{name}.ours")), text(&mine, &mine.stdout))?;
    }
    Ok(outcome)
}

fn run_ours(ours: &Path, arguments: &[String], folder: &Path) -> Result<Printed> {
    let mut command = Command::new(ours);
    command.args(arguments).current_dir(folder).env("TZ", "UTC").env("HOME", "/nonexistent");
    command.env_remove("KUBECONFIG").env_remove("HELM_NAMESPACE");
    Ok(printed(command.output().context("flamingo could not be started")?, folder))
}

fn printed(output: Output, folder: &Path) -> Printed {
    let said = said(&String::from_utf8_lossy(&output.stderr), folder);
    let (errors, mut warnings): (Vec<String>, Vec<String>) =
        said.lines().map(str::to_owned).partition(|line| line.starts_with("Error: "));
    warnings.sort();
    let error = errors.into_iter().next().unwrap_or_else(|| "no error is printed".to_owned());
    Printed { stdout: output.stdout, error: (!output.status.success()).then_some(error), warnings }
}

fn outcome(theirs: &Printed, ours: &Printed) -> Outcome {
    let is_same = same_text(&theirs.stdout, &ours.stdout) && theirs.warnings == ours.warnings;
    match (&theirs.error, &ours.error) {
        (None, None) if is_same => Outcome::Equal,
        (Some(theirs), Some(ours)) if theirs == ours && is_same => Outcome::SameFailure,
        (Some(_), Some(_)) => Outcome::DifferentFailure,
        _ => Outcome::Different,
    }
}

/// Whether texts are equal but for the reason why a schema from elsewhere is not loaded: helm tries, ours refuses.
fn same_text(theirs: &[u8], ours: &[u8]) -> bool {
    let known = |line: &[u8]| -> Vec<u8> {
        let text = String::from_utf8_lossy(line);
        match text.split_once("failing loading ") {
            Some((before, rest)) => {
                let url = rest.split_once("\": ").map_or(rest, |(url, _)| url);
                format!("{before}failing loading {url}").into_bytes()
            }
            None => line.to_vec(),
        }
    };
    let lines = |text: &[u8]| -> Vec<Vec<u8>> { text.split(|byte| *byte == b'\n').map(known).collect() };
    theirs == ours || lines(theirs) == lines(ours)
}

/// Whether ours has the same bytes wherever helm repeats itself. Lines that helm does not repeat are
/// compared by the text before and after what changes, for which each line has as many tries as helm has: a
/// certificate is a byte longer or shorter by chance.
fn equal_where_repeated(runs: &[Vec<u8>], tries: &[Vec<u8>]) -> bool {
    let lines =
        |text: &Vec<u8>| -> Vec<Vec<u8>> { text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect() };
    let runs: Vec<Vec<Vec<u8>>> = runs.iter().map(lines).collect();
    let tries: Vec<Vec<Vec<u8>>> = tries.iter().map(lines).collect();
    let length = runs[0].len();
    if runs.iter().chain(&tries).any(|run| run.len() != length) {
        return false;
    }
    (0..length).all(|at| {
        let theirs: Vec<&[u8]> = runs.iter().map(|run| run[at].as_slice()).collect();
        tries.iter().any(|tried| line_is_equal(&theirs, &tried[at]))
    })
}

fn line_is_equal(theirs: &[&[u8]], ours: &[u8]) -> bool {
    let first = theirs[0];
    if theirs.iter().all(|line| *line == first) {
        return ours == first;
    }
    let prefix = theirs.iter().map(|line| common(first.iter(), line.iter())).min().unwrap_or(0);
    let suffix = theirs.iter().map(|line| common(first.iter().rev(), line.iter().rev())).min().unwrap_or(0);
    let shortest = theirs.iter().map(|line| line.len()).min().unwrap_or(0);
    let suffix = suffix.min(shortest.saturating_sub(prefix));
    ours.len() >= prefix + suffix
        && ours[..prefix] == first[..prefix]
        && ours[ours.len() - suffix..] == first[first.len() - suffix..]
}

fn common<'a>(a: impl Iterator<Item = &'a u8>, b: impl Iterator<Item = &'a u8>) -> usize {
    a.zip(b).take_while(|(a, b)| a == b).count()
}
