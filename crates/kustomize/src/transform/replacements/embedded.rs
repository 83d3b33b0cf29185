//! Fields of JSON or YAML that a text holds, such as a file in a ConfigMap.

use std::sync::Arc;

use yaml::node::Node;

use super::{ReplacementError, scalar_text, set_value};
use crate::kustomization::FieldOptions;
use crate::lookup::{self, Create};

/// Sets what the path names within a text. Whether there was something to set; if not, the path may still
/// fit the object itself.
pub(super) fn set(
    object: &mut Node,
    parts: &[String],
    create: Create,
    (value, options): (&Node, Option<&FieldOptions>),
) -> bool {
    let Some((text, at)) = (1..parts.len()).find_map(|at| {
        let found = lookup::get(object, &parts[..at]).ok().flatten()?;
        let text = scalar_text(found)?;
        yaml::parse_first_node(&text).ok().map(|_| (text, at))
    }) else {
        return false;
    };
    let Some(changed) = changed(&text, &parts[at..], create, (value, options)) else { return false };
    let mut write = |node: &mut Node| -> Result<(), ReplacementError> {
        if let Node::Scalar(scalar) = node {
            scalar.text = Arc::from(changed.as_str());
        }
        Ok(())
    };
    lookup::visit_one(object, &parts[..at], &mut write)
}

fn changed(
    text: &str,
    parts: &[String],
    create: Create,
    (value, options): (&Node, Option<&FieldOptions>),
) -> Option<String> {
    let mut inner = yaml::parse_first_node(text).ok()??.0;
    let mut write = |node: &mut Node| set_value(node, value, options);
    match lookup::visit(&mut inner, parts, create, &mut write) {
        Ok(count) if count > 0 => serialized(&inner, text),
        _ => None,
    }
}

/// JSON stays JSON, in one line or indented as it was.
fn serialized(node: &Node, before: &str) -> Option<String> {
    if !before.trim_start().starts_with(['{', '[']) {
        return yaml::node_to_yaml(node).ok().map(|text| text.trim().to_owned());
    }
    let value = node.to_value().ok()?;
    let is_indented = before.contains('\n') && before.contains("  ");
    let json = if is_indented { value::to_json_pretty(&value, 2) } else { value::to_json(&value) };
    Some(crate::generate::hash::escaped(&json))
}
