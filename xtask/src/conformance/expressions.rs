//! What helm's engine makes of the templates that our own is tested with.

use std::fs;
use std::process::Command;

use anyhow::Result;

use super::report::Report;
use super::yaml::{answers, differing_rows};
use crate::command::{output, root};
use crate::oracles::Oracles;

/// Has helm render each row of `tests/gotemplate/*.jsonl` and name its functions, and compares both with
/// the files or writes them there. That ours gives the same is a test of the `gotemplate` crate.
///
/// # Errors
/// The program that renders cannot be built or run, or a file cannot be read or written.
pub(crate) fn run(oracles: &Oracles, remake: bool, report: &mut Report) -> Result<()> {
    let program =
        oracles.program("helm", "expressions", &root().join("xtask/oracles/expressions/main.go"))?;
    let folder = root().join("tests/gotemplate");
    let mut files: Vec<_> = fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.sort();
    for file in files {
        let known = fs::read_to_string(&file)?;
        let made = if file.ends_with("functions.txt") {
            format!("# helm 4.3.1\n{}", output(Command::new(&program).arg("functions"))?)
        } else {
            answers(&program, &known)?
        };
        if remake {
            fs::write(&file, made)?;
            continue;
        }
        let name = format!("expressions: {}", file.file_name().unwrap_or_default().display());
        report.add(&name, &differing_rows(&known, &made));
    }
    Ok(())
}
