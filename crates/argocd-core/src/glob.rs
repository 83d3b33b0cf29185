//! Patterns as Argo CD matches them.
//!
//! Two grammars are in use upstream: that of gobwas/glob for addresses, clusters and namespaces, and that
//! of Go's `path/filepath.Match` for groups and kinds.

use regex::Regex;
use thiserror::Error;

/// Alternatives within alternatives are refused below this depth.
const MAX_DEPTH: usize = 16;

/// A pattern that cannot be read; it matches nothing.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{pattern:?} is no pattern: {problem}")]
pub struct GlobError {
    /// The pattern.
    pub pattern: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// A pattern for a whole text.
#[derive(Clone, Debug)]
pub struct Glob(Regex);

impl Glob {
    /// A pattern of gobwas/glob: `*` and `?` stop at the separator, `**` does not; `[a-z]`, `[!a-z]`,
    /// `{one,two}`, and `\` for the next character itself.
    ///
    /// # Errors
    /// The pattern cannot be read.
    pub fn new(pattern: &str, separator: Option<char>) -> Result<Self, GlobError> {
        Translation { pattern, separator, alternatives: true }.glob()
    }

    /// A pattern of `filepath.Match`: as above with `/` as separator, and without `**` and `{one,two}`.
    ///
    /// # Errors
    /// The pattern cannot be read.
    pub fn of_kind(pattern: &str) -> Result<Self, GlobError> {
        Translation { pattern, separator: Some('/'), alternatives: false }.glob()
    }

    /// Whether it matches the whole `text`.
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

/// Whether `pattern` matches; one that cannot be read does not.
pub(crate) fn matches(pattern: &str, text: &str, separator: Option<char>) -> bool {
    pattern == "*" || Glob::new(pattern, separator).is_ok_and(|glob| glob.matches(text))
}

/// As [`matches`] for groups and kinds.
pub(crate) fn kind_matches(pattern: &str, text: &str) -> bool {
    Glob::of_kind(pattern).is_ok_and(|glob| glob.matches(text))
}

struct Translation<'a> {
    pattern: &'a str,
    separator: Option<char>,
    alternatives: bool,
}

impl Translation<'_> {
    fn glob(&self) -> Result<Glob, GlobError> {
        let error = |problem| GlobError { pattern: self.pattern.to_owned(), problem };
        let mut out = String::from("(?s)\\A");
        let mut rest = self.pattern.chars().peekable();
        let mut depth = 0;
        while let Some(char) = rest.next() {
            match char {
                '*' => {
                    let mut crosses = false;
                    while rest.next_if_eq(&'*').is_some() {
                        crosses = self.alternatives;
                    }
                    out.push_str(&self.any(crosses));
                    out.push('*');
                }
                '?' => out.push_str(&self.any(false)),
                '[' => out.push_str(&self.class(&mut rest).ok_or_else(|| error("a [ without its ]"))?),
                '{' if self.alternatives => {
                    depth += 1;
                    if depth > MAX_DEPTH {
                        return Err(error("alternatives are nested too deeply"));
                    }
                    out.push_str("(?:");
                }
                '}' if self.alternatives && depth > 0 => {
                    depth -= 1;
                    out.push(')');
                }
                ',' if self.alternatives && depth > 0 => out.push('|'),
                '\\' => {
                    let next = rest.next().ok_or_else(|| error("it ends with a backslash"))?;
                    out.push_str(&regex::escape(next.encode_utf8(&mut [0; 4])));
                }
                char => out.push_str(&regex::escape(char.encode_utf8(&mut [0; 4]))),
            }
        }
        if depth > 0 {
            return Err(error("a { without its }"));
        }
        out.push_str("\\z");
        Regex::new(&out).map(Glob).map_err(|_| error("it is too large, or a range is the wrong way round"))
    }

    /// One character, of any kind or none that separates.
    fn any(&self, crosses: bool) -> String {
        match self.separator {
            Some(separator) if !crosses => {
                format!("[^{}]", regex::escape(separator.encode_utf8(&mut [0; 4])))
            }
            _ => ".".to_owned(),
        }
    }

    fn class(&self, rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<String> {
        let negation = if self.alternatives { '!' } else { '^' };
        let mut out = String::from("[");
        if rest.next_if_eq(&negation).is_some() {
            out.push('^');
        }
        let mut is_empty = true;
        loop {
            let char = match rest.next()? {
                ']' if !is_empty => break,
                ']' => return None,
                '-' if !is_empty && rest.peek().is_some_and(|next| *next != ']') => {
                    out.push('-');
                    continue;
                }
                '\\' => rest.next()?,
                char => char,
            };
            is_empty = false;
            out.push('\\');
            if char.is_ascii_alphanumeric() || !char.is_ascii() {
                out.pop();
            }
            out.push(char);
        }
        out.push(']');
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_addresses() {
        let rows = [
            ("https://a.example.com/*", "https://a.example.com/x", true),
            ("https://a.example.com/*", "https://a.example.com/x/y", false),
            ("https://a.example.com/**", "https://a.example.com/x/y", true),
            ("https://*.example.com/x", "https://a.example.com/x", true),
            ("https://{a,b}.example.com/x", "https://b.example.com/x", true),
            ("https://{a,b}.example.com/x", "https://c.example.com/x", false),
            ("a?c", "abc", true),
            ("a?c", "a/c", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("a.c", "abc", false),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("a", "ab", false),
            ("", "", true),
        ];
        for (pattern, text, expected) in rows {
            assert_eq!(matches(pattern, text, Some('/')), expected, "{pattern} and {text}");
        }
        assert!(matches("ns-*", "ns-a/b", None));
    }

    #[test]
    fn patterns_of_kinds() {
        let rows = [
            ("*", "Service", true),
            ("Serv*", "Service", true),
            ("{a,b}", "a", false),
            ("[^S]*", "Service", false),
            ("*", "", true),
            ("", "", true),
            ("", "apps", false),
        ];
        for (pattern, text, expected) in rows {
            assert_eq!(kind_matches(pattern, text), expected, "{pattern} and {text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        for pattern in ["[a", "{a", "a\\", "[]", "[z-a]"] {
            let error = Glob::new(pattern, None).expect_err(pattern).to_string();
            assert!(error.starts_with(&format!("{pattern:?} is no pattern")), "{error}");
        }
        assert!(Glob::new(&"{".repeat(40), None).is_err());
    }
}
