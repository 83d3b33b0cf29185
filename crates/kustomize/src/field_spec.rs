//! Field specs: which fields of which kinds a transformer changes.

use std::sync::Arc;

use thiserror::Error;
use yaml::node::{Node, Scalar, Style, Tag};

use crate::id::{Gvk, split_api_version};
use crate::resource::Resource;

/// A field of objects of a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FieldSpec {
    /// The kind; empty parts match any.
    pub(crate) gvk: Gvk,
    /// The path with slashes; a slash in a key is written `\/`.
    pub(crate) path: Arc<str>,
    /// Whether the field is made where it is absent.
    pub(crate) create: bool,
}

/// What is made where a field is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Create {
    /// Nothing.
    Nothing,
    /// A mapping.
    Map,
    /// A text.
    Text,
    /// An integer.
    Int,
    /// A scalar that means what it looks like.
    Plain,
}

/// A field that cannot be changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FieldError {
    /// The path leads through something that has no fields.
    #[error("expected sequence or mapping node")]
    NoFields,
    /// A path with an empty part.
    #[error("cannot set or create an empty field name")]
    EmptyName,
    /// A value of another kind is needed. The value is not shown; it may be that of a Secret.
    #[error("wrong node kind: expected {expected} but got {found}")]
    Kind {
        /// What is needed.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// What the transformer says.
    #[error("{0}")]
    Refused(String),
}

impl FieldError {
    /// `node` is not what is needed.
    pub(crate) fn kind(expected: &'static str, node: &Node) -> Self {
        Self::Kind { expected, found: node.kind_name() }
    }
}

impl FieldSpec {
    /// Whether the spec is for objects of this `apiVersion` and `kind`.
    pub(crate) fn is_for(&self, api_version: &str, kind: &str) -> bool {
        let matches = |own: &str, wanted: &str| wanted.is_empty() || own == wanted;
        let (group, version) = split_api_version(api_version);
        matches(kind, &self.gvk.kind)
            && matches(group, &self.gvk.group)
            && matches(version, &self.gvk.version)
    }

    /// Calls `set` for each place in the resource that the spec names.
    ///
    /// # Errors
    /// The path does not fit the object, or `set` fails.
    pub(crate) fn apply(
        &self,
        resource: &mut Resource,
        create: Create,
        set: &mut dyn FnMut(&mut Node) -> Result<(), FieldError>,
    ) -> Result<(), FieldError> {
        if !self.is_for(resource.api_version(), resource.kind()) {
            return Ok(());
        }
        let create = if self.create { create } else { Create::Nothing };
        apply_at(resource, &split_path(&self.path, '/'), create, set)
    }
}

/// Calls `set` for each place in the resource that the parts of a path lead to.
///
/// # Errors
/// The path does not fit the object, or `set` fails.
pub(crate) fn apply_at(
    resource: &mut Resource,
    parts: &[String],
    create: Create,
    set: &mut dyn FnMut(&mut Node) -> Result<(), FieldError>,
) -> Result<(), FieldError> {
    // Most specs name fields that an object does not have; looking first leaves shared trees shared.
    if create == Create::Nothing && !exists(resource.node(), parts) {
        return Ok(());
    }
    walk(resource.node_mut(), parts, create, set)
}

/// Whether something stands at the path, or something stands in its way that must be complained about.
fn exists(node: &Node, parts: &[String]) -> bool {
    let Some((first, rest)) = parts.split_first() else { return true };
    match node {
        Node::Scalar(scalar) => scalar.tag != Tag::Null,
        Node::List(list) => list.iter().any(|item| exists(item, parts)),
        Node::Map(map) => {
            let name = first.strip_suffix("[]").unwrap_or(first);
            name.is_empty() || map.get(name).is_some_and(|field| exists(field, rest))
        }
    }
}

fn walk(
    node: &mut Node,
    parts: &[String],
    create: Create,
    set: &mut dyn FnMut(&mut Node) -> Result<(), FieldError>,
) -> Result<(), FieldError> {
    let Some((first, rest)) = parts.split_first() else { return set(node) };
    if node.is_null() {
        return Ok(());
    }
    if let Some(list) = node.as_list_mut() {
        return list.iter_mut().try_for_each(|item| walk(item, parts, create, set));
    }
    let Some(map) = node.as_map_mut() else { return Err(FieldError::NoFields) };
    let (name, is_list) = first.strip_suffix("[]").map_or((first.as_str(), false), |name| (name, true));
    if name.is_empty() {
        return Err(FieldError::EmptyName);
    }
    let made = match (create, is_list, rest.is_empty()) {
        (Create::Nothing, false, _) => None,
        (_, true, _) => None,
        (create, false, true) => Some(made(create)),
        (_, false, false) => Some(Node::map()),
    };
    match (map.get_mut(name), made) {
        (Some(field), made) => {
            if field.is_null() {
                match made {
                    Some(made) => *field = made,
                    None if is_list => *field = Node::list(),
                    None => {}
                }
            }
            walk(field, rest, create, set)
        }
        (None, Some(mut made)) => {
            walk(&mut made, rest, create, set)?;
            map.set(name, made);
            Ok(())
        }
        (None, None) => Ok(()),
    }
}

fn made(create: Create) -> Node {
    let scalar = |tag| Node::Scalar(Scalar { text: Arc::from(""), tag, style: Style::PLAIN, shared: 0 });
    match create {
        Create::Map => Node::map(),
        Create::Text => scalar(Tag::Str),
        Create::Int => scalar(Tag::Int),
        Create::Plain | Create::Nothing => scalar(Tag::Unset),
    }
}

/// Sets a scalar and keeps how it is quoted, as kyaml's `FieldSetter` without a name.
///
/// # Errors
/// `node` is a collection.
pub(crate) fn set_scalar(node: &mut Node, text: &str, tag: Tag) -> Result<(), FieldError> {
    match node {
        // kyaml lets null pass as any kind and keeps its style.
        Node::Scalar(scalar) => {
            *scalar = Scalar { text: Arc::from(text), tag, style: scalar.style, shared: scalar.shared };
            Ok(())
        }
        other => Err(FieldError::kind("ScalarNode", other)),
    }
}

/// Sets a field of a mapping to a scalar; an existing scalar's quoting is kept, as kyaml's `FieldSetter`.
/// A new field is the node with the number `shared`.
///
/// # Errors
/// `node` is not a mapping.
pub(crate) fn set_field(
    node: &mut Node,
    name: &str,
    (text, tag): (&str, Tag),
    shared: u32,
) -> Result<(), FieldError> {
    if node.is_null() {
        return Ok(());
    }
    if !matches!(node, Node::Map(_)) {
        return Err(FieldError::kind("MappingNode", node));
    }
    let Some(map) = node.as_map_mut() else { return Ok(()) };
    let style =
        if tag == Tag::Unset && looks_like_other_than_text(text) { Style::QUOTED } else { Style::PLAIN };
    let (style, shared) = match map.get(name) {
        Some(Node::Scalar(known)) => (known.style, known.shared),
        Some(_) => (Style::PLAIN, 0),
        None => (style, shared),
    };
    map.set(name, Node::Scalar(Scalar { text: Arc::from(text), tag, style, shared }));
    Ok(())
}

/// Whether YAML 1.1 reads a plain `text` as something else than text.
pub(crate) fn looks_like_other_than_text(text: &str) -> bool {
    if text.is_empty() || text.contains('\n') {
        return false;
    }
    matches!(yaml::parse(text, yaml::Rules::V2), Ok(value) if value.as_str().is_none())
}

/// The parts of a path; `\` before the delimiter makes it a part of the key.
pub(crate) fn split_path(path: &str, delimiter: char) -> Vec<String> {
    let mut pieces: Vec<&str> = path.split(delimiter).collect();
    if pieces.len() > 1 && pieces.first() == Some(&"") {
        pieces.remove(0);
    }
    let mut parts: Vec<String> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match parts.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push(delimiter);
                last.push_str(piece);
            }
            _ => parts.push(piece.to_owned()),
        }
    }
    parts
}

/// The same for paths in which brackets keep delimiters, such as `a.[b.c=d].e` and `a.[b.c].e`.
pub(crate) fn split_bracketed_path(path: &str, delimiter: char) -> Vec<String> {
    let mut parts = Vec::new();
    let mut pieces = split_path(path, delimiter).into_iter();
    while let Some(piece) = pieces.next() {
        if !piece.starts_with('[') || piece.ends_with(']') {
            parts.push(piece);
            continue;
        }
        let mut whole = piece;
        for next in pieces.by_ref() {
            whole.push(delimiter);
            whole.push_str(&next);
            if next.ends_with(']') {
                break;
            }
        }
        if whole.contains('=') {
            parts.push(whole);
        } else {
            parts.push(whole.trim_matches(['[', ']']).to_owned());
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_split_at_delimiters_that_are_not_escaped() {
        assert_eq!(split_path("metadata/annotations/a\\/b", '/'), ["metadata", "annotations", "a/b"]);
        assert_eq!(split_path("/a", '/'), ["a"]);
        assert_eq!(split_bracketed_path("a.[n.m=x.y].b", '.'), ["a", "[n.m=x.y]", "b"]);
        assert_eq!(split_bracketed_path("a.[n.m].b", '.'), ["a", "n.m", "b"]);
    }
}
