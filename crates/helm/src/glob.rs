//! `.Files.Glob`: the patterns of gobwas/glob with `/` as the separator.

use regex::Regex;
use thiserror::Error;

use crate::go;

/// A compiled pattern.
pub(crate) enum Glob {
    /// A pattern that is malformed matches everything, as in helm.
    Everything,
    Pattern(Regex),
}

/// A pattern that is not compiled.
#[derive(Debug, Error)]
#[error("the pattern {} is too large for .Files.Glob: {reason}", go::quote(.pattern))]
pub(crate) struct GlobError {
    pattern: String,
    reason: TooLarge,
}

#[derive(Debug, Error)]
enum TooLarge {
    #[error("it is longer than {MAX_LENGTH} bytes")]
    Text,
    #[error(transparent)]
    Compiled(regex::Error),
}

/// The longest pattern that is compiled.
const MAX_LENGTH: usize = 4096;

impl Glob {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// It is too large.
    pub(crate) fn new(pattern: &str) -> Result<Self, GlobError> {
        let failed = |reason| GlobError { pattern: pattern.chars().take(60).collect(), reason };
        if pattern.len() > MAX_LENGTH {
            return Err(failed(TooLarge::Text));
        }
        let Some(translated) = translate(pattern) else { return Ok(Self::Everything) };
        Regex::new(&translated).map(Self::Pattern).map_err(|error| failed(TooLarge::Compiled(error)))
    }

    /// Whether the path matches.
    pub(crate) fn matches(&self, path: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Pattern(regex) => regex.is_match(path),
        }
    }
}

fn translate(pattern: &str) -> Option<String> {
    let mut out = String::from(r"(?s)\A(?:");
    let mut chars = pattern.chars().peekable();
    let mut open = 0_usize;
    while let Some(char) = chars.next() {
        match char {
            '{' => {
                open += 1;
                out.push_str("(?:");
            }
            ',' if open > 0 => out.push('|'),
            '}' if open > 0 => {
                open -= 1;
                out.push(')');
            }
            '[' => class(&mut chars, &mut out)?,
            '?' => out.push_str("[^/]"),
            '*' if chars.peek() == Some(&'*') => {
                chars.next();
                out.push_str(".*");
            }
            '*' => out.push_str("[^/]*"),
            '\\' => {
                if let Some(escaped) = chars.next() {
                    out.push_str(&regex::escape(escaped.encode_utf8(&mut [0; 4])));
                }
            }
            other => out.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    out.extend(std::iter::repeat_n(')', open));
    out.push_str(r")\z");
    Some(out)
}

/// A list of characters or one range; `!` negates.
fn class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) -> Option<()> {
    out.push('[');
    if chars.peek() == Some(&'!') {
        chars.next();
        out.push('^');
    }
    let first = chars.next()?;
    if chars.peek() == Some(&'-') {
        chars.next();
        let last = chars.next()?;
        if last < first || chars.next()? != ']' {
            return None;
        }
        out.push_str(&format!("\\u{{{:x}}}-\\u{{{:x}}}]", u32::from(first), u32::from(last)));
        return Some(());
    }
    let mut at = Some(first);
    let mut empty = true;
    loop {
        match at? {
            ']' if empty => return None,
            ']' => break,
            '\\' => {
                let escaped = chars.next()?;
                out.push_str(&format!("\\u{{{:x}}}", u32::from(escaped)));
            }
            other => out.push_str(&format!("\\u{{{:x}}}", u32::from(other))),
        }
        empty = false;
        at = chars.next();
    }
    out.push(']');
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_gobwas_glob_does() {
        for (pattern, path, wanted) in [
            ("*.txt", "a.txt", true),
            ("*.txt", "a/b.txt", false),
            ("**.txt", "a/b.txt", true),
            ("a/**", "a/b/c", true),
            ("{a,b}/*.{yaml,yml}", "b/x.yml", true),
            ("{a,b}/*.{yaml,yml}", "c/x.yml", false),
            ("a?c", "a/c", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[abc]x", "cx", true),
            ("a\\*", "a*", true),
            ("[", "anything", true),
        ] {
            assert_eq!(Glob::new(pattern).unwrap().matches(path), wanted, "{pattern} {path}");
        }
    }
    #[test]
    fn a_pattern_that_is_too_large_is_refused() {
        let long = Glob::new(&"a".repeat(5000)).err().unwrap();
        assert!(long.to_string().ends_with("is too large for .Files.Glob: it is longer than 4096 bytes"));
    }
}
