//! The order of the output.

use std::cmp::Ordering;

use thiserror::Error;

use crate::id::Gvk;
use crate::kustomization::{LegacySortOptions, SortOptions};
use crate::resource::Resource;

/// What comes first by default.
const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

/// What comes last by default.
const LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// `sortOptions` that contradict themselves.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OrderError {
    /// An order that does not exist.
    #[error("the field 'sortOptions.order' must be one of [fifo, legacy], not {0:?}")]
    Unknown(String),
    /// Options of another order.
    #[error(
        "the field 'sortOptions.legacySortOptions' is set but the selected sort order is 'fifo', not 'legacy'"
    )]
    NotLegacy,
}

/// Orders resources as `sortOptions` says.
///
/// # Errors
/// [`OrderError`]
pub(crate) fn sort(resources: &mut [Resource], options: &SortOptions) -> Result<(), OrderError> {
    match (options.order.as_str(), &options.legacy_sort_options) {
        ("fifo", None) => Ok(()),
        ("fifo", Some(_)) => Err(OrderError::NotLegacy),
        ("legacy", None) => {
            sort_by_rank(resources, default_rank);
            Ok(())
        }
        ("legacy", Some(options)) => {
            sort_by_rank(resources, |kind| rank_of(kind, options));
            Ok(())
        }
        (unknown, _) => Err(OrderError::Unknown(unknown.to_owned())),
    }
}

/// The order that `kustomize build` has where nothing is said.
pub(crate) fn legacy() -> SortOptions {
    SortOptions { order: "legacy".to_owned(), legacy_sort_options: None }
}

pub(crate) fn default_rank(kind: &str) -> i64 {
    rank(kind, &FIRST, &LAST)
}

fn rank_of(kind: &str, options: &LegacySortOptions) -> i64 {
    let refer = |list: &[String], kind: &str| list.iter().rposition(|one| one == kind);
    let last = refer(&options.order_last, kind).map(|at| 1 + to_i64(at));
    let first = refer(&options.order_first, kind).map(|at| to_i64(at) - to_i64(options.order_first.len()));
    last.or(first).unwrap_or(0)
}

fn rank(kind: &str, first: &[&str], last: &[&str]) -> i64 {
    if let Some(at) = last.iter().position(|one| *one == kind) {
        return 1 + to_i64(at);
    }
    first.iter().position(|one| *one == kind).map_or(0, |at| to_i64(at) - to_i64(first.len()))
}

fn to_i64(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

struct SortKey {
    rank: i64,
    is_namespace: bool,
    is_core: bool,
    gvk: String,
    id: String,
}

fn sort_by_rank(resources: &mut [Resource], rank: impl Fn(&str) -> i64) {
    resources.sort_by_cached_key(|resource| {
        let id = resource.id();
        let (namespace, name) = (or(&id.namespace, "~X"), or(&id.name, "~N"));
        SortKey {
            rank: rank(&id.gvk.kind),
            is_namespace: &*id.gvk.kind == "Namespace",
            is_core: id.gvk.group.is_empty(),
            gvk: sort_text(&id.gvk),
            id: format!("{}|{namespace}|{name}", id.gvk),
        }
    });
}

impl Ord for SortKey {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_kind = || {
            // Namespaces of the core group come before namespaces of others, against the alphabet.
            let reversed = self.is_namespace && other.is_namespace && (self.is_core || other.is_core);
            if reversed { other.gvk.cmp(&self.gvk) } else { self.gvk.cmp(&other.gvk) }
        };
        self.rank.cmp(&other.rank).then_with(by_kind).then_with(|| self.id.cmp(&other.id))
    }
}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for SortKey {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for SortKey {}

/// A kind as kustomize orders kinds.
pub(crate) fn sort_text(gvk: &Gvk) -> String {
    format!("{}_{}_{}", or(&gvk.group, "~G"), or(&gvk.version, "~V"), or(&gvk.kind, "~K"))
}

fn or<'a>(text: &'a str, none: &'a str) -> &'a str {
    if text.is_empty() { none } else { text }
}
