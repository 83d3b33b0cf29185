//! What a cluster can do, and what helm assumes without one.

use thiserror::Error;

/// The capabilities that templates see.
#[derive(Clone, Debug)]
pub struct Capabilities {
    /// The version of Kubernetes.
    pub kube_version: KubeVersion,
    /// The served API versions, `GROUP/VERSION` and `GROUP/VERSION/KIND`.
    pub api_versions: Vec<String>,
    /// The version of helm that templates see.
    pub helm_version: HelmVersion,
}

/// A version of Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeVersion {
    /// As the cluster writes it, such as `v1.33.4-gke.1245000`.
    pub version: String,
    /// Without suffixes, which is what constraints are checked against; empty where only the full version
    /// is known, as from a cluster.
    pub normalized: String,
    /// Major.
    pub major: String,
    /// Minor.
    pub minor: String,
}

/// The version of helm that templates see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelmVersion {
    /// Helm's version.
    pub version: String,
    /// The commit that it was built from.
    pub git_commit: String,
    /// The state of the tree that it was built from.
    pub git_tree_state: String,
    /// The version of Go that it was built with.
    pub go_version: String,
    /// The version of Kubernetes that its client is of.
    pub kube_client_version: String,
}

/// A version of Kubernetes that cannot be read; the texts are those of apimachinery.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum KubeVersionError {
    /// Not dot-separated numbers.
    #[error("could not parse {} as version", crate::go::quote(.0))]
    Unreadable(String),
    /// A number beyond 64 bits.
    #[error(
        "illegal non-numeric version component {} in {}: strconv.ParseUint: parsing {}: value out of range",
        crate::go::quote(.0), crate::go::quote(.1), crate::go::quote(.0)
    )]
    Range(String, String),
    /// Less than two parts.
    #[error("illegal version string {}", crate::go::quote(.0))]
    Short(String),
    /// A number with a leading zero.
    #[error("illegal zero-prefixed version component {} in {}", crate::go::quote(.0), crate::go::quote(.1))]
    Zero(String, String),
}

impl KubeVersion {
    /// Reads what `--kube-version` takes: at least two numbers, and suffixes that are kept for show.
    ///
    /// # Errors
    /// It is no version.
    pub fn parse(text: &str) -> Result<Self, KubeVersionError> {
        let bare = text.trim_start();
        let bare = bare.strip_prefix('v').unwrap_or(bare);
        let mut parts: Vec<&str> = Vec::new();
        let mut rest = bare;
        loop {
            let end = rest.find(|char: char| !char.is_ascii_digit()).unwrap_or(rest.len());
            if end == 0 {
                break;
            }
            parts.push(&rest[..end]);
            match rest[end..].strip_prefix('.') {
                Some(more) => rest = more,
                None => break,
            }
        }
        let Some(first) = parts.first() else { return Err(KubeVersionError::Unreadable(text.to_owned())) };
        if parts.len() < 2 {
            return Err(KubeVersionError::Short(text.to_owned()));
        }
        if first.len() > 1 && first.starts_with('0') {
            return Err(KubeVersionError::Zero((*first).to_owned(), text.to_owned()));
        }
        let number = |part: &&str| {
            part.parse().map_err(|_| KubeVersionError::Range((*part).to_owned(), text.to_owned()))
        };
        let numbers: Vec<u64> = parts.iter().map(number).collect::<Result<_, _>>()?;
        let shown: Vec<String> = numbers.iter().map(u64::to_string).collect();
        Ok(Self {
            version: if text.starts_with('v') { text.to_owned() } else { format!("v{text}") },
            normalized: format!("v{}", shown.join(".")),
            major: shown[0].clone(),
            minor: shown[1].clone(),
        })
    }

    /// What constraints are checked against, and what `{{ .Capabilities.KubeVersion }}` prints.
    pub fn for_constraints(&self) -> &str {
        if self.normalized.is_empty() { &self.version } else { &self.normalized }
    }
}

/// The Kubernetes version of helm 4.3.1's client, which it assumes without a cluster.
impl Default for KubeVersion {
    fn default() -> Self {
        Self {
            version: "v1.37.0".to_owned(),
            normalized: "v1.37.0".to_owned(),
            major: "1".to_owned(),
            minor: "37".to_owned(),
        }
    }
}

/// Helm 4.3.1 as it is built from its module.
impl Default for HelmVersion {
    fn default() -> Self {
        Self {
            version: "v4.3".to_owned(),
            git_commit: String::new(),
            git_tree_state: String::new(),
            go_version: "go1.26.8".to_owned(),
            kube_client_version: "v1.37".to_owned(),
        }
    }
}

/// What helm 4.3.1 assumes without a cluster.
impl Default for Capabilities {
    fn default() -> Self {
        Self {
            kube_version: KubeVersion::default(),
            api_versions: DEFAULT_API_VERSIONS.iter().map(|version| (*version).to_owned()).collect(),
            helm_version: HelmVersion::default(),
        }
    }
}

/// The API versions that helm 4.3.1 reports without a cluster, in its order.
pub const DEFAULT_API_VERSIONS: [&str; 57] = [
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1alpha1",
    "admissionregistration.k8s.io/v1beta1",
    "internal.apiserver.k8s.io/v1alpha1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authentication.k8s.io/v1alpha1",
    "authentication.k8s.io/v1beta1",
    "authorization.k8s.io/v1",
    "authorization.k8s.io/v1beta1",
    "autoscaling/v1",
    "autoscaling/v2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "certificates.k8s.io/v1alpha1",
    "coordination.k8s.io/v1alpha2",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "extensions/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "flowcontrol.apiserver.k8s.io/v1beta3",
    "lifecycle.k8s.io/v1alpha1",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1alpha1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1alpha1",
    "resource.k8s.io/v1",
    "resource.k8s.io/v1beta2",
    "resource.k8s.io/v1beta1",
    "resource.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1beta1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1alpha1",
    "storagemigration.k8s.io/v1",
    "storagemigration.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_apimachinery_reads_them() {
        let parse = |text| match KubeVersion::parse(text) {
            Ok(version) => {
                format!("{} {} {} {}", version.version, version.normalized, version.major, version.minor)
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(parse("1.33"), "v1.33 v1.33 1 33");
        assert_eq!(parse("v1.33.4-gke.1245000"), "v1.33.4-gke.1245000 v1.33.4 1 33");
        assert_eq!(parse("abc"), "could not parse \"abc\" as version");
        assert_eq!(parse("1.02.x"), "v1.02.x v1.2 1 2");
        assert_eq!(parse("1..2"), "illegal version string \"1..2\"");
    }
}
