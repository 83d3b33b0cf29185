//! `strconv.Quote` and its kin.

use crate::runes;

/// `strconv.Quote` as text: what `%q` prints.
pub fn quote(text: &[u8]) -> String {
    let mut out = Vec::with_capacity(text.len() + 2);
    quote_bytes(&mut out, text, b'"', false);
    String::from_utf8_lossy(&out).into_owned()
}

/// Appends a text in quotes, with what is not printable (or, if so asked, not ASCII) escaped.
pub(crate) fn quote_bytes(out: &mut Vec<u8>, text: &[u8], quote: u8, ascii_only: bool) {
    out.push(quote);
    let mut at = 0;
    while at < text.len() {
        let byte = text[at];
        if (b' '..=b'~').contains(&byte) && byte != quote && byte != b'\\' {
            out.push(byte);
            at += 1;
            continue;
        }
        let (rune, width) = runes::decode(&text[at..]);
        if rune == runes::ERROR && width == 1 {
            out.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
        } else {
            escaped(out, rune, quote, ascii_only);
        }
        at += width;
    }
    out.push(quote);
}

/// Appends one rune as it stands between quotes.
pub(super) fn escaped(out: &mut Vec<u8>, rune: i32, quote: u8, ascii_only: bool) {
    if rune == i32::from(quote) || rune == i32::from(b'\\') {
        out.push(b'\\');
        runes::push(out, runes::to_char(rune));
        return;
    }
    let is_plain = runes::is_print(rune) && (!ascii_only || rune < 0x80);
    if is_plain {
        runes::push(out, runes::to_char(rune));
        return;
    }
    let escape = match rune {
        7 => "\\a".to_owned(),
        8 => "\\b".to_owned(),
        12 => "\\f".to_owned(),
        10 => "\\n".to_owned(),
        13 => "\\r".to_owned(),
        9 => "\\t".to_owned(),
        11 => "\\v".to_owned(),
        0..=31 | 127 => format!("\\x{rune:02x}"),
        128..=0xFFFF => format!("\\u{rune:04x}"),
        _ => format!("\\U{rune:08x}"),
    };
    out.extend_from_slice(escape.as_bytes());
}

/// `unicode.IsPrint`
pub fn is_print(char: char) -> bool {
    runes::is_print(u32::from(char).cast_signed())
}

/// `strconv.CanBackquote`
pub(crate) fn can_backquote(text: &[u8]) -> bool {
    runes::iter(text).all(|(rune, width)| {
        let is_broken = rune == runes::ERROR && width == 1;
        let is_control = (rune < 32 && rune != 9) || rune == 127 || rune == i32::from(b'`');
        !is_broken && !is_control && rune != 0xFEFF
    })
}

/// `%#U` of a rune.
pub(crate) fn code_point(rune: i32) -> String {
    let rune_or_huge = if rune < 0 { u64::MAX } else { u64::from(rune.unsigned_abs()) };
    let mut text = format!("U+{rune_or_huge:04X}");
    if runes::is_print(rune) {
        text.push_str(&format!(" '{}'", runes::to_char(rune)));
    }
    text
}
