//! Who made a commit, when and why.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use argocd_api::application::Source;
use source::git::{self, FetchOptions, GitError, GitErrorKind, Listing, Reference};
use thiserror::Error;
use tokio::time::Instant;
use value::Value;

use crate::application::revisions::remote;
use crate::generate::Credentials;

/// A look at a repository takes no longer.
const TIMEOUT: Duration = Duration::from_secs(20);
/// A commit whose transfer costs more is not looked at for its message alone.
const OPTIONS: FetchOptions =
    FetchOptions { max_pack_bytes: 64 << 20, max_object_bytes: 64 << 20, max_entries: 100_000 };
/// So many commits are remembered; what they say does not change.
const REMEMBERED: usize = 256;

/// Why a commit cannot be told of.
#[derive(Debug, Error)]
pub enum CommitError {
    /// The address is none that is fetched from.
    #[error("{0} is no address of a repository that is fetched from")]
    Address(String),
    /// The repository could not be asked.
    #[error(transparent)]
    Git(#[from] GitError),
    /// There is no room for temporary files.
    #[error("there is no room for temporary files")]
    Scratch(#[source] std::io::Error),
}

impl CommitError {
    /// Whether the repository does not have the commit.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Git(error) if matches!(*error.kind, GitErrorKind::CommitNotFound(_)))
    }
}

type Key = (String, String, Option<Credentials>);

/// The commits that were looked at lately.
#[derive(Default)]
pub(crate) struct Commits(Mutex<VecDeque<(Key, Value)>>);

impl Commits {
    /// `{"author", "date", "message", "tags"}` of a commit of `source`, by all its hex digits.
    pub(super) async fn get(
        &self,
        source: &Source,
        credentials: Option<&Credentials>,
        commit: &str,
    ) -> Result<Value, CommitError> {
        // What one project's credentials let see is not for those who have none.
        let key = (source.repo_url.clone(), commit.to_owned(), credentials.cloned());
        if let Some(known) = self.known(&key) {
            return Ok(known);
        }
        let told = told(source, credentials, commit).await?;
        let mut commits = self.lock();
        if commits.len() >= REMEMBERED {
            commits.pop_front();
        }
        commits.push_back((key, told.clone()));
        Ok(told)
    }

    fn known(&self, key: &Key) -> Option<Value> {
        self.lock().iter().find(|(known, _)| known == key).map(|(_, told)| told.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<(Key, Value)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn told(
    source: &Source,
    credentials: Option<&Credentials>,
    commit: &str,
) -> Result<Value, CommitError> {
    let remote = remote(source, credentials).ok_or_else(|| CommitError::Address(source.repo_url.clone()))?;
    let deadline = Instant::now() + TIMEOUT;
    let listing = git::references(&remote, deadline).await?;
    let reference = reference(&listing, commit);
    let scratch = tempfile::tempdir().map_err(CommitError::Scratch)?;
    let checkout = git::fetch(&remote, &reference, &OPTIONS, scratch.path(), deadline).await?;
    let author = format!("{} <{}>", checkout.author.name, checkout.author.email);
    let date =
        jiff::Timestamp::from_second(checkout.committer.seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let tags = listing.commits.iter().filter(|(_, named)| *named == commit);
    let tags: Vec<&str> = tags.filter_map(|(name, _)| name.strip_prefix("refs/tags/")).collect();
    let mut told = Value::map_of([
        ("author", Value::from(author)),
        ("date", apimachinery::clock::rfc3339(date).into()),
        ("message", checkout.message.into()),
    ]);
    if !tags.is_empty() {
        told.set_at(&["tags"], Value::list_of(tags));
    }
    Ok(told)
}

/// By a name that points at the commit, whose history then need not be transferred.
fn reference(listing: &Listing, commit: &str) -> Reference {
    let name = listing.commits.iter().find(|(name, named)| name.starts_with("refs/") && *named == commit);
    match name {
        Some((name, _)) => Reference::Name(name.clone()),
        None => Reference::Commit { sha: commit.to_owned(), branch: None },
    }
}
