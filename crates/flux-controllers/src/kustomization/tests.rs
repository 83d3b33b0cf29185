//! The decision table.

use std::path::PathBuf;

use flux_api::Kustomization;

use super::decide::{Step, decide};
use super::observe::{Artifact, Dependency, DependencyState, Facts, Source};
use super::status::{Snapshot, history};
use crate::settings::Settings;

fn spec(extra: &str) -> Kustomization {
    let text = format!(
        r#"{{"metadata":{{"namespace":"ns"}},"spec":{{"interval":"10m","prune":true,"sourceRef":{{"kind":"GitRepository","name":"app"}}{extra}}}}}"#
    );
    Kustomization::parse(&value::from_json(text.as_bytes()).expect("valid")).expect("complete")
}

fn artifact() -> Artifact {
    Artifact { url: "u".into(), digest: "d".into(), revision: "main@sha1:1".into() }
}

fn facts(source: Source, dependencies: Vec<DependencyState>) -> Facts {
    let dependencies =
        dependencies.into_iter().map(|state| Dependency { name: "ns/dep".into(), state }).collect();
    Facts { namespace: "ns".into(), source, dependencies }
}

fn check(source: Source, dependencies: Vec<DependencyState>, expected: &str) {
    let settings = Settings::new(PathBuf::new());
    let shown = match decide(&facts(source, dependencies), &spec(""), &settings) {
        Step::Stall { reason, message } => format!("stall {reason}: {message}"),
        Step::AwaitSource { message, after } => format!("source in {}s: {message}", after.as_secs()),
        Step::AwaitDependency { message, .. } => format!("dependency: {message}"),
        Step::Deploy(artifact) => format!("deploy {}", artifact.revision),
    };
    assert_eq!(shown, expected);
}

#[test]
fn inputs_decide_over_the_step() {
    let available = || Source::Available(artifact());
    let ready =
        |applied: Option<&str>| DependencyState::Ready { applied_of_same_source: applied.map(str::to_owned) };
    check(available(), vec![], "deploy main@sha1:1");
    check(
        Source::Missing,
        vec![],
        "source in 600s: GitRepository.source.toolkit.fluxcd.io \"app\" not found",
    );
    check(Source::Empty, vec![], "source in 30s: Source artifact not found, retrying in 30s");
    check(available(), vec![DependencyState::NotReady], "dependency: dependency 'ns/dep' is not ready");
    check(
        available(),
        vec![DependencyState::Missing],
        "dependency: dependency 'ns/dep' not found: kustomizations.kustomize.toolkit.fluxcd.io \"dep\" not found",
    );
    check(
        available(),
        vec![ready(Some("main@sha1:0"))],
        "dependency: dependency 'ns/dep' revision is not up to date",
    );
    check(available(), vec![ready(Some("main@sha1:1")), ready(None)], "deploy main@sha1:1");
}

#[test]
fn references_across_namespaces_can_be_refused() {
    let mut settings = Settings::new(PathBuf::new());
    settings.no_cross_namespace_refs = true;
    let spec = spec(r#","dependsOn":[{"name":"x","namespace":"other"}]"#);
    let step = decide(&facts(Source::Available(artifact()), vec![]), &spec, &settings);
    assert!(matches!(step, Step::Stall { reason: "AccessDenied", .. }), "{step:?}");
}

#[test]
fn the_same_outcome_is_counted_up() {
    let snapshot = |digest, now| Snapshot {
        digest,
        revision: "r",
        outcome: "ReconciliationSucceeded",
        now,
        took: std::time::Duration::from_millis(1500),
    };
    let first = history(None, &snapshot("a", "t1"));
    let second = history(Some(&first), &snapshot("b", "t2"));
    let third = history(Some(&second), &snapshot("a", "t3"));
    let shown: Vec<_> = third
        .as_list()
        .expect("a list")
        .iter()
        .map(|entry| {
            format!(
                "{} {}",
                entry.at(&["digest"]).expect("digest"),
                entry.at(&["totalReconciliations"]).expect("total")
            )
        })
        .collect();
    assert_eq!(shown, ["\"a\" 2", "\"b\" 1"]);
}
