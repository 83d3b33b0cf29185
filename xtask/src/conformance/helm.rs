//! Our `template` against helm's: the corpus of small charts, and charts of a folder.

#[path = "../../../crates/cli/tests/helm/case.rs"]
mod case;
mod charts;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, Result};

use super::report::Report;
use crate::command::root;
use crate::oracles::Oracles;
use case::{Case, said};
pub(crate) use charts::{compare, find};

/// A helm with folders of its own.
pub(crate) struct Helm {
    program: PathBuf,
    home: tempfile::TempDir,
}

impl Helm {
    pub(crate) fn new(oracles: &Oracles) -> Result<Self> {
        Ok(Self { program: oracles.tool("helm")?, home: tempfile::tempdir()? })
    }

    /// Runs helm in a folder.
    pub(crate) fn run(&self, arguments: &[String], folder: &Path) -> Result<Output> {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(folder).env("HOME", self.home.path()).env("TZ", "UTC");
        for name in ["CACHE", "CONFIG", "DATA"] {
            command.env(format!("HELM_{name}_HOME"), self.home.path().join(name));
        }
        command.env_remove("KUBECONFIG").env_remove("HELM_NAMESPACE");
        command.output().context("helm could not be started")
    }
}

/// Compares the goldens of the corpus with what helm prints now, or writes them.
pub(crate) fn corpus(oracles: &Oracles, remake: bool, report: &mut Report) -> Result<()> {
    let helm = Helm::new(oracles)?;
    flags(&helm, remake, report)?;
    let mut files: Vec<PathBuf> =
        fs::read_dir(root().join("tests/helm"))?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.sort();
    for file in files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if name == "public-charts" || file.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let text = fs::read_to_string(&file)?;
        let case = Case::parse(&text);
        let folder = tempfile::tempdir()?;
        let folder = folder.path().canonicalize()?;
        case.write(&folder).with_context(|| format!("{name} cannot be written"))?;
        let output = helm.run(&case.arguments, &folder)?;
        let stdout = String::from_utf8_lossy(&output.stdout).replace(&folder.display().to_string(), "$DIR");
        let stderr = said(&String::from_utf8_lossy(&output.stderr), &folder);
        let made = case.with_goldens(&stdout, &stderr);
        if remake && made != text {
            fs::write(&file, &made)?;
        }
        let mut problems = Vec::new();
        if !remake && case.stdout != stdout {
            problems.push(format!("helm prints now:\n{stdout}"));
        }
        if !remake && case.stderr != stderr {
            problems.push(format!("helm says now:\n{stderr}"));
        }
        report.add(&format!("helm/{name}"), &problems);
    }
    Ok(())
}

/// The list of helm's flags that a test of ours goes through.
fn flags(helm: &Helm, remake: bool, report: &mut Report) -> Result<()> {
    let help = helm.run(&["template".to_owned(), "--help".to_owned()], &root())?;
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    let mut made = "# helm 4.3.1: the flags of `helm template --help`, made by `cargo xtask conformance helm --remake`.\n".to_owned();
    for line in help.lines().map(str::trim_start).filter(|line| line.starts_with('-')) {
        if let Some(flag) = line.split_whitespace().find(|word| word.starts_with("--")) {
            made.push_str(&format!("{}\n", flag.split(['=', '[']).next().unwrap_or(flag)));
        }
    }
    let file = root().join("crates/cli/tests/helm/template-flags.txt");
    if remake {
        fs::write(&file, &made)?;
    }
    let is_same = fs::read_to_string(&file)? == made;
    report.add("helm/flags of template", if is_same { &[] } else { std::slice::from_ref(&made) });
    Ok(())
}
