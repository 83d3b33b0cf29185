//! What is known to differ.

use std::collections::BTreeMap;

use crate::exchange::folder;

/// What is expected of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expectation {
    Equal,
    Differs,
}

/// Lines `<scenario>/<step>/<file> <reason>`; a name may end with a star.
pub(crate) struct Expectations(BTreeMap<String, String>);

impl Expectations {
    pub(crate) fn read() -> Self {
        let text = std::fs::read_to_string(folder().join("expectations.txt")).expect("expectations");
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let entry = |line: &str| {
            let (name, reason) = line.split_once(' ').expect(line);
            (name.to_owned(), reason.to_owned())
        };
        Self(lines.map(entry).collect())
    }

    pub(crate) fn of(&self, name: &str) -> Expectation {
        let is_listed = self.0.keys().any(|pattern| fits(pattern, name));
        if is_listed { Expectation::Differs } else { Expectation::Equal }
    }

    /// Lines that are about nothing.
    pub(crate) fn unknown(&self, seen: &[String]) -> Vec<String> {
        let is_unknown = |pattern: &&String| !seen.iter().any(|name| fits(pattern, name));
        self.0
            .keys()
            .filter(is_unknown)
            .map(|pattern| format!("{pattern} is listed and was not seen"))
            .collect()
    }
}

fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, after)) => name.starts_with(before) && name.ends_with(after),
    }
}
