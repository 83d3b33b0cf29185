//! `flamingo login`, `app` and `why`: clients of the API.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use cli::argocd::{Client, CommandError, Outcome, Settings};
use cli::arguments::argocd::{App, Login, Why};

pub(crate) async fn login(arguments: Login) -> anyhow::Result<ExitCode> {
    let said = cli::argocd::login(&arguments, &settings_file()?).await?;
    print(&format!("{said}\n"))?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn app(command: App) -> anyhow::Result<ExitCode> {
    let client = Settings::read(&settings_file()?)?.client()?;
    ended(&client, cli::argocd::run(&client, &command).await)
}

pub(crate) async fn why(arguments: Why) -> anyhow::Result<ExitCode> {
    let client = Settings::read(&settings_file()?)?.client()?;
    ended(&client, cli::argocd::why(&client, &arguments).await)
}

fn ended(client: &Client, outcome: Result<Outcome, CommandError>) -> anyhow::Result<ExitCode> {
    match outcome {
        Ok(Outcome::Done(text)) => {
            print(&text)?;
            Ok(ExitCode::SUCCESS)
        }
        Ok(Outcome::Wrong(text)) => {
            print(&text)?;
            Ok(ExitCode::FAILURE)
        }
        Err(CommandError::Client(error)) if error.is_unauthenticated() => {
            let hint = format!("log in again: flamingo login {}", client.server());
            Err(anyhow::Error::from(error).context(hint))
        }
        Err(error) => Err(error.into()),
    }
}

/// Beside other programs' settings: `flamingo/config` in the user's folder for them.
fn settings_file() -> anyhow::Result<PathBuf> {
    let folders = directories::BaseDirs::new().context("this user has no home folder")?;
    Ok(folders.config_dir().join("flamingo").join("config"))
}

fn print(text: &str) -> anyhow::Result<()> {
    std::io::stdout().write_all(text.as_bytes()).context("standard output cannot be written")
}
