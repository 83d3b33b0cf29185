//! Flux objects, by the rules of Argo CD's bundled scripts, and where more is said than they do.

use crate::{object, told};

const KINDS: [(&str, &str); 7] = [
    ("kustomize.toolkit.fluxcd.io/v1", "Kustomization"),
    ("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
    ("source.toolkit.fluxcd.io/v1", "GitRepository"),
    ("source.toolkit.fluxcd.io/v1", "OCIRepository"),
    ("source.toolkit.fluxcd.io/v1", "HelmRepository"),
    ("source.toolkit.fluxcd.io/v1", "HelmChart"),
    ("source.toolkit.fluxcd.io/v1", "Bucket"),
];

fn condition(name: &str, status: &str, reason: &str) -> String {
    format!(r#"{{"type":"{name}","status":"{status}","reason":"{reason}","message":"why"}}"#)
}

#[test]
fn the_state_is_that_of_the_scripts() {
    let good = [condition("Ready", "True", "Succeeded"), condition("ArtifactInStorage", "True", "Succeeded")];
    let busy =
        [condition("Reconciling", "True", "Progressing"), condition("Ready", "Unknown", "Progressing")];
    let retries =
        [condition("Reconciling", "True", "ProgressingWithRetry"), condition("Ready", "False", "Failed")];
    let stalled = [condition("Stalled", "True", "InvalidURL"), condition("Ready", "False", "InvalidURL")];
    let rows = [
        (r#""spec":{"suspend":true}"#.to_owned(), "Suspended KIND is suspended"),
        (with(&good), "Healthy why"),
        (with(&busy), "Progressing why"),
        (with(&retries), "Degraded why"),
        (with(&stalled), "Degraded why"),
        (r#""spec":{}"#.to_owned(), "Progressing Waiting for KIND to reconcile ..."),
    ];
    for (version, kind) in KINDS {
        for (fields, expected) in &rows {
            let expected = expected.replace("KIND", kind);
            assert_eq!(told(&object(version, kind, fields)), expected, "{kind} {fields}");
        }
    }
}

/// The scripts call all of these Degraded or Healthy.
#[test]
fn what_goes_on_by_itself_is_on_the_way() {
    let kustomization =
        |fields: &str| told(&object("kustomize.toolkit.fluxcd.io/v1", "Kustomization", fields));
    let waits = with(&[condition("Ready", "False", "DependencyNotReady")]);
    assert_eq!(kustomization(&waits), "Progressing why");
    let old = with(&[condition("Ready", "True", "Succeeded")])
        .replace(r#""observedGeneration":2"#, r#""observedGeneration":1"#);
    assert_eq!(kustomization(&old), "Progressing Waiting for Kustomization to reconcile its new spec ...");
}

#[test]
fn objects_that_have_no_status_are_not_waited_for() {
    let registry = object("source.toolkit.fluxcd.io/v1", "HelmRepository", r#""spec":{"type":"oci"}"#);
    assert!(told(&registry).starts_with("Healthy Helm repositories of type 'oci'"), "{}", told(&registry));
    for kind in ["Alert", "Provider"] {
        assert_eq!(told(&object("notification.toolkit.fluxcd.io/v1beta3", kind, r#""spec":{}"#)), "-");
    }
}

#[test]
fn image_automation_that_looks_is_on_the_way() {
    let last = condition("Ready", "False", "Failed");
    for (kind, reason, expected) in [
        ("ImageRepository", "Scanning", "Progressing why"),
        ("ImagePolicy", "ApplyingPolicy", "Progressing why"),
        ("ImageRepository", "ProgressingWithRetry", "Degraded why"),
    ] {
        let conditions = [last.clone(), condition("Reconciling", "True", reason)];
        assert_eq!(
            told(&object("image.toolkit.fluxcd.io/v1", kind, &with(&conditions))),
            expected,
            "{kind} {reason}"
        );
    }
}

fn with(conditions: &[String]) -> String {
    let conditions = conditions.join(",");
    format!(r#""spec":{{}},"status":{{"observedGeneration":2,"conditions":[{conditions}]}}"#)
}
