//! Version ranges with the meaning that Masterminds/semver 3 gives them, which is Flux's.

use std::cmp::Ordering;
use std::fmt;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// A version in a range, each part perhaps `x`; eight groups, of which 1, 2 and 3 are the numbers and 4 is the
/// pre-release with its dash.
const PARTIAL: &str = r"v?([0-9|xX*]+)(\.[0-9|xX*]+)?(\.[0-9|xX*]+)?(-([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?(\+([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?";
const OPERATORS: &str = r"=||!=|>|<|>=|=>|<=|=<|~|~>|\^";
const VERSION: &str = r"^v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*))?(?:\+[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*)?$";

const MAX_LENGTH: usize = 512;
const MAX_ALTERNATIVES: usize = 32;

/// A range such as `>=1.0.0 <2.0.0` or `1.x || ~2.3`.
#[derive(Debug, Clone)]
pub struct Range {
    text: String,
    alternatives: Vec<Vec<Bound>>,
}

/// Why a text is no range, in upstream's words (which "semver parse error: " precedes in Flux).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// Some part is not of the form operator and version.
    #[error("improper constraint: {0:?}")]
    Improper(String),
    /// A number is too large, or not one.
    #[error("constraint parser error")]
    Version,
    /// Too long to be honest.
    #[error("constraint string is too long (max {MAX_LENGTH} bytes)")]
    TooLong,
    /// Too many alternatives.
    #[error("too many constraint groups (max {MAX_ALTERNATIVES})")]
    TooMany,
}

#[derive(Debug, Clone)]
struct Bound {
    operator: Operator,
    version: Version,
    /// The first part that is `x` or absent.
    open: Open,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Same,
    Other,
    Above,
    Below,
    AtLeast,
    AtMost,
    Tilde,
    Caret,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    Patch,
    Minor,
    Major,
}

/// Built once; the patterns are constants, which a test compiles.
struct Patterns {
    hyphen: Regex,
    bound: Regex,
    bounds: Regex,
    all: Regex,
    version: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    let compile = |pattern: String| Regex::new(&pattern).ok();
    Some(Patterns {
        hyphen: compile(format!(r"\s*({PARTIAL})\s+-\s+({PARTIAL})\s*"))?,
        bound: compile(format!(r"^\s*({OPERATORS})\s*({PARTIAL})\s*$"))?,
        bounds: compile(format!(r"({OPERATORS})\s*({PARTIAL})"))?,
        all: compile(format!(
            r"^(\s*({OPERATORS})\s*({PARTIAL})\s*)((?:\s+|,\s*)({OPERATORS})\s*({PARTIAL})\s*)*$"
        ))?,
        version: compile(VERSION.to_owned())?,
    })
});

impl Range {
    /// # Errors
    /// When the text is no range.
    pub fn parse(text: &str) -> Result<Self, RangeError> {
        if text.len() > MAX_LENGTH {
            return Err(RangeError::TooLong);
        }
        let patterns = PATTERNS.as_ref().ok_or(RangeError::Version)?;
        let hyphens = |found: &Captures<'_>| format!(">= {}, <= {} ", &found[1], &found[11]);
        let plain = patterns.hyphen.replace_all(text, hyphens);
        let alternatives: Vec<&str> = plain.split("||").collect();
        if alternatives.len() > MAX_ALTERNATIVES {
            return Err(RangeError::TooMany);
        }
        let parse = |alternative: &str| {
            if !patterns.all.is_match(alternative) {
                return Err(RangeError::Improper(alternative.to_owned()));
            }
            patterns
                .bounds
                .find_iter(alternative)
                .map(|found| Bound::parse(patterns, found.as_str()))
                .collect()
        };
        let alternatives = alternatives.into_iter().map(parse).collect::<Result<_, _>>()?;
        Ok(Range { text: text.to_owned(), alternatives })
    }

    /// Whether the version is in the range; a pre-release only is where a bound of its alternative names one.
    pub(crate) fn contains(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|bounds| {
            let pre_releases = bounds.iter().any(|bound| !bound.version.pre_release.is_empty());
            (pre_releases || version.pre_release.is_empty())
                && bounds.iter().all(|bound| bound.allows(version))
        })
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Bound {
    fn parse(patterns: &Patterns, text: &str) -> Result<Self, RangeError> {
        let found = patterns.bound.captures(text).ok_or_else(|| RangeError::Improper(text.to_owned()))?;
        let group = |number| found.get(number).map_or("", |found| found.as_str());
        let open = |part: &str| matches!(part.trim_start_matches('.'), "" | "x" | "X" | "*");
        let (major, minor, patch, pre) = (group(3), group(4), group(5), group(6));
        let (open, version) = if open(major) {
            (Open::Major, format!("0.0.0{pre}"))
        } else if open(minor) {
            (Open::Minor, format!("{major}.0.0{pre}"))
        } else if open(patch) {
            (Open::Patch, format!("{major}{minor}.0{pre}"))
        } else {
            (Open::Nothing, group(2).to_owned())
        };
        let operator = match group(1) {
            "!=" => Operator::Other,
            ">" => Operator::Above,
            "<" => Operator::Below,
            ">=" | "=>" => Operator::AtLeast,
            "<=" | "=<" => Operator::AtMost,
            "~" | "~>" => Operator::Tilde,
            "^" => Operator::Caret,
            _ => Operator::Same,
        };
        let version = Version::parse_loose(&version).ok_or(RangeError::Version)?;
        Ok(Bound { operator, version, open })
    }

    fn allows(&self, version: &Version) -> bool {
        let than = version.cmp(&self.version);
        let [major, minor, _] = version.numbers;
        let [of_major, of_minor, _] = self.version.numbers;
        match (self.operator, self.open) {
            (Operator::Same, Open::Nothing) => than.is_eq(),
            (Operator::Same | Operator::Tilde, _) => self.allows_tilde(version),
            (Operator::Caret, _) => self.allows_caret(version),
            (Operator::Other, _) => self.allows_other(version),
            (Operator::Below, _) => than.is_lt(),
            (Operator::AtLeast, _) => than.is_ge(),
            (Operator::Above, Open::Nothing) => than.is_gt(),
            (Operator::Above, Open::Patch) => (major, minor) > (of_major, of_minor),
            // Upstream leaves a bound that is open from its major number as `0.x` here.
            (Operator::Above, Open::Minor) => major > of_major,
            (Operator::Above, Open::Major) => major > of_major || (major == of_major && than.is_gt()),
            (Operator::AtMost, Open::Nothing) => than.is_le(),
            (Operator::AtMost, Open::Minor) => major <= of_major,
            (Operator::AtMost, _) => (major, minor) <= (of_major, of_minor),
        }
    }

    fn allows_tilde(&self, version: &Version) -> bool {
        if version < &self.version {
            return false;
        }
        if self.version.numbers == [0, 0, 0] && !matches!(self.open, Open::Minor | Open::Patch) {
            return true;
        }
        version.numbers[0] == self.version.numbers[0]
            && (version.numbers[1] == self.version.numbers[1] || self.open == Open::Minor)
    }

    fn allows_caret(&self, version: &Version) -> bool {
        if version < &self.version {
            return false;
        }
        let [major, minor, patch] = version.numbers;
        let [of_major, of_minor, of_patch] = self.version.numbers;
        if of_major > 0 || self.open == Open::Minor {
            return major == of_major;
        }
        if major > 0 {
            return false;
        }
        if of_minor > 0 || self.open == Open::Patch {
            return minor == of_minor;
        }
        minor == 0 && patch == of_patch
    }

    fn allows_other(&self, version: &Version) -> bool {
        let [major, minor, patch] = version.numbers;
        let [of_major, of_minor, of_patch] = self.version.numbers;
        if self.open == Open::Nothing {
            return version.cmp(&self.version).is_ne();
        }
        if major != of_major {
            return true;
        }
        match self.open {
            Open::Minor => false,
            _ if minor != of_minor => true,
            Open::Patch => {
                compare_pre_releases(&version.pre_release, &self.version.pre_release).is_ne()
                    && !(version.pre_release.is_empty() && self.version.pre_release.is_empty())
            }
            _ => patch != of_patch || version.cmp(&self.version).is_ne(),
        }
    }
}

/// A version; its build metadata plays no part.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    numbers: [u64; 3],
    pre_release: String,
}

impl Version {
    /// A tag's version: all three numbers, perhaps after a `v`, with leading zeros allowed.
    pub(crate) fn of_tag(tag: &str) -> Option<Self> {
        (tag.splitn(3, '.').count() == 3).then(|| Version::parse_loose(tag)).flatten()
    }

    fn parse_loose(text: &str) -> Option<Self> {
        let found = PATTERNS.as_ref()?.version.captures(text)?;
        let number = |at| found.get(at).map_or(Some(0), |digits| digits.as_str().parse().ok());
        let pre_release = found.get(4).map_or("", |found| found.as_str());
        let zeros = |part: &str| part.len() > 1 && part.starts_with('0') && is_number(part);
        if pre_release.split('.').any(zeros) {
            return None;
        }
        Some(Version { numbers: [number(1)?, number(2)?, number(3)?], pre_release: pre_release.to_owned() })
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| {
            match (self.pre_release.is_empty(), other.pre_release.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => compare_pre_releases(&self.pre_release, &other.pre_release),
            }
        })
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

fn is_number(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
}

/// Part by part: numbers by value and before words, words by their bytes, fewer parts before more.
fn compare_pre_releases(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let (left, right) = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(left), Some(right)) => (left, right),
        };
        let order = match (is_number(left), is_number(right)) {
            (true, true) => left.len().cmp(&right.len()).then_with(|| left.cmp(right)),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => left.cmp(right),
        };
        if order.is_ne() {
            return order;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_contain_what_masterminds_says() {
        let table = [
            (">=1.0.0 <2.0.0", "1.2.0", true),
            (">=1.0.0 <2.0.0", "v1.2.0", true),
            (">=1.0.0 <2.0.0", "1.3.0-rc.1", false),
            (">=1.0.0-0 <2.0.0-0", "1.3.0-rc.1", true),
            (">=1.0.0, <2.0.0", "2.0.0", false),
            ("1.x", "1.9.0", true),
            ("1.x", "2.0.0", false),
            ("1", "1.4.2", true),
            ("*", "7.8.9", true),
            ("*", "1.0.0-rc.1", false),
            ("^1.2.3", "1.9.0", true),
            ("^1.2.3", "1.2.2", false),
            ("^0.2.3", "0.3.0", false),
            ("^0.0.3", "0.0.3", true),
            ("^0.0.3", "0.0.4", false),
            ("~1.2", "1.2.9", true),
            ("~1.2", "1.3.0", false),
            ("~1", "1.9.9", true),
            ("1.2 - 1.4.5", "1.4.5", true),
            ("1.2 - 1.4.5", "1.4.6", false),
            ("<1.0.0 || >=2.0.0", "1.5.0", false),
            ("<1.0.0 || >=2.0.0", "2.5.0", true),
            ("!=1.2.3", "1.2.3", false),
            ("!=1.2.3", "1.2.4", true),
            ("!=1.x", "1.2.4", false),
            (">1", "1.9.0", false),
            (">1", "2.0.0", true),
            ("<=1", "1.9.0", true),
            ("<=1.2", "1.3.0", false),
            ("=1.2.3", "1.2.3+build", true),
        ];
        for (range, version, expected) in table {
            let parsed = Range::parse(range).unwrap();
            let version = Version::of_tag(version).unwrap();
            assert_eq!(parsed.contains(&version), expected, "{range} and {version:?}");
        }
    }

    #[test]
    fn refuses_in_upstreams_words() {
        let error = Range::parse("not a range").unwrap_err();
        assert_eq!(error.to_string(), "improper constraint: \"not a range\"");
        assert!(Range::parse(&"1".repeat(600)).is_err());
        assert!(Range::parse("99999999999999999999.0.0").is_err());
    }

    #[test]
    fn only_tags_with_three_numbers_are_versions() {
        assert!(Version::of_tag("v1.2").is_none());
        assert!(Version::of_tag("release").is_none());
        assert!(Version::of_tag("v2025.02.03-rc.1").is_some());
        assert!(Version::of_tag("1.0.0-01").is_none());
    }

    #[test]
    fn orders_pre_releases() {
        let ascending = ["1.0.0-1", "1.0.0-2", "1.0.0-11", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0"];
        let versions: Vec<Version> = ascending.iter().map(|v| Version::of_tag(v).unwrap()).collect();
        assert!(versions.is_sorted());
    }
}
