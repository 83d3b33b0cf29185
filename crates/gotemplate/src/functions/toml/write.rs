//! Writing.

use crate::error::Limit;
use crate::functions::arguments::*;
use crate::functions::dates::{Time, Zone};
use crate::functions::durations::duration_string;
use crate::print::format_float;
use crate::value::Kind;

const MAX_DEPTH: usize = 1_000;
/// A list is looked through at every level around it, which for lists of shared lists has no end.
const MAX_LOOKS: u64 = 2_000_000;

/// The value as a TOML document of at most so many bytes.
///
/// # Errors
/// BurntSushi's texts (`toml: …`) for what TOML cannot say, and Go's for what panics there.
pub(super) fn write(value: &Value, most: u64) -> Result<Vec<u8>, Failure> {
    if value.is_nil() {
        return fail("reflect: call of reflect.Value.Type on zero Value");
    }
    let mut writer = Writer { out: Vec::new(), most, depth: 0, looks: MAX_LOOKS };
    writer.encode(&mut Vec::new(), value)?;
    Ok(writer.out)
}

/// What a value is in TOML.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Nil,
    Table,
    Tables,
    Other,
}

struct Writer {
    out: Vec<u8>,
    most: u64,
    depth: usize,
    /// How often a value's shape may still be looked at.
    looks: u64,
}

fn is_nil(value: &Value) -> bool {
    match value {
        Value::Nil => true,
        Value::List(list) => list.is_nil(),
        Value::Map(map) => map.is_nil(),
        _ => false,
    }
}

fn shape(value: &Value, depth: usize, looks: &mut u64) -> Result<Shape, Failure> {
    *looks = looks.checked_sub(1).ok_or(Limit::Steps(MAX_LOOKS))?;
    if depth > MAX_DEPTH {
        return Err(Failure::Limit(Limit::Nesting(MAX_DEPTH)));
    }
    if is_nil(value) {
        return Ok(Shape::Nil);
    }
    Ok(match value {
        Value::Map(_) => Shape::Table,
        Value::Complex(..) => return fail("unsupported type: complex128"),
        Value::Object(object) if object.json().is_none() && object.kind() != Kind::Slice => Shape::Table,
        other => match other.elements() {
            Some(items) => list_shape(&items, depth, looks)?,
            None => Shape::Other,
        },
    })
}

fn list_shape(items: &[Value], depth: usize, looks: &mut u64) -> Result<Shape, Failure> {
    let mut are_tables = !items.is_empty();
    for item in items {
        match stacker::maybe_grow(64 * 1024, 1024 * 1024, || shape(item, depth + 1, looks))? {
            Shape::Nil => return fail("toml: cannot encode array with nil element"),
            Shape::Table => {}
            _ => are_tables = false,
        }
    }
    Ok(if are_tables { Shape::Tables } else { Shape::Other })
}

/// The entries of a map or a struct.
fn entries(value: &Value) -> Vec<(Str, Value)> {
    match value {
        Value::Map(map) => map.entries().iter().map(|(key, item)| (key.clone(), item.clone())).collect(),
        Value::Object(object) => object.exported(),
        _ => Vec::new(),
    }
}

impl Writer {
    fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.bytes(text.as_bytes())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.out.extend_from_slice(bytes);
        if self.out.len() as u64 > self.most {
            return Err(Failure::Limit(Limit::Memory(self.most)));
        }
        Ok(())
    }

    fn line_break(&mut self) -> Result<(), Failure> {
        if self.out.is_empty() { Ok(()) } else { self.text("\n") }
    }

    fn deeper<T>(&mut self, write: impl FnOnce(&mut Self) -> Result<T, Failure>) -> Result<T, Failure> {
        if self.depth >= MAX_DEPTH {
            return Err(Failure::Limit(Limit::Nesting(MAX_DEPTH)));
        }
        self.depth += 1;
        let outcome = stacker::maybe_grow(64 * 1024, 1024 * 1024, || write(self));
        self.depth -= 1;
        outcome
    }

    fn encode(&mut self, path: &mut Vec<Str>, value: &Value) -> Result<(), Failure> {
        if let Value::Complex(..) = value {
            return fail(format!("unsupported type for key '{}': complex128", dotted(path)));
        }
        match shape(value, 0, &mut self.looks)? {
            Shape::Nil if matches!(value, Value::List(_)) => self.key_value(path, value, false),
            Shape::Nil => Ok(()),
            Shape::Table => self.table(path, value),
            Shape::Tables => self.tables(path, value),
            Shape::Other => self.key_value(path, value, false),
        }
    }

    fn indent(&mut self, path: &[Str]) -> Result<(), Failure> {
        self.text(&"  ".repeat(path.len().saturating_sub(1)))
    }

    fn table(&mut self, path: &mut Vec<Str>, value: &Value) -> Result<(), Failure> {
        if path.len() == 1 {
            self.line_break()?;
        }
        if !path.is_empty() {
            self.indent(path)?;
            let name = dotted(path);
            self.text(&format!("[{name}]"))?;
            self.line_break()?;
        }
        self.deeper(|writer| writer.entries(path, value))
    }

    fn tables(&mut self, path: &mut Vec<Str>, value: &Value) -> Result<(), Failure> {
        if path.is_empty() {
            return fail("toml: top-level values must be Go maps or structs");
        }
        for item in value.elements().unwrap_or_default() {
            if is_nil(&item) {
                continue;
            }
            self.line_break()?;
            self.indent(path)?;
            let name = dotted(path);
            self.text(&format!("[[{name}]]"))?;
            self.line_break()?;
            self.deeper(|writer| writer.entries(path, &item))?;
        }
        Ok(())
    }

    /// Keys of plain values come before those of tables.
    fn entries(&mut self, path: &mut Vec<Str>, value: &Value) -> Result<(), Failure> {
        for (key, item) in ordered(value, &mut self.looks)?.concat() {
            if is_nil(&item) {
                continue;
            }
            path.push(key);
            self.encode(path, &item)?;
            path.pop();
        }
        Ok(())
    }

    fn inline_table(&mut self, value: &Value) -> Result<(), Failure> {
        let [direct, tables] = ordered(value, &mut self.looks)?;
        self.text("{")?;
        let has_tables = !tables.is_empty();
        for (group, goes_on) in [(direct, has_tables), (tables, false)] {
            let count = group.len();
            for (at, (key, item)) in group.into_iter().enumerate() {
                if is_nil(&item) {
                    continue;
                }
                self.key_value(&[key], &item, true)?;
                if goes_on || at + 1 < count {
                    self.text(", ")?;
                }
            }
        }
        self.text("}")
    }

    fn key_value(&mut self, path: &[Str], value: &Value, is_inline: bool) -> Result<(), Failure> {
        let Some(key) = path.last() else { return self.element(value) };
        self.indent(path)?;
        self.bytes(&quoted_key(key))?;
        self.text(" = ")?;
        self.element(value)?;
        if is_inline { Ok(()) } else { self.line_break() }
    }

    fn element(&mut self, value: &Value) -> Result<(), Failure> {
        match value {
            Value::Nil => fail("reflect: call of reflect.Value.Interface on zero Value"),
            Value::Bool(flag) => self.text(if *flag { "true" } else { "false" }),
            Value::Int(number, IntType::Duration) => self.bytes(&quoted(duration_string(*number).as_bytes())),
            Value::Int(number, int_type) if int_type.is_unsigned() => {
                self.text(&number.cast_unsigned().to_string())
            }
            Value::Int(number, _) => self.text(&number.to_string()),
            Value::Float(number) => self.text(&float(*number)),
            Value::Complex(..) => fail("unexpected type: complex128"),
            Value::String(text) => self.bytes(&quoted(text)),
            Value::Map(_) => self.deeper(|writer| writer.inline_table(value)),
            Value::Object(object) => {
                if let Some(time) = value.as_object::<Time>() {
                    return self.text(&datetime(time));
                }
                match object.json() {
                    Some(Value::String(text)) => self.bytes(&quoted(&text)),
                    Some(json) => self.element(&json),
                    None if object.kind() == Kind::Slice => self.list(value),
                    None => self.deeper(|writer| writer.inline_table(value)),
                }
            }
            Value::Bytes(_) | Value::List(_) => self.list(value),
        }
    }

    fn list(&mut self, value: &Value) -> Result<(), Failure> {
        self.text("[")?;
        for (at, item) in value.elements().unwrap_or_default().iter().enumerate() {
            if at > 0 {
                self.text(", ")?;
            }
            self.deeper(|writer| writer.element(item))?;
        }
        self.text("]")
    }
}

/// The entries that are plain values, and those that are tables, each in the order of their keys.
fn ordered(value: &Value, looks: &mut u64) -> Result<[Vec<(Str, Value)>; 2], Failure> {
    let (mut direct, mut tables) = (Vec::new(), Vec::new());
    for (key, item) in entries(value) {
        match shape(&item, 0, looks)? {
            Shape::Table | Shape::Tables => tables.push((key, item)),
            _ => direct.push((key, item)),
        }
    }
    Ok([direct, tables])
}

fn dotted(path: &[Str]) -> String {
    let keys: Vec<Vec<u8>> = path.iter().map(quoted_key).collect();
    String::from_utf8_lossy(&keys.join(&b'.')).into_owned()
}

fn quoted_key(key: &Str) -> Vec<u8> {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !key.is_empty() && key.iter().all(|byte| is_bare(*byte)) { key.to_vec() } else { quoted(key) }
}

/// Bytes that are not UTF-8 are written as they are.
fn quoted(text: &[u8]) -> Vec<u8> {
    let mut out = vec![b'"'];
    for byte in text {
        match byte {
            b'"' => out.extend(b"\\\""),
            b'\\' => out.extend(b"\\\\"),
            8 => out.extend(b"\\b"),
            b'\t' => out.extend(b"\\t"),
            b'\n' => out.extend(b"\\n"),
            12 => out.extend(b"\\f"),
            b'\r' => out.extend(b"\\r"),
            0..0x20 | 0x7F => out.extend(format!("\\u{byte:04x}").into_bytes()),
            _ => out.push(*byte),
        }
    }
    out.push(b'"');
    out
}

/// There is a point or an exponent in every float.
fn float(number: f64) -> String {
    if !number.is_finite() {
        let name = if number.is_nan() { "nan" } else { "inf" };
        return format!("{}{name}", if number.is_sign_negative() { "-" } else { "" });
    }
    let text = format_float(number, b'g', None);
    if text.contains(['e', '.']) { text } else { text + ".0" }
}

fn datetime(time: &Time) -> String {
    let format = match &time.zone {
        Zone::Fixed { name, .. } if name == "datetime-local" => "2006-01-02T15:04:05.999999999",
        Zone::Fixed { name, .. } if name == "date-local" => "2006-01-02",
        Zone::Fixed { name, .. } if name == "time-local" => "15:04:05.999999999",
        _ => "2006-01-02T15:04:05.999999999Z07:00",
    };
    time.format(format)
}
