//! What to fetch, and whether to fetch at all.

use flux_api::git_repository::Reference;

/// The branch of a repository of which nothing is said.
const DEFAULT_BRANCH: &str = "master";

/// The artifact that a status describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) revision: String,
    /// The path in the store.
    pub(crate) path: String,
    pub(crate) digest: String,
    /// Whether it was made with the ignore rules of the current spec.
    pub(crate) same_content_settings: bool,
}

/// What the reference names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Commit(String),
    Name(String),
    Semver(String),
    Tag(String),
    Branch(String),
}

/// Commit wins over name, semver, tag and branch.
pub(crate) fn precedence(reference: &Reference) -> Form {
    let Reference { branch, tag, semver, name, commit } = reference.clone();
    match (commit, name, semver, tag) {
        (Some(commit), ..) => Form::Commit(commit),
        (_, Some(name), ..) => Form::Name(name),
        (_, _, Some(semver), _) => Form::Semver(semver),
        (_, _, _, Some(tag)) => Form::Tag(tag),
        _ => Form::Branch(branch.unwrap_or_else(|| DEFAULT_BRANCH.to_owned())),
    }
}

/// Whether the remote is asked for its references before anything is fetched.
pub(crate) fn lists_first(stored: Option<&Stored>, form: &Form) -> bool {
    let can_be_listed = matches!(form, Form::Branch(_) | Form::Tag(_) | Form::Name(_));
    can_be_listed && stored.is_some_and(|stored| stored.same_content_settings)
}

/// What a revision of the remote means for the stored artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// The artifact is of this revision, made in the same way.
    Nothing,
    /// The revision is the same, and the artifact has to be made anew.
    Content,
    /// There is no artifact of this revision.
    Revision,
}

pub(crate) fn news(stored: Option<&Stored>, revision: &str) -> News {
    match stored {
        Some(stored) if stored.revision != revision => News::Revision,
        Some(Stored { same_content_settings: true, .. }) => News::Nothing,
        Some(_) => News::Content,
        None => News::Revision,
    }
}
