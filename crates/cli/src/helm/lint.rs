//! `flamingo lint`: what `helm lint` prints.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use helm::capabilities::KubeVersion;
use helm::lint::{LintRequest, Message, Severity, lint as lint_tree};
use helm::{Entry, EntryKind, File, Tree, TreeError};
use value::Value;

use super::chart;
use super::failure::Failure;
use super::flags::Flags;
use super::folder::{Folder, reason};
use super::user_values;
use super::world::World;

/// Lints charts. The exit code is 1 where one of them fails.
///
/// # Errors
/// Standard output cannot be written.
pub fn lint(flags: &Flags, world: &mut World<'_>) -> io::Result<u8> {
    match run(flags, world) {
        Ok(report) => {
            world.out.write_all(report.text.as_bytes())?;
            world.out.flush()?;
            if let Some(summary) = report.failed {
                world.err.write_all(Failure::new(summary).text().as_bytes())?;
                return Ok(1);
            }
            Ok(0)
        }
        Err(failure) => {
            world.err.write_all(failure.text().as_bytes())?;
            Ok(1)
        }
    }
}

/// What is printed, and the summary where a chart failed.
struct Report {
    text: String,
    failed: Option<String>,
}

fn run(flags: &Flags, world: &mut World<'_>) -> Result<Report, Failure> {
    flags.check_refused()?;
    let kube_version = chart::kube_version(flags)?;
    let mut paths = flags.arguments.clone();
    if flags.is_on("with-subcharts") {
        for path in flags.arguments.clone() {
            subcharts(&format!("{}/charts", path.trim_end_matches('/')), world, &mut paths);
        }
    }
    let values = user_values::read(flags, world)?.all;
    let quiet = flags.is_on("quiet");
    let tolerance = if flags.is_on("strict") { Severity::Warning } else { Severity::Error };
    let (mut text, mut failed, mut noted) = (String::new(), 0, 0);
    for path in &paths {
        let outcome = one(path, (&values, kube_version.clone()), flags, world);
        let messages = outcome.as_deref().unwrap_or_default();
        let is_noted = outcome.is_err() || messages.iter().any(|message| message.severity > Severity::Info);
        noted += usize::from(is_noted);
        if quiet && !is_noted {
            continue;
        }
        push(&mut text, format_args!("==> Linting {path}\n"));
        if let Err(error) = &outcome {
            push(&mut text, format_args!("Error {error}\n"));
        }
        for message in messages.iter().filter(|message| !quiet || message.severity > Severity::Info) {
            push(&mut text, format_args!("{message}\n"));
        }
        failed +=
            usize::from(outcome.is_err() || messages.iter().any(|message| message.severity >= tolerance));
        text.push('\n');
    }
    let summary = format!("{} chart(s) linted, {failed} chart(s) failed", paths.len());
    if failed > 0 {
        return Ok(Report { text, failed: Some(summary) });
    }
    if !quiet || noted > 0 {
        push(&mut text, format_args!("{summary}\n"));
    }
    Ok(Report { text, failed: None })
}

fn push(text: &mut String, more: std::fmt::Arguments<'_>) {
    text.write_fmt(more).unwrap_or_else(|_| unreachable!("writing to a String cannot fail"));
}

fn one(
    path: &str,
    (values, kube_version): (&Value, Option<KubeVersion>),
    flags: &Flags,
    world: &World<'_>,
) -> Result<Vec<Message>, String> {
    let environment = world.environment(false, true);
    let namespace = flags.filled("namespace").unwrap_or_else(|| world.namespace.clone());
    let request = LintRequest {
        values,
        namespace: &namespace,
        kube_version,
        skip_schema: flags.is_on("skip-schema-validation"),
        environment: &environment,
    };
    let absolute = world.directory.join(path);
    if path.ends_with(".tgz") || path.ends_with(".tar.gz") {
        let archive = fs::read(&absolute)
            .map_err(|error| format!("unable to open tarball: open {path}: {}", reason(&error)))?;
        let files = helm::unpack(&archive).map_err(|error| format!("unable to extract tarball: {error}"))?;
        return Ok(lint_tree(&Unpacked::new(path, files), &request));
    }
    if let Err(error) = fs::metadata(absolute.join("Chart.yaml")) {
        let file = format!("{}/Chart.yaml", path.trim_end_matches('/'));
        let file = file.strip_prefix("./").unwrap_or(&file);
        return Err(format!("unable to check Chart.yaml file in chart: stat {file}: {}", reason(&error)));
    }
    Ok(lint_tree(&Folder::new(&chart::absolute(&absolute)), &request))
}

/// The charts below a folder, in order.
fn subcharts(folder: &str, world: &World<'_>, into: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(world.directory.join(folder)) else { return };
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    for name in names {
        let path = format!("{folder}/{name}");
        if name == "Chart.yaml" {
            into.push(folder.to_owned());
        } else if name.ends_with(".tgz") || name.ends_with(".tar.gz") {
            into.push(path.clone());
        }
        if world.directory.join(&path).is_dir() && !is_link(&world.directory.join(&path)) {
            subcharts(&path, world, into);
        }
    }
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink())
}

/// The files of an archive as a file tree.
struct Unpacked {
    location: String,
    files: Vec<File>,
}

impl Unpacked {
    fn new(location: &str, files: Vec<File>) -> Self {
        Self { location: location.to_owned(), files }
    }
}

impl Tree for Unpacked {
    fn location(&self) -> &str {
        &self.location
    }

    fn list(&self, path: &str) -> Result<Vec<Entry>, TreeError> {
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let mut entries: Vec<Entry> = Vec::new();
        for file in &self.files {
            let Some(rest) = file.name.strip_prefix(&prefix) else { continue };
            let (name, kind) = match rest.split_once('/') {
                Some((folder, _)) => (folder, EntryKind::Directory),
                None => (rest, EntryKind::File),
            };
            if !entries.iter().any(|entry| entry.name == name) {
                let size = file.data.len() as u64;
                entries.push(Entry { name: name.to_owned(), kind, size, modified: file.modified });
            }
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn read(&self, path: &str) -> Result<Arc<[u8]>, TreeError> {
        let file = self.files.iter().find(|file| &*file.name == path);
        file.map(|file| file.data.clone())
            .ok_or_else(|| TreeError::not_found(format!("{}/{path}", self.location)))
    }
}
