//! `flamingo kustomize edit`: changes the kustomization file in the current directory.

mod fix;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use cli::arguments::kustomize::{self as arguments, Add, Remove, Set};
use kustomize::edit::{
    Edit, Generated, Metadata, Sources, parse_build_metadata, parse_image, parse_pairs, parse_replica,
};
use kustomize::kustomization::{FILE_NAMES, Patch, Selector};
use kustomize::{Gvk, ResourceId};

use super::tell;

pub(super) fn edit(command: arguments::Edit) -> anyhow::Result<ExitCode> {
    let name = file_name()?;
    let text = fs::read_to_string(name).with_context(|| name.to_owned())?;
    let mut edit = Edit::parse(&text).with_context(|| name.to_owned())?;
    let is_changed = match command {
        arguments::Edit::Set(command) => set(&mut edit, command)?,
        arguments::Edit::Add(command) => add(&mut edit, command, name)?,
        arguments::Edit::Remove(command) => remove(&mut edit, command)?,
        arguments::Edit::Fix(arguments) => {
            return fix::fix(name, edit, &arguments).map(|()| ExitCode::SUCCESS);
        }
    };
    if is_changed {
        fs::write(name, edit.to_text()?).with_context(|| name.to_owned())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn file_name() -> anyhow::Result<&'static str> {
    let found: Vec<&'static str> = FILE_NAMES.into_iter().filter(|name| Path::new(name).exists()).collect();
    match found.as_slice() {
        [] => bail!("Missing kustomization file 'kustomization.yaml'."),
        [one] => Ok(one),
        several => bail!("Found multiple kustomization file: {}", several.join(", ")),
    }
}

fn set(edit: &mut Edit, command: Set) -> anyhow::Result<bool> {
    match command {
        Set::Image { images } => {
            let images: Result<Vec<_>, _> = images.iter().map(|text| parse_image(text)).collect();
            edit.set_images(&images?);
        }
        Set::Namespace { namespace } => edit.set_text("namespace", &namespace),
        Set::Nameprefix { prefix } => edit.set_text("namePrefix", &prefix),
        Set::Namesuffix { suffix } => edit.set_text("nameSuffix", &suffix),
        Set::Replicas { replicas } => {
            let replicas: Result<Vec<_>, _> = replicas.iter().map(|text| parse_replica(text)).collect();
            edit.set_replicas(&replicas?);
        }
        Set::Label { labels } => {
            edit.set_metadata(Metadata::Label, &parse_pairs(&labels, Metadata::Label)?, true)?;
        }
        Set::Annotation { annotations } => {
            let pairs = parse_pairs(&annotations, Metadata::Annotation)?;
            edit.set_metadata(Metadata::Annotation, &pairs, true)?;
        }
        Set::Buildmetadata { options } => edit.set_build_metadata(&parse_build_metadata(&options)?),
        Set::Configmap(changes) => set_generator(edit, Generated::ConfigMap, &changes)?,
        Set::Secret(changes) => set_generator(edit, Generated::Secret, &changes)?,
    }
    Ok(true)
}

fn set_generator(edit: &mut Edit, kind: Generated, changes: &arguments::Changes) -> anyhow::Result<()> {
    let id = (changes.name.as_str(), changes.namespace.as_str());
    Ok(edit.set_generator(kind, id, &changes.from_literal, &changes.new_namespace)?)
}

fn add(edit: &mut Edit, command: Add, file: &str) -> anyhow::Result<bool> {
    match command {
        Add::Resource { paths, no_verify } => {
            add_entries(edit, "resources", &existing(&paths, no_verify)?, file)?;
        }
        Add::Component { paths } => add_entries(edit, "components", &existing(&paths, false)?, file)?,
        Add::Base { paths } => add_bases(edit, &paths)?,
        Add::Buildmetadata { options } => edit.add_build_metadata(&parse_build_metadata(&options)?)?,
        Add::Configuration { paths } => return add_plugins(edit, "configurations", &paths),
        Add::Generator { paths } => return add_plugins(edit, "generators", &paths),
        Add::Transformer { paths } => return add_plugins(edit, "transformers", &paths),
        Add::Patch(patch) => {
            if patch.patch.is_empty() && patch.path.is_empty() {
                bail!("must provide either patch or path");
            }
            return Ok(edit.add_patch(&patch_of(&patch)));
        }
        Add::Label { labels, force, without_selector, include_templates } => {
            let pairs = parse_pairs(&labels, Metadata::Label)?;
            if without_selector {
                edit.add_plain_labels(&pairs, include_templates, force)?;
            } else {
                edit.set_metadata(Metadata::Label, &pairs, force)?;
            }
        }
        Add::Annotation { annotations, force } => {
            let pairs = parse_pairs(&annotations, Metadata::Annotation)?;
            edit.set_metadata(Metadata::Annotation, &pairs, force)?;
        }
        Add::Configmap { name, sources, behavior } => {
            let sources = Sources { behavior, ..sources_of(sources)? };
            edit.add_generator(Generated::ConfigMap, &name, &sources)?;
        }
        Add::Secret { name, sources, secret_type } => {
            let sources = Sources { secret_type, ..sources_of(sources)? };
            edit.add_generator(Generated::Secret, &name, &sources)?;
        }
    }
    Ok(true)
}

fn add_entries(edit: &mut Edit, field: &'static str, paths: &[String], file: &str) -> anyhow::Result<()> {
    let paths: Vec<String> = paths.iter().filter(|path| *path != file).cloned().collect();
    for known in edit.add_entries(field, &paths) {
        tell(&format!("{} {known} already in kustomization file", field.trim_end_matches('s')))?;
    }
    Ok(())
}

fn add_bases(edit: &mut Edit, paths: &str) -> anyhow::Result<()> {
    let paths: Vec<String> = paths.split(',').map(str::to_owned).collect();
    if let Some(missing) = paths.iter().find(|path| !Path::new(path).exists()) {
        bail!("{missing} does not exist");
    }
    Ok(edit.add_bases(&paths)?)
}

/// Adds the files that patterns match. As with kustomize, it is no error when there are none.
fn add_plugins(edit: &mut Edit, field: &'static str, patterns: &[String]) -> anyhow::Result<bool> {
    let mut paths = Vec::new();
    for pattern in patterns {
        match matching(pattern)?.as_slice() {
            [] => tell(&format!("{pattern} has no match"))?,
            found => paths.extend(found.iter().cloned()),
        }
    }
    add_entries(edit, field, &paths, "")?;
    Ok(!paths.is_empty())
}

/// The files that patterns match; what is no pattern must exist or be the URL of a repository.
fn existing(patterns: &[String], no_verify: bool) -> anyhow::Result<Vec<String>> {
    let mut paths = Vec::new();
    for pattern in patterns {
        let found = matching(pattern)?;
        if no_verify {
            paths.push(pattern.clone());
        } else if !found.is_empty() {
            paths.extend(found);
        } else if kustomize::RepositoryUrl::parse(pattern).is_some() {
            paths.push(pattern.clone());
        } else {
            bail!("{pattern} has no match: there is no such file or directory");
        }
    }
    Ok(paths)
}

/// Patterns are expanded in the last part of a path.
fn matching(pattern: &str) -> anyhow::Result<Vec<String>> {
    let (folder, last) = pattern.rsplit_once('/').map_or(("", pattern), |(folder, last)| (folder, last));
    if !last.contains(['*', '?', '[', '\\']) {
        return Ok(Path::new(pattern).exists().then(|| pattern.to_owned()).into_iter().collect());
    }
    let mut found = Vec::new();
    let entries = fs::read_dir(if folder.is_empty() { "." } else { folder });
    for entry in entries.with_context(|| format!("{pattern} has no match"))? {
        let Ok(name) = entry?.file_name().into_string() else { continue };
        if kustomize::edit::matches(last, &name)? && (last.starts_with('.') || !name.starts_with('.')) {
            found.push(if folder.is_empty() { name } else { format!("{folder}/{name}") });
        }
    }
    found.sort();
    Ok(found)
}

fn sources_of(sources: arguments::Sources) -> anyhow::Result<Sources> {
    let mut files = Vec::new();
    for source in &sources.from_file {
        let (key, pattern) = source.split_once('=').map_or(("", source.as_str()), |(key, path)| (key, path));
        let found = matching(pattern)?;
        match (key, found.as_slice()) {
            (_, []) => tell(&format!("{pattern} has no match"))?,
            ("", found) => files.extend(found.iter().cloned()),
            (key, [one]) => files.push(format!("{key}={one}")),
            (_, several) => {
                bail!("'pattern '{source}' catches files {}, should catch only one", several.join(" "))
            }
        }
    }
    for file in files.iter().map(|file| file.split_once('=').map_or(file.as_str(), |(_, path)| path)) {
        fs::metadata(file).with_context(|| file.to_owned())?;
    }
    Ok(Sources {
        namespace: sources.namespace,
        literals: sources.from_literal,
        files,
        env_file: sources.from_env_file,
        disable_name_suffix_hash: sources.disable_name_suffix_hash,
        ..Sources::default()
    })
}

fn remove(edit: &mut Edit, command: Remove) -> anyhow::Result<bool> {
    Ok(match command {
        Remove::Resource { patterns } => edit.remove_entries("resources", &patterns)?,
        Remove::Component { patterns } => edit.remove_entries("components", &patterns)?,
        Remove::Buildmetadata { options } => {
            edit.remove_build_metadata(&parse_build_metadata(&options)?);
            true
        }
        Remove::Transformer { patterns } => edit.remove_entries("transformers", &patterns)?,
        Remove::Patch(patch) => edit.remove_patch(&patch_of(&patch)),
        Remove::Label { keys, ignore_non_existence } => {
            edit.remove_metadata(Metadata::Label, &keys, ignore_non_existence)?;
            true
        }
        Remove::Annotation { keys, ignore_non_existence } => {
            edit.remove_metadata(Metadata::Annotation, &keys, ignore_non_existence)?;
            true
        }
        Remove::Configmap { names, namespace } => {
            remove_generators(edit, Generated::ConfigMap, &names, &namespace)?
        }
        Remove::Secret { names, namespace } => {
            remove_generators(edit, Generated::Secret, &names, &namespace)?
        }
    })
}

fn remove_generators(
    edit: &mut Edit,
    kind: Generated,
    names: &[String],
    namespace: &str,
) -> anyhow::Result<bool> {
    for missing in edit.remove_generators(kind, names, namespace)? {
        tell(&format!("{missing} doesn't exist in kustomization file"))?;
    }
    Ok(true)
}

fn patch_of(patch: &arguments::Patch) -> Patch {
    let target = Selector {
        id: ResourceId {
            gvk: Gvk {
                group: patch.group.as_str().into(),
                version: patch.target_version.as_str().into(),
                kind: patch.kind.as_str().into(),
            },
            name: patch.name.as_str().into(),
            namespace: patch.namespace.as_str().into(),
        },
        annotation_selector: patch.annotation_selector.clone(),
        label_selector: patch.label_selector.clone(),
    };
    let target = Some(target).filter(|target| *target != Selector::default());
    Patch { path: patch.path.clone(), patch: patch.patch.clone(), target, options: None }
}
