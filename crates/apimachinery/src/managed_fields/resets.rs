//! Fields that a write to a resource or a subresource cannot change.

use super::compare::Comparison;
use super::set::Set;
use crate::builtin;
use crate::gvk::GroupVersionKind;

/// The fields that the server sets back whatever a request says, and that nobody therefore comes to own.
#[derive(Clone, Debug, Default)]
pub struct Resets(Rule);

#[derive(Clone, Debug, Default)]
enum Rule {
    #[default]
    Nothing,
    Fields(Set),
    AllBut(&'static str),
}

impl Resets {
    /// Nothing is set back.
    pub const fn none() -> Self {
        Self(Rule::Nothing)
    }

    /// These fields and what is below them are set back.
    pub fn fields(paths: &[&[&str]]) -> Self {
        Self(Rule::Fields(Set::of(paths)))
    }

    /// Of a custom kind: with a status subresource, writes to the object leave the status alone and
    /// writes to the status leave everything else alone.
    pub fn of_custom(has_status: bool, subresource: Option<&str>) -> Self {
        match (has_status, subresource) {
            (true, None) => Self::fields(&[&["status"]]),
            (_, Some("status")) => Self(Rule::AllBut("status")),
            _ => Self::none(),
        }
    }

    /// Of a built-in kind, as its registry strategy says.
    pub fn of_builtin(gvk: &GroupVersionKind, subresource: Option<&str>) -> Self {
        let has_status =
            builtin::resource(gvk).is_some_and(|resource| resource.subresource("status").is_some());
        let kind = (gvk.group.as_str(), gvk.kind.as_str());
        match subresource {
            None => match kind {
                _ if !has_status => Self::none(),
                ("certificates.k8s.io", "CertificateSigningRequest") => {
                    Self::fields(&[&["spec"], &["status"]])
                }
                _ => Self::fields(&[&["status"]]),
            },
            Some("status") => Self::of_status(kind),
            Some(_) => Self::none(),
        }
    }

    fn of_status(kind: (&str, &str)) -> Self {
        match kind {
            ("apps", "Deployment") => Self::fields(&[&["spec"], &["metadata", "labels"]]),
            ("", "Pod") => Self::fields(&[
                &["spec"],
                &["metadata", "deletionTimestamp"],
                &["metadata", "ownerReferences"],
            ]),
            ("certificates.k8s.io", "CertificateSigningRequest") => {
                Self::fields(&[&["spec"], &["status", "conditions"]])
            }
            (
                "flowcontrol.apiserver.k8s.io"
                | "resource.k8s.io"
                | "scheduling.k8s.io"
                | "storagemigration.k8s.io",
                _,
            )
            | ("networking.k8s.io", "ServiceCIDR")
            | ("storage.k8s.io", "VolumeAttachment")
            | ("apiextensions.k8s.io", "CustomResourceDefinition")
            | ("apiregistration.k8s.io", "APIService") => Self::fields(&[&["spec"], &["metadata"]]),
            _ => Self::fields(&[&["spec"]]),
        }
    }

    pub(super) fn filter(&self, set: Set) -> Set {
        match &self.0 {
            Rule::Nothing => set,
            Rule::Fields(fields) => set.difference_and_below(fields),
            Rule::AllBut(field) => set.only(field),
        }
    }

    pub(super) fn filter_comparison(&self, comparison: Comparison) -> Comparison {
        Comparison {
            removed: self.filter(comparison.removed),
            modified: self.filter(comparison.modified),
            added: self.filter(comparison.added),
        }
    }
}
