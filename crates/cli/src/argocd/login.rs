//! Logging in.

use std::io::IsTerminal as _;
use std::path::Path;

use thiserror::Error;
use value::Value;

use super::client::{Client, ClientError};
use super::settings::{Settings, SettingsError};
use crate::arguments::argocd::Login;

/// Why nobody is logged in.
#[derive(Debug, Error)]
pub enum LoginError {
    /// The API.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The file that logins are kept in.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The password cannot be read.
    #[error("the password cannot be read from standard input")]
    Input(#[source] std::io::Error),
    /// There is none.
    #[error("no password was given: type it, pipe it in, or use --password")]
    NoPassword,
    /// The API answered without a token.
    #[error("the API gave no token")]
    NoToken,
}

/// Begins a session and keeps it in the file at `path`.
///
/// # Errors
/// See [`LoginError`]; the file stays as it is then.
pub async fn login(arguments: &Login, path: &Path) -> Result<String, LoginError> {
    let settings = Settings::read(path)?;
    let client = Client::new(&arguments.server, None)?;
    let password = match &arguments.password {
        Some(password) => password.clone(),
        None => ask()?,
    };
    let body = Value::map_of([("username", arguments.username.as_str()), ("password", password.as_str())]);
    let answer = client.post(&["api", "v1", "session"], &[], &body).await?;
    let token = answer.str_at(&["token"]).ok_or(LoginError::NoToken)?;
    settings.log_in(&client, token)?;
    Ok(format!("'{}' is logged in at {}", arguments.username, client.server()))
}

fn ask() -> Result<String, LoginError> {
    let input = std::io::stdin();
    let mut password = String::new();
    if input.is_terminal() {
        password = rpassword::prompt_password("Password: ").map_err(LoginError::Input)?;
    } else {
        input.read_line(&mut password).map_err(LoginError::Input)?;
    }
    let password = password.trim_end_matches(['\r', '\n']).to_owned();
    if password.is_empty() { Err(LoginError::NoPassword) } else { Ok(password) }
}
