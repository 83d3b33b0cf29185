//! Finding and loading the chart that the command line names.

use std::fs;
use std::path::{Path, PathBuf};

use helm::capabilities::KubeVersion;
use helm::provenance::{self, Keyring};
use helm::{Chart, LoadError, Log};

use super::failure::Failure;
use super::flags::Flags;
use super::folder::{Folder, reason};
use super::world::{Context, World};

/// The absolute path of a chart on disk.
pub(crate) fn locate(name: &str, world: &World<'_>) -> Result<PathBuf, Failure> {
    let name = name.trim();
    let path = world.directory.join(name);
    if !name.is_empty() && path.exists() {
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

/// What a chart is loaded for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To be rendered, for which helm has to know its `apiVersion`.
    Rendering,
    /// To be shown.
    Showing,
}

/// Loads a chart folder or archive.
pub(crate) fn load(path: &Path, purpose: Purpose, log: &Log) -> Result<Chart, Failure> {
    let shown = path.display().to_string();
    let loaded = if path.is_dir() {
        let folder = Folder::new(path);
        match purpose {
            Purpose::Rendering => Chart::from_folder(&folder, log),
            Purpose::Showing => Chart::of_any_version(&folder, log),
        }
    } else {
        let archive =
            fs::read(path).map_err(|error| Failure::new(format!("open {shown}: {}", reason(&error))))?;
        match purpose {
            Purpose::Rendering => Chart::from_archive(&archive, &shown, log),
            Purpose::Showing => Chart::of_archive_of_any_version(&archive, &shown, log),
        }
    };
    loaded.map_err(|error| match &error {
        // Helm does not say what is wrong with an archive.
        LoadError::Archive(cause) => Failure::new(error.to_string()).with(format!("  because: {cause}")),
        _ => {
            let place = broken_file(&error).map(|file| format!("  --> {}", yaml_place(&file, path)));
            let advice = advice(&error).map(|advice| format!("  {advice}"));
            place.into_iter().chain(advice).fold(Failure::of(&error), Failure::with)
        }
    })
}

/// The file of a chart that an error is about.
fn broken_file(error: &LoadError) -> Option<String> {
    match error {
        LoadError::Subchart { name, source, .. } => {
            broken_file(source).map(|file| format!("charts/{name}/{file}"))
        }
        LoadError::File { file, .. } => Some((*file).to_owned()),
        LoadError::Values(_) => Some("values.yaml".to_owned()),
        LoadError::Ignore { line, .. } => Some(format!(".helmignore:{line}")),
        LoadError::Invalid(_) | LoadError::UnsupportedVersion | LoadError::ExperimentalVersion => {
            Some("Chart.yaml".to_owned())
        }
        _ => None,
    }
}

/// What to do about an error, where its text does not say so.
fn advice(error: &LoadError) -> Option<&'static str> {
    match error {
        LoadError::Subchart { source, .. } if matches!(**source, LoadError::InnerArchive(_)) => {
            Some("to get the archive again, run: helm dependency build")
        }
        LoadError::Subchart { source, .. } => advice(source),
        LoadError::NoChart { .. } | LoadError::UndetectableVersion | LoadError::NoChartFile => {
            Some("a chart is a folder with a Chart.yaml, or an archive of one")
        }
        LoadError::UnsupportedVersion | LoadError::ExperimentalVersion => {
            Some("the apiVersion of a chart is v1 or v2")
        }
        _ => None,
    }
}

/// A file of a folder, with the line and column where it stops being YAML.
pub(crate) fn yaml_place(file: &str, folder: &Path) -> String {
    let path = folder.join(file);
    let problem =
        fs::read_to_string(&path).ok().and_then(|text| yaml::parse_documents(&text, yaml::Rules::V2).err());
    let place = problem.filter(|_| file.ends_with(".yaml")).map(|problem| format!(":{}", problem.mark()));
    format!("{}{}", path.display(), place.unwrap_or_default())
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

/// The namespace of the release.
pub(crate) fn namespace(flags: &Flags, world: &World<'_>) -> String {
    flags.filled("namespace").unwrap_or_else(|| {
        let (kubeconfig, name) = (flags.filled("kubeconfig"), flags.filled("kube-context"));
        (world.namespace)(Context { kubeconfig: kubeconfig.as_deref(), name: name.as_deref() })
    })
}

/// What `--kube-version` says.
pub(crate) fn kube_version(flags: &Flags) -> Result<Option<KubeVersion>, Failure> {
    let Some(text) = flags.text("kube-version").filter(|text| !text.is_empty()) else { return Ok(None) };
    KubeVersion::parse(&text)
        .map(Some)
        .map_err(|error| Failure::new(format!("invalid kube version '{text}': {error}")))
}
