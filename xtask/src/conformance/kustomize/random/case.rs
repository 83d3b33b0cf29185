//! A case: which folders there are and what builds on what.

use super::chance::Chance;
use super::layer::{Known, Layer, Rules};
use super::{mistakes, objects};

/// Files, and what is built of them.
pub(super) struct Case {
    pub(super) files: Vec<(String, String)>,
    pub(super) directory: String,
    pub(super) has_mistake: bool,
}

impl Case {
    /// A new case, of which a few have a mistake.
    pub(super) fn new(chance: &mut Chance) -> Self {
        let mut case = Self { files: Vec::new(), directory: "top".to_owned(), has_mistake: false };
        let rules = Rules { are_namespaces_fixed: chance.once_in(8), ..Rules::default() };
        let known = match chance.below(6) {
            0 => case.base(chance, "top", &["web", "api"], rules),
            1 => {
                let base = case.base(chance, "base", &["web", "db"], rules);
                case.on(Layer::new(chance, "top", rules), &["base"], base)
            }
            2 => {
                let base = case.base(chance, "base", &["web"], rules);
                let middle = case.on(Layer::new(chance, "middle", rules), &["base"], base);
                case.on(Layer::new(chance, "top", rules), &["middle"], middle)
            }
            3 => {
                let mut both = case.base(chance, "base/one", &["web", "a-1"], rules);
                both.extend(case.base(chance, "base/two", &["db"], rules));
                case.on(Layer::new(chance, "top", rules), &["base/one", "base/two"], both)
            }
            4 => case.variants(chance, rules),
            _ => case.separate(chance),
        };
        if chance.once_in(14) {
            case.has_mistake = true;
            "wrong".clone_into(&mut case.directory);
            mistakes::add(&mut case, chance, &known);
        }
        case
    }

    fn base(&mut self, chance: &mut Chance, folder: &str, apps: &[&str], rules: Rules) -> Vec<Known> {
        let mut layer = Layer::new(chance, folder, rules);
        for app in apps {
            objects::add(&mut layer, app);
        }
        self.finish(layer)
    }

    fn on(&mut self, mut layer: Layer, bases: &[&str], known: Vec<Known>) -> Vec<Known> {
        for base in bases {
            layer.base(base);
        }
        layer.known = known;
        if layer.chance.once_in(3) {
            objects::add(&mut layer, "extra");
        }
        self.finish(layer)
    }

    fn finish(&mut self, layer: Layer) -> Vec<Known> {
        let (files, known) = layer.finish();
        self.files.extend(files);
        known
    }

    /// One base, two overlays on it that differ by a prefix, and one on both.
    fn variants(&mut self, chance: &mut Chance, rules: Rules) -> Vec<Known> {
        let rules = Rules { has_variants: true, ..rules };
        let base = self.base(chance, "base", &["web"], rules);
        let mut both = Vec::new();
        for (folder, prefix) in [("dev", "dev-"), ("prod", "prod-")] {
            let mut layer = Layer::new(chance, folder, Rules { prefix: Some(prefix), ..rules });
            layer.base("base");
            layer.known.clone_from(&base);
            both.extend(self.finish(layer));
        }
        self.on(Layer::new(chance, "top", rules), &["dev", "prod"], both)
    }

    /// The same base in two namespaces.
    fn separate(&mut self, chance: &mut Chance) -> Vec<Known> {
        let rules = Rules { has_variants: true, ..Rules::default() };
        let base = self.base(chance, "base", &["web"], Rules { is_namespaced: true, ..rules });
        let mut both = Vec::new();
        for folder in ["dev", "prod"] {
            let namespace = Some(folder);
            let mut layer = Layer::new(chance, folder, Rules { namespace, ..rules });
            layer.base("base");
            layer.known.clone_from(&base);
            both.extend(self.finish(layer));
        }
        let rules = Rules { are_namespaces_fixed: true, ..rules };
        self.on(Layer::new(chance, "top", rules), &["dev", "prod"], both)
    }
}
