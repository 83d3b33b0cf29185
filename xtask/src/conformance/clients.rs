//! The real kubectl, flux and helm on the simulated cluster and on a real one: what they print must be equal.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::differences::Differences;
use super::mask::Mask;
use super::report::Report;
use super::steps::{Act, FILES, How, STEPS, Step};
use super::worlds::{World, Worlds};
use crate::command::output;
use crate::oracles::Oracles;
use crate::process::{Printed, Running, capture, until};

/// Runs all steps, in order, on both clusters.
///
/// # Errors
/// A cluster cannot be started, or a step prepared.
pub(crate) fn run(oracles: &Oracles, flamingo: &Path, report: &mut Report) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let worlds = Worlds::start(oracles, flamingo, folder.path())?;
    let files = folder.path().join("files");
    fs::create_dir_all(&files)?;
    for (name, text) in FILES {
        let file = files.join(name);
        fs::create_dir_all(file.parent().context("a file is in a folder")?)?;
        fs::write(file, text)?;
    }
    let mask = Mask::new()?;
    let mut differences = Differences::new()?;
    for step in &STEPS {
        let [simulated, real] = worlds.both().map(|world| perform(step, world, &files, &mask));
        let (simulated, real) = (simulated?, real?);
        let problems = compare(step, simulated, real, &mut differences);
        report.add(step.name, &problems);
    }
    report.add("every intended difference is still there", &differences.unused());
    Ok(())
}

/// What a step printed, without what is of no interest, and the code that it ended with.
fn perform(step: &Step, world: &World, files: &Path, mask: &Mask) -> Result<Vec<String>> {
    for before in step.before {
        output(world.kubectl(before).current_dir(files))
            .with_context(|| format!("{}: {} on the {} cluster", step.name, before.join(" "), world.name))?;
    }
    let printed = match step.act {
        Act::Kubectl(arguments) => capture(world.kubectl(arguments).current_dir(files))?,
        Act::Flux(arguments) => capture(world.flux(arguments).current_dir(files))?,
        Act::Helm(arguments) => capture(world.helm(arguments).current_dir(files))?,
        Act::Watch { arguments, cause, until } => {
            return watch(world, files, (arguments, cause, until), mask);
        }
    };
    Ok(lines(&printed, mask))
}

fn lines(printed: &Printed, mask: &Mask) -> Vec<String> {
    let mut lines = mask.lines(&printed.stdout);
    lines.extend(mask.lines(&printed.stderr).into_iter().map(|line| format!("stderr: {line}")));
    lines.push(format!("exit code {}", printed.status.code().unwrap_or(-1)));
    lines
}

/// What a watch shows of a change. A line can come twice, as clients are told of each write.
fn watch(
    world: &World,
    files: &Path,
    (arguments, cause, last): (&[&str], &[&str], &str),
    mask: &Mask,
) -> Result<Vec<String>> {
    let log = files.join(format!("watch-{}.log", world.name));
    let watching = Running::start(&world.kubectl(arguments), &log)?;
    watching.line(last, 0).context("the watch does not begin")?;
    output(world.kubectl(cause).current_dir(files))?;
    let changed =
        |text: &str| text.lines().skip_while(|line| line.contains(last) || line.contains("AGE")).count() > 0;
    let text = until("the watch shows the change", || {
        let text = fs::read_to_string(&log)?;
        let is_over = changed(&text) && text.lines().next_back().is_some_and(|line| line.contains(last));
        Ok(is_over.then_some(text))
    })?;
    drop(watching);
    let mut lines = mask.lines(&text);
    lines.dedup();
    Ok(lines)
}

/// What is wrong with the outputs of a step, line by line; nothing where they are equal.
fn compare(
    step: &Step,
    simulated: Vec<String>,
    real: Vec<String>,
    differences: &mut Differences,
) -> Vec<String> {
    let mut simulated = differences.leave_out(step.name, simulated);
    let mut real = differences.leave_out(step.name, real);
    match step.how {
        How::Exactly => {}
        How::AsSet => {
            for lines in [&mut simulated, &mut real] {
                lines.sort();
                lines.dedup();
            }
        }
        How::Served => {
            let served: BTreeSet<&String> = simulated.iter().collect();
            real.retain(|line| served.contains(line));
        }
    }
    if simulated == real {
        return Vec::new();
    }
    let only = |here: &[String], there: &[String], mark: &str| -> Vec<String> {
        let lines = here.iter().filter(|line| !there.contains(line));
        lines.map(|line| format!("{mark} {line}")).collect()
    };
    let mut problems = only(&simulated, &real, "simulated:");
    problems.extend(only(&real, &simulated, "real:     "));
    if problems.is_empty() {
        problems.push("the same lines, in another order or number".to_owned());
        problems.extend(simulated.iter().map(|line| format!("simulated: {line}")));
        problems.extend(real.iter().map(|line| format!("real:      {line}")));
    }
    problems
}
