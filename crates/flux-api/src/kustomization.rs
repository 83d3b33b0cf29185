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
    "buildMetadata",
    "commonMetadata",
    "components",
    "deletionPolicy",
    "dependsOn[].name",
    "dependsOn[].namespace",
    "force",
    "healthChecks",
    "ignoreMissingComponents",
    "images",
    "interval",
    "namePrefix",
    "nameSuffix",
    "patches",
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
    "decryption",
    "dependsOn[].readyExpr",
    "healthCheckExprs",
    "ignore",
    "kubeConfig",
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

/// A patch of the built objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    /// A strategic merge or a JSON patch, as YAML.
    pub patch: String,
    /// The objects that are patched; those of the patch itself where nothing is said.
    pub target: Option<PatchTarget>,
}

/// Which objects are patched: patterns for the parts of their ids, and selectors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatchTarget {
    /// Group.
    pub group: String,
    /// Version.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Namespace.
    pub namespace: String,
    /// Selector of labels.
    pub label_selector: String,
    /// Selector of annotations.
    pub annotation_selector: String,
}

/// A change of image names, tags and digests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// The name without tag.
    pub name: String,
    /// The name that takes its place.
    pub new_name: String,
    /// The tag that takes the place of the old one.
    pub new_tag: String,
    /// The digest that takes the place of the tag.
    pub digest: String,
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
    /// What the names of all objects begin with.
    pub name_prefix: Option<String>,
    /// What the names of all objects end with.
    pub name_suffix: Option<String>,
    /// Patches of the built objects.
    pub patches: Vec<Patch>,
    /// Changes of images.
    pub images: Vec<Image>,
    /// Directories with components, relative to the path.
    pub components: Vec<String>,
    /// Whether components that do not exist are left out.
    pub ignore_missing_components: bool,
    /// What is noted on the objects about the build.
    pub build_metadata: Vec<String>,
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
            name_prefix: spec.text(&["namePrefix"]),
            name_suffix: spec.text(&["nameSuffix"]),
            patches: spec.items(&["patches"]).iter().map(patch).collect(),
            images: spec.items(&["images"]).iter().map(image).collect(),
            components: strings(spec.items(&["components"])),
            ignore_missing_components: spec.flag(&["ignoreMissingComponents"]),
            build_metadata: strings(spec.items(&["buildMetadata"])),
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

fn strings(items: &[Value]) -> Vec<String> {
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn patch(item: &Value) -> Patch {
    let target = item.get("target").filter(|target| target.as_map().is_some()).map(|target| {
        let text = |field| target.str_at(&[field]).unwrap_or_default().to_owned();
        PatchTarget {
            group: text("group"),
            version: text("version"),
            kind: text("kind"),
            name: text("name"),
            namespace: text("namespace"),
            label_selector: text("labelSelector"),
            annotation_selector: text("annotationSelector"),
        }
    });
    Patch { patch: item.str_at(&["patch"]).unwrap_or_default().to_owned(), target }
}

fn image(item: &Value) -> Image {
    let text = |field| item.str_at(&[field]).unwrap_or_default().to_owned();
    Image { name: text("name"), new_name: text("newName"), new_tag: text("newTag"), digest: text("digest") }
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
