//! `flamingo kustomize build -o DIR`: a file for each object.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, is_separator};

use anyhow::{Context as _, bail};
use kustomize::{Built, Gvk, ResourceId};
use value::Value;

/// Writes each object to a file of its own in `folder`; nothing is written where one has no name for a file.
///
/// # Errors
/// A name leads out of the folder, or a file cannot be written.
pub(super) fn write(built: &Built, folder: &Path) -> anyhow::Result<()> {
    for (name, object) in names(&built.objects)?.into_iter().zip(&built.objects) {
        let path = folder.join(name);
        let one = Built { objects: vec![object.clone()] };
        fs::write(&path, one.to_yaml()?).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// The names of the files of all objects. The namespace is part of them where objects of several are built.
///
/// Source: kustomize `commands/build/writer.go`.
fn names(objects: &[Value]) -> anyhow::Result<Vec<String>> {
    let ids: Vec<ResourceId> = objects.iter().map(id).collect();
    let namespaces: BTreeSet<&str> = ids.iter().filter_map(namespace).collect();
    let name = |id: &ResourceId| {
        let shown = namespace(id).filter(|_| namespaces.len() > 1).unwrap_or_default();
        let parts = [shown, &id.gvk.group, &id.gvk.version, &id.gvk.kind];
        let mut parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.push(&id.name);
        let name = format!("{}.yaml", parts.join("_").to_lowercase());
        if name.contains(is_separator) {
            bail!(
                "{id}: its file would be {name:?}, which leads out of the folder; correct the object, or name a file \
                 that takes all objects"
            );
        }
        Ok(name)
    };
    ids.iter().map(name).collect()
}

fn id(object: &Value) -> ResourceId {
    let text = |path: &[&str]| object.str_at(path).unwrap_or_default();
    ResourceId {
        gvk: Gvk::of(text(&["apiVersion"]), text(&["kind"])),
        name: text(&["metadata", "name"]).into(),
        namespace: text(&["metadata", "namespace"]).into(),
    }
}

fn namespace(id: &ResourceId) -> Option<&str> {
    (!id.gvk.is_cluster_scoped()).then(|| id.effective_namespace())
}
