//! Validation rules of custom kinds (`x-kubernetes-validations`), evaluated by a CEL interpreter.
//!
//! A rule that the interpreter cannot compile is not enforced, and whoever writes the definition is
//! warned of it: see [`warnings`].

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use apimachinery::schema::{AdditionalProperties, FieldError, ListType, Rule, Schema};
use cel::{Context, Program};
use value::{Map, Value};

/// Programs that were compiled before, by their text.
static COMPILED: LazyLock<Mutex<HashMap<String, Option<Arc<Program>>>>> = LazyLock::new(Mutex::default);
/// The rules of all definitions of a large cluster fit.
const COMPILED_LIMIT: usize = 4096;
/// Deeper objects are refused before rules run.
const DEEPEST: usize = 64;

fn program(text: &str) -> Option<Arc<Program>> {
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(program) = compiled.get(text) {
        return program.clone();
    }
    let program = Program::compile(text).ok().map(Arc::new);
    if compiled.len() >= COMPILED_LIMIT {
        compiled.clear();
    }
    compiled.insert(text.to_owned(), program.clone());
    program
}

/// What the rules of a kind refuse in an object that takes the place of another one, if there is one.
pub(crate) fn validate(object: &Value, old: Option<&Value>, schema: &Schema) -> Vec<FieldError> {
    let mut errors = Vec::new();
    walk(&mut errors, object, old, (schema, "", 0));
    errors
}

/// Warnings of the rules of a schema that are not enforced.
pub(crate) fn warnings(schema: &Schema) -> Vec<String> {
    let mut found = Vec::new();
    collect(schema, 0, &mut found);
    found
        .into_iter()
        .filter(|rule| program(rule).is_none())
        .map(|rule| format!("the sandbox cannot evaluate the rule {rule:?} and does not enforce it"))
        .collect()
}

fn collect(schema: &Schema, depth: usize, rules: &mut Vec<String>) {
    if depth > DEEPEST || schema.definition.is_some() {
        return;
    }
    rules.extend(schema.validations.iter().map(|rule| rule.rule.clone()));
    let additional = match &schema.additional_properties {
        Some(AdditionalProperties::Of(schema)) => Some(schema),
        _ => None,
    };
    for below in schema.properties.values().chain(&schema.items).chain(additional) {
        collect(below, depth + 1, rules);
    }
}

fn walk(
    errors: &mut Vec<FieldError>,
    value: &Value,
    old: Option<&Value>,
    (schema, path, depth): (&Schema, &str, usize),
) {
    // Metadata and other built-in types have no rules.
    if depth > DEEPEST || schema.definition.is_some() || value.is_null() {
        return;
    }
    errors.extend(schema.validations.iter().filter_map(|rule| broken(rule, value, old, path)));
    match value {
        Value::Map(map) => {
            for (key, below) in map.iter() {
                if let Some(schema) = schema.property(key) {
                    let named = if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
                    walk(errors, below, old.and_then(|old| old.get(key)), (schema, &named, depth + 1));
                }
            }
        }
        Value::List(list) => {
            let Some(items) = &schema.items else { return };
            for (index, below) in list.iter().enumerate() {
                let before = old.and_then(|old| same_element(old, below, schema));
                walk(errors, below, before, (items, &format!("{path}[{index}]"), depth + 1));
            }
        }
        _ => {}
    }
}

/// The element of the old list that has the same keys; elements of other lists are not correlated.
fn same_element<'a>(old: &'a Value, element: &Value, schema: &Schema) -> Option<&'a Value> {
    if schema.list_type != Some(ListType::Map) {
        return None;
    }
    let same = |other: &&Value| schema.list_map_keys.iter().all(|key| other.get(key) == element.get(key));
    old.as_list()?.iter().find(same)
}

fn broken(rule: &Rule, value: &Value, old: Option<&Value>, path: &str) -> Option<FieldError> {
    let compares = rule.rule.contains("oldSelf");
    if compares && old.is_none() && !rule.optional_old_self {
        return None;
    }
    let program = program(&rule.rule)?;
    let mut context = Context::default();
    context.add_variable("self", visible(value)).ok()?;
    if compares {
        context.add_variable("oldSelf", old.map(visible).unwrap_or_default()).ok()?;
    }
    let why = match program.execute(&context) {
        Ok(cel::Value::Bool(true)) => return None,
        Ok(_) => message(rule, &context),
        Err(error) => format!("rule evaluation error: {error}"),
    };
    let field = match &rule.field_path {
        Some(relative) => format!("{path}{relative}"),
        None => path.to_owned(),
    };
    let detail = match (rule.reason.as_deref(), value) {
        (Some("FieldValueRequired"), _) => format!("Required value: {why}"),
        (Some("FieldValueForbidden"), _) => format!("Forbidden: {why}"),
        (Some("FieldValueDuplicate"), _) => format!("Duplicate value: {value}"),
        // The real server does not repeat whole objects and lists.
        (_, Value::Map(_) | Value::List(_)) => format!("Invalid value: {why}"),
        _ => format!("Invalid value: {value}: {why}"),
    };
    Some(FieldError::new(field, detail))
}

fn message(rule: &Rule, context: &Context<'_, '_>) -> String {
    let computed =
        rule.message_expression.as_deref().and_then(program).and_then(|expression| {
            match expression.execute(context) {
                Ok(cel::Value::String(text)) => Some(text.to_string()),
                _ => None,
            }
        });
    computed.or_else(|| rule.message.clone()).unwrap_or_else(|| format!("failed rule: {}", rule.rule))
}

/// The value with the names that CEL can say: `__` before reserved words, `__dash__` for a dash and so
/// on, as the API server escapes them.
fn visible(value: &Value) -> Value {
    match value {
        Value::Map(map) => {
            let entries = map.iter().map(|(key, value)| (key.clone(), visible(value)));
            let mut shown: Map = entries.collect();
            for (key, value) in map.iter() {
                if let Some(escaped) = escape(key) {
                    shown.insert(escaped, visible(value));
                }
            }
            shown.into()
        }
        Value::List(list) => Value::list_of(list.iter().map(visible)),
        other => other.clone(),
    }
}

fn escape(name: &str) -> Option<String> {
    const RESERVED: [&str; 17] = [
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "in",
        "let",
        "loop",
        "namespace",
        "package",
        "return",
        "var",
        "void",
    ];
    if RESERVED.contains(&name) {
        return Some(format!("__{name}__"));
    }
    if !name.contains(['-', '.', '/']) && !name.contains("__") {
        return None;
    }
    let escaped = name.replace("__", "__underscores__").replace('-', "__dash__");
    Some(escaped.replace('.', "__dot__").replace('/', "__slash__"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(json: &str) -> Schema {
        Schema::from_crd(&value::from_json(json.as_bytes()).unwrap()).unwrap()
    }

    fn check(schema: &Schema, object: &str, old: Option<&str>) -> String {
        let read = |text: &str| value::from_json(text.as_bytes()).unwrap();
        let old = old.map(read);
        let errors = validate(&read(object), old.as_ref(), schema);
        errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    /// The messages are those of kube-apiserver 1.36.3 for the same definition and objects.
    #[test]
    fn rules_refuse_in_the_servers_words() {
        let schema = schema(
            r#"{"type":"object","properties":{"spec":{"type":"object",
            "x-kubernetes-validations":[{"rule":"!has(self.a) || has(self.b)","message":"a needs b"},{"rule":"self.num < 10"}],
            "properties":{"b":{"type":"string"},"num":{"type":"integer"},
            "a":{"type":"string","x-kubernetes-validations":[{"rule":"self != 'bad'"},{"rule":"self == oldSelf","message":"immutable a"}]},
            "l":{"type":"array","items":{"type":"object","x-kubernetes-validations":[{"rule":"self.x > 0"}],"properties":{"x":{"type":"integer"}}}}}}}}"#,
        );
        assert_eq!(
            check(&schema, r#"{"spec":{"a":"bad","num":11,"l":[{"x":0}]}}"#, None),
            "spec: Invalid value: a needs b; spec: Invalid value: failed rule: self.num < 10; \
             spec.a: Invalid value: \"bad\": failed rule: self != 'bad'; \
             spec.l[0]: Invalid value: failed rule: self.x > 0"
        );
        let good = r#"{"spec":{"a":"ok","b":"x","num":1}}"#;
        assert_eq!(check(&schema, good, None), "");
        assert_eq!(
            check(&schema, &good.replace("ok", "okk"), Some(good)),
            "spec.a: Invalid value: \"okk\": immutable a"
        );
    }

    #[test]
    fn names_that_cel_cannot_say_are_escaped() {
        let schema = schema(
            r#"{"type":"object","properties":{"spec":{"type":"object","x-kubernetes-validations":[
            {"rule":"self.a__dash__b == 1 && self.__namespace__ == 'x'"}],
            "properties":{"a-b":{"type":"integer"},"namespace":{"type":"string"}}}}}"#,
        );
        assert_eq!(check(&schema, r#"{"spec":{"a-b":1,"namespace":"x"}}"#, None), "");
        assert!(check(&schema, r#"{"spec":{"a-b":2,"namespace":"x"}}"#, None).contains("failed rule"));
    }

    #[test]
    fn a_rule_that_cannot_be_compiled_is_told() {
        let schema =
            schema(r#"{"type":"object","x-kubernetes-validations":[{"rule":"self.("}],"properties":{}}"#);
        assert_eq!(warnings(&schema).len(), 1);
    }
}
