//! `strconv.Unquote`.

use crate::runes;

/// What a quoted text says: `"…"` with escapes or `` `…` `` as it is; `None` where the quoting is wrong.
pub(crate) fn unquote(quoted: &[u8]) -> Option<Vec<u8>> {
    let (first, rest) = quoted.split_first()?;
    let (last, inner) = rest.split_last()?;
    if first != last {
        return None;
    }
    match first {
        b'`' if !inner.contains(&b'`') => Some(inner.iter().copied().filter(|byte| *byte != b'\r').collect()),
        b'"' => {
            let mut out = Vec::with_capacity(inner.len());
            let mut rest = inner;
            while !rest.is_empty() {
                rest = unquote_char(rest, b'"', &mut out)?.1;
            }
            Some(out)
        }
        _ => None,
    }
}

/// `strconv.UnquoteChar`: the next character, appended as bytes; gives it and what follows.
pub(crate) fn unquote_char<'a>(text: &'a [u8], quote: u8, out: &mut Vec<u8>) -> Option<(u32, &'a [u8])> {
    let first = *text.first()?;
    if first == quote || first == b'\n' {
        return None;
    }
    if first != b'\\' {
        let (rune, width) = runes::decode(text);
        out.extend_from_slice(&text[..width]);
        return Some((rune.cast_unsigned(), &text[width..]));
    }
    let escape = *text.get(1)?;
    let rest = &text[2..];
    let simple = match escape {
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => 10,
        b'r' => 13,
        b't' => 9,
        b'v' => 11,
        b'\\' => b'\\',
        b'\'' | b'"' if escape == quote => escape,
        b'x' => return escaped_byte(rest, 2, 16, 0, out),
        b'0'..=b'7' => return escaped_byte(rest, 2, 8, u32::from(escape - b'0'), out),
        b'u' => return escaped_rune(rest, 4, out),
        b'U' => return escaped_rune(rest, 8, out),
        _ => return None,
    };
    out.push(simple);
    Some((u32::from(simple), rest))
}

fn digits(text: &[u8], count: usize, radix: u32, start: u32) -> Option<(u32, &[u8])> {
    let mut value = start;
    for byte in text.get(..count)? {
        value = value.checked_mul(radix)?.checked_add(char::from(*byte).to_digit(radix)?)?;
    }
    Some((value, &text[count..]))
}

fn escaped_byte<'a>(
    text: &'a [u8],
    count: usize,
    radix: u32,
    start: u32,
    out: &mut Vec<u8>,
) -> Option<(u32, &'a [u8])> {
    let (value, rest) = digits(text, count, radix, start)?;
    out.push(u8::try_from(value).ok()?);
    Some((value, rest))
}

fn escaped_rune<'a>(text: &'a [u8], count: usize, out: &mut Vec<u8>) -> Option<(u32, &'a [u8])> {
    let (value, rest) = digits(text, count, 16, 0)?;
    runes::push(out, char::from_u32(value)?);
    Some((value, rest))
}
