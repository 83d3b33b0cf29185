//! Schemas from their OpenAPI form.

use std::sync::Arc;

use regex::Regex;
use value::{Key, Map, Value};

use super::{
    AdditionalProperties, Constraints, ListType, MapType, Node, PatchStrategy, Pattern, Rule, Schema, Type,
};
use crate::builtin;

/// Quantities are written as text and read as numbers too.
const QUANTITY: &str = "io.k8s.apimachinery.pkg.api.resource.Quantity";

/// Builds one node, which may be a definition of a name. What stands below it is deferred.
pub(super) fn node(source: &Value, definition: Option<&Arc<str>>) -> Node {
    let Some(map) = source.as_map() else { return Node::default() };
    let mut node = match reference(map) {
        Some(name) => referring(name, map),
        None => plain(map),
    };
    if let Some(name) = definition {
        node.int_or_string |= &**name == QUANTITY;
        node.definition = Some(name.clone());
    }
    node
}

/// The definition that a field is: `$ref`, or the only element of `allOf` where the field adds its own
/// attributes.
fn reference(map: &Map) -> Option<&str> {
    let direct = map.get("$ref").and_then(Value::as_str);
    let wrapped = || match map.get("allOf")?.as_list()? {
        [only] => only.str_at(&["$ref"]),
        _ => None,
    };
    direct.or_else(wrapped)?.rsplit('/').next()
}

/// The definition with the attributes of the field over it.
fn referring(name: &str, map: &Map) -> Node {
    let Some(definition) = builtin::definition(name) else { return plain(map) };
    let mut node = Node::clone(&definition);
    let own = plain(map);
    node.default = own.default.or(node.default);
    node.nullable |= own.nullable;
    node.pointer = own.pointer;
    node.written_null = own.written_null;
    node.map_type = own.map_type.or(node.map_type);
    node.list_type = own.list_type.or(node.list_type);
    node.patch_strategy = own.patch_strategy.or(node.patch_strategy);
    node.patch_merge_key = own.patch_merge_key.or(node.patch_merge_key);
    node
}

/// The schema of a field: a bare reference shares the definition.
pub(super) fn schema(source: &Value) -> Schema {
    if let Some(map) = source.as_map()
        && map.len() == 1
        && let Some(definition) = reference(map).and_then(builtin::definition)
    {
        return definition;
    }
    Schema::deferred(source.clone())
}

fn plain(map: &Map) -> Node {
    let text = |key: &str| map.get(key).and_then(Value::as_str);
    let flag = |key: &str| map.get(key).and_then(Value::as_bool).unwrap_or_default();
    let properties = map.get("properties").and_then(Value::as_map);
    Node {
        definition: None,
        r#type: text("type").and_then(parse_type),
        properties: Arc::new(
            properties
                .into_iter()
                .flat_map(Map::iter)
                .map(|(key, value)| (key.clone(), schema(value)))
                .collect(),
        ),
        additional_properties: map.get("additionalProperties").and_then(additional),
        items: map.get("items").filter(|items| items.as_map().is_some()).map(schema),
        required: keys(map.get("required")),
        format: text("format").map(Arc::from),
        nullable: flag("nullable"),
        default: map.get("default").cloned(),
        int_or_string: flag("x-kubernetes-int-or-string") || text("format") == Some("int-or-string"),
        preserve_unknown_fields: flag("x-kubernetes-preserve-unknown-fields"),
        embedded_resource: flag("x-kubernetes-embedded-resource"),
        list_type: text("x-kubernetes-list-type").and_then(list_type),
        list_map_keys: keys(map.get("x-kubernetes-list-map-keys")),
        map_type: text("x-kubernetes-map-type").and_then(map_type),
        patch_strategy: text("x-kubernetes-patch-strategy").map(patch_strategy),
        patch_merge_key: text("x-kubernetes-patch-merge-key").map(Key::from),
        pointer: flag("x-go-pointer"),
        written_null: flag("x-go-null"),
        constraints: constraints(map),
        validations: rules(map.get("x-kubernetes-validations")),
    }
}

pub(super) fn parse_type(name: &str) -> Option<Type> {
    Some(match name {
        "object" => Type::Object,
        "array" => Type::Array,
        "string" => Type::String,
        "integer" => Type::Integer,
        "number" => Type::Number,
        "boolean" => Type::Boolean,
        _ => return None,
    })
}

fn list_type(name: &str) -> Option<ListType> {
    Some(match name {
        "atomic" => ListType::Atomic,
        "set" => ListType::Set,
        "map" => ListType::Map,
        _ => return None,
    })
}

fn map_type(name: &str) -> Option<MapType> {
    Some(match name {
        "granular" => MapType::Granular,
        "atomic" => MapType::Atomic,
        _ => return None,
    })
}

fn patch_strategy(text: &str) -> PatchStrategy {
    let has = |word| text.split(',').any(|one| one == word);
    PatchStrategy { merge: has("merge"), retain_keys: has("retainKeys") }
}

fn additional(value: &Value) -> Option<AdditionalProperties> {
    match value {
        Value::Bool(true) => Some(AdditionalProperties::Anything),
        Value::Bool(false) => Some(AdditionalProperties::Nothing),
        Value::Map(_) => Some(AdditionalProperties::Of(schema(value))),
        _ => None,
    }
}

fn keys(value: Option<&Value>) -> Arc<[Key]> {
    let list = value.and_then(Value::as_list).unwrap_or_default();
    list.iter().filter_map(Value::as_str).map(Key::from).collect()
}

fn schemas(value: Option<&Value>) -> Vec<Schema> {
    value.and_then(Value::as_list).unwrap_or_default().iter().map(schema).collect()
}

const CONSTRAINTS: [&str; 15] = [
    "enum",
    "pattern",
    "minimum",
    "maximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "anyOf",
    "oneOf",
    "not",
];

fn constraints(map: &Map) -> Option<Arc<Constraints>> {
    // A lone reference in allOf is a way to write a field's type and no check.
    let all_of = if reference(map).is_some() { Vec::new() } else { schemas(map.get("allOf")) };
    if all_of.is_empty() && !CONSTRAINTS.iter().any(|key| map.contains_key(key)) {
        return None;
    }
    let number = |key: &str| map.get(key).filter(|value| value.as_f64().is_some()).cloned();
    let flag = |key: &str| map.get(key).and_then(Value::as_bool).unwrap_or_default();
    let size = |key: &str| map.get(key).and_then(Value::as_f64).map(|size| size.max(0.0) as u64);
    Some(Arc::new(Constraints {
        enumeration: map.get("enum").and_then(Value::as_list).map(<[Value]>::to_vec),
        pattern: map.get("pattern").and_then(Value::as_str).filter(|text| !text.is_empty()).map(pattern),
        minimum: number("minimum"),
        exclusive_minimum: flag("exclusiveMinimum"),
        maximum: number("maximum"),
        exclusive_maximum: flag("exclusiveMaximum"),
        multiple_of: number("multipleOf"),
        min_length: size("minLength"),
        max_length: size("maxLength"),
        min_items: size("minItems"),
        max_items: size("maxItems"),
        unique_items: flag("uniqueItems"),
        min_properties: size("minProperties"),
        max_properties: size("maxProperties"),
        all_of,
        any_of: schemas(map.get("anyOf")),
        one_of: schemas(map.get("oneOf")),
        not: map.get("not").map(schema),
    }))
}

fn pattern(text: &str) -> Pattern {
    Pattern { text: Arc::from(text), regex: Regex::new(text).ok() }
}

fn rules(value: Option<&Value>) -> Arc<[Rule]> {
    let list = value.and_then(Value::as_list).unwrap_or_default();
    list.iter()
        .map(|rule| {
            let text = |key: &str| rule.str_at(&[key]).map(str::to_owned);
            Rule {
                rule: text("rule").unwrap_or_default(),
                message: text("message"),
                message_expression: text("messageExpression"),
                reason: text("reason"),
                field_path: text("fieldPath"),
                optional_old_self: rule.get("optionalOldSelf").and_then(Value::as_bool).unwrap_or_default(),
            }
        })
        .collect()
}
