//! `flamingo kustomize build`.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use cli::arguments::kustomize::{Build, LoadRestrictor, Reorder};
use kustomize::explain::Explanation;
use kustomize::{Built, Options, Restriction};
use value::Value;

use super::disk::Disk;
use super::remotes::Network;
use super::{charts, print, tell};

/// How often it is looked whether a file has changed.
const LOOK: Duration = Duration::from_millis(200);

pub(super) fn build(arguments: &Build) -> anyhow::Result<ExitCode> {
    if let Some((flag, why)) = arguments.refused.used() {
        bail!("{flag} is not supported: {why}");
    }
    let network = Network::new()?;
    if !arguments.watch {
        return once(arguments, &Disk::default(), &network).map(|()| ExitCode::SUCCESS);
    }
    loop {
        let disk = Disk::default();
        if let Err(error) = once(arguments, &disk, &network) {
            tell(&format!("error: {error:#}"))?;
        }
        while !disk.has_changed() {
            pause();
        }
        print("---\n")?;
    }
}

#[expect(clippy::disallowed_methods, reason = "this command has no runtime whose worker could be blocked")]
fn pause() {
    std::thread::sleep(LOOK);
}

fn once(arguments: &Build, disk: &Disk, network: &Network) -> anyhow::Result<()> {
    let options = options(arguments, network);
    if let Some(question) = &arguments.explain {
        return explain((arguments, options), question, disk);
    }
    let built = built(disk, &arguments.directory, options)?;
    match &arguments.output {
        None => print(&built.to_yaml()?),
        Some(path) if path.is_dir() => write_each(&built, path),
        Some(path) => fs::write(path, built.to_yaml()?).with_context(|| path.display().to_string()),
    }
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
    let path = Disk::path(directory)?;
    for name in kustomize::kustomization::FILE_NAMES {
        if let Ok(text) = fs::read_to_string(Path::new("/").join(&path).join(name))
            && let Ok(value) = yaml::parse(&text, yaml::Rules::V2)
        {
            kustomize::Kustomization::deprecations(&value).iter().try_for_each(|warning| tell(warning))?;
        }
    }
    kustomize::build(disk, &path, options).map_err(failed)
}

/// One file for each object, named as kustomize names them.
fn write_each(built: &Built, folder: &Path) -> anyhow::Result<()> {
    for object in &built.objects {
        let text = |path: &[&str]| object.str_at(path).unwrap_or_default().to_lowercase();
        let (api_version, kind, name) = (text(&["apiVersion"]), text(&["kind"]), text(&["metadata", "name"]));
        let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
        let parts = [text(&["metadata", "namespace"]), group.to_owned(), version.to_owned(), kind, name];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let path = folder.join(format!("{}.yaml", parts.join("_").replace(':', "-")));
        let one = Built { objects: vec![object.clone()] };
        fs::write(&path, one.to_yaml()?).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

fn explain((arguments, options): (&Build, Options<'_>), question: &str, disk: &Disk) -> anyhow::Result<()> {
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
