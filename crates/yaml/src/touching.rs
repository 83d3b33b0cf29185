//! Tags that touch the comma behind them, as in `[!!str, a]`, which the parser cannot read.

use std::borrow::Cow;

use libyaml_safer::EventData;

use crate::document::MAX_DEPTH;
use crate::reader;

/// So many commas are looked at one by one, each with all that is before it.
const MAX_TRIALS: usize = 32;

/// A text that the parser can be given.
pub(crate) enum Readable<'a> {
    /// Nothing touches.
    Whole(Cow<'a, str>),
    /// No YAML: with a character in the place of each comma for which the parser has an error.
    Broken(String),
}

/// Takes the commas away that touch a tag, so that the parser refuses the place. Go takes such a comma for a part
/// of the tag.
pub(crate) fn readable(text: &str) -> Readable<'_> {
    let candidates = candidates(text);
    if candidates.is_empty() {
        return Readable::Whole(Cow::Borrowed(text));
    }
    // With a blank in every place that looks like one, the parser tells which of them are tags.
    let Some(tags) = tag_ends(&with_blanks(text, &candidates)) else {
        // The text is broken somewhere, or by the blanks.
        let is_left_alone =
            candidates.len() <= MAX_TRIALS && !candidates.iter().any(|at| ends_tag(text, *at));
        return match is_left_alone {
            true => Readable::Whole(Cow::Borrowed(text)),
            // What is behind a tag decides whether that comes first.
            false => Readable::Broken(without_commas(text, &candidates)),
        };
    };
    // Each place before has got a blank, too.
    let is_tag = |(before, at): &(usize, usize)| tags.binary_search(&((at + before) as u64)).is_ok();
    let real: Vec<usize> = candidates.into_iter().enumerate().filter(is_tag).map(|(_, at)| at).collect();
    if real.is_empty() {
        return Readable::Whole(Cow::Borrowed(text));
    }
    Readable::Broken(without_commas(text, &real))
}

/// Whether the parser comes to the comma at a place while it reads a tag.
fn ends_tag(text: &str, at: usize) -> bool {
    let text = format!("{}|\n", &text[..at]);
    let mut parser = reader::parser(&text);
    loop {
        match parser.parse() {
            Ok(event) if matches!(event.data, EventData::StreamEnd) => return false,
            Ok(_) => {}
            Err(error) => {
                let is_here = error.problem_mark().is_some_and(|mark| mark.index == at as u64);
                return is_here && error.context().is_some_and(|context| context.ends_with(" a tag"));
            }
        }
    }
}

/// A character that no tag can hold stands for each comma.
fn without_commas(text: &str, commas: &[usize]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for at in commas {
        out.push_str(&text[from..*at]);
        out.push('|');
        from = at + 1;
    }
    out.push_str(&text[from..]);
    out
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

/// Where nodes end that have a tag and nothing behind it, in ascending order; `None` where the text is broken or
/// nested too deeply.
fn tag_ends(text: &str) -> Option<Vec<u64>> {
    let mut parser = reader::parser(text);
    let mut ends = Vec::new();
    let mut depth = 0_usize;
    loop {
        let event = parser.parse().ok()?;
        match event.data {
            EventData::StreamEnd => return Some(ends),
            EventData::SequenceStart { .. } | EventData::MappingStart { .. } => depth += 1,
            EventData::SequenceEnd | EventData::MappingEnd => depth = depth.saturating_sub(1),
            EventData::Scalar { tag: Some(_), value, .. } if value.is_empty() => {
                ends.push(event.end_mark.index);
            }
            _ => {}
        }
        if depth > MAX_DEPTH {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_commas_behind_tags_are_taken_away() {
        for (text, broken) in [
            ("[!!str, a]", Some("[!!str| a]")),
            ("é: {!x, b: 1}", Some("é: {!x| b: 1}")),
            ("a: 'wow !x, y'\nb: [&a !!str, !y,]", Some("a: 'wow !x, y'\nb: [&a !!str| !y|]")),
            ("[!!str, {d: !!str}]", Some("[!!str| {d: !!str}]")),
            ("a: wow!,\nb: [c!, d]", None),
            ("a: 'x !y, z'", None),
            ("a: |\n  x !y, z\n", None),
            ("[!!str 1, 2]", None),
            ("- a:!:,: null", None),
            ("- a:!:,: [!x, b]", Some("- a:!:|: [!x| b]")),
        ] {
            match readable(text) {
                Readable::Whole(whole) => assert_eq!((&*whole, broken), (text, None)),
                Readable::Broken(found) => assert_eq!(Some(&*found), broken, "{text}"),
            }
        }
    }
}
