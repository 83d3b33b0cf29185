//! From arguments to the command that they name.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use cli::arguments::{Arguments, Command};
use tracing_subscriber::EnvFilter;

use crate::{charts, controllers, down, kustomize, up};

/// Runs a command. Exit code 0 is success, 1 a deployment that is not ready, 2 any other failure.
pub(crate) fn run(arguments: Arguments) -> ExitCode {
    // What only reads files and prints needs neither traces nor a runtime.
    if let Some(code) = charts::run(&arguments.command) {
        return code;
    }
    tell_traces(&arguments.command);
    if let Command::Kustomize(command) = arguments.command {
        return outcome(kustomize::run(command));
    }
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        tracing::debug!("a TLS provider was installed already");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build();
    outcome(runtime.map_err(anyhow::Error::from).and_then(|runtime| {
        let outcome = runtime.block_on(async {
            match arguments.command {
                Command::Up(arguments) => up::up(arguments).await,
                Command::Down(arguments) => down::down(&arguments),
                Command::FluxControllers(arguments) => controllers::run(arguments).await,
                Command::Template(_) | Command::Lint(_) | Command::Show(_) => {
                    unreachable!("the commands of charts are done without a runtime")
                }
                Command::Kustomize(command) => kustomize::run(command),
            }
        });
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

/// `RUST_LOG` says what is traced. Where it says nothing, a component of a cluster traces warnings; commands
/// for people tell what is wrong in their own words.
fn tell_traces(command: &Command) {
    let usual = match command {
        Command::FluxControllers(_) => "warn",
        Command::Up(_)
        | Command::Down(_)
        | Command::Template(_)
        | Command::Lint(_)
        | Command::Show(_)
        | Command::Kustomize(_) => "off",
    };
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
