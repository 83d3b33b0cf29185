//! JSON as Go's `encoding/json` writes and reads it.

mod read;
mod write;

use super::arguments::*;
pub(super) use read::{Problem, read};
pub(crate) use write::{Style, write};

/// What Go's decoder says about a text that is not one JSON document.
pub fn json_problem(text: &[u8]) -> Option<String> {
    read(text).err().map(|problem| problem.to_string())
}

/// sprig's functions that Helm does not replace.
pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "toPrettyJson", params: &[ANY], call: |run, a| limited(written(run, a, PRETTY)) },
    Function { name: "mustToPrettyJson", params: &[ANY], call: |run, a| written(run, a, PRETTY) },
    Function { name: "toRawJson", params: &[ANY], call: |run, a| written(run, a, RAW) },
    Function { name: "mustToRawJson", params: &[ANY], call: |run, a| written(run, a, RAW) },
    Function { name: "toJson", params: &[ANY], call: |run, a| limited(written(run, a, PLAIN)) },
    Function { name: "mustToJson", params: &[ANY], call: |run, a| written(run, a, PLAIN) },
    Function {
        name: "fromJson",
        params: &[STRING],
        call: |run, a| Ok(must_from_json(run, a).unwrap_or_default()),
    },
    Function { name: "mustFromJson", params: &[STRING], call: must_from_json },
];

/// Helm's functions.
pub(crate) const HELM_FUNCTIONS: &[Function] = &[
    Function {
        name: "fromJson",
        params: &[STRING],
        call: |run, a| {
            let found = container(run, a)?;
            Ok(as_map(found, ""))
        },
    },
    Function {
        name: "fromJsonArray",
        params: &[STRING],
        call: |run, a| {
            let found = container(run, a)?;
            Ok(as_array(found, ""))
        },
    },
];

pub(super) const PLAIN: Style = Style { escapes_html: true, is_pretty: false };
const PRETTY: Style = Style { escapes_html: true, is_pretty: true };
const RAW: Style = Style { escapes_html: false, is_pretty: false };

fn written(run: &mut Run<'_>, a: &[Value], style: Style) -> Outcome {
    let left = usize::try_from(run.memory_left()).unwrap_or(usize::MAX);
    let text = write(&a[0], style, left)?;
    paid(run, text)
}

/// The empty text for what cannot be written; a limit stays an error.
pub(super) fn limited(outcome: Outcome) -> Outcome {
    match outcome {
        Err(Failure::Message(_)) => Ok("".into()),
        other => other,
    }
}

/// As [`parsed`], for those who ask for a map or a list: a number alone is no such thing, whatever its size.
fn container(run: &mut Run<'_>, a: &[Value]) -> Result<Result<Value, String>, Failure> {
    Ok(match parsed(run, a)? {
        Err(Problem::Number(_))
            if !matches!(crate::runes::trim_space(text(a, 0)).first(), Some(b'[' | b'{')) =>
        {
            Ok(Value::Float(0.0))
        }
        other => other.map_err(|problem| problem.to_string()),
    })
}

fn parsed(run: &mut Run<'_>, a: &[Value]) -> Result<Result<Value, Problem>, Failure> {
    // A value takes more than its text.
    run.charge(text(a, 0).len().saturating_mul(8))?;
    Ok(read(text(a, 0)))
}

fn must_from_json(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    parsed(run, a)?.map_err(|problem| Failure::message(problem.to_string()))
}

/// What a text decodes to where a map is asked for; the error under `Error` where it is none.
pub(super) fn as_map(found: Result<Value, String>, decoding: &str) -> Value {
    let problem = match found {
        Ok(Value::Map(map)) => return Value::Map(map),
        Ok(Value::Nil) => return Value::Map(Map::nil(MapType::Any)),
        Ok(other) => format!("{decoding}{}", mismatch(&other, "map[string]interface {}")),
        Err(problem) => problem,
    };
    if problem.is_empty() {
        return Value::map();
    }
    Value::map_of([("Error", problem)])
}

/// What a text decodes to where a list is asked for; a list of the error where it is none.
pub(super) fn as_array(found: Result<Value, String>, decoding: &str) -> Value {
    let problem = match found {
        Ok(Value::List(list)) => return Value::List(list),
        Ok(Value::Nil) => return Value::List(List::nil(ListType::Any)),
        Ok(other) => format!("{decoding}{}", mismatch(&other, "[]interface {}")),
        Err(problem) => problem,
    };
    if problem.is_empty() {
        return Value::list_of(Vec::<Value>::new());
    }
    Value::list_of([problem])
}

fn mismatch(value: &Value, wanted: &str) -> String {
    let kind = match value {
        Value::Bool(_) => "bool",
        Value::String(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
        _ => "number",
    };
    format!("json: cannot unmarshal {kind} into Go value of type {wanted}")
}
