//! Charts that a kustomization renders (`helmCharts`): where they lie, and what values they get. Rendering
//! them is not the business of this crate.
//!
//! Source: kustomize `internal/builtins/HelmChartInflationGenerator.go`.

use std::error::Error;
use std::sync::Arc;

use thiserror::Error;
use value::{Map, Value};
use yaml::node::{ConvertError, Node};

use crate::kustomization::{Chart, HelmGlobals, join};
use crate::load::{LoadError, Loader, resolve};
use crate::patch::{MergeError, merge};
use crate::remote::is_web_file;
use crate::remote::redacted;
use crate::schema::Schema;
use crate::tree::{Kind, Tree};

/// Where charts lie when nothing is said, below the kustomization.
const DEFAULT_HOME: &str = "charts";
/// What `valuesMerge` may say.
const MERGES: [&str; 3] = ["merge", "override", "replace"];

/// Renders charts.
pub trait Charts {
    /// The manifests of a chart, as `helm template` prints them.
    ///
    /// # Errors
    /// The chart cannot be loaded, or not be rendered.
    fn render(&self, request: &Request<'_>) -> Result<String, RenderFailure>;
}

/// Why a chart was not rendered, in the words of whoever was to render it.
pub type RenderFailure = Arc<dyn Error + Send + Sync>;

/// A chart to be rendered.
pub struct Request<'a> {
    /// What the kustomization says about it.
    pub chart: &'a Chart,
    /// The tree that the chart lies in.
    pub tree: &'a dyn Tree,
    /// The folder of the chart, from the root of the tree.
    pub folder: String,
    /// The files with values; a later one overrides those before it.
    pub values: Vec<ValuesFile>,
}

/// A file with values.
pub struct ValuesFile {
    /// Its path as messages show it, with a slash for the root of the tree.
    pub name: String,
    /// What it holds.
    pub content: Arc<[u8]>,
}

/// How the charts of a build are rendered.
#[derive(Clone)]
pub struct Helm<'a> {
    /// What renders them.
    pub charts: &'a dyn Charts,
    /// The API versions of charts that name none.
    pub api_versions: Vec<String>,
    /// The Kubernetes version of charts that name none.
    pub kube_version: String,
    /// Whether what was rendered is shown where it is no YAML.
    pub debug: bool,
}

impl Helm<'_> {
    /// What a chart does not say itself.
    pub(crate) fn complete(&self, chart: &mut Chart) {
        if chart.kube_version.is_empty() {
            chart.kube_version.clone_from(&self.kube_version);
        }
        if chart.api_versions.is_empty() {
            chart.api_versions.clone_from(&self.api_versions);
        }
        chart.debug |= self.debug;
    }
}

/// Why a chart was not rendered.
#[derive(Clone, Debug, Error)]
pub enum ChartError {
    /// No name.
    #[error("chart name cannot be empty")]
    NoName,
    /// What would be a flag of helm.
    #[error("{field} must not start with '-', got {text:?}")]
    Dash {
        /// The field.
        field: &'static str,
        /// What it says.
        text: String,
    },
    /// An unknown way to merge values.
    #[error("valuesMerge must be one of [merge override replace], but is {0:?}")]
    Merge(String),
    /// One of `additionalValuesFiles`.
    #[error("could not load additionalValuesFile: {0}")]
    AdditionalValues(#[source] LoadError),
    /// One of `additionalValuesFiles` that is no file of the tree.
    #[error("additionalValuesFiles: {0:?} is a URL; download the file, and name it by its path")]
    ValuesUrl(String),
    /// `chartHome` or the name of the chart leads out of the tree.
    #[error("{0:?} leads out of the source")]
    Outside(String),
    /// No chart, and no repository to get it from.
    #[error(
        "no repo specified for pull, no chart found at '/{0}'; put the chart there, or correct chartHome"
    )]
    Missing(String),
    /// A chart that is in a repository only.
    #[error(
        "no chart found at '/{folder}', and charts are not pulled during a build; run in the folder of the \
         kustomization: {command}"
    )]
    NotPulled {
        /// Where it must be.
        folder: String,
        /// What puts it there.
        command: String,
    },
    /// The folder of the chart cannot be looked at.
    #[error(transparent)]
    Folder(LoadError),
    /// `valuesFile`, or the `values.yaml` of the chart.
    #[error("valuesFile: {0}")]
    Values(#[source] LoadError),
    /// Values that are not YAML.
    #[error("could not parse values file {path} into rnode: {source}")]
    ValuesYaml {
        /// The file.
        path: String,
        /// Why.
        source: yaml::Error,
    },
    /// Values that are not text.
    #[error("values file {0} is not UTF-8 text")]
    ValuesEncoding(String),
    /// Values of the file and `valuesInline` that do not fit together.
    #[error("could not merge values: {0}")]
    ValuesMerge(#[source] MergeError),
    /// Merged values that are no data.
    #[error("could not parse merged values into map: {0}")]
    ValuesData(#[source] ConvertError),
    /// `valuesInline` that cannot be written.
    #[error("valuesInline: {0}")]
    ValuesText(#[source] yaml::EmitError),
    /// The chart itself is at fault.
    #[error("{0}")]
    Render(RenderFailure),
}

/// Renders a chart of the kustomization in the directory of `loader`.
///
/// # Errors
/// [`ChartError`]
pub(crate) fn inflate(
    charts: &dyn Charts,
    loader: &Loader<'_>,
    chart: &Chart,
    globals: &HelmGlobals,
) -> Result<String, ChartError> {
    check(chart)?;
    let additional = additional_values(loader, &chart.additional_values_files)?;
    let home = home(loader, chart, globals)?;
    let name = chart.name.trim_start_matches('/');
    let folder = resolve(&home, name).ok_or_else(|| ChartError::Outside(chart.name.clone()))?;
    let kind = loader.tree().kind(&folder).map_err(|error| ChartError::Folder(error.into()))?;
    if kind != Some(Kind::Directory) {
        return Err(not_there((chart, &globals.config_home), &home, folder));
    }
    let path = if chart.values_file.is_empty() {
        format!("/{folder}/values.yaml")
    } else {
        chart.values_file.clone()
    };
    let mut values = vec![own_values(loader, chart, &path)?];
    values.extend(additional);
    let request = Request { chart, tree: loader.tree(), folder, values };
    charts.render(&request).map_err(ChartError::Render)
}

fn check(chart: &Chart) -> Result<(), ChartError> {
    if chart.name.is_empty() {
        return Err(ChartError::NoName);
    }
    for (field, text) in [("releaseName", &chart.release_name), ("chart name", &chart.name)] {
        if text.starts_with('-') {
            return Err(ChartError::Dash { field, text: text.clone() });
        }
    }
    if !chart.values_merge.is_empty() && !MERGES.contains(&chart.values_merge.as_str()) {
        return Err(ChartError::Merge(chart.values_merge.clone()));
    }
    Ok(())
}

fn additional_values(loader: &Loader<'_>, paths: &[String]) -> Result<Vec<ValuesFile>, ChartError> {
    let read = |path: &String| {
        if is_web_file(path) {
            return Err(ChartError::ValuesUrl(path.clone()));
        }
        // Upstream puts an absolute path below the kustomization all the same.
        let path = path.trim_start_matches('/');
        let content = loader.read(path).map_err(ChartError::AdditionalValues)?;
        Ok(ValuesFile { name: shown(loader, path), content })
    };
    paths.iter().map(read).collect()
}

/// The folder that charts lie in. A chart of a repository has its version in the path.
fn home(loader: &Loader<'_>, chart: &Chart, globals: &HelmGlobals) -> Result<String, ChartError> {
    let said = if globals.chart_home.is_empty() { DEFAULT_HOME } else { &globals.chart_home };
    let home = resolve(loader.root(), said).ok_or_else(|| ChartError::Outside(said.to_owned()))?;
    if chart.version.is_empty() || chart.repo.is_empty() {
        return Ok(home);
    }
    Ok(join(&home, &format!("{}-{}", chart.name, chart.version)))
}

fn not_there((chart, config_home): (&Chart, &str), home: &str, folder: String) -> ChartError {
    if chart.repo.is_empty() {
        return ChartError::Missing(folder);
    }
    let repo = redacted(&chart.repo);
    let source = match chart.repo.strip_prefix("oci://") {
        Some(_) => format!("{}/{}", repo.trim_end_matches('/'), chart.name),
        None => format!("--repo {repo} {}", chart.name),
    };
    let version =
        if chart.version.is_empty() { String::new() } else { format!(" --version {}", chart.version) };
    let devel = if chart.devel { " --devel" } else { "" };
    // Where helm keeps its credentials and repositories, as kustomize tells it.
    let environment = match config_home {
        "" => String::new(),
        at => format!("HELM_CONFIG_HOME={at} HELM_CACHE_HOME={at}/.cache HELM_DATA_HOME={at}/.data "),
    };
    let command = format!("{environment}helm pull --untar --untardir /{home} {source}{version}{devel}");
    ChartError::NotPulled { folder, command }
}

/// The values of the file, merged with `valuesInline` where there are some.
fn own_values(loader: &Loader<'_>, chart: &Chart, path: &str) -> Result<ValuesFile, ChartError> {
    let name = shown(loader, path);
    let inline =
        chart.values_inline.as_ref().filter(|value| value.as_map().is_some_and(|map| !map.is_empty()));
    let Some(inline) = inline else {
        return Ok(ValuesFile { name, content: loader.read(path).map_err(ChartError::Values)? });
    };
    let merged = match chart.values_merge.as_str() {
        "replace" => inline.clone(),
        how => {
            let file = parsed(&loader.read(path).map_err(ChartError::Values)?, &name)?;
            let inline = Some(Node::from_value(inline));
            let (below, above) = if how == "merge" { (inline, file) } else { (file, inline) };
            let merged = merge(below, above, Schema::builtin()).map_err(ChartError::ValuesMerge)?;
            match merged {
                Some(node) => node.to_value().map_err(ChartError::ValuesData)?,
                None => Value::from(Map::new()),
            }
        }
    };
    let text = yaml::to_yaml(&merged).map_err(ChartError::ValuesText)?;
    Ok(ValuesFile { name: format!("{name} with valuesInline"), content: Arc::from(text.into_bytes()) })
}

fn parsed(content: &[u8], name: &str) -> Result<Option<Node>, ChartError> {
    let text = std::str::from_utf8(content).map_err(|_| ChartError::ValuesEncoding(name.to_owned()))?;
    let first = yaml::parse_first_node(text)
        .map_err(|source| ChartError::ValuesYaml { path: name.to_owned(), source })?;
    Ok(first.map(|(node, _)| node))
}

fn shown(loader: &Loader<'_>, path: &str) -> String {
    resolve(loader.root(), path).map_or_else(|| path.to_owned(), |path| format!("/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gets_a_chart_has_the_configuration_that_is_said() {
        let chart = Chart { name: "web".to_owned(), repo: "https://a:b@host".to_owned(), ..Chart::default() };
        let command = |config_home| not_there((&chart, config_home), "charts", "charts/web".to_owned());
        assert!(
            command("")
                .to_string()
                .ends_with(": helm pull --untar --untardir /charts --repo https://a:xxxxx@host web")
        );
        assert!(command("/h").to_string().contains(
            ": HELM_CONFIG_HOME=/h HELM_CACHE_HOME=/h/.cache HELM_DATA_HOME=/h/.data helm pull --untar "
        ));
    }
}
