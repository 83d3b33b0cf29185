//! What a `targetRevision` of a Git repository names.
//!
//! Source of the rules: Argo CD 3.6, `util/git/client.go` (`lsRemote`) and `util/versions`, and recordings.

use std::collections::BTreeMap;

use go_semver::{Constraints, Version};

/// A text of this many hex digits is a commit.
const COMMIT_LENGTH: usize = 40;
/// A shorter one of at least so many can be the beginning of a commit.
const SHORT_COMMIT_LENGTH: usize = 7;

/// What a revision names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// The tip of a branch.
    Branch(String),
    /// A tag.
    Tag(String),
    /// One commit, by all 40 hex digits.
    Commit(String),
    /// The tag with the highest version in a range.
    Range(String),
    /// A reference by its full name.
    Name(String),
    /// A name that the repository does not have.
    Unknown,
}

/// The references of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct References {
    /// The branch that `HEAD` points to, if the server says so.
    pub default_branch: Option<String>,
    /// Full names with the commits that they name.
    pub commits: BTreeMap<String, String>,
}

/// What `revision` names.
///
/// Without references (the repository could not be asked) a name is taken for a tag where it is a version
/// with three numbers, and for a branch otherwise.
pub fn form(revision: &str, references: Option<&References>) -> Form {
    if is_commit(revision) {
        return Form::Commit(revision.to_lowercase());
    }
    if revision.is_empty() || revision == "HEAD" {
        let branch = references.and_then(|references| references.default_branch.clone());
        return branch.map_or_else(|| Form::Name("HEAD".to_owned()), Form::Branch);
    }
    if revision.starts_with("refs/") {
        return Form::Name(revision.to_owned());
    }
    if is_range(revision) {
        return Form::Range(revision.to_owned());
    }
    match references {
        Some(references) => by_name(revision, references),
        None if is_full_version(revision) => Form::Tag(revision.to_owned()),
        None => Form::Branch(revision.to_owned()),
    }
}

/// Whether the references decide what `revision` names.
pub fn needs_references(revision: &str) -> bool {
    !(is_commit(revision) || revision.starts_with("refs/") || is_range(revision))
}

/// Branches come before tags, as in the list that servers send.
fn by_name(revision: &str, references: &References) -> Form {
    let has = |name: String| references.commits.contains_key(&name);
    if has(format!("refs/heads/{revision}")) {
        return Form::Branch(revision.to_owned());
    }
    if has(format!("refs/tags/{revision}")) {
        return Form::Tag(revision.to_owned());
    }
    if has(revision.to_owned()) {
        return Form::Name(revision.to_owned());
    }
    // The beginning of a commit can be found only where a reference points to that commit.
    let is_short =
        revision.len() >= SHORT_COMMIT_LENGTH && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    let lower = revision.to_lowercase();
    let commit = references.commits.values().find(|commit| is_short && commit.starts_with(&lower));
    commit.map_or(Form::Unknown, |commit| Form::Commit(commit.clone()))
}

/// Whether `text` is a commit by all its hex digits.
pub fn is_commit(text: &str) -> bool {
    text.len() == COMMIT_LENGTH && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A version is a name; only what is no version and can be read as a constraint is a range.
fn is_range(revision: &str) -> bool {
    Version::parse(revision).is_err() && Constraints::parse(revision).is_ok()
}

fn is_full_version(revision: &str) -> bool {
    Version::parse_strict(revision.strip_prefix('v').unwrap_or(revision)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "0a0fe2bd4e7692cf751aab5b887ac60363ed5bd4";
    const TWO: &str = "63cd664582311ea775076f4b61abb0ffdc62ca51";

    fn references() -> References {
        let commits = [
            ("refs/heads/main", TWO),
            ("refs/heads/both", TWO),
            ("refs/tags/both", ONE),
            ("refs/tags/v1.0.0", ONE),
            ("refs/tags/1.2", ONE),
        ];
        let commits = commits.map(|(name, commit)| (name.to_owned(), commit.to_owned()));
        References { default_branch: Some("main".to_owned()), commits: BTreeMap::from(commits) }
    }

    #[test]
    fn forms() {
        let rows = [
            ("main", Form::Branch("main".into())),
            ("both", Form::Branch("both".into())),
            ("v1.0.0", Form::Tag("v1.0.0".into())),
            ("1.2", Form::Tag("1.2".into())),
            ("v1.*", Form::Range("v1.*".into())),
            ("1.x", Form::Range("1.x".into())),
            ("*", Form::Range("*".into())),
            (">=1.0.0 <1.1.0", Form::Range(">=1.0.0 <1.1.0".into())),
            (ONE, Form::Commit(ONE.into())),
            ("0a0fe2b", Form::Commit(ONE.into())),
            ("0A0FE2B", Form::Commit(ONE.into())),
            ("1234567", Form::Unknown),
            ("HEAD", Form::Branch("main".into())),
            ("", Form::Branch("main".into())),
            ("refs/heads/main", Form::Name("refs/heads/main".into())),
            ("refs/pull/7/head", Form::Name("refs/pull/7/head".into())),
            ("no-such", Form::Unknown),
        ];
        for (revision, expected) in rows {
            assert_eq!(form(revision, Some(&references())), expected, "{revision:?}");
        }
    }

    #[test]
    fn forms_of_a_repository_that_cannot_be_asked() {
        let rows = [
            ("main", Form::Branch("main".into())),
            ("v1.0.0", Form::Tag("v1.0.0".into())),
            ("1.2", Form::Branch("1.2".into())),
            ("HEAD", Form::Name("HEAD".into())),
            ("v1.*", Form::Range("v1.*".into())),
        ];
        for (revision, expected) in rows {
            assert_eq!(form(revision, None), expected, "{revision:?}");
        }
    }

    #[test]
    fn only_names_need_references() {
        for (revision, needs) in
            [("main", true), ("", true), ("v1.0.0", true), ("1.x", false), (ONE, false), ("refs/x", false)]
        {
            assert_eq!(needs_references(revision), needs, "{revision:?}");
        }
    }
}
