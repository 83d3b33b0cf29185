//! From arguments to the command that they name.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use cli::arguments::{Arguments, Command};
use tracing_subscriber::EnvFilter;

use crate::{api, charts, controllers, down, kustomize, up};

/// Runs a command. Exit code 0 is success, 1 what the command found wrong (a deployment that is not ready, a
/// chart that does not render), 2 any other failure.
pub(crate) fn run(arguments: Arguments) -> ExitCode {
    match arguments.command {
        Command::Up(arguments) => on_runtime("off", up::up(arguments)),
        Command::Down(arguments) => outcome(down::down(&arguments)),
        // A component of a cluster traces warnings; commands for people tell what is wrong in their own words.
        Command::FluxControllers(arguments) => on_runtime("warn", controllers::flux(arguments)),
        Command::ArgocdControllers(arguments) => on_runtime("warn", controllers::argocd(arguments)),
        Command::ArgocdServer(arguments) => on_runtime("warn", controllers::server(arguments)),
        Command::Login(arguments) => on_runtime("off", api::login(arguments)),
        Command::App(command) => on_runtime("off", api::app(command)),
        Command::Why(arguments) => on_runtime("off", api::why(arguments)),
        Command::Template(arguments) => outcome(charts::template(&arguments)),
        Command::Lint(arguments) => outcome(charts::lint(&arguments)),
        Command::Show(show) => outcome(charts::show(&show)),
        Command::Kustomize(command) => outcome(kustomize::run(command)),
    }
}

/// Runs what talks to clusters. `RUST_LOG` says what is traced; `traced` does where that says nothing.
fn on_runtime(traced: &str, command: impl Future<Output = anyhow::Result<ExitCode>>) -> ExitCode {
    tell_traces(traced);
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        tracing::debug!("a TLS provider was installed already");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build();
    outcome(runtime.map_err(anyhow::Error::from).and_then(|runtime| {
        let outcome = runtime.block_on(command);
        // A build that still runs on a blocking thread must not hold up the end.
        runtime.shutdown_timeout(std::time::Duration::from_secs(2));
        outcome
    }))
}

fn outcome(outcome: anyhow::Result<ExitCode>) -> ExitCode {
    outcome.unwrap_or_else(|error| {
        say(&error);
        ExitCode::from(2)
    })
}

/// The error and its sources, one a line.
fn say(error: &anyhow::Error) {
    let mut text = format!("error: {error}\n");
    for cause in error.chain().skip(1) {
        text += &format!("  because: {cause}\n");
    }
    if std::io::stderr().write_all(text.as_bytes()).is_err() {
        tracing::error!("{text}");
    }
}

fn tell_traces(usual: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .finish();
    if tracing::subscriber::set_global_default(subscriber).is_err() {
        tracing::debug!("traces are taken by somebody else");
    }
}
