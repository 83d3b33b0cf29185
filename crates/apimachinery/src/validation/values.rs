//! Values of custom kinds against their schema, in the words of the API server's validator.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use value::{Map, Value};

use super::FieldError;
use crate::duration;
use crate::schema::{AdditionalProperties, Constraints, ListType, Node, Schema, Type};

/// The nesting of an object that is followed; JSON that is nested more deeply is refused when it is read.
const DEEPEST: usize = 128;

/// Everything about an object that its schema refuses. Rules in CEL are not evaluated here.
pub fn validate_values(object: &Value, schema: &Schema) -> Vec<FieldError> {
    let mut errors = Vec::new();
    check(object, schema, &Place { path: "", depth: 0 }, &mut errors);
    errors
}

#[derive(Clone, Copy)]
struct Place<'a> {
    path: &'a str,
    depth: usize,
}

fn check(value: &Value, schema: &Node, place: &Place<'_>, errors: &mut Vec<FieldError>) {
    let path = place.path;
    // A null that is no value was pruned or defaulted away, if the API server allows it at all.
    if (value.is_null() && schema.nullable) || place.depth > DEEPEST {
        return;
    }
    if let Some(error) = type_error(value, schema, path) {
        errors.push(error);
        // The validator looks on at a fraction where it wants an integer, and at nothing else.
        if let (Value::Float(_), Some(Type::Integer)) = (value, schema.r#type) {
            let why = format!("Checked value must be of type integer (default format) in {path}");
            errors.push(FieldError::new("<nil>", format!("Invalid value: \"\": {why}")));
            errors.extend(schema.constraints.iter().flat_map(|constraints| bounds(value, constraints, path)));
        }
        return;
    }
    if let Some(error) = format_error(value, schema, path) {
        errors.push(error);
    }
    match value {
        Value::Map(map) => check_map(map, schema, place, errors),
        Value::List(list) => check_list(list, schema, place, errors),
        _ => {}
    }
    if let Some(constraints) = &schema.constraints {
        errors.extend(bounds(value, constraints, path));
        check_logic(value, schema, constraints, place, errors);
    }
}

fn type_error(value: &Value, schema: &Node, path: &str) -> Option<FieldError> {
    let wanted = match schema.r#type {
        _ if schema.int_or_string => {
            (!matches!(value, Value::Int(_) | Value::UInt(_) | Value::String(_))).then_some("integer,string")
        }
        None => None,
        Some(kind) => (!is_of(value, kind)).then(|| kind.as_str()),
    }?;
    let found = found_type(value);
    Some(FieldError::new(
        path,
        format!(r#"Invalid value: "{found}": {path} in body must be of type {wanted}: "{found}""#),
    ))
}

fn is_of(value: &Value, kind: Type) -> bool {
    match kind {
        Type::Object => matches!(value, Value::Map(_)),
        Type::Array => matches!(value, Value::List(_)),
        Type::String => matches!(value, Value::String(_)),
        Type::Integer => match value {
            Value::Int(_) | Value::UInt(_) => true,
            Value::Float(number) => number.fract() == 0.0,
            _ => false,
        },
        Type::Number => value.as_f64().is_some(),
        Type::Boolean => matches!(value, Value::Bool(_)),
    }
}

fn found_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Int(_) | Value::UInt(_) => "integer",
        Value::Float(_) => "number",
        Value::String(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    }
}

fn format_error(value: &Value, schema: &Node, path: &str) -> Option<FieldError> {
    let format = schema.format.as_deref()?;
    match value {
        Value::String(text) => (!has_format(text, format)).then(|| {
            let why = format!("{path} in body must be of type {format}: {text:?}");
            FieldError::invalid(path, value, &why)
        }),
        Value::Int(number) if format == "int32" => i32::try_from(*number).err().map(|_| {
            let why = format!("Checked value must be of type integer with format int32 in {path}");
            FieldError::new("<nil>", format!("Invalid value: \"\": {why}"))
        }),
        _ => None,
    }
}

/// Formats that are not here are not checked; the API server leaves unknown ones alone too.
fn has_format(text: &str, format: &str) -> bool {
    match format {
        "date-time" => text.parse::<jiff::Timestamp>().is_ok(),
        "date" => text.parse::<jiff::civil::Date>().is_ok(),
        "duration" => duration::parse(text.strip_prefix('-').unwrap_or(text)).is_ok(),
        "byte" => STANDARD.decode(text).is_ok(),
        "ipv4" => text.parse::<std::net::Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<std::net::Ipv6Addr>().is_ok(),
        _ => true,
    }
}

fn check_map(map: &Map, schema: &Node, place: &Place<'_>, errors: &mut Vec<FieldError>) {
    for key in schema.required.iter().filter(|key| !map.contains_key(key)) {
        errors.push(FieldError::required(join(place.path, key), ""));
    }
    if schema.embedded_resource {
        for key in ["apiVersion", "kind"] {
            if map.get(key).and_then(Value::as_str).is_none_or(str::is_empty) {
                errors.push(FieldError::required(join(place.path, key), ""));
            }
        }
    }
    for (key, value) in map {
        let other = match &schema.additional_properties {
            Some(AdditionalProperties::Of(of)) => Some(of),
            _ => None,
        };
        // What every object has is checked with the metadata.
        let field = schema.properties.get(key).or(other).filter(|field| field.definition.is_none());
        if let Some(field) = field {
            let path = join(place.path, key);
            check(value, field, &Place { path: &path, depth: place.depth + 1 }, errors);
        }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn check_list(list: &[Value], schema: &Node, place: &Place<'_>, errors: &mut Vec<FieldError>) {
    if let Some(items) = &schema.items {
        for (at, element) in list.iter().enumerate() {
            let path = format!("{}[{at}]", place.path);
            check(element, items, &Place { path: &path, depth: place.depth + 1 }, errors);
        }
    }
    let identity = |element: &Value| match schema.list_type {
        Some(ListType::Set) => Some(element.clone()),
        Some(ListType::Map) => {
            let keys = schema.list_map_keys.iter();
            Some(Value::map_of(
                keys.filter_map(|key| Some((key.clone(), element.get(key)?.clone()))).collect::<Vec<_>>(),
            ))
        }
        _ => None,
    };
    let mut seen = BTreeSet::new();
    for (at, element) in list.iter().enumerate() {
        if let Some(identity) = identity(element)
            && !seen.insert(identity.to_string())
        {
            errors.push(FieldError::duplicate(format!("{}[{at}]", place.path), &identity));
        }
    }
}

fn bounds(value: &Value, constraints: &Constraints, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(number) = value.as_f64() {
        number_bounds(value, number, constraints, path, &mut errors);
    }
    match value {
        Value::String(text) => text_bounds(text, constraints, path, &mut errors),
        Value::List(list) => {
            size_bounds(
                list.len(),
                (constraints.min_items, constraints.max_items),
                ("items", path),
                &mut errors,
            );
        }
        Value::Map(map) => {
            let bounds = (constraints.min_properties, constraints.max_properties);
            size_bounds(map.len(), bounds, ("properties", path), &mut errors);
        }
        _ => {}
    }
    if let Some(allowed) = &constraints.enumeration
        && !allowed.contains(value)
    {
        let texts: Vec<_> = allowed
            .iter()
            .map(|one| format!("{:?}", one.as_str().map_or_else(|| one.to_string(), str::to_owned)))
            .collect();
        let list = texts.join(", ");
        errors.push(FieldError::new(path, format!("Unsupported value: {value}: supported values: {list}")));
    }
    errors
}

fn number_bounds(
    value: &Value,
    number: f64,
    constraints: &Constraints,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    let mut refuse = |what: String| {
        errors.push(FieldError::invalid(path, value, &format!("{path} in body should be {what}")));
    };
    if let Some((bound, least)) =
        constraints.minimum.as_ref().and_then(|bound| Some((bound, bound.as_f64()?)))
    {
        if constraints.exclusive_minimum && number <= least {
            refuse(format!("greater than {bound}"));
        } else if number < least {
            refuse(format!("greater than or equal to {bound}"));
        }
    }
    if let Some((bound, most)) = constraints.maximum.as_ref().and_then(|bound| Some((bound, bound.as_f64()?)))
    {
        if constraints.exclusive_maximum && number >= most {
            refuse(format!("less than {bound}"));
        } else if number > most {
            refuse(format!("less than or equal to {bound}"));
        }
    }
    if let Some((bound, factor)) =
        constraints.multiple_of.as_ref().and_then(|bound| Some((bound, bound.as_f64()?)))
        && factor > 0.0
        && (number / factor).fract() != 0.0
    {
        refuse(format!("a multiple of {bound}"));
    }
}

fn text_bounds(text: &str, constraints: &Constraints, path: &str, errors: &mut Vec<FieldError>) {
    let length = text.chars().count() as u64;
    let value = Value::from(text);
    if let Some(most) = constraints.max_length.filter(|most| length > *most) {
        errors.push(FieldError::new(path, format!("Too long: may not be more than {most} bytes")));
    }
    if let Some(least) = constraints.min_length.filter(|least| length < *least) {
        let why = format!("{path} in body should be at least {least} chars long");
        errors.push(FieldError::invalid(path, &value, &why));
    }
    if let Some(pattern) = &constraints.pattern
        && pattern.regex.as_ref().is_some_and(|regex| !regex.is_match(text))
    {
        let why = format!("{path} in body should match '{}'", pattern.text);
        errors.push(FieldError::invalid(path, &value, &why));
    }
}

fn size_bounds(
    size: usize,
    (least, most): (Option<u64>, Option<u64>),
    (what, path): (&str, &str),
    errors: &mut Vec<FieldError>,
) {
    let size = size as u64;
    if let Some(least) = least.filter(|least| size < *least) {
        let why = format!("{path} in body should have at least {least} {what}");
        errors.push(FieldError::invalid(path, &Value::from(size), &why));
    }
    if let Some(most) = most.filter(|most| size > *most) {
        errors.push(FieldError::new(path, format!("Too many: {size}: must have at most {most} items")));
    }
}

/// The logical schemas. Of alternatives none of which holds, the findings of the one that comes nearest
/// follow, as the validator prints them.
fn check_logic(
    value: &Value,
    schema: &Node,
    constraints: &Constraints,
    place: &Place<'_>,
    errors: &mut Vec<FieldError>,
) {
    let path = place.path;
    let findings = |of: &Schema| {
        let mut errors = Vec::new();
        check(value, of, &Place { path, depth: place.depth + 1 }, &mut errors);
        errors
    };
    let fails = |errors: &mut Vec<FieldError>, what: &str| {
        errors.push(FieldError::new("<nil>", format!(r#"Invalid value: "": "{path}" must {what}"#)));
    };
    // `anyOf` of an integer and a text is the form of an int-or-string, which has been checked.
    if !constraints.any_of.is_empty() && !schema.int_or_string {
        let all: Vec<_> = constraints.any_of.iter().map(findings).collect();
        if all.iter().all(|one| !one.is_empty()) {
            fails(errors, "validate at least one schema (anyOf)");
            errors.extend(nearest(all));
        }
    }
    if !constraints.one_of.is_empty() {
        let all: Vec<_> = constraints.one_of.iter().map(findings).collect();
        match all.iter().filter(|one| one.is_empty()).count() {
            1 => {}
            0 => {
                fails(errors, "validate one and only one schema (oneOf). Found none valid");
                errors.extend(nearest(all));
            }
            count => fails(
                errors,
                &format!("validate one and only one schema (oneOf). Found {count} valid alternatives"),
            ),
        }
    }
    if !constraints.all_of.is_empty() {
        let all: Vec<_> = constraints.all_of.iter().map(findings).collect();
        let valid = all.iter().filter(|one| one.is_empty()).count();
        if valid < all.len() {
            errors.extend(all.into_iter().flatten());
            let none = if valid == 0 { ". None validated" } else { "" };
            fails(errors, &format!("validate all the schemas (allOf){none}"));
        }
    }
    if constraints.not.as_ref().is_some_and(|not| findings(not).is_empty()) {
        fails(errors, "not validate the schema (not)");
    }
}

fn nearest(alternatives: Vec<Vec<FieldError>>) -> Vec<FieldError> {
    alternatives.into_iter().min_by_key(Vec::len).unwrap_or_default()
}
