//! How the elements of an associative list are told apart.

use value::{Key, Value};

use super::path::PathElement;
use super::typed::{ListAtom, Relation};

/// The step to an element of an associative list.
///
/// # Errors
/// structured-merge-diff's words for an element that cannot be told apart.
pub(super) fn path_element(list: &ListAtom<'_>, element: &Value) -> Result<PathElement, String> {
    match list.relation {
        Relation::Atomic => Err("invalid indexing of non-associative list".to_owned()),
        Relation::Set => set_element(element),
        Relation::Keys(keys) => keyed_element(list, keys, element),
    }
}

fn set_element(element: &Value) -> Result<PathElement, String> {
    let refused = match element {
        Value::Map(_) => "associative list without keys has an element that's a map type",
        Value::List(_) => "not supported: associative list with lists as elements",
        Value::Null => "associative list without keys has an element that's an explicit null",
        scalar => return Ok(PathElement::Value(scalar.clone())),
    };
    Err(refused.to_owned())
}

fn keyed_element(list: &ListAtom<'_>, keys: &[Key], element: &Value) -> Result<PathElement, String> {
    let map = match element {
        Value::Map(map) => map,
        Value::Null => return Err("associative list with keys may not have a null element".to_owned()),
        _ => return Err("associative list with keys may not have non-map elements".to_owned()),
    };
    let atom = list.element.atom();
    let mut fields: Vec<(Key, Value)> = Vec::with_capacity(keys.len());
    for key in keys {
        let default = || atom.map.and_then(|map| map.field(key).default()).cloned();
        if let Some(value) = map.get(key).cloned().or_else(default) {
            fields.push((key.clone(), value));
        }
    }
    if fields.is_empty() && !keys.is_empty() {
        let names: Vec<_> = keys.iter().map(|key| format!("{:?}", key.as_str())).collect();
        return Err(format!(
            "associative list with keys has an element that omits all key fields [{}] (and doesn't have default values for any key fields)",
            names.join(" ")
        ));
    }
    fields.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(PathElement::Key(fields))
}
