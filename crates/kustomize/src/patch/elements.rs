//! Merging lists by their elements, as kyaml's `walk/associative_sequence.go`.

use yaml::node::{Node, Style};

use super::strategic::{Merge, MergeError, Merged, key_scalar};
use crate::field_spec::{FieldError, looks_like_other_than_text};
use crate::schema::Type;

/// The texts of the keys of an element; empty for keys that it lacks.
type Values = Vec<String>;

/// Merges the elements of `patch` into those of `own`.
pub(super) fn walk(
    merge: &mut Merge<'_>,
    (own, is_own): (Node, bool),
    patch: Option<Node>,
    of: &Type,
) -> Result<Merged, MergeError> {
    let list = |node: &Node| node.as_list().unwrap_or_default().to_vec();
    let patch_list = patch.as_ref().map(list);
    let own_list = list(&own);
    let keys = of.merge_keys();
    let sources = [patch_list.as_deref(), Some(own_list.as_slice())];
    let (keys, values) = if keys.is_empty() {
        (vec![String::new()], primitive_values(sources))
    } else {
        (keys.to_vec(), key_values(sources, keys))
    };
    let mut elements = Elements { own: own_list, patch: patch_list, keys, is_own };
    let merged = elements.merge(merge, values, of)?;
    Ok(Merged::of_list(merged, is_own))
}

impl Merged {
    fn of_list(list: Vec<Node>, is_own: bool) -> Self {
        let mut merged = Self::empty(is_own);
        merged.node = Some(Node::List(std::sync::Arc::new(list)));
        merged
    }
}

/// The keys of all elements, those of the patch first, each combination once.
fn key_values(sources: [Option<&[Node]>; 2], keys: &[String]) -> Vec<Values> {
    let mut found: Vec<Values> = Vec::new();
    for element in sources.into_iter().flatten().flatten() {
        let values: Values = keys.iter().map(|key| filled_text(element, key)).collect();
        if !found.contains(&values) {
            found.push(values);
        }
    }
    found
}

fn primitive_values(sources: [Option<&[Node]>; 2]) -> Vec<Values> {
    let mut found: Vec<Values> = Vec::new();
    for element in sources.into_iter().flatten().flatten() {
        let values = vec![element.raw_text().to_owned()];
        if !found.contains(&values) {
            found.push(values);
        }
    }
    found
}

fn filled_text(element: &Node, key: &str) -> String {
    element
        .get(key)
        .filter(|node| !node.is_empty())
        .map_or_else(String::new, |node| node.raw_text().to_owned())
}

struct Elements {
    own: Vec<Node>,
    /// `None` where the patch has nothing to say about the list.
    patch: Option<Vec<Node>>,
    keys: Vec<String>,
    /// Whether the list is changed in place; otherwise it is the patch's, and both are the same.
    is_own: bool,
}

impl Elements {
    fn merge(
        &mut self,
        merge: &mut Merge<'_>,
        mut values: Vec<Values>,
        of: &Type,
    ) -> Result<Vec<Node>, MergeError> {
        let of = merge.schema.elements(of);
        if self.keys.len() > 1 {
            join_partial(&mut values);
        }
        let mut added = Vec::new();
        let mut last_keys = self.keys.clone();
        for wanted in &values {
            let (keys, wanted) = valid_keys(&values, wanted, &self.keys);
            let merged = self.merge_one(merge, (&keys, &wanted), of.as_deref())?;
            let is_gone = merged.as_ref().is_none_or(|node| {
                node.is_null() || node.as_map().is_some_and(yaml::node::Mapping::is_empty)
            });
            if is_gone {
                for _ in &keys {
                    set(&mut self.own, None, &keys, &wanted)?;
                }
            } else if let Some(node) = merged {
                set(&mut added, Some(node), &keys, &wanted)?;
            }
            last_keys = keys;
        }
        if values.is_empty() {
            return Ok(std::mem::take(&mut self.own));
        }
        append(&mut added, &self.own, &last_keys)?;
        Ok(added)
    }

    /// The merged element with the given values of its keys.
    fn merge_one(
        &mut self,
        merge: &mut Merge<'_>,
        (keys, wanted): (&[String], &[String]),
        of: Option<&Type>,
    ) -> Result<Option<Node>, MergeError> {
        let (match_keys, match_values) = valid_keys(&[wanted.to_vec()], wanted, keys);
        let at = find(&self.own, &match_keys, &match_values);
        let own = at.map(|at| self.own[at].clone());
        let patch = match &self.patch {
            Some(_) if !self.is_own => own.clone(),
            Some(patch) => find(patch, &match_keys, &match_values).map(|at| patch[at].clone()),
            None => None,
        };
        let mut merged = merge.walk(own, patch, of)?;
        if let Some(node) = &mut merged.node {
            set_keys(node, keys, wanted);
        }
        // What is changed in place is also seen in the list that it came from.
        if let (Some(at), Some(node), true) = (at, &merged.node, merged.is_own || !self.is_own) {
            self.own[at] = node.clone();
        }
        Ok(merged.node)
    }
}

/// Makes sure that the keys are set on a merged element.
fn set_keys(node: &mut Node, keys: &[String], values: &[String]) {
    if node.is_null() {
        return;
    }
    for (key, value) in keys.iter().zip(values).filter(|(_, value)| !value.is_empty()) {
        match node {
            Node::Scalar(scalar) if key.is_empty() => {
                let style = scalar.style;
                *node = key_scalar(value, style);
            }
            Node::Map(map) if !map.is_empty() && map.get(key).is_none() => {
                let style = if looks_like_other_than_text(value) { Style::QUOTED } else { Style::PLAIN };
                if let Some(map) = node.as_map_mut() {
                    map.set(key.as_str(), key_scalar(value, style));
                }
            }
            _ => {}
        }
    }
}

/// Elements of which one lacks a key that the other has are the same, if they agree in another key.
fn join_partial(values: &mut [Values]) {
    for one in 0..values.len() {
        // kyaml compares with what the element was when its turn came.
        let before = values[one].clone();
        for other in 0..values.len() {
            if let Some(joined) = joined(&before, &values[other]) {
                values[one] = joined.clone();
                values[other] = joined;
            }
        }
    }
}

fn joined(one: &Values, other: &Values) -> Option<Values> {
    let mut agree = false;
    let mut result = Vec::with_capacity(one.len());
    for (a, b) in one.iter().zip(other) {
        if a == b {
            agree = true;
        } else if !a.is_empty() && !b.is_empty() {
            return None;
        }
        result.push(if a.is_empty() { b.clone() } else { a.clone() });
    }
    agree.then_some(result)
}

/// The keys that any element has, with the values of one element; all keys where none has any.
fn valid_keys(all: &[Values], values: &[String], keys: &[String]) -> (Vec<String>, Vec<String>) {
    let is_used = |at: usize| all.iter().any(|values| values.get(at).is_some_and(|value| !value.is_empty()));
    let used: Vec<usize> = (0..keys.len()).filter(|at| is_used(*at)).collect();
    if used.is_empty() {
        return (keys.to_vec(), values.to_vec());
    }
    let of = |list: &[String]| used.iter().filter_map(|at| list.get(*at)).cloned().collect();
    (of(keys), of(values))
}

/// The first element whose keys have the values.
fn find(list: &[Node], keys: &[String], values: &[String]) -> Option<usize> {
    let first = values.first().map_or("", String::as_str);
    if keys.first().is_none_or(String::is_empty) {
        return list.iter().position(|element| element.raw_text() == first);
    }
    if keys.len() != values.len() {
        return None;
    }
    let has = |element: &Node| {
        keys.iter()
            .zip(values)
            .all(|(key, value)| element.get(key).is_some_and(|node| node.raw_text() == value))
    };
    list.iter().position(|element| element.as_map().is_some() && has(element))
}

/// As kyaml's `ElementSetter`: replaces each element with these values, or adds one; without an element,
/// deletes.
///
/// # Errors
/// An element has no fields although it should.
pub(super) fn set(
    list: &mut Vec<Node>,
    element: Option<Node>,
    keys: &[String],
    values: &[String],
) -> Result<(), MergeError> {
    let sets_fields = keys.first().is_some_and(|key| !key.is_empty())
        && values.first().is_some_and(|value| !value.is_empty());
    let (mut kept, mut is_found) = (Vec::with_capacity(list.len() + 1), false);
    for known in list.drain(..) {
        let is_map = known.as_map().is_some();
        if known.is_null() || known.as_map().is_some_and(yaml::node::Mapping::is_empty) {
            continue;
        }
        if !is_map && sets_fields {
            kept.push(known);
        } else if !matches(&known, keys, values)? {
            if !values.is_empty() {
                kept.push(known);
            }
        } else {
            is_found = true;
            kept.extend(element.clone());
        }
    }
    *list = kept;
    if let Some(element) = element.filter(|element| !is_found && !element.is_null()) {
        list.push(element);
    }
    Ok(())
}

fn matches(element: &Node, keys: &[String], values: &[String]) -> Result<bool, MergeError> {
    let mut last = false;
    for (at, key) in keys.iter().enumerate() {
        // A key without a value counts as the one before it.
        if let Some(value) = values.get(at) {
            last = matches_one(element, key, value)?;
        }
        if !last {
            return Ok(false);
        }
    }
    Ok(true)
}

fn matches_one(element: &Node, key: &str, value: &str) -> Result<bool, MergeError> {
    let wrong = |expected| MergeError::Kind {
        path: if key.is_empty() { "an element".to_owned() } else { format!("an element with {key}") },
        source: FieldError::kind(expected, element),
    };
    if key.is_empty() {
        return match element {
            Node::Scalar(scalar) => Ok(&*scalar.text == value),
            _ => Err(wrong("ScalarNode")),
        };
    }
    let Some(map) = element.as_map() else { return Err(wrong("MappingNode")) };
    Ok(map.get(key).is_some_and(|node| value.is_empty() || node.raw_text() == value))
}

/// As kyaml's `appendListNode`: elements of `list` replace those of `merged` with the same keys, and others
/// are added.
fn append(merged: &mut Vec<Node>, list: &[Node], keys: &[String]) -> Result<(), MergeError> {
    for element in list {
        if keys.first().is_none_or(String::is_empty) {
            set(merged, Some(element.clone()), &[String::new()], &[element.raw_text().to_owned()])?;
            continue;
        }
        let mut values = Vec::new();
        for key in keys {
            match element.get(key) {
                Some(node) => values.push(node.raw_text().to_owned()),
                None if element.as_map().is_none() && !element.is_null() => {
                    return Err(MergeError::Kind {
                        path: format!("an element with {key}"),
                        source: FieldError::kind("MappingNode", element),
                    });
                }
                None => merged.push(element.clone()),
            }
        }
        if keys.len() > 1 {
            set(merged, None, keys, &values)?;
        }
        set(merged, Some(element.clone()), keys, &values)?;
    }
    Ok(())
}
