//! What is wrong in a kustomization is refused with the file, the field and what to do about it.

use std::collections::BTreeMap;
use std::sync::Arc;

use kustomize::{Kind, Options, RemoteError, Remotes, RepositoryUrl, Tree, TreeError};

use crate::case::Case;

const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

pub(crate) fn tree(files: &[(&str, &str)]) -> Case {
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    let files: BTreeMap<String, String> = files.collect();
    Case { directory: String::new(), files, output: None, refusal: None }
}

/// Builds `k`, and looks for words in what is said.
pub(crate) fn check(tree: &dyn Tree, words: &[&str]) {
    let error = kustomize::build(tree, "k", Options::default()).expect_err("must be refused");
    let said = format!("{error}\nfix: {}", error.advice().unwrap_or_default());
    for word in words {
        assert!(said.contains(word), "{word:?} is not in {said}");
    }
}

#[test]
fn cycles() {
    let files =
        [("k/kustomization.yaml", "resources: [b]\n"), ("k/b/kustomization.yaml", "resources: [..]\n")];
    check(&tree(&files), &["cycle detected", "in resources of /k/b/kustomization.yaml: remove the entry"]);
    let files = [("k/kustomization.yaml", "resources: [.]\n")];
    check(&tree(&files), &["cycle detected", "in resources of /k/kustomization.yaml: remove the entry"]);
}

#[test]
fn missing_files() {
    for (field, text) in [
        ("resources", "resources: [gone]\n"),
        ("patches[0]", "patches: [{path: gone}]\n"),
        ("configMapGenerator", "configMapGenerator: [{name: x, files: [gone]}]\n"),
        ("components", "components: [gone]\n"),
    ] {
        let place = format!("in {field} of /k/kustomization.yaml: create /k/gone, or correct the entry");
        check(&tree(&[("k/kustomization.yaml", text)]), &["/k/gone", &place]);
    }
}

#[test]
fn several_kustomization_files_or_none() {
    let files = [("k/kustomization.yaml", "namespace: a\n"), ("k/Kustomization", "namespace: a\n")];
    check(&tree(&files), &["under: /k: kustomization.yaml, Kustomization; keep one of them"]);
    let files = [("k/kustomization.yaml", "resources: [b]\n"), ("k/b/a.yaml", CONFIG_MAP)];
    check(&tree(&files), &["in resources of /k/kustomization.yaml: add a kustomization.yaml to /k/b"]);
}

#[test]
fn unknown_fields_and_wrong_kinds_of_values() {
    let words = ["unknown field \"resorces\"; correct the spelling or remove it in /k/kustomization.yaml"];
    check(&tree(&[("k/kustomization.yaml", "resorces: []\n")]), &words);
    let words = ["field images: it must be a list in /k/kustomization.yaml"];
    check(&tree(&[("k/kustomization.yaml", "images: {name: x}\n")]), &words);
}

#[test]
fn duplicate_ids() {
    let files = [
        ("k/kustomization.yaml", "resources: [a.yaml, b.yaml]\n"),
        ("k/a.yaml", CONFIG_MAP),
        ("k/b.yaml", CONFIG_MAP),
    ];
    let place = "in resources of /k/kustomization.yaml: rename one of the two";
    check(&tree(&files), &["ConfigMap.v1.[noGrp]/a.[noNs]", "b.yaml", place]);
}

#[test]
fn ambiguous_references() {
    let volume =
        "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: p}\nspec: {azureFile: {secretName: a}}\n";
    let base = |namespace: &str| {
        format!("namespace: {namespace}\nsecretGenerator: [{{name: a, literals: [a={namespace}]}}]\n")
    };
    let files = [
        ("k/kustomization.yaml", "resources: [one, two, volume.yaml]\n"),
        ("k/one/kustomization.yaml", &base("one")),
        ("k/two/kustomization.yaml", &base("two")),
        ("k/volume.yaml", volume),
    ];
    let words = [
        "'spec/azureFile/secretName' field of 'PersistentVolume.v1.[noGrp]/p",
        "Secret.v1.[noGrp]/a-",
        "different names",
    ];
    check(&tree(&files), &words);
}

#[test]
fn patches_that_fit_nothing() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: z}\n";
    for (field, text) in [
        ("patches[0]", "resources: [a.yaml]\npatches: [{path: p.yaml}]\n"),
        ("patchesStrategicMerge", "resources: [a.yaml]\npatchesStrategicMerge: [p.yaml]\n"),
    ] {
        let files = [("k/kustomization.yaml", text), ("k/a.yaml", CONFIG_MAP), ("k/p.yaml", secret)];
        let place = format!("in {field} of /k/kustomization.yaml: correct apiVersion, kind, name");
        check(&tree(&files), &["Secret.v1.[noGrp]/z.[noNs]", &place]);
    }
    let text = "resources: [a.yaml]\npatches: [{patch: '- {op: remove, path: /x}'}]\n";
    let files = [("k/kustomization.yaml", text), ("k/a.yaml", CONFIG_MAP)];
    check(&tree(&files), &["in patches[0] of /k/kustomization.yaml: add a target"]);
}

#[test]
fn paths_that_leave_the_kustomization_or_the_tree() {
    let files = [("k/kustomization.yaml", "resources: [../a.yaml]\n"), ("a.yaml", CONFIG_MAP)];
    let words = ["security; file '/a.yaml' is not in or below '/k'; move it there"];
    check(&tree(&files), &words);
    let files = [("k/kustomization.yaml", "resources: [../../a.yaml]\n")];
    check(&tree(&files), &["\"../../a.yaml\" leads out of the source"]);
}

/// A tree in which `k/l.yaml` is a link to a file outside of `k`, or to nowhere.
struct Linked(Case, Option<&'static str>);

impl Tree for Linked {
    fn kind(&self, path: &str) -> Result<Option<Kind>, TreeError> {
        if path == "k/l.yaml" { Ok(self.1.map(|_| Kind::File)) } else { self.0.kind(path) }
    }

    fn read(&self, path: &str) -> Result<Option<Arc<[u8]>>, TreeError> {
        self.0.read(path)
    }

    fn list(&self, path: &str) -> Result<Option<Vec<(String, Kind)>>, TreeError> {
        self.0.list(path)
    }

    fn canonical(&self, path: &str) -> Result<Option<String>, TreeError> {
        if path == "k/l.yaml" { Ok(self.1.map(str::to_owned)) } else { self.0.canonical(path) }
    }
}

#[test]
fn links_that_leave_the_kustomization_or_lead_nowhere() {
    let files = || tree(&[("k/kustomization.yaml", "resources: [l.yaml]\n"), ("a.yaml", CONFIG_MAP)]);
    let words = ["security; file '/k/l.yaml' is not in or below '/k'; move it there"];
    check(&Linked(files(), Some("a.yaml")), &words);
    check(&Linked(files(), None), &["in resources of /k/kustomization.yaml: create /k/l.yaml"]);
}

#[test]
fn deep_nesting() {
    let deep = format!(
        "apiVersion: v1\nkind: X\nmetadata: {{name: a}}\na: {}1{}\n",
        "{a: ".repeat(10_000),
        "}".repeat(10_000)
    );
    let files = [("k/kustomization.yaml", "resources: [x.yaml]\n"), ("k/x.yaml", &deep)];
    check(&tree(&files), &["x.yaml", "line 4: exceeded max depth of 300"]);
    let text = "resources: [a.yaml]\npatches: [{path: x.yaml}]\n";
    let files = [("k/kustomization.yaml", text), ("k/a.yaml", CONFIG_MAP), ("k/x.yaml", &deep)];
    check(&tree(&files), &["patches[0] of /k/kustomization.yaml", "exceeded max depth of 300"]);
    let text = format!("resources: {}{}\n", "[".repeat(10_000), "]".repeat(10_000));
    check(
        &tree(&[("k/kustomization.yaml", &text)]),
        &["line 1: exceeded max depth of 300 in /k/kustomization.yaml"],
    );
}

#[test]
fn remote_bases_where_they_are_forbidden() {
    let files = [("k/kustomization.yaml", "resources: ['https://example.com/o/r//b']\n")];
    check(&tree(&files), &["\"https://example.com/o/r//b\" is refused", "copy the base into the repository"]);
}

/// kustomize 5.8.2 panics here, in whatever order it writes.
#[test]
fn an_id_that_two_resources_have_in_the_end() {
    let objects = format!("{CONFIG_MAP}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: b}}\n");
    let rename = "- patch: '[{\"op\": \"replace\", \"path\": \"/metadata/name\", \"value\": \"a\"}]'\n  target: {name: b}\n";
    for order in ["legacy", "fifo"] {
        let text = format!("resources: [a.yaml]\nsortOptions: {{order: {order}}}\npatches:\n{rename}");
        let files = [("k/kustomization.yaml", text.as_str()), ("k/a.yaml", objects.as_str())];
        check(
            &tree(&files),
            &["already registered id: ConfigMap.v1.[noGrp]/a.[noNs]", "rename one of the two"],
        );
    }
}

#[test]
fn files_that_a_field_of_a_base_names() {
    for field in ["configurations", "crds"] {
        let base = format!("{field}: [gone.yaml]\n");
        let files = [("k/kustomization.yaml", "resources: [base]\n"), ("k/base/kustomization.yaml", &*base)];
        check(
            &tree(&files),
            &[&format!("in {field} of /k/base/kustomization.yaml: create /k/base/gone.yaml")],
        );
    }
    let files = [
        ("k/kustomization.yaml", "configurations: [c.yaml]\nresources: [a.yaml]\n"),
        ("k/a.yaml", CONFIG_MAP),
        ("k/c.yaml", "nowhere: 1\n"),
    ];
    check(&tree(&files), &["configurations: /k/c.yaml: "]);
}

#[test]
fn variables_of_a_base() {
    let base =
        "resources: [a.yaml]\nvars: [{name: X, objref: {kind: ConfigMap, name: gone, apiVersion: v1}}]\n";
    let files = [
        ("k/kustomization.yaml", "resources: [base]\n"),
        ("k/base/kustomization.yaml", base),
        ("k/base/a.yaml", CONFIG_MAP),
    ];
    check(&tree(&files), &["var 'X'", "fix: in vars of /k/base/kustomization.yaml: correct objref"]);
}

#[test]
fn inline_objects_that_are_no_yaml() {
    let text = "'apiVersion: v1\n\n  data: {k: [}'";
    for (field, entry) in [
        ("patchesStrategicMerge", "inline patch in entry 1"),
        ("transformers", "inline object in entry 1"),
        ("generators", "inline object in entry 1"),
    ] {
        let first = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}";
        let file = format!("resources: [a.yaml]\n{field}: [\"{first}\", {text}]\n");
        let files = [("k/kustomization.yaml", &*file), ("k/a.yaml", CONFIG_MAP)];
        check(&tree(&files), &[&format!("{field} of /k/kustomization.yaml"), entry, "yaml: line"]);
    }
}

#[test]
fn problems_are_told_of_their_own_field() {
    for (field, text, words) in [
        (
            "patchesJson6902[0]",
            "patchesJson6902: [{target: {kind: ConfigMap, name: a}}]\n",
            "empty file path",
        ),
        ("replacements", "replacements: [{path: r.yaml}]\n", "r.yaml: unsupported replacement type"),
    ] {
        let file = format!("resources: [a.yaml]\n{text}");
        let files = [("k/kustomization.yaml", &*file), ("k/a.yaml", CONFIG_MAP), ("k/r.yaml", "text\n")];
        check(&tree(&files), &[&format!("{field} of /k/kustomization.yaml: "), words]);
    }
}

#[test]
fn a_hash_that_fails_names_its_object() {
    let patch = "{apiVersion: v1, kind: ConfigMap, metadata: {name: g}, data: {k: !!int abc}}";
    let file = format!(
        "resources: [a.yaml]\nconfigMapGenerator: [{{name: g, literals: [a=b]}}]\npatches: [{{patch: \"{patch}\"}}]\n"
    );
    let files = [("k/kustomization.yaml", &*file), ("k/a.yaml", CONFIG_MAP)];
    check(&tree(&files), &["/k/kustomization.yaml: ConfigMap.v1.[noGrp]/g.[noNs]: yaml: cannot decode"]);
}

/// A repository with one tree.
struct Repository(Arc<dyn Tree>);

impl Remotes for Repository {
    fn repository(&self, _: &RepositoryUrl) -> Result<Arc<dyn Tree>, RemoteError> {
        Ok(self.0.clone())
    }

    fn file(&self, url: &str) -> Result<Arc<[u8]>, RemoteError> {
        Err(RemoteError(Arc::new(std::io::Error::other(url.to_owned()))))
    }
}

#[test]
fn files_outside_of_the_folder_of_a_repository() {
    let files = [("k/kustomization.yaml", "resources: [../a.yaml]\n"), ("a.yaml", CONFIG_MAP)];
    let remotes = Repository(Arc::new(tree(&files)));
    let overlay = [("k/kustomization.yaml", "resources: ['https://example.com/org/repo//k']\n")];
    let options =
        Options { restriction: kustomize::Restriction::None, remotes: Some(&remotes), ..Options::default() };
    let error = kustomize::build(&tree(&overlay), "k", options).expect_err("must be refused").to_string();
    assert!(error.contains("security; file '/a.yaml'") && error.contains("in a repository"), "{error}");
    assert!(!error.contains("LoadRestrictionsNone"), "{error}");
    check(&tree(&files), &["security; file '/a.yaml'", "LoadRestrictionsNone"]);
}
