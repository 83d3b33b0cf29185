//! Writing.

use crate::error::Limit;
use crate::functions::arguments::*;
use crate::functions::encoding::base64;
use crate::print::{format_float, sprint};
use crate::runes;
use crate::value::Kind;

/// How JSON is written.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    /// `<`, `>` and `&` as `\u003c`, `\u003e` and `\u0026`.
    pub(crate) escapes_html: bool,
    /// With line breaks and two spaces a level.
    pub(crate) is_pretty: bool,
}

const MAX_DEPTH: usize = 10_000;
/// From this depth on, cycles are looked for, as in Go.
const CYCLES_FROM: usize = 1_000;

/// The value as JSON, of at most so many bytes.
///
/// # Errors
/// Go's texts for what JSON cannot say.
pub(crate) fn write(value: &Value, style: Style, most: usize) -> Result<Vec<u8>, Failure> {
    let mut writer = Writer { out: Vec::new(), style, most, open: Vec::new() };
    writer.value(value)?;
    Ok(writer.out)
}

struct Writer {
    out: Vec<u8>,
    style: Style,
    most: usize,
    /// The containers around, to tell cycles.
    open: Vec<usize>,
}

impl Writer {
    fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn value(&mut self, value: &Value) -> Result<(), Failure> {
        if self.out.len() > self.most {
            return Err(Failure::Limit(Limit::Output(self.most)));
        }
        match value {
            Value::Nil => self.text("null"),
            Value::Bool(true) => self.text("true"),
            Value::Bool(false) => self.text("false"),
            Value::Int(number, int_type) if int_type.is_unsigned() => {
                self.text(&number.cast_unsigned().to_string());
            }
            Value::Int(number, _) => self.text(&number.to_string()),
            Value::Float(number) => self.float(*number)?,
            Value::Complex(..) => return fail("json: unsupported type: complex128"),
            Value::String(text) => self.string(text),
            Value::Bytes(bytes) => {
                let encoded = base64(bytes);
                self.string(encoded.as_bytes());
            }
            Value::List(list) if list.is_nil() => self.text("null"),
            Value::List(list) => {
                let items: Vec<(Option<Str>, Value)> =
                    list.items().iter().map(|item| (None, item.clone())).collect();
                self.container(list.address(), value, (b'[', b']'), items)?;
            }
            Value::Map(map) if map.is_nil() => self.text("null"),
            Value::Map(map) => {
                let items =
                    map.entries().iter().map(|(key, item)| (Some(key.clone()), item.clone())).collect();
                self.container(map.address(), value, (b'{', b'}'), items)?;
            }
            Value::Object(object) => match object.json() {
                Some(json) => self.value(&json)?,
                None if object.kind() == Kind::Slice => {
                    let items = object.entries().into_iter().map(|(_, item)| (None, item)).collect();
                    self.container(0, value, (b'[', b']'), items)?;
                }
                None => {
                    let items =
                        object.json_entries().into_iter().map(|(key, item)| (Some(key), item)).collect();
                    self.container(0, value, (b'{', b'}'), items)?;
                }
            },
        }
        Ok(())
    }

    fn container(
        &mut self,
        address: usize,
        value: &Value,
        (open, close): (u8, u8),
        items: Vec<(Option<Str>, Value)>,
    ) -> Result<(), Failure> {
        if self.open.len() >= MAX_DEPTH && !self.open.contains(&address) {
            return Err(Failure::Limit(Limit::Nesting(MAX_DEPTH)));
        }
        // Looking for a cycle at every level would take the square of the depth.
        if self.open.len() >= CYCLES_FROM && address != 0 && self.open.contains(&address) {
            let name = value.type_name();
            return fail(format!("json: unsupported value: encountered a cycle via {name}"));
        }
        self.out.push(open);
        self.open.push(address);
        let is_empty = items.is_empty();
        for (at, (key, item)) in items.into_iter().enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            self.line_break();
            if let Some(key) = key {
                self.string(&key);
                self.text(if self.style.is_pretty { ": " } else { ":" });
            }
            stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.value(&item))?;
        }
        self.open.pop();
        if !is_empty {
            self.line_break();
        }
        self.out.push(close);
        Ok(())
    }

    fn line_break(&mut self) {
        if self.style.is_pretty {
            self.out.push(b'\n');
            self.out.extend(std::iter::repeat_n(b' ', 2 * self.open.len()));
        }
    }

    /// `floatEncoder`: an exponent below 1e-6 and from 1e21 on.
    fn float(&mut self, number: f64) -> Result<(), Failure> {
        if !number.is_finite() {
            return fail(format!("json: unsupported value: {}", sprint(&Value::Float(number))));
        }
        let magnitude = number.abs();
        if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
            let text = format_float(number, b'e', None);
            // A single digit of a negative exponent has no zero before it.
            self.text(&text.replace("e-0", "e-"));
        } else {
            self.text(&format_float(number, b'f', None));
        }
        Ok(())
    }

    fn string(&mut self, text: &[u8]) {
        self.out.push(b'"');
        for (at, width) in spans(text) {
            self.rune(&text[at..at + width]);
        }
        self.out.push(b'"');
    }

    fn rune(&mut self, bytes: &[u8]) {
        let (rune, width) = runes::decode(bytes);
        let escape = match rune {
            0x22 => "\\\"",
            0x5C => "\\\\",
            8 => "\\b",
            9 => "\\t",
            10 => "\\n",
            12 => "\\f",
            13 => "\\r",
            0x3C if self.style.escapes_html => "\\u003c",
            0x3E if self.style.escapes_html => "\\u003e",
            0x26 if self.style.escapes_html => "\\u0026",
            0x2028 => "\\u2028",
            0x2029 => "\\u2029",
            runes::ERROR if width == 1 => "\\ufffd",
            0..32 => {
                self.text(&format!("\\u{rune:04x}"));
                return;
            }
            _ => {
                self.out.extend_from_slice(bytes);
                return;
            }
        };
        self.text(escape);
    }
}

/// Where each rune begins, and its width.
fn spans(text: &[u8]) -> impl Iterator<Item = (usize, usize)> + '_ {
    let mut at = 0;
    runes::iter(text).map(move |(_, width)| {
        at += width;
        (at - width, width)
    })
}
