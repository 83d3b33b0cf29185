//! What Flux objects make of a status.

use argocd_api::Application;

use super::*;

const COMMIT: &str = "0a0fe2bd4e7692cf751aab5b887ac60363ed5bd4";
const NEWER: &str = "63cd664582311ea775076f4b61abb0ffdc62ca51";

fn parse(text: &str) -> Value {
    value::from_json(text.as_bytes()).expect(text)
}

fn application() -> Value {
    parse(
        r#"{"metadata":{"name":"demo","namespace":"argocd"},"spec":{"destination":{"namespace":"apps","server":"https://kubernetes.default.svc"},"project":"default","source":{"path":"app","repoURL":"https://example.com/app.git","targetRevision":"main"}}}"#,
    )
}

fn flux(group: &str, kind: &str, (spec, status): (&str, &str)) -> Value {
    parse(&format!(
        r#"{{"apiVersion":"{group}.toolkit.fluxcd.io/v1","kind":"{kind}","metadata":{{"name":"demo","namespace":"apps","generation":1}},"spec":{spec},"status":{{"observedGeneration":1,{status}}}}}"#
    ))
}

fn ready(status: &str, reason: &str, message: &str) -> String {
    format!(
        r#""conditions":[{{"type":"Ready","status":"{status}","reason":"{reason}","message":"{message}"}}]"#
    )
}

fn source(commit: &str, condition: &str) -> Value {
    let artifact = format!(r#""artifact":{{"revision":"main@sha1:{commit}"}},{condition}"#);
    flux("source", "GitRepository", ("{}", &artifact))
}

fn workload(spec: &str, commit: &str, condition: &str) -> Value {
    let status = format!(
        r#""lastAppliedRevision":"main@sha1:{commit}","lastAttemptedRevision":"main@sha1:{commit}","history":[{{"lastReconciled":"2026-01-01T00:00:10Z","lastReconciledDuration":"4s","lastReconciledStatus":"ReconciliationSucceeded","metadata":{{"revision":"main@sha1:{commit}"}}}}],{condition}"#
    );
    flux("kustomize", "Kustomization", (spec, &status))
}

fn status_of(stored: &Value, live: &Live<'_>) -> Value {
    let object = application();
    let application = Application::parse(&object).expect("it can be read");
    let source = application.source.expect("a source");
    let now = "2026-01-01T00:01:00Z".parse().expect("a time");
    let subject = Subject { object: &object, source: &source, history_limit: 2, generated: true, now };
    reflect(stored, &subject, live, Vec::new())
}

fn live<'a>(source: &'a Value, workload: &'a Value, children: &'a [Value]) -> Live<'a> {
    Live { source: Some(source), workload: Some(workload), children, rests: false, holds_source: false }
}

/// Sync status and health, as `Synced/Healthy`, and who is to blame.
fn summary(live: &Live<'_>) -> String {
    let status = status_of(&Value::map(), live);
    let text = |path: &[&str]| status.str_at(path).unwrap_or_default().to_owned();
    format!("{}/{} {}", text(&["sync", "status"]), text(&["health", "status"]), text(&["health", "message"]))
}

#[test]
fn the_shape_of_a_status_is_the_recorded_one() {
    let good = ready("True", "Succeeded", "stored");
    let (source, workload) = (source(COMMIT, &good), workload("{}", COMMIT, &good));
    let web = parse(
        r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"apps"},"spec":{"containers":[{"image":"example.com/web:1"}]},"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}"#,
    );
    let status = status_of(&Value::map(), &live(&source, &workload, &[web]));
    let expected = parse(&format!(
        r#"{{
        "controllerNamespace": "argocd",
        "health": {{"lastTransitionTime": "2026-01-01T00:01:00Z", "status": "Healthy"}},
        "history": [{{
            "deployStartedAt": "2026-01-01T00:00:06Z", "deployedAt": "2026-01-01T00:00:10Z", "id": 0,
            "initiatedBy": {{"automated": true}}, "revision": "{COMMIT}",
            "source": {{"path": "app", "repoURL": "https://example.com/app.git", "targetRevision": "main"}}
        }}],
        "resources": [
            {{"group": "kustomize.toolkit.fluxcd.io", "health": {{"message": "stored", "status": "Healthy"}},
              "kind": "Kustomization", "name": "demo", "namespace": "apps", "status": "Synced", "version": "v1"}},
            {{"group": "source.toolkit.fluxcd.io", "health": {{"message": "stored", "status": "Healthy"}},
              "kind": "GitRepository", "name": "demo", "namespace": "apps", "status": "Synced", "version": "v1"}}
        ],
        "sourceHydrator": {{}},
        "sourceType": "Kustomize",
        "summary": {{"images": ["example.com/web:1"]}},
        "sync": {{
            "comparedTo": {{
                "destination": {{"namespace": "apps", "server": "https://kubernetes.default.svc"}},
                "source": {{"path": "app", "repoURL": "https://example.com/app.git", "targetRevision": "main"}}
            }},
            "revision": "{COMMIT}", "status": "Synced"
        }}
    }}"#
    ));
    assert_eq!(status, expected, "found {status}");
}

#[test]
fn sync_status_and_health() {
    let (good, bad) = (ready("True", "Succeeded", ""), ready("False", "BuildFailed", "broken"));
    let busy = ready("Unknown", "Progressing", "");
    let waits = ready("False", "DependencyNotReady", "dependency 'apps/x' is not ready");
    let suspended = r#"{"suspend":true}"#;
    let blames = |what: &str| format!("Caused by {what}");
    let (ks, git) = (
        blames("kustomize.toolkit.fluxcd.io/Kustomization:apps/demo"),
        blames("source.toolkit.fluxcd.io/GitRepository:apps/demo"),
    );
    let rows = [
        ("all is well", source(COMMIT, &good), workload("{}", COMMIT, &good), "Synced/Healthy ".to_owned()),
        (
            "a new commit",
            source(NEWER, &good),
            workload("{}", COMMIT, &busy),
            format!("OutOfSync/Progressing {ks}"),
        ),
        ("it failed", source(NEWER, &good), workload("{}", COMMIT, &bad), format!("OutOfSync/Degraded {ks}")),
        (
            "it waits",
            source(NEWER, &good),
            workload("{}", COMMIT, &waits),
            format!("OutOfSync/Progressing {ks}"),
        ),
        ("no source", source(COMMIT, &bad), workload("{}", COMMIT, &good), format!("Unknown/Degraded {git}")),
        (
            "suspended",
            source(COMMIT, &good),
            workload(suspended, COMMIT, &good),
            format!("Synced/Suspended {ks}"),
        ),
    ];
    for (name, source, workload, expected) in rows {
        assert_eq!(summary(&live(&source, &workload, &[])), expected, "{name}");
    }
}

#[test]
fn a_workload_that_rests_is_as_it_was() {
    let good = ready("True", "Succeeded", "");
    let (source, resting) = (source(NEWER, &good), workload(r#"{"suspend":true}"#, COMMIT, &good));
    let rests = Live { rests: true, ..live(&source, &resting, &[]) };
    assert_eq!(summary(&rests), "OutOfSync/Healthy ");
    let never = flux("kustomize", "Kustomization", (r#"{"suspend":true}"#, r#""conditions":[]"#));
    let rests = Live { rests: true, ..live(&source, &never, &[]) };
    assert_eq!(summary(&rests), "OutOfSync/Missing ");
}

#[test]
fn the_worst_of_what_was_deployed_counts() {
    let good = ready("True", "Succeeded", "");
    let (source, workload) = (source(COMMIT, &good), workload("{}", COMMIT, &good));
    let job = parse(
        r#"{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j","namespace":"apps"},"status":{"conditions":[{"type":"Failed","status":"True","message":"no"}]}}"#,
    );
    assert_eq!(summary(&live(&source, &workload, &[job])), "Synced/Degraded Caused by batch/Job:apps/j");
}

#[test]
fn history_grows_to_its_limit_and_keeps_its_numbers() {
    let good = ready("True", "Succeeded", "");
    let mut status = Value::map();
    for (second, commit) in [(10, "a"), (20, "b"), (30, "c"), (30, "c")] {
        let source = source(commit, &good);
        let mut workload = workload("{}", commit, &good);
        let at = format!("2026-01-01T00:00:{second}Z");
        let mut entry =
            workload.at(&["status", "history"]).and_then(Value::as_list).expect("a history")[0].clone();
        entry.set_at(&["lastReconciled"], at);
        workload.set_at(&["status", "history"], vec![entry]);
        status = status_of(&status, &live(&source, &workload, &[]));
    }
    let entries = status.get("history").and_then(Value::as_list).expect("a history");
    let entry = |entry: &Value| {
        (entry.get("id").and_then(Value::as_i64), entry.str_at(&["revision"]).map(str::to_owned))
    };
    let found: Vec<_> = entries.iter().map(entry).collect();
    assert_eq!(found, [(Some(1), Some("b".to_owned())), (Some(2), Some("c".to_owned()))]);
}

#[test]
fn what_flux_does_by_itself_is_an_operation() {
    let object = application();
    let application = Application::parse(&object).expect("it can be read");
    let source_of = application.source.expect("a source");
    let now = "2026-01-01T00:01:00Z".parse().expect("a time");
    let subject = Subject { object: &object, source: &source_of, history_limit: 2, generated: true, now };
    let source = source(COMMIT, &ready("True", "Succeeded", ""));
    let mut stored = None;
    let rows = [
        (ready("Unknown", "Progressing", "at work"), Some("Running at work")),
        (ready("Unknown", "Progressing", "still"), None),
        (ready("False", "BuildFailed", "broken"), Some("Failed broken")),
        (ready("False", "BuildFailed", "broken"), None),
        (ready("True", "Succeeded", ""), Some("Succeeded successfully synced (all tasks run)")),
        (ready("Unknown", "Progressing", "once more"), None),
        (ready("True", "Succeeded", ""), None),
    ];
    for (condition, expected) in rows {
        let workload = workload("{}", COMMIT, &condition);
        let told = by_flux(stored.as_ref(), None, &subject, &live(&source, &workload, &[]));
        let text = |state: &Value| {
            let part = |field| state.str_at(&[field]).unwrap_or_default();
            format!("{} {}", part("phase"), part("message"))
        };
        assert_eq!(told.as_ref().map(text).as_deref(), expected, "{condition}");
        stored = told.or(stored);
    }
    let by = stored.as_ref().and_then(|state| state.at(&["operation", "initiatedBy"]).map(Value::to_string));
    assert_eq!(by.as_deref(), Some(r#"{"automated":true}"#));
}
