//! Tasks of the project: `cargo xtask --help`.

#![expect(clippy::print_stdout, reason = "the tasks talk to the person who runs them")]

mod bench;
mod codegen;
mod command;
mod conformance;
mod flamingo;
mod oracles;
mod page;
mod process;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Build and start: a simulated cluster, the controllers and a demo application.
    Up {
        /// Arguments of `flamingo up`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Remove the state that `up` keeps.
    Down {
        /// Arguments of `flamingo down`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Build the page into `ui/dist`; the next build of the binary holds it (needs Node).
    Page,
    /// Run all tests, and the checks of `tidy`; of the page, what Node and a browser are there for.
    Test,
    /// Check the structure: crate edges, purity, names, sizes.
    Tidy,
    /// Compare with the real tools; builds them on the first run (needs Go).
    Conformance {
        /// Which comparison; all, where nothing is said.
        only: Vec<conformance::Comparison>,
        #[command(flatten)]
        overlays: conformance::kustomize::Options,
        /// Write goldens anew instead of comparing them.
        #[arg(long)]
        remake: bool,
        /// With `helm`: render, lint and show the charts below this folder instead of the corpus.
        #[arg(long, value_name = "DIR")]
        charts: Option<std::path::PathBuf>,
    },
    /// Build the real tools into the cache, and say where they are (needs Go).
    Oracles,
    /// Measure; prints tables.
    Bench {
        /// What to measure.
        what: bench::What,
        /// With `helm`: the charts below this folder.
        #[arg(long, value_name = "DIR")]
        charts: Option<std::path::PathBuf>,
        /// With `kustomize`: a file with one overlay a line, built cold.
        #[arg(long, value_name = "FILE")]
        overlays: Option<std::path::PathBuf>,
    },
    /// Make generated files anew.
    Codegen {
        /// Only say whether they are current.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    carry_out(Arguments::parse().task).unwrap_or_else(|error| {
        println!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn carry_out(task: Task) -> anyhow::Result<ExitCode> {
    match task {
        Task::Up { arguments } => return flamingo::run("up", &arguments),
        Task::Down { arguments } => return flamingo::run("down", &arguments),
        Task::Page => page::build(),
        Task::Test => test(),
        Task::Tidy => tidy::tidy(),
        Task::Conformance { charts: Some(folder), .. } => conformance::charts(&folder),
        Task::Conformance { only, remake, charts: None, overlays } => {
            conformance::run(&only, remake, &overlays)
        }
        Task::Oracles => oracles::Oracles::prepare().map(|oracles| oracles.print()),
        Task::Bench { what, charts, overlays } => bench::bench(what, charts.as_deref(), overlays.as_deref()),
        Task::Codegen { check } => codegen::codegen(check),
    }?;
    Ok(ExitCode::SUCCESS)
}

fn test() -> anyhow::Result<()> {
    tidy::tidy()?;
    page::test()?;
    command::cargo(&["test", "--workspace", "--no-fail-fast"], &[])
}
