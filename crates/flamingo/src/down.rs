//! `flamingo down`: removes the state of `up`.

use std::process::ExitCode;

use cli::arguments::Down;

use crate::data_dir::DataDir;

pub(crate) fn down(arguments: &Down) -> anyhow::Result<ExitCode> {
    let data_dir = DataDir::locate(arguments.data_dir.as_deref())?;
    data_dir.remove()?;
    Ok(ExitCode::SUCCESS)
}
