//! Number constants.

use std::ops::Range;

use super::unquote::unquote_char;
use crate::lex::Type;
use crate::print::quote;

/// A constant with every value that its syntax allows; which one counts is decided where it is used.
#[derive(Clone, Debug, Default)]
pub(crate) struct Number {
    pub(crate) int: Option<i64>,
    pub(crate) uint: Option<u64>,
    pub(crate) float: Option<f64>,
    pub(crate) complex: Option<(f64, f64)>,
    /// Whether it is written as a floating-point number, and so is one where nothing asks for an integer.
    pub(crate) is_written_as_float: bool,
    pub(crate) text: Range<u32>,
}

impl Number {
    /// Reads a token; the error is Go's text.
    pub(crate) fn parse(text: &[u8], typ: Type, pos: usize) -> Result<Self, String> {
        let mut number = match typ {
            Type::CharConstant => Self::character(text)?,
            Type::Complex => Self::complex(text)?,
            _ => Self::plain(text)?,
        };
        number.text = pos as u32..(pos + text.len()) as u32;
        let is_hex = text.len() > 2
            && text[0] == b'0'
            && matches!(text[1], b'x' | b'X')
            && !text.iter().any(|byte| b"pP".contains(byte));
        number.is_written_as_float = number.float.is_some()
            && !is_hex
            && text[0] != b'\''
            && text.iter().any(|byte| b".eEpP".contains(byte));
        Ok(number)
    }

    fn character(text: &[u8]) -> Result<Self, String> {
        let mut bytes = Vec::new();
        let (rune, tail) = unquote_char(&text[1..], b'\'', &mut bytes).ok_or("invalid syntax")?;
        if tail != b"'" {
            return Err(format!("malformed character constant: {}", String::from_utf8_lossy(text)));
        }
        Ok(Self {
            int: Some(i64::from(rune)),
            uint: Some(u64::from(rune)),
            float: Some(f64::from(rune)),
            ..Self::default()
        })
    }

    fn complex(text: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(text).map_err(|_| "syntax error scanning complex number")?;
        let body = text.strip_suffix('i').unwrap_or(text);
        let split = body
            .char_indices()
            .skip(1)
            .filter(|(at, char)| {
                matches!(char, '+' | '-') && !matches!(body.as_bytes()[at - 1], b'e' | b'E' | b'p' | b'P')
            })
            .map(|(at, _)| at)
            .last();
        let parts = split.and_then(|at| Some((parse_float(&body[..at])?, parse_float(&body[at..])?)));
        parts
            .map(|(real, imaginary)| Self::of_complex(real, imaginary))
            .ok_or_else(|| "syntax error scanning complex number".to_owned())
    }

    fn of_complex(real: f64, imaginary: f64) -> Self {
        let mut number = Self { complex: Some((real, imaginary)), ..Self::default() };
        if imaginary == 0.0 {
            number.float = Some(real);
            number.int = whole_i64(real);
            number.uint = whole_u64(real);
        }
        number
    }

    fn plain(text: &[u8]) -> Result<Self, String> {
        let shown = || quote(text);
        let Ok(text) = std::str::from_utf8(text) else {
            return Err(format!("illegal number syntax: {}", shown()));
        };
        if let Some(imaginary) = text.strip_suffix('i').and_then(parse_float) {
            return Ok(Self::of_complex(0.0, imaginary));
        }
        let mut number = Self { int: parse_int(text, 0), uint: parse_uint(text, 0), ..Self::default() };
        if number.int == Some(0) {
            number.uint = Some(0);
        }
        number.float = number.int.map(|int| int as f64).or(number.uint.map(|uint| uint as f64));
        if number.float.is_none()
            && let Some(float) = parse_float(text)
        {
            if !text.contains(['.', 'e', 'E', 'p', 'P']) {
                return Err(format!("integer overflow: {}", shown()));
            }
            number =
                Self { float: Some(float), int: whole_i64(float), uint: whole_u64(float), ..Self::default() };
        }
        match number.float {
            Some(_) => Ok(number),
            None => Err(format!("illegal number syntax: {}", shown())),
        }
    }
}

fn whole_i64(float: f64) -> Option<i64> {
    (float.fract() == 0.0 && (-(2f64.powi(63))..2f64.powi(63)).contains(&float)).then_some(float as i64)
}

fn whole_u64(float: f64) -> Option<u64> {
    (float.fract() == 0.0 && (0.0..2f64.powi(64)).contains(&float)).then_some(float as u64)
}

/// `strconv.ParseUint` for 64 bits; base 0 goes by the prefix and allows underscores.
pub(crate) fn parse_uint(text: &str, base: u32) -> Option<u64> {
    if base != 0 {
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        return is_plain.then(|| u64::from_str_radix(text, base).ok())?;
    }
    let lower = text.to_ascii_lowercase();
    let (base, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, &*lower),
    };
    if lower.contains('_') && !underscores_are_fine(&lower) {
        return None;
    }
    parse_uint(&digits.replace('_', ""), base)
}

/// `strconv.ParseInt` for 64 bits.
pub(crate) fn parse_int(text: &str, base: u32) -> Option<i64> {
    let (is_negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let value = i128::from(parse_uint(digits, base)?);
    i64::try_from(if is_negative { -value } else { value }).ok()
}

/// `strconv.ParseFloat` for 64 bits, without what is out of range.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    let unsigned = lower.trim_start_matches(['+', '-']);
    if lower.len() - unsigned.len() > 1 {
        return None;
    }
    if lower.contains('_') && !underscores_are_fine(unsigned) {
        return None;
    }
    let is_negative = lower.starts_with('-');
    if let Some(hex) = unsigned.strip_prefix("0x") {
        let value = hex_float(&hex.replace('_', ""))?;
        return Some(if is_negative { -value } else { value });
    }
    let special = match unsigned {
        "inf" | "infinity" => Some(f64::INFINITY),
        "nan" => Some(f64::NAN),
        _ => None,
    };
    if let Some(special) = special {
        return Some(if is_negative { -special } else { special });
    }
    let is_number = unsigned.starts_with(|char: char| char.is_ascii_digit() || char == '.');
    let value: f64 = is_number.then(|| lower.replace('_', "").parse().ok())??;
    value.is_finite().then_some(value)
}

/// A hexadecimal number must have a binary exponent.
fn hex_float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once('p')?;
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() {
        return None;
    }
    let mut value = 0f64;
    for digit in digits.chars() {
        value = value * 16.0 + f64::from(digit.to_digit(16)?);
    }
    let scale = exponent.checked_sub(4 * i32::try_from(fraction.len()).ok()?)?;
    let value = value * 2f64.powi(scale.clamp(-1074, 1023));
    value.is_finite().then_some(value)
}

/// Underscores stand only between digits, or between a base prefix and a digit.
fn underscores_are_fine(text: &str) -> bool {
    let bytes = text.as_bytes();
    let has_prefix = matches!(bytes, [b'0', b'x' | b'o' | b'b', ..]);
    let is_hex = bytes.get(1) == Some(&b'x');
    let mut before = if has_prefix { b'0' } else { b'^' };
    for byte in &bytes[if has_prefix { 2 } else { 0 }..] {
        let class = match byte {
            b'0'..=b'9' => b'0',
            b'a'..=b'f' if is_hex => b'0',
            b'_' if before == b'0' => b'_',
            b'_' => return false,
            _ if before == b'_' => return false,
            _ => b'!',
        };
        before = class;
    }
    before != b'_'
}
