//! A chart: what was read, once, and is shared by all renderings.

use std::sync::Arc;

use value::Value;

use crate::go;
use crate::metadata::{Lock, Metadata};

mod archive;
mod folder;
mod ignore;
mod load;

pub use archive::{ArchiveError, unpack};
pub use load::{LoadError, expand};

/// A file of a chart. Its path is relative to the chart, with slashes.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// The path.
    pub name: Arc<str>,
    /// The content, without a byte order mark.
    pub data: Arc<[u8]>,
    /// When it was last changed, where that is known.
    pub modified: Option<jiff::Timestamp>,
}

/// A chart with its subcharts, as loaded: nothing is resolved against values yet.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    /// What `Chart.yaml` (and `requirements.yaml`) says.
    pub metadata: Metadata,
    /// What the lock file says.
    pub lock: Option<Lock>,
    /// The files under `templates/`.
    pub templates: Vec<File>,
    /// The default values; `None` without `values.yaml`.
    pub values: Option<Value>,
    /// The content of `values.schema.json`.
    pub schema: Option<File>,
    /// The files that templates can read.
    pub files: Vec<File>,
    /// Every file, as it came.
    pub raw: Vec<File>,
    /// When `Chart.yaml` was last changed.
    pub modified: Option<jiff::Timestamp>,
    /// The charts under `charts/`, by the name of their folder or archive.
    pub dependencies: Vec<Arc<Chart>>,
}

/// A file under `crds/`.
#[derive(Clone, Debug, PartialEq)]
pub struct Crd {
    /// The path in its chart.
    pub name: Arc<str>,
    /// The path from the root chart.
    pub path: String,
    /// The file.
    pub file: File,
}

impl Chart {
    /// The chart's name.
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// The files under `crds/` of this chart and its subcharts, as they are declared in folders.
    pub fn crds(&self) -> Vec<Crd> {
        let mut crds = Vec::new();
        self.collect_crds(self.name(), &mut crds);
        crds
    }

    fn collect_crds(&self, path: &str, into: &mut Vec<Crd>) {
        into.extend(crds_of(self, path));
        for dependency in &self.dependencies {
            dependency.collect_crds(&format!("{path}/charts/{}", dependency.name()), into);
        }
    }

    /// The chart's README, whatever the case of its name.
    pub fn readme(&self) -> Option<&File> {
        let names = ["readme.md", "readme.txt", "readme"];
        self.files.iter().find(|file| names.iter().any(|name| file.name.eq_ignore_ascii_case(name)))
    }

    /// The file as it came.
    pub fn raw(&self, name: &str) -> Option<&File> {
        self.raw.iter().find(|file| &*file.name == name)
    }
}

/// The files under `crds/` of one chart, `path` being its path from the root chart.
pub(crate) fn crds_of<'a>(chart: &'a Chart, path: &str) -> impl Iterator<Item = Crd> + use<'a> {
    let path = path.to_owned();
    let is_manifest = |name: &str| {
        [".yaml", ".yml", ".json"].iter().any(|known| go::extension(name).eq_ignore_ascii_case(known))
    };
    chart.files.iter().filter(move |file| file.name.starts_with("crds/") && is_manifest(&file.name)).map(
        move |file| Crd {
            name: file.name.clone(),
            path: format!("{path}/{}", file.name),
            file: file.clone(),
        },
    )
}
