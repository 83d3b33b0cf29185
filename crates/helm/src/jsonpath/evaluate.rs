//! What a template finds in values, and how that is printed.

use std::cmp::Ordering;

use thiserror::Error;
use value::Value;

use crate::go_json::Json;

use super::{Bound, Node, Template};

/// Why a template finds nothing; the text is client-go's.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum EvaluateError {
    /// Nothing has such a field.
    #[error("{0} is not found")]
    NotFound(String),
    /// An index into what is no list.
    #[error("{0} is not array or slice")]
    NoList(&'static str),
    /// A filter of what is no list.
    #[error("{0} is not array or slice and cannot be filtered")]
    NotFiltered(&'static str),
    /// An index that the list does not have.
    #[error("array index out of bounds: index {index}, length {length}")]
    OutOfBounds {
        /// The index.
        index: i64,
        /// How long the list is.
        length: i64,
    },
    /// A slice whose end comes first.
    #[error("starting index {0} is greater than ending index {1}")]
    Backwards(i64, i64),
    /// A slice that would not move on.
    #[error("step must be > 0")]
    Step,
    /// A filter that compares several values.
    #[error("can only compare one element at a time")]
    Several,
    /// A filter with an operator that is none.
    #[error("unrecognized filter operator {0}")]
    Operator(String),
    /// Values of a kind without an order.
    #[error("invalid type for comparison")]
    Incomparable,
    /// Values of two kinds. Numbers of values are floats, so that they equal no integer.
    #[error("incompatible types for comparison")]
    Incompatible,
    /// A word that is neither `range` nor `end`.
    #[error("unrecognized identifier {0}")]
    Identifier(String),
    /// An `end` without a `range`.
    #[error("not in range, nothing to end")]
    End,
    /// More results than anybody reads; client-go has no such limit.
    #[error("more than {MAX_RESULTS} values are found")]
    TooMany,
}

/// What a template may find, all its steps together.
const MAX_RESULTS: usize = 1_000_000;

impl Template {
    /// What the template prints.
    ///
    /// # Errors
    /// A part of it finds nothing or cannot be evaluated; nothing is printed then.
    pub fn evaluate(&self, values: &Value) -> Result<String, EvaluateError> {
        let mut run = Run { nodes: &self.nodes, begins: 0, inside: 0, ends: 0, last_end: None, found: 0 };
        let mut out = String::new();
        for results in run.find(0, Item::Value(values))? {
            for (at, item) in results.iter().enumerate() {
                if at > 0 {
                    out.push(' ');
                }
                item.print(&mut out);
            }
        }
        Ok(out)
    }
}

/// What a node finds.
#[derive(Clone, Copy)]
enum Item<'a> {
    Value(&'a Value),
    Text(&'a str),
    Int(i64),
    Float(f64),
    Bool(bool),
    /// A byte of a text.
    Byte(u8),
    /// What a `range` over nothing goes through.
    Nothing,
}

impl<'a> Item<'a> {
    /// What client-go's maps and lists hold; a null holds nothing.
    fn children(self) -> Vec<Item<'a>> {
        match self {
            Self::Value(Value::Map(map)) => map.values().map(Item::Value).collect(),
            Self::Value(Value::List(list)) => list.iter().map(Item::Value).collect(),
            Self::Value(Value::String(text)) => text.bytes().map(Item::Byte).collect(),
            Self::Text(text) => text.bytes().map(Item::Byte).collect(),
            _ => Vec::new(),
        }
    }

    fn is_null(self) -> bool {
        matches!(self, Self::Value(Value::Null))
    }

    fn type_name(self) -> &'static str {
        match self {
            Self::Value(Value::Null) | Self::Nothing => "<nil>",
            Self::Value(Value::Bool(_)) | Self::Bool(_) => "bool",
            Self::Value(Value::Int(_) | Value::UInt(_)) | Self::Int(_) => "int",
            Self::Value(Value::Float(_)) | Self::Float(_) => "float64",
            Self::Value(Value::String(_)) | Self::Text(_) => "string",
            Self::Value(Value::List(_)) => "[]interface {}",
            Self::Value(Value::Map(_)) => "map[string]interface {}",
            Self::Byte(_) => "uint8",
        }
    }

    fn print(self, out: &mut String) {
        match self {
            Self::Value(Value::Null) => out.push_str("null"),
            Self::Value(value @ (Value::Map(_) | Value::List(_))) => {
                out.push_str(&Json::Value(value.clone()).text());
            }
            Self::Value(Value::String(text)) => out.push_str(text),
            Self::Text(text) => out.push_str(text),
            Self::Value(Value::Float(number)) => out.push_str(&value::shortest_float(*number)),
            Self::Float(number) => out.push_str(&value::shortest_float(number)),
            Self::Value(Value::Int(number)) => out.push_str(&number.to_string()),
            Self::Value(Value::UInt(number)) => out.push_str(&number.to_string()),
            Self::Int(number) => out.push_str(&number.to_string()),
            Self::Value(Value::Bool(flag)) => out.push_str(&flag.to_string()),
            Self::Bool(flag) => out.push_str(&flag.to_string()),
            Self::Byte(byte) => out.push_str(&byte.to_string()),
            Self::Nothing => out.push_str("<no value>"),
        }
    }

    /// How it compares with another one of the same kind; kinds without an order are only equal or not.
    fn compare(self, other: Self) -> Result<Compared, EvaluateError> {
        let ordered = |ordering: Option<Ordering>| Compared { is_ordered: true, ordering };
        Ok(match (self.scalar()?, other.scalar()?) {
            (Scalar::Bool(a), Scalar::Bool(b)) => Compared { is_ordered: false, ordering: Some(a.cmp(&b)) },
            (Scalar::Int(a), Scalar::Int(b)) => ordered(Some(a.cmp(&b))),
            (Scalar::Float(a), Scalar::Float(b)) => ordered(a.partial_cmp(&b)),
            (Scalar::Text(a), Scalar::Text(b)) => ordered(Some(a.cmp(b))),
            _ => return Err(EvaluateError::Incompatible),
        })
    }

    fn scalar(self) -> Result<Scalar<'a>, EvaluateError> {
        Ok(match self {
            Self::Value(Value::Bool(flag)) => Scalar::Bool(*flag),
            Self::Bool(flag) => Scalar::Bool(flag),
            Self::Value(Value::Int(number)) => Scalar::Int(i128::from(*number)),
            Self::Value(Value::UInt(number)) => Scalar::Int(i128::from(*number)),
            Self::Int(number) => Scalar::Int(i128::from(number)),
            Self::Byte(byte) => Scalar::Int(i128::from(byte)),
            Self::Value(Value::Float(number)) => Scalar::Float(*number),
            Self::Float(number) => Scalar::Float(number),
            Self::Value(Value::String(text)) => Scalar::Text(text),
            Self::Text(text) => Scalar::Text(text),
            Self::Value(Value::Null | Value::List(_) | Value::Map(_)) | Self::Nothing => {
                return Err(EvaluateError::Incomparable);
            }
        })
    }
}

enum Scalar<'a> {
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(&'a str),
}

struct Compared {
    is_ordered: bool,
    ordering: Option<Ordering>,
}

impl Compared {
    fn passes(&self, operator: &str) -> Result<bool, EvaluateError> {
        let is_equal = self.ordering == Some(Ordering::Equal);
        match operator {
            "==" => return Ok(is_equal),
            "!=" => return Ok(!is_equal),
            "<" | ">" | "<=" | ">=" if !self.is_ordered => return Err(EvaluateError::Incomparable),
            _ => {}
        }
        let is_less = self.ordering == Some(Ordering::Less);
        match operator {
            "<" => Ok(is_less),
            "<=" => Ok(is_less || is_equal),
            // Go's `>` is "not less or equal".
            ">" => Ok(!(is_less || is_equal)),
            ">=" => Ok(!is_less),
            other => Err(EvaluateError::Operator(other.to_owned())),
        }
    }
}

/// The state of an evaluation: where ranges begin and end is found out on the way, as client-go does it.
struct Run<'t> {
    nodes: &'t [Node],
    begins: usize,
    inside: usize,
    ends: usize,
    last_end: Option<usize>,
    found: usize,
}

type Results<'a> = Vec<Item<'a>>;

impl<'t> Run<'t> {
    /// What each node from `start` on finds, up to the end of the range that it is in.
    fn find<'a>(&mut self, start: usize, data: Item<'a>) -> Result<Vec<Results<'a>>, EvaluateError>
    where
        't: 'a,
    {
        let mut all = Vec::new();
        let mut at = start;
        while let Some(node) = self.nodes.get(at) {
            let results = self.walk(vec![data], node)?;
            if self.ends > 0 && self.ends <= self.inside {
                self.ends -= 1;
                self.last_end = Some(at);
                break;
            }
            if self.begins == 0 {
                all.push(results);
                at += 1;
                continue;
            }
            self.begins -= 1;
            self.inside += 1;
            for item in &results {
                all.extend(self.find(at + 1, *item)?);
            }
            if results.is_empty() {
                // The nodes inside are gone through all the same, to find the end.
                self.find(at + 1, Item::Nothing)?;
            }
            self.inside -= 1;
            at = self.last_end.filter(|end| *end > at).unwrap_or(at) + 1;
        }
        Ok(all)
    }

    fn walk<'a>(&mut self, input: Results<'a>, node: &'a Node) -> Result<Results<'a>, EvaluateError> {
        let constant = |item: Item<'a>| vec![item; input.len()];
        let results = match node {
            Node::List(nodes) => self.list(input, nodes)?,
            Node::Text(text) => vec![Item::Text(text)],
            Node::Field(name) => field(&input, name)?,
            Node::Identifier(name) => self.identifier(input, name)?,
            Node::Slice(start, end, step) => slice(&input, (*start, *end, *step))?,
            Node::Filter { left, operator, right } => {
                let mut passed = Vec::new();
                for item in elements(&input)? {
                    if self.passes(item, left, operator, right)? {
                        passed.push(item);
                    }
                }
                passed
            }
            Node::Exists(nodes) => {
                let mut there = elements(&input)?;
                there.retain(|item| self.list(vec![*item], nodes).is_ok_and(|found| !found.is_empty()));
                there
            }
            Node::Int(number) => constant(Item::Int(*number)),
            Node::Float(number) => constant(Item::Float(*number)),
            Node::Bool(flag) => constant(Item::Bool(*flag)),
            Node::Wildcard => input.iter().flat_map(|item| item.children()).collect(),
            Node::Recursive => {
                let mut found = Vec::new();
                recursive(&input, &mut found);
                found
            }
            Node::Union(parts) => {
                let mut found = Vec::new();
                for part in parts {
                    found.extend(self.list(input.clone(), part)?);
                }
                found
            }
        };
        self.found += results.len();
        if self.found > MAX_RESULTS { Err(EvaluateError::TooMany) } else { Ok(results) }
    }

    fn list<'a>(
        &mut self,
        mut current: Results<'a>,
        nodes: &'a [Node],
    ) -> Result<Results<'a>, EvaluateError> {
        for node in nodes {
            current = self.walk(current, node)?;
        }
        Ok(current)
    }

    fn identifier<'a>(&mut self, input: Results<'a>, name: &str) -> Result<Results<'a>, EvaluateError> {
        match name {
            "range" => {
                self.begins += 1;
                Ok(input)
            }
            "end" if self.inside > 0 => {
                self.ends += 1;
                Ok(Vec::new())
            }
            "end" => Err(EvaluateError::End),
            other => Err(EvaluateError::Identifier(other.to_owned())),
        }
    }

    /// Whether an element passes a filter; where a side finds nothing, it does not.
    fn passes<'a>(
        &mut self,
        item: Item<'a>,
        left: &'a [Node],
        operator: &str,
        right: &'a [Node],
    ) -> Result<bool, EvaluateError> {
        let mut sides = [Item::Nothing; 2];
        for (side, nodes) in sides.iter_mut().zip([left, right]) {
            match self.list(vec![item], nodes)?.as_slice() {
                [] => return Ok(false),
                [one] => *side = *one,
                _ => return Err(EvaluateError::Several),
            }
        }
        sides[0].compare(sides[1])?.passes(operator)
    }
}

fn field<'a>(input: &[Item<'a>], name: &str) -> Result<Results<'a>, EvaluateError> {
    let found: Results<'a> = input
        .iter()
        .filter_map(|item| match item {
            Item::Value(value) => value.get(name).map(Item::Value),
            _ => None,
        })
        .collect();
    if found.is_empty() && !input.is_empty() {
        return Err(EvaluateError::NotFound(name.to_owned()));
    }
    Ok(found)
}

/// The elements of the lists that a filter goes through.
fn elements<'a>(input: &[Item<'a>]) -> Result<Results<'a>, EvaluateError> {
    let mut all = Vec::new();
    for item in input {
        let Item::Value(Value::List(list)) = item else {
            return Err(EvaluateError::NotFiltered(item.type_name()));
        };
        all.extend(list.iter().map(Item::Value));
    }
    Ok(all)
}

fn slice<'a>(
    input: &[Item<'a>],
    (start, end, step): (Bound, Bound, Option<i64>),
) -> Result<Results<'a>, EvaluateError> {
    let mut found = Vec::new();
    for item in input.iter().filter(|item| !item.is_null()) {
        let Item::Value(Value::List(list)) = item else {
            return Err(EvaluateError::NoList(item.type_name()));
        };
        let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
        let from = match start {
            Bound::Written(at) | Bound::Derived(at) if at < 0 => at.saturating_add(length),
            Bound::Written(at) | Bound::Derived(at) => at,
            Bound::Open => 0,
        };
        let to = match end {
            Bound::Open => length,
            // The end of the last element counted from the end.
            Bound::Derived(0) => length,
            Bound::Written(at) | Bound::Derived(at) if at < 0 => at.saturating_add(length),
            Bound::Written(at) | Bound::Derived(at) => at,
        };
        if from == to {
            return Ok(found);
        }
        let bounds = |index: i64| EvaluateError::OutOfBounds { index, length };
        if !(0..length).contains(&from) {
            return Err(bounds(from));
        }
        if !(0..=length).contains(&to) {
            return Err(bounds(to.saturating_sub(1)));
        }
        if from > to {
            return Err(EvaluateError::Backwards(from, to));
        }
        let step = usize::try_from(step.unwrap_or(1)).ok().filter(|step| *step > 0);
        let step = step.ok_or(EvaluateError::Step)?;
        let (from, count) = (from.unsigned_abs() as usize, (to - from).unsigned_abs() as usize);
        found.extend(list.iter().skip(from).take(count).step_by(step).map(Item::Value));
    }
    Ok(found)
}

/// Everything that holds something, the outer first. Values are nested less deeply than YAML may be.
fn recursive<'a>(input: &[Item<'a>], found: &mut Results<'a>) {
    for item in input {
        let children = item.children();
        if !children.is_empty() {
            found.push(*item);
            recursive(&children, found);
        }
    }
}
