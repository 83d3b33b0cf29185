//! Kustomization, `kustomize.toolkit.fluxcd.io/v1`.

use std::time::Duration;

use apimachinery::gvk::GroupVersionKind;
use value::Value;

use crate::FieldError;
use crate::field::{Spec, error};

/// The shortest timeout that is honoured.
const MIN_TIMEOUT: Duration = Duration::from_secs(30);

/// The kind.
pub fn kind() -> GroupVersionKind {
    GroupVersionKind::new("kustomize.toolkit.fluxcd.io", "v1", "Kustomization")
}

/// Fields of the spec that the controller acts on.
pub const HANDLED: &[&str] = &[
    "commonMetadata",
    "deletionPolicy",
    "dependsOn[].name",
    "dependsOn[].namespace",
    "force",
    "healthChecks",
    "interval",
    "path",
    "prune",
    "retryInterval",
    "sourceRef",
    "suspend",
    "targetNamespace",
    "timeout",
    "wait",
];

/// Fields that are refused by name when they are set.
pub const REFUSED: &[&str] = &[
    "buildMetadata",
    "components",
    "decryption",
    "dependsOn[].readyExpr",
    "healthCheckExprs",
    "ignore",
    "ignoreMissingComponents",
    "images",
    "kubeConfig",
    "namePrefix",
    "nameSuffix",
    "patches",
    "postBuild",
    "serviceAccountName",
];

/// What happens to the objects when the Kustomization is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletionPolicy {
    /// As `prune` says.
    MirrorPrune,
    /// They are deleted.
    Delete,
    /// They are deleted, and their end is awaited.
    WaitForTermination,
    /// They stay.
    Orphan,
}

/// Another object, by kind, namespace and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// apiVersion; empty for any served version.
    pub api_version: String,
    /// Kind.
    pub kind: String,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

/// The spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kustomization {
    /// The source.
    pub source: Reference,
    /// The directory in the source; empty for its root.
    pub path: String,
    /// How often the cluster is compared with the source.
    pub interval: Duration,
    /// When a failure is tried again.
    pub retry_interval: Duration,
    /// How long applying, and then health checks, may take.
    pub timeout: Duration,
    /// Whether objects that leave the source are deleted.
    pub prune: bool,
    /// Whether reconciliation is paused.
    pub suspend: bool,
    /// Whether objects with changed immutable fields are created again.
    pub force: bool,
    /// Whether all applied objects are waited for.
    pub wait: bool,
    /// The namespace of all namespaced objects.
    pub target_namespace: Option<String>,
    /// Labels for all objects.
    pub common_labels: Vec<(String, String)>,
    /// Annotations for all objects.
    pub common_annotations: Vec<(String, String)>,
    /// Kustomizations that must be ready first, as namespace and name.
    pub depends_on: Vec<(String, String)>,
    /// Objects that are waited for.
    pub health_checks: Vec<Reference>,
    /// What happens on deletion.
    pub deletion_policy: DeletionPolicy,
}

impl Kustomization {
    /// Reads the spec of `object`.
    ///
    /// # Errors
    /// A field is missing or not of its type.
    pub fn parse(object: &Value) -> Result<Self, FieldError> {
        let empty = Value::map();
        let spec = Spec(object.get("spec").unwrap_or(&empty));
        let namespace = apimachinery::object::namespace(object).unwrap_or_default();
        let interval = spec.duration(&["interval"])?.ok_or_else(|| error(&["interval"], "is required"))?;
        let timeout = spec.duration(&["timeout"])?;
        Ok(Self {
            source: Reference {
                api_version: spec.text(&["sourceRef", "apiVersion"]).unwrap_or_default(),
                kind: spec.required(&["sourceRef", "kind"])?,
                namespace: spec.text(&["sourceRef", "namespace"]).unwrap_or_else(|| namespace.to_owned()),
                name: spec.required(&["sourceRef", "name"])?,
            },
            path: spec.text(&["path"]).unwrap_or_default(),
            interval,
            retry_interval: spec.duration(&["retryInterval"])?.unwrap_or(interval),
            timeout: timeout.unwrap_or_else(|| interval.saturating_sub(MIN_TIMEOUT)).max(MIN_TIMEOUT),
            prune: spec.flag(&["prune"]),
            suspend: spec.flag(&["suspend"]),
            force: spec.flag(&["force"]),
            wait: spec.flag(&["wait"]),
            target_namespace: spec.text(&["targetNamespace"]),
            common_labels: spec.texts(&["commonMetadata", "labels"]),
            common_annotations: spec.texts(&["commonMetadata", "annotations"]),
            depends_on: spec.items(&["dependsOn"]).iter().map(|item| dependency(item, namespace)).collect(),
            health_checks: spec.items(&["healthChecks"]).iter().map(health_check).collect(),
            deletion_policy: deletion_policy(spec.text(&["deletionPolicy"]).as_deref())?,
        })
    }

    /// Whether deleting the Kustomization deletes its objects.
    pub fn deletes_objects(&self) -> bool {
        match self.deletion_policy {
            DeletionPolicy::MirrorPrune => self.prune,
            DeletionPolicy::Delete | DeletionPolicy::WaitForTermination => true,
            DeletionPolicy::Orphan => false,
        }
    }
}

fn dependency(item: &Value, namespace: &str) -> (String, String) {
    let text = |field| item.str_at(&[field]).filter(|text| !text.is_empty());
    (text("namespace").unwrap_or(namespace).to_owned(), text("name").unwrap_or_default().to_owned())
}

fn health_check(item: &Value) -> Reference {
    let text = |field| item.str_at(&[field]).unwrap_or_default().to_owned();
    let api_version = item.str_at(&["apiVersion"]).unwrap_or("apps/v1").to_owned();
    Reference { api_version, kind: text("kind"), namespace: text("namespace"), name: text("name") }
}

fn deletion_policy(text: Option<&str>) -> Result<DeletionPolicy, FieldError> {
    Ok(match text {
        None | Some("MirrorPrune") => DeletionPolicy::MirrorPrune,
        Some("Delete") => DeletionPolicy::Delete,
        Some("WaitForTermination") => DeletionPolicy::WaitForTermination,
        Some("Orphan") => DeletionPolicy::Orphan,
        Some(other) => {
            let problem = format!("{other:?} is none of MirrorPrune, Delete, WaitForTermination, Orphan");
            return Err(error(&["deletionPolicy"], &problem));
        }
    })
}
