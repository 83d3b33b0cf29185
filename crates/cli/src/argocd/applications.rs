//! `flamingo app`.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use thiserror::Error;
use value::Value;

use super::client::{Client, ClientError};
use super::progress::{self, Goal, Progress};
use super::show;
use crate::arguments::argocd::{App, Create, Delete, Get, List, Sync, Wait};

/// How often an Application is looked at while it is waited for.
const LOOK: Duration = Duration::from_millis(500);
/// What is said for so long is not about a spec from before.
const SETTLED: Duration = Duration::from_secs(2);
/// Asks for a comparison with what the repository has now.
pub(super) const REFRESH: &str = "argocd.argoproj.io/refresh";
const APPLICATIONS: [&str; 3] = ["api", "v1", "applications"];

/// Why a command failed.
#[derive(Debug, Error)]
pub enum CommandError {
    /// The API.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// An answer cannot be written as YAML.
    #[error("the answer cannot be written as YAML")]
    Yaml(#[from] yaml::EmitError),
    /// Nothing was typed in answer to a question.
    #[error("standard input cannot be read")]
    Input(#[source] std::io::Error),
    /// Nobody can be asked.
    #[error("deleting {0} deletes what it deployed, and nobody can be asked here: repeat with --yes")]
    Unasked(String),
}

/// What a command says in the end.
#[derive(Debug)]
pub enum Outcome {
    /// It did what was asked for.
    Done(String),
    /// It found something wrong, or had to give up.
    Wrong(String),
}

/// Carries a command out.
///
/// # Errors
/// See [`CommandError`].
pub async fn run(client: &Client, command: &App) -> Result<Outcome, CommandError> {
    match command {
        App::List(arguments) => list(client, arguments).await,
        App::Get(arguments) => get(client, arguments).await,
        App::Tree(arguments) => super::why::tree(client, arguments).await,
        App::Create(arguments) => create(client, arguments).await,
        App::Sync(arguments) => sync(client, arguments).await,
        App::Wait(arguments) => wait(client, arguments).await,
        App::Delete(arguments) => delete(client, arguments).await,
    }
}

async fn list(client: &Client, arguments: &List) -> Result<Outcome, CommandError> {
    let mut query: Vec<(&str, &str)> =
        arguments.project.iter().map(|project| ("projects", project.as_str())).collect();
    query.extend(arguments.selector.as_deref().map(|selector| ("selector", selector)));
    query.extend(arguments.repo.as_deref().map(|repo| ("repo", repo)));
    let answer = client.get(&APPLICATIONS, &query).await?;
    let items = answer.get("items").and_then(Value::as_list).unwrap_or_default();
    Ok(Outcome::Done(show::list(items, arguments.output)?))
}

async fn get(client: &Client, arguments: &Get) -> Result<Outcome, CommandError> {
    let query: &[(&str, &str)] = if arguments.refresh { &[("refresh", "normal")] } else { &[] };
    let answer = client.get(&path(&arguments.name, &[]), query).await?;
    Ok(Outcome::Done(show::one(&answer, arguments.output)?))
}

async fn create(client: &Client, arguments: &Create) -> Result<Outcome, CommandError> {
    let name = &arguments.name;
    let mut object = application(arguments);
    let mut done = "created";
    if arguments.upsert {
        // Who may not see it is told so by the request itself.
        done = if client.get(&path(name, &[]), &[]).await.is_ok() { "changed" } else { done };
        // What was pushed meanwhile counts too.
        object.set_at(&["metadata", "annotations", REFRESH], "normal");
    }
    let query: &[(&str, &str)] = if arguments.upsert { &[("upsert", "true")] } else { &[] };
    client.post(&APPLICATIONS, query, &object).await?;
    let hint = if arguments.auto_sync { "wait" } else { "sync" };
    Ok(Outcome::Done(format!("application '{name}' {done}; next: flamingo app {hint} {name}\n")))
}

async fn sync(client: &Client, arguments: &Sync) -> Result<Outcome, CommandError> {
    let mut body = Value::map();
    if let Some(revision) = &arguments.revision {
        body.set_at(&["revision"], revision.as_str());
    }
    client.post(&path(&arguments.name, &["sync"]), &[], &body).await?;
    if arguments.is_async {
        return Ok(Outcome::Done(format!("a sync of '{}' was asked for\n", arguments.name)));
    }
    follow(client, &arguments.name, arguments.timeout, progress::of_operation).await
}

async fn wait(client: &Client, arguments: &Wait) -> Result<Outcome, CommandError> {
    let goal = Goal { healthy: !arguments.sync, synced: !arguments.health };
    let look = |application: &Value| progress::of(application, goal);
    follow(client, &arguments.name, arguments.timeout, look).await
}

async fn delete(client: &Client, arguments: &Delete) -> Result<Outcome, CommandError> {
    let name = &arguments.name;
    if arguments.cascade && !arguments.yes && !is_confirmed(name)? {
        return Ok(Outcome::Wrong(format!("'{name}' was not deleted\n")));
    }
    let cascade = if arguments.cascade { "true" } else { "false" };
    client.delete(&path(name, &[]), &[("cascade", cascade)]).await?;
    let stays = match arguments.cascade {
        true => "",
        false => {
            "; its Flux objects and what they deployed stay, and go on being deployed unless they are suspended"
        }
    };
    Ok(Outcome::Done(format!("application '{name}' is being deleted{stays}\n")))
}

/// Looks at the Application until `look` has seen enough, or the time is over.
async fn follow(
    client: &Client,
    name: &str,
    timeout: Duration,
    look: impl Fn(&Value) -> Progress,
) -> Result<Outcome, CommandError> {
    let started = Instant::now();
    let mut ended = None;
    loop {
        let application = client.get(&path(name, &[]), &[]).await?;
        let seen = show::one(&application, crate::arguments::argocd::Output::Table)?;
        let progress = look(&application);
        let is_bad = matches!(progress, Progress::Refused(_) | Progress::Failed(_));
        ended = ended.or_else(|| Some(Instant::now())).filter(|_| is_bad);
        let is_settled = ended.is_some_and(|since: Instant| since.elapsed() > SETTLED);
        match progress {
            Progress::Reached => return Ok(Outcome::Done(seen)),
            Progress::Refused(why) if is_settled => {
                return Ok(Outcome::Wrong(format!("{seen}\n'{name}' does not get there by itself: {why}\n")));
            }
            Progress::Failed(why) if is_settled => {
                return Ok(Outcome::Wrong(format!("{seen}\nthe sync failed: {why}\n")));
            }
            _ if started.elapsed() >= timeout => {
                let waited = apimachinery::duration::format(timeout);
                return Ok(Outcome::Wrong(format!("{seen}\n'{name}' did not get there within {waited}\n")));
            }
            _ => tokio::time::sleep(LOOK).await,
        }
    }
}

/// The Application that the arguments describe; Flux deploys it.
fn application(arguments: &Create) -> Value {
    let mut options = vec!["FluxSubsystem=true".to_owned()];
    if !arguments.existing_flux_objects {
        options.push("AutoCreateFluxResources=true".to_owned());
    }
    options.extend(arguments.sync_option.iter().cloned());
    let text = |text: &str| Value::from(text);
    let mut object =
        Value::map_of([("apiVersion", text("argoproj.io/v1alpha1")), ("kind", text("Application"))]);
    for (path, content) in [
        (&["metadata", "name"][..], text(&arguments.name)),
        (&["spec", "project"], text(&arguments.project)),
        (&["spec", "source", "repoURL"], text(&arguments.repo)),
        (&["spec", "source", "path"], text(&arguments.path)),
        (&["spec", "source", "targetRevision"], text(&arguments.revision)),
        (&["spec", "destination", "server"], text(&arguments.dest_server)),
        (&["spec", "destination", "namespace"], text(&arguments.dest_namespace)),
        (&["spec", "syncPolicy", "syncOptions"], Value::list_of(options)),
    ] {
        object.set_at(path, content);
    }
    if let Some(kustomize) = arguments.overlay.to_value() {
        object.set_at(&["spec", "source", "kustomize"], kustomize);
    }
    if arguments.auto_sync {
        object.set_at(&["spec", "syncPolicy", "automated"], Value::map());
    }
    object
}

fn path<'a>(name: &'a str, rest: &[&'a str]) -> Vec<&'a str> {
    [&APPLICATIONS[..], &[name], rest].concat()
}

fn is_confirmed(name: &str) -> Result<bool, CommandError> {
    let input = std::io::stdin();
    if !input.is_terminal() {
        return Err(CommandError::Unasked(name.to_owned()));
    }
    let mut error = std::io::stderr();
    let question = format!("Delete '{name}' and everything that it deployed? [y/N] ");
    error.write_all(question.as_bytes()).and_then(|()| error.flush()).map_err(CommandError::Input)?;
    let mut answer = String::new();
    input.read_line(&mut answer).map_err(CommandError::Input)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
