//! `flamingo down`: removes the state of `up`.

use std::process::ExitCode;

use cli::arguments::Down;
use cli::progress::Progress;

use crate::data_dir::DataDir;

pub(crate) fn down(arguments: &Down) -> anyhow::Result<ExitCode> {
    let data_dir = DataDir::locate(arguments.data_dir.as_deref())?;
    let removed = data_dir.remove()?;
    Progress::start().say(&match removed {
        Some(path) => format!("Removed {}", path.display()),
        None => "There is no state to remove".to_owned(),
    });
    Ok(ExitCode::SUCCESS)
}
