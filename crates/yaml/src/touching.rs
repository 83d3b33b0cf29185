//! Tags that touch the comma behind them, as in `[!!str, a]`, which the parser cannot read.

use std::borrow::Cow;

use libyaml_safer::EventData;

use crate::document::MAX_DEPTH;
use crate::reader;

/// So many commas that are no tag's may break a text when a blank is put before them.
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
    let mut candidates = candidates(text);
    if candidates.is_empty() {
        return Readable::Whole(Cow::Borrowed(text));
    }
    for _ in 0..MAX_TRIALS {
        // With a blank in every place that looks like one, the parser tells which of them are tags.
        let broken_at = match tag_ends(&with_blanks(text, &candidates)) {
            Ok(tags) => return by_tags(text, candidates, &tags),
            Err(Some(place)) => place,
            Err(None) => break,
        };
        // The text is broken there, or by the blank before.
        let is_before = |(before, at): &(usize, &usize)| (**at + before) as u64 <= broken_at;
        let Some((last, _)) = candidates.iter().enumerate().rfind(is_before) else { break };
        if ends_tag(text, &candidates[..last], candidates[last]) {
            break;
        }
        candidates.remove(last);
    }
    // What is behind a tag decides whether that comes first.
    Readable::Broken(without_commas(text, &candidates))
}

/// Takes the commas away where tags end.
fn by_tags<'a>(text: &'a str, candidates: Vec<usize>, tags: &[u64]) -> Readable<'a> {
    // Each place before has got a blank, too.
    let is_tag = |(before, at): &(usize, usize)| tags.binary_search(&((at + before) as u64)).is_ok();
    let real: Vec<usize> = candidates.into_iter().enumerate().filter(is_tag).map(|(_, at)| at).collect();
    match real.is_empty() {
        true => Readable::Whole(Cow::Borrowed(text)),
        false => Readable::Broken(without_commas(text, &real)),
    }
}

/// Whether the parser comes to the comma at a place while it reads a tag; places before get blanks.
fn ends_tag(text: &str, before: &[usize], at: usize) -> bool {
    let text = format!("{}|\n", with_blanks(&text[..at], before));
    let mut parser = reader::parser(&text);
    loop {
        match parser.parse() {
            Ok(event) if matches!(event.data, EventData::StreamEnd) => return false,
            Ok(_) => {}
            Err(error) => {
                let at = (at + before.len()) as u64;
                let is_here = error.problem_mark().is_some_and(|mark| mark.index == at);
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

/// Where nodes end that have a tag and nothing behind it, in ascending order. The error is the place where the text is
/// broken; none where it is nested too deeply.
fn tag_ends(text: &str) -> Result<Vec<u64>, Option<u64>> {
    let mut parser = reader::parser(text);
    let mut ends = Vec::new();
    let mut depth = 0_usize;
    loop {
        let event = parser.parse().map_err(|error| error.problem_mark().map(|mark| mark.index))?;
        match event.data {
            EventData::StreamEnd => return Ok(ends),
            EventData::SequenceStart { .. } | EventData::MappingStart { .. } => depth += 1,
            EventData::SequenceEnd | EventData::MappingEnd => depth = depth.saturating_sub(1),
            EventData::Scalar { tag: Some(_), value, .. } if value.is_empty() => {
                ends.push(event.end_mark.index);
            }
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_tag_is_none_however_often() {
        let text = format!("{}- a:!:,: null\n", "- \"x !y, z\"\n".repeat(100));
        assert!(matches!(readable(&text), Readable::Whole(whole) if whole == text));
    }

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
            ("- a:!:,: [!x, b]", Some("- a:!:,: [!x| b]")),
        ] {
            match readable(text) {
                Readable::Whole(whole) => assert_eq!((&*whole, broken), (text, None)),
                Readable::Broken(found) => assert_eq!(Some(&*found), broken, "{text}"),
            }
        }
    }
}
