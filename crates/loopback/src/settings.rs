//! How the controller works.

use std::time::Duration;

/// Settings; where there is one, each is a flag or a key of Argo CD's.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `--namespace`: the namespace of Argo CD, with its projects, repository Secrets and Applications.
    pub namespace: String,
    /// `--application-namespaces`: patterns of other namespaces whose Applications are reconciled.
    pub application_namespaces: Vec<String>,
    /// `--status-processors`: how many Applications are worked on at once.
    pub concurrent: usize,
    /// `--app-resync`: how often an Application is compared when nothing wakes it.
    pub resync: Duration,
    /// How often it is looked at while what it deployed is not healthy yet.
    pub look: Duration,
    /// The first delay after a failure.
    pub min_retry_delay: Duration,
    /// The longest delay after failures.
    pub max_retry_delay: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            namespace: "argocd".to_owned(),
            application_namespaces: Vec::new(),
            concurrent: 20,
            resync: Duration::from_secs(120),
            look: Duration::from_secs(2),
            min_retry_delay: Duration::from_millis(750),
            max_retry_delay: Duration::from_secs(180),
        }
    }
}

impl Settings {
    /// Whether Applications of a namespace are reconciled.
    pub(crate) fn covers(&self, namespace: &str) -> bool {
        let allows = |pattern: &String| {
            argocd_core::Glob::new(pattern, None).is_ok_and(|pattern| pattern.matches(namespace))
        };
        namespace == self.namespace || self.application_namespaces.iter().any(allows)
    }
}
