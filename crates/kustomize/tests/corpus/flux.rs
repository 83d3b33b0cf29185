//! Each field of a Flux Kustomization that changes a build does so, with a kustomization file and without.

use std::collections::BTreeMap;

use kustomize::flux::{Error, Options, build};
use kustomize::kustomization::{Image, Patch, Selector};
use kustomize::{Gvk, ResourceId};

use crate::case::Case;

const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec: \
                          {containers: [{name: main, image: 'nginx:1'}]}\n";
const COMPONENT: &str =
    "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncommonAnnotations: {component: in}\n";

fn tree(files: &[(&str, &str)]) -> Case {
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    let files: BTreeMap<String, String> = files.collect();
    Case { directory: String::new(), files, output: None, refusal: None }
}

/// What a field makes of the Deployment: alone, and on top of a kustomization file that says something else.
fn check(options: &Options, file: &str, expected: [&str; 2]) {
    let component = ("component/kustomization.yaml", COMPONENT);
    let plain = tree(&[("app/web.yaml", DEPLOYMENT), component]);
    let written = format!("resources: [web.yaml]\n{file}");
    let customized = tree(&[("app/web.yaml", DEPLOYMENT), ("app/kustomization.yaml", &written), component]);
    for (tree, expected) in [(plain, expected[0]), (customized, expected[1])] {
        let built = build(&tree, "app", options, None).expect("it builds").yaml;
        assert!(built.contains(expected), "{options:?}: {expected:?} is not in\n{built}");
    }
}

#[test]
fn target_namespace_wins() {
    let options = Options { target_namespace: Some("flux".to_owned()), ..Options::default() };
    check(&options, "namespace: file\n", ["namespace: flux"; 2]);
    let options = Options { target_namespace: Some(String::new()), ..Options::default() };
    check(&options, "namespace: file\n", ["name: web", "namespace: file"]);
}

#[test]
fn prefix_and_suffix_win() {
    let options = Options { name_prefix: Some("a-".to_owned()), ..Options::default() };
    check(&options, "namePrefix: file-\n", ["name: a-web\n"; 2]);
    let options = Options { name_suffix: Some("-z".to_owned()), ..Options::default() };
    check(&options, "nameSuffix: -file\n", ["name: web-z\n"; 2]);
}

#[test]
fn patches_come_after_those_of_the_file() {
    let id = ResourceId { gvk: Gvk { kind: "Deployment".into(), ..Gvk::default() }, ..ResourceId::default() };
    let patch = Patch {
        patch: "- {op: add, path: /spec/replicas, value: 7}".to_owned(),
        target: Some(Selector { id, ..Selector::default() }),
        ..Patch::default()
    };
    let options = Options { patches: vec![patch], ..Options::default() };
    let file =
        "patches:\n- {patch: '- {op: add, path: /spec/replicas, value: 2}', target: {kind: Deployment}}\n";
    check(&options, file, ["replicas: 7"; 2]);
}

#[test]
fn images_replace_what_the_file_says_of_the_same_image() {
    let image = Image { name: "nginx".to_owned(), new_tag: "2".to_owned(), ..Image::default() };
    let options = Options { images: vec![image], ..Options::default() };
    check(&options, "images: [{name: nginx, newName: mine, digest: 'sha256:0'}]\n", ["nginx:2", "mine:2"]);
}

#[test]
fn components_come_after_those_of_the_file() {
    let options = Options { components: vec!["../component".to_owned()], ..Options::default() };
    check(&options, "", ["component: in"; 2]);
}

#[test]
fn missing_components_are_left_out_where_that_is_said() {
    let said = |ignore_missing_components| Options {
        components: vec!["../none".to_owned(), "../component".to_owned()],
        ignore_missing_components,
        ..Options::default()
    };
    check(&said(true), "", ["component: in"; 2]);
    let error = build(&tree(&[("app/web.yaml", DEPLOYMENT)]), "app", &said(false), None);
    let error = error.expect_err("must be refused").to_string();
    assert!(error.contains("components") && error.contains("/none"), "{error}");
}

#[test]
fn components_by_url_or_absolute_path_are_refused() {
    for component in ["https://example.com/org/repo//c", "/component"] {
        let options = Options { components: vec![component.to_owned()], ..Options::default() };
        let error = build(&tree(&[("app/web.yaml", DEPLOYMENT)]), "app", &options, None);
        assert!(matches!(error, Err(Error::Component(_))), "{component}");
    }
}

#[test]
fn build_metadata_wins() {
    let options = Options { build_metadata: vec!["originAnnotations".to_owned()], ..Options::default() };
    check(&options, "buildMetadata: [managedByLabel]\n", ["config.kubernetes.io/origin"; 2]);
}

#[test]
fn charts_and_remote_bases_are_refused_by_name() {
    for (file, words) in [
        ("helmCharts: [{name: web}]\n", ["helmCharts of /app/kustomization.yaml", "HelmRelease"]),
        (
            "resources: ['https://example.com/org/repo//base']\n",
            ["https://example.com/org/repo//base", "refused"],
        ),
        (
            "configMapGenerator: [{name: a, files: ['https://example.com/a.txt']}]\n",
            ["https://example.com/a.txt", "refused"],
        ),
    ] {
        let tree = tree(&[("app/kustomization.yaml", file)]);
        let error = build(&tree, "app", &Options::default(), None).expect_err("must be refused").to_string();
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
    }
}

#[test]
fn passwords_of_urls_are_not_shown() {
    for file in [
        "resources: ['https://user:hunter2@example.com/org/repo//base']\n",
        "resources: ['ssh://user:hunter2@example.com/org/repo//base']\n",
        "resources: ['git::https://user:hunter2@example.com']\n",
        "components: ['https://user:hunter2@example.com/org/repo//base']\n",
        "patches: [{path: 'https://user:hunter2@example.com/patch.yaml'}]\n",
        "replacements: [{path: 'https://hunter2@example.com/replacements.yaml'}]\n",
        "configMapGenerator: [{name: a, files: ['https://user:hunter2@example.com/a.txt']}]\n",
        "configMapGenerator: [{name: a, files: ['a=https://user:hunter2@example.com/a=b']}]\n",
        "transformers: ['https://example.com/t.yaml?token=hunter2']\n",
    ] {
        let tree = tree(&[("app/kustomization.yaml", file)]);
        let error = build(&tree, "app", &Options::default(), None).expect_err("must be refused");
        let shown = format!("{error} {:?}", error.place());
        assert!(!shown.contains("hunter2") && shown.contains("xxxxx"), "{file}: {shown}");
    }
}

#[test]
fn a_file_is_read_leniently_and_an_empty_one_builds_nothing() {
    let build_of = |file: &str| {
        let tree = tree(&[("app/kustomization.yaml", file), ("app/web.yaml", DEPLOYMENT)]);
        build(&tree, "app", &Options::default(), None)
    };
    let built = build_of("foo: 1\nresources: [web.yaml]\nlabels: [{pairs: {a: b}, more: 1}]\n");
    assert!(built.expect("it builds").yaml.contains("a: b"));
    assert_eq!(build_of("resources: []\n").expect("it builds").yaml, "");
    let generated = build_of("configMapGenerator: [{name: a, literals: [a=b]}]\n").expect("it builds").yaml;
    assert!(generated.contains("configuredIn: kustomization.yaml"), "{generated}");
    let refused = |file: &str| build_of(file).expect_err("must be refused").to_string();
    let of_kind = refused("kind: Other\nresources: [web.yaml]\n");
    assert!(
        of_kind.starts_with("kustomize build failed: ") && of_kind.contains("kind should be"),
        "{of_kind}"
    );
    let of_type = refused("namePrefix: [a]\n");
    assert!(of_type.contains("namePrefix") && of_type.ends_with("in /app/kustomization.yaml"), "{of_type}");
}
