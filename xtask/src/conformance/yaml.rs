//! What Go's YAML libraries make of the rows that our own are tested with.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::report::Report;
use crate::command::root;
use crate::oracles::Oracles;

/// Asks the libraries about each row of `tests/yaml/*.jsonl`, and compares the answers with the file or
/// writes them there. That ours give the same answers is a test of the `yaml` crate.
///
/// # Errors
/// The program that asks cannot be built or run, or a file cannot be read or written.
pub(crate) fn run(oracles: &Oracles, remake: bool, report: &mut Report) -> Result<()> {
    let program = oracles.program("helm", "yaml", &root().join("xtask/oracles/yaml/main.go"))?;
    let mut files: Vec<_> =
        fs::read_dir(root().join("tests/yaml"))?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.sort();
    for file in files {
        let known = fs::read_to_string(&file)?;
        let made = answers(&program, &known)?;
        let name = format!("yaml: {}", file.file_name().unwrap_or_default().display());
        if remake {
            fs::write(&file, made)?;
            continue;
        }
        report.add(&name, &differing_rows(&known, &made));
    }
    Ok(())
}

/// The rows of a table that are not what they were when it was committed.
pub(super) fn differing_rows(known: &str, made: &str) -> Vec<String> {
    let differing = known.lines().zip(made.lines()).filter(|(known, made)| known != made);
    let mut problems: Vec<String> =
        differing.map(|(known, made)| format!("committed {known}\nnow       {made}")).collect();
    if known.lines().count() != made.lines().count() {
        problems.push("the number of rows differs".to_owned());
    }
    problems
}

/// What a program makes of the rows given to it.
pub(super) fn answers(program: &Path, rows: &str) -> Result<String> {
    let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut input = child.stdin.take().context("the input is a pipe")?;
    let output = std::thread::scope(|scope| {
        // Written beside the reading, since either pipe can be full.
        let writer = scope.spawn(move || input.write_all(rows.as_bytes()));
        let output = child.wait_with_output();
        writer.join().map_err(|_| anyhow::anyhow!("the writer ended"))??;
        Ok::<_, anyhow::Error>(output?)
    })?;
    if !output.status.success() {
        bail!("{} ended with {}", program.display(), output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}
