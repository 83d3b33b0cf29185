//! Accumulating the resources of a kustomization.

use std::collections::HashSet;

use crate::error::Error;
use crate::kustomization::{self, Kustomization, join};
use crate::namespace;
use crate::resource::{self, Resource, ResourceId};
use crate::tree::{Kind, Tree};

/// Directories within directories, so that a cycle through a renamed path ends too.
const MAX_DEPTH: usize = 64;

/// Builds the kustomization in the directory `path`.
///
/// # Errors
/// [`Error`] with the file and field that the build failed on.
pub fn build(tree: &dyn Tree, path: &str) -> Result<Vec<Resource>, Error> {
    let kustomization =
        kustomization::find(tree, path)?.ok_or_else(|| Error::NoKustomization { path: path.to_owned() })?;
    build_with(tree, path, &kustomization)
}

/// Builds the directory `path` as if `kustomization` were its kustomization file.
pub(crate) fn build_with(
    tree: &dyn Tree,
    path: &str,
    kustomization: &Kustomization,
) -> Result<Vec<Resource>, Error> {
    let mut visited = vec![path.to_owned()];
    let mut resources = accumulate(tree, path, kustomization, &mut visited)?;
    resources.retain(|resource| !resource.is_local_config());
    Ok(resources)
}

fn accumulate(
    tree: &dyn Tree,
    path: &str,
    kustomization: &Kustomization,
    visited: &mut Vec<String>,
) -> Result<Vec<Resource>, Error> {
    if visited.len() > MAX_DEPTH {
        return Err(Error::TooDeep { path: path.to_owned(), limit: MAX_DEPTH });
    }
    let mut resources = Vec::new();
    let mut ids = HashSet::new();
    for entry in &kustomization.resources {
        let added = resources_of(tree, path, kustomization, entry, visited, &mut ids)?;
        resources.extend(added);
    }
    if let Some(namespace) = &kustomization.namespace {
        namespace::set(&mut resources, namespace);
    }
    Ok(resources)
}

#[expect(clippy::too_many_arguments, reason = "one entry with the state of its accumulation")]
fn resources_of(
    tree: &dyn Tree,
    directory: &str,
    kustomization: &Kustomization,
    entry: &str,
    visited: &mut Vec<String>,
    ids: &mut HashSet<ResourceId>,
) -> Result<Vec<Resource>, Error> {
    if is_remote(entry) {
        return Err(Error::Remote { path: kustomization.file.clone(), entry: entry.to_owned() });
    }
    let path = resolve(directory, entry)
        .ok_or_else(|| Error::Outside { path: kustomization.file.clone(), entry: entry.to_owned() })?;
    match tree.kind(&path) {
        Some(Kind::Directory) => {
            let added = directory_resources(tree, &path, visited)?;
            register(&added, entry, ids)?;
            Ok(added)
        }
        Some(Kind::File) => {
            let failed = |file| Error::Accumulate {
                file: Box::new(file),
                directory: format!("must build at directory: '/{path}': file is not directory"),
            };
            let added = file_resources(tree, &path, entry).map_err(failed)?;
            register(&added, entry, ids).map_err(failed)?;
            Ok(added)
        }
        None => Err(Error::Accumulate {
            file: Box::new(Error::NoFile { entry: entry.to_owned(), path: path.clone() }),
            directory: format!(
                "must build at directory: not a valid directory: evalsymlink failure on '/{path}' : lstat /{path}: no \
                 such file or directory"
            ),
        }),
    }
}

fn directory_resources(
    tree: &dyn Tree,
    path: &str,
    visited: &mut Vec<String>,
) -> Result<Vec<Resource>, Error> {
    if visited.iter().any(|known| known == path) {
        return Err(Error::Cycle { path: path.to_owned() });
    }
    let kustomization =
        kustomization::find(tree, path)?.ok_or_else(|| Error::NoKustomization { path: path.to_owned() })?;
    visited.push(path.to_owned());
    let resources = accumulate(tree, path, &kustomization, visited);
    visited.pop();
    resources
}

fn file_resources(tree: &dyn Tree, path: &str, entry: &str) -> Result<Vec<Resource>, Error> {
    let bytes =
        tree.read(path).ok_or_else(|| Error::NoFile { entry: entry.to_owned(), path: path.to_owned() })?;
    resource::parse(&bytes).map_err(|source| Error::Manifest {
        entry: entry.to_owned(),
        path: path.to_owned(),
        source,
    })
}

fn register(added: &[Resource], entry: &str, ids: &mut HashSet<ResourceId>) -> Result<(), Error> {
    for resource in added {
        let id = resource.id();
        if !ids.insert(id.clone()) {
            return Err(Error::Duplicate { entry: entry.to_owned(), id: id.to_string() });
        }
    }
    Ok(())
}

/// What kustomize would clone or download.
fn is_remote(entry: &str) -> bool {
    let lower = entry.to_ascii_lowercase();
    ["http://", "https://", "ssh://", "git@", "git::", "file://", "github.com/", "github.com:"]
        .iter()
        .any(|prefix| lower.starts_with(prefix))
        || entry.contains("?ref=")
}

/// `entry` relative to `directory`; `None` where it leaves the root.
pub(crate) fn resolve(directory: &str, entry: &str) -> Option<String> {
    let mut parts: Vec<&str> = match entry.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => directory.split('/').filter(|part| !part.is_empty()).collect(),
    };
    for part in entry.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    let mut path = String::new();
    for part in parts {
        path = join(&path, part);
    }
    Some(path)
}
