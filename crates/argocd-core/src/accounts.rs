//! Local accounts and what they may be used for.
//!
//! Source of the rules: Argo CD 3.6, `util/settings/accounts.go`, and recordings of the sentences that refuse.

use std::collections::BTreeMap;

use jiff::Timestamp;
use thiserror::Error;
use value::Value;

/// The account that is always there.
pub const ADMIN: &str = "admin";

/// What a ConfigMap or a Secret holds, decoded.
pub type Data = BTreeMap<String, String>;

/// Accounts by name.
pub type Accounts = BTreeMap<String, Account>;

/// What an account can be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Capability {
    /// Sessions of people, by password.
    Login,
    /// Tokens of programs.
    ApiKey,
}

impl Capability {
    /// As it is written in settings and tokens.
    pub fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::ApiKey => "apiKey",
        }
    }

    /// Reads the name.
    pub fn of(name: &str) -> Option<Self> {
        [Self::Login, Self::ApiKey].into_iter().find(|capability| capability.name() == name)
    }
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Whether it may be used at all.
    pub enabled: bool,
    /// What for.
    pub capabilities: Vec<Capability>,
    /// The bcrypt hash of the password.
    pub password_hash: Option<String>,
    /// When the password was set; older sessions are void.
    pub password_changed: Option<Timestamp>,
    /// Its tokens.
    pub tokens: Vec<Token>,
}

/// A token of a program, without the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its name.
    pub id: String,
    /// When it was issued, in seconds since 1970.
    pub issued_at: i64,
    /// When it ends; 0 for never.
    pub expires_at: i64,
}

/// Settings of accounts that cannot be read: then nobody is let in by them.
#[derive(Debug, Error)]
pub enum AccountsError {
    /// A name that is no account.
    #[error("{key} of {object}: {problem}")]
    Setting {
        /// The object.
        object: &'static str,
        /// The key of its data.
        key: String,
        /// What is wrong with its value.
        problem: &'static str,
    },
    /// A list of tokens that is not JSON.
    #[error("{key} of argocd-secret is no list of tokens")]
    Tokens {
        /// The key.
        key: String,
        /// Why.
        source: value::JsonError,
    },
}

/// Why a session or a token of an account is not accepted, in upstream's words.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Unusable {
    /// There is no such account.
    #[error("account '{0}' does not exist")]
    Unknown(String),
    /// It is switched off.
    #[error("account {0} is disabled")]
    Disabled(String),
    /// It is not meant for this.
    #[error("account {name} does not have '{capability}' capability")]
    Incapable {
        /// The account.
        name: String,
        /// The capability.
        capability: &'static str,
    },
    /// The token was taken back.
    #[error("account {name} does not have token with id {id}")]
    NoToken {
        /// The account.
        name: String,
        /// The token.
        id: String,
    },
    /// The password was changed after the session began.
    #[error("account password has changed since token issued")]
    PasswordChanged,
}

/// The accounts of `argocd-cm` with what `argocd-secret` says of them.
///
/// # Errors
/// A setting that cannot be read.
pub fn read(config: &Data, secret: &Data) -> Result<Accounts, AccountsError> {
    let mut accounts = BTreeMap::new();
    let admin = Account { enabled: flag(config, "admin.enabled")?, ..of(ADMIN, "admin", secret)? };
    let capabilities = vec![Capability::Login];
    accounts.insert(ADMIN.to_owned(), Account { capabilities, ..admin });
    for (key, value) in config {
        let Some(name) = key.strip_prefix("accounts.") else { continue };
        let (name, setting) = match name.split_once('.') {
            None => (name, None),
            Some((name, setting)) => (name, Some(setting)),
        };
        if !accounts.contains_key(name) {
            accounts.insert(name.to_owned(), of(name, &format!("accounts.{name}"), secret)?);
        }
        let Some(account) = accounts.get_mut(name) else { continue };
        match setting {
            None => {
                let given = value.split(',').map(str::trim).filter(|capability| !capability.is_empty());
                for capability in given.filter_map(Capability::of) {
                    if !account.capabilities.contains(&capability) {
                        account.capabilities.push(capability);
                    }
                }
            }
            Some("enabled") => account.enabled = flag(config, key)?,
            Some(_) => {
                let problem = "an account has a list of capabilities, and .enabled";
                return Err(AccountsError::Setting { object: "argocd-cm", key: key.clone(), problem });
            }
        }
    }
    Ok(accounts)
}

impl Account {
    /// Whether a session or token for `capability` is good: one with the id `token`, issued at `issued_at`.
    ///
    /// # Errors
    /// Why it is not.
    pub fn admits(&self, capability: Capability, token: &str, issued_at: Timestamp) -> Result<(), Unusable> {
        let name = || self.name.clone();
        if !self.enabled {
            return Err(Unusable::Disabled(name()));
        }
        if !self.capabilities.contains(&capability) {
            return Err(Unusable::Incapable { name: name(), capability: capability.name() });
        }
        if capability == Capability::ApiKey && !self.tokens.iter().any(|known| known.id == token) {
            return Err(Unusable::NoToken { name: name(), id: token.to_owned() });
        }
        // Tokens have whole seconds; a session that began in the second of the change is a new one.
        let is_older = |changed: Timestamp| issued_at.as_second() < changed.as_second();
        if capability == Capability::Login && self.password_changed.is_some_and(is_older) {
            return Err(Unusable::PasswordChanged);
        }
        Ok(())
    }
}

fn of(name: &str, prefix: &str, secret: &Data) -> Result<Account, AccountsError> {
    let found = |suffix: &str| {
        let key = format!("{prefix}.{suffix}");
        secret.get(&key).filter(|text| !text.is_empty()).map(|text| (key, text))
    };
    let password_changed = found("passwordMtime").map(|(key, text)| {
        let problem = "not a time as RFC 3339 has it";
        text.parse().map_err(|_| AccountsError::Setting { object: "argocd-secret", key, problem })
    });
    let tokens = found("tokens").map(|(key, text)| tokens(key, text)).transpose()?;
    Ok(Account {
        name: name.to_owned(),
        enabled: true,
        capabilities: Vec::new(),
        password_hash: found("password").map(|(_, hash)| hash.clone()),
        password_changed: password_changed.transpose()?,
        tokens: tokens.into_iter().flatten().collect(),
    })
}

fn tokens(key: String, text: &str) -> Result<Vec<Token>, AccountsError> {
    let list = value::from_json(text.as_bytes());
    let list = list.map_err(|source| AccountsError::Tokens { key: key.clone(), source })?;
    let token = |token: &Value| {
        let number = |field| token.get(field).and_then(Value::as_i64);
        let id = token.str_at(&["id"])?.to_owned();
        Some(Token { id, issued_at: number("iat")?, expires_at: number("exp").unwrap_or(0) })
    };
    let tokens: Option<Vec<Token>> = list.as_list().and_then(|list| list.iter().map(token).collect());
    let problem = "a token has an id and the time when it was issued";
    tokens.ok_or(AccountsError::Setting { object: "argocd-secret", key, problem })
}

/// A switch that is on where nothing is said.
fn flag(config: &Data, key: &str) -> Result<bool, AccountsError> {
    match config.get(key).map(String::as_str) {
        None | Some("" | "true") => Ok(true),
        Some("false") => Ok(false),
        Some(_) => {
            let problem = "neither true nor false";
            Err(AccountsError::Setting { object: "argocd-cm", key: key.to_owned(), problem })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(entries: &[(&str, &str)]) -> Data {
        entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn time(text: &str) -> Timestamp {
        text.parse().expect(text)
    }

    #[test]
    fn accounts_come_together_from_both_objects() {
        let config = data(&[
            ("accounts.alice", "apiKey, login"),
            ("accounts.carol", "login"),
            ("accounts.carol.enabled", "false"),
            ("url", "https://example.com"),
        ]);
        let secret = data(&[
            ("admin.password", "$2a$10$x"),
            ("admin.passwordMtime", "2026-01-01T00:00:00Z"),
            ("accounts.alice.tokens", r#"[{"id":"ci","iat":1767225600}]"#),
        ]);
        let accounts = read(&config, &secret).expect("valid");
        assert_eq!(accounts.keys().map(String::as_str).collect::<Vec<_>>(), ["admin", "alice", "carol"]);
        let admin = &accounts["admin"];
        assert_eq!(admin.capabilities, [Capability::Login]);
        assert_eq!(admin.password_hash.as_deref(), Some("$2a$10$x"));
        assert!(!accounts["carol"].enabled);
        assert_eq!(accounts["alice"].tokens.len(), 1);
    }

    #[test]
    fn what_a_token_is_good_for() {
        let config = data(&[
            ("accounts.alice", "apiKey, login"),
            ("accounts.carol", "login"),
            ("accounts.carol.enabled", "false"),
        ]);
        let secret = data(&[
            ("accounts.alice.tokens", r#"[{"id":"ci","iat":1767225600}]"#),
            ("accounts.alice.passwordMtime", "2026-01-01T00:00:00.5Z"),
        ]);
        let accounts = read(&config, &secret).expect("valid");
        let now = time("2026-01-02T00:00:00Z");
        let rows = [
            ("alice", Capability::ApiKey, "ci", now, None),
            (
                "alice",
                Capability::ApiKey,
                "gone",
                now,
                Some("account alice does not have token with id gone"),
            ),
            ("alice", Capability::Login, "x", now, None),
            ("alice", Capability::Login, "x", time("2026-01-01T00:00:00Z"), None),
            (
                "alice",
                Capability::Login,
                "x",
                time("2025-12-31T23:59:59Z"),
                Some("account password has changed since token issued"),
            ),
            ("carol", Capability::Login, "x", now, Some("account carol is disabled")),
            ("admin", Capability::ApiKey, "x", now, Some("account admin does not have 'apiKey' capability")),
        ];
        for (name, capability, token, issued, expected) in rows {
            let found = accounts[name].admits(capability, token, issued).err().map(|error| error.to_string());
            assert_eq!(found.as_deref(), expected, "{name} {token}");
        }
    }

    #[test]
    fn what_cannot_be_read_lets_nobody_in() {
        let rows = [
            (data(&[("admin.enabled", "perhaps")]), Data::new(), "admin.enabled of argocd-cm"),
            (data(&[("accounts.a.color", "x")]), Data::new(), "accounts.a.color of argocd-cm"),
            (
                Data::new(),
                data(&[("admin.passwordMtime", "yesterday")]),
                "admin.passwordMtime of argocd-secret",
            ),
            (Data::new(), data(&[("admin.tokens", "{")]), "admin.tokens of argocd-secret"),
            (Data::new(), data(&[("admin.tokens", r#"[{"id":"x"}]"#)]), "admin.tokens of argocd-secret"),
        ];
        for (config, secret, expected) in rows {
            let error = read(&config, &secret).expect_err(expected).to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
