//! Finding and loading the chart that the command line names.

use std::fs;
use std::path::{Path, PathBuf};

use helm::capabilities::KubeVersion;
use helm::provenance::{self, Keyring};
use helm::{Chart, LoadError};

use super::failure::Failure;
use super::flags::Flags;
use super::folder::{Folder, reason};
use super::world::World;

/// The absolute path of a chart on disk.
pub(crate) fn locate(name: &str, world: &World<'_>) -> Result<PathBuf, Failure> {
    let name = name.trim();
    let path = world.directory.join(name);
    if path.exists() {
        return Ok(absolute(&path));
    }
    if name.starts_with('/') || name.starts_with('.') {
        return Err(Failure::new(format!("path \"{name}\" not found")));
    }
    if name.contains("://") {
        return Err(Failure::new(format!(
            "{name} is refused: charts are not downloaded by this version of flamingo; download the chart with `helm pull {name}` and name its file"
        )));
    }
    match name.split_once('/') {
        None => Err(Failure::new(format!(
            "non-absolute URLs should be in form of repo_name/path_to_chart, got: {name}"
        ))),
        Some((repository, _)) => Err(Failure::new(format!("repo {repository} not found"))
            .with("charts are not downloaded by this version of flamingo; download it with `helm pull` and name its file")),
    }
}

/// `filepath.Abs`: without `.` and `..`, links left as they are.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

/// Loads a chart folder or archive.
pub(crate) fn load(path: &Path) -> Result<Chart, Failure> {
    let loaded = if path.is_dir() {
        Chart::from_folder(&Folder::new(path))
    } else {
        let shown = path.display().to_string();
        let archive =
            fs::read(path).map_err(|error| Failure::new(format!("open {shown}: {}", reason(&error))))?;
        Chart::from_archive(&archive, &shown)
    };
    loaded.map_err(|error| match &error {
        // Helm does not say what is wrong with an archive.
        LoadError::Archive(cause) => Failure::new(error.to_string()).with(format!("  because: {cause}")),
        _ => Failure::of(&error),
    })
}

/// With `--verify`, verifies the signature of an archive.
pub(crate) fn verify(path: &Path, flags: &Flags, world: &World<'_>) -> Result<(), Failure> {
    if !flags.is_on("verify") {
        return Ok(());
    }
    if path.is_dir() {
        return Err(Failure::new("unpacked charts cannot be verified"));
    }
    if path.extension().is_none_or(|extension| !extension.eq_ignore_ascii_case("tgz")) {
        return Err(Failure::new("chart must be a tgz file"));
    }
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let prov = path.with_file_name(format!("{file}.prov"));
    let signed = fs::read(&prov).map_err(|error| {
        let shown = prov.display();
        Failure::new(format!("could not load provenance file {shown}: stat {shown}: {}", reason(&error)))
            .with("  sign the archive with `helm package --sign`, or leave --verify out")
    })?;
    let keyring = match flags.text("keyring") {
        Some(keyring) => world.directory.join(keyring),
        None => world.home.clone().unwrap_or_default().join(".gnupg/pubring.gpg"),
    };
    let keys = fs::read(&keyring).map_err(|error| {
        Failure::new(format!("failed to load keyring: open {}: {}", keyring.display(), reason(&error)))
            .with("  name a file of public keys with --keyring")
    })?;
    let keyring = Keyring::parse(&keys).map_err(|error| Failure::of(&error))?;
    let archive = fs::read(path)
        .map_err(|error| Failure::new(format!("failed to read chart archive: {}", reason(&error))))?;
    provenance::verify(&archive, &signed, &file, &keyring).map_err(|error| Failure::of(&error))?;
    Ok(())
}

/// What `--kube-version` says.
pub(crate) fn kube_version(flags: &Flags) -> Result<Option<KubeVersion>, Failure> {
    let Some(text) = flags.text("kube-version").filter(|text| !text.is_empty()) else { return Ok(None) };
    KubeVersion::parse(&text)
        .map(Some)
        .map_err(|error| Failure::new(format!("invalid kube version '{text}': {error}")))
}
