//! The cases below `tests/kustomize/cases`: what kustomize gives for each is compared with what it says, or
//! written into it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use regex::Regex;

use super::{Outcome, Tools};
use crate::command::root;

const OUTPUT: &str = "-- <output> --\n";
const ERROR: &str = "-- <error> --\n";
const REFUSAL: &str = "-- <refusal> --\n";

/// Builds each case with both.
///
/// # Errors
/// A case does not say what kustomize gives, or ours gives something else.
pub(super) fn run(tools: &Tools<'_>, remake: bool) -> Result<()> {
    compare("cases", remake, |_, text| {
        let folder = tempfile::tempdir()?;
        let place = folder.path().canonicalize()?;
        let directory = place.join(unpack(text, &place)?);
        let (real, ours) = (tools.kustomize(&directory)?, tools.flamingo(&directory)?);
        let (real, ours) = (without(real, &place)?, without(ours, &place)?);
        let difference = (real.output != ours.output).then(String::new);
        Ok(Compared { difference, made: format!("{}{}", files(text), expectation(&real, &ours)) })
    })
}

/// What both programs made of a file with an expectation.
pub(super) struct Compared {
    /// How they differ, if they do.
    pub(super) difference: Option<String>,
    /// The file with what kustomize does as its expectation.
    pub(super) made: String,
}

/// Compares by each file in a folder of `tests/kustomize`; with `remake`, writes what kustomize does into it.
///
/// # Errors
/// A file does not say what kustomize does, or ours does something else.
pub(super) fn compare(
    folder: &str,
    remake: bool,
    compare: impl Fn(&str, &str) -> Result<Compared>,
) -> Result<()> {
    let mut paths: Vec<PathBuf> = fs::read_dir(root().join("tests/kustomize").join(folder))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    let mut wrong = 0;
    for path in &paths {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let Compared { difference, made } = compare(&name, &text)?;
        if let Some(difference) = difference {
            println!("{name}: kustomize and flamingo differ{difference}");
            wrong += 1;
        }
        if made == text {
            continue;
        }
        if remake {
            fs::write(path, made)?;
        } else {
            println!("{name}: says something else than kustomize does");
            wrong += 1;
        }
    }
    println!("{} {folder}, {wrong} wrong", paths.len());
    if wrong > 0 {
        bail!("{wrong} {folder} are wrong");
    }
    Ok(())
}

/// The text up to the expectation.
fn files(text: &str) -> &str {
    &text[..expectation_start(text)]
}

/// Where the expectation starts.
pub(super) fn expectation_start(text: &str) -> usize {
    [OUTPUT, ERROR].iter().filter_map(|mark| text.find(mark)).min().unwrap_or(text.len())
}

fn expectation(real: &Outcome, ours: &Outcome) -> String {
    match &real.output {
        Some(output) => format!("{OUTPUT}{output}"),
        None => format!("{ERROR}{}\n{REFUSAL}{}\n", real.error, ours.error),
    }
}

/// Paths start at the root of the case. What differs from run to run or from machine to machine is gone: addresses
/// in memory, the place of helm, temporary folders.
pub(super) fn without(mut outcome: Outcome, place: &Path) -> Result<Outcome> {
    let place = place.display().to_string();
    let error = outcome.error.replace(&format!("{place}/"), "/").replace(&place, "/");
    let masks = [
        (r"\b0x[0-9a-f]{6,}", "<pointer>"),
        (r"/[^\s']*/bin/helm\b", "helm"),
        (r"/[^\s'=]*/kustomize-helm-\d+", "<temporary>"),
    ];
    outcome.error = masks.iter().try_fold(error, |error, (pattern, mask)| {
        Ok::<_, regex::Error>(Regex::new(pattern)?.replace_all(&error, *mask).into_owned())
    })?;
    Ok(outcome)
}

/// Writes the files of a case, and gives the directory that is built.
pub(super) fn unpack(text: &str, place: &Path) -> Result<String> {
    let (mut directory, mut open): (String, Option<(PathBuf, String)>) = (String::new(), None);
    for line in files(text).split_inclusive('\n') {
        let name = line.trim_end().strip_prefix("-- ").and_then(|rest| rest.strip_suffix(" --"));
        if let Some(name) = name {
            close(open.replace((place.join(name), String::new())))?;
        } else if let Some((_, content)) = &mut open {
            content.push_str(line);
        } else if let Some(found) = line.strip_prefix("# build: ") {
            directory = found.trim().to_owned();
        }
    }
    close(open)?;
    Ok(directory)
}

fn close(file: Option<(PathBuf, String)>) -> Result<()> {
    let Some((path, content)) = file else { return Ok(()) };
    fs::create_dir_all(path.parent().context("a file without folder")?)?;
    fs::write(&path, content).with_context(|| path.display().to_string())
}
