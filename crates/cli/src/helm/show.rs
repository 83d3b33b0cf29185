//! `flamingo show`: what `helm show` prints.

use std::io;

use helm::jsonpath::Template;
use helm::{Chart, Log};

use super::chart;
use super::failure::Failure;
use super::flags::{Command, Flags, SHOW};
use super::world::World;

/// Which part of a chart is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Everything.
    All,
    /// `Chart.yaml`, as helm writes it.
    Chart,
    /// `values.yaml`, as it is.
    Values,
    /// The README, as it is.
    Readme,
    /// The files under `crds/`, as they are.
    Crds,
}

/// Shows a part of a chart.
///
/// # Errors
/// Standard output cannot be written.
pub fn show(part: Part, arguments: &[String], world: &mut World<'_>) -> io::Result<u8> {
    let command = Command { name: part.command(), ..SHOW };
    command.run(arguments, world, &|flags, world| match run(part, flags, world) {
        Ok(text) => {
            world.out.write_all(&text)?;
            world.out.flush()?;
            Ok(0)
        }
        Err(failure) => {
            world.err.write_all(failure.text().as_bytes())?;
            Ok(1)
        }
    })
}

impl Part {
    fn command(self) -> &'static str {
        match self {
            Self::All => "show all",
            Self::Chart => "show chart",
            Self::Values => "show values",
            Self::Readme => "show readme",
            Self::Crds => "show crds",
        }
    }
}

fn run(part: Part, flags: &Flags, world: &mut World<'_>) -> Result<Vec<u8>, Failure> {
    flags.check_refused()?;
    let template = jsonpath(part, flags)?;
    let path = chart::locate(flags.arguments.first().map_or("", String::as_str), world)?;
    chart::verify(&path, flags, world)?;
    let log = Log::default();
    let chart = chart::load(&path, chart::Purpose::Showing, &log);
    world.say(&log)?;
    let chart = chart?;
    match template {
        None => text(part, &chart),
        Some(template) => found(&template, &chart, world),
    }
}

/// The template of `--jsonpath`, which only values have.
fn jsonpath(part: Part, flags: &Flags) -> Result<Option<Template>, Failure> {
    let Some(text) = flags.text("jsonpath").filter(|text| !text.is_empty()) else { return Ok(None) };
    if part != Part::Values {
        return Err(Failure::new("unknown flag: --jsonpath").with("  it is a flag of `show values`"));
    }
    let parsed = Template::parse(&text)
        .map_err(|error| Failure::new(format!("error parsing jsonpath {text}: {error}")))?;
    Ok(Some(parsed))
}

/// What a template finds in the default values. Where it fails, helm prints nothing and ends well; we say why.
fn found(template: &Template, chart: &Chart, world: &mut World<'_>) -> Result<Vec<u8>, Failure> {
    let Some(values) = &chart.values else { return Ok(Vec::new()) };
    match template.evaluate(values) {
        Ok(text) => Ok(text.into_bytes()),
        Err(error) => {
            world
                .warn(&format!("warning: --jsonpath prints nothing: {error}"))
                .map_err(|error| Failure::new(format!("standard error cannot be written: {error}")))?;
            Ok(Vec::new())
        }
    }
}

fn text(part: Part, chart: &Chart) -> Result<Vec<u8>, Failure> {
    let wants = |wanted| part == Part::All || part == wanted;
    let mut out = Vec::new();
    let line = |out: &mut Vec<u8>, data: &[u8]| {
        out.extend_from_slice(data);
        out.push(b'\n');
    };
    if wants(Part::Chart) {
        let metadata = chart.metadata.to_yaml().map_err(|error| Failure::of(&error))?;
        line(&mut out, metadata.as_bytes());
    }
    let separator = |out: &mut Vec<u8>| {
        if part == Part::All {
            line(out, b"---");
        }
    };
    if wants(Part::Values) && chart.values.is_some() {
        separator(&mut out);
        for file in chart.raw.iter().filter(|file| &*file.name == "values.yaml") {
            line(&mut out, &file.data);
        }
    }
    if wants(Part::Readme)
        && let Some(readme) = chart.readme()
    {
        separator(&mut out);
        line(&mut out, &readme.data);
    }
    if wants(Part::Crds) {
        for crd in chart.crds() {
            if !crd.file.data.starts_with(b"---") {
                line(&mut out, b"---");
            }
            line(&mut out, &crd.file.data);
        }
    }
    Ok(out)
}
