//! Builds of small trees, and the errors of wrong ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use kustomize::flux::{self, Options};
use kustomize::{Kind, Tree};

struct Files(BTreeMap<&'static str, &'static str>);

impl Tree for Files {
    fn kind(&self, path: &str) -> Option<Kind> {
        if self.0.contains_key(path) {
            return Some(Kind::File);
        }
        let below = format!("{path}/");
        let is_folder = path.is_empty() || self.0.keys().any(|file| file.starts_with(&below));
        is_folder.then_some(Kind::Directory)
    }

    fn read(&self, path: &str) -> Option<Arc<[u8]>> {
        self.0.get(path).map(|text| Arc::from(text.as_bytes()))
    }

    fn list(&self, path: &str) -> Option<Vec<(String, Kind)>> {
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let names: std::collections::BTreeSet<String> = self
            .0
            .keys()
            .filter_map(|file| file.strip_prefix(prefix.as_str()))
            .map(|rest| rest.split('/').next().unwrap_or(rest).to_owned())
            .collect();
        let kind = |name: &String| self.kind(&format!("{prefix}{name}"));
        Some(names.into_iter().filter_map(|name| Some((name.clone(), kind(&name)?))).collect())
    }
}

fn build(files: &[(&'static str, &'static str)], options: &Options) -> String {
    match flux::build(&Files(files.iter().copied().collect()), "app", options) {
        Ok(build) => build.yaml,
        Err(error) => format!("error: {error}"),
    }
}

fn check(files: &[(&'static str, &'static str)], expected: &str) {
    assert_eq!(build(files, &Options::default()), expected);
}

const ONE: &str = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: one}\ndata: {b: \"1\", a: yes}\n";
const TWO: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: two}}";
const SHOWN_ONE: &str =
    "apiVersion: v1\ndata:\n  a: \"yes\"\n  b: \"1\"\nkind: ConfigMap\nmetadata:\n  name: one\n";
const SHOWN_TWO: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: two\n";

#[test]
fn a_plain_directory_is_scanned_in_order() {
    let files = [
        ("app/b.yaml", TWO),
        ("app/a.yml", ONE),
        ("app/notes.txt", "not: [yaml"),
        ("other/c.yaml", "not: [yaml"),
    ];
    check(&files, &format!("{SHOWN_ONE}---\n{SHOWN_TWO}"));
}

#[test]
fn a_directory_with_a_kustomization_is_not_descended_into() {
    let files = [
        ("app/sub/kustomization.yaml", "resources: [two.yaml]"),
        ("app/sub/two.yaml", TWO),
        ("app/sub/ignored.yaml", ONE),
    ];
    check(&files, SHOWN_TWO);
}

#[test]
fn resources_are_built_in_the_order_of_the_list() {
    let files = [
        ("app/kustomization.yaml", "resources: [../base, one.yaml]"),
        ("base/kustomization.yml", "resources:\n- two.yaml\n"),
        ("base/two.yaml", TWO),
        ("app/one.yaml", ONE),
    ];
    check(&files, &format!("{SHOWN_TWO}---\n{SHOWN_ONE}"));
}

#[test]
fn the_target_namespace_moves_everything_that_is_namespaced() {
    let files = [(
        "app/all.yaml",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: robot, \
         namespace: a}\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: \
         crb}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: x}\nsubjects:\n- {kind: \
         ServiceAccount, name: robot, namespace: a}\n- {kind: ServiceAccount, name: other, namespace: a}\n",
    )];
    let options = Options { target_namespace: Some("t".to_owned()) };
    assert_eq!(
        build(&files, &options),
        "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: t\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: \
         robot\n  namespace: t\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata:\n  name: \
         crb\nroleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: ClusterRole\n  name: x\nsubjects:\n- kind: \
         ServiceAccount\n  name: robot\n  namespace: t\n- kind: ServiceAccount\n  name: other\n  namespace: a\n"
    );
}

#[test]
fn lists_are_taken_apart_and_local_configuration_stays() {
    let files = [
        (
            "app/list.yaml",
            "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: two}}\n",
        ),
        (
            "app/local.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, annotations: {config.kubernetes.io/local-config: \"true\"}}\n",
        ),
    ];
    check(&files, SHOWN_TWO);
}

#[test]
fn wrong_input_names_the_file_and_what_to_do() {
    let rows: [(&[(&'static str, &'static str)], &str); 9] = [
        (
            &[("app/a.yaml", "a: b: c\n")],
            "error: failed to decode Kubernetes YAML from /app/a.yaml: MalformedYAMLError: yaml: mapping values are not allowed in this context",
        ),
        (
            &[("app/a.yaml", "a: b\n")],
            "error: failed to decode Kubernetes YAML from /app/a.yaml: missing Resource metadata",
        ),
        (
            &[
                ("app/kustomization.yaml", "resources: [a.yaml, b.yaml]"),
                ("app/a.yaml", ONE),
                ("app/b.yaml", ONE),
            ],
            "error: kustomize build failed: accumulating resources: accumulation err='merging resources from 'b.yaml': may not add resource with an already registered id: ConfigMap.v1.[noGrp]/one.[noNs]': must build at directory: '/app/b.yaml': file is not directory",
        ),
        (
            &[("app/kustomization.yaml", "resources: [absent.yaml]")],
            "error: kustomize build failed: accumulating resources: accumulation err='accumulating resources from 'absent.yaml': open /app/absent.yaml: no such file or directory': must build at directory: not a valid directory: evalsymlink failure on '/app/absent.yaml' : lstat /app/absent.yaml: no such file or directory",
        ),
        (
            &[("app/kustomization.yaml", "resource: []")],
            "error: kustomize build failed: invalid Kustomization: json: unknown field \"resource\" in /app/kustomization.yaml; correct the spelling or remove it",
        ),
        (
            &[("app/kustomization.yaml", "vars: []")],
            "error: kustomize build failed: vars of /app/kustomization.yaml is not supported by this version of Flamingo; remove it, or render the manifests beforehand",
        ),
        (
            &[("app/kustomization.yaml", "resources: [../..]")],
            "error: kustomize build failed: \"../..\" in /app/kustomization.yaml leads out of the source",
        ),
        (
            &[("app/kustomization.yaml", "resources: [../app]")],
            "error: kustomize build failed: cycle detected: candidate root '/app' contains visited root '/app'",
        ),
        (
            &[("app/kustomization.yaml", "resources: [https://example.com/x.yaml]")],
            "error: kustomize build failed: remote base \"https://example.com/x.yaml\" in /app/kustomization.yaml is refused: a build reads nothing but its own source; copy the base into the repository",
        ),
    ];
    for (files, expected) in rows {
        check(files, expected);
    }
}

#[test]
fn two_kustomization_files_are_refused() {
    let files = [("app/kustomization.yaml", ""), ("app/Kustomization", "")];
    check(
        &files,
        "error: kustomize build failed: Found multiple kustomization files: kustomization.yaml, Kustomization in /app; keep \
         one of them",
    );
}
