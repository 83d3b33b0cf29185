//! Rendering the charts of `helmCharts`, as `helm template` does with the flags that kustomize gives it.

use std::io;
use std::sync::Arc;

use cli::arguments::kustomize::Helm as Arguments;
use helm::{Entry, EntryKind, Tree, TreeError, TreeErrorKind};
use kustomize::helm::{Charts, Helm, RenderFailure, Request};
use kustomize::kustomization::Chart;

use crate::charts;

/// The `helm` crate.
pub(super) struct Renderer;

/// How the charts of a build are rendered; `None` where they are not.
pub(super) fn of(arguments: &Arguments) -> Option<Helm<'static>> {
    arguments.enable_helm.then(|| Helm {
        charts: &Renderer,
        api_versions: arguments.helm_api_versions.clone(),
        kube_version: arguments.helm_kube_version.clone(),
        debug: arguments.helm_debug,
    })
}

impl Charts for Renderer {
    fn render(&self, request: &Request<'_>) -> Result<String, RenderFailure> {
        let location = format!("/{}", request.folder);
        let folder = Folder { tree: request.tree, path: &request.folder, location: location.clone() };
        let values: Vec<(&str, &[u8])> =
            request.values.iter().map(|file| (file.name.as_str(), &*file.content)).collect();
        let (mut input, mut out, mut err) = (io::empty(), io::sink(), io::sink());
        // What helm says on standard error is not shown by kustomize, either.
        let mut never = || false;
        let mut world = charts::world((&mut input, &mut out, &mut err), &mut never)
            .map_err(|error| RenderFailure::from(error.into_boxed_dyn_error()))?;
        cli::helm::inflate(&arguments(request.chart, &location), &folder, &values, &mut world)
            .map_err(|failure| -> RenderFailure { Arc::new(failure) })
    }
}

/// The arguments of `helm template`.
///
/// Source: kustomize `types/helmchartargs.go`, `AsHelmArgs`.
fn arguments(chart: &Chart, folder: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    if chart.release_name.is_empty() {
        arguments.push("--generate-name".to_owned());
    } else {
        arguments.push(chart.release_name.clone());
    }
    arguments.push(folder.to_owned());
    let mut with = |flag: &str, text: &str| {
        if !text.is_empty() {
            arguments.push(format!("--{flag}={text}"));
        }
    };
    with("namespace", &chart.namespace);
    with("name-template", &chart.name_template);
    chart.api_versions.iter().for_each(|version| with("api-versions", version));
    with("kube-version", &chart.kube_version);
    let switches = [
        ("include-crds", chart.include_crds),
        ("skip-tests", chart.skip_tests),
        ("no-hooks", chart.skip_hooks),
        ("debug", chart.debug),
        ("devel", chart.devel),
    ];
    arguments.extend(switches.iter().filter(|(_, is_on)| *is_on).map(|(flag, _)| format!("--{flag}")));
    arguments
}

/// The folder of a chart in the tree that is built.
struct Folder<'a> {
    tree: &'a dyn kustomize::Tree,
    path: &'a str,
    location: String,
}

impl Folder<'_> {
    /// The path from the root of the tree, links followed.
    fn find(&self, path: &str, action: &'static str) -> Result<String, TreeError> {
        let full = if path.is_empty() { self.path.to_owned() } else { format!("{}/{path}", self.path) };
        let found = self.tree.canonical(&full).map_err(unreadable)?;
        found.ok_or_else(|| TreeError { action, ..TreeError::not_found(format!("/{full}")) })
    }
}

fn unreadable(error: kustomize::TreeError) -> TreeError {
    let (path, reason) = (format!("/{}", error.path), error.source.to_string());
    TreeError { action: error.action, path, reason, kind: TreeErrorKind::Unreadable }
}

fn absent(path: &str) -> TreeError {
    TreeError::not_found(format!("/{path}"))
}

impl Tree for Folder<'_> {
    fn location(&self) -> &str {
        &self.location
    }

    fn list(&self, path: &str) -> Result<Vec<Entry>, TreeError> {
        let found = self.find(path, "open")?;
        let entries = self.tree.list(&found).map_err(unreadable)?.ok_or_else(|| absent(&found))?;
        let entry = |(name, kind): (String, kustomize::Kind)| {
            let kind = match kind {
                kustomize::Kind::Directory => EntryKind::Directory,
                kustomize::Kind::File => EntryKind::File,
            };
            let path = format!("{found}/{name}");
            let size = match kind {
                EntryKind::File => self.tree.size(&path).map_err(unreadable)?.ok_or_else(|| absent(&path))?,
                _ => 0,
            };
            Ok(Entry { name, kind, size, modified: None, link: None })
        };
        entries.into_iter().map(entry).collect()
    }

    fn read(&self, path: &str) -> Result<Arc<[u8]>, TreeError> {
        let found = self.find(path, "open")?;
        self.tree.read(&found).map_err(unreadable)?.ok_or_else(|| absent(&found))
    }
}
