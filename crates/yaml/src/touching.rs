//! Tags that touch the comma behind them, as in `[!!str, a]`, which the parser cannot read.

use std::borrow::Cow;

use libyaml_safer::{Encoding, EventData, Parser};

use crate::document::MAX_DEPTH;

/// The text with a blank between each such tag and its comma; all other texts are left as they are.
pub(crate) fn parted(text: &str) -> Cow<'_, str> {
    let candidates = candidates(text);
    if candidates.is_empty() {
        return Cow::Borrowed(text);
    }
    // With a blank in every place that looks like one, the parser tells which of them are tags.
    let tags = tag_ends(&with_blanks(text, &candidates));
    // Each place before has got a blank, too.
    let is_tag = |(before, at): &(usize, usize)| tags.binary_search(&((at + before) as u64)).is_ok();
    let real: Vec<usize> = candidates.into_iter().enumerate().filter(is_tag).map(|(_, at)| at).collect();
    if real.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(with_blanks(text, &real)) }
}

/// The commas, in order, behind what may be a tag. Each line is gone through once.
fn candidates(text: &str) -> Vec<usize> {
    let is_end = |byte: u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b'[' | b']' | b'{' | b'}');
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut starts_tag = false;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'!' => starts_tag = starts_tag || at == 0 || !bytes[at - 1].is_ascii_alphanumeric(),
            b',' if starts_tag => {
                found.push(at);
                starts_tag = false;
            }
            byte if is_end(*byte) => starts_tag = false,
            _ => {}
        }
    }
    found
}

fn with_blanks(text: &str, before: &[usize]) -> String {
    let mut out = String::with_capacity(text.len() + before.len());
    let mut from = 0;
    for at in before {
        out.push_str(&text[from..*at]);
        out.push(' ');
        from = *at;
    }
    out.push_str(&text[from..]);
    out
}

/// Where nodes end that have a tag and nothing behind it, in ascending order. What
/// comes after an error in the text, or is nested too deeply, is not reached by anybody.
fn tag_ends(text: &str) -> Vec<u64> {
    let mut bytes = text.as_bytes();
    let mut parser = Parser::new();
    parser.set_encoding(Encoding::Utf8);
    parser.set_input_string(&mut bytes);
    let mut ends = Vec::new();
    let mut depth = 0_usize;
    while let Ok(event) = parser.parse() {
        match event.data {
            EventData::StreamEnd => break,
            EventData::SequenceStart { .. } | EventData::MappingStart { .. } => depth += 1,
            EventData::SequenceEnd | EventData::MappingEnd => depth = depth.saturating_sub(1),
            EventData::Scalar { tag: Some(_), value, .. } if value.is_empty() => {
                ends.push(event.end_mark.index);
            }
            _ => {}
        }
        if depth > MAX_DEPTH {
            break;
        }
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tags_are_parted_from_their_commas() {
        for (text, parted_text) in [
            ("[!!str, a]", "[!!str , a]"),
            ("é: {!x, b: 1}", "é: {!x , b: 1}"),
            ("a: 'wow !x, y'\nb: [&a !!str, !y,]", "a: 'wow !x, y'\nb: [&a !!str , !y ,]"),
            ("a: wow!,\nb: [c!, d]", "a: wow!,\nb: [c!, d]"),
            ("a: 'x !y, z'", "a: 'x !y, z'"),
            ("a: |\n  x !y, z\n", "a: |\n  x !y, z\n"),
            ("[!!str 1, 2]", "[!!str 1, 2]"),
        ] {
            assert_eq!(parted(text), parted_text);
        }
    }
}
