//! Patches: strategic merges and JSON 6902.

pub(crate) mod elements;
pub(crate) mod json6902;
pub(crate) mod strategic;

use std::sync::Arc;

use thiserror::Error;
use yaml::Rules;
use yaml::node::Node;

use crate::id::ResourceId;
use crate::kustomization::{PatchOptions, Selector};
use crate::read::{self, ManifestError};
use crate::resource::{Past, Resource};
use crate::resources::{IdError, Resources};
use crate::schema::Schema;
use crate::select::{SelectError, select};
pub use json6902::{JsonPatch, JsonPatchError, JsonSyntax};
pub use strategic::MergeError;
pub(crate) use strategic::merge;

/// A patch that is not right, or that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PatchError {
    /// Neither text nor file.
    #[error("must specify one of patch and path")]
    Nothing,
    /// Both text and file.
    #[error("patch and path can't be set at the same time")]
    Both,
    /// Both kinds of patch at once.
    #[error("illegally qualifies as both an SM and JSON patch: {0}")]
    Ambiguous(String),
    /// Neither kind of patch.
    #[error(
        "unable to parse SM or JSON patch from {source_text}: as a strategic merge: {merge}; as JSON 6902: {json}"
    )]
    Neither {
        /// Where it is from.
        source_text: String,
        /// Why it is no strategic merge.
        #[source]
        merge: ManifestError,
        /// Why it is no JSON patch.
        json: JsonPatchError,
    },
    /// Not a JSON patch.
    #[error("decoding {source_text}: {json}")]
    Decode {
        /// Where it is from.
        source_text: String,
        /// Why.
        #[source]
        json: JsonPatchError,
    },
    /// A text of several lines, which is no path, and no object either.
    #[error("inline patch in entry {at}: {source}")]
    Inline {
        /// The number of the entry.
        at: usize,
        /// Why.
        source: ManifestError,
    },
    /// A text without any object.
    #[error("patch appears to be empty: {0}")]
    Empty(String),
    /// Several objects for one target.
    #[error(
        "Multiple Strategic-Merge Patches in one `patches` entry is not allowed to set `patches.target` field: {0}"
    )]
    SeveralForTarget(String),
    /// A JSON patch that does not say what it is for.
    #[error("must specify a target for JSON patch {0}")]
    NoTarget(String),
    /// `patchesJson6902` without the name of its target.
    #[error("must specify the target name")]
    NoTargetName,
    /// The resource that the patch is for does not exist.
    #[error("no resource matches strategic merge patch \"{id}\": {source}")]
    NoResource {
        /// Which one.
        id: ResourceId,
        /// Why not.
        source: IdError,
    },
    /// The same, of `patchesStrategicMerge`.
    #[error(transparent)]
    Id(#[from] IdError),
    /// The target is not a selector.
    #[error("unable to find patch target: {0}")]
    Select(#[from] SelectError),
    /// A strategic merge that does not fit.
    #[error("{target}: {source}")]
    Merge {
        /// The resource.
        target: ResourceId,
        /// Why.
        source: MergeError,
    },
    /// A JSON patch that does not fit.
    #[error("{target}: {source}")]
    Json {
        /// The resource.
        target: ResourceId,
        /// Why.
        source: JsonPatchError,
    },
    /// The patched resource would be no data.
    #[error("{target}: {source}")]
    Convert {
        /// The resource.
        target: ResourceId,
        /// Why.
        source: yaml::node::ConvertError,
    },
    /// An object.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
}

/// A patch that was read.
#[derive(Clone, Debug)]
pub(crate) enum Loaded {
    /// Objects that are merged.
    Strategic(Vec<Resource>),
    /// Operations.
    Json(JsonPatch),
}

/// Reads a patch, whichever kind it is.
///
/// # Errors
/// It is neither, or both.
pub(crate) fn load(text: &str, source: &str) -> Result<Loaded, PatchError> {
    let merge = read::parse(text.as_bytes());
    let json = json_of(text);
    match (merge, json) {
        (Ok(merge), Ok(json)) if !merge.is_empty() && !json.is_empty() => {
            Err(PatchError::Ambiguous(source.to_owned()))
        }
        (Ok(merge), _) => Ok(Loaded::Strategic(merge)),
        (Err(_), Ok(json)) => Ok(Loaded::Json(json)),
        (Err(merge), Err(json)) => Err(PatchError::Neither { source_text: source.to_owned(), merge, json }),
    }
}

/// Operations as JSON or YAML.
pub(crate) fn json_of(text: &str) -> Result<JsonPatch, JsonPatchError> {
    if text.is_empty() {
        return Err(JsonPatchError::Nothing);
    }
    let value = if text.starts_with('[') {
        // JSON with a remark or a trailing comma is not JSON; upstream's decoder is as strict.
        value::from_json(text.as_bytes())
            .map_err(|error| JsonPatchError::Json(JsonSyntax(Arc::new(error))))?
    } else {
        yaml::parse_first(text, Rules::V2).map_err(JsonPatchError::Yaml)?
    };
    JsonPatch::parse(&value)
}

/// Applies one entry of `patches`.
///
/// # Errors
/// It does not fit.
pub(crate) fn apply(
    resources: &mut Resources,
    loaded: &Loaded,
    (target, options): (Option<&Selector>, PatchOptions),
    (source, schema): (&str, &Schema),
) -> Result<(), PatchError> {
    match (loaded, target) {
        (Loaded::Json(_), None) => Err(PatchError::NoTarget(source.to_owned())),
        (Loaded::Json(patch), Some(target)) => {
            for at in select(resources, target)? {
                resources.one_mut(at).remember_id();
                apply_json(resources, at, patch)?;
            }
            Ok(())
        }
        (Loaded::Strategic(patches), Some(target)) => match patches.as_slice() {
            [] => Ok(()),
            [patch] => {
                let mut patch = retargeted(patch);
                for at in select(resources, target)? {
                    let node = resources.one_mut(at).node().get("apiVersion");
                    let api_version = node.map(Node::raw_text).unwrap_or_default().to_owned();
                    patch.set_api_version(&api_version);
                    merge_into(resources, at, (&patch, options), schema)?;
                }
                no_conflict(resources)
            }
            _ => Err(PatchError::SeveralForTarget(source.to_owned())),
        },
        (Loaded::Strategic(patches), None) => {
            for patch in patches {
                let id = patch.id();
                let at = resources.the_one(&id).map_err(|source| PatchError::NoResource { id, source })?;
                merge_into(resources, at, (patch, options), schema)?;
            }
            Ok(())
        }
    }
}

/// Applies the entries of `patchesStrategicMerge`.
///
/// # Errors
/// One does not fit.
pub(crate) fn apply_strategic(
    resources: &mut Resources,
    patches: &[Resource],
    schema: &Schema,
) -> Result<(), PatchError> {
    for patch in patches {
        let at = resources.the_one(&patch.id())?;
        merge_into(resources, at, (&retargeted(patch), PatchOptions::default()), schema)?;
    }
    no_conflict(resources)
}

/// Applies one entry of `patchesJson6902`.
///
/// # Errors
/// It does not fit.
pub(crate) fn apply_json6902(
    resources: &mut Resources,
    patch: &JsonPatch,
    target: &Selector,
) -> Result<(), PatchError> {
    select(resources, target)?.into_iter().try_for_each(|at| apply_json(resources, at, patch))
}

/// Before a patch is applied to selected resources, kustomize writes its labels and annotations anew, which
/// makes texts of them all: null does not delete one then.
fn retargeted(patch: &Resource) -> Resource {
    let mut patch = patch.clone();
    for field in ["labels", "annotations"] {
        let texts = patch.texts(field);
        patch.set_texts(field, &texts);
    }
    let (name, namespace) = (patch.name().to_owned(), patch.namespace().to_owned());
    patch.set_name(&name);
    patch.set_namespace(&namespace);
    patch
}

/// A mark among the annotations, which shows whether a patch throws them all away.
const MARK: &str = "internal.config.kubernetes.io/previousNames";

fn merge_into(
    resources: &mut Resources,
    at: usize,
    (patch, options): (&Resource, PatchOptions),
    schema: &Schema,
) -> Result<(), PatchError> {
    let resource = resources.one_mut(at);
    let target = resource.id();
    if options.allow_name_change || options.allow_kind_change {
        resource.remember_id();
    }
    let is_marked = resource.past != Past::default();
    if is_marked {
        set_mark(resource);
    }
    let own = std::mem::replace(resource.node_mut(), Node::null());
    let merged = merge(Some(own), Some(patch.node().clone()), schema)
        .map_err(|source| PatchError::Merge { target: target.clone(), source })?;
    *resource.node_mut() = merged.unwrap_or_else(Node::null);
    if !resource.is_gone() {
        if is_marked && !unset_mark(resource) {
            resource.past = Past::default();
        }
        if !options.allow_kind_change {
            resource.set_kind(&target.gvk.kind);
        }
        if !options.allow_name_change {
            resource.set_name(&target.name);
        }
        resource.set_namespace(&target.namespace);
        resource.settle_shared();
    }
    resources.renamed(at);
    Ok(())
}

fn set_mark(resource: &mut Resource) {
    let Some(metadata) = resource.node_mut().as_map_mut().and_then(|map| map.get_mut("metadata")) else {
        return;
    };
    let Some(metadata) = metadata.as_map_mut() else { return };
    if metadata.get("annotations").is_none_or(Node::is_empty) {
        metadata.remove("annotations");
        metadata.set("annotations", Node::map());
    }
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Node::as_map_mut) {
        annotations.set(MARK, Node::text(""));
    }
}

/// Whether the mark was still there.
fn unset_mark(resource: &mut Resource) -> bool {
    let annotations = resource
        .node_mut()
        .as_map_mut()
        .and_then(|map| map.get_mut("metadata")?.as_map_mut()?.get_mut("annotations")?.as_map_mut());
    annotations.is_some_and(|annotations| annotations.remove(MARK).is_some())
}

fn apply_json(resources: &mut Resources, at: usize, patch: &JsonPatch) -> Result<(), PatchError> {
    let resource = resources.one_mut(at);
    let target = resource.id();
    let value =
        resource.to_value().map_err(|source| PatchError::Convert { target: target.clone(), source })?;
    let patched = patch.apply(&value).map_err(|source| PatchError::Json { target, source })?;
    *resource.node_mut() = json6902::node_of(&patched);
    resources.renamed(at);
    Ok(())
}

fn no_conflict(resources: &mut Resources) -> Result<(), PatchError> {
    resources.conflict().map_or(Ok(()), |id| Err(IdError::Duplicate(id).into()))
}

/// Where a patch is from, as messages name it. What it says is not shown; it may be for a Secret.
pub(crate) fn source_text(path: &str) -> String {
    if path.is_empty() {
        "[inline patch]".to_owned()
    } else {
        format!("[path: {:?}]", crate::remote::redacted(path))
    }
}
