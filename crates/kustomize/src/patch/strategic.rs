//! Strategic merges as kyaml makes them (`merge2` over `walk`), with items of patches put in front.

use thiserror::Error;
use yaml::node::{Mapping, Node, Scalar, Style, Tag};

use super::elements;
use crate::field_spec::FieldError;
use crate::field_spec::looks_like_other_than_text;
use crate::schema::{Schema, Type};

/// The key of a directive in a patch.
const DIRECTIVE: &str = "$patch";
/// Levels of nesting. Parsed documents are not nested as deep.
const MAX_DEPTH: usize = 1000;

/// A merge that is not possible.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MergeError {
    /// A value of another kind.
    #[error("{path}: {source}")]
    Kind {
        /// The way to it.
        path: String,
        /// What is wrong.
        source: FieldError,
    },
    /// A directive that does not exist.
    #[error("unknown patch strategy '{0}'; it must be one of delete, merge and replace")]
    Directive(String),
    /// Too many levels.
    #[error("patches are nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
}

/// What a directive asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

/// The outcome of a merge of two nodes, either of which may be absent.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Merged {
    pub(super) node: Option<Node>,
    /// Whether it is the node that was there, changed in place, rather than one of the patch.
    pub(super) is_own: bool,
    /// Whether a null is kept where a patch would clear it.
    keeps_null: bool,
}

impl Merged {
    fn own(node: Option<Node>) -> Self {
        Self { node, is_own: true, keeps_null: false }
    }

    pub(super) fn empty(is_own: bool) -> Self {
        Self { node: None, is_own, keeps_null: false }
    }

    fn of_patch(node: Option<Node>) -> Self {
        Self { node, is_own: false, keeps_null: false }
    }
}

/// Merges `patch` into `own`; nothing is left where the patch deletes it.
///
/// # Errors
/// The two do not fit together.
pub(crate) fn merge(
    own: Option<Node>,
    patch: Option<Node>,
    schema: &Schema,
) -> Result<Option<Node>, MergeError> {
    let mut merge = Merge { schema, path: Vec::new() };
    Ok(merge.walk(own, patch, None)?.node)
}

/// A merge on its way.
pub(super) struct Merge<'a> {
    pub(super) schema: &'a Schema,
    path: Vec<String>,
}

type OfType<'a> = Option<&'a Type>;

impl Merge<'_> {
    pub(super) fn walk(
        &mut self,
        own: Option<Node>,
        patch: Option<Node>,
        of: OfType<'_>,
    ) -> Result<Merged, MergeError> {
        if self.path.len() > MAX_DEPTH {
            return Err(MergeError::TooDeep);
        }
        let found = if of.is_none() { self.type_of([&own, &patch]) } else { None };
        let of = of.or(found.as_deref());
        let kind_of = |node: &Option<Node>| node.as_ref().filter(|node| !node.is_null()).cloned();
        match kind_of(&own).or_else(|| kind_of(&patch)) {
            None => self.walk_map(own, patch, of),
            Some(Node::Map(_)) => {
                self.same_kind("MappingNode", [&own, &patch], |node| node.as_map().is_some())?;
                self.walk_map(own, patch, of)
            }
            Some(Node::List(_)) => {
                self.same_kind("SequenceNode", [&own, &patch], |node| node.as_list().is_some())?;
                match of.filter(|of| of.is_merged()) {
                    Some(of) => self.walk_elements(own, patch, of),
                    None if patch.is_some() => Ok(Merged::of_patch(patch)),
                    None => Ok(Merged::own(own)),
                }
            }
            Some(Node::Scalar(_)) => {
                self.same_kind("ScalarNode", [&own, &patch], |node| node.as_scalar().is_some())?;
                Ok(if patch.is_some() { Merged::of_patch(patch) } else { Merged::own(own) })
            }
        }
    }

    /// The type of an object that says its kind, wherever it stands.
    fn type_of(&self, nodes: [&Option<Node>; 2]) -> Option<std::sync::Arc<Type>> {
        nodes.into_iter().flatten().find_map(|node| {
            let text =
                |field: &str| node.get(field).filter(|node| !node.is_empty()).map_or("", Node::raw_text);
            let (kind, api_version) = (text("kind"), text("apiVersion"));
            if kind.is_empty() || api_version.is_empty() {
                None
            } else {
                self.schema.of_kind(api_version, kind)
            }
        })
    }

    fn same_kind(
        &self,
        expected: &'static str,
        nodes: [&Option<Node>; 2],
        fits: impl Fn(&Node) -> bool,
    ) -> Result<(), MergeError> {
        match nodes.into_iter().flatten().find(|node| !node.is_null() && !fits(node)) {
            None => Ok(()),
            Some(node) => Err(MergeError::Kind {
                path: if self.path.is_empty() { "the object".to_owned() } else { self.path.join(".") },
                source: FieldError::kind(expected, node),
            }),
        }
    }

    fn walk_map(
        &mut self,
        own: Option<Node>,
        mut patch: Option<Node>,
        of: OfType<'_>,
    ) -> Result<Merged, MergeError> {
        let chosen = match &own {
            None => match directive_of(&mut patch) {
                Ok(Directive::Delete) => return Ok(Merged::own(None)),
                _ => Merged::of_patch(patch.clone()),
            },
            Some(node) if node.is_null() => match directive_of(&mut patch) {
                Ok(Directive::Delete) => return Ok(Merged::own(None)),
                _ if patch.is_none() && !node.raw_text().is_empty() => {
                    return Ok(Merged { node: own, is_own: true, keeps_null: true });
                }
                _ => Merged::of_patch(patch.clone()),
            },
            Some(_) if patch.as_ref().is_some_and(Node::is_null) => return Ok(Merged::own(None)),
            Some(_) => match directive_of(&mut patch)? {
                Directive::Delete => return Ok(Merged::own(None)),
                Directive::Replace => Merged::of_patch(patch.clone()),
                Directive::Merge => Merged::own(own.map(without_directive)),
            },
        };
        let Merged { node: Some(mut node), is_own, .. } = chosen else { return Ok(chosen) };
        for name in field_names(&node, patch.as_ref()) {
            self.walk_field(&mut node, (patch.as_ref(), is_own), &name, of)?;
        }
        Ok(Merged { node: Some(node), is_own, keeps_null: false })
    }

    /// Where the patch was chosen, it is both the node that is changed and the one that changes it.
    fn walk_field(
        &mut self,
        node: &mut Node,
        (patch, is_own): (Option<&Node>, bool),
        name: &str,
        of: OfType<'_>,
    ) -> Result<(), MergeError> {
        let Some(map) = node.as_map_mut() else { return Ok(()) };
        // Taken out rather than copied, so that what is in it is changed in place.
        let own_value = map.get_mut(name).map(|value| std::mem::replace(value, Node::null()));
        let patch_value =
            if is_own { patch.and_then(|patch| patch.get(name)).cloned() } else { own_value.clone() };
        let field_type = of.and_then(|of| self.schema.field(of, name));
        let known = match &own_value {
            Some(Node::Scalar(scalar)) => Some((scalar.style, scalar.shared)),
            Some(_) => Some((Style::PLAIN, 0)),
            None => None,
        };
        self.path.push(name.to_owned());
        let merged = self.walk(own_value, patch_value, field_type.as_deref())?;
        self.path.pop();
        set_merged(map, name, merged, known);
        Ok(())
    }

    fn walk_elements(
        &mut self,
        own: Option<Node>,
        mut patch: Option<Node>,
        of: &Type,
    ) -> Result<Merged, MergeError> {
        let chosen = match &own {
            None => Merged::of_patch(patch.clone()),
            Some(node) if node.is_null() => Merged::of_patch(patch.clone()),
            Some(_) if patch.as_ref().is_some_and(Node::is_null) => return Ok(Merged::own(None)),
            Some(_) => match directive_of(&mut patch)? {
                Directive::Delete => return Ok(Merged::own(None)),
                Directive::Replace => Merged::of_patch(patch.clone()),
                Directive::Merge => Merged::own(own),
            },
        };
        let Some(node) = chosen.node else { return Ok(chosen) };
        let patch = if chosen.is_own { patch } else { Some(node.clone()) };
        elements::walk(self, (node, chosen.is_own), patch, of)
    }
}

/// The names of the fields of both, each once, in byte order.
fn field_names(node: &Node, patch: Option<&Node>) -> Vec<String> {
    let of = |node: &Node| -> Vec<String> {
        let entries = node.as_map().map_or(&[][..], Mapping::entries);
        entries.iter().map(|entry| entry.key.to_string()).collect()
    };
    let mut names = of(node);
    names.extend(patch.map(of).unwrap_or_default());
    names.sort_unstable();
    names.dedup();
    names
}

/// As kyaml's `FieldSetter`: null clears a field, and an existing scalar's quoting is kept.
fn set_merged(map: &mut Mapping, name: &str, merged: Merged, known: Option<(Style, u32)>) {
    match merged.node {
        None => {
            map.remove(name);
        }
        Some(node) if node.is_null() && !merged.keeps_null => {
            map.remove(name);
        }
        Some(Node::Scalar(mut scalar)) => {
            let is_text = matches!(scalar.tag, Tag::Unset | Tag::Str) && scalar.style == Style::PLAIN;
            // kyaml sets an own value again, and quotes it first where YAML 1.1 would not read it as text.
            if (merged.is_own || known.is_none()) && is_text && looks_like_other_than_text(&scalar.text) {
                scalar.style = Style::QUOTED;
            } else if let Some((style, shared)) = known {
                scalar.style = style;
                scalar.shared = shared;
            }
            map.set(name, Node::Scalar(scalar));
        }
        Some(node) => map.set(name, node),
    }
}

/// In what was added with a patch, the node that is changed has the directive too.
fn without_directive(mut node: Node) -> Node {
    if node.get(DIRECTIVE).is_some()
        && let Some(map) = node.as_map_mut()
    {
        map.remove(DIRECTIVE);
    }
    node
}

/// What the patch asks for; the directive is taken out of it.
fn directive_of(patch: &mut Option<Node>) -> Result<Directive, MergeError> {
    let Some(patch) = patch else { return Ok(Directive::Merge) };
    match patch {
        Node::Map(map) => {
            let Some(said) = map.get(DIRECTIVE) else { return Ok(Directive::Merge) };
            let directive = parse(said)?;
            if let Some(map) = patch.as_map_mut() {
                map.remove(DIRECTIVE);
            }
            Ok(directive)
        }
        Node::List(list) => {
            let is_directive = |item: &Node| item.as_map().is_some_and(|map| map.get(DIRECTIVE).is_some());
            // An item that says more than the directive is an item with a directive of its own.
            let Some(said) = list.iter().find(|item| is_directive(item)) else { return Ok(Directive::Merge) };
            if said.as_map().is_none_or(|map| map.len() > 1) {
                return Ok(Directive::Merge);
            }
            let said = said.get(DIRECTIVE).cloned().unwrap_or_else(Node::null);
            let directive = parse(&said)?;
            let text = said.raw_text().to_owned();
            if let Some(list) = patch.as_list_mut() {
                elements::set(list, None, &[DIRECTIVE.to_owned()], &[text])?;
            }
            Ok(directive)
        }
        Node::Scalar(scalar) => Err(MergeError::Directive(scalar.text.to_string())),
    }
}

fn parse(said: &Node) -> Result<Directive, MergeError> {
    match said.raw_text() {
        "delete" => Ok(Directive::Delete),
        "replace" => Ok(Directive::Replace),
        "merge" => Ok(Directive::Merge),
        other => Err(MergeError::Directive(other.to_owned())),
    }
}

/// A scalar as kyaml makes one of a key's value.
pub(super) fn key_scalar(text: &str, style: Style) -> Node {
    Node::Scalar(Scalar { text: text.into(), tag: Tag::Unset, style, shared: 0 })
}
