//! Where resources come from and what changed them, as annotations (`buildMetadata`).

use yaml::node::Node;

use crate::remote::RepositoryUrl;
use crate::resource::Resource;

/// The annotation with the origin of a resource.
pub(crate) const ANNOTATION: &str = "config.kubernetes.io/origin";
/// The annotation with what changed it.
pub(crate) const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";

/// A place, and what was configured there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) path: String,
    pub(crate) repo: String,
    pub(crate) reference: String,
    pub(crate) configured_in: String,
    /// apiVersion, kind, name and namespace.
    pub(crate) configured_by: [String; 4],
}

impl Origin {
    /// The origin of what `path` names, seen from here.
    pub(crate) fn append(&self, path: &str) -> Self {
        let mut origin = self.clone();
        let mut path = path.to_owned();
        if let Some(url) = RepositoryUrl::parse(&path) {
            origin.repo = url.clone_url.clone();
            origin.reference = url.reference.clone();
            origin.path = String::new();
            path = url.path;
        }
        origin.path = joined(&origin.path, &path);
        origin
    }

    /// The origin of what a built-in transformer or generator makes.
    pub(crate) fn of_builtin(&self, file: &str, kind: &str) -> Self {
        Self {
            path: String::new(),
            configured_in: joined(&self.path, file),
            configured_by: ["builtin".to_owned(), kind.to_owned(), String::new(), String::new()],
            ..self.clone()
        }
    }

    /// Lines of YAML, as kyaml writes the structure.
    fn lines(&self) -> Vec<String> {
        let fields = [
            ("path", &self.path),
            ("repo", &self.repo),
            ("ref", &self.reference),
            ("configuredIn", &self.configured_in),
        ];
        let mut lines: Vec<String> = fields.iter().filter_map(|(name, text)| line(name, text)).collect();
        let by: Vec<String> = ["apiVersion", "kind", "name", "namespace"]
            .iter()
            .zip(&self.configured_by)
            .filter_map(|(name, text)| line(name, text))
            .collect();
        if !by.is_empty() {
            lines.push("configuredBy:".to_owned());
            lines.extend(by.into_iter().map(|line| format!("  {line}")));
        }
        lines
    }

    /// The value of the annotation.
    pub(crate) fn text(&self) -> String {
        self.lines().into_iter().map(|line| line + "\n").collect()
    }
}

fn line(name: &str, text: &str) -> Option<String> {
    let written = yaml::to_yaml(&value::Value::from(text)).ok()?;
    (!text.is_empty()).then(|| format!("{name}: {}", written.trim_end()))
}

/// Go's `filepath.Join`.
fn joined(one: &str, other: &str) -> String {
    let both = if one.is_empty() { other.to_owned() } else { format!("{one}/{other}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in both.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Sets the annotation; all annotations are texts then.
pub(crate) fn set(resource: &mut Resource, text: &str) {
    let mut texts = resource.texts("annotations");
    texts.insert(ANNOTATION.into(), text.into());
    resource.set_texts("annotations", &texts);
}

/// Sets the origin where none is known yet.
pub(crate) fn set_first(resource: &mut Resource, origin: &Origin) {
    if resource.annotation(ANNOTATION).is_none() {
        set(resource, &origin.text());
    }
}

/// Notes that something changed the resource. One without origin was made by it.
pub(crate) fn note(resource: &mut Resource, origin: &Origin) {
    if resource.annotation(ANNOTATION).is_none() {
        set(resource, &origin.text());
        return;
    }
    let mut texts = resource.texts("annotations");
    let mut list = texts.get(TRANSFORMATIONS).map(|text| text.to_string()).unwrap_or_default();
    for (at, line) in origin.lines().into_iter().enumerate() {
        list.push_str(if at == 0 { "- " } else { "  " });
        list.push_str(&line);
        list.push('\n');
    }
    texts.insert(TRANSFORMATIONS.into(), list.into());
    resource.set_texts("annotations", &texts);
}

/// The origin of a plugin's configuration.
pub(crate) fn of_plugin(resource: &Resource) -> Option<Origin> {
    let text = resource.annotation(ANNOTATION)?;
    let parsed = yaml::parse(text, yaml::Rules::V2).ok()?;
    let field = |name: &str| parsed.str_at(&[name]).unwrap_or_default().to_owned();
    let node = resource.node();
    let of = |path: &[&str]| node.at(path).map_or("", Node::raw_text).to_owned();
    Some(Origin {
        path: String::new(),
        repo: field("repo"),
        reference: field("ref"),
        configured_in: field("path"),
        configured_by: [
            of(&["apiVersion"]),
            of(&["kind"]),
            of(&["metadata", "name"]),
            of(&["metadata", "namespace"]),
        ],
    })
}

/// Takes the annotations out that were not asked for. Rewriting makes texts of all annotations, and leaves
/// out the field where there is none.
pub(crate) fn clean(resource: &mut Resource, keeps_origins: bool, keeps_transformations: bool) {
    let mut texts = resource.texts("annotations");
    if !keeps_origins {
        texts.remove(ANNOTATION);
    }
    if !keeps_transformations {
        texts.remove(TRANSFORMATIONS);
    }
    resource.set_texts("annotations", &texts);
}
