//! Constraints: alternatives, each of which is a list of comparisons.

use super::{SemverError, Version, compare, scan};

/// The longest constraint that is read.
pub(super) const MAX_LENGTH: usize = 512;
/// The most alternatives.
pub(super) const MAX_GROUPS: usize = 32;

/// A constraint such as `>=1.2 <2 || ^3.0.0-0`.
#[derive(Clone, Debug)]
pub struct Constraints {
    alternatives: Vec<Vec<Comparison>>,
}

#[derive(Clone, Debug)]
struct Comparison {
    operator: Operator,
    version: Version,
    /// As it was written, without the operator.
    original: String,
    /// Which parts are wildcards or missing.
    any_minor: bool,
    any_patch: bool,
    is_partial: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    TildeOrEqual,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    Tilde,
    Caret,
}

const OPERATORS: [(&str, Operator); 11] = [
    ("!=", Operator::NotEqual),
    (">=", Operator::GreaterOrEqual),
    ("=>", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    ("=<", Operator::LessOrEqual),
    ("~>", Operator::Tilde),
    ("=", Operator::TildeOrEqual),
    (">", Operator::Greater),
    ("<", Operator::Less),
    ("~", Operator::Tilde),
    ("^", Operator::Caret),
];

impl Constraints {
    /// Reads a constraint.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, SemverError> {
        if text.len() > MAX_LENGTH {
            return Err(SemverError::ConstraintTooLong);
        }
        let text = rewrite_ranges(text);
        let groups: Vec<&str> = text.split("||").collect();
        if groups.len() > MAX_GROUPS {
            return Err(SemverError::TooManyGroups);
        }
        let alternatives = groups.into_iter().map(comparisons).collect::<Result<_, _>>()?;
        Ok(Self { alternatives })
    }

    /// Whether the version satisfies it.
    pub fn check(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|group| {
            let with_pre = group.iter().any(|comparison| !comparison.version.pre.is_empty());
            group.iter().all(|comparison| comparison.check(version, with_pre).is_ok())
        })
    }

    /// Why the version does not satisfy it, comparison by comparison; nothing where it does.
    pub fn refusals(&self, version: &Version) -> Vec<String> {
        let mut refusals = Vec::new();
        let mut said_pre = false;
        for group in &self.alternatives {
            let with_pre = group.iter().any(|comparison| !comparison.version.pre.is_empty());
            let before = refusals.len();
            let mut satisfied = true;
            for comparison in group {
                if let Err(refusal) = comparison.check(version, with_pre) {
                    satisfied = false;
                    let is_pre = !with_pre && !version.pre.is_empty();
                    if !is_pre || !said_pre {
                        refusals.push(refusal);
                    }
                    said_pre |= is_pre;
                }
            }
            if satisfied && refusals.len() == before {
                return Vec::new();
            }
        }
        refusals
    }
}

/// Whether `version` lies in `constraint`; false also where one of them cannot be read.
pub fn is_compatible(constraint: &str, version: &str) -> bool {
    match (Constraints::parse(constraint), Version::parse(version)) {
        (Ok(constraint), Ok(version)) => constraint.check(&version),
        _ => false,
    }
}

fn is_part(char: char) -> bool {
    char.is_ascii_digit() || matches!(char, 'x' | 'X' | '*' | '|')
}

/// One comparison at the start of a text, and what follows it.
fn comparison(text: &str) -> Option<(Operator, &str, &str)> {
    let (operator, rest) = OPERATORS
        .iter()
        .find_map(|(sign, operator)| text.strip_prefix(sign).map(|rest| (*operator, rest)))
        .unwrap_or((Operator::TildeOrEqual, text));
    let start = rest.trim_start_matches(is_space);
    let version = start.strip_prefix('v').unwrap_or(start);
    let scanned = scan(version, is_part)?;
    Some((operator, &start[..start.len() - scanned.rest.len()], scanned.rest))
}

fn is_space(char: char) -> bool {
    matches!(char, ' ' | '\t' | '\n' | '\r' | '\u{c}')
}

/// A group: comparisons between which there are spaces or a comma.
fn comparisons(text: &str) -> Result<Vec<Comparison>, SemverError> {
    let improper = || SemverError::Improper(text.to_owned());
    let mut rest = text.trim_start_matches(is_space);
    if text.is_empty() {
        // The regular expression for valid groups also matches nothing at all.
        return Err(improper());
    }
    let mut found = Vec::new();
    loop {
        let (operator, version, after) = comparison(rest).ok_or_else(improper)?;
        found.push(Comparison::new(operator, version)?);
        let trimmed = after.trim_start_matches(is_space);
        if trimmed.is_empty() {
            return Ok(found);
        }
        rest = match trimmed.strip_prefix(',') {
            Some(more) => more.trim_start_matches(is_space),
            None if trimmed.len() < after.len() => trimmed,
            None => return Err(improper()),
        };
    }
}

/// Hyphen ranges, `1.2 - 2.3`, are two comparisons.
fn rewrite_ranges(text: &str) -> String {
    if !text.contains(" - ") && !text.contains('-') {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some((from, to, after)) = range(rest) {
            out.push_str(&format!(">= {from}, <= {to} "));
            rest = after;
        } else {
            let mut chars = rest.chars();
            out.extend(chars.next());
            rest = chars.as_str();
        }
    }
    out
}

fn range(text: &str) -> Option<(&str, &str, &str)> {
    let (from, rest) = bare_version(text.trim_start_matches(is_space))?;
    let gap = rest.trim_start_matches(is_space);
    let after = gap.strip_prefix('-').filter(|_| gap.len() < rest.len())?;
    let to = after.trim_start_matches(is_space);
    let (to, rest) = bare_version(to).filter(|_| to.len() < after.len())?;
    Some((from, to, rest.trim_start_matches(is_space)))
}

fn bare_version(text: &str) -> Option<(&str, &str)> {
    let scanned = scan(text.strip_prefix('v').unwrap_or(text), is_part)?;
    Some((&text[..text.len() - scanned.rest.len()], scanned.rest))
}

impl Comparison {
    fn new(operator: Operator, original: &str) -> Result<Self, SemverError> {
        let scanned = scan(original.strip_prefix('v').unwrap_or(original), is_part)
            .ok_or_else(|| SemverError::Improper(original.to_owned()))?;
        let pre = scanned.pre.map(|pre| format!("-{pre}")).unwrap_or_default();
        let is_any = |part: Option<&str>| matches!(part, None | Some("x" | "X" | "*"));
        let (mut any_minor, mut any_patch, mut is_partial) = (false, false, false);
        let text = if is_any(Some(scanned.major)) {
            is_partial = true;
            format!("0.0.0{pre}")
        } else if is_any(scanned.minor) {
            (any_minor, is_partial) = (true, true);
            format!("{}.0.0{pre}", scanned.major)
        } else if is_any(scanned.patch) {
            (any_patch, is_partial) = (true, true);
            format!("{}.{}.0{pre}", scanned.major, scanned.minor.unwrap_or_default())
        } else {
            original.to_owned()
        };
        let version = Version::parse(&text).map_err(|_| SemverError::Constraint)?;
        Ok(Self { operator, version, original: original.to_owned(), any_minor, any_patch, is_partial })
    }

    fn check(&self, version: &Version, with_pre: bool) -> Result<(), String> {
        if !version.pre.is_empty() && !with_pre {
            return Err(format!(
                "\"{version}\" is a prerelease version and the constraint is only looking for release versions"
            ));
        }
        match self.operator {
            Operator::TildeOrEqual if self.is_partial => self.tilde(version),
            Operator::TildeOrEqual => {
                self.verdict(version, compare(version, &self.version).is_eq(), "is not equal to")
            }
            Operator::NotEqual => self.verdict(version, self.differs(version), "is equal to"),
            Operator::Greater => self.verdict(version, self.is_below(version), "is less than or equal to"),
            Operator::Less => {
                self.verdict(version, compare(version, &self.version).is_lt(), "is greater than or equal to")
            }
            Operator::GreaterOrEqual => {
                self.verdict(version, compare(version, &self.version).is_ge(), "is less than")
            }
            Operator::LessOrEqual => self.verdict(version, self.is_not_below(version), "is greater than"),
            Operator::Tilde => self.tilde(version),
            Operator::Caret => self.caret(version),
        }
    }

    fn verdict(&self, version: &Version, satisfied: bool, otherwise: &str) -> Result<(), String> {
        if satisfied { Ok(()) } else { Err(format!("\"{version}\" {otherwise} {:?}", self.original)) }
    }

    fn differs(&self, version: &Version) -> bool {
        let wanted = &self.version;
        if self.is_partial {
            if wanted.major != version.major {
                return true;
            }
            if self.any_minor {
                return false;
            }
            if wanted.minor != version.minor {
                return true;
            }
            if self.any_patch {
                let has_pre = !version.pre.is_empty() || !wanted.pre.is_empty();
                return has_pre && version.pre != wanted.pre;
            }
        }
        compare(version, wanted).is_ne()
    }

    fn is_below(&self, version: &Version) -> bool {
        let wanted = &self.version;
        if !self.is_partial || version.major != wanted.major {
            return if self.is_partial {
                version.major > wanted.major
            } else {
                compare(version, wanted).is_gt()
            };
        }
        if self.any_minor {
            return false;
        }
        if self.any_patch { version.minor > wanted.minor } else { compare(version, wanted).is_gt() }
    }

    fn is_not_below(&self, version: &Version) -> bool {
        let wanted = &self.version;
        if !self.is_partial {
            return compare(version, wanted).is_le();
        }
        version.major <= wanted.major
            && !(version.major == wanted.major && version.minor > wanted.minor && !self.any_minor)
    }

    fn tilde(&self, version: &Version) -> Result<(), String> {
        let wanted = &self.version;
        self.verdict(version, compare(version, wanted).is_ge(), "is less than")?;
        let is_zero = (wanted.major, wanted.minor, wanted.patch) == (0, 0, 0);
        if is_zero && !self.any_minor && !self.any_patch {
            return Ok(());
        }
        self.verdict(version, version.major == wanted.major, "does not have same major version as")?;
        let same_minor = version.minor == wanted.minor || self.any_minor;
        self.verdict(version, same_minor, "does not have same major and minor version as")
    }

    fn caret(&self, version: &Version) -> Result<(), String> {
        let wanted = &self.version;
        self.verdict(version, compare(version, wanted).is_ge(), "is less than")?;
        self.verdict(version, version.major == wanted.major, "does not have same major version as")?;
        if wanted.major > 0 || self.any_minor {
            return Ok(());
        }
        if wanted.minor > 0 || self.any_patch {
            return self
                .verdict(version, version.minor == wanted.minor, "does not have same minor version as")
                .map_err(|refusal| {
                    format!("{refusal}. Expected minor versions to match when constraint major version is 0")
                });
        }
        self.verdict(version, version.minor == 0, "does not have same minor version as")?;
        self.verdict(version, version.patch == wanted.patch, "does not equal").map_err(|refusal| {
            format!("{refusal}. Expect version and constraint to equal when major and minor versions are 0")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_decide_as_masterminds_does() {
        for (constraint, version, wanted) in [
            ("*", "1.2.3", true),
            ("*", "1.2.3-a", false),
            (">=1.2, <2", "1.9.0", true),
            (">=1.2 <2", "2.0.0", false),
            ("^1.2", "1.3.0", true),
            ("^0.2.3", "0.3.0", false),
            ("^0.0", "0.1.0", false),
            ("^0", "0.9.0", true),
            ("~1.2.3", "1.2.9", true),
            ("~1", "1.9.0", true),
            ("1.2", "1.2.7", true),
            ("1.x", "1.9.9", true),
            ("!=1.2", "1.2.7", false),
            (">1.2", "1.2.7", false),
            ("<=1.2", "1.2.7", true),
            ("1.2 - 1.4", "1.4.9", true),
            ("1.2.0 - 1.4.0", "1.4.1", false),
            (">=1.2-0", "1.2.0-a", true),
            ("^1 || ^3", "3.1.0", true),
            (">= 1.20.0-0", "v1.33.4-gke.1", true),
            ("v1.2.3", "1.2.3", true),
            ("a", "1.0.0", false),
            ("", "1.0.0", false),
            (">1,", "2.0.0", false),
            ("1.2.3 || ", "1.2.3", false),
        ] {
            assert_eq!(is_compatible(constraint, version), wanted, "{constraint} {version}");
        }
    }
}
