//! Escapes of double-quoted texts that the parser and go-yaml do not have in common: Go knows `\'`, and no `\/`.

use std::borrow::Cow;

use crate::document::BREAKS;
use crate::{Error, Mark};

/// What both say of an escape that they do not know.
pub(crate) const UNKNOWN: &str = "found unknown escape character";

/// Bytes that are read again because of such escapes, each of which is found by reading up to it.
const MAX_READ: usize = 16 << 20;

/// Reads, and reads again without the backslash of `\'` wherever the parser stumbles over one.
pub(crate) fn read<T>(mut text: Cow<'_, str>, read: impl Fn(&str) -> Result<T, Error>) -> Result<T, Error> {
    let mut left = MAX_READ;
    loop {
        let outcome = read(&text);
        let Err(Error::Syntax { mark, problem, .. }) = &outcome else { return outcome };
        let Some(at) = (problem == UNKNOWN).then(|| offset(&text, *mark)).flatten() else { return outcome };
        if !text[at..].starts_with("\\'") || left < text.len() {
            return outcome;
        }
        left -= text.len();
        text = Cow::Owned(without_backslashes(&text, at));
    }
}

/// Where a mark is in the text.
fn offset(text: &str, mark: Mark) -> Option<usize> {
    let mut line = text;
    for _ in 1..mark.line {
        let end = line.find(BREAKS)?;
        let is_pair = line[end..].starts_with("\r\n");
        line = &line[end..];
        line = &line[if is_pair { 2 } else { line.chars().next()?.len_utf8() }..];
    }
    let column = usize::try_from(mark.column).ok()?.checked_sub(1)?;
    let (at, _) = line.char_indices().nth(column)?;
    Some(text.len() - line.len() + at)
}

/// The text without the backslash of each `\'` from a place within a double-quoted text to its end.
fn without_backslashes(text: &str, at: usize) -> String {
    let mut out = text[..at].to_owned();
    let mut rest = text[at..].chars();
    while let Some(char) = rest.next() {
        let escaped = if char == '\\' { rest.next() } else { None };
        match (char, escaped) {
            ('\\', Some('\'')) => out.push('\''),
            ('"', _) => {
                out.push(char);
                break;
            }
            _ => out.extend([Some(char), escaped].into_iter().flatten()),
        }
    }
    out + rest.as_str()
}

/// Where `\/` is in a double-quoted text as it is written.
pub(crate) fn slash(quoted: &str) -> Option<usize> {
    let mut chars = quoted.char_indices();
    while let Some((at, char)) = chars.next() {
        if char == '\\' && chars.next().is_some_and(|(_, escaped)| escaped == '/') {
            return Some(at);
        }
    }
    None
}
