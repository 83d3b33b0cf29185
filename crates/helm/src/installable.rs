//! What is checked before a chart is rendered as a release.

use thiserror::Error;

use crate::chart::Chart;
use crate::go;
use crate::log::Log;

/// A chart or a name that cannot be installed; the texts are helm's.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum InstallError {
    /// A library has nothing to install.
    #[error("{0} charts are not installable")]
    Kind(String),
    /// Declared dependencies are not there.
    #[error(
        "an error occurred while checking for chart dependencies. You may need to run 'helm dependency build' to fetch missing dependencies: found in Chart.yaml, but missing in charts/ directory: {}",
        .0.join(", ")
    )]
    MissingDependencies(Vec<String>),
    /// No name at all.
    #[error("release name check failed: release name \"\": no name provided")]
    NoName,
    /// A name that Kubernetes would not take.
    #[error(
        "release name check failed: release name {}: invalid release name, must match regex ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be longer than 53",
        go::quote(.0)
    )]
    Name(String),
}

/// The longest name of a release.
const MAX_NAME: usize = 53;

impl Chart {
    /// Whether the chart can be installed as it is; that it is deprecated is a warning.
    ///
    /// # Errors
    /// It is a library, or declared dependencies are missing.
    pub fn check_installable(&self, log: &Log) -> Result<(), InstallError> {
        if !matches!(self.metadata.kind.as_str(), "" | "application") {
            return Err(InstallError::Kind(self.metadata.kind.clone()));
        }
        if self.metadata.deprecated {
            log.warn("this chart is deprecated", &[]);
        }
        let is_missing = |name: &String| !self.dependencies.iter().any(|chart| chart.name() == name);
        let names = self.metadata.dependencies().map(|dependency| dependency.name.clone());
        let missing: Vec<String> = names.filter(is_missing).collect();
        if missing.is_empty() { Ok(()) } else { Err(InstallError::MissingDependencies(missing)) }
    }
}

/// Whether a release can have this name.
///
/// # Errors
/// It cannot.
pub fn check_release_name(name: &str) -> Result<(), InstallError> {
    if name.is_empty() {
        return Err(InstallError::NoName);
    }
    let is_label = |label: &str| {
        let is_edge = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit();
        label.starts_with(is_edge)
            && label.ends_with(is_edge)
            && label.chars().all(|char| is_edge(char) || char == '-')
    };
    if name.len() > MAX_NAME || !name.split('.').all(is_label) {
        return Err(InstallError::Name(name.to_owned()));
    }
    Ok(())
}
