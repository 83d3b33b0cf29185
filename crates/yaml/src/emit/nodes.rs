//! Writing nodes as kyaml does: keys in their own order, quotes where they were.

use super::layout::{Layout, Place, Profile};
use super::{EmitError, MAX_DEPTH, scalar};
use crate::node::{Node, Scalar, Tag, plain_tag};

/// One document, with keys in their own order and lists at the level of their key.
///
/// # Errors
/// See [`EmitError`].
pub fn node_to_yaml(node: &Node) -> Result<String, EmitError> {
    let mut out = String::new();
    let mut layout = Layout::new(&mut out, Profile::KYAML);
    write(&mut layout, node, Place::Root, 0)?;
    layout.end_of_document();
    Ok(out)
}

fn write(layout: &mut Layout<'_>, node: &Node, place: Place, depth: usize) -> Result<(), EmitError> {
    if depth > MAX_DEPTH {
        return Err(EmitError::TooDeep);
    }
    match node {
        Node::Scalar(scalar) => return write_scalar(layout, scalar, place),
        Node::List(list) if list.is_empty() => layout.empty_collection("[]"),
        Node::Map(map) if map.is_empty() => layout.empty_collection("{}"),
        Node::List(list) => {
            let outer = layout.enter_list(place);
            for item in list.iter() {
                layout.line("-");
                write(layout, item, Place::Item, depth + 1)?;
            }
            layout.leave(outer);
        }
        Node::Map(map) => {
            let outer = layout.enter_map(place);
            for entry in map.entries() {
                if scalar::is_simple_key(&entry.key) {
                    layout.indent();
                    layout.text(&entry.key, Place::SimpleKey)?;
                    layout.indicator(":", false, false);
                } else {
                    layout.line("?");
                    layout.text(&entry.key, Place::Key)?;
                    layout.line(":");
                }
                write(layout, &entry.value, Place::Value, depth + 1)?;
            }
            layout.leave(outer);
        }
    }
    Ok(())
}

fn write_scalar(layout: &mut Layout<'_>, scalar: &Scalar, place: Place) -> Result<(), EmitError> {
    let means_text = scalar.style.quoted || scalar.text.contains('\n') || plain_tag(&scalar.text) == Tag::Str;
    if scalar.style.quoted && !scalar.text.contains('\n') {
        // Whether single or double quotes were written is not kept.
        layout.word(&format!("{:?}", &*scalar.text), place);
        return Ok(());
    }
    let is_typed = matches!(scalar.tag, Tag::Int | Tag::Float | Tag::Bool | Tag::Timestamp);
    if is_typed && plain_tag(&scalar.text) != scalar.tag && !scalar.text.contains('\n') {
        // What does not look like what it is said to be says it.
        layout.word(scalar.tag.name(), place);
    }
    if means_text || scalar.tag == Tag::Str {
        return layout.text(&scalar.text, place);
    }
    layout.word(&scalar.text, place);
    Ok(())
}
