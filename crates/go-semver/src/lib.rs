//! Versions and constraints with the semantics of Masterminds semver v3.5, which Helm, sprig and Flux share.
//!
//! No library of Rust has them: a version may lack parts and start with `v`, constraints know wildcards,
//! spaces, commas, hyphen ranges and `||`, and a pre-release only matches a constraint that names one.
//!
//! **Invariants.** No IO. Versions and constraints are limited in length, and so is the time to read them.

use std::cmp::Ordering;
use std::fmt;

use thiserror::Error;

mod constraint;

pub use constraint::{Constraints, is_compatible};

/// The longest version that is read.
const MAX_VERSION: usize = 256;

/// A version, as complete as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Major.
    pub major: u64,
    /// Minor.
    pub minor: u64,
    /// Patch.
    pub patch: u64,
    /// What follows `-`.
    pub pre: String,
    /// What follows `+`.
    pub metadata: String,
    /// As it was written.
    pub original: String,
}

/// Why a text is no version or no constraint.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SemverError {
    /// Not a version.
    #[error("invalid semantic version")]
    Invalid,
    /// Nothing there.
    #[error("version string empty")]
    Empty,
    /// A version of unreasonable length.
    #[error("version string is too long (max {MAX_VERSION} bytes)")]
    TooLong,
    /// Not only digits where they must be.
    #[error("invalid characters in version")]
    Characters,
    /// A number with a leading zero.
    #[error("version segment starts with 0")]
    LeadingZero,
    /// A number beyond 64 bits.
    #[error("error parsing version segment: strconv.ParseUint: parsing \"{0}\": value out of range")]
    Range(String),
    /// A pre-release that is none.
    #[error("invalid prerelease string")]
    Prerelease,
    /// Metadata that is none.
    #[error("invalid metadata string")]
    Metadata,
    /// Not a constraint.
    #[error("improper constraint: {0:?}")]
    Improper(String),
    /// A constraint whose version is none.
    #[error("constraint parser error")]
    Constraint,
    /// A constraint of unreasonable length.
    #[error("constraint string is too long (max {} bytes)", constraint::MAX_LENGTH)]
    ConstraintTooLong,
    /// A constraint of unreasonably many parts.
    #[error("too many constraint groups (max {})", constraint::MAX_GROUPS)]
    TooManyGroups,
}

impl Version {
    /// Reads a version as `NewVersion` does: parts may be missing, `v` may lead.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, SemverError> {
        if text.len() > MAX_VERSION {
            return Err(SemverError::TooLong);
        }
        let scanned = scan(text.strip_prefix('v').unwrap_or(text), |char| char.is_ascii_digit())
            .filter(|scanned| scanned.rest.is_empty())
            .ok_or(SemverError::Invalid)?;
        check_prerelease(scanned.pre)?;
        let number = |text: Option<&str>| match text {
            None => Ok(0),
            Some(text) => text.parse().map_err(|_| SemverError::Range(text.to_owned())),
        };
        Ok(Self {
            major: number(Some(scanned.major))?,
            minor: number(scanned.minor)?,
            patch: number(scanned.patch)?,
            pre: scanned.pre.unwrap_or_default().to_owned(),
            metadata: scanned.metadata.unwrap_or_default().to_owned(),
            original: text.to_owned(),
        })
    }

    /// Reads a version as `StrictNewVersion` does: exactly as SemVer 2 has it.
    ///
    /// # Errors
    /// It is none.
    pub fn parse_strict(text: &str) -> Result<Self, SemverError> {
        if text.is_empty() {
            return Err(SemverError::Empty);
        }
        if text.len() > MAX_VERSION {
            return Err(SemverError::TooLong);
        }
        let parts: Vec<&str> = text.splitn(3, '.').collect();
        let [major, minor, last] = parts[..] else { return Err(SemverError::Invalid) };
        let (last, metadata) = last.split_once('+').map_or((last, None), |(last, text)| (last, Some(text)));
        check_metadata(metadata)?;
        let (last, pre) = last.split_once('-').map_or((last, None), |(last, text)| (last, Some(text)));
        check_prerelease(pre)?;
        for part in [major, minor, last] {
            if !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(SemverError::Characters);
            }
            if part.len() > 1 && part.starts_with('0') {
                return Err(SemverError::LeadingZero);
            }
        }
        let number = |text: &str| text.parse().map_err(|_| SemverError::Range(text.to_owned()));
        Ok(Self {
            major: number(major)?,
            minor: number(minor)?,
            patch: number(last)?,
            pre: pre.unwrap_or_default().to_owned(),
            metadata: metadata.unwrap_or_default().to_owned(),
            original: text.to_owned(),
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.pre.is_empty() {
            write!(f, "-{}", self.pre)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

/// The order of precedence; metadata does not count.
pub fn compare(a: &Version, b: &Version) -> Ordering {
    (a.major, a.minor, a.patch).cmp(&(b.major, b.minor, b.patch)).then_with(|| {
        match (a.pre.is_empty(), b.pre.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => compare_prereleases(&a.pre, &b.pre),
        }
    })
}

fn compare_prereleases(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (Some(_), None) => Ordering::Greater,
            (None, Some(_)) => Ordering::Less,
            (Some(one), Some(other)) => match (one.parse::<u64>(), other.parse::<u64>()) {
                (Ok(one), Ok(other)) => one.cmp(&other),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => one.cmp(other),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// The parts of a loosely written version at the start of a text.
struct Scanned<'a> {
    major: &'a str,
    minor: Option<&'a str>,
    patch: Option<&'a str>,
    pre: Option<&'a str>,
    metadata: Option<&'a str>,
    rest: &'a str,
}

/// Reads as much as a leftmost-first regular expression would: every optional part that is there.
fn scan(text: &str, is_part: fn(char) -> bool) -> Option<Scanned<'_>> {
    let (major, rest) = run(text, is_part)?;
    let (minor, rest) = after('.', rest, is_part);
    // The next group also matches where the one before it did not, but then there is no dot left.
    let (patch, rest) = after('.', rest, is_part);
    let (pre, rest) = identifiers('-', rest);
    let (metadata, rest) = identifiers('+', rest);
    Some(Scanned { major, minor, patch, pre, metadata, rest })
}

fn run(text: &str, is_part: impl Fn(char) -> bool) -> Option<(&str, &str)> {
    let end = text.find(|char| !is_part(char)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

fn after(mark: char, text: &str, is_part: fn(char) -> bool) -> (Option<&str>, &str) {
    match text.strip_prefix(mark).and_then(|rest| run(rest, is_part)) {
        Some((part, rest)) => (Some(part), rest),
        None => (None, text),
    }
}

/// Dot-separated identifiers after a mark.
fn identifiers(mark: char, text: &str) -> (Option<&str>, &str) {
    let is_part = |char: char| char.is_ascii_alphanumeric() || char == '-';
    let Some(start) = text.strip_prefix(mark) else { return (None, text) };
    let Some((_, mut rest)) = run(start, is_part) else { return (None, text) };
    while let Some((_, more)) = rest.strip_prefix('.').and_then(|rest| run(rest, is_part)) {
        rest = more;
    }
    (Some(&start[..start.len() - rest.len()]), rest)
}

fn check_prerelease(text: Option<&str>) -> Result<(), SemverError> {
    for part in text.into_iter().flat_map(|text| text.split('.')) {
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(SemverError::Prerelease);
        }
        if part.len() > 1 && part.starts_with('0') && part.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SemverError::LeadingZero);
        }
    }
    Ok(())
}

fn check_metadata(text: Option<&str>) -> Result<(), SemverError> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_broken = |part: &str| part.is_empty() || !part.bytes().all(is_part);
    if text.into_iter().flat_map(|text| text.split('.')).any(is_broken) {
        return Err(SemverError::Metadata);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_may_be_incomplete() {
        for (text, wanted) in
            [("v1", "1.0.0"), ("1.2", "1.2.0"), ("1.2.3-a.1+b", "1.2.3-a.1+b"), ("01.2", "1.2.0")]
        {
            assert_eq!(Version::parse(text).unwrap().to_string(), wanted, "{text}");
        }
        for text in ["", "a", "1.", "1.2.3.4", "1.2.3-", "1.2.3-01", "v", "1.2.3+", "1-a..b"] {
            Version::parse(text).expect_err(text);
        }
        assert_eq!(Version::parse_strict("1.2"), Err(SemverError::Invalid));
        assert_eq!(Version::parse_strict("v1.2.3"), Err(SemverError::Characters));
    }

    #[test]
    fn precedence_is_semver_s() {
        let order =
            ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0"];
        for pair in order.windows(2) {
            let [one, other] = [pair[0], pair[1]].map(|text| Version::parse(text).unwrap());
            assert_eq!(compare(&one, &other), Ordering::Less, "{pair:?}");
        }
    }
}
