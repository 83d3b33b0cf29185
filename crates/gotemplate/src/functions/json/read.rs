//! Reading. Errors are those of Go's scanner, byte for byte.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::functions::arguments::*;
use crate::print::quote;
use crate::runes;

const MAX_DEPTH: usize = 10_000;

/// Why a text is not JSON.
#[derive(Debug, Error)]
pub(crate) enum Problem {
    #[error("unexpected end of JSON input")]
    End,
    #[error("invalid character {} {context}", shown(*.byte))]
    Character { byte: u8, context: &'static str },
    #[error("exceeded max depth")]
    Depth,
    #[error("json: cannot unmarshal number {0} into Go value of type float64")]
    Number(String),
}

fn shown(byte: u8) -> String {
    match byte {
        b'\'' => r"'\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        byte => {
            let quoted = quote(char::from(byte).to_string().as_bytes());
            format!("'{}'", &quoted[1..quoted.len() - 1])
        }
    }
}

/// One JSON document: numbers are `float64`, `null` is nil.
pub(crate) fn read(text: &[u8]) -> Result<Value, Problem> {
    let mut reader = Reader { text, at: 0, depth: 0, bad_number: None };
    let value = reader.value()?;
    reader.skip_spaces();
    if let Some(byte) = reader.peek() {
        return Err(Problem::Character { byte, context: "after top-level value" });
    }
    // Go scans the whole text before it converts a number.
    reader.bad_number.map_or(Ok(value), |text| Err(Problem::Number(text)))
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
    bad_number: Option<String>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_spaces(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// The next byte, which does not fit.
    fn bad<T>(&self, context: &'static str) -> Result<T, Problem> {
        match self.peek() {
            Some(byte) => Err(Problem::Character { byte, context }),
            // Go feeds its scanner a blank at the end, which is wrong within a literal only.
            None if context.contains("literal ")
                || context.contains("numeric")
                || context.contains("escape") =>
            {
                Err(Problem::Character { byte: b' ', context })
            }
            None => Err(Problem::End),
        }
    }

    fn value(&mut self) -> Result<Value, Problem> {
        self.skip_spaces();
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => Ok(Value::from(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal("true", &EXPECTING_TRUE, Value::Bool(true)),
            Some(b'f') => self.literal("false", &EXPECTING_FALSE, Value::Bool(false)),
            Some(b'n') => self.literal("null", &EXPECTING_NULL, Value::Nil),
            _ => self.bad("looking for beginning of value"),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, Problem>) -> Result<Value, Problem> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Problem::Depth);
        }
        self.at += 1;
        let value = stacker::maybe_grow(64 * 1024, 1024 * 1024, || read(self));
        self.depth -= 1;
        value
    }

    fn object(&mut self) -> Result<Value, Problem> {
        let mut entries = BTreeMap::new();
        self.skip_spaces();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Map(Map::of(MapType::Any, entries)));
        }
        loop {
            self.skip_spaces();
            if self.peek() != Some(b'"') {
                return self.bad("looking for beginning of object key string");
            }
            let key = self.string()?;
            self.skip_spaces();
            if self.peek() != Some(b':') {
                return self.bad("after object key");
            }
            self.at += 1;
            let value = self.value()?;
            entries.insert(Str::from(key), value);
            self.skip_spaces();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::Map(Map::of(MapType::Any, entries)));
                }
                _ => return self.bad("after object key:value pair"),
            }
        }
    }

    fn array(&mut self) -> Result<Value, Problem> {
        let mut items = Vec::new();
        self.skip_spaces();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::list_of(items));
        }
        loop {
            items.push(self.value()?);
            self.skip_spaces();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::list_of(items));
                }
                _ => return self.bad("after array element"),
            }
        }
    }

    fn literal(&mut self, word: &str, expecting: &[&'static str], value: Value) -> Result<Value, Problem> {
        for (byte, context) in word.bytes().zip(expecting) {
            if self.peek() != Some(byte) {
                return self.bad(context);
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn digits(&mut self) {
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
    }

    fn number(&mut self) -> Result<Value, Problem> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return self.bad("in numeric literal"),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if !matches!(self.peek(), Some(b'0'..=b'9')) {
                return self.bad("after decimal point in numeric literal");
            }
            self.digits();
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if !matches!(self.peek(), Some(b'0'..=b'9')) {
                return self.bad("in exponent of numeric literal");
            }
            self.digits();
        }
        let text = String::from_utf8_lossy(&self.text[start..self.at]);
        let number: f64 = text.parse().unwrap_or(f64::INFINITY);
        if !number.is_finite() && self.bad_number.is_none() {
            self.bad_number = Some(text.into_owned());
        }
        Ok(Value::Float(number))
    }

    fn string(&mut self) -> Result<Vec<u8>, Problem> {
        self.at += 1;
        let mut out = Vec::new();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape(&mut out)?;
                }
                None | Some(0..0x20) => return self.bad("in string literal"),
                Some(_) => {
                    let (rune, width) = runes::decode(&self.text[self.at..]);
                    runes::push(&mut out, runes::to_char(rune));
                    self.at += width;
                }
            }
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), Problem> {
        let byte = match self.peek() {
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(byte @ (b'\\' | b'/' | b'"')) => byte,
            Some(b'u') => {
                self.at += 1;
                let high = self.hex()?;
                runes::push(out, self.unpaired(high));
                return Ok(());
            }
            _ => return self.bad("in string escape code"),
        };
        self.at += 1;
        out.push(byte);
        Ok(())
    }

    fn hex(&mut self) -> Result<u32, Problem> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else { return self.bad("in \\u hexadecimal character escape") };
            value = value * 16 + digit;
            self.at += 1;
        }
        Ok(value)
    }

    /// A surrogate takes the other half that follows; alone it is the replacement character.
    fn unpaired(&mut self, unit: u32) -> char {
        let follows = &self.text[self.at..];
        if (0xD800..0xDC00).contains(&unit) && follows.starts_with(b"\\u") {
            let digits = follows.get(2..6).and_then(|digits| std::str::from_utf8(digits).ok());
            let low = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
            if let Some(low @ 0xDC00..0xE000) = low {
                self.at += 6;
                let rune = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
                return char::from_u32(rune).unwrap_or(char::REPLACEMENT_CHARACTER);
            }
        }
        char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

const EXPECTING_TRUE: [&str; 4] = [
    "",
    "in literal true (expecting 'r')",
    "in literal true (expecting 'u')",
    "in literal true (expecting 'e')",
];
const EXPECTING_FALSE: [&str; 5] = [
    "",
    "in literal false (expecting 'a')",
    "in literal false (expecting 'l')",
    "in literal false (expecting 's')",
    "in literal false (expecting 'e')",
];
const EXPECTING_NULL: [&str; 4] = [
    "",
    "in literal null (expecting 'u')",
    "in literal null (expecting 'l')",
    "in literal null (expecting 'l')",
];
