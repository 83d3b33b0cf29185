//! JSON patches (RFC 6902) as evanphx/json-patch 4 applies them, which kustomize uses: negative indices count
//! from the end, and `replace` makes a field that does not exist.

use std::sync::Arc;

use thiserror::Error;
use value::{Key, Map, Value};
use yaml::node::{Entry, Mapping, Node, Scalar, Style, Tag, plain_tag};

use crate::field_spec::looks_like_other_than_text;

/// A patch that is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum JsonPatchError {
    /// No operation at all.
    #[error("empty json patch operations")]
    Nothing,
    /// Not JSON.
    #[error(transparent)]
    Json(JsonSyntax),
    /// Not YAML.
    #[error(transparent)]
    Yaml(yaml::Error),
    /// Not a list of operations.
    #[error("invalid JSON patch: it is not a list of operations")]
    NoList,
    /// An operation that is no mapping.
    #[error("invalid JSON patch: operation {0} is not a mapping")]
    NoMapping(usize),
    /// An operation that does not exist.
    #[error("Unexpected kind: {0}")]
    Kind(String),
    /// An operation without something that it needs.
    #[error("{operation} operation failed to decode {field}: missing value")]
    Incomplete {
        /// The operation.
        operation: &'static str,
        /// What it lacks.
        field: &'static str,
    },
    /// The place of an operation does not exist.
    #[error("{operation} operation does not apply: doc is missing path: {path:?}: missing value")]
    Missing {
        /// The operation.
        operation: &'static str,
        /// The path.
        path: String,
    },
    /// A field that cannot be taken out, since it does not exist.
    #[error(
        "error in {operation} for path: '{path}': Unable to remove nonexistent key: {key}: missing value"
    )]
    NoKey {
        /// The operation.
        operation: &'static str,
        /// The path.
        path: String,
        /// Its last part.
        key: String,
    },
    /// An index that the list has not.
    #[error(
        "error in {operation} for path: '{path}': Unable to access invalid index: {key}: invalid index referenced"
    )]
    Index {
        /// The operation.
        operation: &'static str,
        /// The path.
        path: String,
        /// Its last part.
        key: String,
    },
    /// The tested value is another one.
    #[error("testing value {0} failed: test failed")]
    Test(String),
    /// The whole object cannot be replaced by a scalar.
    #[error("replace operation value must be object or array")]
    Whole,
}

/// Why a text is not JSON.
#[derive(Clone, Debug, Error)]
#[error(transparent)]
pub struct JsonSyntax(pub(crate) Arc<value::JsonError>);

impl PartialEq for JsonSyntax {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_string() == other.0.to_string()
    }
}

impl Eq for JsonSyntax {}

/// A parsed patch.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonPatch(Vec<Operation>);

#[derive(Clone, Debug, PartialEq)]
struct Operation {
    kind: String,
    path: Option<String>,
    from: Option<String>,
    value: Option<Value>,
}

type Result<T> = std::result::Result<T, JsonPatchError>;

impl JsonPatch {
    /// Reads the list of operations. What they are is looked at when they are applied.
    ///
    /// # Errors
    /// What is not a list of mappings.
    pub fn parse(patch: &Value) -> Result<Self> {
        let list = match patch {
            Value::Null => &[],
            patch => patch.as_list().ok_or(JsonPatchError::NoList)?,
        };
        let operation = |(at, one): (usize, &Value)| {
            let map = one.as_map().ok_or(JsonPatchError::NoMapping(at))?;
            let text = |key: &str| map.get(key).and_then(Value::as_str).map(str::to_owned);
            Ok(Operation {
                kind: text("op").unwrap_or_else(|| "unknown".to_owned()),
                path: text("path"),
                from: text("from"),
                value: map.get("value").cloned(),
            })
        };
        list.iter().enumerate().map(operation).collect::<Result<_>>().map(Self)
    }

    /// Whether there is no operation.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The patched object.
    ///
    /// # Errors
    /// The first operation that does not apply.
    pub fn apply(&self, object: &Value) -> Result<Value> {
        let mut object = object.clone();
        for operation in &self.0 {
            operation.apply(&mut object)?;
        }
        Ok(object)
    }
}

impl Operation {
    fn apply(&self, object: &mut Value) -> Result<()> {
        match self.kind.as_str() {
            "add" => Place::of(object, "add", self.path("add")?)?.add(self.new_value()),
            "remove" => Place::of(object, "remove", self.path("remove")?)?.remove().map(drop),
            "replace" => self.replace(object),
            "move" => {
                let from = self.from("move")?;
                let value = Place::of(object, "move", from)?.remove()?;
                Place::of(object, "move", self.path("move")?)?.add(value)
            }
            "copy" => {
                let from = self.from("copy")?;
                let value = Place::of(object, "copy", from)?.get()?.unwrap_or_default();
                Place::of(object, "copy", self.path("copy")?)?.add(value)
            }
            "test" => self.test(object),
            other => Err(JsonPatchError::Kind(other.to_owned())),
        }
    }

    fn path(&self, operation: &'static str) -> Result<&str> {
        self.path.as_deref().ok_or(JsonPatchError::Incomplete { operation, field: "path" })
    }

    fn from(&self, operation: &'static str) -> Result<&str> {
        self.from.as_deref().ok_or(JsonPatchError::Incomplete { operation, field: "from" })
    }

    fn new_value(&self) -> Value {
        self.value.clone().unwrap_or_default()
    }

    fn replace(&self, object: &mut Value) -> Result<()> {
        let path = self.path("replace")?;
        if path.is_empty() {
            let value = self.new_value();
            if !matches!(value, Value::Map(_) | Value::List(_)) {
                return Err(JsonPatchError::Whole);
            }
            *object = value;
            return Ok(());
        }
        Place::of(object, "replace", path)?.set(self.new_value())
    }

    fn test(&self, object: &mut Value) -> Result<()> {
        let path = self.path("test")?;
        let wanted = self.new_value();
        let found =
            if path.is_empty() { Some(object.clone()) } else { Place::of(object, "test", path)?.get()? };
        if found.unwrap_or_default() == wanted { Ok(()) } else { Err(JsonPatchError::Test(path.to_owned())) }
    }
}

/// The last part of a path, in what holds it.
struct Place<'a> {
    holder: &'a mut Value,
    key: String,
    operation: &'static str,
    path: &'a str,
}

impl<'a> Place<'a> {
    fn of(object: &'a mut Value, operation: &'static str, path: &'a str) -> Result<Self> {
        let missing = || JsonPatchError::Missing { operation, path: path.to_owned() };
        let mut parts = path.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~"));
        let mut key = parts.next().ok_or_else(missing)?;
        let mut holder = object;
        for next in parts {
            holder = match holder {
                Value::Map(_) => holder.as_map_mut().and_then(|map| map.get_mut(&key)),
                Value::List(list) => {
                    let at = index(&key, list.len());
                    at.and_then(|at| holder.as_list_mut()?.get_mut(at))
                }
                _ => None,
            }
            .filter(|value| matches!(value, Value::Map(_) | Value::List(_)))
            .ok_or_else(missing)?;
            key = next;
        }
        if !matches!(holder, Value::Map(_) | Value::List(_)) {
            return Err(missing());
        }
        Ok(Self { holder, key, operation, path })
    }

    fn wrong_index(&self) -> JsonPatchError {
        JsonPatchError::Index { operation: self.operation, path: self.path.to_owned(), key: self.key.clone() }
    }

    fn get(self) -> Result<Option<Value>> {
        match &*self.holder {
            Value::List(list) => {
                let at = index(&self.key, list.len()).ok_or_else(|| self.wrong_index())?;
                Ok(list.get(at).cloned())
            }
            holder => Ok(holder.get(&self.key).cloned()),
        }
    }

    fn set(self, value: Value) -> Result<()> {
        if let Some(length) = self.holder.as_list().map(<[Value]>::len) {
            let at = index(&self.key, length).ok_or_else(|| self.wrong_index())?;
            if let Some(item) = self.holder.as_list_mut().and_then(|list| list.get_mut(at)) {
                *item = value;
            }
        } else if let Some(map) = self.holder.as_map_mut() {
            map.insert(self.key.as_str(), value);
        }
        Ok(())
    }

    fn add(self, value: Value) -> Result<()> {
        let Some(length) = self.holder.as_list().map(<[Value]>::len) else { return self.set(value) };
        let at = if self.key == "-" { Some(length) } else { index(&self.key, length + 1) };
        let at = at.ok_or_else(|| self.wrong_index())?;
        if let Some(list) = self.holder.as_list_mut() {
            list.insert(at, value);
        }
        Ok(())
    }

    fn remove(self) -> Result<Value> {
        if let Some(length) = self.holder.as_list().map(<[Value]>::len) {
            let at = index(&self.key, length).ok_or_else(|| self.wrong_index())?;
            return Ok(self.holder.as_list_mut().map(|list| list.remove(at)).unwrap_or_default());
        }
        let (operation, path, key) = (self.operation, self.path.to_owned(), self.key);
        let removed = self.holder.as_map_mut().and_then(|map| map.remove(&key));
        removed.ok_or(JsonPatchError::NoKey { operation, path, key })
    }
}

/// A place in a list; negative numbers count from its end.
fn index(key: &str, length: usize) -> Option<usize> {
    let number: i64 = key.parse().ok()?;
    let length = i64::try_from(length).ok()?;
    let number = if number < 0 { number + length } else { number };
    if (0..length).contains(&number) { usize::try_from(number).ok() } else { None }
}

/// The node of a patched object. kustomize writes it as JSON, reads numbers as floating-point ones, and
/// writes and reads the object as YAML.
pub(crate) fn node_of(value: &Value) -> Node {
    let plain = |text: String| {
        let tag = plain_tag(&text);
        Node::Scalar(Scalar { text: Arc::from(text), tag, style: Style::PLAIN, shared: 0 })
    };
    match value {
        Value::Null => Node::null(),
        Value::Bool(flag) => plain(flag.to_string()),
        Value::Int(_) | Value::UInt(_) | Value::Float(_) => {
            plain(go_float(value.as_f64().unwrap_or(f64::NAN)))
        }
        Value::String(text) => {
            let quoted =
                plain_tag(text) != Tag::Str || text.contains('\n') || looks_like_other_than_text(text);
            let style = if quoted { Style::QUOTED } else { Style::PLAIN };
            Node::Scalar(Scalar { text: text.clone(), tag: Tag::Str, style, shared: 0 })
        }
        Value::List(list) => Node::List(Arc::new(list.iter().map(node_of).collect())),
        Value::Map(map) => Node::Map(Arc::new(mapping_of(map))),
    }
}

fn mapping_of(map: &Map) -> Mapping {
    let entry =
        |(key, value): (&Key, &Value)| Entry { key: key.clone(), is_text: true, value: node_of(value) };
    Mapping::new(map.iter().map(entry).collect())
}

/// As `fmt` of Go prints a number (`%v`): with an exponent below 1e-4 and from 1e21 on.
fn go_float(number: f64) -> String {
    let text = format!("{number:e}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..21).contains(&exponent) {
        return number.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patched(object: &str, patch: &str) -> String {
        let parse = |text: &str| yaml::parse(text, yaml::Rules::V2).expect(text);
        match JsonPatch::parse(&parse(patch)).and_then(|patch| patch.apply(&parse(object))) {
            Ok(value) => value.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn indices_count_from_the_end_when_they_are_negative() {
        assert_eq!(patched("{a: [1, 2]}", "[{op: add, path: /a/-1, value: 3}]"), r#"{"a":[1,2,3]}"#);
        assert_eq!(patched("{a: [1, 2]}", "[{op: remove, path: /a/-1}]"), r#"{"a":[1]}"#);
        assert_eq!(patched("{a: [1, 2]}", "[{op: remove, path: /a/2}]"), {
            "error in remove for path: '/a/2': Unable to access invalid index: 2: invalid index referenced"
        });
    }

    #[test]
    fn replace_makes_a_field_that_does_not_exist() {
        assert_eq!(patched("{a: {}}", "[{op: replace, path: /a/b, value: 3}]"), r#"{"a":{"b":3}}"#);
        assert_eq!(patched("{a: {}}", "[{op: replace, path: /b/c, value: 3}]"), {
            r#"replace operation does not apply: doc is missing path: "/b/c": missing value"#
        });
    }

    #[test]
    fn a_value_moves() {
        assert_eq!(patched("{a: {b: 1}}", "[{op: move, from: /a/b, path: /c}]"), r#"{"a":{},"c":1}"#);
    }
}
