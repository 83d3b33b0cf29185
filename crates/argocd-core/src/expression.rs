//! Regular expressions of settings: written for Go, read with Go's meaning.
//!
//! Source of the rules: RE2's syntax as Go documents it. What the two languages spell alike and mean differently is
//! rewritten where that is simple, and refused otherwise.

use regex::Regex;
use std::iter::Peekable;
use std::str::Chars;
use thiserror::Error;

/// Why an expression is not accepted.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum ExpressionError {
    /// Go would read it, and in another way than is possible here.
    #[error("a regular expression with {0} is not supported")]
    Unsupported(&'static str),
    /// It is none.
    #[error("a regular expression cannot be read")]
    Invalid,
}

/// Reads an expression; it may match a part of a text.
///
/// # Errors
/// See [`ExpressionError`].
pub(crate) fn parse(text: &str) -> Result<Regex, ExpressionError> {
    let mut reader = Reader { rest: text.chars().peekable(), out: String::with_capacity(text.len()) };
    while let Some(character) = reader.rest.next() {
        match character {
            '\\' => reader.escape(false)?,
            '[' => reader.class()?,
            '(' => reader.group()?,
            '{' if reader.rest.peek() == Some(&',') => {
                return Err(ExpressionError::Unsupported("a repetition without a lower bound"));
            }
            other => reader.out.push(other),
        }
    }
    Regex::new(&reader.out).map_err(|_| ExpressionError::Invalid)
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    out: String,
}

impl Reader<'_> {
    /// Digits, words and spaces are those of ASCII.
    fn escape(&mut self, is_in_class: bool) -> Result<(), ExpressionError> {
        let escaped = self.rest.next().ok_or(ExpressionError::Invalid)?;
        let ascii = match escaped {
            'd' => "[0-9]",
            'D' => "[^0-9]",
            'w' => "[0-9A-Za-z_]",
            'W' => "[^0-9A-Za-z_]",
            's' => "[\\t\\n\\f\\r ]",
            'S' => "[^\\t\\n\\f\\r ]",
            'b' if !is_in_class => "(?-u:\\b)",
            'B' if !is_in_class => "(?-u:\\B)",
            'Q' | 'C' => return Err(ExpressionError::Unsupported("\\Q or \\C")),
            '<' | '>' => {
                self.out.push(escaped);
                return Ok(());
            }
            other => {
                self.out.extend(['\\', other]);
                return Ok(());
            }
        };
        self.out.push_str(ascii);
        Ok(())
    }

    /// A bracket in a class is a character like others, unless it names a class; so are signs that come twice.
    fn class(&mut self) -> Result<(), ExpressionError> {
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let mut is_first = true;
        loop {
            let character = self.rest.next().ok_or(ExpressionError::Invalid)?;
            match character {
                ']' if !is_first => {
                    self.out.push(']');
                    return Ok(());
                }
                '\\' => self.escape(true)?,
                '[' if self.rest.peek() == Some(&':') => {
                    self.out.push('[');
                    self.until_named()?;
                }
                '[' | ']' | '&' | '~' => self.out.extend(['\\', character]),
                '-' if self.rest.peek() == Some(&'-') => {
                    return Err(ExpressionError::Unsupported("two dashes in a class"));
                }
                other => self.out.push(other),
            }
            is_first = false;
        }
    }

    fn until_named(&mut self) -> Result<(), ExpressionError> {
        for character in self.rest.by_ref() {
            self.out.push(character);
            if character == ']' {
                return Ok(());
            }
        }
        Err(ExpressionError::Invalid)
    }

    /// Flags that Go does not have mean something here.
    fn group(&mut self) -> Result<(), ExpressionError> {
        self.out.push('(');
        if self.rest.next_if_eq(&'?').is_none() {
            return Ok(());
        }
        self.out.push('?');
        while let Some(flag) = self.rest.next_if(|next| next.is_ascii_alphabetic() || *next == '-') {
            if flag == 'P' {
                self.out.push(flag);
                return Ok(());
            }
            if !matches!(flag, 'i' | 'm' | 's' | 'U' | '-') {
                return Err(ExpressionError::Invalid);
            }
            self.out.push(flag);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_mean_what_they_mean_in_go() {
        for (expression, text, expected) in [
            ("^team-[a-c]/", "team-b/x", true),
            ("^\\d+$", "12", true),
            ("^\\d+$", "١٢", false),
            ("^\\w+$", "ä", false),
            ("^[\\w-]+$", "a-b", true),
            ("^[^\\d]$", "١", true),
            ("\\bteam\\b", "my team", true),
            ("\\bx", "äx", true),
            ("\\<a\\>", "<a>", true),
            ("[[]", "[", true),
            ("[]a]", "]", true),
            ("^[a&&b]+$", "a&b", true),
            ("[[:digit:]]", "7", true),
            ("(?i)TEAM", "team", true),
            ("(?P<n>a)b", "ab", true),
            ("(?:a|b)c", "bc", true),
        ] {
            assert_eq!(parse(expression).expect(expression).is_match(text), expected, "{expression} {text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for expression in
            ["[x", "(", "a{,3}", "\\Qa\\E", "(?x) a", "(?u)a", "a(?=b)", "[a--c]", "\\", "(a)\\1"]
        {
            assert!(parse(expression).is_err(), "{expression}");
        }
    }
}
