//! GitRepository, `source.toolkit.fluxcd.io/v1`.

use std::time::Duration;

use apimachinery::gvk::GroupVersionKind;
use value::Value;

use crate::FieldError;
use crate::field::Spec;

/// Where credentials come from by default: the Secret.
const GENERIC_PROVIDER: &str = "generic";

/// The kind.
pub fn kind() -> GroupVersionKind {
    GroupVersionKind::new("source.toolkit.fluxcd.io", "v1", "GitRepository")
}

/// Fields of the spec that the controller acts on.
pub const HANDLED: &[&str] =
    &["ignore", "interval", "provider", "ref", "secretRef", "suspend", "timeout", "url"];

/// Fields that are refused by name when they are set.
pub const REFUSED: &[&str] =
    &["include", "proxySecretRef", "recurseSubmodules", "serviceAccountName", "sparseCheckout", "verify"];

/// The spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitRepository {
    /// Address.
    pub url: String,
    /// How often to look.
    pub interval: Duration,
    /// How long an operation may take.
    pub timeout: Duration,
    /// What to fetch.
    pub reference: Reference,
    /// Name of the Secret with credentials.
    pub secret: Option<String>,
    /// Ignore patterns; `None` leaves the defaults in force.
    pub ignore: Option<String>,
    /// Whether reconciliation is paused.
    pub suspend: bool,
    /// A provider other than the generic one, which is refused.
    pub foreign_provider: Option<String>,
}

/// `spec.ref`, of which commit wins over name, semver, tag and branch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reference {
    /// Branch.
    pub branch: Option<String>,
    /// Tag.
    pub tag: Option<String>,
    /// Range of versions.
    pub semver: Option<String>,
    /// Full reference name.
    pub name: Option<String>,
    /// Commit SHA.
    pub commit: Option<String>,
}

impl GitRepository {
    /// Reads the spec of `object`.
    ///
    /// # Errors
    /// A field is missing or not of its type.
    pub fn parse(object: &Value) -> Result<Self, FieldError> {
        let empty = Value::map();
        let spec = Spec(object.get("spec").unwrap_or(&empty));
        let reference = |field| spec.text(&["ref", field]);
        Ok(Self {
            url: spec.required(&["url"])?,
            interval: spec
                .duration(&["interval"])?
                .ok_or_else(|| crate::field::error(&["interval"], "is required"))?,
            timeout: spec.duration(&["timeout"])?.unwrap_or(Duration::from_secs(60)),
            reference: Reference {
                branch: reference("branch"),
                tag: reference("tag"),
                semver: reference("semver"),
                name: reference("name"),
                commit: reference("commit"),
            },
            secret: spec.text(&["secretRef", "name"]),
            ignore: spec.0.str_at(&["ignore"]).map(str::to_owned),
            suspend: spec.flag(&["suspend"]),
            foreign_provider: spec.text(&["provider"]).filter(|provider| provider != GENERIC_PROVIDER),
        })
    }
}
