//! Which repository Secret belongs to an address.
//!
//! Source of the rules: Argo CD 3.6, `util/db/repository_secrets.go` and `util/git/git.go`.

use std::borrow::Cow;

/// The label whose value says what a Secret of the control plane is.
pub const SECRET_TYPE: &str = "argocd.argoproj.io/secret-type";

/// What a Secret is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// One repository.
    Repository,
    /// Credentials for all repositories whose address begins in the same way.
    Template,
}

impl Role {
    /// Reads the value of [`SECRET_TYPE`]; `None` for Secrets of other types, and those for writing.
    pub fn of(secret_type: &str) -> Option<Self> {
        match secret_type {
            "repository" => Some(Self::Repository),
            "repo-creds" => Some(Self::Template),
            _ => None,
        }
    }
}

/// A Secret, as far as it decides whom it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is for.
    pub role: Role,
    /// The address, or how addresses begin.
    pub url: String,
    /// The only project that may use it; empty for all.
    pub project: String,
    /// Whether it holds anything that lets somebody in.
    pub has_credentials: bool,
}

/// What is known of a repository: indices into the entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The entry of the repository itself.
    pub repository: Option<usize>,
    /// The entry whose credentials are used.
    pub credentials: Option<usize>,
}

/// Looks for the entries of `url` that an application of `project` may use.
///
/// The repository of the project wins over one of all projects. Where the repository has no credentials of
/// its own, the template with the longest matching address lends its.
pub fn find(entries: &[Entry], url: &str, project: &str) -> Found {
    let wanted = normal_url(url);
    let usable = |entry: &Entry| entry.project.is_empty() || entry.project == project;
    let is_it = |entry: &&(usize, &Entry)| {
        entry.1.role == Role::Repository && usable(entry.1) && normal_url(&entry.1.url) == wanted
    };
    let numbered: Vec<(usize, &Entry)> = entries.iter().enumerate().collect();
    let own = numbered.iter().filter(is_it).find(|(_, entry)| !entry.project.is_empty());
    let repository = own.or_else(|| numbered.iter().find(is_it));
    if let Some((index, entry)) = repository
        && entry.has_credentials
    {
        return Found { repository: Some(*index), credentials: Some(*index) };
    }
    let lends = |(_, entry): &&(usize, &Entry)| {
        entry.role == Role::Template
            && entry.has_credentials
            && usable(entry)
            && begins_with(&wanted, &normal_url(&entry.url))
    };
    // Of equally long ones the first counts.
    let template = numbered.iter().filter(lends).rev().max_by_key(|(_, entry)| normal_url(&entry.url).len());
    Found { repository: repository.map(|(index, _)| *index), credentials: template.map(|(index, _)| *index) }
}

/// Whether an address is below that of a template. A template without a path is about one host: it lends
/// nothing to another one whose name begins in the same way. One without an address is about nothing.
fn begins_with(url: &str, template: &str) -> bool {
    let Some(rest) = url.strip_prefix(template) else { return false };
    let after_scheme = template.split_once("://").map_or(template, |(_, rest)| rest);
    let is_host_complete = after_scheme.contains('/') || rest.is_empty() || rest.starts_with('/');
    !after_scheme.is_empty() && is_host_complete
}

/// An address in the form in which two of them are compared: lower case, without `.git` at its end, and
/// without the difference between `git@host:path` and `ssh://git@host/path`.
pub fn normal_url(url: &str) -> String {
    let lower = url.trim().to_lowercase();
    let url = match is_ssh(&lower) && !lower.starts_with("ssh://") {
        true => Cow::Owned(lower.replacen(':', "/", 1)),
        false => Cow::Borrowed(&lower),
    };
    let url = url.strip_suffix(".git").unwrap_or(&url);
    url.strip_prefix("ssh://").unwrap_or(url).to_owned()
}

/// Whether an address is one of SSH: with `ssh://`, or with a user before the host and no other scheme.
pub fn is_ssh(url: &str) -> bool {
    let rest = url.strip_prefix("ssh://").unwrap_or(url);
    match rest.rsplit_once('@') {
        Some((user, host)) => !user.contains(['/', ':', '@']) && !host.is_empty(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_the_same() {
        let rows = [
            ("https://Example.com/Team/App.git", "https://example.com/team/app"),
            (" https://example.com/a ", "https://example.com/a"),
            ("git@example.com:team/app.git", "git@example.com/team/app"),
            ("ssh://git@example.com/team/app", "git@example.com/team/app"),
            ("ssh://git@example.com:22/team/app", "git@example.com:22/team/app"),
            ("https://user@example.com/a", "https://user@example.com/a"),
        ];
        for (url, expected) in rows {
            assert_eq!(normal_url(url), expected, "{url}");
        }
    }

    #[test]
    fn a_template_lends_to_its_own_host_only() {
        let rows = [
            ("https://example.com/team/app", "https://example.com", true),
            ("https://example.com/team/app", "https://example.com/", true),
            ("https://example.com/team/app", "https://example.com/te", true),
            ("https://example.com.evil.org/app", "https://example.com", false),
            ("https://example.com@evil.org/app", "https://example.com", false),
            ("https://example.com/app", "https://", false),
            ("https://example.com/app", "", false),
            ("git@example.com/app", "git@example.com", true),
        ];
        for (url, template, expected) in rows {
            assert_eq!(begins_with(url, template), expected, "{template} and {url}");
        }
    }

    fn entry(role: Role, url: &str, project: &str, has_credentials: bool) -> Entry {
        Entry { role, url: url.to_owned(), project: project.to_owned(), has_credentials }
    }

    #[test]
    fn whose_credentials_are_used() {
        use Role::{Repository, Template};
        let url = "https://example.com/team/app";
        let found = |repository, credentials| Found { repository, credentials };
        let rows = [
            ("none", vec![], found(None, None)),
            (
                "its own",
                vec![entry(Repository, "https://example.com/team/app.git", "", true)],
                found(Some(0), Some(0)),
            ),
            (
                "another address",
                vec![entry(Repository, "https://example.com/team/other", "", true)],
                found(None, None),
            ),
            ("another project", vec![entry(Repository, url, "q", true)], found(None, None)),
            (
                "the project first",
                vec![entry(Repository, url, "", true), entry(Repository, url, "p", true)],
                found(Some(1), Some(1)),
            ),
            ("a template", vec![entry(Template, "https://example.com/", "", true)], found(None, Some(0))),
            (
                "the longest template",
                vec![
                    entry(Template, "https://example.com", "", true),
                    entry(Template, "https://example.com/team", "", true),
                    entry(Template, "https://example.com/te", "", true),
                ],
                found(None, Some(1)),
            ),
            (
                "a repository without credentials borrows",
                vec![entry(Repository, url, "", false), entry(Template, "https://example.com", "", true)],
                found(Some(0), Some(1)),
            ),
            (
                "a repository with credentials does not",
                vec![entry(Template, url, "", true), entry(Repository, url, "", true)],
                found(Some(1), Some(1)),
            ),
        ];
        for (name, entries, expected) in rows {
            assert_eq!(find(&entries, url, "p"), expected, "{name}");
        }
    }
}
