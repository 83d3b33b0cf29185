//! Replacements: a value is copied from one field to others.
//!
//! Source: kustomize `filters/replacement`.

mod embedded;

use std::sync::Arc;

use thiserror::Error;
use yaml::node::{Node, Tag};

use crate::field_spec::split_bracketed_path;
use crate::id::{ResourceId, effective_namespace};
use crate::kustomization::{FieldOptions, Replacement, ReplacementSource, ReplacementTarget};
use crate::lookup::{self, Create, LookupError};
use crate::resource::Resource;
use crate::resources::Resources;
use crate::select::{Matcher, SelectError};

/// The field where none is said.
const NAME: &str = "metadata.name";

/// A replacement that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReplacementError {
    /// Neither source nor targets.
    #[error("replacements must specify a source and at least one target")]
    Incomplete,
    /// Both a source and a value.
    #[error("value and resource selectors are mutually exclusive")]
    TwoSources,
    /// The source does not exist.
    #[error("nothing selected by {0}")]
    NoSource(String),
    /// Several sources could be meant.
    #[error("multiple matches for selector {0}")]
    SeveralSources(String),
    /// The source lacks the field.
    #[error("fieldPath `{path}` is missing for replacement source {id}")]
    NoField {
        /// The path.
        path: String,
        /// The source.
        id: ResourceId,
    },
    /// The path does not fit the source.
    #[error("error looking up replacement source: {0}")]
    Lookup(#[source] LookupError),
    /// A part of a collection.
    #[error("delimiter option can only be used with scalar nodes")]
    Delimiter,
    /// A part that the value has not.
    #[error("options.index {index} is out of bounds: field {path} of {id} has {parts} parts")]
    Bounds {
        /// The index.
        index: i64,
        /// The path.
        path: String,
        /// The source.
        id: ResourceId,
        /// How many there are.
        parts: usize,
    },
    /// A target without selector.
    #[error("target must specify resources to select")]
    NoSelect,
    /// A selector that is not right.
    #[error("error creating target selector: {0}")]
    Select(#[from] SelectError),
    /// The target lacks the field.
    #[error("unable to find {}field {path:?} in replacement target {id}{}", if *.create { "or create " } else { "" }, .source.as_ref().map(|source| format!(": {source}")).unwrap_or_default())]
    NoTarget {
        /// The path.
        path: String,
        /// The target.
        id: ResourceId,
        /// Whether it would have been made.
        create: bool,
        /// Why the path does not fit.
        source: Option<LookupError>,
    },
}

impl From<LookupError> for ReplacementError {
    fn from(error: LookupError) -> Self {
        Self::Lookup(error)
    }
}

/// Makes all replacements in order.
///
/// # Errors
/// [`ReplacementError`]
pub(crate) fn apply(resources: &mut Resources, replacements: &[Replacement]) -> Result<(), ReplacementError> {
    for replacement in replacements {
        let targets = match (&replacement.source, &replacement.source_value, &replacement.targets) {
            (None, None, _) | (_, _, None) => return Err(ReplacementError::Incomplete),
            (Some(_), Some(_), _) => return Err(ReplacementError::TwoSources),
            (_, _, Some(targets)) => targets,
        };
        let value = match (&replacement.source, &replacement.source_value) {
            (Some(source), _) => value_of(resources, source)?,
            (None, value) => Node::untagged(value.clone().unwrap_or_default()),
        };
        for target in targets {
            apply_to(resources, &value, target)?;
        }
    }
    resources.all_mut().retain(|resource| !resource.is_gone());
    Ok(())
}

fn value_of(resources: &mut Resources, source: &ReplacementSource) -> Result<Node, ReplacementError> {
    let selector = || {
        let path =
            if source.field_path.is_empty() { String::new() } else { format!(":{}", source.field_path) };
        format!("{}{path}", source.id)
    };
    let candidates = if source.id.name.is_empty() {
        (0..resources.len()).collect()
    } else {
        resources.with_any_name(&source.id.name)
    };
    let matches = |resource: &Resource| ids_of(resource).iter().any(|id| is_selected_by(id, &source.id));
    let found: Vec<&Resource> = candidates
        .into_iter()
        .filter_map(|at| resources.get(at))
        .filter(|resource| !resource.is_gone() && matches(resource))
        .collect();
    let resource = match found.as_slice() {
        [] => return Err(ReplacementError::NoSource(selector())),
        [one] => *one,
        _ => return Err(ReplacementError::SeveralSources(selector())),
    };
    let path = if source.field_path.is_empty() { NAME } else { source.field_path.as_str() };
    let found = lookup::get(resource.node(), &split_bracketed_path(path, '.'))?;
    let found = found
        .filter(|node| !node.is_empty())
        .ok_or_else(|| ReplacementError::NoField { path: path.to_owned(), id: source.id.clone() })?;
    refined(found, source.options.as_ref(), (path, &source.id))
}

/// All ids, the current one first, with namespaces as they are written.
fn ids_of(resource: &Resource) -> Vec<ResourceId> {
    std::iter::once(resource.id()).chain(resource.previous_ids()).collect()
}

fn is_selected_by(id: &ResourceId, selector: &ResourceId) -> bool {
    let namespace = |id: &ResourceId| effective_namespace(false, &id.namespace).to_owned();
    (selector.name.is_empty() || selector.name == id.name)
        && (selector.namespace.is_empty() || namespace(selector) == namespace(id))
        && id.gvk.is_selected(&selector.gvk)
}

/// The part of a value that the options name.
fn refined(
    node: &Node,
    options: Option<&FieldOptions>,
    (path, id): (&str, &ResourceId),
) -> Result<Node, ReplacementError> {
    let Some(options) = options.filter(|options| !options.delimiter.is_empty()) else {
        return Ok(node.clone());
    };
    let Node::Scalar(scalar) = node else { return Err(ReplacementError::Delimiter) };
    let parts: Vec<&str> = scalar.text.split(options.delimiter.as_str()).collect();
    let part = usize::try_from(options.index).ok().and_then(|index| parts.get(index).copied());
    let part = part.ok_or_else(|| ReplacementError::Bounds {
        index: options.index,
        path: path.to_owned(),
        id: id.clone(),
        parts: parts.len(),
    })?;
    let mut scalar = scalar.clone();
    scalar.text = Arc::from(part);
    Ok(Node::Scalar(scalar))
}

fn apply_to(
    resources: &mut Resources,
    value: &Node,
    target: &ReplacementTarget,
) -> Result<(), ReplacementError> {
    let select = target.select.as_ref().ok_or(ReplacementError::NoSelect)?;
    let selects = Matcher::new(select)?;
    let rejects: Vec<(Matcher, bool, bool)> = target
        .reject
        .iter()
        .map(|reject| {
            let has_id = reject.id != ResourceId::default();
            let has_labels = !(reject.label_selector.is_empty() && reject.annotation_selector.is_empty());
            Ok((Matcher::new(reject)?, has_id, has_labels))
        })
        .collect::<Result<_, SelectError>>()?;
    let mut changed = Vec::new();
    for at in selects.candidates(resources) {
        let Some(resource) = resources.get(at).filter(|resource| !resource.is_gone()) else { continue };
        let ids = ids_of(resource);
        let is_rejected = rejects.iter().any(|(matcher, has_id, has_labels)| {
            (*has_labels && matcher.matches_labels(resource))
                || (*has_id && ids.iter().any(|id| matcher.matches_id(id)))
        });
        if is_rejected || !selects.matches_labels(resource) || !ids.iter().any(|id| selects.matches_id(id)) {
            continue;
        }
        changed.push(at);
    }
    for at in changed {
        copy_to(resources.one_mut(at), value, target)?;
        resources.one_mut(at).settle_shared();
        resources.renamed(at);
    }
    Ok(())
}

fn copy_to(
    resource: &mut Resource,
    value: &Node,
    target: &ReplacementTarget,
) -> Result<(), ReplacementError> {
    let default = [NAME.to_owned()];
    let paths = if target.field_paths.is_empty() { &default[..] } else { &target.field_paths };
    let options = target.options.as_ref();
    let create =
        if options.is_some_and(|options| options.create) { Create::like(value) } else { Create::Nothing };
    for path in paths {
        let parts = split_bracketed_path(path, '.');
        if embedded::set(resource.node_mut(), &parts, create, (value, options)) {
            continue;
        }
        let id = resource.id();
        let missing = |source| ReplacementError::NoTarget {
            path: path.clone(),
            id: id.clone(),
            create: create != Create::Nothing,
            source,
        };
        let mut set = |node: &mut Node| set_value(node, value, options);
        match lookup::visit(resource.node_mut(), &parts, create, &mut set) {
            Ok(0) => return Err(missing(None)),
            Ok(_) => {}
            Err(ReplacementError::Lookup(source)) => return Err(missing(Some(source))),
            Err(other) => return Err(other),
        }
    }
    Ok(())
}

/// A scalar's tag stays, so that a number becomes a text where a text was, and the other way round.
fn set_value(node: &mut Node, value: &Node, options: Option<&FieldOptions>) -> Result<(), ReplacementError> {
    let mut value = value.clone();
    if let Some(options) = options.filter(|options| !options.delimiter.is_empty()) {
        let Node::Scalar(known) = &*node else { return Err(ReplacementError::Delimiter) };
        let joined = with_part(&known.text, value.raw_text(), options);
        if let Node::Scalar(scalar) = &mut value {
            scalar.text = Arc::from(joined);
        }
    }
    match (node, value) {
        (Node::Scalar(known), value) => known.text = Arc::from(value.raw_text()),
        (node, Node::Scalar(mut scalar)) => {
            scalar.shared = 0;
            *node = Node::Scalar(scalar);
        }
        (node, value) => *node = value,
    }
    Ok(())
}

fn with_part(text: &str, part: &str, options: &FieldOptions) -> String {
    let mut parts: Vec<&str> = text.split(options.delimiter.as_str()).collect();
    match usize::try_from(options.index) {
        Err(_) => parts.insert(0, part),
        Ok(index) => match parts.get_mut(index) {
            Some(known) => *known = part,
            None => parts.push(part),
        },
    }
    parts.join(&options.delimiter)
}

/// Whether a scalar holds text that could be YAML.
fn scalar_text(node: &Node) -> Option<Arc<str>> {
    match node {
        Node::Scalar(scalar) if scalar.tag != Tag::Null => Some(scalar.text.clone()),
        _ => None,
    }
}
