//! What kustomize cannot do: `--explain`, `--watch` and `diff`.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
#[expect(clippy::disallowed_types, reason = "there is no runtime here whose worker could be blocked")]
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::{flamingo, folder, printed, refusal, run, write};

const BASE: &[(&str, &str)] = &[
    ("base/kustomization.yaml", "resources: [web.yaml]\nimages: [{name: nginx, newTag: '2'}]\n"),
    (
        "base/web.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web.example.com}\nspec:\n  replicas: 1\n  template:\n    \
         spec: {containers: [{name: main, image: 'nginx:1'}]}\n",
    ),
    (
        "prod/kustomization.yaml",
        "namePrefix: prod-\nresources: [../base]\nreplicas: [{name: web.example.com, count: 3}]\n",
    ),
    ("dev/kustomization.yaml", "namePrefix: prod-\nresources: [../base]\n"),
];

#[test]
fn explain_names_the_file_and_field_behind_each_value() {
    let folder = folder(BASE);
    let out =
        printed(folder.path(), &["build", "prod", "--explain", "Deployment/web.example.com.spec.replicas"]);
    let place = folder.path().canonicalize().expect("a folder").display().to_string();
    let expected = "Deployment.v1.apps/prod-web.example.com.[noNs]
  base/web.yaml (file)
    + 1
  prod/kustomization.yaml (replicas[0])
    - 1
    + 3
";
    assert_eq!(out.replace(&format!("{}/", place.trim_start_matches('/')), ""), expected);
}

#[test]
fn explain_of_a_list_element_and_of_a_whole_object() {
    let folder = folder(BASE);
    for container in ["containers.[name=main]", "containers[name=main]", "containers.0", "containers[0]"] {
        let image = format!("Deployment/prod-web.example.com.spec.template.spec.{container}.image");
        let out = printed(folder.path(), &["build", "prod", "--explain", &image]);
        assert!(out.contains("base/kustomization.yaml (images[0])\n    - nginx:1\n    + nginx:2\n"), "{out}");
    }
    let out = printed(folder.path(), &["build", "prod", "--explain", "Deployment/web.example.com"]);
    assert!(
        out.contains("(namePrefix)\n    -   name: web.example.com\n    +   name: prod-web.example.com\n"),
        "{out}"
    );
}

#[test]
fn explain_refuses_what_is_not_there() {
    let folder = folder(BASE);
    let error = refusal(folder.path(), &["build", "prod", "--explain", "Service/web"]);
    assert!(error.contains("Service/web"), "{error}");
    let error = refusal(folder.path(), &["build", "prod", "--explain", "web"]);
    assert!(error.contains("KIND/NAME"), "{error}");
}

#[test]
fn diff_shows_what_differs_and_says_so_with_its_exit_code() {
    let folder = folder(BASE);
    let (code, out, _) = run(folder.path(), &["diff", "dev", "prod"]);
    assert_eq!(code, 1);
    assert!(out.starts_with("--- dev: Deployment (apps/v1) prod-web.example.com\n+++ prod: "), "{out}");
    assert!(out.contains("-  replicas: 1\n+  replicas: 3\n"), "{out}");
    assert_eq!(run(folder.path(), &["diff", "dev", "dev"]), (0, String::new(), String::new()));
    let (code, _, err) = run(folder.path(), &["diff", "dev", "none"]);
    assert_eq!(code, 2, "{err}");
}

#[test]
fn diff_shows_objects_that_only_one_of_the_two_has() {
    let folder = folder(BASE);
    write(&folder.path().join("more/kustomization.yaml"), "resources: [../dev, cm.yaml]\n");
    write(
        &folder.path().join("more/cm.yaml"),
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\n",
    );
    let (code, out, _) = run(folder.path(), &["diff", "dev", "more"]);
    assert_eq!(code, 1);
    assert!(out.starts_with("--- /dev/null\n+++ more: ConfigMap (v1) b/a\n"), "{out}");
    let (_, out, _) = run(folder.path(), &["diff", "more", "dev"]);
    assert!(out.starts_with("--- more: ConfigMap (v1) b/a\n+++ /dev/null\n"), "{out}");
}

/// A build that watches, ended with the test.
struct Watching {
    child: Child,
    #[expect(clippy::disallowed_types, reason = "there is no runtime here whose worker could be blocked")]
    lines: Receiver<String>,
}

impl Drop for Watching {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            self.child.wait().expect("it ends");
        }
    }
}

impl Watching {
    fn start(directory: &Path, arguments: &[&str]) -> Self {
        let mut command = flamingo(directory, arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let (sender, lines) = channel();
        let out = child.stdout.take().expect("standard output");
        let err = child.stderr.take().expect("standard error");
        let errors = sender.clone();
        std::thread::spawn(move || {
            BufReader::new(out).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        std::thread::spawn(move || {
            BufReader::new(err).lines().map_while(Result::ok).try_for_each(|line| errors.send(line))
        });
        Self { child, lines }
    }

    /// Waits for a line that holds a text.
    fn wait(&self, text: &str) {
        self.until(text);
    }

    /// The lines before one that holds a text.
    fn until(&self, text: &str) -> Vec<String> {
        let mut seen = Vec::new();
        loop {
            match self.lines.recv_timeout(Duration::from_secs(60)) {
                Ok(line) if line.contains(text) => return seen,
                Ok(line) => seen.push(line),
                Err(error) => panic!("no {text:?} ({error}) in {seen:#?}"),
            }
        }
    }
}

#[test]
fn watch_builds_again_when_a_file_changes_breaks_or_comes_back() {
    let folder = folder(BASE);
    let watching = Watching::start(folder.path(), &["build", "prod", "--watch"]);
    watching.wait("replicas: 3");
    let file = folder.path().join("prod/kustomization.yaml");
    write(&file, "resources: [../base]\nreplicas: [{name: web.example.com, count: 12345}]\n");
    watching.wait("replicas: 12345");
    write(&file, "resources: [../base, gone.yaml]\n");
    watching.wait("gone.yaml");
    write(
        &folder.path().join("prod/gone.yaml"),
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: here-now}\n",
    );
    watching.wait("name: here-now");
}

#[test]
fn watch_waits_for_a_directory_that_is_not_there_yet() {
    let folder = folder(BASE);
    let watching = Watching::start(folder.path(), &["build", "later", "--watch"]);
    watching.wait("later");
    write(&folder.path().join("later/kustomization.yaml"), "resources: [../base]\n");
    watching.wait("name: web.example.com");
}

#[test]
fn watch_ends_when_nobody_reads_it_any_more() {
    let folder = folder(BASE);
    let mut command = flamingo(folder.path(), &["build", "prod", "--watch"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let mut out = BufReader::new(child.stdout.take().expect("standard output"));
    out.read_line(&mut String::new()).expect("a line");
    drop(out);
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn watch_writes_to_a_file_and_prints_nothing() {
    let folder = folder(BASE);
    let output = folder.path().join("all.yaml");
    let watching = Watching::start(folder.path(), &["build", "prod", "--watch", "-o", "all.yaml"]);
    let written = |words: &str| {
        let is_there = || std::fs::read_to_string(&output).is_ok_and(|text| text.contains(words));
        while !is_there() {
            std::thread::yield_now();
        }
    };
    written("replicas: 3");
    let file = folder.path().join("prod/kustomization.yaml");
    write(&file, "resources: [../base]\nreplicas: [{name: web.example.com, count: 12345}]\n");
    written("replicas: 12345");
    write(&file, "resources: [gone.yaml]\n");
    assert_eq!(watching.until("gone.yaml"), Vec::<String>::new());
}

#[test]
fn what_cannot_be_read_is_told_with_its_reason() {
    let folder = folder(&[("kustomization.yaml", "resources: [a.yaml]\n")]);
    std::os::unix::fs::symlink("a.yaml", folder.path().join("a.yaml")).expect("a link");
    let error = refusal(folder.path(), &["build"]);
    assert!(error.contains("a.yaml: too many levels of symbolic links"), "{error}");
    assert!(!error.contains("no such file"), "{error}");
}

/// Links lead nowhere, and names are no text: helm reads the latter.
#[test]
fn charts_with_files_of_any_name_are_rendered() {
    let folder = folder(&[
        ("kustomization.yaml", "helmCharts: [{name: web, releaseName: a}]\n"),
        ("charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        ("charts/web/values.yaml", "name: b\n"),
    ]);
    let templates = folder.path().join("charts/web/templates");
    std::fs::create_dir(&templates).expect("a folder");
    let name = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"\xff.yaml");
    write(
        &templates.join(name),
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"{{ .Values.name }}\"}\n",
    );
    let out = printed(folder.path(), &["build", "--enable-helm"]);
    assert_eq!(out, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: b\n");
    std::os::unix::fs::symlink("gone.yaml", templates.join("link.yaml")).expect("a link");
    let error = refusal(folder.path(), &["build", "--enable-helm"]);
    assert!(error.contains("templates/link.yaml: no such file or directory"), "{error}");
}

/// Kustomize fails with an empty values file beside `valuesInline`, and where the name of a chart has a folder.
#[test]
fn charts_in_folders_and_without_values_are_rendered() {
    let chart = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"{{ .Values.name }}\"}\n";
    let folder = folder(&[
        ("kustomization.yaml", "helmCharts: [{name: group/web, releaseName: a, valuesInline: {name: b}}]\n"),
        ("charts/group/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        ("charts/group/web/values.yaml", "# none\n"),
        ("charts/group/web/templates/a.yaml", chart),
    ]);
    let out = printed(folder.path(), &["build", "--enable-helm"]);
    assert_eq!(out, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: b\n");
}

#[test]
fn a_chart_that_only_a_repository_has_is_refused_with_the_command_that_gets_it() {
    let text =
        "helmCharts: [{name: web, version: 1.2.3, repo: 'https://charts.example.com', releaseName: a}]\n";
    let folder = folder(&[("kustomization.yaml", text)]);
    let error = refusal(folder.path(), &["build", "--enable-helm"]);
    for words in [
        "helmCharts of /",
        "chart \"web\"",
        "charts are not pulled during a build",
        "helm pull --untar --untardir /",
        "charts/web-1.2.3 --repo https://charts.example.com web --version 1.2.3",
    ] {
        assert!(error.contains(words), "{words:?} is not in {error}");
    }
    let error = refusal(folder.path(), &["build", "--enable-helm", "--helm-command", "helm3"]);
    assert!(error.contains("--helm-command is not supported"), "{error}");
}

/// kustomize writes outside of the folder.
#[test]
fn objects_whose_names_lead_out_of_the_output_folder_are_refused() {
    for metadata in ["{name: a, namespace: ../up}", "{name: a, namespace: /up}", "{name: up/a}"] {
        let object = |metadata: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {metadata}\n");
        let objects = format!("{}---\n{}", object("{name: b, namespace: c}"), object(metadata));
        let folder = folder(&[("kustomization.yaml", "resources: [all.yaml]\n"), ("all.yaml", &objects)]);
        std::fs::create_dir(folder.path().join("out")).expect("a folder");
        let error = refusal(folder.path(), &["build", "-o", "out"]);
        assert!(
            error.contains("ConfigMap.v1.[noGrp]/") && error.contains("leads out of the folder"),
            "{error}"
        );
        let written = std::fs::read_dir(folder.path().join("out")).expect("a folder").count();
        assert_eq!((written, std::fs::read_dir(folder.path()).expect("a folder").count()), (0, 3));
    }
}
