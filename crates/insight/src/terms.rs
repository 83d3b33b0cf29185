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
    /// Where credentials are named.
    pub credentials: &'static str,
    /// What fetches a commit that was just pushed.
    pub refresh: &'static str,
    /// Patches of the kustomization.
    pub patches: &'static str,
}

impl Terms {
    /// The fields of Flux objects.
    pub const FLUX: Self = Self {
        url: "spec.url",
        reference: "spec.ref",
        path: "spec.path",
        target_namespace: "spec.targetNamespace",
        credentials: "spec.secretRef",
        refresh: "`flux reconcile kustomization NAME --with-source`",
        patches: "spec.patches",
    };
    /// The fields of an Application from which Flux objects are generated.
    pub const APPLICATION: Self = Self {
        url: "spec.source.repoURL",
        reference: "spec.source.targetRevision",
        path: "spec.source.path",
        target_namespace: "spec.source.kustomize.namespace (`--kustomize-namespace` of `flamingo app create --upsert`)",
        credentials: "a repository Secret in the namespace of Argo CD",
        refresh: "`flamingo app get NAME --refresh`",
        patches: "spec.source.kustomize.patches",
    };

    /// A text that was written in the terms of `other`, in these.
    pub fn in_place_of(&self, other: &Self, text: &str) -> String {
        let mut text = text.to_owned();
        for (theirs, ours) in other.all().into_iter().zip(self.all()) {
            text = text.replace(theirs, ours);
        }
        text
    }

    /// The names in place of `{url}`, `{ref}`, `{path}`, `{targetNamespace}`, `{credentials}` and
    /// `{refresh}`.
    pub(crate) fn fill(&self, text: &str) -> String {
        const MARKS: Terms = Terms {
            patches: "{patches}",
            url: "{url}",
            reference: "{ref}",
            path: "{path}",
            target_namespace: "{targetNamespace}",
            credentials: "{credentials}",
            refresh: "{refresh}",
        };
        self.in_place_of(&MARKS, text)
    }

    /// The texts of a build name patches as Flux does.
    pub(crate) fn of_build(&self, text: &str) -> String {
        text.replace(&format!("{}[", Self::FLUX.patches), &format!("{}[", self.patches))
    }

    fn all(&self) -> [&'static str; 7] {
        [
            self.url,
            self.reference,
            self.path,
            self.target_namespace,
            self.credentials,
            self.refresh,
            self.patches,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fix_is_said_in_the_terms_of_its_reader() {
        let options = Terms { reference: "--ref", path: "--path", ..Terms::FLUX };
        assert_eq!(options.fill("set {path} or {ref}"), "set --path or --ref");
        let fix = "set spec.source.path or spec.source.targetRevision";
        assert_eq!(options.in_place_of(&Terms::APPLICATION, fix), "set --path or --ref");
        assert_eq!(Terms::APPLICATION.in_place_of(&Terms::FLUX, "set spec.path"), "set spec.source.path");
    }
}
