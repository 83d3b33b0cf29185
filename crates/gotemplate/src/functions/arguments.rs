//! What every table of functions uses: parameter types, and arguments that were checked already.

pub(crate) use crate::function::{Failure, Function, Param};
pub(crate) use crate::run::Run;
pub(crate) use crate::value::{IntType, List, ListType, Map, MapType, Str, Value};

pub(crate) const ANY: Param = Param::Any;
pub(crate) const BOOL: Param = Param::Bool;
pub(crate) const INT: Param = Param::Int;
pub(crate) const STRING: Param = Param::String;
pub(crate) const MAP: Param = Param::Map;
pub(crate) const LIST: Param = Param::List;
pub(crate) const ANYS: Param = Param::Variadic(&Param::Any);
pub(crate) const STRINGS: Param = Param::Variadic(&Param::String);
pub(crate) const MAPS: Param = Param::Variadic(&Param::Map);

pub(crate) type Outcome = Result<Value, Failure>;

/// A string argument.
pub(crate) fn text(arguments: &[Value], at: usize) -> &[u8] {
    match arguments.get(at) {
        Some(Value::String(text)) => text,
        _ => b"",
    }
}

/// A string argument as UTF-8.
pub(crate) fn utf8(arguments: &[Value], at: usize) -> String {
    String::from_utf8_lossy(text(arguments, at)).into_owned()
}

/// An integer argument.
pub(crate) fn int(arguments: &[Value], at: usize) -> i64 {
    match arguments.get(at) {
        Some(Value::Int(number, _)) => *number,
        _ => 0,
    }
}

/// A map argument; `None` for a nil map.
pub(crate) fn map(arguments: &[Value], at: usize) -> Option<&Map> {
    arguments.get(at)?.as_map()
}

/// A failure with the given text.
pub(crate) fn fail<T>(text: impl Into<String>) -> Result<T, Failure> {
    Err(Failure::message(text))
}

/// Pays for the text that a function gives.
pub(crate) fn paid(run: &mut Run<'_>, text: Vec<u8>) -> Outcome {
    run.charge(text.len())?;
    Ok(Value::from(text))
}

/// `fmt.Sprintf("%v", …)` as bytes.
pub(crate) fn printed(value: &Value) -> Result<Vec<u8>, Failure> {
    Ok(crate::print::try_sprintf(b"%v", std::slice::from_ref(value))?)
}

/// sprig's `strval`: a string as it is, anything else as `%v` prints it.
pub(crate) fn strval(value: &Value) -> Result<Str, Failure> {
    match value {
        Value::String(text) | Value::Bytes(text) => Ok(text.clone()),
        other => Ok(printed(other)?.into()),
    }
}

/// What Go's runtime says of `text[start:end]`.
pub(crate) fn slice_bounds(start: i64, end: i64, length: usize) -> Result<std::ops::Range<usize>, Failure> {
    let length = length as i64;
    let problem = if end < 0 {
        format!("[:{end}]")
    } else if end > length {
        format!("[:{end}] with length {length}")
    } else if start < 0 {
        format!("[{start}:]")
    } else if start > end {
        format!("[{start}:{end}]")
    } else {
        return Ok(start as usize..end as usize);
    };
    fail(format!("runtime error: slice bounds out of range {problem}"))
}

/// What Go's runtime says where a nil is used as a type.
pub(crate) const NIL_DEREFERENCE: &str = "runtime error: invalid memory address or nil pointer dereference";
