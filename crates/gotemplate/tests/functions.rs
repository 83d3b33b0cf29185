//! Every function that helm has is here.

use std::fs;
use std::path::Path;

use gotemplate::{Functions, Set};

#[test]
fn every_function_of_helm_is_known() {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/gotemplate/functions.txt");
    let list = fs::read_to_string(list).expect("the list that helm gave");
    let names: Vec<&str> = list.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(names.len() > 200, "{} names", names.len());
    let is_known = |name: &str| {
        let template = format!("{{{{ if false }}}}{{{{ {name} }}}}{{{{ end }}}}");
        Set::new("gotpl", Functions::helm()).parse("t", template.as_bytes()).is_ok()
    };
    let missing: Vec<&&str> = names.iter().filter(|name| !is_known(name)).collect();
    assert!(missing.is_empty(), "missing: {missing:?}");
    let unknown: Vec<&str> = Functions::helm().names().filter(|name| !names.contains(name)).collect();
    assert!(unknown.is_empty(), "helm does not have {unknown:?}");
}
