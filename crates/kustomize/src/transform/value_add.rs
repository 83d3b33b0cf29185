//! The value-add transformer, which has no field of its own in a kustomization.

use std::sync::Arc;

use yaml::node::{Node, Scalar, Style, Tag};

use super::{TransformError, namespace};
use crate::field_spec::{FieldError, looks_like_other_than_text};
use crate::kustomization::Selector;
use crate::resource::Resource;
use crate::resources::Resources;
use crate::schema::Schema;
use crate::select::select;

/// Where a value is put.
#[derive(Clone, Debug, Default)]
pub(crate) struct Target {
    pub(crate) selector: Option<Selector>,
    pub(crate) field_path: String,
    /// The place among the parts of a path; 0 where the whole field is set.
    pub(crate) position: i64,
}

/// Sets fields to a value, or puts it into paths.
///
/// # Errors
/// A field cannot be set.
pub(crate) fn apply(
    resources: &mut Resources,
    value: &str,
    targets: &[Target],
    schema: &Schema,
) -> Result<(), TransformError> {
    for target in targets {
        let selected = match &target.selector {
            None => (0..resources.len()).collect(),
            Some(selector) => select(resources, selector)?,
        };
        for at in selected {
            let resource = resources.one_mut(at);
            if target.field_path == "metadata/namespace" {
                let options = namespace::Options {
                    namespace: value,
                    specs: &[],
                    unset_only: false,
                    subjects: namespace::Subjects::Default,
                    schema,
                };
                namespace::move_one(resource, &options)?;
            } else {
                set(resource, value, target)
                    .map_err(|source| TransformError::field(&target.field_path, resource, source))?;
            }
            resource.settle_shared();
            resources.renamed(at);
        }
    }
    Ok(())
}

fn set(resource: &mut Resource, value: &str, target: &Target) -> Result<(), FieldError> {
    let mut parts: Vec<String> = Vec::new();
    for part in target.field_path.split('/') {
        match parts.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push('/');
                last.push_str(part);
            }
            _ => parts.push(part.to_owned()),
        }
    }
    let mut node = resource.node_mut();
    for part in parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()) {
        if matches!(node, Node::Scalar(scalar) if scalar.tag == Tag::Unset && scalar.text.is_empty()) {
            *node = Node::map();
        }
        let found = node.clone();
        let map = node.as_map_mut().ok_or_else(|| FieldError::kind("MappingNode", &found))?;
        if map.get(part).is_none() {
            map.set(part, Node::untagged(""));
        }
        let Some(next) = map.get_mut(part) else { return Ok(()) };
        node = next;
    }
    let Node::Scalar(known) = &*node else { return Err(FieldError::kind("ScalarNode", node)) };
    let text = match target.position {
        ..=0 => value.to_owned(),
        position => inserted(&known.text, usize::try_from(position - 1).unwrap_or(usize::MAX), value),
    };
    let style = if known.style == Style::PLAIN && known.text.is_empty() && looks_like_other_than_text(&text) {
        Style::QUOTED
    } else {
        known.style
    };
    *node = Node::Scalar(Scalar { text: Arc::from(text), tag: Tag::Unset, style, shared: known.shared });
    Ok(())
}

/// A path with one more part.
fn inserted(path: &str, at: usize, part: &str) -> String {
    if part.is_empty() {
        return path.to_owned();
    }
    let is_rooted = path.starts_with('/');
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    parts.insert(at.min(parts.len()), part);
    format!("{}{}", if is_rooted { "/" } else { "" }, parts.join("/"))
}
