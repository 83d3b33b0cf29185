//! What lies outside of the tree: Git repositories and files on the web.

use std::sync::Arc;

use thiserror::Error;

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

/// Why something could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct RemoteError(pub String);

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
    /// Whether submodules are wanted.
    pub submodules: bool,
}

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
        let (reference, submodules) = parse_query(query);
        let (host, rest) = split_host(location)?;
        let (repository, path) = split_path(&rest, host.starts_with("file://"))?;
        if repository.is_empty() || leaves(&path) {
            return None;
        }
        Some(Self {
            raw: text.to_owned(),
            clone_url: host + &repository,
            path: path.strip_prefix('/').unwrap_or(&path).to_owned(),
            reference,
            submodules,
        })
    }
}

/// Whether a path names a file on the web.
pub(crate) fn is_web_file(path: &str) -> bool {
    strip_prefix_ignoring_case(path, "http://").is_some()
        || strip_prefix_ignoring_case(path, "https://").is_some()
}

fn parse_query(query: &str) -> (String, bool) {
    let (mut reference, mut version, mut submodules) = (String::new(), String::new(), true);
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("ref", text)) if reference.is_empty() => reference = text.to_owned(),
            Some(("version", text)) if version.is_empty() => version = text.to_owned(),
            Some(("submodules", text)) => {
                submodules = !matches!(text, "false" | "0" | "f" | "F" | "False" | "FALSE")
            }
            _ => {}
        }
    }
    (if reference.is_empty() { version } else { reference }, submodules)
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
        ];
        for (text, expected) in rows {
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}
