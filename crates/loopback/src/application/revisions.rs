//! What revisions name in which repository, as far as servers were asked.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use argocd_api::application::Source;
use argocd_core::revision::{self, Form, References};
use cluster::Deadline;
use source::git;
use value::Value;

use crate::generate::Credentials;
use crate::reflect::HealthStatus;

/// An answer is good for so long where the source is in order, and for so long where it is not.
const KEPT: Duration = Duration::from_secs(600);
const DOUBTED: Duration = Duration::from_secs(10);
/// A server may take this long.
const TIMEOUT: Duration = Duration::from_secs(15);
/// So many answers are kept.
const REMEMBERED: usize = 20_000;

type Answers = HashMap<(String, String), (Instant, Form)>;

/// What was found out, by address and revision.
#[derive(Default)]
pub(crate) struct Revisions(Mutex<Answers>);

impl Revisions {
    /// What the revision of `source` names. Git servers are asked only for names, and only where neither an
    /// earlier answer nor the source that is there (`live`) tells.
    pub(super) async fn form(
        &self,
        source: &Source,
        live: Option<&Value>,
        credentials: Option<&Credentials>,
        anew: bool,
    ) -> Form {
        let revision = source.target_revision.as_str();
        if !revision::needs_references(revision) {
            return revision::form(revision, None);
        }
        let is_doubted =
            live.is_some_and(|live| crate::reflect::of_flux(live).status == HealthStatus::Degraded);
        if !anew
            && !is_doubted
            && let Some(form) = live.and_then(|live| told_by(live, source))
        {
            return form;
        }
        let key = (source.repo_url.clone(), revision.to_owned());
        let known = self.lock().get(&key).cloned();
        if let Some((at, form)) = known {
            let is_settled = !is_doubted && form != Form::Unknown;
            if !anew && at.elapsed() < if is_settled { KEPT } else { DOUBTED } {
                return form;
            }
        }
        let references = references(source, credentials).await;
        let form = revision::form(revision, references.as_ref());
        let mut answers = self.lock();
        if answers.len() >= REMEMBERED {
            answers.clear();
        }
        answers.insert(key, (Instant::now(), form.clone()));
        form
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Answers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a source that was generated for the same revision says about it. `HEAD` can move to another branch.
fn told_by(live: &Value, source: &Source) -> Option<Form> {
    let revision = source.target_revision.as_str();
    if live.str_at(&["spec", "url"]) != Some(&source.repo_url) {
        return None;
    }
    let is_it = |field: &str| live.str_at(&["spec", "ref", field]) == Some(revision);
    match () {
        () if is_it("branch") => Some(Form::Branch(revision.to_owned())),
        () if is_it("tag") => Some(Form::Tag(revision.to_owned())),
        () => None,
    }
}

/// The commit that the revision of `source` names now; `None` where it is a range, or the repository cannot be asked.
pub(super) async fn commit(source: &Source, credentials: Option<&Credentials>) -> Option<String> {
    let references = references(source, credentials).await?;
    let name = match revision::form(&source.target_revision, Some(&references)) {
        Form::Branch(name) => format!("refs/heads/{name}"),
        Form::Tag(name) => format!("refs/tags/{name}"),
        Form::Name(name) => name,
        Form::Commit(commit) => return Some(commit),
        Form::Range(_) | Form::Unknown => return None,
    };
    references.commits.get(&name).cloned()
}

/// The references of the repository; `None` where it cannot be asked, which the source then says with the cause.
async fn references(source: &Source, credentials: Option<&Credentials>) -> Option<References> {
    let remote = remote(source, credentials)?;
    let deadline = tokio::time::Instant::now() + Deadline::after(TIMEOUT).left();
    match git::references(&remote, deadline).await {
        Ok(listing) => Some(References { default_branch: listing.default_branch, commits: listing.commits }),
        Err(error) => {
            tracing::debug!(error = &error as &dyn std::error::Error, "a repository cannot be asked");
            None
        }
    }
}

/// The repository and what lets in; `None` where the address is none that is fetched from.
pub(super) fn remote(source: &Source, credentials: Option<&Credentials>) -> Option<git::Remote> {
    let url = git::parse_url(&source.repo_url).ok()?;
    let mut remote = git::Remote::anonymous(url);
    if let Some(credentials) = credentials {
        let text = |key: &str| credentials.decoded(key).and_then(|bytes| String::from_utf8(bytes).ok());
        remote.credentials = match (text("bearerToken"), text("username"), text("password")) {
            (Some(token), ..) => git::Credentials::Bearer(git::Secret::new(token)),
            (None, Some(user), Some(password)) => {
                git::Credentials::Basic { user, password: git::Secret::new(password) }
            }
            _ => git::Credentials::None,
        };
        remote.ca = credentials.decoded("ca.crt");
        remote.client_certificate = credentials.decoded("tls.crt").zip(credentials.decoded("tls.key"));
    }
    Some(remote)
}
