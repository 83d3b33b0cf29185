//! What people read about a Kustomization.

use std::time::Duration;

use apimachinery::duration;
use cluster::Error;
use engine::inventory::Entry;
use sha2::{Digest as _, Sha256};
use value::Value;

use super::act::Failure;

pub(crate) const ARTIFACT_FAILED: &str = "ArtifactFailed";
pub(crate) const BUILD_FAILED: &str = "BuildFailed";
pub(crate) const DEPENDENCY_NOT_READY: &str = "DependencyNotReady";
pub(crate) const HEALTH_CHECK_CANCELED: &str = "HealthCheckCanceled";
pub(crate) const HEALTH_CHECK_FAILED: &str = "HealthCheckFailed";
pub(crate) const PRUNE_FAILED: &str = "PruneFailed";
pub(crate) const RECONCILIATION_FAILED: &str = "ReconciliationFailed";
pub(crate) const RECONCILIATION_SUCCEEDED: &str = "ReconciliationSucceeded";

/// The condition of health checks.
pub(crate) const HEALTHY: &str = "Healthy";

/// So many distinct outcomes are kept.
const HISTORY_LENGTH: usize = 5;

/// `Building manifests for revision main@sha1:… with a timeout of 9m30s`
pub(crate) fn progress(doing: &str, revision: &str, timeout: Duration) -> String {
    format!("{doing} for revision {revision} with a timeout of {}", duration::format(timeout))
}

/// Finer parts of a duration tell nobody anything.
pub(crate) fn whole_milliseconds(duration: Duration) -> Duration {
    Duration::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

/// `sha256:<hex>`
pub(crate) fn digest(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// One reconciliation, for the history.
pub(crate) struct Snapshot<'a> {
    pub(crate) digest: &'a str,
    pub(crate) revision: &'a str,
    /// The reason of the Ready condition.
    pub(crate) outcome: &'a str,
    /// RFC 3339.
    pub(crate) now: &'a str,
    pub(crate) took: Duration,
}

/// The history with a snapshot: the same manifests with the same outcome are counted up, and the newest
/// entry comes first.
///
/// Source: fluxcd/pkg/apis/meta `history.go`.
pub(crate) fn history(history: Option<&Value>, snapshot: &Snapshot<'_>) -> Value {
    let mut entries = history.and_then(Value::as_list).unwrap_or_default().to_vec();
    let is_same = |entry: &Value| {
        entry.str_at(&["digest"]) == Some(snapshot.digest)
            && entry.str_at(&["lastReconciledStatus"]) == Some(snapshot.outcome)
    };
    let known = entries.iter().position(is_same).map(|at| entries.remove(at));
    let total = known.as_ref().and_then(|known| known.get("totalReconciliations")).and_then(Value::as_i64);
    let first = known.as_ref().and_then(|known| known.str_at(&["firstReconciled"])).unwrap_or(snapshot.now);
    let entry = Value::map_of([
        ("digest", Value::from(snapshot.digest)),
        ("firstReconciled", first.into()),
        ("lastReconciled", snapshot.now.into()),
        ("lastReconciledDuration", duration::format(whole_milliseconds(snapshot.took)).into()),
        ("lastReconciledStatus", snapshot.outcome.into()),
        ("metadata", Value::map_of([("revision", snapshot.revision)])),
        ("totalReconciliations", (total.unwrap_or(0) + 1).into()),
    ]);
    entries.insert(0, entry);
    entries.truncate(HISTORY_LENGTH);
    entries.into()
}

/// What could not be deleted, and why.
pub(crate) fn prune_failure(failed: &[(Entry, Error)]) -> Failure {
    let lines: Vec<String> =
        failed.iter().map(|(entry, error)| format!("{} delete failed: {error}", entry.reference)).collect();
    Failure::new(PRUNE_FAILED, lines.join("; "))
}

/// An inventory entry that nobody can act on must not be dropped silently.
pub(crate) fn unreadable_inventory(id: &str) -> Failure {
    let message = format!(
        "status.inventory has an entry {id:?} that is not <namespace>_<name>_<group>_<kind>; nothing was \
         applied or pruned; correct or remove the entry"
    );
    Failure::new(RECONCILIATION_FAILED, message)
}
