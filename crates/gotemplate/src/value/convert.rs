//! From and to the one object tree.

use thiserror::Error;
use value::Value as Tree;

use super::{IntType, Kind, List, ListType, Map, MapType, Object, Str, Value};
use crate::error::Limit;
use crate::print;

/// What the integers of an object tree become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// `float64`, as for values files, which pass through JSON.
    Floats,
    /// `int64`, as for `--set` and objects of a cluster.
    Integers,
}

/// Nesting of values that are written out; a map that holds itself ends here.
const MAX_DEPTH: usize = 1_000;

/// A value that cannot be written as JSON. Texts are those of Go's `encoding/json`.
#[derive(Debug, Error)]
pub enum ConvertError {
    /// A number that JSON cannot hold.
    #[error("json: unsupported value: {0}")]
    Number(String),
    /// A map that holds itself.
    #[error("json: unsupported value: encountered a cycle via {0}")]
    Cycle(String),
    /// A type that JSON cannot hold.
    #[error("json: unsupported type: {0}")]
    Type(String),
    /// It is too large.
    #[error(transparent)]
    Limit(#[from] Limit),
}

impl Value {
    /// The object tree as template values: `map[string]interface {}`, `[]interface {}` and scalars.
    pub fn from_tree(tree: &Tree, numbers: Numbers) -> Self {
        match tree {
            Tree::Null => Self::Nil,
            Tree::Bool(value) => Self::Bool(*value),
            Tree::Int(value) if numbers == Numbers::Floats => Self::Float(*value as f64),
            Tree::Int(value) => Self::int64(*value),
            Tree::UInt(value) if numbers == Numbers::Floats => Self::Float(*value as f64),
            Tree::UInt(value) => Self::Int(value.cast_signed(), IntType::Uint64),
            Tree::Float(value) => Self::Float(*value),
            Tree::String(text) => Self::String((&**text).into()),
            Tree::List(list) => {
                let items = list.iter().map(|item| Self::from_tree(item, numbers)).collect();
                Self::List(List::new(ListType::Any, items))
            }
            Tree::Map(map) => {
                let entries = map
                    .iter()
                    .map(|(key, item)| (key.as_str().into(), Self::from_tree(item, numbers)))
                    .collect();
                Self::Map(Map::of(MapType::Any, entries))
            }
        }
    }

    /// The value as Go's JSON would say it: invalid UTF-8 replaced, whole floats as integers.
    ///
    /// # Errors
    /// JSON cannot hold it.
    pub fn to_tree(&self) -> Result<Tree, ConvertError> {
        Converter { open: Vec::new(), left: u64::MAX, is_exact: false }.tree(self)
    }

    /// As [`Value::to_tree`], of at most about so many bytes.
    pub(crate) fn to_json_tree(&self, most: u64) -> Result<Tree, ConvertError> {
        Converter { open: Vec::new(), left: most, is_exact: false }.tree(self)
    }

    /// The value with floats as they are, of at most about so many bytes.
    pub(crate) fn to_exact_tree(&self, most: u64) -> Result<Tree, ConvertError> {
        Converter { open: Vec::new(), left: most, is_exact: true }.tree(self)
    }
}

struct Converter {
    /// The containers around, to tell cycles.
    open: Vec<usize>,
    left: u64,
    is_exact: bool,
}

impl Converter {
    fn pay(&mut self, bytes: usize) -> Result<(), ConvertError> {
        let left = self.left.checked_sub(bytes as u64).ok_or(Limit::Output(bytes))?;
        self.left = left;
        Ok(())
    }

    fn tree(&mut self, value: &Value) -> Result<Tree, ConvertError> {
        self.pay(size_of::<Tree>())?;
        Ok(match value {
            Value::Nil => Tree::Null,
            Value::Bool(value) => Tree::Bool(*value),
            Value::Int(value, int_type) if int_type.is_unsigned() => Tree::from(value.cast_unsigned()),
            Value::Int(value, _) => Tree::Int(*value),
            Value::Float(value) if self.is_exact => Tree::Float(*value),
            Value::Float(value) => float(*value)?,
            Value::Complex(..) => return Err(ConvertError::Type(value.type_name().to_owned())),
            Value::String(text) => {
                self.pay(text.len())?;
                Tree::from(&*text.to_text())
            }
            Value::Bytes(_) if self.is_exact => self.list(value.elements().unwrap_or_default())?,
            Value::Bytes(bytes) => {
                self.pay(bytes.len() * 2)?;
                Tree::from(crate::functions::encoding::base64(bytes))
            }
            Value::List(list) if list.is_nil() && !self.is_exact => Tree::Null,
            Value::List(list) => {
                let items = list.items().to_vec();
                self.nested(list.address(), value, |converter| converter.list(items))?
            }
            Value::Map(map) if map.is_nil() && !self.is_exact => Tree::Null,
            Value::Map(map) => {
                let entries = map.entries().iter().map(|(key, item)| (key.clone(), item.clone())).collect();
                self.nested(map.address(), value, |converter| converter.map(entries))?
            }
            Value::Object(object) => match object.json() {
                Some(json) => self.tree(&json)?,
                None if object.kind() == Kind::Slice => {
                    let items = object.entries().into_iter().map(|(_, item)| item).collect();
                    self.nested(0, value, |converter| converter.list(items))?
                }
                None if self.is_exact => {
                    self.nested(0, value, |converter| converter.map(yaml_entries(&**object)))?
                }
                None => self.nested(0, value, |converter| converter.map(object.json_entries()))?,
            },
        })
    }

    fn list(&mut self, items: Vec<Value>) -> Result<Tree, ConvertError> {
        let items: Result<Vec<Tree>, _> = items.iter().map(|item| self.tree(item)).collect();
        Ok(Tree::from(items?))
    }

    fn map(&mut self, entries: Vec<(Str, Value)>) -> Result<Tree, ConvertError> {
        let mut out = Vec::with_capacity(entries.len());
        for (key, item) in entries {
            self.pay(key.len() + 64)?;
            out.push((value::Key::from(&*key.to_text()), self.tree(&item)?));
        }
        Ok(Tree::from(out.into_iter().collect::<value::Map>()))
    }

    fn nested(
        &mut self,
        address: usize,
        value: &Value,
        inner: impl FnOnce(&mut Self) -> Result<Tree, ConvertError>,
    ) -> Result<Tree, ConvertError> {
        if self.open.len() >= MAX_DEPTH {
            let is_cycle = address != 0 && self.open.contains(&address);
            let cycle = || ConvertError::Cycle(value.type_name().to_owned());
            return Err(if is_cycle { cycle() } else { Limit::Nesting(MAX_DEPTH).into() });
        }
        self.open.push(address);
        let out = stacker::maybe_grow(64 * 1024, 1024 * 1024, || inner(self));
        self.open.pop();
        out
    }
}

/// As go-yaml names the fields of a struct.
fn yaml_entries(object: &dyn Object) -> Vec<(Str, Value)> {
    let mut entries = object.exported();
    if object.kind() != Kind::Map {
        entries.iter_mut().for_each(|(name, _)| *name = name.to_ascii_lowercase().into());
    }
    entries
}

/// What is read back of the shortest text of a number: whole numbers are integers.
fn float(number: f64) -> Result<Tree, ConvertError> {
    if !number.is_finite() {
        return Err(ConvertError::Number(print::sprint(&Value::Float(number))));
    }
    if number.fract() != 0.0 || number.abs() >= 1e21 {
        return Ok(Tree::Float(number));
    }
    if number.abs() < 2f64.powi(53) {
        return Ok(Tree::Int(number as i64));
    }
    let text = print::format_float(number, b'f', None);
    let integer = text.parse::<i64>().map(Tree::Int).or_else(|_| text.parse::<u64>().map(Tree::from));
    Ok(integer.unwrap_or(Tree::Float(number)))
}
