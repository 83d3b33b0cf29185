//! How the parts of a deployment are called where a finding is read.

/// What the fields that say where a deployment comes from are called by those who set them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The URL of the repository.
    pub url: &'static str,
    /// The branch, tag or commit.
    pub reference: &'static str,
    /// The directory in the source.
    pub path: &'static str,
    /// The namespace that objects without one are put into.
    pub target_namespace: &'static str,
}

impl Terms {
    /// The fields of Flux objects.
    pub const FLUX: Self = Self {
        url: "spec.url",
        reference: "spec.ref",
        path: "spec.path",
        target_namespace: "spec.targetNamespace",
    };

    /// The names in place of `{url}`, `{ref}`, `{path}` and `{targetNamespace}`.
    pub(crate) fn fill(&self, text: &str) -> String {
        text.replace("{url}", self.url)
            .replace("{ref}", self.reference)
            .replace("{path}", self.path)
            .replace("{targetNamespace}", self.target_namespace)
    }
}
