//! `flamingo show`: what `helm show` prints.

use std::io;

use helm::Chart;

use super::chart;
use super::failure::Failure;
use super::flags::Flags;
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
pub fn show(part: Part, flags: &Flags, world: &mut World<'_>) -> io::Result<u8> {
    match run(part, flags, world) {
        Ok(text) => {
            world.out.write_all(&text)?;
            world.out.flush()?;
            Ok(0)
        }
        Err(failure) => {
            world.err.write_all(failure.text().as_bytes())?;
            Ok(1)
        }
    }
}

fn run(part: Part, flags: &Flags, world: &World<'_>) -> Result<Vec<u8>, Failure> {
    flags.check_refused()?;
    let [reference] = flags.arguments.as_slice() else {
        return Err(Failure::new("\"helm show\" requires 1 argument"));
    };
    let path = chart::locate(reference, world)?;
    chart::verify(&path, flags, world)?;
    let chart = chart::load(&path)?;
    text(part, &chart)
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
