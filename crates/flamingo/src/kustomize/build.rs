//! `flamingo kustomize build`.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use cli::arguments::kustomize::{Build, LoadRestrictor, Reorder};
use kustomize::explain::Explanation;
use kustomize::{Built, Options, Restriction};
use value::Value;

use super::disk::Disk;
use super::remotes::Network;
use super::watch::watch;
use super::{Reader, charts, files, print, tell};

pub(super) fn build(arguments: &Build) -> anyhow::Result<ExitCode> {
    if let Some((flag, why)) = arguments.refused.used() {
        bail!("{flag} is not supported: {why}");
    }
    if arguments.watch {
        watch(arguments.output.is_none(), |disk| once(arguments, disk))?;
    } else {
        once(arguments, &Disk::default())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn once(arguments: &Build, disk: &Disk) -> anyhow::Result<Reader> {
    let network = Network::new()?;
    let options = options(arguments, &network);
    if let Some(question) = &arguments.explain {
        return explain((arguments, options), question, disk);
    }
    let built = built(disk, &arguments.directory, options)?;
    match &arguments.output {
        None => return print(&built.to_yaml()?),
        Some(path) if path.is_dir() => files::write(&built, path)?,
        Some(path) => fs::write(path, built.to_yaml()?).with_context(|| path.display().to_string())?,
    }
    Ok(Reader::Listening)
}

fn options<'a>(arguments: &Build, network: &'a Network) -> Options<'a> {
    Options {
        restriction: restriction(arguments.load_restrictor),
        reorder: match arguments.reorder {
            Reorder::Legacy => kustomize::Reorder::Legacy,
            Reorder::None => kustomize::Reorder::None,
        },
        managed_by_label: arguments.enable_managedby_label,
        helm: charts::of(&arguments.helm),
        remotes: if arguments.offline { None } else { Some(network) },
        ..Options::default()
    }
}

pub(super) fn restriction(said: LoadRestrictor) -> Restriction {
    match said {
        LoadRestrictor::RootOnly => Restriction::RootOnly,
        LoadRestrictor::None => Restriction::None,
    }
}

/// Builds a directory, after warnings about fields of its kustomization that are deprecated.
pub(super) fn built<'a>(disk: &'a Disk, directory: &str, options: Options<'a>) -> anyhow::Result<Built> {
    // The text of a cause is part of the text of what it caused: there is nothing to add as "because".
    let failed = |error: kustomize::Error| match error.advice() {
        Some(advice) => anyhow::Error::msg(format!("{error}\nfix: {advice}")),
        None => anyhow::Error::msg(error.to_string()),
    };
    if let Some(url) = kustomize::RepositoryUrl::parse(directory) {
        return kustomize::build_remote(&url, options).map_err(failed);
    }
    let path = disk.path(directory)?;
    for name in kustomize::kustomization::FILE_NAMES {
        if let Ok(text) = fs::read_to_string(Path::new("/").join(&path).join(name))
            && let Ok(value) = yaml::parse(&text, yaml::Rules::V2)
        {
            kustomize::Kustomization::deprecations(&value).iter().try_for_each(|warning| tell(warning))?;
        }
    }
    kustomize::build(disk, &path, options).map_err(failed)
}

fn explain(
    (arguments, options): (&Build, Options<'_>),
    question: &str,
    disk: &Disk,
) -> anyhow::Result<Reader> {
    let mut explanation = Explanation::of(question)
        .with_context(|| format!("{question:?} is not KIND/NAME or KIND/NAME.path.to.field"))?;
    built(disk, &arguments.directory, Options { observer: Some(&mut explanation), ..options })?;
    let mut text = String::new();
    for (id, changes) in explanation.changes() {
        text += &format!("{id}\n");
        let mut before: Option<&Value> = None;
        for change in changes {
            text += &format!("  {} ({})\n", change.step.file, change.step.what);
            text += &shown(before, change.value.as_ref());
            before = change.value.as_ref();
        }
    }
    if text.is_empty() {
        if let Some(problem) = explanation.problem() {
            return Err(problem.clone()).with_context(|| format!("{question} names no field"));
        }
        bail!("nothing that is built is, or was, {question}, or it has no such field");
    }
    print(&text)
}

/// A scalar as it is, a collection as what changed in it.
fn shown(before: Option<&Value>, after: Option<&Value>) -> String {
    let yaml = |value: Option<&Value>| value.and_then(|value| yaml::to_yaml(value).ok()).unwrap_or_default();
    let (old, new) = (yaml(before), yaml(after));
    let diff = similar::TextDiff::from_lines(&old, &new);
    let mut text = String::new();
    for change in diff.iter_all_changes() {
        let sign = match change.tag() {
            similar::ChangeTag::Delete => '-',
            similar::ChangeTag::Insert => '+',
            similar::ChangeTag::Equal => continue,
        };
        text += &format!("    {sign} {}\n", change.value().trim_end_matches('\n'));
    }
    text
}
