//! Paths to fields.

use std::cmp::Ordering;
use std::fmt;

use value::{Key, Value};

/// One step of a [`Path`].
#[derive(Clone, Debug, PartialEq)]
pub enum PathElement {
    /// A field or a key of a map.
    Field(Key),
    /// The element of a list that has these values in its key fields, sorted by name.
    Key(Vec<(Key, Value)>),
    /// The element of a list that is this value.
    Value(Value),
    /// The element at a place of a list.
    Index(i64),
}

/// The way from an object to one of its fields; prints as the API server does:
/// `.spec.template.spec.containers[name="app"].image`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path(pub Vec<PathElement>);

impl Eq for PathElement {}

impl PartialOrd for PathElement {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PathElement {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Field(a), Self::Field(b)) => a.cmp(b),
            (Self::Key(a), Self::Key(b)) => compare_fields(a, b),
            (Self::Value(a), Self::Value(b)) => compare_values(a, b),
            (Self::Index(a), Self::Index(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PathElement {
    /// A field by its name.
    pub fn field(name: &str) -> Self {
        Self::Field(Key::from(name))
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Field(_) => 0,
            Self::Key(_) => 1,
            Self::Value(_) => 2,
            Self::Index(_) => 3,
        }
    }

    /// The form in `fieldsV1`: `f:spec`, `k:{"name":"app"}`, `v:"x"`, `i:0`.
    pub(super) fn encode(&self) -> String {
        match self {
            Self::Field(name) => format!("f:{name}"),
            Self::Key(fields) => {
                format!("k:{}", Value::map_of(fields.iter().map(|(key, value)| (key.clone(), value.clone()))))
            }
            Self::Value(value) => format!("v:{value}"),
            Self::Index(index) => format!("i:{index}"),
        }
    }

    /// Reads the form in `fieldsV1`; `None` for anything else.
    pub(super) fn decode(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        Some(match kind {
            "f" => Self::field(rest),
            "k" => {
                let fields = value::from_json(rest.as_bytes()).ok()?;
                let fields = fields.as_map()?.iter().map(|(key, value)| (key.clone(), value.clone()));
                Self::Key(fields.collect())
            }
            "v" => Self::Value(value::from_json(rest.as_bytes()).ok()?),
            "i" => Self::Index(rest.parse().ok()?),
            _ => return None,
        })
    }
}

fn compare_fields(a: &[(Key, Value)], b: &[(Key, Value)]) -> Ordering {
    for ((a_key, a_value), (b_key, b_value)) in a.iter().zip(b) {
        let order = a_key.cmp(b_key).then_with(|| compare_values(a_value, b_value));
        if order != Ordering::Equal {
            return order;
        }
    }
    a.len().cmp(&b.len())
}

/// Numbers, texts, booleans, lists, maps, null: the order of structured-merge-diff.
fn compare_values(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::List(a), Value::List(b)) => {
            let order = a.iter().zip(b.iter()).map(|(a, b)| compare_values(a, b)).find(|o| o.is_ne());
            order.unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        (Value::Map(a), Value::Map(b)) => {
            let both = a.iter().zip(b.iter());
            let order = both
                .map(|((a_key, a), (b_key, b))| a_key.cmp(b_key).then_with(|| compare_values(a, b)))
                .find(|order| order.is_ne());
            order.unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        _ => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => value_rank(a).cmp(&value_rank(b)),
        },
    }
}

fn value_rank(value: &Value) -> u8 {
    match value {
        Value::Int(_) | Value::UInt(_) | Value::Float(_) => 0,
        Value::String(_) => 1,
        Value::Bool(_) => 2,
        Value::List(_) => 3,
        Value::Map(_) => 4,
        Value::Null => 5,
    }
}

impl fmt::Display for PathElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, ".{name}"),
            Self::Key(fields) => {
                f.write_str("[")?;
                for (at, (key, value)) in fields.iter().enumerate() {
                    write!(f, "{}{key}={value}", if at == 0 { "" } else { "," })?;
                }
                f.write_str("]")
            }
            Self::Value(value) => write!(f, "[={value}]"),
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|element| element.fmt(f))
    }
}
