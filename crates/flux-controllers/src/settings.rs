//! How the controllers work; each field is a flag of upstream's controllers.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

/// Settings of the source and kustomize controllers.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `--watch-all-namespaces=false`: the only namespace whose objects are reconciled; all, where nothing
    /// is said.
    pub watch_namespace: Option<String>,
    /// `--concurrent`: how many objects of a kind are worked on at once.
    pub concurrent: usize,
    /// `--concurrent-ssa`: how many dry runs one Kustomization has in flight.
    pub concurrent_ssa: usize,
    /// `--requeue-dependency`: when to look again at a dependency that is not ready.
    pub requeue_dependency: Duration,
    /// `--min-retry-delay`: the first delay after a failure.
    pub min_retry_delay: Duration,
    /// `--max-retry-delay`: the longest delay after failures.
    pub max_retry_delay: Duration,
    /// `--events-addr`: where notifications are sent.
    pub events_addr: Option<Url>,
    /// `--storage-path`: where artifacts are kept.
    pub storage_path: PathBuf,
    /// `--storage-adv-addr`: the host and port under which artifacts are reached; the address of the
    /// artifact server where nothing is said.
    pub storage_adv_addr: Option<String>,
    /// `--artifact-retention-ttl`: how long an artifact that is no longer current is kept.
    pub artifact_retention_ttl: Duration,
    /// `--artifact-retention-records`: how many artifacts of a source are kept.
    pub artifact_retention_records: usize,
    /// `--no-cross-namespace-refs`: whether sources and dependencies of other namespaces are refused.
    pub no_cross_namespace_refs: bool,
    /// `--interval-jitter-percentage`: by how much intervals vary, so that objects do not all come due
    /// at once.
    pub interval_jitter_percentage: u8,
}

impl Settings {
    /// Upstream's defaults, with artifacts under `storage_path`.
    pub fn new(storage_path: PathBuf) -> Self {
        Self {
            watch_namespace: None,
            concurrent: 10,
            concurrent_ssa: 4,
            requeue_dependency: Duration::from_secs(30),
            min_retry_delay: Duration::from_millis(750),
            max_retry_delay: Duration::from_secs(15 * 60),
            events_addr: None,
            storage_path,
            storage_adv_addr: None,
            artifact_retention_ttl: Duration::from_secs(60),
            artifact_retention_records: 2,
            no_cross_namespace_refs: false,
            interval_jitter_percentage: 5,
        }
    }

    /// `interval` with the jitter of the object called `identity`: the same object always gets the same
    /// share of it, so that objects spread out and stay spread out.
    pub(crate) fn jittered(&self, interval: Duration, identity: &str) -> Duration {
        let share = u32::from(self.interval_jitter_percentage.min(100));
        let hash = identity
            .bytes()
            .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        let permille = hash % (20 * share + 1);
        let base = 1000 - 10 * share;
        interval * (base + permille) / 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_stays_within_its_share() {
        let settings = Settings::new(PathBuf::new());
        let interval = Duration::from_secs(1000);
        for name in ["a", "b", "c", "d", "flux-system/apps"] {
            let jittered = settings.jittered(interval, name).as_secs();
            assert!((950..=1050).contains(&jittered), "{jittered}");
        }
        let none = Settings { interval_jitter_percentage: 0, ..settings };
        assert_eq!(none.jittered(interval, "a"), interval);
    }
}
