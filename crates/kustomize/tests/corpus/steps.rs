//! How often a build looks at all of its resources.

use kustomize::explain::{Observer, Step};
use kustomize::{Options, Resource};

use crate::bad::tree;

/// The fields that were shown, each with the number of resources.
#[derive(Default)]
struct Seen(Vec<(String, usize)>);

impl Observer for Seen {
    fn saw(&mut self, step: &Step, resources: &mut dyn Iterator<Item = &Resource>) {
        self.0.push((step.what.clone(), resources.count()));
    }
}

#[test]
fn all_generators_of_a_field_are_one_step() {
    let text =
        "configMapGenerator: [{name: a}, {name: b}, {name: c}]\nsecretGenerator: [{name: d}, {name: e}]\n";
    let mut seen = Seen::default();
    let options = Options { observer: Some(&mut seen), ..Options::default() };
    kustomize::build(&tree(&[("k/kustomization.yaml", text)]), "k", options).expect("a build");
    let steps: Vec<(&str, usize)> = seen.0.iter().map(|(what, count)| (what.as_str(), *count)).collect();
    assert_eq!(steps[..2], [("configMapGenerator", 3), ("secretGenerator", 5)]);
}
