//! From files to a chart.

use std::collections::BTreeMap;
use std::sync::Arc;

use thiserror::Error;

use super::archive::{self, ArchiveError, Budget};
use super::ignore::IgnoreError;
use super::{Chart, File, folder};
use crate::decode::{self, DecodeError, Decoder, Struct};
use crate::go;
use crate::log::Log;
use crate::metadata::{Lock, Metadata, ValidationError};
use crate::tree::{Tree, TreeError};
use crate::values::{self, ValuesError};

/// Charts inside of charts; each level of archives costs memory before its size is known.
const MAX_CHART_DEPTH: usize = 32;

/// Why something is no chart.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The folder has no `Chart.yaml`.
    #[error("unable to detect chart at {path}")]
    NoChart {
        /// The file that is missing.
        path: String,
        /// Why it cannot be read.
        source: TreeError,
    },
    /// A file of the chart is not what it must be.
    #[error("cannot load {file}")]
    File {
        /// Which file.
        file: &'static str,
        /// Why.
        source: DecodeError,
    },
    /// The default values are not YAML maps.
    #[error("cannot load values.yaml")]
    Values(#[source] ValuesError),
    /// An `apiVersion` that helm does not know.
    #[error("unsupported chart version")]
    UnsupportedVersion,
    /// Charts of `apiVersion: v3` are an experiment of helm's.
    #[error("invalid chart apiVersion")]
    ExperimentalVersion,
    /// The files have no `Chart.yaml` among them.
    #[error("Chart.yaml file is missing")]
    NoChartFile,
    /// The archive has no `Chart.yaml` in it.
    #[error("unable to detect chart version, no Chart.yaml found")]
    UndetectableVersion,
    /// A rule of metadata is broken.
    #[error(transparent)]
    Invalid(#[from] ValidationError),
    /// A chart under `charts/` cannot be loaded.
    #[error("error unpacking subchart {name} in {parent}")]
    Subchart {
        /// The folder's or archive's name.
        name: String,
        /// The chart that it belongs to.
        parent: String,
        /// Why.
        source: Box<LoadError>,
    },
    /// A folder whose name ends like an archive's.
    #[error("error unpacking subchart tar in {parent}: expected {expected}, got {found}")]
    SubchartPath {
        /// The chart that it belongs to.
        parent: String,
        /// The archive's name.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// `.helmignore` cannot be used.
    #[error("{source}")]
    Ignore {
        /// The line, from 1.
        line: usize,
        /// Why.
        source: IgnoreError,
    },
    /// A file or folder could not be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A file of the folder could not be read.
    #[error("error reading {path}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: TreeError,
    },
    /// A device, a socket or the like.
    #[error("cannot load irregular file {0} as it has file mode type bits set")]
    Irregular(String),
    /// The folder holds too much.
    #[error("error reading {path}: chart exceeds maximum decompressed size of {limit} bytes")]
    FolderTooLarge {
        /// The file that does not fit any more, by its size or as one too many.
        path: String,
        /// The limit.
        limit: u64,
    },
    /// Folders are nested too deeply, or a link leads back into itself.
    #[error("the chart's folders are nested more than {limit} levels deep at {path}")]
    TooDeep {
        /// The folder.
        path: String,
        /// The limit.
        limit: usize,
    },
    /// Charts are nested too deeply.
    #[error("charts are nested more than {MAX_CHART_DEPTH} levels deep")]
    TooManyCharts,
    /// A YAML file was given in place of a chart.
    #[error("file '{0}' seems to be a YAML file, but expected a gzipped archive")]
    YamlFile(String),
    /// Not an archive at all.
    #[error("file '{file}' does not appear to be a gzipped archive; got '{content}'")]
    NoArchive {
        /// The file.
        file: String,
        /// What it seems to be.
        content: &'static str,
    },
    /// The archive is gzip, but damaged, too large or hostile. Helm does not say which.
    #[error("unable to load chart archive")]
    Archive(#[source] ArchiveError),
    /// An archive inside of a chart is refused.
    #[error(transparent)]
    InnerArchive(ArchiveError),
    /// The `Chart.yaml` of an archive names no chart.
    #[error("chart name not specified")]
    NoName,
    /// The name of an archive's chart is none of a folder.
    #[error("chart name {} {reason}", go::quote(.name))]
    Name {
        /// The name.
        name: String,
        /// Why.
        reason: &'static str,
    },
}

impl Chart {
    /// Loads a chart folder.
    ///
    /// # Errors
    /// It is no chart; the text is helm's.
    pub fn from_folder(tree: &dyn Tree, log: &Log) -> Result<Self, LoadError> {
        let text = tree.read("Chart.yaml").map_err(|source| LoadError::NoChart {
            path: format!("{}/Chart.yaml", tree.location()),
            source,
        })?;
        check_version(&text)?;
        Self::of_any_version(tree, log)
    }

    /// As [`Chart::from_folder`], whatever `apiVersion` its `Chart.yaml` has: helm looks at that only before it
    /// renders.
    ///
    /// # Errors
    /// It is no chart.
    pub fn of_any_version(tree: &dyn Tree, log: &Log) -> Result<Self, LoadError> {
        Self::from_files(folder::files(tree, log)?, log)
    }

    /// Loads a chart archive; `file` is its name, for messages.
    ///
    /// # Errors
    /// It is damaged, hostile or no chart.
    pub fn from_archive(archive: &[u8], file: &str, log: &Log) -> Result<Self, LoadError> {
        let mut budget = Budget::of_a_chart();
        let files = files_of(archive, file, &mut budget)?.map_err(LoadError::Archive)?;
        let chart = files.iter().find(|file| &*file.name == "Chart.yaml");
        check_version(&chart.ok_or(LoadError::UndetectableVersion)?.data)?;
        Loader { budget, depth: 0, log }.load(files)
    }

    /// As [`Chart::from_archive`], whatever `apiVersion` its `Chart.yaml` has.
    ///
    /// # Errors
    /// It is damaged, hostile or no chart.
    pub fn of_archive_of_any_version(archive: &[u8], file: &str, log: &Log) -> Result<Self, LoadError> {
        let mut budget = Budget::of_a_chart();
        let files = files_of(archive, file, &mut budget)?.map_err(LoadError::InnerArchive)?;
        Loader { budget, depth: 0, log }.load(files)
    }

    /// Makes a chart of its files; archives among them are subcharts.
    ///
    /// # Errors
    /// They are no chart.
    pub fn from_files(files: Vec<File>, log: &Log) -> Result<Self, LoadError> {
        Loader { budget: Budget::of_a_chart(), depth: 0, log }.load(files)
    }
}

/// The files of an archive, as helm unpacks them into a folder.
///
/// # Errors
/// It is damaged or hostile, or its chart has no name.
pub fn expand(archive: &[u8]) -> Result<Vec<File>, LoadError> {
    let files = archive::unpack(archive).map_err(LoadError::InnerArchive)?;
    let mut name = String::new();
    for file in files.iter().filter(|file| &*file.name == "Chart.yaml") {
        let read: Metadata =
            decode::from_yaml(&file.data).map_err(|source| LoadError::File { file: "Chart.yaml", source })?;
        name = read.name;
    }
    match name.as_str() {
        "" => Err(LoadError::NoName),
        "." | ".." => Err(LoadError::Name { name, reason: "is not allowed" }),
        _ if go::base(&name) != name => {
            Err(LoadError::Name { name, reason: "must not contain path separators" })
        }
        _ => Ok(files),
    }
}

/// The files of an archive, or why it is none; where the file does not even look like one, that is the error.
fn files_of(
    archive: &[u8],
    file: &str,
    budget: &mut Budget,
) -> Result<Result<Vec<File>, ArchiveError>, LoadError> {
    if archive.starts_with(b"\x1f\x8b\x08") {
        return Ok(archive::unpack_within(archive, budget));
    }
    if file.ends_with(".yml") || file.ends_with(".yaml") {
        return Err(LoadError::YamlFile(file.to_owned()));
    }
    Err(LoadError::NoArchive { file: file.to_owned(), content: archive::content_type(archive) })
}

#[derive(Default)]
struct ApiVersion(String);

impl Struct for ApiVersion {
    const NAME: &'static str = "chartBase";
    const TYPE: &'static str = "loader.chartBase";
    const FIELDS: &'static [&'static str] = &["apiVersion"];

    fn set(&mut self, _: &'static str, value: &value::Value, at: &mut Decoder) {
        at.text(value, &mut self.0);
    }
}

fn check_version(text: &[u8]) -> Result<(), LoadError> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let ApiVersion(version) =
        decode::from_yaml(text).map_err(|source| LoadError::File { file: "Chart.yaml", source })?;
    match version.as_str() {
        "" | "v1" | "v2" => Ok(()),
        "v3" => Err(LoadError::ExperimentalVersion),
        _ => Err(LoadError::UnsupportedVersion),
    }
}

struct Loader<'a> {
    budget: Budget,
    depth: usize,
    log: &'a Log,
}

/// The files of what stands under `charts/`, by its name there.
type Subcharts = BTreeMap<String, Vec<File>>;

impl Loader<'_> {
    fn load(&mut self, files: Vec<File>) -> Result<Chart, LoadError> {
        let mut chart = Chart { raw: files.clone(), ..Chart::default() };
        let mut metadata = None;
        for file in files.iter().filter(|file| &*file.name == "Chart.yaml") {
            let mut read: Metadata = decode::from_yaml_over(&file.data, metadata.take().unwrap_or_default())
                .map_err(|source| LoadError::File { file: "Chart.yaml", source })?;
            if read.api_version.is_empty() {
                "v1".clone_into(&mut read.api_version);
            }
            chart.modified = file.modified;
            metadata = Some(read);
        }
        let mut subcharts = Subcharts::new();
        for file in files {
            sort(file, (&mut chart, &mut metadata), &mut subcharts, self.log)?;
        }
        chart.metadata = metadata.ok_or(LoadError::NoChartFile)?;
        chart.metadata.validate()?;
        // Helm takes subcharts in the random order of a Go map; only undeclared ones can tell.
        for (name, files) in subcharts {
            if let Some(subchart) = self.subchart(&name, files, chart.name())? {
                chart.dependencies.push(Arc::new(subchart));
            }
        }
        Ok(chart)
    }

    fn subchart(
        &mut self,
        name: &str,
        mut files: Vec<File>,
        parent: &str,
    ) -> Result<Option<Chart>, LoadError> {
        if name.starts_with(['_', '.']) {
            return Ok(None);
        }
        if self.depth >= MAX_CHART_DEPTH {
            return Err(LoadError::TooManyCharts);
        }
        self.depth += 1;
        let loaded = if go::extension(name) == ".tgz" {
            let file = files.swap_remove(0);
            if &*file.name != name {
                return Err(LoadError::SubchartPath {
                    parent: parent.to_owned(),
                    expected: name.to_owned(),
                    found: file.name.to_string(),
                });
            }
            archive::unpack_within(&file.data, &mut self.budget)
                .map_err(LoadError::InnerArchive)
                .and_then(|files| self.load(files))
        } else {
            let inside = |file: File| {
                let name = file.name.split_once('/').map(|(_, rest)| Arc::from(rest))?;
                Some(File { name, ..file })
            };
            self.load(files.into_iter().filter_map(inside).collect())
        };
        self.depth -= 1;
        loaded.map(Some).map_err(|source| LoadError::Subchart {
            name: name.to_owned(),
            parent: parent.to_owned(),
            source: Box::new(source),
        })
    }
}

/// Puts one file where helm's loader puts it.
fn sort(
    file: File,
    (chart, metadata): (&mut Chart, &mut Option<Metadata>),
    subcharts: &mut Subcharts,
    log: &Log,
) -> Result<(), LoadError> {
    let broken = |file: &'static str| move |source| LoadError::File { file, source };
    let is_v1 =
        |metadata: &Option<Metadata>| metadata.as_ref().is_some_and(|known| known.api_version == "v1");
    match &*file.name {
        "Chart.yaml" => {}
        "Chart.lock" => chart.lock = Some(lock(&file.data).map_err(broken("Chart.lock"))?),
        "values.yaml" => chart.values = Some(values::from_yaml(&file.data).map_err(LoadError::Values)?),
        "values.schema.json" => chart.schema = Some(file),
        "requirements.yaml" => {
            if !is_v1(metadata) {
                log.info(&moved("Dependencies are handled", "Chart.yaml", "dependencies "), &[]);
            }
            let known = metadata.take().unwrap_or_default();
            *metadata = Some(decode::from_yaml_over(&file.data, known).map_err(broken("requirements.yaml"))?);
            if is_v1(metadata) {
                chart.files.push(file);
            }
        }
        "requirements.lock" => {
            chart.lock = Some(lock(&file.data).map_err(broken("requirements.lock"))?);
            metadata.get_or_insert_default();
            if is_v1(metadata) {
                chart.files.push(file);
            } else {
                log.info(&moved("Dependency locking is handled", "Chart.lock", ""), &[]);
            }
        }
        name if name.starts_with("templates/") => chart.templates.push(file),
        name if name.starts_with("charts/") => {
            if go::extension(name) == ".prov" {
                chart.files.push(file);
                return Ok(());
            }
            let name: Arc<str> = name["charts/".len()..].into();
            let first = name.split('/').next().unwrap_or(&name).to_owned();
            subcharts.entry(first).or_default().push(File { name, ..file });
        }
        _ => chart.files.push(file),
    }
    Ok(())
}

/// What helm says about files of charts of `apiVersion: v1` in others.
fn moved(what: &str, file: &str, them: &str) -> String {
    format!("Warning: {what} in {file} since apiVersion \"v2\". We recommend migrating {them}to {file}.")
}

fn lock(text: &[u8]) -> Result<Lock, DecodeError> {
    decode::from_yaml(text)
}
