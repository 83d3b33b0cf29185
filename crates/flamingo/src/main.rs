//! The `flamingo` binary: arguments in, an exit code out.

mod api;
mod charts;
mod controllers;
mod data_dir;
mod deployment;
mod down;
mod kubernetes;
mod kustomize;
mod origin;
mod run;
mod serving;
mod up;

use std::process::ExitCode;

use clap::Parser as _;
use cli::arguments::Arguments;

fn main() -> ExitCode {
    run::run(Arguments::parse())
}
