//! Words and cases, as goutils and xstrings see them.

use super::arguments::*;
use crate::runes;

fn rune(char: char) -> i32 {
    u32::from(char).cast_signed()
}

/// `goutils.Uncapitalize`: the first letter of each word.
pub(super) fn uncapitalize(text: &[u8]) -> Vec<u8> {
    let mut is_next = true;
    runes::map(text, |char| {
        if runes::is_space(rune(char)) {
            is_next = true;
            char
        } else if std::mem::take(&mut is_next) {
            runes::to_lower(char)
        } else {
            char
        }
    })
}

/// `goutils.SwapCase`
pub(super) fn swap_case(text: &[u8]) -> Vec<u8> {
    let mut is_first = true;
    runes::map(text, |char| {
        if char.is_uppercase() || runes::is_title(char) {
            is_first = false;
            runes::to_lower(char)
        } else if char.is_lowercase() {
            if std::mem::take(&mut is_first) { runes::to_title(char) } else { runes::to_upper(char) }
        } else {
            is_first = runes::is_space(rune(char));
            char
        }
    })
}

/// `goutils.DeleteWhiteSpace`: byte by byte, so that other bytes than ASCII become runes of their own.
pub(super) fn delete_white_space(text: &[u8]) -> Vec<u8> {
    if !text.iter().any(|byte| runes::is_space(i32::from(*byte))) {
        return text.to_vec();
    }
    let mut out = Vec::with_capacity(text.len());
    for byte in text.iter().filter(|byte| !runes::is_space(i32::from(**byte))) {
        runes::push(&mut out, char::from(*byte));
    }
    out
}

/// `goutils.Initials`, byte by byte.
pub(super) fn initials(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut was_gap = true;
    for byte in text {
        if runes::is_space(i32::from(*byte)) {
            was_gap = true;
        } else if std::mem::take(&mut was_gap) {
            runes::push(&mut out, char::from(*byte));
        }
    }
    out
}

/// `goutils.WrapCustom`
pub(super) fn wrap(
    run: &mut Run<'_>,
    text: &[u8],
    width: i64,
    line_break: &[u8],
    breaks_words: bool,
) -> Outcome {
    let line_break = if line_break.is_empty() { &b"\n"[..] } else { line_break };
    let width = usize::try_from(width).unwrap_or(0).max(1);
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while text.len() - at > width {
        if text[at] == b' ' {
            at += 1;
            continue;
        }
        let space = text[at..at + width + 1].iter().rposition(|byte| *byte == b' ');
        let (end, next) = match space {
            Some(space) => (at + space, at + space + 1),
            None if breaks_words => (at + width, at + width),
            None => match memchr::memchr(b' ', &text[at + width..]) {
                Some(space) => (at + width + space, at + width + space + 1),
                None => {
                    out.extend_from_slice(&text[at..]);
                    at = text.len();
                    break;
                }
            },
        };
        run.charge(end - at + line_break.len())?;
        out.extend_from_slice(&text[at..end]);
        out.extend_from_slice(line_break);
        at = next;
    }
    out.extend_from_slice(&text[at..]);
    paid(run, out)
}

fn is_connector(char: char) -> bool {
    char == '-' || char == '_' || runes::is_space(rune(char))
}

/// `xstrings.ToPascalCase`
pub(super) fn pascal_case(text: &[u8]) -> Vec<u8> {
    let chars = runes::chars(text);
    let mut out = Vec::with_capacity(text.len());
    let mut rest = chars.iter().copied();
    let mut current = None;
    for char in rest.by_ref() {
        if !is_connector(char) {
            current = Some(char);
            break;
        }
        runes::push(&mut out, char);
    }
    let Some(first) = current else {
        // Of connectors alone, the last one comes twice.
        if let Some(last) = chars.last() {
            runes::push(&mut out, *last);
        }
        return out;
    };
    let mut is_first_upper = first.is_uppercase();
    let mut current = runes::to_upper(first);
    for next in rest {
        let before = std::mem::replace(&mut current, next);
        if is_connector(next) && is_connector(before) {
            runes::push(&mut out, before);
        } else if is_connector(before) {
            is_first_upper = next.is_uppercase();
            current = runes::to_upper(next);
        } else {
            if is_first_upper {
                if next.is_uppercase() {
                    current = runes::to_lower(next);
                } else {
                    is_first_upper = false;
                }
            }
            runes::push(&mut out, before);
        }
    }
    runes::push(&mut out, current);
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    None,
    Number,
    Upper,
    Alphabet,
    Connector,
    Punct,
    Other,
}

fn class(char: char) -> Word {
    if is_connector(char) {
        Word::Connector
    } else if runes::is_punct(char) {
        Word::Punct
    } else if char.is_uppercase() {
        Word::Upper
    } else if is_alphabet(char) {
        Word::Alphabet
    } else if runes::is_number(char) {
        Word::Number
    } else {
        Word::Other
    }
}

/// `xstrings.isAlphabet`: letters but the common Chinese characters.
fn is_alphabet(char: char) -> bool {
    runes::is_letter(rune(char))
        && !matches!(u32::from(char), 0x4E00..=0x9FCC | 0x3400..=0x4D85 | 0x20000..=0x2B81D)
}

/// The next word and what it is.
fn next_word<'a>(rest: &mut &'a [char]) -> (Word, &'a [char]) {
    let text = *rest;
    let Some(first) = text.first() else { return (Word::None, text) };
    let kind = class(*first);
    let run_of =
        |belongs: &dyn Fn(char) -> bool| 1 + text[1..].iter().take_while(|char| belongs(**char)).count();
    let lower = |char: char| is_alphabet(char) && !char.is_uppercase();
    let length = match kind {
        Word::Upper => match text.get(1) {
            Some(second) if second.is_uppercase() => {
                let length = run_of(&char::is_uppercase);
                // "HTTPStatus" is "HTTP" and "Status".
                let goes_on = text.get(length).is_some_and(|char| is_alphabet(*char));
                if goes_on { length - 1 } else { length }
            }
            Some(second) if is_alphabet(*second) => run_of(&lower),
            _ => 1,
        },
        Word::Alphabet => run_of(&lower),
        Word::Other => run_of(&|char| class(char) == Word::Other),
        kind => run_of(&|char| class(char) == kind),
    };
    *rest = &text[length..];
    (kind, &text[..length])
}

fn put(out: &mut Vec<u8>, kind: Word, word: &[char], connector: char) {
    for char in word {
        let is_changed = matches!(kind, Word::Upper | Word::Connector);
        let char = match *char {
            char if is_changed && is_connector(char) => connector,
            char if is_changed && char.is_uppercase() => runes::to_lower(char),
            char => char,
        };
        runes::push(out, char);
    }
}

/// `xstrings.ToSnakeCase` and `ToKebabCase`.
pub(super) fn lower_case(text: &[u8], connector: char) -> Vec<u8> {
    let chars = runes::chars(text);
    let mut rest = chars.as_slice();
    let mut out = Vec::with_capacity(text.len());
    let (mut kind, mut word) = next_word(&mut rest);
    while !rest.is_empty() {
        if kind != Word::Connector {
            put(&mut out, kind, word, connector);
        }
        let (before, last) = (kind, word);
        (kind, word) = next_word(&mut rest);
        match before {
            Word::Number => (kind, word) = put_alphanumeric(&mut out, kind, word, &mut rest, connector),
            Word::Connector => put(&mut out, before, last, connector),
            Word::Punct => {}
            _ if kind == Word::Number => {
                if rest.is_empty() {
                    continue;
                }
                let number = word;
                (kind, word) = next_word(&mut rest);
                if kind == Word::Alphabet {
                    // Lower case letters after a number belong to it: "HTTP2xx" is "http_2xx".
                    runes::push(&mut out, connector);
                    put(&mut out, Word::Number, number, connector);
                    (kind, word) = put_alphanumeric(&mut out, kind, word, &mut rest, connector);
                } else {
                    put(&mut out, Word::Number, number, connector);
                    if !matches!(kind, Word::Connector | Word::Punct) {
                        runes::push(&mut out, connector);
                    }
                }
            }
            _ if !matches!(kind, Word::Connector | Word::Punct) => runes::push(&mut out, connector),
            _ => {}
        }
    }
    put(&mut out, kind, word, connector);
    out
}

/// Letters and numbers that follow without a connector; gives the word behind them.
fn put_alphanumeric<'a>(
    out: &mut Vec<u8>,
    mut kind: Word,
    mut word: &'a [char],
    rest: &mut &'a [char],
    connector: char,
) -> (Word, &'a [char]) {
    while matches!(kind, Word::Alphabet | Word::Number) {
        put(out, kind, word, connector);
        (kind, word) = next_word(rest);
    }
    if !matches!(kind, Word::None | Word::Punct | Word::Connector) {
        runes::push(out, connector);
    }
    (kind, word)
}
