//! Base64 and base32.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::arguments::*;

pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "b64enc", params: &[STRING], call: |run, a| paid(run, base64(text(a, 0)).into_bytes()) },
    Function { name: "b64dec", params: &[STRING], call: |_, a| Ok(decoded(base64_decode(text(a, 0)))) },
    Function { name: "b32enc", params: &[STRING], call: |run, a| paid(run, base32(text(a, 0)).into_bytes()) },
    Function { name: "b32dec", params: &[STRING], call: |_, a| Ok(decoded(base32_decode(text(a, 0)))) },
];

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The functions give the error's text as if it were the result.
fn decoded(outcome: Result<Vec<u8>, String>) -> Value {
    outcome.map_or_else(Value::from, Value::from)
}

/// Standard base64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn base32(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        let bits = (0..5).fold(0u64, |bits, at| bits << 8 | u64::from(chunk.get(at).copied().unwrap_or(0)));
        let used = (chunk.len() * 8).div_ceil(5);
        for digit in 0..8 {
            let index = (bits >> ((7 - digit) * 5)) as usize & 31;
            out.push(if digit < used { char::from(BASE32[index]) } else { '=' });
        }
    }
    out
}

/// Standard base64 with padding, as Go decodes it: line breaks are ignored, bits left over are too.
///
/// The error is Go's text, with the byte that Go blames.
pub(crate) fn base64_decode(text: &[u8]) -> Result<Vec<u8>, String> {
    let mut decoder = Base64 { text, at: 0, out: Vec::with_capacity(text.len() / 4 * 3) };
    loop {
        match decoder.quantum() {
            Ok(true) => {}
            Ok(false) => return Ok(decoder.out),
            Err(at) => return Err(format!("illegal base64 data at input byte {at}")),
        }
    }
}

struct Base64<'a> {
    text: &'a [u8],
    at: usize,
    out: Vec<u8>,
}

impl Base64<'_> {
    fn skip_line_breaks(&mut self) {
        while matches!(self.text.get(self.at), Some(b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Four digits; false at the end.
    fn quantum(&mut self) -> Result<bool, usize> {
        let mut digits = [0u8; 4];
        for at in 0..4 {
            self.skip_line_breaks();
            let Some(byte) = self.text.get(self.at) else {
                return if at == 0 { Ok(false) } else { Err(self.at - at) };
            };
            self.at += 1;
            match base64_digit(*byte) {
                Some(digit) => digits[at] = digit,
                None if *byte == b'=' => return self.padded(digits, at),
                None => return Err(self.at - 1),
            }
        }
        self.push(digits, 4);
        Ok(true)
    }

    /// Behind the first `=`.
    fn padded(&mut self, digits: [u8; 4], count: usize) -> Result<bool, usize> {
        if count < 2 {
            return Err(self.at - 1);
        }
        if count == 2 {
            self.skip_line_breaks();
            match self.text.get(self.at) {
                None => return Err(self.text.len()),
                Some(b'=') => self.at += 1,
                Some(_) => return Err(self.at - 1),
            }
        }
        self.skip_line_breaks();
        if self.at < self.text.len() {
            return Err(self.at);
        }
        self.push(digits, count);
        Ok(false)
    }

    fn push(&mut self, digits: [u8; 4], count: usize) {
        let bits = digits.iter().fold(0u32, |bits, digit| bits << 6 | u32::from(*digit));
        self.out.extend_from_slice(&bits.to_be_bytes()[1..count]);
    }
}

fn base64_digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

fn base32_decode(text: &[u8]) -> Result<Vec<u8>, String> {
    let text: Vec<u8> = text.iter().copied().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
    let mut out = Vec::with_capacity(text.len() / 8 * 5);
    let mut at = 0;
    while at < text.len() {
        let (digits, count) =
            base32_quantum(&text, &mut at).map_err(|at| format!("illegal base32 data at input byte {at}"))?;
        let bits = digits.iter().fold(0u64, |bits, digit| bits << 5 | u64::from(*digit));
        out.extend_from_slice(&bits.to_be_bytes()[3..3 + count * 5 / 8]);
        if count < 8 {
            break;
        }
    }
    Ok(out)
}

/// Eight digits, fewer where padding follows.
fn base32_quantum(text: &[u8], at: &mut usize) -> Result<([u8; 8], usize), usize> {
    let mut digits = [0u8; 8];
    for count in 0..8 {
        let Some(byte) = text.get(*at) else { return Err(text.len() - count) };
        *at += 1;
        let rest = &text[*at..];
        if *byte == b'=' && count >= 2 && rest.len() < 8 {
            let padding = 7 - count;
            if rest.len() + count < 7 {
                return Err(text.len());
            }
            if let Some(bad) = rest.iter().take(padding).position(|byte| *byte != b'=') {
                return Err((*at + bad).saturating_sub(1));
            }
            return if matches!(count, 3 | 6) { Err(*at - 1) } else { Ok((digits, count)) };
        }
        digits[count] = BASE32.iter().position(|digit| digit == byte).ok_or(*at - 1)? as u8;
    }
    Ok((digits, 8))
}
