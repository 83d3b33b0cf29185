//! What people type to talk to the API.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::duration;

mod overlay;

pub use overlay::Overlay;

/// An address of a repository; a path of this machine is none to a cluster.
fn address(text: &str) -> Result<String, String> {
    if text.starts_with("http://") || text.starts_with("https://") {
        return Ok(text.to_owned());
    }
    Err("Flux fetches by http:// and https://; a local path works with `flamingo up --from` only".to_owned())
}

/// How long to wait: a duration, or seconds as `argocd` has it, of which 0 sets no limit.
fn patience(text: &str) -> Result<Duration, apimachinery::duration::DurationError> {
    match text.parse::<u32>() {
        Ok(0) => Ok(Duration::from_secs(u32::MAX.into())),
        Ok(seconds) => Ok(Duration::from_secs(seconds.into())),
        Err(_) => duration(text),
    }
}

/// Arguments of `login`.
#[derive(Debug, Args)]
pub struct Login {
    /// The address of the API: `http://127.0.0.1:8080`, or a host and port, which are reached by HTTPS.
    #[arg(value_name = "SERVER")]
    pub server: String,
    /// The account.
    #[arg(long, default_value = "admin")]
    pub username: String,
    /// The password; read from standard input where it is not given.
    #[arg(long, allow_hyphen_values = true)]
    pub password: Option<String>,
}

/// Commands about Applications.
#[derive(Debug, Subcommand)]
pub enum App {
    /// List Applications.
    List(List),
    /// Show an Application, its conditions and its resources.
    Get(Get),
    /// Show what an Application consists of: its Flux objects, what they deployed, and what that made.
    Tree(Tree),
    /// Create an Application, or change it with `--upsert`.
    Create(Box<Create>),
    /// Deploy the newest commit, or another one, and wait for it.
    Sync(Sync),
    /// Wait until an Application is synced and healthy.
    Wait(Wait),
    /// Delete an Application, with what it deployed.
    Delete(Delete),
}

/// How an answer is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Columns.
    #[default]
    Table,
    /// More columns.
    Wide,
    /// The objects as JSON.
    Json,
    /// The objects as YAML.
    Yaml,
    /// Names, one in a line.
    Name,
}

/// Arguments of `app list`.
#[derive(Debug, Args)]
pub struct List {
    /// Only those of a project; can be repeated.
    #[arg(long, short, value_name = "PROJECT")]
    pub project: Vec<String>,
    /// Only those whose labels fit a selector.
    #[arg(long, short = 'l', value_name = "SELECTOR")]
    pub selector: Option<String>,
    /// Only those of a repository.
    #[arg(long, short = 'r', value_name = "URL")]
    pub repo: Option<String>,
    /// The form of the output.
    #[arg(long, short, value_enum, default_value_t)]
    pub output: Output,
}

/// Arguments of `app get`.
#[derive(Debug, Args)]
pub struct Get {
    /// The Application.
    pub name: String,
    /// Compare with the source first.
    #[arg(long)]
    pub refresh: bool,
    /// The form of the output.
    #[arg(long, short, value_enum, default_value_t)]
    pub output: Output,
}

/// Arguments of `app tree`.
#[derive(Debug, Args)]
pub struct Tree {
    /// The Application.
    pub name: String,
    /// The form of the output.
    #[arg(long, short, value_enum, default_value_t)]
    pub output: Output,
}

/// Arguments of `why`.
#[derive(Debug, Args)]
pub struct Why {
    /// The Application.
    pub name: String,
    /// The form of the output; `name` prints the first link that does not hold.
    #[arg(long, short, value_enum, default_value_t)]
    pub output: Output,
}

/// Arguments of `app create`.
#[derive(Debug, Args)]
pub struct Create {
    /// The Application.
    pub name: String,
    /// The repository, as Flux can fetch it: by HTTP or HTTPS.
    #[arg(long, value_name = "URL", value_parser = address)]
    pub repo: String,
    /// The directory in the repository.
    #[arg(long, value_name = "PATH", default_value = ".")]
    pub path: String,
    /// The branch, tag, range of versions or commit; the repository's default branch where nothing is said.
    #[arg(long, value_name = "REVISION", default_value = "HEAD")]
    pub revision: String,
    /// The namespace that the Flux objects are made in; `--sync-option CreateNamespace=true` makes it. Objects go where
    /// their manifests say, or where `--kustomize-namespace` does.
    #[arg(long, value_name = "NAMESPACE")]
    pub dest_namespace: String,
    /// The API server that it deploys to.
    #[arg(long, value_name = "URL", default_value = "https://kubernetes.default.svc")]
    pub dest_server: String,
    /// The project.
    #[arg(long, default_value = "default")]
    pub project: String,
    /// Deploy each new commit.
    #[arg(long)]
    pub auto_sync: bool,
    /// Use Flux objects that exist already, in place of generated ones.
    #[arg(long)]
    pub existing_flux_objects: bool,
    /// More sync options, as `name=value`; can be repeated.
    #[arg(long, value_name = "OPTION")]
    pub sync_option: Vec<String>,
    /// Change the Application if there is one of the name.
    #[arg(long)]
    pub upsert: bool,
    /// Changes of the kustomization.
    #[command(flatten)]
    pub overlay: Overlay,
}

/// Arguments of `app sync`.
#[derive(Debug, Args)]
pub struct Sync {
    /// The Application.
    pub name: String,
    /// Another revision than its own.
    #[arg(long, value_name = "REVISION")]
    pub revision: Option<String>,
    /// Return at once.
    #[arg(long = "async")]
    pub is_async: bool,
    /// How long to wait: `90s`, or a number of seconds, of which 0 sets no limit.
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = patience)]
    pub timeout: Duration,
}

/// Arguments of `app wait`.
#[derive(Debug, Args)]
pub struct Wait {
    /// The Application.
    pub name: String,
    /// Wait for its health only.
    #[arg(long, conflicts_with = "sync")]
    pub health: bool,
    /// Wait for its sync status only.
    #[arg(long)]
    pub sync: bool,
    /// How long to wait: `90s`, or a number of seconds, of which 0 sets no limit.
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = patience)]
    pub timeout: Duration,
}

/// Arguments of `app delete`.
#[derive(Debug, Args)]
pub struct Delete {
    /// The Application.
    pub name: String,
    /// Whether what it deployed goes with it.
    #[arg(long, default_value_t = true, action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true")]
    pub cascade: bool,
    /// Do not ask.
    #[arg(long, short)]
    pub yes: bool,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser as _;

    use super::patience;
    use crate::arguments::{Arguments, Command};

    #[test]
    fn seconds_need_no_unit() {
        let seconds = |text| patience(text).map(|found| found.as_secs()).ok();
        assert_eq!(seconds("90"), Some(90));
        assert_eq!(patience("1m30s"), Ok(Duration::from_secs(90)));
        assert!(seconds("0") > Some(1_000_000_000));
        assert_eq!(seconds("soon"), None);
    }

    #[test]
    fn a_password_may_begin_with_a_dash() {
        let parsed = Arguments::try_parse_from(["flamingo", "login", "localhost:1", "--password", "-PEA"]);
        let Command::Login(login) = parsed.expect("valid").command else { panic!("another command") };
        assert_eq!(login.password.as_deref(), Some("-PEA"));
    }
}
