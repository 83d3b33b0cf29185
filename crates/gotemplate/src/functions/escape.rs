//! `html`, `js` and `urlquery` of Go.

use crate::error::Limit;
use crate::print;
use crate::runes;
use crate::value::Value;

/// The arguments as one text, as Go's `evalArgs` makes it.
pub(crate) fn arguments(arguments: &mut Vec<Value>) -> Result<Vec<u8>, Limit> {
    if let [Value::String(text)] = arguments.as_slice() {
        return Ok(text.to_vec());
    }
    for argument in arguments.iter_mut().filter(|argument| argument.is_nil()) {
        *argument = Value::from("<no value>");
    }
    print::try_sprint(arguments)
}

/// `template.HTMLEscape`
pub(crate) fn html(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            0 => out.extend_from_slice("\u{FFFD}".as_bytes()),
            b'"' => out.extend_from_slice(b"&#34;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            _ => out.push(*byte),
        }
    }
    out
}

/// `template.JSEscape`
pub(crate) fn js(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let (rune, width) = runes::decode(&text[at..]);
        match rune {
            0x5C => out.extend_from_slice(b"\\\\"),
            0x27 => out.extend_from_slice(b"\\'"),
            0x22 => out.extend_from_slice(b"\\\""),
            0x3C | 0x3E | 0x26 | 0x3D | 0..=31 => out.extend_from_slice(format!("\\u{rune:04X}").as_bytes()),
            rune if runes::is_print(rune) || rune < 0x80 => out.extend_from_slice(&text[at..at + width]),
            _ => out.extend_from_slice(format!("\\u{rune:04X}").as_bytes()),
        }
        at += width;
    }
    out
}

/// `url.QueryEscape`
pub(crate) fn url_query(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(*byte),
            b' ' => out.push(b'+'),
            _ => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
    out
}
