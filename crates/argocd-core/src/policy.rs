//! Who may do what.
//!
//! Source of the rules: Argo CD 3.6, `util/rbac/rbac.go`, `assets/model.conf` and `assets/builtin-policy.csv`.
//! A request is granted when some rule allows it and none denies it, whatever the order of the rules.

use std::collections::{HashMap, HashSet};

use regex::Regex;
use thiserror::Error;

use crate::Glob;
use crate::expression::{self, ExpressionError};

/// What everybody has who has a built-in role: readers see everything but what runs in Pods, administrators
/// do everything. Upstream's table, by resource.
const BUILT_IN: [(&str, &str, &[&str], &str); 17] = [
    ("role:readonly", "applications", &["get"], "*/*"),
    ("role:readonly", "applicationsets", &["get"], "*/*"),
    ("role:readonly", "certificates", &["get"], "*"),
    ("role:readonly", "clusters", &["get"], "*"),
    ("role:readonly", "repositories", &["get"], "*"),
    ("role:readonly", "write-repositories", &["get"], "*"),
    ("role:readonly", "projects", &["get"], "*"),
    ("role:readonly", "accounts", &["get"], "*"),
    ("role:readonly", "gpgkeys", &["get"], "*"),
    ("role:readonly", "logs", &["get"], "*/*"),
    (
        "role:admin",
        "applications",
        &["create", "update", "update/*", "delete", "delete/*", "sync", "rollback", "override", "action/*"],
        "*/*",
    ),
    ("role:admin", "applicationsets", &["get", "create", "update", "delete"], "*/*"),
    ("role:admin", "clusters", &["create", "update", "delete"], "*"),
    ("role:admin", "projects", &["create", "update", "delete"], "*"),
    ("role:admin", "accounts", &["update"], "*"),
    ("role:admin", "gpgkeys", &["create", "delete"], "*"),
    ("role:admin", "exec", &["create", "debug"], "*/*"),
];
/// Resources that administrators create, change and delete.
const ADMINISTERED: [&str; 3] = ["certificates", "repositories", "write-repositories"];

/// Roles of roles are followed this far, as casbin does.
const MAX_LEVELS: usize = 10;

/// A line of a policy that cannot be read. Nothing of the policy is in force then.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("line {line} of the policy, {text:?}: {problem}")]
pub struct PolicyError {
    /// Counted from one.
    pub line: usize,
    /// The line.
    pub text: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// How the patterns of a policy are written: `policy.matchMode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MatchMode {
    /// Globs in which `*` crosses slashes.
    #[default]
    Glob,
    /// Regular expressions that may match a part.
    Regex,
}

impl MatchMode {
    /// Reads `policy.matchMode`: everything but `regex` means globs.
    pub fn of(text: &str) -> Self {
        if text == "regex" { Self::Regex } else { Self::Glob }
    }
}

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// `applications`, `projects`, …
    pub resource: &'a str,
    /// `get`, `sync`, `action/apps/Deployment/restart`, …
    pub action: &'a str,
    /// `project/name`, a name, an address.
    pub object: &'a str,
}

/// Rules and roles.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// By whom they are about.
    rules: HashMap<String, Vec<Rule>>,
    /// The roles of a user, a group or a role.
    roles: HashMap<String, Vec<String>>,
}

#[derive(Clone, Debug)]
struct Rule {
    resource: Pattern,
    action: Pattern,
    object: Pattern,
    denies: bool,
}

#[derive(Clone, Debug)]
enum Pattern {
    /// What stands between stars: most patterns have no other sign.
    Stars(Vec<String>),
    Glob(Glob),
    Regex(Regex),
}

impl Policy {
    /// Reads rules `p, subject, resource, action, object, allow|deny` and roles `g, subject, role`, one in a
    /// line; empty lines and those that begin with `#` say nothing.
    ///
    /// # Errors
    /// The first line that cannot be read.
    pub fn parse(text: &str, mode: MatchMode) -> Result<Self, PolicyError> {
        let mut policy = Self::default();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let error = |problem| PolicyError { line: number + 1, text: line.to_owned(), problem };
            policy.add(line, mode).map_err(error)?;
        }
        Ok(policy)
    }

    /// The roles `role:readonly` and `role:admin`, and that `admin` has the latter.
    pub fn built_in() -> Self {
        let mut policy = Self::default();
        let administered = ADMINISTERED.map(|resource| {
            let actions: &[&str] = &["create", "update", "delete"];
            ("role:admin", resource, actions, "*")
        });
        for (subject, resource, actions, object) in BUILT_IN.into_iter().chain(administered) {
            for action in actions {
                let (resource, action) = (Pattern::stars(resource), Pattern::stars(action));
                let rule = Rule { resource, action, object: Pattern::stars(object), denies: false };
                policy.rules.entry(subject.to_owned()).or_default().push(rule);
            }
        }
        policy.grant("role:admin", "role:readonly");
        policy.grant("admin", "role:admin");
        policy
    }

    fn add(&mut self, line: &str, mode: MatchMode) -> Result<(), &'static str> {
        let fields = fields(line).ok_or("a quote is not closed, or stands in the middle of a field")?;
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        match fields[..] {
            ["p", subject, resource, action, object, effect] => {
                let denies = match effect {
                    "allow" => false,
                    "deny" => true,
                    _ => return Err("a rule ends with allow or deny"),
                };
                let pattern = |text| Pattern::new(text, mode);
                let (resource, action) = (pattern(resource)?, pattern(action)?);
                let rule = Rule { resource, action, object: pattern(object)?, denies };
                self.rules.entry(subject.to_owned()).or_default().push(rule);
                Ok(())
            }
            ["g", subject, role] => {
                self.grant(subject, role);
                Ok(())
            }
            ["p", ..] => Err("a rule has six fields: p, subject, resource, action, object, allow or deny"),
            ["g", ..] => Err("a role is given in three fields: g, user or group, role"),
            _ => Err("a line begins with p for a rule or g for a role"),
        }
    }

    fn grant(&mut self, subject: &str, role: &str) {
        self.roles.entry(subject.to_owned()).or_default().push(role.to_owned());
    }
}

/// Whether the policies together grant the request to a user, a group or a role.
pub fn permits(policies: &[&Policy], subject: &str, request: &Request<'_>) -> bool {
    let mut allowed = false;
    for name in closure(policies, subject) {
        for rule in policies.iter().filter_map(|policy| policy.rules.get(name)).flatten() {
            if rule.is_about(request) {
                if rule.denies {
                    return false;
                }
                allowed = true;
            }
        }
    }
    allowed
}

/// The subject, its roles, and theirs.
fn closure<'a>(policies: &[&'a Policy], subject: &'a str) -> Vec<&'a str> {
    let (mut all, mut seen) = (vec![subject], HashSet::from([subject]));
    let mut level = 0..1;
    for _ in 0..MAX_LEVELS {
        let end = all.len();
        for at in level.clone() {
            let roles = policies.iter().filter_map(|policy| policy.roles.get(all[at])).flatten();
            let news: Vec<&str> = roles.map(String::as_str).filter(|role| seen.insert(role)).collect();
            all.extend(news);
        }
        level = end..all.len();
    }
    all
}

impl Rule {
    fn is_about(&self, request: &Request<'_>) -> bool {
        self.resource.matches(request.resource)
            && self.action.matches(request.action)
            && self.object.matches(request.object)
    }
}

impl Pattern {
    fn new(text: &str, mode: MatchMode) -> Result<Self, &'static str> {
        Ok(match mode {
            MatchMode::Glob if text.contains(['?', '[', '{', '\\']) => {
                Self::Glob(Glob::new(text, None).map_err(|_| "a pattern cannot be read")?)
            }
            MatchMode::Glob => Self::stars(text),
            MatchMode::Regex => Self::Regex(expression::parse(text).map_err(|error| match error {
                ExpressionError::Invalid => "a regular expression cannot be read",
                ExpressionError::Unsupported(_) => "a regular expression uses a form that is not supported",
            })?),
        })
    }

    fn stars(text: &str) -> Self {
        Self::Stars(text.split('*').map(str::to_owned).collect())
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Stars(parts) => stars_match(parts, text),
            Self::Glob(glob) => glob.matches(text),
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

/// Whether the parts stand in the text in their order, the first at its start and the last at its end.
fn stars_match(parts: &[String], text: &str) -> bool {
    let [first, middle @ .., last] = parts else { return parts.iter().all(|only| only == text) };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
    for part in middle {
        match rest.split_once(part.as_str()) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last.as_str())
}

/// The fields of a line of CSV; spaces before a field do not count, `""` in quotes is a quote.
fn fields(line: &str) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start();
        if let Some(mut quoted) = rest.strip_prefix('"') {
            let mut field = String::new();
            loop {
                let (text, after) = quoted.split_once('"')?;
                field.push_str(text);
                match after.strip_prefix('"') {
                    Some(more) => {
                        field.push('"');
                        quoted = more;
                    }
                    None => {
                        rest = after;
                        break;
                    }
                }
            }
            fields.push(field);
            match rest.strip_prefix(',') {
                Some(more) => rest = more,
                None => return rest.is_empty().then_some(fields),
            }
        } else {
            let (field, more) = match rest.split_once(',') {
                Some((field, more)) => (field, Some(more)),
                None => (rest, None),
            };
            if field.contains('"') {
                return None;
            }
            fields.push(field.to_owned());
            match more {
                Some(more) => rest = more,
                None => return Some(fields),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request<'a>(resource: &'a str, action: &'a str, object: &'a str) -> Request<'a> {
        Request { resource, action, object }
    }

    fn decide(text: &str, mode: MatchMode, subject: &str, what: (&str, &str, &str)) -> bool {
        let policy = Policy::parse(text, mode).expect(text);
        permits(&[&Policy::built_in(), &policy], subject, &request(what.0, what.1, what.2))
    }

    #[test]
    fn built_in_roles() {
        let rows = [
            ("admin", ("applications", "sync", "default/a"), true),
            ("admin", ("applications", "get", "default/a"), true),
            ("admin", ("applications", "action/apps/Deployment/restart", "default/a"), true),
            ("admin", ("write-repositories", "delete", "https://example.com"), true),
            ("admin", ("exec", "create", "default/a"), true),
            ("admin", ("extensions", "invoke", "x"), false),
            ("role:readonly", ("applications", "get", "default/ns/a"), true),
            ("role:readonly", ("applications", "sync", "default/a"), false),
            ("role:readonly", ("logs", "get", "default/a"), true),
            ("role:readonly", ("exec", "create", "default/a"), false),
            ("nobody", ("applications", "get", "default/a"), false),
            ("", ("projects", "get", "default"), false),
        ];
        for (subject, what, expected) in rows {
            assert_eq!(decide("", MatchMode::Glob, subject, what), expected, "{subject} {what:?}");
        }
    }

    #[test]
    fn rules_of_users() {
        let text = "# viewers\np, role:viewer, applications, get, a/*, allow\n\n  p, role:viewer, applications, sync, \
                    a/one, allow\ng, alice, role:viewer\np, alice, applications, get, a/secret, deny\n\
                    p, bob, \"applications\", *, \"{a,b}/x\", allow\ng, carol, role:lead\ng, role:lead, role:viewer\n";
        let rows = [
            ("alice", ("applications", "get", "a/one"), true),
            ("alice", ("applications", "get", "a/deep/one"), true),
            ("alice", ("applications", "get", "b/one"), false),
            ("alice", ("applications", "sync", "a/one"), true),
            ("alice", ("applications", "sync", "a/two"), false),
            ("alice", ("applications", "get", "a/secret"), false),
            ("bob", ("applications", "delete", "b/x"), true),
            ("bob", ("applications", "delete", "c/x"), false),
            ("carol", ("applications", "get", "a/secret"), true),
            ("role:viewer", ("applications", "get", "a/one"), true),
        ];
        for (subject, what, expected) in rows {
            assert_eq!(decide(text, MatchMode::Glob, subject, what), expected, "{subject} {what:?}");
        }
    }

    #[test]
    fn regular_expressions_may_match_a_part() {
        let text = "p, alice, applications, get, ^team-[a-c]/, allow";
        let of = |object| decide(text, MatchMode::Regex, "alice", ("applications", "get", object));
        assert!(of("team-a/x"));
        assert!(!of("team-d/x"));
        assert!(!of("my-team-a/x"));
    }

    #[test]
    fn stars_stand_for_any_text() {
        let rows = [
            ("*", "", true),
            ("*", "a/b", true),
            ("", "", true),
            ("", "a", false),
            ("a*", "a", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*/*", "ab", false),
            ("*/*", "a/", true),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "acb", false),
            ("**a", "a", true),
        ];
        for (pattern, text, expected) in rows {
            assert_eq!(Pattern::stars(pattern).matches(text), expected, "{pattern} and {text}");
            let glob = Glob::new(pattern, None).expect(pattern);
            assert_eq!(glob.matches(text), expected, "{pattern} and {text} as a glob");
        }
    }

    #[test]
    fn roles_that_go_round_end() {
        let text = "g, a, b\ng, b, a\np, b, projects, get, *, allow";
        assert!(decide(text, MatchMode::Glob, "a", ("projects", "get", "x")));
        assert!(!decide(text, MatchMode::Glob, "a", ("projects", "update", "x")));
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named() {
        let rows = [
            ("x, a, b", "a line begins with"),
            ("p, a, projects, get, x", "a rule has six fields"),
            ("p, a, projects, get, x, perhaps", "a rule ends with"),
            ("g, a", "a role is given in three fields"),
            ("p, a, projects, get, [x, allow", "a pattern cannot be read"),
            ("p, a, \"projects, get, x, allow", "a quote is not closed"),
            ("p, a, pro\"jects, get, x, allow", "a quote is not closed"),
        ];
        for (line, problem) in rows {
            let error = Policy::parse(&format!("# first\n{line}"), MatchMode::Glob).expect_err(line);
            assert_eq!(error.line, 2);
            assert!(error.to_string().contains(problem), "{error}");
        }
    }
}
