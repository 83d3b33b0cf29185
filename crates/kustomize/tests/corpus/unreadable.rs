//! What is in a tree and cannot be read is an error with its reason, and never as if it were not there.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use kustomize::{Kind, Options, Tree, TreeError, flux};

use crate::bad::{check, tree};
use crate::case::Case;

const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

/// A tree in which one path is closed, and that counts how often each file is read.
struct Closed {
    files: Case,
    path: &'static str,
    reads: RefCell<BTreeMap<String, usize>>,
}

impl Closed {
    fn new(files: &[(&str, &str)], path: &'static str) -> Self {
        Self { files: tree(files), path, reads: RefCell::default() }
    }

    fn enter(&self, action: &'static str, path: &str) -> Result<(), TreeError> {
        if path != self.path {
            return Ok(());
        }
        let source = Arc::new(std::io::Error::other("permission denied"));
        Err(TreeError { action, path: path.to_owned(), source })
    }
}

impl Tree for Closed {
    fn kind(&self, path: &str) -> Result<Option<Kind>, TreeError> {
        self.files.kind(path)
    }

    fn read(&self, path: &str) -> Result<Option<Arc<[u8]>>, TreeError> {
        *self.reads.borrow_mut().entry(path.to_owned()).or_default() += 1;
        self.enter("open", path)?;
        self.files.read(path)
    }

    fn size(&self, path: &str) -> Result<Option<u64>, TreeError> {
        Ok(self.files.files.get(path).map(|text| text.len() as u64))
    }

    fn list(&self, path: &str) -> Result<Option<Vec<(String, Kind)>>, TreeError> {
        self.enter("open", path)?;
        self.files.list(path)
    }
}

fn built_by_flux(tree: &dyn Tree) -> Result<flux::Build, flux::Error> {
    flux::build(tree, "k", &flux::Options::default(), None)
}

#[test]
fn a_file_that_is_closed_is_not_missing() {
    for (text, closed) in [
        ("resources: [a.yaml]\n", "k/a.yaml"),
        ("patches: [{path: a.yaml}]\n", "k/a.yaml"),
        ("configMapGenerator: [{name: x, files: [a.yaml]}]\n", "k/a.yaml"),
        ("", "k/kustomization.yaml"),
    ] {
        let files = [("k/kustomization.yaml", text), ("k/a.yaml", CONFIG_MAP)];
        let tree = Closed::new(&files, closed);
        check(&tree, &[&format!("open /{closed}: permission denied")]);
        let error = kustomize::build(&tree, "k", Options::default()).expect_err("must be refused");
        assert_eq!(error.advice(), None);
    }
}

#[test]
fn flux_takes_a_closed_folder_for_no_empty_one() {
    let files = [("k/a.yaml", CONFIG_MAP), ("k/more/b.yaml", CONFIG_MAP)];
    for closed in ["k", "k/a.yaml", "k/more", "k/more/b.yaml"] {
        let error = built_by_flux(&Closed::new(&files, closed)).expect_err("must be refused").to_string();
        assert!(error.contains(&format!("open /{closed}: permission denied")), "{error}");
    }
}

#[test]
fn flux_reads_each_manifest_once() {
    let files =
        [("k/a.yaml", CONFIG_MAP), ("k/more/b.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n")];
    let tree = Closed::new(&files, "");
    assert_eq!(built_by_flux(&tree).expect("a build").objects.len(), 2);
    let expected = [("k/a.yaml".to_owned(), 1), ("k/more/b.yaml".to_owned(), 1)];
    assert_eq!(*tree.reads.borrow(), BTreeMap::from(expected));
}

#[test]
fn flux_searches_folders_to_a_limit() {
    let built = |levels: usize| {
        let path = format!("k/{}a.yaml", "f/".repeat(levels));
        built_by_flux(&tree(&[(&path, CONFIG_MAP)]))
    };
    assert_eq!(built(200).expect("a build").objects.len(), 1);
    let error = built(300).expect_err("must be refused").to_string();
    assert!(error.contains("folders are nested more than 256 levels deep at /k/f/"), "{error}");
}
