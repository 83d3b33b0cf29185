//! JSON patches (RFC 6902).

use std::fmt;

use thiserror::Error;
use value::{Pointer, Value};

/// The most operations that the API server takes.
const MOST_OPERATIONS: usize = 10_000;

/// So many values are copied by one patch at most: copies of copies grow without end otherwise.
const MOST_COPIED: usize = 100_000;
/// How deep a patched object may be.
const MAX_DEPTH: usize = 400;

/// A parsed patch.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonPatch(Vec<Operation>);

#[derive(Clone, Debug, PartialEq)]
struct Operation {
    kind: Kind,
    path: Pointer,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Add(Value),
    Remove,
    Replace(Value),
    Move(Pointer),
    Copy(Pointer),
    Test(Value),
}

/// A patch that is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum JsonPatchError {
    /// Not a list of operations.
    #[error("{0}")]
    Malformed(String),
    /// More operations than the API server takes (HTTP 413).
    #[error("The allowed maximum operations in a JSON patch is {MOST_OPERATIONS}, got {0}")]
    TooMany(usize),
    /// The place of an operation does not exist.
    #[error("{operation} operation does not apply: doc is missing {place}: {path}: missing value")]
    Missing {
        /// The operation.
        operation: &'static str,
        /// Which of its places: `path`, `key`, `from path`, `destination path`.
        place: &'static str,
        /// The path; in quotes where the API server puts it into such.
        path: String,
    },
    /// What it makes is too large or too deep.
    #[error(
        "the patch copies more than {MOST_COPIED} values, or makes something deeper than {MAX_DEPTH} levels"
    )]
    TooLarge,
    /// The tested value is another one.
    #[error("testing value {0} failed: test failed")]
    Test(String),
    /// A value cannot be moved into itself.
    #[error("unable to move {from:?} into itself at {path:?}")]
    IntoItself {
        /// Where the value is.
        from: String,
        /// Where it should go.
        path: String,
    },
}

impl JsonPatch {
    /// Reads the list of operations.
    ///
    /// # Errors
    /// What is not a list of operations, and more than the API server takes.
    pub fn parse(patch: &Value) -> Result<Self, JsonPatchError> {
        let malformed = |what: &str| JsonPatchError::Malformed(format!("invalid JSON patch: {what}"));
        let list = patch.as_list().ok_or_else(|| malformed("it is not a list of operations"))?;
        if list.len() > MOST_OPERATIONS {
            return Err(JsonPatchError::TooMany(list.len()));
        }
        list.iter().map(parse_operation).collect::<Result<_, _>>().map(Self)
    }

    /// The patched object; `object` itself is left as it is.
    ///
    /// # Errors
    /// The first operation that does not apply.
    pub fn apply(&self, object: &Value) -> Result<Value, JsonPatchError> {
        let mut object = object.clone();
        let mut room = MOST_COPIED;
        for operation in &self.0 {
            operation.fits(&object, &mut room).ok_or(JsonPatchError::TooLarge)?;
            operation.apply(&mut object)?;
        }
        Ok(object)
    }
}

fn parse_operation(operation: &Value) -> Result<Operation, JsonPatchError> {
    let malformed = |what: String| JsonPatchError::Malformed(format!("invalid JSON patch: {what}"));
    let pointer = |key: &str| {
        let text = operation.str_at(&[key]).ok_or_else(|| malformed(format!("operation without {key}")))?;
        Pointer::parse(text).map_err(|error| malformed(error.to_string()))
    };
    let value =
        || operation.get("value").cloned().ok_or_else(|| malformed("operation without value".to_owned()));
    let kind = match operation.str_at(&["op"]).unwrap_or_default() {
        "add" => Kind::Add(value()?),
        "remove" => Kind::Remove,
        "replace" => Kind::Replace(value()?),
        "move" => Kind::Move(pointer("from")?),
        "copy" => Kind::Copy(pointer("from")?),
        // A test without a value is one for null.
        "test" => Kind::Test(operation.get("value").cloned().unwrap_or_default()),
        other => return Err(malformed(format!("unexpected kind: {other}"))),
    };
    Ok(Operation { kind, path: pointer("path")? })
}

impl Operation {
    /// `None` where it makes something too deep, or copies more than there is room for.
    fn fits(&self, object: &Value, room: &mut usize) -> Option<()> {
        let levels = MAX_DEPTH.checked_sub(self.path.0.len())?;
        match &self.kind {
            Kind::Remove | Kind::Test(_) => Some(()),
            Kind::Add(value) | Kind::Replace(value) => count(value, levels, &mut { MOST_COPIED }),
            Kind::Move(from) => {
                from.get(object).map_or(Some(()), |value| count(value, levels, &mut { MOST_COPIED }))
            }
            Kind::Copy(from) => from.get(object).map_or(Some(()), |value| count(value, levels, room)),
        }
    }

    fn apply(&self, object: &mut Value) -> Result<(), JsonPatchError> {
        let missing = |operation, place, path: &dyn fmt::Display| JsonPatchError::Missing {
            operation,
            place,
            path: path.to_string(),
        };
        let missing_path =
            |operation| missing(operation, "path", &format_args!("{:?}", self.path.to_string()));
        match &self.kind {
            Kind::Add(value) => add(object, &self.path, value.clone()).ok_or_else(|| missing_path("add")),
            Kind::Remove => self.path.remove(object).map(drop).ok_or_else(|| missing_path("remove")),
            Kind::Replace(value) => replace(object, &self.path, value.clone())
                .map_err(|place| missing("replace", place, &self.path)),
            Kind::Move(from) => {
                if self.path.0.len() > from.0.len() && self.path.0.starts_with(&from.0) {
                    let (from, path) = (from.to_string(), self.path.to_string());
                    return Err(JsonPatchError::IntoItself { from, path });
                }
                let value = from.remove(object).ok_or_else(|| missing("move", "from path", from))?;
                add(object, &self.path, value).ok_or_else(|| missing("move", "destination path", &self.path))
            }
            Kind::Copy(from) => {
                let value = from.get(object).cloned().ok_or_else(|| missing("copy", "from path", from))?;
                add(object, &self.path, value).ok_or_else(|| missing("copy", "destination path", &self.path))
            }
            Kind::Test(expected) => {
                let found = self.path.get(object).cloned().unwrap_or_default();
                if found == *expected { Ok(()) } else { Err(JsonPatchError::Test(self.path.to_string())) }
            }
        }
    }
}

/// Takes the values in `value` from `room`, going down so many levels.
fn count(value: &Value, levels: usize, room: &mut usize) -> Option<()> {
    *room = room.checked_sub(1)?;
    let below = levels.checked_sub(1)?;
    match value {
        Value::Map(_) => {
            value.as_map()?.values().try_for_each(|inner| count(inner, below, room).ok_or(())).ok()
        }
        Value::List(_) => {
            value.as_list()?.iter().try_for_each(|inner| count(inner, below, room).ok_or(())).ok()
        }
        _ => Some(()),
    }
}

fn at_mut<'a>(root: &'a mut Value, tokens: &[String]) -> Option<&'a mut Value> {
    tokens.iter().try_fold(root, |value, token| match value {
        Value::Map(_) => value.as_map_mut()?.get_mut(token),
        Value::List(_) => value.as_list_mut()?.get_mut(index(token)?),
        _ => None,
    })
}

fn index(token: &str) -> Option<usize> {
    let plain = token == "0" || !token.starts_with(['0', '+']);
    token.parse().ok().filter(|_| plain)
}

fn add(root: &mut Value, path: &Pointer, value: Value) -> Option<()> {
    let Some((last, parents)) = path.0.split_last() else {
        *root = value;
        return Some(());
    };
    match at_mut(root, parents)? {
        parent @ Value::Map(_) => {
            parent.as_map_mut()?.insert(last.as_str(), value);
        }
        parent @ Value::List(_) => {
            let list = parent.as_list_mut()?;
            let at = if last == "-" { list.len() } else { index(last).filter(|at| *at <= list.len())? };
            list.insert(at, value);
        }
        _ => return None,
    }
    Some(())
}

/// As the API server does it, which lets a field be replaced that an object does not have.
///
/// # Errors
/// What is missing: the `path` to it, or its `key`.
fn replace(root: &mut Value, path: &Pointer, value: Value) -> Result<(), &'static str> {
    let Some((last, parents)) = path.0.split_last() else {
        *root = value;
        return Ok(());
    };
    let parent = at_mut(root, parents).ok_or("path")?;
    if let Some(map) = parent.as_map_mut() {
        map.insert(last.as_str(), value);
        return Ok(());
    }
    let list = parent.as_list_mut().ok_or("path")?;
    *index(last).and_then(|at| list.get_mut(at)).ok_or("key")? = value;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patched(object: &str, patch: &str) -> Result<String, String> {
        let read = |text: &str| value::from_json(text.as_bytes()).unwrap();
        let patch = JsonPatch::parse(&read(patch)).map_err(|error| error.to_string())?;
        patch.apply(&read(object)).map(|value| value.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn copies_of_copies_end() {
        let json = |text: &str| value::from_json(text.as_bytes()).expect(text);
        let doubling: Vec<String> =
            (0..40).map(|n| format!(r#"{{"op":"copy","from":"","path":"/x{n}"}}"#)).collect();
        let deeper: Vec<String> = (0..12)
            .scan(String::new(), |path, _| {
                let operation = format!(r#"{{"op":"copy","from":"","path":"{path}/a"}}"#);
                *path = format!("{path}/a").repeat(2);
                Some(operation)
            })
            .collect();
        for operations in [doubling, deeper] {
            let patch = JsonPatch::parse(&json(&format!("[{}]", operations.join(",")))).expect("a patch");
            let refused = patch.apply(&json(r#"{"a":{}}"#)).expect_err("too large");
            assert!(
                matches!(refused, JsonPatchError::TooLarge | JsonPatchError::Missing { .. }),
                "{refused}"
            );
        }
        let plain = JsonPatch::parse(&json(r#"[{"op":"copy","from":"/a","path":"/b"}]"#)).expect("a patch");
        assert_eq!(plain.apply(&json(r#"{"a":{"c":1}}"#)), Ok(json(r#"{"a":{"c":1},"b":{"c":1}}"#)));
    }

    #[test]
    fn every_operation_applies() {
        let object = r#"{"a":{"b":[1,2]},"c/d":"x"}"#;
        for (patch, result) in [
            (r#"[{"op":"add","path":"/a/b/1","value":9}]"#, r#"{"a":{"b":[1,9,2]},"c/d":"x"}"#),
            (r#"[{"op":"add","path":"/a/b/-","value":3}]"#, r#"{"a":{"b":[1,2,3]},"c/d":"x"}"#),
            (r#"[{"op":"remove","path":"/c~1d"}]"#, r#"{"a":{"b":[1,2]}}"#),
            (r#"[{"op":"replace","path":"/a/b/0","value":7}]"#, r#"{"a":{"b":[7,2]},"c/d":"x"}"#),
            (r#"[{"op":"replace","path":"/z","value":7}]"#, r#"{"a":{"b":[1,2]},"c/d":"x","z":7}"#),
            (r#"[{"op":"move","from":"/a/b","path":"/z"}]"#, r#"{"a":{},"c/d":"x","z":[1,2]}"#),
            (r#"[{"op":"copy","from":"/a/b/1","path":"/z"}]"#, r#"{"a":{"b":[1,2]},"c/d":"x","z":2}"#),
            (r#"[{"op":"test","path":"/a/b/0","value":1}]"#, object),
        ] {
            assert_eq!(patched(object, patch).as_deref(), Ok(result), "{patch}");
        }
    }

    #[test]
    fn operations_that_do_not_apply_are_refused() {
        for (patch, message) in [
            (r#"[{"op":"test","path":"/a","value":1}]"#, "testing value /a failed: test failed"),
            (
                r#"[{"op":"remove","path":"/x"}]"#,
                r#"remove operation does not apply: doc is missing path: "/x": missing value"#,
            ),
            (
                r#"[{"op":"add","path":"/x/y","value":1}]"#,
                r#"add operation does not apply: doc is missing path: "/x/y": missing value"#,
            ),
            (
                r#"[{"op":"replace","path":"/x/y","value":1}]"#,
                "replace operation does not apply: doc is missing path: /x/y: missing value",
            ),
            (
                r#"[{"op":"replace","path":"/l/1","value":1}]"#,
                "replace operation does not apply: doc is missing key: /l/1: missing value",
            ),
            (
                r#"[{"op":"copy","from":"/x","path":"/y"}]"#,
                "copy operation does not apply: doc is missing from path: /x: missing value",
            ),
            (r#"[{"op":"jump","path":"/a"}]"#, "invalid JSON patch: unexpected kind: jump"),
            (r#"[{"op":"move","from":"/l","path":"/l/0"}]"#, r#"unable to move "/l" into itself at "/l/0""#),
            (r#"{}"#, "invalid JSON patch: it is not a list of operations"),
        ] {
            assert_eq!(patched(r#"{"l":[1]}"#, patch).unwrap_err(), message, "{patch}");
        }
    }
}
