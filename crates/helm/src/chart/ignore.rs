//! `.helmignore`, with helm's own rules.

use apimachinery::filepath::{self, BadPattern};

use crate::go;

/// Why a `.helmignore` file cannot be used.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum IgnoreError {
    /// Git knows `**`, helm does not.
    #[error("double-star (**) syntax is not supported")]
    DoubleStar,
    /// A pattern that cannot be parsed.
    #[error(transparent)]
    Pattern(#[from] BadPattern),
    /// Not UTF-8 text, or a line beyond the limit of Go's scanner.
    #[error("bufio.Scanner: token too long")]
    TooLong,
}

/// What a chart folder leaves out.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    glob: String,
    negated: bool,
    only_directories: bool,
    scope: Scope,
}

/// What a pattern is compared with.
#[derive(Debug)]
enum Scope {
    /// The last element of the path.
    Name,
    /// The whole path.
    Path,
}

/// `bufio.Scanner`'s limit.
const MAX_LINE: usize = 64 * 1024;

impl Rules {
    /// The rules of a `.helmignore` file, and helm's own rule that hidden files are no templates.
    ///
    /// # Errors
    /// A line cannot be used; its number comes first, from 1.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, (usize, IgnoreError)> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let mut rules = Self::default();
        for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let added = match line.len() < MAX_LINE {
                true => rules.add(&String::from_utf8_lossy(line)),
                false => Err(IgnoreError::TooLong),
            };
            added.map_err(|error| (number + 1, error))?;
        }
        rules.add_defaults();
        Ok(rules)
    }

    /// The rules of a folder without a `.helmignore` file.
    pub(crate) fn defaults() -> Self {
        let mut rules = Self::default();
        rules.add_defaults();
        rules
    }

    fn add_defaults(&mut self) {
        self.patterns.push(Pattern {
            glob: "templates/.?*".to_owned(),
            negated: false,
            only_directories: false,
            scope: Scope::Path,
        });
    }

    fn add(&mut self, line: &str) -> Result<(), IgnoreError> {
        let rule = line.trim();
        if rule.is_empty() || rule.starts_with('#') {
            return Ok(());
        }
        if rule.contains("**") {
            return Err(IgnoreError::DoubleStar);
        }
        filepath::matches(rule, "abc")?;
        let (negated, rule) = rule.strip_prefix('!').map_or((false, rule), |rule| (true, rule));
        let (only_directories, rule) = rule.strip_suffix('/').map_or((false, rule), |rule| (true, rule));
        let (scope, glob) = match rule.strip_prefix('/') {
            Some(rule) => (Scope::Path, rule),
            None if rule.contains('/') => (Scope::Path, rule),
            None => (Scope::Name, rule),
        };
        self.patterns.push(Pattern { glob: glob.to_owned(), negated, only_directories, scope });
        Ok(())
    }

    /// Whether the entry at `path` is left out. The first pattern that decides wins, and a negated one
    /// decides at once for everything that it does *not* name: that is helm's rule, not Git's.
    pub(crate) fn ignores(&self, path: &str, is_directory: bool) -> bool {
        for pattern in &self.patterns {
            if pattern.negated {
                if (pattern.only_directories && !is_directory) || !pattern.matches(path) {
                    return true;
                }
                continue;
            }
            if (!pattern.only_directories || is_directory) && pattern.matches(path) {
                return true;
            }
        }
        false
    }
}

impl Pattern {
    fn matches(&self, path: &str) -> bool {
        let subject = match self.scope {
            Scope::Name => go::base(path),
            Scope::Path => path,
        };
        // A pattern that turns out to be malformed here matches nothing, as in helm.
        filepath::matches(&self.glob, subject).unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ignored(rules: &str, path: &str) -> bool {
        let (path, is_directory) = path.strip_suffix('/').map_or((path, false), |path| (path, true));
        Rules::parse(rules.as_bytes()).unwrap().ignores(path, is_directory)
    }

    #[test]
    fn a_pattern_without_slash_is_about_the_name() {
        assert!(ignored("*.txt", "a/b.txt"));
        assert!(!ignored("a/*.txt", "b/a/c.txt"));
        assert!(ignored("/a.txt", "a.txt"));
        assert!(!ignored("/a.txt", "b/a.txt"));
    }

    #[test]
    fn a_trailing_slash_is_about_directories() {
        assert!(ignored("a/", "x/a/"));
        assert!(!ignored("a/", "x/a"));
    }

    #[test]
    fn a_negated_pattern_leaves_out_everything_else() {
        assert!(ignored("!a.txt", "b.txt"));
        assert!(!ignored("!a.txt", "a.txt"));
        assert!(ignored("!a/", "a"));
    }

    #[test]
    fn hidden_files_are_no_templates() {
        assert!(Rules::defaults().ignores("templates/.x", false));
        assert!(!Rules::defaults().ignores("templates/a/.x", false));
    }

    #[test]
    fn what_helm_does_not_support_is_refused() {
        assert_eq!(Rules::parse(b"a/**").unwrap_err(), (1, IgnoreError::DoubleStar));
        assert_eq!(Rules::parse(b"b\n[").unwrap_err(), (2, IgnoreError::Pattern(BadPattern)));
    }
}
