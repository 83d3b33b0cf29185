//! What to fetch, from where, and as whom.

use std::collections::BTreeMap;
use std::fmt;

use url::Url;

use super::Range;

/// A repository on a server, and what is needed to be let in.
#[derive(Debug, Clone)]
pub struct Remote {
    /// http or https. Credentials in it are used when [`Remote::credentials`] has none.
    pub url: Url,
    /// Sent to the URL's own origin only.
    pub credentials: Credentials,
    /// PEM certificates that are trusted in addition to the system's.
    pub ca: Option<Vec<u8>>,
    /// PEM certificate chain and PEM key, shown to servers that ask.
    pub client_certificate: Option<(Vec<u8>, Vec<u8>)>,
    /// Without one the connection is direct; the caller decides about the environment's.
    pub proxy: Option<Proxy>,
}

impl Remote {
    /// A remote without credentials, trusting the system's certificates.
    pub fn anonymous(url: Url) -> Self {
        Remote { url, credentials: Credentials::None, ca: None, client_certificate: None, proxy: None }
    }
}

/// Who asks.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// Nobody in particular.
    None,
    /// A user name and a password or token.
    Basic {
        /// May be anything where a token is the password.
        user: String,
        /// The password or token.
        password: Secret,
    },
    /// A bearer token.
    Bearer(Secret),
}

/// A text that `Debug` does not show.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// An HTTP proxy.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// Its address.
    pub url: Url,
    /// User name and password, if it wants them.
    pub credentials: Option<(String, Secret)>,
}

/// What of the repository is wanted. The precedence among the fields of `spec.ref` is the caller's.
#[derive(Debug, Clone)]
pub enum Reference {
    /// The tip of a branch.
    Branch(String),
    /// The commit that a tag names, annotated or not.
    Tag(String),
    /// One commit, which must be reachable from the branch, or from any branch. Naming a branch saves
    /// transferring the others.
    Commit {
        /// All 40 hex digits.
        sha: String,
        /// The branch to look on.
        branch: Option<String>,
    },
    /// A full reference name such as `refs/heads/main` or `refs/pull/7/head`.
    Name(String),
    /// The tag with the highest version in a range.
    Semver(Range),
}

/// The references of a repository at the moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The branch that `HEAD` points to, where the server says so.
    pub default_branch: Option<String>,
    /// Full names with the commits that they name, whatever they point to first.
    pub commits: BTreeMap<String, String>,
}

/// What a reference means at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// In Flux's form, such as `main@sha1:…`.
    pub revision: String,
    /// The commit's 40 hex digits.
    pub commit: String,
}

impl Resolved {
    /// The revision of `commit` as found by `name`; without a name, of a bare commit.
    pub(crate) fn new(name: Option<&str>, commit: impl fmt::Display) -> Self {
        let commit = commit.to_string();
        let revision = match name {
            Some(name) => format!("{name}@sha1:{commit}"),
            None => format!("sha1:{commit}"),
        };
        Resolved { revision, commit }
    }
}
