//! Lock files: their digest, and dependencies that are folders beside the chart.

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::chart::{Chart, LoadError};
use crate::go;
use crate::go_json::Json;
use crate::metadata::{Dependency, Lock, encode};
use crate::repository::Index;
use go_semver::{Constraints, SemverError, Version};

/// Whether a lock file fits what a chart asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockState {
    /// It does.
    InSync,
    /// It was written for other dependencies.
    OutOfSync,
    /// There is none, though there are dependencies.
    Missing,
}

/// Dependencies that cannot be resolved; the texts are helm's.
#[derive(Debug, Error)]
pub enum ResolveError {
    /// A version that is no constraint.
    #[error("dependency {} has an invalid version/constraint format: {source}", go::quote(.name))]
    Constraint {
        /// The dependency.
        name: String,
        /// Why.
        source: SemverError,
    },
    /// A folder that is not there, or no chart.
    #[error(transparent)]
    Chart(Box<LoadError>),
    /// A folder that is not there.
    #[error("directory {0} not found")]
    NoFolder(String),
    /// The repository does not have the chart.
    #[error("{name} chart not found in repo {repository}")]
    NoChart {
        /// The dependency.
        name: String,
        /// Its repository.
        repository: String,
    },
    /// No index of the repository is known.
    #[error("no cached repository for {0} found. (try 'helm repo update')")]
    NoIndex(String),
    /// No version fits.
    #[error(
        "can't get a valid version for {} subchart(s): {}. Make sure a matching chart version exists in the repo, or change the version constraint in Chart.yaml",
        .0.len(), .0.join(", ")
    )]
    NoVersion(Vec<String>),
}

/// Where dependencies come from.
pub trait Sources {
    /// The chart in the folder that a `file://` reference (relative to the chart) names.
    ///
    /// # Errors
    /// There is no such folder, or it is no chart.
    fn folder(&self, path: &str) -> Result<Chart, ResolveError>;

    /// The index of the repository at this URL, if it is known.
    fn index(&self, url: &str) -> Option<&Index>;
}

impl Chart {
    /// Whether its lock file fits its declared dependencies.
    pub fn lock_state(&self) -> Option<LockState> {
        let declared = self.metadata.dependencies.as_deref().filter(|declared| !declared.is_empty())?;
        Some(match &self.lock {
            None => LockState::Missing,
            Some(lock) if is_digest(&lock.digest, declared, &lock.dependencies) => LockState::InSync,
            Some(_) => LockState::OutOfSync,
        })
    }
}

/// Charts of version 1 may have been locked by Helm 2, which hashed only what was asked for.
fn is_digest(digest: &str, declared: &[Option<Dependency>], locked: &[Option<Dependency>]) -> bool {
    let helm2 = Json::Object(vec![("dependencies", Json::List(encode::dependencies(declared)))]);
    digest == self::digest(declared, locked) || digest == sha256(&helm2)
}

/// The digest over what is asked for and what was found.
pub fn digest(declared: &[Option<Dependency>], locked: &[Option<Dependency>]) -> String {
    let both = [declared, locked].map(|all| Json::List(encode::dependencies(all)));
    sha256(&Json::List(both.into()))
}

fn sha256(json: &Json) -> String {
    let hash = Sha256::digest(json.text());
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// Decides on the versions of a chart's dependencies and makes its lock file.
///
/// # Errors
/// A dependency cannot be found, or no version of it fits.
pub fn resolve(
    declared: &[Option<Dependency>],
    sources: &dyn Sources,
    now: jiff::Timestamp,
) -> Result<Lock, ResolveError> {
    let mut locked = Vec::new();
    let mut missing = Vec::new();
    for dependency in declared.iter().flatten() {
        match version_of(dependency, sources)? {
            Some(version) => locked.push(Some(Dependency {
                name: dependency.name.clone(),
                repository: dependency.repository.clone(),
                version,
                ..Dependency::default()
            })),
            None => missing.push(format!(
                "{} (repository {}, version {})",
                go::quote(&dependency.name),
                go::quote(&dependency.repository),
                go::quote(&dependency.version)
            )),
        }
    }
    if !missing.is_empty() {
        return Err(ResolveError::NoVersion(missing));
    }
    let digest = digest(declared, &locked);
    Ok(Lock { generated: now.to_string(), digest, dependencies: locked })
}

fn version_of(dependency: &Dependency, sources: &dyn Sources) -> Result<Option<String>, ResolveError> {
    let constraint = Constraints::parse(&dependency.version)
        .map_err(|source| ResolveError::Constraint { name: dependency.name.clone(), source })?;
    if dependency.repository.is_empty() {
        sources.folder(&format!("charts/{}", dependency.name))?;
        return Ok(Some(dependency.version.clone()));
    }
    if let Some(path) = dependency.repository.strip_prefix("file://") {
        let version = sources.folder(path)?.metadata.version;
        let fits = Version::parse(&version).is_ok_and(|version| constraint.check(&version));
        return Ok(fits.then_some(version));
    }
    let index = sources
        .index(&dependency.repository)
        .ok_or_else(|| ResolveError::NoIndex(dependency.repository.clone()))?;
    let versions = index.entries.get(&dependency.name).ok_or_else(|| ResolveError::NoChart {
        name: dependency.name.clone(),
        repository: dependency.repository.clone(),
    })?;
    let fitting = versions.iter().filter(|entry| !entry.urls.is_empty()).find_map(|entry| {
        let version = Version::parse(&entry.metadata.version).ok()?;
        constraint.check(&version).then_some(version.original)
    });
    Ok(fitting)
}
