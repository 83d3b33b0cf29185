//! From objects to findings.

use engine::ObjectRef;
use jiff::Timestamp;
use value::Value;

use crate::{Finding, Terms, argocd, flux, workload};

/// What is wrong with `objects` at the time `now`: the cause before what it leads to.
///
/// Flux objects speak through their conditions, Pods and Jobs through their status. An object that is
/// merely in progress is no finding. Fixes name the fields of Flux objects in the `terms` of the reader.
pub fn diagnose<'a>(
    objects: impl IntoIterator<Item = &'a Value>,
    now: Timestamp,
    terms: &Terms,
) -> Vec<Finding> {
    let mut findings: Vec<(u8, Finding)> = objects
        .into_iter()
        .filter_map(|object| {
            let reference = ObjectRef::of(object)?;
            let found = match (reference.group.as_str(), reference.kind.as_str()) {
                ("source.toolkit.fluxcd.io", "GitRepository") => {
                    (0, flux::source(object, &reference, terms)?)
                }
                ("kustomize.toolkit.fluxcd.io", "Kustomization") => {
                    (1, flux::kustomization(object, &reference, terms)?)
                }
                ("argoproj.io", "Application") => (2, argocd::application(object, &reference)?),
                ("", "Pod") => (3, workload::pod(object, &reference)?),
                ("batch", "Job") => (3, workload::job(object, &reference, now)?),
                _ => return None,
            };
            Some(found)
        })
        .collect();
    findings.sort_by(|a, b| (a.0, &a.1.object).cmp(&(b.0, &b.1.object)));
    findings.into_iter().map(|(_, finding)| finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(json: &str) -> String {
        let object = value::from_json(json.as_bytes()).expect(json);
        let findings = diagnose([&object], Timestamp::UNIX_EPOCH, &Terms::FLUX);
        findings.iter().map(|finding| format!("{} {finding}", finding.code)).collect::<Vec<_>>().join("\n")
    }

    fn flux(kind: &str, group: &str, reason: &str, message: &str) -> String {
        format!(
            r#"{{"apiVersion":"{group}/v1","kind":"{kind}","metadata":{{"name":"app","namespace":"ns"}},"status":{{"conditions":[{{"type":"Ready","status":"False","reason":"{reason}","message":"{message}"}}]}}}}"#
        )
    }

    #[test]
    fn a_missing_path_says_what_to_change() {
        let object = flux(
            "Kustomization",
            "kustomize.toolkit.fluxcd.io",
            "ArtifactFailed",
            "kustomization path not found: stat /absent: no such file or directory",
        );
        assert_eq!(
            found(&object),
            "SourceContent Kustomization/ns/app: the path is not in the source\n  cause: kustomization path not \
             found: stat /absent: no such file or directory\n  fix:   set spec.path to a directory of the repository, \
             or commit the missing one; `flux reconcile kustomization NAME --with-source` fetches a commit that was just \
             pushed"
        );
    }

    #[test]
    fn a_patch_of_an_application_is_named_as_the_application_has_it() {
        let message = "kustomize build failed: spec.patches[0]: no matches for Id ConfigMap.v1.[noGrp]/x";
        let object = flux("Kustomization", "kustomize.toolkit.fluxcd.io", "BuildFailed", message);
        let object = value::from_json(object.as_bytes()).expect("JSON");
        let found = diagnose([&object], Timestamp::UNIX_EPOCH, &Terms::APPLICATION);
        assert_eq!(found[0].evidence, message.replace("spec.patches", "spec.source.kustomize.patches"));
        assert_eq!(found[0].fix, "correct the field that the cause names");
    }

    #[test]
    fn a_full_disk_is_no_fault_of_the_repository() {
        let message =
            "failed to checkout: the scratch folder cannot be written: No space left on device (os error 28)";
        let object = flux("GitRepository", "source.toolkit.fluxcd.io", "GitOperationFailed", message);
        assert!(found(&object).starts_with("NoSpace GitRepository/ns/app: there is no space left"));
    }

    #[test]
    fn what_is_in_progress_is_no_finding() {
        let object = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"ns"},"status":{"phase":"Pending"}}"#;
        assert_eq!(found(object), "");
    }

    #[test]
    fn a_condition_of_an_application_says_what_to_do() {
        let message = crate::with_advice("there is no branch x.", "push it");
        let object = format!(
            r#"{{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{{"name":"app","namespace":"argocd"}},"status":{{"conditions":[{{"type":"ComparisonError","message":"{message}"}}]}}}}"#
        );
        assert_eq!(
            found(&object),
            "SourceContent Application/argocd/app: the source cannot be compared with the cluster\n  cause: there is no \
             branch x.\n  fix:   push it"
        );
    }

    #[test]
    fn an_image_that_cannot_be_pulled() {
        let object = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"ns"},"status":{"phase":"Pending","containerStatuses":[{"name":"web","image":"x:does-not-exist","state":{"waiting":{"reason":"ImagePullBackOff","message":"Back-off pulling image"}}}]}}"#;
        assert!(found(object).starts_with(
            "ImagePull Pod/ns/p: the image \"x:does-not-exist\" of container web cannot be pulled"
        ));
    }
}
