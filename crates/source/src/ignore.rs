//! Which files stay out of an archive: `.sourceignore` files, `spec.ignore` and the lists of Flux.
//!
//! The rules are go-git's, not git's: every path is judged by itself, the last pattern that matches wins, and
//! an excluded directory does not keep what is in it from being included again. A name without a slash
//! matches at any depth, and matching a directory takes all that is below.

use crate::tree::{Files, Kind};

/// The file that holds a directory's own patterns.
pub const FILE: &str = ".sourceignore";

/// Left out of every archive, unless a pattern includes it again.
const VCS: [&str; 4] = [".git/", ".gitignore", ".gitmodules", ".gitattributes"];

/// Left out only where the user gives no pattern at all.
const DEFAULT: [&str; 20] = [
    "*.jpg",
    "*.jpeg",
    "*.gif",
    "*.png",
    "*.wmv",
    "*.flv",
    "*.tar.gz",
    "*.zip",
    ".github/",
    ".circleci/",
    ".travis.yml",
    ".gitlab-ci.yml",
    "appveyor.yml",
    ".drone.yml",
    "cloudbuild.yaml",
    "codeship-services.yml",
    "codeship-steps.yml",
    "**/.goreleaser.yml",
    "**/.sops.yaml",
    "**/.flux.yaml",
];

/// The patterns in force for one tree.
#[derive(Debug, Clone)]
pub struct Ignore {
    patterns: Vec<Pattern>,
}

impl Ignore {
    /// Leaves nothing out.
    pub fn nothing() -> Self {
        Ignore { patterns: Vec::new() }
    }

    /// The patterns for a tree: the VCS list, then all `.sourceignore` files in it (those in ignored
    /// directories too), then `spec_ignore`. When the user gives none of them, the default list is added.
    ///
    /// # Errors
    /// When a `.sourceignore` file cannot be read.
    pub fn of_tree<F: Files>(files: &F, spec_ignore: Option<&str>) -> Result<Self, F::Error> {
        let mut given = Vec::new();
        for entry in files.entries() {
            let Some(domain) = domain_of(&entry.path) else { continue };
            if matches!(entry.kind, Kind::File { .. }) && !domain.iter().any(|part| part == ".git") {
                let content = files.read(entry)?;
                given.extend(parse(&String::from_utf8_lossy(&content), &domain));
            }
        }
        given.extend(parse(spec_ignore.unwrap_or_default(), &[]));
        let lists = VCS.iter().chain(if given.is_empty() { DEFAULT.as_slice() } else { &[] });
        let mut patterns: Vec<Pattern> = lists.map(|line| Pattern::parse(line, &[])).collect();
        patterns.append(&mut given);
        Ok(Ignore { patterns })
    }

    /// Whether the entry at the slash-separated path stays out.
    pub fn excludes(&self, path: &str, kind: Kind) -> bool {
        let path: Vec<&str> = path.split('/').collect();
        let last = self.patterns.iter().rev().find(|pattern| pattern.matches(&path, kind == Kind::Directory));
        last.is_some_and(|pattern| !pattern.includes)
    }
}

/// The directory whose patterns the file at `path` holds, if it is a `.sourceignore` file.
fn domain_of(path: &str) -> Option<Vec<String>> {
    let directory = path.strip_suffix(FILE)?;
    match directory.strip_suffix('/') {
        Some(directory) => Some(directory.split('/').map(str::to_owned).collect()),
        None => directory.is_empty().then(Vec::new),
    }
}

fn parse(text: &str, domain: &[String]) -> Vec<Pattern> {
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| Pattern::parse(line, domain))
        .collect()
}

/// One line, as go-git 5 reads it.
#[derive(Debug, Clone)]
struct Pattern {
    domain: Vec<String>,
    parts: Vec<Part>,
    includes: bool,
    directories_only: bool,
    /// Only a pattern with a slash is tied to its directory.
    anchored: bool,
}

#[derive(Debug, Clone)]
enum Part {
    /// Between two slashes.
    Empty,
    /// `**` alone.
    AnyDepth,
    /// `**` together with other characters, which go-git lets match nothing when it stands between slashes.
    Muddled(Option<Glob>),
    /// Everything else; `None` is malformed and matches nothing.
    Name(Option<Glob>),
}

impl Pattern {
    fn parse(line: &str, domain: &[String]) -> Self {
        let (includes, line) = match line.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let line = if line.ends_with("\\ ") { line } else { line.trim_end_matches(' ') };
        let (directories_only, line) = match line.strip_suffix('/') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let parts = line.split('/').map(Part::parse).collect();
        Pattern { domain: domain.to_vec(), parts, includes, directories_only, anchored: line.contains('/') }
    }

    fn matches(&self, path: &[&str], is_directory: bool) -> bool {
        if path.len() <= self.domain.len() || !self.domain.iter().zip(path).all(|(a, b)| a == b) {
            return false;
        }
        let path = &path[self.domain.len()..];
        if self.anchored {
            self.matches_anchored(path, is_directory)
        } else {
            self.matches_any_name(path, is_directory)
        }
    }

    fn matches_any_name(&self, path: &[&str], is_directory: bool) -> bool {
        let Some(part) = self.parts.first() else { return false };
        match path.iter().position(|name| part.matches_name(name)) {
            Some(at) => !self.directories_only || is_directory || at + 1 < path.len(),
            None => false,
        }
    }

    fn matches_anchored(&self, mut path: &[&str], is_directory: bool) -> bool {
        let mut matched = false;
        let mut any_depth = false;
        for (at, part) in self.parts.iter().enumerate() {
            match part {
                Part::Empty => any_depth = false,
                Part::AnyDepth if at + 1 == self.parts.len() => break,
                Part::AnyDepth => any_depth = true,
                Part::Muddled(_) => return false,
                Part::Name(_) if path.is_empty() => return false,
                Part::Name(_) if any_depth => {
                    any_depth = false;
                    let found = path.iter().position(|name| part.matches_name(name));
                    matched = found.is_some();
                    path = &path[found.map_or(path.len(), |at| at + 1)..];
                }
                Part::Name(_) => {
                    if !part.matches_name(path[0]) {
                        return false;
                    }
                    matched = true;
                    path = &path[1..];
                }
            }
        }
        matched && !(self.directories_only && !is_directory && path.is_empty())
    }
}

impl Part {
    fn parse(part: &str) -> Self {
        match part {
            "" => Part::Empty,
            "**" => Part::AnyDepth,
            part if part.contains("**") => Part::Muddled(Glob::parse(part)),
            part => Part::Name(Glob::parse(part)),
        }
    }

    /// As Go's `filepath.Match`, to which `**` is no more than `*` twice.
    fn matches_name(&self, name: &str) -> bool {
        match self {
            Part::Empty => name.is_empty(),
            Part::AnyDepth => true,
            Part::Muddled(glob) | Part::Name(glob) => glob.as_ref().is_some_and(|glob| glob.matches(name)),
        }
    }
}

/// A pattern of Go's `filepath.Match` for one path component.
#[derive(Debug, Clone)]
struct Glob(Vec<Token>);

#[derive(Debug, Clone)]
enum Token {
    AnyText,
    AnyCharacter,
    Character(char),
    Class { negated: bool, ranges: Vec<(char, char)> },
}

impl Glob {
    /// `None` when Go would call the pattern malformed.
    fn parse(pattern: &str) -> Option<Self> {
        let mut tokens = Vec::new();
        let mut rest = pattern.chars();
        while let Some(character) = rest.next() {
            tokens.push(match character {
                '*' => Token::AnyText,
                '?' => Token::AnyCharacter,
                '\\' => Token::Character(rest.next()?),
                '[' => class(&mut rest)?,
                other => Token::Character(other),
            });
        }
        Some(Glob(tokens))
    }

    /// Linear in practice: only the last `*` is ever retried.
    fn matches(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        let (mut token, mut at) = (0, 0);
        let mut retry = None;
        loop {
            match self.0.get(token) {
                Some(Token::AnyText) => {
                    retry = Some((token + 1, at));
                    token += 1;
                }
                Some(one) if name.get(at).is_some_and(|c| one.takes(*c)) => {
                    token += 1;
                    at += 1;
                }
                None if at == name.len() => return true,
                _ => match retry {
                    Some((after, from)) if from < name.len() => {
                        (token, at) = (after, from + 1);
                        retry = Some((after, from + 1));
                    }
                    _ => return false,
                },
            }
        }
    }
}

impl Token {
    fn takes(&self, character: char) -> bool {
        match self {
            Token::AnyText => false,
            Token::AnyCharacter => true,
            Token::Character(wanted) => *wanted == character,
            Token::Class { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&character)) != *negated
            }
        }
    }
}

fn class(rest: &mut std::str::Chars<'_>) -> Option<Token> {
    let negated = rest.as_str().starts_with('^');
    if negated {
        rest.next();
    }
    let mut ranges = Vec::new();
    loop {
        if rest.as_str().starts_with(']') && !ranges.is_empty() {
            rest.next();
            return Some(Token::Class { negated, ranges });
        }
        let low = class_character(rest)?;
        let high = if rest.as_str().starts_with('-') {
            rest.next();
            class_character(rest)?
        } else {
            low
        };
        ranges.push((low, high));
    }
}

fn class_character(rest: &mut std::str::Chars<'_>) -> Option<char> {
    match rest.next()? {
        '-' | ']' => None,
        '\\' => rest.next(),
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::tree::Builder;

    fn excluded(patterns: &str, path: &str) -> bool {
        let (path, kind) = match path.strip_suffix('/') {
            Some(path) => (path, Kind::Directory),
            None => (path, Kind::File { executable: false }),
        };
        Ignore { patterns: parse(patterns, &[]) }.excludes(path, kind)
    }

    /// Pattern lines, a path (with a slash at its end: a directory), and whether go-git 5 leaves it out.
    const AS_GO_GIT: &[(&str, &str, bool)] = &[
        ("value", "value/volcano", true),
        ("value", "head/value", true),
        ("value/", "value", false),
        ("value/", "value/", true),
        ("value/", "value/x", true),
        ("/*\n!/app", "app/", false),
        ("/*\n!/app", "app/one.yaml", false),
        ("/*\n!/app", "README.md", true),
        ("/*\n!/app", "lib/app/one.yaml", true),
        ("app/\n!app/keep", "app/keep", false),
        ("app/\n!app/keep", "app/other", true),
        ("a/b", "a/b/c", true),
        ("a/b", "x/a/b", false),
        ("**/b", "b", true),
        ("**/b", "x/y/b", true),
        ("**/b", "x/y/b/c", true),
        ("a/**/b", "a/b", true),
        ("a/**/b", "a/x/y/b", true),
        ("a/**", "a/x/y", true),
        ("a/**", "a", true),
        ("a**/b", "ab/b", false),
        ("a**", "abc", true),
        ("**/b/", "x/b", false),
        ("**/b/", "x/b/", true),
        ("a/b/", "a/b", false),
        ("a/b/", "a/b/c", true),
        ("*.y?ml", "x/a.yaml", true),
        ("[a-c]x", "bx", true),
        ("[^a-c]x", "bx", false),
        ("[^a-c]x", "dx", true),
        ("[", "[", false),
        ("[]a]", "]", false),
        ("\\*x", "*x", true),
        ("\\*x", "yx", false),
        ("x ", "x", true),
        ("x\\ ", "x ", true),
        ("#x", "#x", false),
        ("\\#x", "#x", true),
        ("!x\nx", "x", true),
        ("x\n!x", "x", false),
        ("a\\", "a", false),
        ("*", "anything/at/all", true),
        ("/", "a", false),
        ("*a*b*c", "xaybzc", true),
        ("*a*b*c", "xaybzcd", false),
        ("a?c", "aäc", true),
    ];

    #[test]
    fn judges_as_go_git_does() {
        for (patterns, path, expected) in AS_GO_GIT {
            assert_eq!(excluded(patterns, path), *expected, "{patterns:?} on {path:?}");
        }
    }

    #[test]
    fn a_single_pattern_of_the_user_drops_the_default_list() {
        let mut builder = Builder::default();
        for path in ["logo.png", "sub/drop.txt", "drop.txt", ".gitignore"] {
            builder.file(path, Bytes::new(), false).unwrap();
        }
        let file = Kind::File { executable: false };
        let plain = Ignore::of_tree(&builder.build(), None).unwrap();
        assert!(plain.excludes("logo.png", file) && plain.excludes("sub/.gitignore", file));

        let mut builder = Builder::default();
        builder.file("sub/.sourceignore", Bytes::from_static(b"drop.txt\n"), false).unwrap();
        let scoped = Ignore::of_tree(&builder.build(), None).unwrap();
        assert!(!scoped.excludes("logo.png", file) && scoped.excludes(".gitignore", file));
        assert!(scoped.excludes("sub/drop.txt", file) && !scoped.excludes("drop.txt", file));
    }

    #[test]
    fn spec_ignore_has_the_last_word() {
        let mut builder = Builder::default();
        builder.file(".sourceignore", Bytes::from_static(b"*.md\n"), false).unwrap();
        let ignore = Ignore::of_tree(&builder.build(), Some("!README.md\n")).unwrap();
        let file = Kind::File { executable: false };
        assert!(ignore.excludes("docs/a.md", file));
        assert!(!ignore.excludes("README.md", file));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(patterns in "\\PC{0,20}(\n\\PC{0,20}){0,3}", path in "[a-c./]{1,12}") {
            excluded(&patterns, &path);
        }
    }
}
