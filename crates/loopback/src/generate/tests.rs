//! What Applications become.

use argocd_core::revision::{self, References};

use super::*;

fn application(spec: &str, metadata: &str) -> Value {
    let text = format!(
        r#"{{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{{"name":"demo","namespace":"argocd"{metadata}}},"spec":{{"project":"default","destination":{{"namespace":"apps","server":"https://kubernetes.default.svc"}}{spec}}}}}"#
    );
    value::from_json(text.as_bytes()).expect(&text)
}

fn generated(object: &Value, suspend: Option<bool>) -> Result<Generated, Vec<String>> {
    generated_with(object, suspend, None)
}

fn generated_with(
    object: &Value,
    suspend: Option<bool>,
    credentials: Option<&Credentials>,
) -> Result<Generated, Vec<String>> {
    let application = Application::parse(object).expect("it can be read");
    let source = application.source.clone().unwrap_or_default();
    let references = References {
        default_branch: Some("main".to_owned()),
        commits: [("refs/heads/main", "a"), ("refs/tags/v1.0.0", "b")]
            .map(|(name, commit)| (name.to_owned(), commit.to_owned()))
            .into(),
    };
    let form = revision::form(&source.target_revision, Some(&references));
    let inputs = Inputs {
        object,
        application: &application,
        source: &source,
        form: &form,
        credentials,
        versions: &Versions::default(),
        suspend,
        hold_source: false,
    };
    generate(&inputs).map_err(|refusals| refusals.iter().map(ToString::to_string).collect())
}

fn source(more: &str) -> String {
    format!(r#","source":{{"repoURL":"https://example.com/app.git","path":"app"{more}}}"#)
}

fn spec_of(object: &Value) -> String {
    object.get("spec").map(Value::to_string).unwrap_or_default()
}

#[test]
fn the_pair_of_a_plain_application() {
    let object = application(&source(r#","targetRevision":"main""#), "");
    let pair = generated(&object, None).expect("generated");
    assert_eq!(
        spec_of(&pair.source),
        r#"{"interval":"10m","ref":{"branch":"main"},"url":"https://example.com/app.git"}"#
    );
    assert_eq!(
        spec_of(&pair.workload),
        r#"{"interval":"10m","path":"app","prune":true,"sourceRef":{"kind":"GitRepository","name":"demo"},"wait":true}"#
    );
    for object in [&pair.source, &pair.workload] {
        assert_eq!(object.str_at(&["metadata", "namespace"]), Some("apps"));
        assert_eq!(object.str_at(&["metadata", "labels", "flamingo/generated"]), Some("true"));
        assert_eq!(object.str_at(&["metadata", "annotations", "flamingo/application"]), Some("argocd/demo"));
    }
    assert_eq!((pair.namespace, pair.secret), (None, None));
}

#[test]
fn the_workload_has_the_name_that_the_label_says() {
    let object = application(&source(""), r#","labels":{"flamingo/workload-name":"web"}"#);
    let pair = generated(&object, None).expect("generated");
    let name = |object: &Value| object.str_at(&["metadata", "name"]).map(str::to_owned);
    assert_eq!((name(&pair.source), name(&pair.workload)), (Some("demo".to_owned()), Some("web".to_owned())));
}

#[test]
fn revisions_become_references() {
    let sha = "0a0fe2bd4e7692cf751aab5b887ac60363ed5bd4";
    let rows = [
        ("main", r#"{"branch":"main"}"#),
        ("", r#"{"branch":"main"}"#),
        ("HEAD", r#"{"branch":"main"}"#),
        ("v1.0.0", r#"{"tag":"v1.0.0"}"#),
        ("1.x", r#"{"semver":"1.x"}"#),
        (sha, &format!(r#"{{"commit":"{sha}"}}"#)),
        ("refs/pull/7/head", r#"{"name":"refs/pull/7/head"}"#),
    ];
    for (revision, expected) in rows {
        let object = application(&source(&format!(r#","targetRevision":"{revision}""#)), "");
        let pair = generated(&object, None).expect(revision);
        assert_eq!(
            pair.source.at(&["spec", "ref"]).map(Value::to_string).as_deref(),
            Some(expected),
            "{revision}"
        );
    }
}

/// What a source with more in it adds to the Kustomization, field by field.
#[test]
fn fields_of_kustomize_are_carried_over() {
    let rows = [
        (r#""namePrefix":"a-""#, "namePrefix", r#""a-""#),
        (r#""nameSuffix":"-z""#, "nameSuffix", r#""-z""#),
        (r#""namespace":"other""#, "targetNamespace", r#""other""#),
        (r#""images":["web=web:2"]"#, "images", r#"[{"name":"web","newTag":"2"}]"#),
        (r#""components":["../c"]"#, "components", r#"["../c"]"#),
        (r#""ignoreMissingComponents":true"#, "ignoreMissingComponents", "true"),
        (
            r#""patches":[{"patch":"p","target":{"kind":"Deployment"}}]"#,
            "patches",
            r#"[{"patch":"p","target":{"kind":"Deployment"}}]"#,
        ),
        (
            r#""replicas":[{"name":"web","count":"3"}]"#,
            "patches",
            r#"[{"patch":"- op: add\n  path: /spec/replicas\n  value: 3\n","target":{"kind":"Deployment|StatefulSet|ReplicaSet|ReplicationController","name":"web"}}]"#,
        ),
        (r#""commonAnnotations":{"a":"b"}"#, "commonMetadata", r#"{"annotations":{"a":"b"}}"#),
        (
            r#""commonLabels":{"a":"b"},"labelWithoutSelector":true"#,
            "commonMetadata",
            r#"{"labels":{"a":"b"}}"#,
        ),
    ];
    for (kustomize, field, expected) in rows {
        let object = application(&source(&format!(r#","kustomize":{{{kustomize}}}"#)), "");
        let pair = generated(&object, None).expect(kustomize);
        let found = pair.workload.at(&["spec", field]).map(Value::to_string);
        assert_eq!(found.as_deref(), Some(expected), "{kustomize}");
    }
}

#[test]
fn the_sync_policy_is_carried_over() {
    let rows = [
        (r#"{"automated":{}}"#, "prune", "true"),
        (r#"{"automated":{"prune":false}}"#, "prune", "false"),
        (r#"{"syncOptions":["Prune=false"]}"#, "prune", "false"),
        (r#"{"retry":{"limit":3,"backoff":{"duration":"7s"}}}"#, "retryInterval", r#""7s""#),
    ];
    for (policy, field, expected) in rows {
        let object = application(&format!(r#"{},"syncPolicy":{policy}"#, source("")), "");
        let pair = generated(&object, None).expect(policy);
        assert_eq!(
            pair.workload.at(&["spec", field]).map(Value::to_string).as_deref(),
            Some(expected),
            "{policy}"
        );
    }
    let resting = generated(&application(&source(""), ""), Some(true)).expect("generated");
    assert_eq!(resting.workload.at(&["spec", "suspend"]), Some(&Value::from(true)));
    assert!(insight::generated::rests(&resting.workload), "its suspension is Flamingo's");
}

#[test]
fn a_namespace_is_made_where_it_is_asked_for() {
    let policy =
        r#"{"syncOptions":["CreateNamespace=true"],"managedNamespaceMetadata":{"labels":{"a":"b"}}}"#;
    let object = application(&format!(r#"{},"syncPolicy":{policy}"#, source("")), "");
    let namespace = generated(&object, None).expect("generated").namespace.expect("a namespace");
    assert_eq!(
        namespace.get("metadata").map(Value::to_string).as_deref(),
        Some(r#"{"labels":{"a":"b"},"name":"apps"}"#)
    );
    assert_eq!(
        namespace.str_at(&["metadata", "labels", "flamingo/generated"]),
        None,
        "it outlives the Application"
    );
}

#[test]
fn overrides_are_merged_and_replaces_replace() {
    let annotations = r#","annotations":{"flamingo/kustomize-override":"spec:\n  wait: false\n  timeout: 2m\n","flamingo/gitrepository-replace":"spec: {url: 'https://example.com/other', interval: 1m}"}"#;
    let pair = generated(&application(&source(""), annotations), None).expect("generated");
    assert_eq!(
        spec_of(&pair.workload),
        r#"{"interval":"10m","path":"app","prune":true,"sourceRef":{"kind":"GitRepository","name":"demo"},"timeout":"2m","wait":false}"#
    );
    assert_eq!(spec_of(&pair.source), r#"{"interval":"1m","url":"https://example.com/other"}"#);
    assert_eq!(pair.url(), "https://example.com/other");
}

#[test]
fn credentials_stay_with_their_repository() {
    let secret =
        value::from_json(br#"{"metadata":{"name":"creds"},"data":{"bearerToken":"eA=="}}"#).expect("valid");
    let credentials = Credentials::of(Some(&secret), None).expect("they can be carried over");
    let pair = generated_with(&application(&source(""), ""), None, credentials.as_ref()).expect("generated");
    assert_eq!(pair.source.str_at(&["spec", "secretRef", "name"]), Some("demo-repository"));
    assert!(pair.secret.is_some());
    let elsewhere =
        r#","annotations":{"flamingo/gitrepository-override":"spec: {url: 'https://other.example.com/x'}"}"#;
    let refusals = generated_with(&application(&source(""), elsewhere), None, credentials.as_ref());
    let refusals = refusals.expect_err("refused").join("\n");
    assert!(refusals.contains("must not go there"), "{refusals}");
}

#[test]
fn the_digest_follows_the_object() {
    let digest = |object: &Value| object.str_at(&["metadata", "annotations", DIGEST]).map(str::to_owned);
    let one = generated(&application(&source(""), ""), None).expect("generated");
    let same = generated(&application(&source(""), ""), None).expect("generated");
    let other =
        generated(&application(&source(r#","targetRevision":"v1.0.0""#), ""), None).expect("generated");
    assert_eq!(digest(&one.source), digest(&same.source));
    assert_ne!(digest(&one.source), digest(&other.source));
    assert_eq!(digest(&one.workload), digest(&other.workload));
}

#[test]
fn what_cannot_be_carried_over_is_refused_by_name() {
    let with_source = |more: &str| (source(more), String::new());
    let with_annotation =
        |name: &str, text: &str| (source(""), format!(r#","annotations":{{"{name}":"{text}"}}"#));
    let rows = [
        (
            with_source(r#","helm":{"releaseName":"x"}"#),
            "spec.source.helm cannot be carried over: Helm charts are not supported",
        ),
        (with_source(r#","chart":"x""#), "spec.source.chart cannot be carried over"),
        (with_source(r#","plugin":{"name":"x"}"#), "spec.source.plugin cannot be carried over"),
        (
            with_source(r#","directory":{"include":"*.yaml"}"#),
            "spec.source.directory.include cannot be carried over",
        ),
        (
            with_source(r#","kustomize":{"version":"v5"}"#),
            "spec.source.kustomize.version cannot be carried over",
        ),
        (
            with_source(r#","kustomize":{"commonLabels":{"a":"b"}}"#),
            "into selectors. What to do: set spec.source.kustomize.labelWithoutSelector: true",
        ),
        (
            with_source(r#","targetRevision":"no-such""#),
            "unable to resolve 'no-such' to a commit SHA: revision not found",
        ),
        (
            (
                format!(r#"{},"ignoreDifferences":[{{"kind":"X","jsonPointers":["/a"]}}]"#, source("")),
                String::new(),
            ),
            "spec.ignoreDifferences cannot be carried over",
        ),
        (
            (format!(r#"{},"syncPolicy":{{"syncOptions":["Replace=true"]}}"#, source("")), String::new()),
            "Flux has no such option. What to do: remove Replace=true from spec.syncPolicy.syncOptions",
        ),
        (
            with_annotation("flamingo/kustomize-override", "spec: ["),
            "the annotation flamingo/kustomize-override cannot be used: ",
        ),
        (
            with_annotation("flamingo/kustomize-override", "metadata: {}"),
            "only spec can be overridden, and it has \"metadata\"",
        ),
        (
            with_annotation("flamingo/kustomize-override", "spec: {kubeConfig: {secretRef: {name: x}}}"),
            "sets spec.kubeConfig, which would go past the project",
        ),
        (
            with_annotation("flamingo/kustomize-override", "spec: {sourceRef: {name: x}}"),
            "sets spec.sourceRef",
        ),
        (
            with_annotation("flamingo/helmrelease-override", "spec: {}"),
            "the annotation flamingo/helmrelease-override is about an object that is not generated",
        ),
    ];
    for ((spec, metadata), expected) in rows {
        let refusals = generated(&application(&spec, &metadata), None).expect_err(expected).join("\n");
        assert!(refusals.contains(expected), "{expected:?} is not in {refusals:?}");
    }
}
