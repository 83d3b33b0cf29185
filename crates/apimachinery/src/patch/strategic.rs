//! Kubernetes' strategic merge patch, as `strategicpatch` of apimachinery.

use thiserror::Error;
use value::{Key, Map, Value};

use crate::go_print;
use crate::schema::Schema;

const PATCH: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const SET_ORDER: &str = "$setElementOrder/";
const DELETE: &str = "$deleteFromPrimitiveList/";

/// A patch that is refused: HTTP 400 for a bad format, 500 for the rest.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StrategicPatchError {
    /// A patch is a map.
    #[error("invalid JSON document")]
    NotAnObject,
    /// An element of a list that is merged by key does not have the key.
    #[error("map: {element} does not contain declared merge key: {key}")]
    NoMergeKey {
        /// The element.
        element: String,
        /// The key.
        key: String,
    },
    /// An unknown `$patch` directive.
    #[error("unknown patch type: {directive} in map: {element}")]
    Directive {
        /// The directive.
        directive: String,
        /// The map that it stands in.
        element: String,
    },
    /// Lists of lists cannot be merged.
    #[error("lists of lists are not supported")]
    ListOfLists,
    /// A list with elements of several kinds.
    #[error("list element types are not identical: {0}")]
    MixedList(String),
    /// A list of maps that is merged without a key to tell its elements apart.
    #[error("cannot merge lists without merge key for {0}")]
    Unkeyed(String),
    /// A directive that is not a list, or `$retainKeys` without a field that the patch sets.
    #[error("invalid patch format of {0}")]
    Format(&'static str),
    /// The elements of a patch are not in the order that it asks for.
    #[error("The order in patch list:\n{patch}\n doesn't match $setElementOrder list:\n{order}\n")]
    Order {
        /// The elements of the patch.
        patch: String,
        /// The order.
        order: String,
    },
}

use StrategicPatchError as Error;

/// Applies a strategic merge patch: maps are merged, null removes, lists are merged or replaced as the
/// schema says. A field that the schema does not know is treated as one without a strategy.
///
/// # Errors
/// Directives and lists that cannot be understood.
pub fn strategic(object: &Value, patch: &Value, schema: &Schema) -> Result<Value, StrategicPatchError> {
    let patch = patch.as_map().ok_or(Error::NotAnObject)?;
    let object = object.as_map().cloned().unwrap_or_default();
    merge_map(object, patch, Some(schema)).map(Value::from)
}

fn merge_map(mut object: Map, patch: &Map, schema: Option<&Schema>) -> Result<Map, Error> {
    let mut patch = patch.clone();
    if let Some(directive) = patch.get(PATCH).cloned() {
        let element = go_print::plain(&Value::from(patch.clone()));
        patch.remove(PATCH);
        return match directive.as_str() {
            Some("replace") => Ok(patch),
            Some("delete") => Ok(Map::new()),
            _ => {
                let directive = directive.as_str().map_or_else(|| directive.to_string(), str::to_owned);
                Err(Error::Directive { directive, element })
            }
        };
    }
    retain_keys(&mut object, &mut patch)?;
    merge_ordered(&mut object, &mut patch, schema)?;
    for (key, value) in &patch {
        match key.strip_prefix(DELETE) {
            Some(key) => delete_from_list(&mut object, key, value)?,
            None => merge_field(&mut object, key, value, schema)?,
        }
    }
    Ok(object)
}

fn merge_field(object: &mut Map, key: &Key, patch: &Value, schema: Option<&Schema>) -> Result<(), Error> {
    if patch.is_null() {
        object.remove(key);
        return Ok(());
    }
    let field = schema.and_then(|schema| schema.property(key));
    let merged = match (object.get(key), patch) {
        (Some(Value::Map(old)), Value::Map(new)) => Some(merge_map(Map::clone(old), new, field)?.into()),
        (Some(Value::List(old)), Value::List(new)) if merges(field) => {
            Some(merge_list(old, new, field)?.into())
        }
        (Some(Value::List(_)), Value::List(_)) => Some(patch.clone()),
        _ => without_directives(&without_nulls(patch)),
    };
    match merged {
        Some(merged) => object.insert(key.clone(), merged),
        None => object.remove(key),
    };
    Ok(())
}

fn merges(field: Option<&Schema>) -> bool {
    field.and_then(|field| field.patch_strategy).is_some_and(|strategy| strategy.merge)
}

fn merge_key(field: Option<&Schema>) -> Option<&Key> {
    field.and_then(|field| field.patch_merge_key.as_ref())
}

fn delete_from_list(object: &mut Map, key: &str, deleted: &Value) -> Result<(), Error> {
    let deleted = deleted.as_list().ok_or(Error::Format("primitive list"))?;
    if let Some(list) = object.get_mut(key).and_then(Value::as_list_mut) {
        list.retain(|element| !deleted.contains(element));
    }
    Ok(())
}

/// `$retainKeys` lists the fields that stay; it must list those that the patch sets.
fn retain_keys(object: &mut Map, patch: &mut Map) -> Result<(), Error> {
    let Some(retained) = patch.remove(RETAIN_KEYS) else { return Ok(()) };
    let retained = retained.as_list().ok_or(Error::Format("retainKeys"))?;
    let is_retained = |key: &Key| retained.iter().any(|one| one.as_str() == Some(key.as_str()));
    let is_directive = |key: &Key| key.starts_with(DELETE) || key.starts_with(SET_ORDER);
    if patch.iter().any(|(key, value)| !value.is_null() && !is_directive(key) && !is_retained(key)) {
        return Err(Error::Format("retainKeys"));
    }
    object.retain(|key, _| is_retained(key));
    Ok(())
}

/// Merges the lists that the patch gives an order, and takes them out of the patch.
fn merge_ordered(object: &mut Map, patch: &mut Map, schema: Option<&Schema>) -> Result<(), Error> {
    let directives: Vec<Key> = patch.keys().filter(|key| key.starts_with(SET_ORDER)).cloned().collect();
    for directive in directives {
        let order = patch.remove(&directive).unwrap_or_default();
        let key = directive.strip_prefix(SET_ORDER).unwrap_or_default();
        let field = schema.and_then(|schema| schema.property(key));
        let order = order.as_list().ok_or(Error::Format("setElementOrder list"))?;
        let old = list_at(object, key)?;
        let new = list_at(patch, key)?;
        check_order(new.as_deref().unwrap_or_default(), order, merge_key(field))?;
        let merged = match (&old, &new) {
            (None, None) => continue,
            (Some(old), None) => old.clone(),
            (None, Some(new)) => {
                let kept = without_directives(&Value::from(new.clone())).unwrap_or_default();
                kept.as_list().unwrap_or_default().to_vec()
            }
            (Some(old), Some(new)) if merges(field) => merge_list(old, new, field)?,
            (Some(_), Some(new)) => new.clone(),
        };
        let merged = in_order(merged, order, old.as_deref().unwrap_or_default(), merge_key(field))?;
        patch.remove(key);
        object.insert(key, merged);
    }
    Ok(())
}

fn list_at(map: &Map, key: &str) -> Result<Option<Vec<Value>>, Error> {
    match map.get(key) {
        None => Ok(None),
        Some(Value::List(list)) => Ok(Some(list.to_vec())),
        Some(_) => Err(Error::Format("setElementOrder list")),
    }
}

/// The elements that the patch sets must stand in the order that it asks for.
fn check_order(patch: &[Value], order: &[Value], key: Option<&Key>) -> Result<(), Error> {
    if order.is_empty() {
        return Ok(());
    }
    let mut order_left = order.iter();
    for element in patch.iter().filter(|element| element.get(PATCH).is_none()) {
        let wanted = identity(element, key)?;
        let found = loop {
            match order_left.next() {
                None => break false,
                Some(one) if identity(one, key)? == wanted => break true,
                Some(_) => {}
            }
        };
        if !found {
            let text = |list: &[Value]| go_print::plain(&Value::from(list.to_vec()));
            return Err(Error::Order { patch: text(patch), order: text(order) });
        }
    }
    Ok(())
}

/// What tells an element from others: the value of its merge key, or all of it.
fn identity<'v>(element: &'v Value, key: Option<&Key>) -> Result<&'v Value, Error> {
    match (element, key) {
        (Value::Map(map), Some(key)) => map
            .get(key)
            .ok_or_else(|| Error::NoMergeKey { element: go_print::plain(element), key: key.to_string() }),
        _ => Ok(element),
    }
}

fn merge_list(old: &[Value], patch: &[Value], field: Option<&Schema>) -> Result<Vec<Value>, Error> {
    if old.is_empty() && patch.is_empty() {
        return Ok(Vec::new());
    }
    if !are_maps(old, patch)? {
        let mut merged: Vec<Value> = Vec::with_capacity(old.len() + patch.len());
        for element in old.iter().chain(patch) {
            if !merged.contains(element) {
                merged.push(element.clone());
            }
        }
        return in_order(merged, patch, old, None);
    }
    let key = merge_key(field).ok_or_else(|| {
        let name = field.and_then(|field| field.items.as_ref()).and_then(|items| items.definition.clone());
        Error::Unkeyed(name.as_deref().unwrap_or("the list").to_owned())
    })?;
    let (old, patch) = special_elements(old, patch, key)?;
    let items = field.and_then(|field| field.items.as_ref());
    let mut merged = old.clone();
    for element in &patch {
        let wanted = identity(element, Some(key))?;
        let place = merged.iter().position(|one| one.get(key) == Some(wanted));
        match (place.and_then(|at| merged.get_mut(at)), element) {
            (Some(place), Value::Map(new)) => {
                let old = place.as_map().cloned().unwrap_or_default();
                *place = merge_map(old, new, items)?.into();
            }
            _ => merged.extend(without_directives(element)),
        }
    }
    in_order(merged, &patch, &old, Some(key))
}

fn are_maps(old: &[Value], patch: &[Value]) -> Result<bool, Error> {
    let mut maps = None;
    for element in old.iter().chain(patch) {
        let is_map = match element {
            Value::List(_) => return Err(Error::ListOfLists),
            element => matches!(element, Value::Map(_)),
        };
        if *maps.get_or_insert(is_map) != is_map {
            let all: Vec<_> = old.iter().chain(patch).cloned().collect();
            return Err(Error::MixedList(Value::from(all).to_string()));
        }
    }
    Ok(maps.unwrap_or_default())
}

/// Carries out `$patch: delete` and `$patch: replace` of elements: the old list without the deleted
/// elements, and the patch without the directives.
fn special_elements(old: &[Value], patch: &[Value], key: &Key) -> Result<(Vec<Value>, Vec<Value>), Error> {
    let mut old = old.to_vec();
    let mut plain = Vec::with_capacity(patch.len());
    let mut replace = false;
    for element in patch {
        match element.get(PATCH) {
            None => plain.push(element.clone()),
            Some(directive) => match directive.as_str() {
                Some("delete") => {
                    let deleted = identity(element, Some(key))?;
                    old.retain(|one| one.get(key) != Some(deleted));
                }
                Some("replace") => replace = true,
                _ => {
                    let directive = directive.as_str().map_or_else(|| directive.to_string(), str::to_owned);
                    return Err(Error::Directive { directive, element: go_print::plain(element) });
                }
            },
        }
    }
    Ok(if replace { (plain, Vec::new()) } else { (old, plain) })
}

/// Brings the elements that `order` lists into its order, and puts the others among them so that they
/// keep their place in the server's list towards those that the server had.
fn in_order(
    merged: Vec<Value>,
    order: &[Value],
    server: &[Value],
    key: Option<&Key>,
) -> Result<Vec<Value>, Error> {
    let identities = |list: &[Value]| -> Result<Vec<Value>, Error> {
        list.iter().map(|element| identity(element, key).cloned()).collect()
    };
    let (order, server) = (identities(order)?, identities(server)?);
    let place = |list: &[Value], element: &Value| {
        identity(element, key).ok().and_then(|wanted| list.iter().position(|one| one == wanted))
    };
    let (mut listed, mut others): (Vec<Value>, Vec<Value>) =
        merged.into_iter().partition(|element| place(&order, element).is_some());
    listed.sort_by_key(|element| place(&order, element));
    others.sort_by_key(|element| place(&server, element).unwrap_or(usize::MAX));
    let mut result = Vec::with_capacity(listed.len() + others.len());
    let (mut listed, mut others) = (listed.into_iter().peekable(), others.into_iter().peekable());
    loop {
        let other_first = match (others.peek(), listed.peek()) {
            (None, None) => return Ok(result),
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (Some(other), Some(one)) => {
                place(&server, other).zip(place(&server, one)).is_some_and(|(a, b)| a < b)
            }
        };
        result.extend(if other_first { others.next() } else { listed.next() });
    }
}

/// The value as it is put where nothing was; `None` for a map that is a directive itself.
fn without_directives(value: &Value) -> Option<Value> {
    match value {
        Value::Map(map) if map.contains_key(PATCH) => None,
        Value::Map(map) => {
            let entries = map.iter().filter(|(key, _)| !is_directive(key));
            Some(Value::map_of(
                entries
                    .filter_map(|(key, value)| Some((key.clone(), without_directives(value)?)))
                    .collect::<Vec<_>>(),
            ))
        }
        Value::List(list) => {
            Some(Value::from(list.iter().filter_map(without_directives).collect::<Vec<_>>()))
        }
        other => Some(other.clone()),
    }
}

fn is_directive(key: &str) -> bool {
    key == RETAIN_KEYS || key.starts_with(SET_ORDER) || key.starts_with(DELETE)
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Map(map) => {
            let kept = map.iter().filter(|(_, value)| !value.is_null());
            Value::map_of(kept.map(|(key, value)| (key.clone(), without_nulls(value))).collect::<Vec<_>>())
        }
        Value::List(list) => Value::from(list.iter().map(without_nulls).collect::<Vec<_>>()),
        other => other.clone(),
    }
}
