//! Values on the command line: `--set`, `--set-string`, `--set-json`, `--set-file`, `--set-literal`.
//!
//! The grammar, its limits and its error texts are those of helm's `pkg/strvals`.

use std::sync::Arc;

use thiserror::Error;
use value::{Map, Value};

use crate::go;

mod grammar;
mod literal;

use grammar::Grammar;
pub use literal::parse_literal;

/// The largest index of a list.
const MAX_INDEX: i64 = 65_536;
/// Names within names.
const MAX_LEVEL: usize = 30;
/// List indexes within list indexes; helm has no such limit and only its stack ends it.
const MAX_NESTED_INDEXES: usize = 1000;

/// Why a text of the command line could not be read.
#[derive(Debug, Error)]
pub enum StrvalsError {
    /// The text ended; where helm takes that for the end of all input, it is none.
    #[error("EOF")]
    End,
    /// The text ended within an index.
    #[error("error parsing index: EOF")]
    EndInIndex,
    /// An index that is no number.
    #[error("error parsing index: strconv.Atoi: parsing {}: {reason}", go::quote(.index))]
    Index {
        /// What stands there.
        index: String,
        /// Why it is none.
        reason: &'static str,
    },
    /// An index below zero.
    #[error("negative {0} index not allowed")]
    Negative(i64),
    /// An index that would make a list too long.
    #[error("index of {0} is greater than maximum supported index of {MAX_INDEX}")]
    IndexTooLarge(i64),
    /// Something between an index and what follows it.
    #[error("unexpected data at end of array index: {}", go::quote_each(.0))]
    AfterIndex(String),
    /// Names within names, without end.
    #[error("value name nested level is greater than maximum supported nested level of {MAX_LEVEL}")]
    TooDeep,
    /// Indexes within indexes, without end.
    #[error("list indexes are nested more than {MAX_NESTED_INDEXES} levels deep")]
    TooManyIndexes,
    /// A name without a value.
    #[error("key {} has no value", go::quote(.0))]
    NoValue(String),
    /// A name without a value before a comma.
    #[error("key {} has no value (cannot end with ,)", go::quote(.0))]
    NoValueBeforeComma(String),
    /// A name with nothing in it.
    #[error("key map {} has no value", go::quote(.0))]
    EmptyMap(String),
    /// A list without its end.
    #[error("list must terminate with '}}'")]
    OpenList,
    /// Something in a value's way is not of the kind that is needed.
    #[error("unable to parse key: interface conversion: interface {{}} is {found}, not {wanted}")]
    Conversion {
        /// What it is, in Go's words.
        found: &'static str,
        /// What it must be.
        wanted: &'static str,
    },
    /// Not JSON.
    #[error("{0}")]
    Json(String),
    /// A file that is named could not be read.
    #[error(transparent)]
    File(Box<dyn std::error::Error + Send + Sync>),
}

impl StrvalsError {
    /// Go's `io.EOF`, also wrapped: helm ends without an error then.
    fn is_end(&self) -> bool {
        matches!(self, Self::End | Self::EndInIndex)
    }
}

/// How the text after `=` becomes a value.
pub(crate) type Read<'a> = dyn FnMut(&str) -> Result<Value, StrvalsError> + 'a;

/// `--set`: reads `name=value,…` into `values`. Numbers, booleans and null are recognised.
///
/// # Errors
/// The text breaks the grammar; helm's text.
pub fn parse(text: &str, values: &mut Value) -> Result<(), StrvalsError> {
    run(text, values, Some(&mut |text| Ok(typed(text))))
}

/// `--set-string`: every value is text.
///
/// # Errors
/// As [`parse`].
pub fn parse_string(text: &str, values: &mut Value) -> Result<(), StrvalsError> {
    run(text, values, Some(&mut |text| Ok(text.into())))
}

/// `--set-file`: every value is the content of the file that it names.
///
/// # Errors
/// As [`parse`], and what `read` returns.
pub fn parse_file<E: std::error::Error + Send + Sync + 'static>(
    text: &str,
    values: &mut Value,
    read: &mut dyn FnMut(&str) -> Result<String, E>,
) -> Result<(), StrvalsError> {
    run(
        text,
        values,
        Some(&mut |text| match read(text) {
            Ok(content) => Ok(content.into()),
            Err(error) => Err(StrvalsError::File(Box::new(error))),
        }),
    )
}

/// `--set-json`: every value is JSON.
///
/// # Errors
/// As [`parse`].
pub fn parse_json(text: &str, values: &mut Value) -> Result<(), StrvalsError> {
    run(text, values, None)
}

fn run<'c>(text: &str, values: &mut Value, read: Option<&mut Read<'c>>) -> Result<(), StrvalsError> {
    Parser { rest: text, read }.read_into(values)
}

struct Parser<'t, 'r, 'c> {
    rest: &'t str,
    /// `None` for JSON.
    read: Option<&'r mut Read<'c>>,
}

impl Grammar for Parser<'_, '_, '_> {
    fn until(&mut self, stops: &[char]) -> (String, Option<char>) {
        let mut text = String::new();
        while let Some(char) = self.char() {
            if stops.contains(&char) {
                return (text, Some(char));
            }
            if char != '\\' {
                text.push(char);
                continue;
            }
            match self.char() {
                Some(escaped) => text.push(escaped),
                None => break,
            }
        }
        (text, None)
    }

    fn key(&mut self, data: &mut Map, level: usize) -> Result<(), StrvalsError> {
        let (name, last) = self.until(&['=', '[', ',', '.']);
        match last {
            None if name.is_empty() => Err(StrvalsError::End),
            None => Err(StrvalsError::NoValue(name)),
            Some('[') => self.within_list(data, &name, level),
            Some('=') => {
                let (value, result) = self.value()?;
                set(data, &name, value);
                result
            }
            Some(',') => {
                set(data, &name, "".into());
                Err(StrvalsError::NoValueBeforeComma(name))
            }
            Some(_) => self.within_map(data, &name, level),
        }
    }

    fn set_item(&mut self, list: &mut Vec<Value>, index: i64) -> Result<(), StrvalsError> {
        let (value, result) = self.value()?;
        set_index(list, index, value)?;
        // Helm drops the end of input here and finds it again with the next key.
        if matches!(result, Err(StrvalsError::End)) { Ok(()) } else { result }
    }
}

impl Parser<'_, '_, '_> {
    fn char(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let char = chars.next();
        self.rest = chars.as_str();
        char
    }

    /// Takes a character away if it comes next.
    fn skip(&mut self, char: char) -> bool {
        let rest = self.rest.strip_prefix(char);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// The value after `=`, with what is to be returned once it is stored.
    fn value(&mut self) -> Result<(Value, Result<(), StrvalsError>), StrvalsError> {
        if self.read.is_none() {
            return Ok((self.json()?, Ok(())));
        }
        if self.rest.is_empty() {
            return Ok(("".into(), Err(StrvalsError::End)));
        }
        if self.skip('{') {
            return Ok((self.list()?.into(), Ok(())));
        }
        let (text, _) = self.until(&[',']);
        Ok((self.read(&text)?, Ok(())))
    }

    fn list(&mut self) -> Result<Vec<Value>, StrvalsError> {
        let mut list = Vec::new();
        loop {
            let (text, last) = self.until(&[',', '}']);
            match last {
                None => return Err(StrvalsError::OpenList),
                Some('}') => {
                    self.skip(',');
                    list.push(self.read(&text)?);
                    return Ok(list);
                }
                Some(_) => list.push(self.read(&text)?),
            }
        }
    }

    fn read(&mut self, text: &str) -> Result<Value, StrvalsError> {
        match &mut self.read {
            Some(read) => read(text),
            None => Ok(text.into()),
        }
    }

    fn json(&mut self) -> Result<Value, StrvalsError> {
        if self.is_empty_value() {
            return Ok(Value::Null);
        }
        let mut stream = serde_json::Deserializer::from_str(self.rest).into_iter::<Value>();
        let value = match stream.next() {
            Some(Ok(value)) => crate::values::as_json_numbers(&value),
            Some(Err(error)) => return Err(StrvalsError::Json(error.to_string())),
            None => return Err(StrvalsError::End),
        };
        self.rest = &self.rest[stream.byte_offset()..];
        self.is_empty_value();
        Ok(value)
    }

    /// Takes spaces and one comma away; whether there is nothing else before the next comma or the end.
    fn is_empty_value(&mut self) -> bool {
        self.rest = self.rest.trim_start();
        self.rest.is_empty() || self.skip(',')
    }
}

/// `strconv.Atoi`.
fn atoi(text: &str) -> Result<i64, StrvalsError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let error = |reason| StrvalsError::Index { index: text.to_owned(), reason };
    if !is_number {
        return Err(error("invalid syntax"));
    }
    text.parse().map_err(|_| error("value out of range"))
}

fn set(data: &mut Map, name: &str, value: Value) {
    if !name.is_empty() {
        data.insert(name, value);
    }
}

fn set_index(list: &mut Vec<Value>, index: i64, value: Value) -> Result<(), StrvalsError> {
    if index > MAX_INDEX {
        return Err(StrvalsError::IndexTooLarge(index));
    }
    let at = usize::try_from(index).map_err(|_| StrvalsError::Negative(index))?;
    if list.len() <= at {
        list.resize(at + 1, Value::Null);
    }
    list[at] = value;
    Ok(())
}

/// What stands at an index that a list may have.
fn at_mut(list: &mut [Value], index: i64) -> Option<&mut Value> {
    list.get_mut(usize::try_from(index).ok().filter(|_| index <= MAX_INDEX)?)
}

const MAP: &str = "map[string]interface {}";
const LIST: &str = "[]interface {}";

fn as_map(known: &mut Value) -> Result<&mut Map, StrvalsError> {
    match known {
        Value::Map(map) => Ok(Arc::make_mut(map)),
        other => Err(conversion(other, MAP)),
    }
}

fn as_list(known: &mut Value) -> Result<&mut Vec<Value>, StrvalsError> {
    match known {
        Value::List(list) => Ok(Arc::make_mut(list)),
        other => Err(conversion(other, LIST)),
    }
}

/// The text of a failed type assertion of Go.
fn conversion(found: &Value, wanted: &'static str) -> StrvalsError {
    let found = match found {
        Value::Null => "nil",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::UInt(_) => "int64",
        Value::Float(_) => "float64",
        Value::String(_) => "string",
        Value::List(_) => LIST,
        Value::Map(_) => MAP,
    };
    StrvalsError::Conversion { found, wanted }
}

/// What a value is without quotes: a boolean, null, an integer without leading zeros, or text.
fn typed(text: &str) -> Value {
    if text.eq_ignore_ascii_case("true") {
        return true.into();
    }
    if text.eq_ignore_ascii_case("false") {
        return false.into();
    }
    if text.eq_ignore_ascii_case("null") {
        return Value::Null;
    }
    if text == "0" {
        return Value::Int(0);
    }
    if text.starts_with('0') {
        return text.into();
    }
    text.parse::<i64>().map_or_else(|_| text.into(), Value::Int)
}

#[cfg(test)]
mod tests;
