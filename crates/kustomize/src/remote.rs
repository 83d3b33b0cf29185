//! What lies outside of the tree: Git repositories and files on the web.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use url::form_urlencoded;

use crate::tree::Tree;

/// Fetches what a kustomization names outside of its tree. Whoever fulfils it sets limits of size and time.
pub trait Remotes {
    /// The content of a Git repository at a branch, tag or commit; at its default branch where `reference`
    /// is empty.
    ///
    /// # Errors
    /// It cannot be had.
    fn repository(&self, url: &RepositoryUrl) -> Result<Arc<dyn Tree>, RemoteError>;

    /// The content of a file on the web.
    ///
    /// # Errors
    /// It cannot be had.
    fn file(&self, url: &str) -> Result<Arc<[u8]>, RemoteError>;
}

/// Why something could not be fetched, in the words of whoever was to fetch it.
#[derive(Clone, Debug, Error)]
#[error(transparent)]
pub struct RemoteError(pub Arc<dyn Error + Send + Sync>);

impl PartialEq for RemoteError {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_string() == other.0.to_string()
    }
}

impl Eq for RemoteError {}

/// The URL of a directory in a Git repository, as kustomize reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryUrl {
    /// As it was written.
    pub raw: String,
    /// What is cloned.
    pub clone_url: String,
    /// The directory in the repository; empty for its root.
    pub path: String,
    /// Branch, tag or commit; empty for the default branch.
    pub reference: String,
    /// Whether submodules are wanted; `None` where nothing is said.
    pub submodules: Option<bool>,
    /// How long fetching may take.
    pub timeout: Duration,
}

/// How long fetching may take where nothing is said.
const TIMEOUT: Duration = Duration::from_secs(27);
/// No build waits longer than this, whatever is said.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(3600);

const SCHEMES: [&str; 4] = ["ssh://", "https://", "http://", "file://"];

impl RepositoryUrl {
    /// Reads a URL; `None` where the text is no URL of a repository, but perhaps a path.
    ///
    /// Source: kustomize `internal/git/repospec.go`.
    pub fn parse(text: &str) -> Option<Self> {
        if text.starts_with('/') {
            return None;
        }
        let (location, query) = text.split_once('?').unwrap_or((text, ""));
        let query = Query::parse(query);
        let (host, rest) = split_host(location)?;
        let (repository, path) = split_path(&rest, host.starts_with("file://"))?;
        if repository.is_empty() || leaves(&path) {
            return None;
        }
        Some(Self {
            raw: text.to_owned(),
            clone_url: host + &repository,
            path: path.strip_prefix('/').unwrap_or(&path).to_owned(),
            reference: query.reference,
            submodules: query.submodules,
            timeout: query.timeout,
        })
    }
}

/// What a query of a repository's URL may ask for; what else stands there may be a token.
const QUERIES: [&str; 4] = ["ref", "submodules", "timeout", "version"];

/// An entry as messages show it: where it is a URL, without what may be a secret in it. A path that was made of a
/// URL, with one slash left, is treated alike.
pub(crate) fn redacted(entry: &str) -> String {
    let Some((scheme, rest)) = entry.split_once(":/") else { return entry.to_owned() };
    if scheme.is_empty() || !scheme.rsplit(['/', '=']).next().is_some_and(is_scheme) {
        return entry.to_owned();
    }
    let slashes = if rest.starts_with('/') { "://" } else { ":/" };
    let rest = rest.strip_prefix('/').unwrap_or(rest);
    let lower = scheme.to_ascii_lowercase();
    let is_web = lower.ends_with("http") || lower.ends_with("https");
    match rest.split_once('?') {
        None => format!("{scheme}{slashes}{}", without_password(rest, is_web)),
        Some((location, query)) => {
            format!("{scheme}{slashes}{}?{}", without_password(location, is_web), without_tokens(query))
        }
    }
}

/// The last part of what stands in front of a URL's colon, which may be `git::https`.
fn is_scheme(text: &str) -> bool {
    text.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '+' | '-' | '.' | ':'))
}

/// A name alone is the token itself on the web, and a name elsewhere.
fn without_password(location: &str, is_web: bool) -> String {
    let authority = location.split('/').next().unwrap_or_default();
    // A password with a slash in it ends the authority, and leaves what is no port.
    let has_port = |text: &str| {
        text.rsplit_once(':').is_none_or(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let user = match authority.rsplit_once('@') {
        Some((user, _)) => user,
        None if has_port(authority) => return location.to_owned(),
        None => match location.rsplit_once('@') {
            Some((user, _)) => user,
            None => return location.to_owned(),
        },
    };
    let rest = &location[user.len()..];
    match user.split_once(':') {
        Some((name, _)) => format!("{name}:xxxxx{rest}"),
        None if is_web => format!("xxxxx{rest}"),
        None => location.to_owned(),
    }
}

fn without_tokens(query: &str) -> String {
    let shown = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if !QUERIES.contains(&name) => format!("{name}=xxxxx"),
        _ => pair.to_owned(),
    };
    query.split('&').map(shown).collect::<Vec<_>>().join("&")
}

/// Whether a path names a file on the web.
pub(crate) fn is_web_file(path: &str) -> bool {
    strip_prefix_ignoring_case(path, "http://").is_some()
        || strip_prefix_ignoring_case(path, "https://").is_some()
}

/// What the query of a URL asks for.
struct Query {
    reference: String,
    submodules: Option<bool>,
    timeout: Duration,
}

impl Query {
    /// Of several values of a name the first one counts. A query that Go refuses says nothing.
    fn parse(text: &str) -> Self {
        let nothing = Self { reference: String::new(), submodules: None, timeout: TIMEOUT };
        if text.contains(';') || has_broken_escape(text) {
            return nothing;
        }
        let get = |name: &str| {
            let mut pairs = form_urlencoded::parse(text.as_bytes());
            pairs
                .find(|(key, _)| key == name)
                .map(|(_, text)| text.into_owned())
                .filter(|text| !text.is_empty())
        };
        let submodules = get("submodules").and_then(|text| match text.as_str() {
            "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
            "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
            _ => None,
        });
        Self {
            reference: get("ref").or_else(|| get("version")).unwrap_or(nothing.reference),
            submodules,
            timeout: get("timeout").and_then(|text| duration(&text)).unwrap_or(TIMEOUT).min(LONGEST_TIMEOUT),
        }
    }
}

fn has_broken_escape(text: &str) -> bool {
    text.split('%')
        .skip(1)
        .any(|rest| !rest.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)))
}

/// Seconds, or a duration such as `1m30s`; only what is longer than nothing.
fn duration(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds)).filter(|duration| !duration.is_zero());
    }
    apimachinery::duration::parse(text).ok().filter(|duration| !duration.is_zero())
}

/// What is before the path of the repository, put right as Git needs it, and the rest.
fn split_host(text: &str) -> Option<(String, String)> {
    let text = strip_prefix_ignoring_case(text, "git::").unwrap_or(text);
    let found = SCHEMES.iter().find_map(|scheme| Some((*scheme, strip_prefix_ignoring_case(text, scheme)?)));
    let (scheme, rest) = found.unwrap_or(("", text));
    let (user, rest) = split_user(rest);
    let lower = rest.to_ascii_lowercase();
    let is_github = lower.starts_with("github.com/") || lower.starts_with("github.com:");
    let takes_colon = scheme.is_empty() && (!user.is_empty() || is_github);
    if scheme.is_empty() && !takes_colon {
        return None;
    }
    if scheme == "file://" {
        return Some((scheme.to_owned(), format!("{user}{rest}")));
    }
    let slash = rest.find('/');
    let colon = rest.find(':').filter(|at| takes_colon && *at > 0 && slash.is_none_or(|slash| *at < slash));
    let (host, path) = match colon.or(slash) {
        Some(at) => rest.split_at(at + 1),
        None => (rest, ""),
    };
    if is_github {
        let host = if scheme.starts_with("ssh://") || !user.is_empty() {
            format!("{user}github.com:")
        } else {
            "https://github.com/".to_owned()
        };
        return Some((host, path.to_owned()));
    }
    if host.is_empty() { None } else { Some((format!("{scheme}{user}{host}"), path.to_owned())) }
}

/// `name@`
fn split_user(text: &str) -> (String, &str) {
    let Some((name, rest)) = text.split_once('@') else { return (String::new(), text) };
    let is_name = name.starts_with(|char: char| char.is_ascii_alphabetic())
        && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '-');
    if is_name { (format!("{name}@"), rest) } else { (String::new(), text) }
}

/// The repository and the directory in it: split at `_git/`, `//` or `.git`, or after two parts.
fn split_path(text: &str, is_local: bool) -> Option<(String, String)> {
    if let Some((before, after)) = text.split_once("_git/") {
        let (name, path) = after.split_once('/').unwrap_or((after, ""));
        return Some((format!("{before}_git/{name}"), path.to_owned()));
    }
    if let Some((repository, path)) = text.split_once("//") {
        return Some((repository.to_owned(), path.to_owned()));
    }
    if let Some(at) = text.find(".git") {
        let (repository, path) = text.split_at(at + ".git".len());
        return Some((repository.to_owned(), path.to_owned()));
    }
    if is_local {
        return Some((text.to_owned(), String::new()));
    }
    let parts: Vec<&str> = text.split('/').collect();
    (parts.len() >= 2).then(|| (parts[..2].join("/"), parts[2..].join("/")))
}

fn leaves(path: &str) -> bool {
    let mut depth = 0_i64;
    for part in path.trim_start_matches('/').split('/') {
        match part {
            "" | "." => {}
            ".." => depth -= 1,
            _ => depth += 1,
        }
        if depth < 0 {
            return true;
        }
    }
    false
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        RepositoryUrl::parse(text).map_or_else(
            || "a path".to_owned(),
            |url| format!("{} {} {}", url.clone_url, url.path, url.reference),
        )
    }

    #[test]
    fn urls_are_read_as_kustomize_reads_them() {
        let rows = [
            ("github.com/org/repo", "https://github.com/org/repo  "),
            ("github.com/org/repo/a/b?ref=v1", "https://github.com/org/repo a/b v1"),
            ("git@github.com:org/repo.git//a?version=x", "git@github.com:org/repo.git a x"),
            ("https://example.com/org/repo.git/sub", "https://example.com/org/repo.git sub "),
            ("ssh://git@example.com/org/repo", "ssh://git@example.com/org/repo  "),
            ("https://dev.example.com/org/_git/repo/a", "https://dev.example.com/org/_git/repo a "),
            ("file:///srv/repo.git", "file:///srv/repo.git  "),
            ("../base", "a path"),
            ("base", "a path"),
            ("deployment.yaml", "a path"),
            ("https://github.com/org/repo//../x", "a path"),
            ("https://example.com/a/b//c?ref=feature%2Fx&version=y", "https://example.com/a/b c feature/x"),
            ("https://example.com/a/b//c?version=y", "https://example.com/a/b c y"),
            ("https://example.com/a/b//c?ref=%zz", "https://example.com/a/b c "),
        ];
        for (text, expected) in rows {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn secrets_of_urls_are_not_shown() {
        let rows = [
            ("https://user:hunter2@host/o/r//b", "https://user:xxxxx@host/o/r//b"),
            ("https://token@host/o/r", "https://xxxxx@host/o/r"),
            ("git::https://user:hunter2@host/o/r", "git::https://user:xxxxx@host/o/r"),
            ("base/git::https:/user:hunter2@host/o", "base/git::https:/user:xxxxx@host/o"),
            ("https://user:hun/ter2@host/o/r", "https://user:xxxxx@host/o/r"),
            ("ssh://git@host/o/r", "ssh://git@host/o/r"),
            ("https://host:8443/@scope/r", "https://host:8443/@scope/r"),
            ("https://host/a.yaml?sig=hunter2&ref=v1", "https://host/a.yaml?sig=xxxxx&ref=v1"),
            ("a: b/c@d", "a: b/c@d"),
            ("../base", "../base"),
        ];
        for (text, expected) in rows {
            assert_eq!(redacted(text), expected);
        }
    }

    #[test]
    fn a_query_says_how_long_and_what_else() {
        let said = |query: &str| {
            let url = RepositoryUrl::parse(&format!("https://example.com/a/b?{query}")).expect("a URL");
            (url.timeout.as_millis(), url.submodules)
        };
        assert_eq!(said("timeout=61"), (61_000, None));
        assert_eq!(said("timeout=1m1.5s&submodules=false"), (61_500, Some(false)));
        assert_eq!(said("timeout=0&submodules=x"), (27_000, None));
        assert_eq!(said("timeout=-3s"), (27_000, None));
        assert_eq!(said("timeout=100h"), (3_600_000, None));
    }
}
