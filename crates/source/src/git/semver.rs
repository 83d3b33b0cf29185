//! Version ranges of `spec.ref.semver`, and which tags are versions.

use std::fmt;

use go_semver::{Constraints, Version};

/// Why a text is no range, in upstream's words (which "semver parse error: " precedes in Flux).
pub use go_semver::SemverError as RangeError;

/// A range such as `>=1.0.0 <2.0.0` or `1.x || ~2.3`.
#[derive(Debug, Clone)]
pub struct Range {
    text: String,
    constraints: Constraints,
}

impl Range {
    /// # Errors
    /// When the text is no range.
    pub fn parse(text: &str) -> Result<Self, RangeError> {
        Ok(Self { text: text.to_owned(), constraints: Constraints::parse(text)? })
    }

    /// Whether the version is in the range; a pre-release only is where a bound of its alternative names one.
    pub(crate) fn contains(&self, version: &Version) -> bool {
        self.constraints.check(version)
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A tag's version: all three numbers, perhaps after a `v`, with leading zeros allowed.
pub(crate) fn of_tag(tag: &str) -> Option<Version> {
    (tag.splitn(3, '.').count() == 3).then(|| Version::parse(tag).ok()).flatten()
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
            let version = of_tag(version).unwrap();
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
        assert!(of_tag("v1.2").is_none());
        assert!(of_tag("release").is_none());
        assert!(of_tag("v2025.02.03-rc.1").is_some());
        assert!(of_tag("1.0.0-01").is_none());
    }

    #[test]
    fn orders_pre_releases() {
        let ascending = ["1.0.0-1", "1.0.0-2", "1.0.0-11", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0"];
        let versions: Vec<Version> = ascending.iter().map(|text| of_tag(text).unwrap()).collect();
        assert!(versions.is_sorted_by(|a, b| go_semver::compare(a, b).is_lt()));
    }
}
