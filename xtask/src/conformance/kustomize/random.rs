//! Random bases and overlays, each made from a seed.

mod case;
mod chance;
mod fields;
mod generators;
mod layer;
mod mistakes;
mod objects;
mod patches;
mod replacements;
mod workloads;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use anyhow::{Result, bail};
use regex::Regex;

use self::case::Case;
use self::chance::Chance;
use super::{Outcome, Tools, Verdict, cause, first_words, verdict};
use crate::command::root;

/// How many seeds are built between two lines about how far it is.
const TOLD_EVERY: u64 = 1_000;

/// Builds `count` random overlays with both. What differs is kept below `target/kustomize-random`.
///
/// # Errors
/// Something could not be run, or differs.
pub(super) fn run(tools: &Tools<'_>, first: u64, count: u64) -> Result<()> {
    let next = AtomicU64::new(first);
    let tally = Mutex::new(Tally::default());
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let work = || work(tools, &next, first + count, &tally);
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(result) => result,
            Err(_) => bail!("a worker panicked"),
        })
    })?;
    let tally = tally.into_inner()?;
    tally.print();
    println!("seeds: {first} to {}", first + count - 1);
    match tally.of(Verdict::Different) {
        0 => Ok(()),
        wrong => bail!("{wrong} random overlays come out differently"),
    }
}

fn work(tools: &Tools<'_>, next: &AtomicU64, end: u64, tally: &Mutex<Tally>) -> Result<()> {
    let folder = tempfile::tempdir()?;
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= end {
            return Ok(());
        }
        let case = Case::new(&mut Chance::new(seed));
        let place = folder.path().join("case");
        case.write(&place)?;
        let directory = place.join(&case.directory);
        let (real, ours) = (tools.kustomize(&directory)?, tools.flamingo(&directory)?);
        fs::remove_dir_all(&place)?;
        let verdict = verdict(&real, &ours);
        if verdict > Verdict::BothFailAlike {
            let kept = keep(&case, seed, &real, &ours)?;
            println!("seed {seed}: {verdict:?}: {}", kept.display());
            println!("    kustomize: {}", first_words(&real));
            println!("    flamingo:  {}", first_words(&ours));
        }
        let Ok(mut tally) = tally.lock() else { bail!("a worker panicked") };
        tally.count(&case, verdict, &real)?;
    }
}

fn keep(case: &Case, seed: u64, real: &Outcome, ours: &Outcome) -> Result<PathBuf> {
    let place = root().join("target/kustomize-random").join(seed.to_string());
    if place.exists() {
        fs::remove_dir_all(&place)?;
    }
    case.write(&place)?;
    for (name, outcome) in [("kustomize", real), ("flamingo", ours)] {
        let text = outcome.output.as_ref().unwrap_or(&outcome.error);
        fs::write(place.join(format!("{name}.out")), text)?;
    }
    Ok(place.join(&case.directory))
}

impl Case {
    fn write(&self, place: &Path) -> Result<()> {
        for (name, text) in &self.files {
            let path = place.join(name);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(path, text)?;
        }
        Ok(())
    }
}

#[derive(Default)]
struct Tally {
    cases: u64,
    mistakes: u64,
    verdicts: BTreeMap<Verdict, u64>,
    /// How often kustomize gives an error, names and numbers left out, where none was meant.
    errors: BTreeMap<String, u64>,
}

impl Tally {
    fn count(&mut self, case: &Case, verdict: Verdict, real: &Outcome) -> Result<()> {
        self.cases += 1;
        self.mistakes += u64::from(case.has_mistake);
        *self.verdicts.entry(verdict).or_default() += 1;
        if real.output.is_none() && !case.has_mistake {
            *self.errors.entry(class(&real.error)?).or_default() += 1;
        }
        if self.cases.is_multiple_of(TOLD_EVERY) {
            self.print();
        }
        Ok(())
    }

    fn of(&self, verdict: Verdict) -> u64 {
        self.verdicts.get(&verdict).copied().unwrap_or_default()
    }

    fn print(&self) {
        println!("random overlays: {}, {} with a mistake on purpose", self.cases, self.mistakes);
        println!("built by both, equal: {}", self.of(Verdict::Equal));
        println!("both fail alike: {}", self.of(Verdict::BothFailAlike));
        println!("both fail differently: {}", self.of(Verdict::BothFailDifferently));
        println!("different: {}", self.of(Verdict::Different));
        for (class, count) in &self.errors {
            println!("    {count} without a mistake fail with: {class}");
        }
    }
}

/// The cause without what changes from case to case.
fn class(error: &str) -> Result<String> {
    let varying = Regex::new(r#"'[^']*'|"[^"]*"|\[[^\]]*\]|\{[^}]*\}|/\S+|[\w.-]*\d[\w.-]*"#)?;
    Ok(varying.replace_all(&cause(error), "_").into_owned())
}
