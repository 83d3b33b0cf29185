//! `flamingo lint`: what `helm lint` prints.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use helm::capabilities::KubeVersion;
use helm::lint::{LintRequest, Message, Severity, lint as lint_tree};
use helm::{Entry, EntryKind, File, Log, Tree, TreeError};
use value::Value;

use super::chart;
use super::failure::Failure;
use super::flags::{Flags, LINT};
use super::folder::{Folder, reason};
use super::user_values;
use super::world::World;

/// Lints charts. The exit code is 1 where one of them fails.
///
/// # Errors
/// Standard output cannot be written.
pub fn lint(arguments: &[String], world: &mut World<'_>) -> io::Result<u8> {
    LINT.run(arguments, world, &|flags, world| {
        let outcome = run(flags, world);
        if let Ok(report) = &outcome {
            world.out.write_all(report.text.as_bytes())?;
            world.out.flush()?;
        }
        match outcome.and_then(|report| report.failed.map_or(Ok(()), Err)) {
            Ok(()) => Ok(0),
            Err(failure) => {
                world.err.write_all(failure.text().as_bytes())?;
                Ok(1)
            }
        }
    })
}

/// What is printed, and the summary where a chart failed.
struct Report {
    text: String,
    failed: Option<Failure>,
}

fn run(flags: &Flags, world: &mut World<'_>) -> Result<Report, Failure> {
    flags.check_refused()?;
    let kube_version = chart::kube_version(flags)?;
    let mut paths = flags.arguments.clone();
    if flags.is_on("with-subcharts") {
        for path in &flags.arguments {
            subcharts(&joined(path, "charts"), world, &mut paths);
        }
    }
    let values = user_values::read(flags, world)?.all;
    let quiet = flags.is_on("quiet");
    let tolerance = if flags.is_on("strict") { Severity::Warning } else { Severity::Error };
    let (mut text, mut failed, mut noted) = (String::new(), 0, 0);
    for path in &paths {
        let outcome = one(path, (&values, kube_version.clone()), flags, world)?;
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
        return Ok(Report { text, failed: Some(Failure::new(summary)) });
    }
    if !quiet || noted > 0 {
        push(&mut text, format_args!("{summary}\n"));
    }
    Ok(Report { text, failed: None })
}

fn push(text: &mut String, more: std::fmt::Arguments<'_>) {
    text.write_fmt(more).unwrap_or_else(|_| unreachable!("writing to a String cannot fail"));
}

/// What the rules find, or why there is nothing to look at.
fn one(
    path: &str,
    (values, kube_version): (&Value, Option<KubeVersion>),
    flags: &Flags,
    world: &mut World<'_>,
) -> Result<Result<Vec<Message>, String>, Failure> {
    let tree = match tree(path, world) {
        Ok(tree) => tree,
        Err(text) => return Ok(Err(text)),
    };
    let environment = world.environment(false, true);
    let namespace = chart::namespace(flags, world);
    let log = Log::default();
    let request = LintRequest {
        values,
        namespace: &namespace,
        kube_version,
        skip_schema: flags.is_on("skip-schema-validation"),
        environment: &environment,
        log: &log,
    };
    let messages = lint_tree(&*tree, &request);
    world.say(&log)?;
    Ok(Ok(messages))
}

/// The files of a folder or of an archive.
fn tree(path: &str, world: &World<'_>) -> Result<Box<dyn Tree>, String> {
    let absolute = world.directory.join(path);
    if path.ends_with(".tgz") || path.ends_with(".tar.gz") {
        let failed = |what: &str, reason: String| format!("unable to {what} tarball: {reason}");
        let archive = fs::read(&absolute)
            .map_err(|error| failed("open", format!("open {path}: {}", reason(&error))))?;
        let files = helm::expand(&archive).map_err(|error| failed("extract", helm::chain(&error)))?;
        return Ok(Box::new(Unpacked::new(path, files)));
    }
    fs::metadata(absolute.join("Chart.yaml")).map_err(|error| {
        let (file, reason) = (joined(path, "Chart.yaml"), reason(&error));
        format!("unable to check Chart.yaml file in chart: stat {file}: {reason}")
    })?;
    Ok(Box::new(Folder::new(&chart::absolute(&absolute))))
}

/// `filepath.Join`.
fn joined(folder: &str, name: &str) -> String {
    let parts = [folder, name].into_iter().filter(|part| !part.is_empty());
    helm::clean(&parts.collect::<Vec<_>>().join("/"))
}

/// The charts below a folder, in order.
fn subcharts(folder: &str, world: &World<'_>, into: &mut Vec<String>) {
    let place = world.directory.join(folder);
    if is_link(&place) {
        return;
    }
    let Ok(entries) = fs::read_dir(place) else { return };
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
        subcharts(&path, world, into);
    }
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink())
}

/// The files of an archive as a file tree.
struct Unpacked {
    location: String,
    /// By their names.
    files: Vec<File>,
}

impl Unpacked {
    fn new(location: &str, mut files: Vec<File>) -> Self {
        // Of files with one name, the last one is left.
        files.reverse();
        files.sort_by(|a, b| a.name.cmp(&b.name));
        files.dedup_by(|a, b| a.name == b.name);
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
        let first = self.files.partition_point(|file| *file.name < *prefix);
        for file in self.files[first..].iter().take_while(|file| file.name.starts_with(&prefix)) {
            let rest = &file.name[prefix.len()..];
            let (name, kind) = match rest.split_once('/') {
                Some((folder, _)) => (folder, EntryKind::Directory),
                None => (rest, EntryKind::File),
            };
            if entries.last().is_none_or(|entry| entry.name != name) {
                let size = file.data.len() as u64;
                entries.push(Entry {
                    name: name.to_owned(),
                    kind,
                    size,
                    modified: file.modified,
                    link: None,
                });
            }
        }
        // `a-b` comes between `a` and `a/b`, but after the folder `a`.
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        entries.dedup_by(|a, b| a.name == b.name);
        Ok(entries)
    }

    fn read(&self, path: &str) -> Result<Arc<[u8]>, TreeError> {
        match self.files.binary_search_by(|file| (*file.name).cmp(path)) {
            Ok(at) => Ok(self.files[at].data.clone()),
            Err(_) => Err(TreeError::not_found(format!("{}/{path}", self.location))),
        }
    }
}
