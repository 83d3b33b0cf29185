//! What people read about a GitRepository.

use std::error::Error as StdError;

use source::git::{GitError, GitErrorKind, RangeError};

pub(crate) const ARTIFACT_IN_STORAGE: &str = "ArtifactInStorage";
pub(crate) const ARTIFACT_OUTDATED: &str = "ArtifactOutdated";
pub(crate) const FETCH_FAILED: &str = "FetchFailed";
pub(crate) const STORAGE_FAILED: &str = "StorageOperationFailed";

/// Longer first lines of commit messages are cut in events.
const MESSAGE_LENGTH: usize = 50;

/// Why no artifact was made: which condition says so, with what reason and sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) condition: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    /// Whether only a change of the spec can help.
    pub(crate) stalls: bool,
}

impl Failure {
    /// A failure of Git, in upstream's words.
    pub(crate) fn of_git(error: &GitError) -> Self {
        if matches!(*error.kind, GitErrorKind::EmptyRepository { branch: true }) {
            let message = error.upstream_text();
            return Self { condition: FETCH_FAILED, reason: "EmptyGitRepository", message, stalls: false };
        }
        let message = format!("failed to checkout and determine revision: {}", error.upstream_text());
        Self { condition: FETCH_FAILED, reason: "GitOperationFailed", message, stalls: false }
    }

    /// A failure of the artifact store.
    pub(crate) fn of_storage(error: &dyn StdError) -> Self {
        let message = chain(error);
        Self { condition: STORAGE_FAILED, reason: "ArchiveOperationFailed", message, stalls: false }
    }

    /// A failure to pack the files.
    pub(crate) fn of_archive(error: &dyn StdError) -> Self {
        let message = format!("unable to archive artifact to storage: {}", chain(error));
        Self { condition: STORAGE_FAILED, reason: "ArchiveOperationFailed", message, stalls: false }
    }
}

fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}

pub(crate) fn secret_missing(namespace: &str, name: &str) -> Failure {
    let once = format!("failed to get secret '{namespace}/{name}'");
    let message = format!("{once}: {once}: secrets {name:?} not found");
    Failure { condition: FETCH_FAILED, reason: "AuthenticationFailed", message, stalls: false }
}

pub(crate) fn secret_unusable(namespace: &str, name: &str, problem: &str) -> Failure {
    let message = format!("the secret '{namespace}/{name}' cannot be used: {problem}");
    Failure { condition: FETCH_FAILED, reason: "AuthenticationFailed", message, stalls: false }
}

pub(crate) fn bad_range(error: &RangeError) -> Failure {
    let message = format!("failed to checkout and determine revision: semver parse error: {error}");
    Failure { condition: FETCH_FAILED, reason: "GitOperationFailed", message, stalls: false }
}

/// The first line of a commit's message, cut at 50 characters.
pub(crate) fn short_message(message: &str) -> String {
    let subject = message.lines().next().unwrap_or_default();
    if subject.chars().count() <= MESSAGE_LENGTH {
        return subject.to_owned();
    }
    let cut: String = subject.chars().take(MESSAGE_LENGTH).collect();
    format!("{cut}...")
}
