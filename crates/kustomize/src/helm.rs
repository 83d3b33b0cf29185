//! Charts that a kustomization renders (`helmCharts`). Rendering is not the business of this crate.

use thiserror::Error;

use crate::kustomization::{Chart, HelmGlobals};

/// What a chart is rendered with.
pub struct Request<'a> {
    /// The chart.
    pub chart: &'a Chart,
    /// Where charts lie.
    pub globals: &'a HelmGlobals,
    /// The directory of the kustomization, from the root of the tree.
    pub directory: &'a str,
    /// Reads a file as the kustomization may.
    pub read: &'a dyn Fn(&str) -> Option<std::sync::Arc<[u8]>>,
}

/// Renders charts.
pub trait Charts {
    /// The manifests of a chart.
    ///
    /// # Errors
    /// The chart cannot be had, or not be rendered.
    fn render(&self, request: &Request<'_>) -> Result<String, ChartError>;
}

/// Why a chart was not rendered.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct ChartError(pub String);
