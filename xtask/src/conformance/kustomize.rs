//! `flamingo kustomize build` beside kustomize 5.8.2: on our cases, on public overlays, and on random ones.

mod apply;
mod cases;
mod commands;
mod random;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;

use crate::flamingo;
use crate::oracles::Oracles;

/// What is compared.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Options {
    /// With `kustomize`: overlays that are built by both; a directory that is searched for them, or a file with
    /// one directory a line.
    #[arg(long, value_name = "DIR|FILE")]
    pub(crate) dirs: Option<PathBuf>,
    /// With `kustomize`: overlays that are applied to the simulated cluster, instead of our own.
    #[arg(long, value_name = "DIR")]
    pub(crate) apply: Vec<PathBuf>,
    /// With `kustomize`: how many random overlays are built by both.
    #[arg(long, value_name = "N")]
    pub(crate) random: Option<u64>,
    /// With `kustomize`: the seed of the first random overlay.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

/// What one of the two gave.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    output: Option<String>,
    error: String,
}

/// The two programs, and what some of the cases need beside them.
struct Tools<'a> {
    kustomize: PathBuf,
    flamingo: PathBuf,
    oracles: &'a Oracles,
}

impl Tools<'_> {
    fn kustomize(&self, directory: &Path) -> Result<Outcome> {
        outcome(Command::new(&self.kustomize).arg("build").arg(directory))
    }

    fn flamingo(&self, directory: &Path) -> Result<Outcome> {
        outcome(Command::new(&self.flamingo).args(["kustomize", "build", "--offline"]).arg(directory))
    }
}

/// Nothing leaves the machine: remote bases fail at once.
fn outcome(command: &mut Command) -> Result<Outcome> {
    for variable in ["HTTP_PROXY", "HTTPS_PROXY"] {
        command.env(variable, "http://127.0.0.1:1");
    }
    command.env("GIT_TERMINAL_PROMPT", "0").env("GIT_SSH_COMMAND", "false");
    let output = command.output().with_context(|| format!("{command:?}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let lines = text(&output.stderr);
    // Warnings, and what ours adds to kustomize's words, are not compared.
    let is_told = |line: &&str| !line.starts_with("# Warning") && !line.starts_with("fix: ");
    let told: Vec<&str> = lines.lines().filter(is_told).collect();
    let error = told.join("\n");
    let error = error.trim_start_matches("Error: ").trim_start_matches("error: ").trim().to_owned();
    Ok(Outcome { output: output.status.success().then(|| text(&output.stdout)), error })
}

/// How the two compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Equal,
    BothFailAlike,
    BothFailDifferently,
    Different,
}

/// Failures are alike when the last words of kustomize's, which say what is wrong, are among ours.
fn verdict(real: &Outcome, ours: &Outcome) -> Verdict {
    match (&real.output, &ours.output) {
        (Some(real), Some(ours)) if real == ours => Verdict::Equal,
        (None, None) => {
            let cause = cause(&real.error);
            let alike = ours.error.contains(&cause) || ours.error.contains(cause.trim_matches(['\'', '"']));
            if alike { Verdict::BothFailAlike } else { Verdict::BothFailDifferently }
        }
        _ => Verdict::Different,
    }
}

fn cause(error: &str) -> String {
    let line = error.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    line.rsplit(": ").next().unwrap_or(line).trim().to_owned()
}

/// Compares.
///
/// # Errors
/// Something could not be run, or differs.
pub(crate) fn run(oracles: &Oracles, remake: bool, options: &Options) -> Result<()> {
    if let Some(dirs) = &options.dirs {
        return overlays(&tools(oracles)?, &directories(dirs)?);
    }
    if let Some(count) = options.random {
        return random::run(&tools(oracles)?, options.seed, count);
    }
    let tools = tools(oracles)?;
    if !options.apply.is_empty() {
        return apply::run(&tools, &options.apply);
    }
    cases::run(&tools, remake)?;
    commands::run(&tools, remake)?;
    apply::run(&tools, &[])
}

/// The real tools that a comparison needs.
pub(crate) fn oracles(options: &Options) -> &'static [&'static str] {
    match options {
        Options { dirs: Some(_), .. } | Options { random: Some(_), .. } => &["kustomize"],
        Options { apply, .. } if !apply.is_empty() => &["kustomize", "kubernetes"],
        _ => &["kustomize", "helm", "kubernetes"],
    }
}

fn tools(oracles: &Oracles) -> Result<Tools<'_>> {
    Ok(Tools { kustomize: oracles.tool("kustomize")?, flamingo: flamingo::build(false)?, oracles })
}

fn directories(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(fs::read_to_string(path)?.lines().map(PathBuf::from).collect());
    }
    let mut found = Vec::new();
    search(path, &mut found)?;
    Ok(found)
}

fn search(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let names = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
    if names.iter().any(|name| folder.join(name).is_file()) {
        found.push(folder.to_owned());
    }
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()).with_context(|| folder.display().to_string()))
        .collect::<Result<_>>()?;
    folders.retain(|path| path.is_dir() && !path.is_symlink());
    folders.sort();
    folders.iter().try_for_each(|folder| search(folder, found))
}

fn overlays(tools: &Tools<'_>, directories: &[PathBuf]) -> Result<()> {
    for directory in directories {
        ensure!(directory.is_dir(), "there is no folder {}", directory.display());
    }
    let mut counts: BTreeMap<Verdict, usize> = BTreeMap::new();
    for directory in directories {
        let (real, ours) = (tools.kustomize(directory)?, tools.flamingo(directory)?);
        let verdict = verdict(&real, &ours);
        *counts.entry(verdict).or_default() += 1;
        if verdict > Verdict::BothFailAlike {
            println!("{verdict:?}: {}", directory.display());
            println!("    kustomize: {}", first_words(&real));
            println!("    flamingo:  {}", first_words(&ours));
        }
    }
    let count = |verdict| counts.get(&verdict).copied().unwrap_or_default();
    let (equal, different) = (count(Verdict::Equal), count(Verdict::Different));
    println!("overlays: {}", directories.len());
    println!("equal: {equal}");
    println!("both fail alike: {}", count(Verdict::BothFailAlike));
    println!("both fail differently: {}", count(Verdict::BothFailDifferently));
    println!("different: {different}");
    // Where both fail, for whatever reason, nothing was compared.
    ensure!(equal + different > 0, "none of {} overlays is built by either", directories.len());
    if different > 0 {
        bail!("{different} overlays come out differently");
    }
    Ok(())
}

fn first_words(outcome: &Outcome) -> String {
    let words = match &outcome.output {
        Some(output) => format!("{} bytes", output.len()),
        None => outcome.error.clone(),
    };
    words.chars().take(400).collect()
}
