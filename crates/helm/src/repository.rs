//! Repositories: `index.yaml`, and which of its versions is meant.

use std::collections::BTreeMap;

use thiserror::Error;
use value::{Map, Value};

use crate::decode::{self, DecodeError, Decoder, Struct};
use crate::metadata::{Metadata, ValidationError};
use go_semver::{Constraints, SemverError, Version};

/// An index of charts.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// `v1`.
    pub api_version: String,
    /// When it was made, as it is written.
    pub generated: String,
    /// The versions of each chart, the highest first.
    pub entries: BTreeMap<String, Vec<Entry>>,
    /// Entries that were left out because they are broken: chart, version and why.
    pub skipped: Vec<Skipped>,
}

/// A version of a chart in an index.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// What its `Chart.yaml` says.
    pub metadata: Metadata,
    /// Where the archive is; relative ones start at the repository.
    pub urls: Vec<String>,
    /// When it was added, as it is written.
    pub created: String,
    /// Whether it was removed.
    pub removed: bool,
    /// The SHA-256 of the archive.
    pub digest: String,
}

/// An entry that is not usable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The chart.
    pub name: String,
    /// The version.
    pub version: String,
    /// Why.
    pub reason: ValidationError,
}

/// Why an index, or a chart in it, cannot be used.
#[derive(Debug, Error)]
pub enum IndexError {
    /// Nothing there.
    #[error("empty index.yaml file")]
    Empty,
    /// Larger than any real index.
    #[error("index.yaml is larger than {MAX_SIZE} bytes")]
    TooLarge,
    /// Not an index.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// An index without a version.
    #[error("no API version specified")]
    NoApiVersion,
    /// The index does not have the chart.
    #[error("no chart name found")]
    NoChart,
    /// The chart has no version.
    #[error("no chart version found")]
    NoVersions,
    /// No version fits.
    #[error("no chart version found for {0}-{1}")]
    NoVersion(String, String),
    /// Not a constraint.
    #[error(transparent)]
    Constraint(#[from] SemverError),
}

/// The largest index that is read.
const MAX_SIZE: usize = 256 * 1024 * 1024;

impl Index {
    /// Reads an index.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &[u8]) -> Result<Self, IndexError> {
        if text.is_empty() {
            return Err(IndexError::Empty);
        }
        if text.len() > MAX_SIZE {
            return Err(IndexError::TooLarge);
        }
        let value = match value::from_json(text) {
            Ok(value) => value,
            Err(_) => decode::parse(text)?,
        };
        let RawIndex { api_version, generated, entries } =
            decode::from_value(&value, RawIndex::default(), false)?;
        let mut index = Self { api_version, generated, ..Self::default() };
        for (name, versions) in entries {
            let mut kept = Vec::new();
            for entry in versions.into_iter().flatten() {
                index.keep(&name, entry, &mut kept);
            }
            sort(&mut kept);
            index.entries.insert(name, kept);
        }
        if index.api_version.is_empty() {
            return Err(IndexError::NoApiVersion);
        }
        Ok(index)
    }

    fn keep(&mut self, name: &str, mut entry: Entry, kept: &mut Vec<Entry>) {
        if entry.metadata.api_version.is_empty() {
            "v1".clone_into(&mut entry.metadata.api_version);
        }
        match entry.metadata.validate() {
            // Such charts were published, so helm takes them.
            Ok(()) | Err(ValidationError::SameDependency(_)) => kept.push(entry),
            Err(reason) => {
                let (name, version) = (name.to_owned(), entry.metadata.version.clone());
                self.skipped.push(Skipped { name, version, reason });
            }
        }
    }

    /// The version of a chart that is meant: an exact one as it is written, else the highest that fits;
    /// the highest release where nothing is said.
    ///
    /// # Errors
    /// There is no such chart, or no version of it fits.
    pub fn get(&self, name: &str, version: &str) -> Result<&Entry, IndexError> {
        let versions = self.entries.get(name).ok_or(IndexError::NoChart)?;
        if versions.is_empty() {
            return Err(IndexError::NoVersions);
        }
        let constraint = Constraints::parse(if version.is_empty() { "*" } else { version })?;
        if !version.is_empty()
            && let Some(exact) = versions.iter().find(|entry| entry.metadata.version == version)
        {
            return Ok(exact);
        }
        let fits = |entry: &&Entry| {
            Version::parse(&entry.metadata.version).is_ok_and(|version| constraint.check(&version))
        };
        versions.iter().find(fits).ok_or_else(|| IndexError::NoVersion(name.to_owned(), version.to_owned()))
    }
}

impl Entry {
    /// The URLs of the archive, relative ones resolved against that of the repository.
    pub fn absolute_urls(&self, repository: &str) -> Vec<String> {
        let base = repository.split(['?', '#']).next().unwrap_or(repository).trim_end_matches('/');
        let absolute = |url: &String| {
            if url.contains("://") { url.clone() } else { format!("{base}/{}", url.trim_start_matches('/')) }
        };
        self.urls.iter().map(absolute).collect()
    }
}

/// Highest first; what is no version comes last.
fn sort(entries: &mut [Entry]) {
    entries.sort_by(|a, b| {
        match (Version::parse(&b.metadata.version), Version::parse(&a.metadata.version)) {
            (Ok(b), Ok(a)) => go_semver::compare(&b, &a),
            (Ok(_), Err(_)) => std::cmp::Ordering::Greater,
            (Err(_), Ok(_)) => std::cmp::Ordering::Less,
            (Err(_), Err(_)) => std::cmp::Ordering::Equal,
        }
    });
}

#[derive(Default)]
struct RawIndex {
    api_version: String,
    generated: String,
    entries: BTreeMap<String, Vec<Option<Entry>>>,
}

impl Struct for RawIndex {
    const NAME: &'static str = "IndexFile";
    const TYPE: &'static str = "repo.IndexFile";
    const FIELDS: &'static [&'static str] =
        &["serverInfo", "apiVersion", "generated", "entries", "publicKeys", "annotations"];

    fn set(&mut self, field: &'static str, value: &Value, at: &mut Decoder) {
        match field {
            "apiVersion" => at.text(value, &mut self.api_version),
            "generated" => at.time(value, &mut self.generated),
            "entries" => {
                let empty = Map::new();
                let map = value.as_map().unwrap_or_else(|| {
                    at.mismatch(value, "map[string]repo.ChartVersions");
                    &empty
                });
                for (name, versions) in map.iter().filter(|(_, versions)| !versions.is_null()) {
                    at.objects(versions, self.entries.entry(name.to_string()).or_default());
                }
            }
            _ => {}
        }
    }
}

impl Struct for Entry {
    const NAME: &'static str = "ChartVersion";
    const TYPE: &'static str = "repo.ChartVersion";
    const FIELDS: &'static [&'static str] = &[
        "urls",
        "created",
        "removed",
        "digest",
        "checksum",
        "engine",
        "tillerVersion",
        "url",
        "name",
        "home",
        "sources",
        "version",
        "description",
        "keywords",
        "maintainers",
        "icon",
        "apiVersion",
        "condition",
        "tags",
        "appVersion",
        "deprecated",
        "annotations",
        "kubeVersion",
        "dependencies",
        "type",
    ];

    fn set(&mut self, field: &'static str, value: &Value, at: &mut Decoder) {
        match field {
            "urls" => at.texts(value, &mut self.urls),
            "created" => at.time(value, &mut self.created),
            "removed" => at.flag(value, &mut self.removed),
            "digest" => at.text(value, &mut self.digest),
            "checksum" | "engine" | "tillerVersion" | "url" => {}
            _ => self.metadata.set(field, value, at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &[u8] = b"apiVersion: v1\nentries:\n  app:\n  - {name: app, version: 1.2.0, urls: [app-1.2.0.tgz]}\n  - {name: app, version: 2.0.0-rc.1}\n  - {name: app, version: 1.10.0, urls: ['https://x/y.tgz']}\n  - null\n  - {name: app}\n";

    #[test]
    fn versions_are_sorted_and_found_as_helm_finds_them() {
        let index = Index::parse(INDEX).unwrap();
        let versions: Vec<&str> =
            index.entries["app"].iter().map(|entry| entry.metadata.version.as_str()).collect();
        assert_eq!(versions, ["2.0.0-rc.1", "1.10.0", "1.2.0"]);
        let get = |version| index.get("app", version).map(|entry| entry.metadata.version.clone());
        assert_eq!(get("").unwrap(), "1.10.0");
        assert_eq!(get("~1.2").unwrap(), "1.2.0");
        assert_eq!(get(">0.0.0-0").unwrap(), "2.0.0-rc.1");
        assert_eq!(get("3.x").unwrap_err().to_string(), "no chart version found for app-3.x");
        assert_eq!(index.get("other", "").unwrap_err().to_string(), "no chart name found");
        assert_eq!(index.skipped.len(), 1);
    }

    #[test]
    fn relative_urls_start_at_the_repository() {
        let index = Index::parse(INDEX).unwrap();
        let urls = |version| index.get("app", version).unwrap().absolute_urls("https://r/charts/");
        assert_eq!(urls("1.2.0"), ["https://r/charts/app-1.2.0.tgz"]);
        assert_eq!(urls("1.10.0"), ["https://x/y.tgz"]);
    }

    #[test]
    fn what_is_no_index_is_refused() {
        assert_eq!(Index::parse(b"").unwrap_err().to_string(), "empty index.yaml file");
        assert_eq!(Index::parse(b"entries: {}").unwrap_err().to_string(), "no API version specified");
        Index::parse(b"entries: []").unwrap_err();
    }
}
