//! One folder with a kustomization, and what is known about the resources in it.

use super::chance::Chance;
use super::{fields, generators, patches, replacements};

/// A resource, as the fields of the next layers can name it.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) version: &'static str,
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) namespace: String,
    /// Name and namespace in the file, or in the generator.
    pub(super) original: (String, String),
}

impl Known {
    pub(super) fn is_workload(&self) -> bool {
        self.version == "apps/v1"
    }

    pub(super) fn is_namespaced(&self) -> bool {
        !matches!(self.kind, "ClusterRole" | "ClusterRoleBinding" | "Namespace" | "PriorityClass")
    }

    /// `apiVersion`, `kind` and `metadata` of a patch for this one.
    pub(super) fn head(&self) -> String {
        let (name, namespace) = (&self.name, namespace_field(&self.namespace, "  "));
        format!("apiVersion: {}\nkind: {}\nmetadata:\n  name: {name}\n{namespace}", self.version, self.kind)
    }
}

/// A line with a namespace, if there is one.
pub(super) fn namespace_field(namespace: &str, indent: &str) -> String {
    if namespace.is_empty() { String::new() } else { format!("{indent}namespace: {namespace}\n") }
}

/// What a layer may and must not do, so that the case builds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rules {
    /// Resources differ in nothing but their namespace.
    pub(super) are_namespaces_fixed: bool,
    /// There is more than one resource with the same original name.
    pub(super) has_variants: bool,
    /// No resources that are outside of namespaces.
    pub(super) is_namespaced: bool,
    /// The prefix that this layer has in any case.
    pub(super) prefix: Option<&'static str>,
    /// The namespace that this layer has in any case.
    pub(super) namespace: Option<&'static str>,
}

/// A layer that is being made.
pub(super) struct Layer<'a> {
    pub(super) chance: &'a mut Chance,
    pub(super) rules: Rules,
    pub(super) known: Vec<Known>,
    folder: String,
    head: String,
    resources: Vec<String>,
    text: String,
    files: Vec<(String, String)>,
}

impl<'a> Layer<'a> {
    /// An empty one.
    pub(super) fn new(chance: &'a mut Chance, folder: &str, rules: Rules) -> Self {
        let head =
            chance.maybe(3, "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n").to_owned();
        let (known, text, files) = (Vec::new(), String::new(), Vec::new());
        Self { chance, rules, known, folder: folder.to_owned(), head, resources: Vec::new(), text, files }
    }

    /// Names a file of the folder below `resources`.
    pub(super) fn resource(&mut self, name: &str) {
        self.resources.push(name.to_owned());
    }

    /// Names another layer below `resources`.
    pub(super) fn base(&mut self, folder: &str) {
        let up = "../".repeat(1 + self.folder.matches('/').count());
        self.resources.push(format!("{up}{folder}"));
    }

    /// Adds a field.
    pub(super) fn field(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Adds a file to the folder.
    pub(super) fn file(&mut self, name: &str, text: String) {
        self.files.push((format!("{}/{name}", self.folder), text));
    }

    /// A name for a file that is not there yet.
    pub(super) fn new_name(&self, extension: &str) -> String {
        format!("file{}.{extension}", self.files.len())
    }

    /// Some known resource for which something is true.
    pub(super) fn pick(&mut self, is_fit: impl Fn(&Known) -> bool) -> Option<Known> {
        let fit: Vec<&Known> = self.known.iter().filter(|known| is_fit(known)).collect();
        self.chance.any(&fit).map(|known| (*known).clone())
    }

    /// Adds all fields, and gives the files and what is known about the result.
    pub(super) fn finish(mut self) -> (Vec<(String, String)>, Vec<Known>) {
        generators::add(&mut self);
        if self.chance.once_in(4) {
            self.component();
        }
        patches::add(&mut self);
        fields::add(&mut self);
        replacements::add(&mut self);
        if self.folder == "top" {
            replacements::variable(&mut self);
        }
        fields::add_for_output(&mut self);
        self.close("kustomization.yaml");
        (self.files, self.known)
    }

    /// A component that adds, changes and generates, on what is there so far.
    fn component(&mut self) {
        let name = format!("{}-component", self.folder.replace('/', "-"));
        let mut inner = Layer::new(self.chance, &name, Rules { prefix: None, namespace: None, ..self.rules });
        inner.known = std::mem::take(&mut self.known);
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n".clone_into(&mut inner.head);
        generators::add(&mut inner);
        patches::add(&mut inner);
        if inner.chance.once_in(3) {
            fields::add(&mut inner);
        }
        replacements::add(&mut inner);
        inner.close("kustomization.yaml");
        let (files, known) = (inner.files, inner.known);
        self.files.extend(files);
        self.known = known;
        let up = "../".repeat(1 + self.folder.matches('/').count());
        self.field(&format!("components: [{up}{name}]\n"));
    }

    fn close(&mut self, name: &str) {
        let list: String = self.resources.iter().map(|path| format!("- {path}\n")).collect();
        let resources = if list.is_empty() { String::new() } else { format!("resources:\n{list}") };
        // A kustomization without any field is refused.
        let body = format!("{resources}{}", self.text);
        let body = if body.is_empty() { "commonAnnotations: {only: this}\n".to_owned() } else { body };
        let text = format!("{}{body}", self.head);
        self.file(name, text);
    }
}
