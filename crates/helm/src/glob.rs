//! `.Files.Glob`: the patterns of gobwas/glob with `/` as the separator.

use regex::Regex;

/// A compiled pattern.
pub(crate) struct Glob(Option<Regex>);

/// The longest pattern that is compiled; a longer one is no pattern.
const MAX_LENGTH: usize = 4096;

impl Glob {
    /// Compiles a pattern. One that is malformed matches everything, as in helm.
    pub(crate) fn new(pattern: &str) -> Self {
        let regex = if pattern.len() > MAX_LENGTH { None } else { translate(pattern) };
        Self(regex.and_then(|regex| Regex::new(&regex).ok()))
    }

    /// Whether the path matches.
    pub(crate) fn matches(&self, path: &str) -> bool {
        self.0.as_ref().is_none_or(|regex| regex.is_match(path))
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
            assert_eq!(Glob::new(pattern).matches(path), wanted, "{pattern} {path}");
        }
    }
}
