//! The cases below `tests/kustomize/commands`: what kustomize prints, says and writes for one command each.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::Tools;
use super::cases::{Compared, compare, expectation_start, unpack, without};

/// What a command did.
#[derive(Debug, PartialEq, Eq)]
struct Done {
    outcome: super::Outcome,
    /// The files that it changed or made.
    changed: BTreeMap<String, String>,
}

/// Runs each command with both.
///
/// # Errors
/// A case does not say what kustomize does, or ours does something else.
pub(super) fn run(tools: &Tools<'_>, remake: bool) -> Result<()> {
    compare("commands", remake, |name, text| {
        let arguments = arguments(text).with_context(|| name.to_owned())?;
        let real = done(text, &mut real(tools, &arguments)?)?;
        let mut command = Command::new(&tools.flamingo);
        let ours = done(text, command.arg("kustomize").args(&arguments))?;
        let is_edit = arguments.first().is_some_and(|word| word == "edit");
        let differ = real.outcome.output.is_some() != ours.outcome.output.is_some()
            || real.changed != ours.changed
            // What edits print is about what they do, and in our words.
            || (!is_edit && real.outcome.output != ours.outcome.output);
        let difference = differ.then(|| format!("\n  {real:?}\n  {ours:?}"));
        let expected = expectation(&real, &ours, is_edit);
        Ok(Compared { difference, made: format!("{}{expected}", &text[..expectation_start(text)]) })
    })
}

/// The words of the command, as a list in YAML.
fn arguments(text: &str) -> Result<Vec<String>> {
    let line = text.lines().find_map(|line| line.strip_prefix("# run: ")).context("no command")?;
    let list = yaml::parse(line, yaml::Rules::V2)?;
    let words = list.as_list().context("the command is no list")?;
    words.iter().map(|word| Ok(word.as_str().context("a word that is no text")?.to_owned())).collect()
}

fn real(tools: &Tools<'_>, arguments: &[String]) -> Result<Command> {
    let mut command = Command::new(&tools.kustomize);
    command.args(arguments);
    if arguments.iter().any(|word| word == "--enable-helm") {
        command.arg("--helm-command").arg(tools.oracles.tool("helm")?);
    }
    Ok(command)
}

fn done(text: &str, command: &mut Command) -> Result<Done> {
    let folder = tempfile::tempdir()?;
    let place = folder.path().canonicalize()?;
    let directory = place.join(unpack(text, &place)?);
    fs::create_dir_all(&directory)?;
    let before = files(&place)?;
    command.current_dir(&directory).env("KUBECONFIG", "/dev/null").env_remove("HELM_NAMESPACE");
    let outcome = without(super::outcome(command)?, &place)?;
    let mut changed = files(&place)?;
    changed.retain(|name, text| before.get(name) != Some(text));
    Ok(Done { outcome, changed })
}

fn files(place: &Path) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![place.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(place)?.display().to_string();
                found.insert(name, String::from_utf8_lossy(&fs::read(&path)?).into_owned());
            }
        }
    }
    Ok(found)
}

fn expectation(real: &Done, ours: &Done, is_edit: bool) -> String {
    let mut text = match &real.outcome.output {
        Some(_) if is_edit => "-- <output> --\n".to_owned(),
        Some(output) => format!("-- <output> --\n{output}"),
        None => {
            format!("-- <error> --\n{}\n-- <refusal> --\n{}\n", real.outcome.error, ours.outcome.error)
        }
    };
    for (name, content) in &real.changed {
        text += &format!("-- <after> {name} --\n{content}");
    }
    text
}
