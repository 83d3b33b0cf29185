//! Building and starting Flamingo, and repositories for it to deploy.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};

use crate::command::{self, cargo, output, root};
use crate::page;
use crate::process::Running;

/// Builds the binary and says where it is.
///
/// # Errors
/// It does not build.
pub(crate) fn build(release: bool) -> Result<PathBuf> {
    let mut cargo = command::cargo_command();
    cargo.args(["build", "--quiet", "--package", "flamingo"]);
    if release {
        cargo.arg("--release");
    }
    command::run(&mut cargo)?;
    binary(release)
}

/// Where the binary is.
fn binary(release: bool) -> Result<PathBuf> {
    Ok(built(release)?.join("flamingo"))
}

/// The folder of what cargo has built.
///
/// # Errors
/// Cargo does not say where it is.
pub(crate) fn built(release: bool) -> Result<PathBuf> {
    let metadata = cargo_metadata::MetadataCommand::new().current_dir(root()).no_deps().exec()?;
    let profile = if release { "release" } else { "debug" };
    Ok(metadata.target_directory.join(profile).into_std_path_buf())
}

/// Builds the binary, showing how far that is, and runs a command of it. What the command says is enough: its exit
/// code becomes ours.
///
/// # Errors
/// It does not build, or cannot be started.
pub(crate) fn run(command: &str, arguments: &[String]) -> Result<ExitCode> {
    if command == "up" {
        page::build_if_possible()?;
    }
    cargo(&["build", "--package", "flamingo"], &[])?;
    let status = Command::new(binary(false)?).arg(command).args(arguments).status()?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Starts `flamingo up` with its state in `folder`.
///
/// # Errors
/// It cannot be started.
pub(crate) fn up(binary: &Path, folder: &Path, from: Option<&Repository>) -> Result<Running> {
    fs::create_dir_all(folder)?;
    let mut command = Command::new(binary);
    command.args(["up", "--port", "0", "--data-dir"]).arg(folder.join("state"));
    if let Some(repository) = from {
        command.arg("--from").arg(&repository.folder);
    }
    Running::start(&command, &folder.join("up.log"))
}

/// The kubeconfig that `up` writes.
pub(crate) fn kubeconfig(folder: &Path) -> PathBuf {
    folder.join("state/kubeconfig")
}

/// A Git work tree.
pub(crate) struct Repository {
    folder: PathBuf,
}

impl Repository {
    /// An empty repository.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn create(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let repository = Self { folder: folder.to_owned() };
        repository.git(&["init", "--quiet", "--initial-branch=main"])?;
        Ok(repository)
    }

    /// Writes a file.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(&self, path: &str, text: &str) -> Result<()> {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().context("a file is in a folder")?)?;
        fs::write(&path, text).with_context(|| path.display().to_string())
    }

    /// Commits everything.
    ///
    /// # Errors
    /// There is nothing to commit, or it cannot be.
    pub(crate) fn commit(&self, message: &str) -> Result<()> {
        self.git(&["add", "--all"])?;
        self.git(&["commit", "--quiet", "--message", message])
    }

    /// The configuration of the person who runs this has no say.
    fn git(&self, arguments: &[&str]) -> Result<()> {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=Flamingo", "-c", "user.email=flamingo@example.com"]);
        command.args(["-c", "commit.gpgsign=false"]).args(arguments).current_dir(&self.folder);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
        command.env_remove("GIT_DIR").env_remove("GIT_WORK_TREE").env_remove("GIT_INDEX_FILE");
        output(&mut command).map(drop)
    }
}
