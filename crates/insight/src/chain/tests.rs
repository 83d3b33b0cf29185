//! Rows of chains: conditions in, links out.

use super::*;

const REVISION: &str = "main@sha1:2222222222222222222222222222222222222222";
const OLD: &str = "main@sha1:1111111111111111111111111111111111111111";

fn condition(kind: &str, status: &str, reason: &str, message: &str) -> String {
    format!(
        r#"{{"type":"{kind}","status":"{status}","reason":"{reason}","message":"{message}","lastTransitionTime":"2026-01-01T00:00:00Z"}}"#
    )
}

fn source(condition: &str, revision: &str) -> Value {
    let artifact = match revision {
        "" => String::new(),
        revision => {
            format!(r#","artifact":{{"revision":"{revision}","lastUpdateTime":"2026-01-01T00:00:01Z"}}"#)
        }
    };
    parse(&format!(
        r#"{{"apiVersion":"source.toolkit.fluxcd.io/v1","kind":"GitRepository","metadata":{{"name":"app","namespace":"flux-system","generation":1}},"status":{{"observedGeneration":1,"conditions":[{condition}]{artifact}}}}}"#
    ))
}

fn workload(condition: &str, attempted: &str, applied: &str, suspend: bool) -> Value {
    parse(&format!(
        r#"{{"apiVersion":"kustomize.toolkit.fluxcd.io/v1","kind":"Kustomization","metadata":{{"name":"app","namespace":"flux-system","generation":1}},"spec":{{"suspend":{suspend}}},"status":{{"observedGeneration":1,"lastAttemptedRevision":"{attempted}","lastAppliedRevision":"{applied}","conditions":[{condition}]}}}}"#
    ))
}

fn parse(json: &str) -> Value {
    value::from_json(json.as_bytes()).expect(json)
}

/// `done done failed waiting waiting`
fn states(source: &Value, workload: &Value) -> String {
    let of = Deployment { application: None, source: Some(source), workload: Some(workload), tree: &[] };
    let states: Vec<&str> = chain(&of).iter().map(|step| step.state.as_str()).collect();
    states.join(" ")
}

#[test]
fn the_first_broken_link() {
    let ready = |reason: &str| condition("Ready", "True", reason, "ok");
    let not_ready = |reason: &str, message: &str| condition("Ready", "False", reason, message);
    let good = source(&ready("Succeeded"), REVISION);
    let applied = workload(&ready("ReconciliationSucceeded"), REVISION, REVISION, false);
    let failing = |reason: &str| workload(&not_ready(reason, "m"), REVISION, OLD, false);
    let rows = [
        ("all holds", good.clone(), applied.clone(), "done done done done done"),
        (
            "no such branch",
            source(&not_ready("GitOperationFailed", "couldn't find remote ref \\\"x\\\""), ""),
            applied.clone(),
            "failed waiting waiting waiting waiting",
        ),
        (
            "a full disk",
            source(&not_ready("GitOperationFailed", "No space left on device"), OLD),
            applied.clone(),
            "done failed waiting waiting waiting",
        ),
        ("a broken manifest", good.clone(), failing("BuildFailed"), "done done failed waiting waiting"),
        ("a missing path", good.clone(), failing("ArtifactFailed"), "done done failed waiting waiting"),
        ("a dependency", good.clone(), failing("DependencyNotReady"), "done done active waiting waiting"),
        ("refused", good.clone(), failing("ReconciliationFailed"), "done done done failed waiting"),
        ("unhealthy", good.clone(), failing("HealthCheckFailed"), "done done done done failed"),
        (
            "the failure of an older revision",
            good.clone(),
            workload(&not_ready("ReconciliationFailed", "m"), OLD, OLD, false),
            "done done active waiting waiting",
        ),
        (
            "not by itself",
            good.clone(),
            workload(&ready("ReconciliationSucceeded"), OLD, OLD, true),
            "done done waiting waiting waiting",
        ),
        (
            "the first look",
            source("", ""),
            workload("", "", "", false),
            "active waiting waiting waiting waiting",
        ),
    ];
    for (name, source, workload, expected) in rows {
        assert_eq!(states(&source, &workload), expected, "{name}");
    }
}

#[test]
fn the_link_of_what_the_application_says_itself() {
    let good = source(&condition("Ready", "True", "Succeeded", "ok"), REVISION);
    let applied = workload(&condition("Ready", "True", "Succeeded", "ok"), REVISION, REVISION, false);
    let failing = workload(&condition("Ready", "False", "BuildFailed", "m"), REVISION, OLD, false);
    let rows = [
        (
            "InvalidSpecError",
            "spec.source.kustomize.commonLabels cannot be carried over",
            &applied,
            "application",
        ),
        ("InvalidSpecError", "spec.project is not there", &failing, "application"),
        ("SyncError", "namespaces \\\"x\\\" not found", &applied, "application"),
        ("ComparisonError", "unable to resolve 'nope' to a commit SHA", &applied, "commit"),
        ("ComparisonError", "what the Kustomization says", &failing, "built"),
        ("UnknownSyncOptionWarning", "the sync option X=true is not known", &applied, ""),
    ];
    for (r#type, message, workload, expected) in rows {
        let application = parse(&format!(
            r#"{{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{{"name":"app","namespace":"argocd"}},"status":{{"conditions":[{{"type":"{type}","message":"{message}"}}]}}}}"#
        ));
        let of = Deployment {
            application: Some(&application),
            source: Some(&good),
            workload: Some(workload),
            tree: &[],
        };
        let steps = chain(&of);
        let broken = steps.iter().find(|step| step.state != StepState::Done);
        assert_eq!(broken.map(|step| step.link.as_str()).unwrap_or_default(), expected, "{message}");
        let others = steps.iter().filter(|step| step.state == StepState::Failed).count();
        assert_eq!(others, usize::from(!expected.is_empty()), "{message}");
    }
}

#[test]
fn the_commit_says_when_it_was_fetched() {
    let good = source(&condition("Ready", "True", "Succeeded", "ok"), REVISION);
    let of = Deployment { application: None, source: Some(&good), workload: None, tree: &[] };
    assert_eq!(chain(&of)[0].since.as_deref(), Some("2026-01-01T00:00:01Z"));
}

#[test]
fn an_application_that_is_refused_says_why_in_the_first_link() {
    let application = parse(
        r#"{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{"name":"app","namespace":"argocd"},"status":{"conditions":[{"type":"InvalidSpecError","message":"application repo x is not permitted in project 'p'"}]}}"#,
    );
    let of = Deployment { application: Some(&application), source: None, workload: None, tree: &[] };
    let steps = chain(&of);
    assert_eq!((steps[0].link, steps[0].state), (Link::Application, StepState::Failed));
    assert!(findings(&of, Timestamp::UNIX_EPOCH, &Terms::APPLICATION)[0].fix.contains("spec.source.repoURL"));
    assert_eq!(steps[0].text, "application repo x is not permitted in project 'p'");
    assert_eq!(findings(&of, Timestamp::UNIX_EPOCH, &Terms::APPLICATION).len(), 1);
}

#[test]
fn what_the_application_repeats_is_left_out() {
    let source = source(&condition("Ready", "False", "GitOperationFailed", "repository not found"), "");
    let application = parse(
        r#"{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{"name":"app","namespace":"argocd"},"status":{"conditions":[{"type":"ComparisonError","message":"repository not found"}]}}"#,
    );
    let of = Deployment { application: Some(&application), source: Some(&source), workload: None, tree: &[] };
    let found = findings(&of, Timestamp::UNIX_EPOCH, &Terms::APPLICATION);
    assert_eq!(found.len(), 1);
    assert!(found[0].fix.contains("spec.source.repoURL"), "{}", found[0].fix);
}

#[test]
fn a_sync_that_the_project_denied_broke_where_it_would_have_been_applied() {
    let source = source(&condition("Ready", "True", "Succeeded", "ok"), REVISION);
    let workload = workload("", "", "", true);
    let application = |message: &str| {
        parse(&format!(
            r#"{{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{{"name":"app","namespace":"argocd"}},"status":{{"operationState":{{"phase":"Failed","message":"{message}","syncResult":{{"revision":"2222222222222222222222222222222222222222"}}}}}}}}"#
        ))
    };
    let rows = [
        ("resource :Service is not permitted in project limited", "done done done failed waiting"),
        ("ComparisonError: Failed to load target state: x", "done done failed waiting waiting"),
    ];
    for (message, expected) in rows {
        let application = application(message);
        let of = Deployment {
            application: Some(&application),
            source: Some(&source),
            workload: Some(&workload),
            tree: &[],
        };
        let states: Vec<&str> = chain(&of).iter().map(|step| step.state.as_str()).collect();
        assert_eq!(states.join(" "), expected, "{message}");
        assert_eq!(findings(&of, Timestamp::UNIX_EPOCH, &Terms::APPLICATION)[0].evidence, message);
    }
}

#[test]
fn who_has_suspended_it_is_told_how_to_resume() {
    let ready = |reason: &str| condition("Ready", "True", reason, "ok");
    let good = source(&ready("Succeeded"), REVISION);
    let told = |workload: &Value| -> Vec<String> {
        let of = Deployment { application: None, source: Some(&good), workload: Some(workload), tree: &[] };
        let steps = chain(&of).into_iter().filter(|step| step.text.contains("suspended"));
        steps.map(|step| format!("{} {}: {}", step.link.as_str(), step.state.as_str(), step.text)).collect()
    };
    let held = "Kustomization flux-system/app is suspended, so nothing newer is deployed; resume it (flux resume \
                kustomization app -n flux-system)";
    let behind = workload(&ready("ReconciliationSucceeded"), OLD, OLD, true);
    assert_eq!(told(&behind), [format!("built waiting: {held}")]);
    let current = workload(&ready("ReconciliationSucceeded"), REVISION, REVISION, true);
    assert_eq!(told(&current), [format!("healthy done: all that was deployed is healthy. {held}")]);
    let mut rests = current;
    rests.set_at(&["metadata", "labels", crate::generated::GENERATED], "true");
    rests.set_at(&["metadata", "annotations", crate::generated::RESTS], "true");
    assert!(told(&rests).is_empty(), "a sync resumes it");
}
