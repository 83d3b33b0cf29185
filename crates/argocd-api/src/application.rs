//! Application.
//!
//! Source of the rules: Argo CD 3.6, `pkg/apis/application/v1alpha1/types.go`.

mod operation;
mod source;

use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use value::Value;

pub use operation::{Operation, Phase, Retry};
pub use source::{Kustomize, Patch, Replica, Source};

use crate::field::{FieldError, Fields};
use crate::{GROUP, VERSION};

/// The kind.
pub fn kind() -> GroupVersionKind {
    GroupVersionKind::new(GROUP, VERSION, "Application")
}

/// Any value asks for a comparison with the source; `hard` for one without caches.
pub const REFRESH: &str = "argocd.argoproj.io/refresh";
/// `true` keeps the controllers from touching the object.
pub const SKIP_RECONCILE: &str = "argocd.argoproj.io/skip-reconcile";
/// Deletes what the application deployed before it goes; `/foreground` and `/background` may follow.
pub const RESOURCES_FINALIZER: &str = "resources-finalizer.argocd.argoproj.io";

/// Fields of the spec that are acted on.
pub const HANDLED: &[&str] = &[
    "destination",
    "info",
    "project",
    "revisionHistoryLimit",
    "source.directory.recurse",
    "source.kustomize.commonAnnotations",
    "source.kustomize.commonLabels",
    "source.kustomize.components",
    "source.kustomize.forceCommonAnnotations",
    "source.kustomize.forceCommonLabels",
    "source.kustomize.ignoreMissingComponents",
    "source.kustomize.images",
    "source.kustomize.labelWithoutSelector",
    "source.kustomize.namePrefix",
    "source.kustomize.nameSuffix",
    "source.kustomize.namespace",
    "source.kustomize.patches[].patch",
    "source.kustomize.patches[].target",
    "source.kustomize.replicas",
    "source.name",
    "source.path",
    "source.repoURL",
    "source.targetRevision",
    "syncPolicy.automated",
    "syncPolicy.managedNamespaceMetadata",
    "syncPolicy.retry.backoff",
    "syncPolicy.retry.limit",
    "syncPolicy.syncOptions",
];

/// Fields of the spec that are refused by name when they are set.
pub const REFUSED: &[&str] = &[
    "ignoreDifferences",
    "source.chart",
    "source.directory.disableExtensionFilter",
    "source.directory.exclude",
    "source.directory.include",
    "source.directory.jsonnet",
    "source.helm",
    "source.kustomize.apiVersions",
    "source.kustomize.commonAnnotationsEnvsubst",
    "source.kustomize.kubeVersion",
    "source.kustomize.labelIncludeTemplates",
    "source.kustomize.patches[].options",
    "source.kustomize.patches[].path",
    "source.kustomize.version",
    "source.plugin",
    "source.ref",
    "source.tagPrefix",
    "sourceHydrator",
    "sources",
    "syncPolicy.retry.refresh",
];

/// How many past deployments are remembered where nothing is said.
const HISTORY_LIMIT: usize = 10;

/// An application, as far as controllers act on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Application {
    /// `spec.project`; an empty one is `default`.
    pub project: String,
    /// The cluster and the namespace.
    pub destination: Destination,
    /// `spec.source`; `None` where there is none, or several.
    pub source: Option<Source>,
    /// Whether `spec.sources` is set, which makes `source` meaningless.
    pub has_sources: bool,
    /// `spec.syncPolicy`.
    pub sync_policy: SyncPolicy,
    /// How many past deployments are remembered.
    pub history_limit: usize,
    /// The operation that is asked for, or runs.
    pub operation: Option<Operation>,
    /// The value of the annotation that asks for a comparison.
    pub refresh: Option<String>,
    /// Whether controllers leave it alone.
    pub skip_reconcile: bool,
    /// Whether what it deployed goes with it.
    pub cascades: bool,
}

/// Where an application is deployed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destination {
    /// The API server.
    pub server: String,
    /// The name of the cluster.
    pub name: String,
    /// The namespace.
    pub namespace: String,
}

/// When and how an application is synced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncPolicy {
    /// `None` where syncs are asked for by hand.
    pub automated: Option<Automated>,
    /// Options, as `name=value`.
    pub options: Vec<String>,
    /// How a failed sync is tried again.
    pub retry: Option<Retry>,
    /// Labels of the namespace that `CreateNamespace=true` makes.
    pub namespace_labels: Vec<(String, String)>,
    /// Annotations of that namespace.
    pub namespace_annotations: Vec<(String, String)>,
}

/// How an application syncs by itself; `None` is where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Automated {
    /// Whether objects are deleted that the source no longer has.
    pub prune: Option<bool>,
}

impl SyncPolicy {
    /// Whether an option is set to `true`.
    pub fn has(&self, option: &str) -> bool {
        self.option(option) == Some("true")
    }

    /// The value of an option.
    pub fn option(&self, option: &str) -> Option<&str> {
        let value = |text: &'_ str| text.split_once('=').is_some_and(|(name, _)| name == option);
        let found = self.options.iter().find(|text| value(text))?;
        found.split_once('=').map(|(_, value)| value)
    }
}

impl Application {
    /// Reads an object.
    ///
    /// # Errors
    /// A field is not of its type.
    pub fn parse(object: &Value) -> Result<Self, FieldError> {
        let spec = Fields::of(object, "spec");
        let destination = spec.at("destination");
        let project = spec.text("project")?;
        let limit = spec.number("revisionHistoryLimit")?.map(usize::try_from);
        Ok(Self {
            project: if project.is_empty() { "default".to_owned() } else { project },
            destination: Destination {
                server: destination.text("server")?,
                name: destination.text("name")?,
                namespace: destination.text("namespace")?,
            },
            source: spec.at("source").value().map(|_| Source::read(&spec.at("source"))).transpose()?,
            has_sources: !spec.each("sources", |_| Ok(()))?.is_empty(),
            sync_policy: sync_policy(&spec.at("syncPolicy"))?,
            history_limit: limit.map_or(HISTORY_LIMIT, |limit| limit.unwrap_or(0)),
            operation: Operation::read(&Fields::of(object, "operation"))?,
            refresh: object::annotation(object, REFRESH).map(str::to_owned),
            skip_reconcile: object::annotation(object, SKIP_RECONCILE) == Some("true"),
            cascades: object::finalizers(object).any(is_resources_finalizer),
        })
    }
}

/// Whether a finalizer deletes what the application deployed.
pub fn is_resources_finalizer(finalizer: &str) -> bool {
    finalizer == RESOURCES_FINALIZER
        || finalizer
            .strip_prefix(RESOURCES_FINALIZER)
            .is_some_and(|rest| matches!(rest, "/foreground" | "/background"))
}

fn sync_policy(policy: &Fields<'_>) -> Result<SyncPolicy, FieldError> {
    let automated = policy.at("automated");
    let is_automated = automated.value().is_some() && automated.choice("enabled")? != Some(false);
    let namespace = policy.at("managedNamespaceMetadata");
    Ok(SyncPolicy {
        automated: is_automated.then(|| Ok(Automated { prune: automated.choice("prune")? })).transpose()?,
        options: policy.texts("syncOptions")?,
        retry: Retry::read(&policy.at("retry"))?,
        namespace_labels: namespace.text_map("labels")?,
        namespace_annotations: namespace.text_map("annotations")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Application {
        Application::parse(&value::from_json(text.as_bytes()).expect(text)).expect(text)
    }

    #[test]
    fn what_is_not_said_has_upstreams_defaults() {
        let application = parse(r#"{"metadata":{},"spec":{"project":"","destination":{}}}"#);
        assert_eq!(application.project, "default");
        assert_eq!(application.history_limit, 10);
        assert_eq!(application.source, None);
        assert!(!application.cascades && !application.skip_reconcile);
    }

    #[test]
    fn automated_is_off_where_it_is_disabled() {
        let automated = |policy: &str| {
            let text = format!(r#"{{"metadata":{{}},"spec":{{"syncPolicy":{policy}}}}}"#);
            parse(&text).sync_policy.automated
        };
        assert_eq!(automated("{}"), None);
        assert_eq!(automated(r#"{"automated":null}"#), None);
        assert_eq!(automated(r#"{"automated":{"enabled":false}}"#), None);
        assert_eq!(automated(r#"{"automated":{}}"#), Some(Automated::default()));
        let prunes = Automated { prune: Some(true) };
        assert_eq!(automated(r#"{"automated":{"enabled":true,"prune":true}}"#), Some(prunes));
    }

    #[test]
    fn options_by_name() {
        let policy = SyncPolicy { options: vec!["A=true".into(), "B=false".into()], ..SyncPolicy::default() };
        assert!(policy.has("A") && !policy.has("B") && !policy.has("C"));
        assert_eq!(policy.option("B"), Some("false"));
    }

    #[test]
    fn finalizers_that_cascade() {
        for (finalizer, cascades) in [
            ("resources-finalizer.argocd.argoproj.io", true),
            ("resources-finalizer.argocd.argoproj.io/background", true),
            ("resources-finalizer.argocd.argoproj.io/foreground", true),
            ("resources-finalizer.argocd.argoproj.io/other", false),
            ("post-delete-finalizer.argocd.argoproj.io", false),
        ] {
            assert_eq!(is_resources_finalizer(finalizer), cascades, "{finalizer}");
        }
    }
}
