//! Defaults that stand in the schema, and what a trip through Go's types does to an object.

use value::{Map, Value};

use crate::quantity::Quantity;
use crate::schema::{AdditionalProperties, Node, Schema};

const QUANTITY: &str = "io.k8s.apimachinery.pkg.api.resource.Quantity";
/// The nesting of an object that is followed; JSON that is nested more deeply is refused when it is read.
const DEEPEST: usize = 128;

/// Sends an object of a built-in kind through its types.
pub(super) fn builtin(value: &mut Value, schema: &Schema) {
    through_type(value, schema, 0);
}

fn through_type(value: &mut Value, schema: &Node, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    if schema.definition.as_deref() == Some(QUANTITY) {
        canonical_quantity(value);
        return;
    }
    if let Some(items) = &schema.items
        && let Some(list) = value.as_list_mut()
    {
        list.iter_mut().for_each(|element| through_type(element, items, depth + 1));
    }
    if let Some(AdditionalProperties::Of(of)) = &schema.additional_properties
        && let Some(map) = value.as_map_mut()
    {
        map.iter_mut().for_each(|(_, value)| through_type(value, of, depth + 1));
    }
    if !schema.properties.is_empty()
        && let Some(map) = value.as_map_mut()
    {
        through_struct(map, schema, depth);
    }
}

fn through_struct(map: &mut Map, schema: &Node, depth: usize) {
    map.retain(|key, value| {
        let Some(field) = schema.properties.get(key) else { return true };
        if value.is_null() {
            return field.written_null;
        }
        through_type(value, field, depth + 1);
        // Stored objects do not tell an empty list from none, and Go writes none as null.
        if field.written_null && value.as_list().is_some_and(<[Value]>::is_empty) {
            *value = Value::Null;
        }
        schema.required.contains(key)
            || field.default.is_some()
            || field.written_null
            || !is_left_out(value, field)
    });
    for (key, field) in schema.properties.iter() {
        if map.contains_key(key) {
            continue;
        }
        match &field.default {
            Some(default) => {
                let mut value = default.clone();
                through_type(&mut value, field, depth + 1);
                map.insert(key.clone(), value);
            }
            None if field.written_null => {
                map.insert(key.clone(), Value::Null);
            }
            _ => {}
        }
    }
}

/// What Go's `omitempty` leaves out: empty lists and maps, and zeros that are not held by pointer.
fn is_left_out(value: &Value, schema: &Node) -> bool {
    match value {
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.is_empty() && schema.additional_properties.is_some(),
        Value::String(text) => text.is_empty() && !schema.pointer && !schema.int_or_string,
        Value::Int(0) | Value::Bool(false) => !schema.pointer && !schema.int_or_string,
        _ => false,
    }
}

/// A text or a number; what is not a quantity is left to validation.
fn canonical_quantity(value: &mut Value) {
    let text = match value {
        Value::String(text) => text.to_string(),
        Value::Int(_) | Value::UInt(_) | Value::Float(_) => value.to_string(),
        _ => return,
    };
    if let Ok(quantity) = text.parse::<Quantity>() {
        *value = Value::from(quantity.to_string());
    }
}

/// Fills the defaults of a custom kind's schema in. A null where null is no value gives way to the
/// default, or is dropped. (Where server-side apply writes such a null, kube-apiserver refuses it.)
pub(super) fn custom(value: &mut Value, schema: &Schema) {
    custom_node(value, schema, 0);
}

fn custom_node(value: &mut Value, schema: &Node, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    match value {
        Value::Map(_) => {
            let Some(map) = value.as_map_mut() else { return };
            for (key, field) in schema.properties.iter() {
                let Some(default) = &field.default else { continue };
                // The fields of every object are Go's; only the schema of the kind itself has defaults.
                if field.definition.is_none()
                    && map.get(key).is_none_or(|old| old.is_null() && !field.nullable)
                {
                    map.insert(key.clone(), default.clone());
                }
            }
            let other = match &schema.additional_properties {
                Some(AdditionalProperties::Of(of)) => Some(of),
                _ => None,
            };
            let field_of =
                |key: &str| schema.properties.get(key).or(other).filter(|field| field.definition.is_none());
            map.retain(|key, value| !value.is_null() || field_of(key).is_none_or(|field| field.nullable));
            for (key, value) in map.iter_mut() {
                if let Some(field) = field_of(key) {
                    custom_node(value, field, depth + 1);
                }
            }
        }
        Value::List(_) => {
            if let (Some(items), Some(list)) = (&schema.items, value.as_list_mut()) {
                list.iter_mut().for_each(|element| custom_node(element, items, depth + 1));
            }
        }
        _ => {}
    }
}
