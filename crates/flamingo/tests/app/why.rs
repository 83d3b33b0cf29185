//! Failures as people meet them: `flamingo why` names cause and fix of each.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use value::Value;

use crate::world::World;

/// So long a failure may take to show.
const PATIENCE: Duration = Duration::from_secs(60);

const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n";
const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n";
const LIMITED: &str = r#"{"apiVersion":"argoproj.io/v1alpha1","kind":"AppProject","metadata":{"name":"limited","namespace":"argocd"},"spec":{"sourceRepos":["*"],"destinations":[{"server":"*","namespace":"*"}],"namespaceResourceBlacklist":[{"group":"","kind":"Service"}],"clusterResourceWhitelist":[{"group":"","kind":"Namespace"}]}}"#;

/// A way to fail.
struct Failure {
    name: &'static str,
    /// What is committed at `name/all.yaml`; nothing for a path that does not exist.
    manifest: &'static str,
    /// Fields of the Application that differ from the usual ones.
    fields: &'static [(&'static [&'static str], &'static str)],
    /// What `why` says of the cause, and of the fix.
    says: [&'static str; 2],
}

const DEPENDS: &str = "spec:\n  dependsOn: [{name: database}]\n";

const FAILURES: [Failure; 10] = [
    Failure {
        name: "image",
        manifest: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n  \
                   template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: 'x:does-not-exist'}]}}\n",
        fields: &[],
        says: [
            "the image \"x:does-not-exist\" of container web cannot be pulled",
            "correct the image name or tag",
        ],
    },
    Failure {
        name: "path",
        manifest: "",
        fields: &[],
        says: ["the path is not in the source", "set spec.source.path to a directory of the repository"],
    },
    Failure {
        name: "namespace",
        manifest: CONFIG_MAP,
        fields: &[(&["spec", "source", "kustomize", "namespace"], "")],
        says: ["ConfigMap/one namespace not specified", "--kustomize-namespace"],
    },
    Failure {
        name: "kind-denied",
        manifest: SERVICE,
        fields: &[(&["spec", "project"], "limited")],
        says: ["resource :Service is not permitted in project limited", "let the project allow it"],
    },
    Failure {
        name: "branch",
        manifest: CONFIG_MAP,
        fields: &[(&["spec", "source", "targetRevision"], "nope")],
        says: ["unable to resolve 'nope'", "set spec.source.targetRevision to a branch"],
    },
    Failure {
        name: "job",
        manifest: "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate}\nspec:\n  backoffLimit: 0\n  template:\n    spec:\n      \
                   restartPolicy: Never\n      containers: [{name: migrate, image: 'x:1', command: ['false']}]\n",
        fields: &[],
        says: ["the Job failed", "see the logs of its Pods"],
    },
    Failure {
        name: "yaml",
        manifest: "apiVersion: v1\nkind: ConfigMap\n  metadata: {name: one}\n",
        fields: &[],
        says: ["yaml/all.yaml", "correct the file that the cause names and commit"],
    },
    Failure {
        name: "kind-unknown",
        manifest: "apiVersion: example.com/v1\nkind: Gadget\nmetadata: {name: one}\n",
        fields: &[],
        says: ["no matches for kind \"Gadget\"", "install the CustomResourceDefinition first"],
    },
    Failure {
        name: "dependency",
        manifest: CONFIG_MAP,
        fields: &[(&["metadata", "annotations", "flamingo/kustomize-override"], DEPENDS)],
        says: ["dependency 'dependency/database' not found", "this one goes on by itself"],
    },
    Failure {
        name: "unreachable",
        manifest: CONFIG_MAP,
        fields: &[(&["spec", "source", "repoURL"], "http://127.0.0.1:9/x.git")],
        says: ["the repository cannot be reached", "check spec.source.repoURL"],
    },
];

/// An Application that is refused after it was deployed is no success, though its Flux objects are as before.
fn a_refusal_is_the_broken_link(world: &World, url: &str) {
    let (code, said) = world.run(&["app", "wait", "immutable", "--timeout", "60s"]);
    assert_eq!(code, 0, "{said}");
    let mut refused = application(url, "immutable", &[]);
    refused.set_at(&["spec", "source", "kustomize", "commonLabels", "a"], "b");
    world.apply(&refused);
    until_said(
        world,
        "immutable",
        &[
            "✗   application   spec.source.kustomize.commonLabels cannot be carried over",
            "labelWithoutSelector: true",
        ],
    );
    let (code, said) = world.run(&["why", "immutable", "-o", "name"]);
    assert_eq!((code, said.as_str()), (1, "application\n"));
    let (code, said) = world.run(&["app", "wait", "immutable", "--timeout", "60s"]);
    assert!(code == 1 && said.contains("does not get there by itself"), "{said}");
    world.apply(&application(url, "immutable", &[]));
}

fn git(folder: &Path, arguments: &[&str]) {
    let status = Command::new("git").args(arguments).current_dir(folder).status().expect("git is installed");
    assert!(status.success(), "git {arguments:?}");
}

fn commit(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files.iter().filter(|(_, text)| !text.is_empty()) {
        let file = folder.join(name).join("all.yaml");
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(file, text).expect("a file");
    }
    git(folder, &["add", "--all"]);
    let identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"];
    git(folder, &[&identity[..], &["commit", "--quiet", "--message", "test"]].concat());
}

/// An automated Application of the path that is called as it is, in a namespace of that name.
fn application(url: &str, name: &str, fields: &[(&[&str], &str)]) -> Value {
    let text = format!(
        r#"{{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{{"name":"{name}","namespace":"argocd"}},"spec":{{"project":"default","destination":{{"namespace":"{name}","server":"https://kubernetes.default.svc"}},"source":{{"repoURL":"{url}","path":"{name}","targetRevision":"main","kustomize":{{"namespace":"{name}"}}}},"syncPolicy":{{"automated":{{}},"syncOptions":["FluxSubsystem=true","AutoCreateFluxResources=true","CreateNamespace=true"]}}}}}}"#
    );
    let mut application = value::from_json(text.as_bytes()).expect("JSON");
    for (path, text) in fields {
        application.set_at(path, *text);
    }
    application
}

/// Waits until `why` says all of `parts`.
fn until_said(world: &World, name: &str, parts: &[&str]) {
    let started = Instant::now();
    loop {
        let (code, said) = world.run(&["why", name]);
        if code == 1 && parts.iter().all(|part| said.contains(part)) {
            return;
        }
        assert!(started.elapsed() < PATIENCE, "{name}: {parts:?} is not all in (exit code {code})\n{said}");
        world.pause();
    }
}

#[test]
fn why_names_cause_and_fix() {
    let folder = tempfile::tempdir().expect("a folder");
    git(folder.path(), &["init", "--quiet", "--initial-branch=main"]);
    let deployment = FAILURES[0].manifest.replace("does-not-exist", "1");
    let files = FAILURES.iter().map(|failure| (failure.name, failure.manifest));
    commit(
        folder.path(),
        &files.chain([("demo", CONFIG_MAP), ("immutable", &deployment)]).collect::<Vec<_>>(),
    );
    let from = folder.path().to_str().expect("UTF-8");
    let world = World::start(&["--from", from, "--path", "demo", "--target-namespace", "default"]);
    world.run(&["login", &world.api, "--password", &world.password()]);
    world.apply(&value::from_json(LIMITED.as_bytes()).expect("JSON"));
    let name = folder.path().file_name().and_then(|name| name.to_str()).expect("UTF-8");
    let (_, listed) = world.run(&["app", "list", "-o", "name"]);
    let demo = world.application(listed.trim()).unwrap_or_else(|| panic!("{name}: {listed}"));
    let url = demo.str_at(&["spec", "source", "repoURL"]).expect("a URL").to_owned();
    for failure in &FAILURES {
        world.apply(&application(&url, failure.name, failure.fields));
    }
    world.apply(&application(&url, "immutable", &[]));
    for failure in &FAILURES {
        until_said(&world, failure.name, &failure.says);
    }
    a_refusal_is_the_broken_link(&world, &url);
    let (code, said) = world.run(&["app", "wait", "immutable", "--timeout", "60s"]);
    assert_eq!(code, 0, "{said}");
    commit(folder.path(), &[("immutable", &deployment.replace("app: web", "app: other"))]);
    world.run(&["app", "get", "immutable", "--refresh"]);
    until_said(&world, "immutable", &["field is immutable", "revert the change, or set spec.force"]);
}
