//! Values as Go's reflection sees them.

mod convert;
mod equal;
mod list;
mod map;
mod object;
mod text;

use std::rc::Rc;

pub use convert::{ConvertError, Numbers};
pub(crate) use equal::deep_equal;
pub use list::{List, ListType};
pub(crate) use map::WeakMap;
pub use map::{Map, MapType};
pub use object::{Method, Object};
pub use text::Str;

/// A value of a template. `clone` is cheap; maps and lists are shared, not copied.
#[derive(Clone, Default)]
pub enum Value {
    /// Untyped nil.
    #[default]
    Nil,
    /// `bool`
    Bool(bool),
    /// Every integer type; unsigned ones hold their bits.
    Int(i64, IntType),
    /// `float64`
    Float(f64),
    /// `complex128`
    Complex(f64, f64),
    /// `string`
    String(Str),
    /// `[]uint8`
    Bytes(Str),
    /// A slice.
    List(List),
    /// A map with string keys.
    Map(Map),
    /// A value with methods.
    Object(Rc<dyn Object>),
}

/// The integer types that templates meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntType {
    /// `int`: constants, lengths, indexes.
    Int,
    /// `int64`: sprig's arithmetic, `--set`.
    Int64,
    /// `int32`
    Int32,
    /// `uint8`: an indexed string.
    Uint8,
    /// `uint64`
    Uint64,
    /// `time.Duration`
    Duration,
    /// `time.Month`
    Month,
    /// `time.Weekday`
    Weekday,
}

impl IntType {
    /// As Go's `%T` prints it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Int64 => "int64",
            Self::Int32 => "int32",
            Self::Uint8 => "uint8",
            Self::Uint64 => "uint64",
            Self::Duration => "time.Duration",
            Self::Month => "time.Month",
            Self::Weekday => "time.Weekday",
        }
    }

    /// Whether the bits are an unsigned number.
    pub fn is_unsigned(self) -> bool {
        matches!(self, Self::Uint8 | Self::Uint64)
    }
}

/// `reflect.Kind`, as far as templates meet it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No value.
    Invalid,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `int32`
    Int32,
    /// `int64`
    Int64,
    /// `uint8`
    Uint8,
    /// `uint64`
    Uint64,
    /// `float64`
    Float64,
    /// `complex128`
    Complex128,
    /// `string`
    String,
    /// A slice.
    Slice,
    /// A map.
    Map,
    /// A struct.
    Struct,
    /// A pointer.
    Ptr,
}

impl Kind {
    /// As `reflect.Kind.String` gives it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Uint8 => "uint8",
            Self::Uint64 => "uint64",
            Self::Float64 => "float64",
            Self::Complex128 => "complex128",
            Self::String => "string",
            Self::Slice => "slice",
            Self::Map => "map",
            Self::Struct => "struct",
            Self::Ptr => "ptr",
        }
    }
}

impl Value {
    /// An empty `map[string]interface {}`.
    pub fn map() -> Self {
        Self::Map(Map::new(MapType::Any))
    }

    /// A `map[string]interface {}` of the given entries.
    pub fn map_of<K: Into<Str>, V: Into<Value>>(entries: impl IntoIterator<Item = (K, V)>) -> Self {
        let entries = entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        Self::Map(Map::of(MapType::Any, entries))
    }

    /// A `[]interface {}` of the given elements.
    pub fn list_of<V: Into<Value>>(items: impl IntoIterator<Item = V>) -> Self {
        Self::List(List::new(ListType::Any, items.into_iter().map(Into::into).collect()))
    }

    /// A `[]string` of the given elements.
    pub fn strings<S: Into<Str>>(items: impl IntoIterator<Item = S>) -> Self {
        let items = items.into_iter().map(|item| Self::String(item.into())).collect();
        Self::List(List::new(ListType::Strings, items))
    }

    /// An object.
    pub fn object(object: impl Object + 'static) -> Self {
        Self::Object(Rc::new(object))
    }

    /// A Go `int`.
    pub fn int(value: i64) -> Self {
        Self::Int(value, IntType::Int)
    }

    /// A Go `int64`.
    pub fn int64(value: i64) -> Self {
        Self::Int(value, IntType::Int64)
    }

    /// A `time.Duration` of nanoseconds.
    pub fn duration(nanoseconds: i64) -> Self {
        Self::Int(nanoseconds, IntType::Duration)
    }

    /// Whether it is untyped nil.
    pub fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }

    /// The bytes of a string.
    pub fn as_str(&self) -> Option<&Str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The map, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list, if it is one.
    pub fn as_list(&self) -> Option<&List> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The object of a type, if it is one.
    pub fn as_object<T: 'static>(&self) -> Option<&T> {
        match self {
            Self::Object(object) => object.as_any().downcast_ref(),
            _ => None,
        }
    }

    /// `reflect.Value.Kind`.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Nil => Kind::Invalid,
            Self::Bool(_) => Kind::Bool,
            Self::Int(_, int_type) => match int_type {
                IntType::Int | IntType::Month | IntType::Weekday => Kind::Int,
                IntType::Int64 | IntType::Duration => Kind::Int64,
                IntType::Int32 => Kind::Int32,
                IntType::Uint8 => Kind::Uint8,
                IntType::Uint64 => Kind::Uint64,
            },
            Self::Float(_) => Kind::Float64,
            Self::Complex(..) => Kind::Complex128,
            Self::String(_) => Kind::String,
            Self::Bytes(_) | Self::List(_) => Kind::Slice,
            Self::Map(_) => Kind::Map,
            Self::Object(object) => object.kind(),
        }
    }

    /// As Go's `%T` prints it.
    pub fn type_name(&self) -> &str {
        match self {
            Self::Nil => "<nil>",
            Self::Bool(_) => "bool",
            Self::Int(_, int_type) => int_type.name(),
            Self::Float(_) => "float64",
            Self::Complex(..) => "complex128",
            Self::String(_) => "string",
            Self::Bytes(_) => "[]uint8",
            Self::List(list) => list.list_type().name(),
            Self::Map(map) => map.map_type().name(),
            Self::Object(object) => object.type_name(),
        }
    }

    /// What `if` and `and` ask: whether it is not the zero value of its type; structs are always true.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(value, _) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Complex(real, imaginary) => *real != 0.0 || *imaginary != 0.0,
            Self::String(text) | Self::Bytes(text) => !text.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Object(object) => match object.kind() {
                Kind::Map | Kind::Slice => !object.entries().is_empty(),
                _ => true,
            },
        }
    }

    /// The elements of a slice of any type.
    pub(crate) fn elements(&self) -> Option<Vec<Value>> {
        match self {
            Self::List(list) => Some(list.items().to_vec()),
            Self::Bytes(bytes) => {
                Some(bytes.iter().map(|byte| Self::Int(i64::from(*byte), IntType::Uint8)).collect())
            }
            Self::Object(object) if object.kind() == Kind::Slice => {
                Some(object.entries().into_iter().map(|(_, value)| value).collect())
            }
            _ => None,
        }
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from_utf8_lossy(&crate::print::sprintf(b"%#v", std::slice::from_ref(self))))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::String(bytes.into())
    }
}

impl From<Str> for Value {
    fn from(text: Str) -> Self {
        Self::String(text)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl From<List> for Value {
    fn from(list: List) -> Self {
        Self::List(list)
    }
}

/// Lets values go one by one: a value that is nested deeply would otherwise be let go by as many nested
/// calls, and the stack would overflow.
fn drop_flat(values: impl Iterator<Item = Value>) {
    let mut pending: Vec<Value> =
        values.filter(|value| matches!(value, Value::List(_) | Value::Map(_))).collect();
    while let Some(value) = pending.pop() {
        let inner: Vec<Value> = match value {
            Value::List(list) => list.into_unshared().unwrap_or_default(),
            Value::Map(map) => map.into_unshared().map(|map| map.into_values().collect()).unwrap_or_default(),
            _ => continue,
        };
        pending.extend(inner.into_iter().filter(|value| matches!(value, Value::List(_) | Value::Map(_))));
    }
}
