//! An object during a build, with what the build knows of its past.

use std::collections::BTreeMap;
use std::sync::Arc;

use value::{Key, Value};
use yaml::node::{ConvertError, Entry, Mapping, Node, Scalar, Style, Tag};

use crate::id::{Gvk, ResourceId};

/// What a generated object does with one of the same id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Behavior {
    /// It must be the first.
    #[default]
    Create,
    /// It takes the place of the other.
    Replace,
    /// Its data is added to the other's.
    Merge,
}

/// A name that a resource had before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Previous {
    pub(crate) kind: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) namespace: Arc<str>,
}

/// What the build remembers of a resource; kustomize keeps it in annotations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Past {
    /// The oldest first.
    pub(crate) previous: Vec<Previous>,
    pub(crate) prefixes: Vec<Arc<str>>,
    pub(crate) suffixes: Vec<Arc<str>>,
    pub(crate) needs_hash: bool,
    pub(crate) behavior: Behavior,
    /// Helm put it into its namespace already.
    pub(crate) is_of_helm: bool,
}

/// An object of a build.
#[derive(Clone, Debug)]
pub struct Resource {
    node: Node,
    pub(crate) past: Past,
    pub(crate) variables: Vec<String>,
    /// Tells the resources of a build apart, whatever they are called.
    pub(crate) serial: u32,
    last_shared: u32,
    settled: BTreeMap<u32, Scalar>,
}

impl Resource {
    pub(crate) fn new(node: Node) -> Self {
        Self {
            node,
            past: Past::default(),
            variables: Vec::new(),
            serial: 0,
            last_shared: 0,
            settled: BTreeMap::new(),
        }
    }

    /// The object as it was read, and changed since.
    pub fn node(&self) -> &Node {
        &self.node
    }

    pub(crate) fn node_mut(&mut self) -> &mut Node {
        &mut self.node
    }

    /// The object as data.
    ///
    /// # Errors
    /// It cannot be data, see [`ConvertError`].
    pub fn to_value(&self) -> Result<Value, ConvertError> {
        self.node.to_value()
    }

    /// Whether nothing is left of the object.
    pub(crate) fn is_gone(&self) -> bool {
        self.node.is_empty()
    }

    pub(crate) fn api_version(&self) -> &str {
        self.node.get("apiVersion").map_or("", Node::raw_text)
    }

    pub(crate) fn kind(&self) -> &str {
        self.node.get("kind").map_or("", Node::raw_text)
    }

    pub(crate) fn name(&self) -> &str {
        self.meta("name")
    }

    pub(crate) fn namespace(&self) -> &str {
        self.meta("namespace")
    }

    fn meta(&self, field: &str) -> &str {
        self.node.at(&["metadata", field]).filter(|node| !node.is_empty()).map_or("", Node::raw_text)
    }

    fn meta_text(&self, field: &str) -> Arc<str> {
        match self.node.at(&["metadata", field]) {
            Some(Node::Scalar(scalar)) if scalar.tag != Tag::Null => scalar.text.clone(),
            _ => Arc::from(""),
        }
    }

    /// Kind, group and version as they are now.
    pub fn gvk(&self) -> Gvk {
        Gvk::of(self.api_version(), self.kind())
    }

    /// The id that the resource has now.
    pub fn id(&self) -> ResourceId {
        ResourceId { gvk: self.gvk(), name: self.meta_text("name"), namespace: self.meta_text("namespace") }
    }

    /// The ids that it had, the oldest first.
    pub(crate) fn previous_ids(&self) -> impl Iterator<Item = ResourceId> + '_ {
        let gvk = self.gvk();
        self.past.previous.iter().map(move |previous| ResourceId {
            gvk: Gvk { kind: previous.kind.clone(), ..gvk.clone() },
            name: previous.name.clone(),
            namespace: previous.namespace.clone(),
        })
    }

    /// The id that it had first.
    pub(crate) fn original_id(&self) -> ResourceId {
        self.previous_ids().next().unwrap_or_else(|| self.id())
    }

    /// Remembers the id before something changes it.
    pub(crate) fn remember_id(&mut self) {
        let id = self.id();
        let namespace = Arc::from(id.effective_namespace());
        self.past.previous.push(Previous { kind: id.gvk.kind, name: id.name, namespace });
    }

    /// Sets `kind`; quotes stay as they are.
    pub(crate) fn set_kind(&mut self, kind: &str) {
        if let Some(map) = self.node.as_map_mut() {
            set_plain(map, "kind", kind);
        }
    }

    pub(crate) fn set_api_version(&mut self, api_version: &str) {
        if let Some(map) = self.node.as_map_mut() {
            set_plain(map, "apiVersion", api_version);
        }
    }

    pub(crate) fn set_name(&mut self, name: &str) {
        if let Some(metadata) = self.metadata() {
            set_plain(metadata, "name", name);
        }
    }

    /// Sets the namespace, or takes it out where it is empty.
    pub(crate) fn set_namespace(&mut self, namespace: &str) {
        if namespace.is_empty() && self.node.at(&["metadata", "namespace"]).is_none() {
            return;
        }
        let Some(metadata) = self.metadata() else { return };
        if namespace.is_empty() {
            metadata.remove("namespace");
        } else {
            set_plain(metadata, "namespace", namespace);
        }
    }

    fn metadata(&mut self) -> Option<&mut Mapping> {
        let map = self.node.as_map_mut()?;
        if !matches!(map.get("metadata"), Some(Node::Map(_))) {
            map.set("metadata", Node::map());
        }
        map.get_mut("metadata")?.as_map_mut()
    }

    /// Labels or annotations as kustomize reads them: the texts of all values.
    pub(crate) fn texts(&self, field: &str) -> BTreeMap<Key, Arc<str>> {
        let entries =
            self.node.at(&["metadata", field]).and_then(Node::as_map).map_or(&[][..], Mapping::entries);
        let mut texts = BTreeMap::new();
        for entry in entries {
            let text = match &entry.value {
                Node::Scalar(scalar) => scalar.text.clone(),
                _ => Arc::from(""),
            };
            texts.insert(entry.key.clone(), text);
        }
        texts
    }

    pub(crate) fn annotation(&self, name: &str) -> Option<&str> {
        self.node.at(&["metadata", "annotations"])?.get(name).map(Node::raw_text)
    }

    /// Writes labels or annotations anew: every value is a text then, and an empty map is left out.
    pub(crate) fn set_texts(&mut self, field: &str, texts: &BTreeMap<Key, Arc<str>>) {
        if texts.is_empty() && self.node.at(&["metadata", field]).is_none() {
            return;
        }
        let Some(metadata) = self.metadata() else { return };
        metadata.remove(field);
        if !texts.is_empty() {
            metadata.set(field, Node::Map(Arc::new(text_map(texts))));
        }
    }

    /// A number for scalars that kustomize inserts as one node in several places.
    pub(crate) fn next_shared(&mut self) -> u32 {
        self.last_shared += 1;
        self.last_shared
    }

    /// Writes what was written to one of several places of a shared scalar to the others too.
    pub(crate) fn settle_shared(&mut self) {
        if self.last_shared == 0 {
            return;
        }
        let mut changed = Vec::new();
        collect_changed(&self.node, &self.settled, &mut changed);
        for scalar in changed {
            let is_new = self.settled.insert(scalar.shared, scalar.clone()).is_none();
            if !is_new {
                overwrite(&mut self.node, &scalar);
            }
        }
    }
}

fn set_plain(map: &mut Mapping, field: &str, text: &str) {
    let style = match map.get(field) {
        Some(Node::Scalar(known)) => known.style,
        Some(_) => Style::PLAIN,
        None if crate::field_spec::looks_like_other_than_text(text) => Style::QUOTED,
        None => Style::PLAIN,
    };
    map.set(field, Node::Scalar(Scalar { text: Arc::from(text), tag: Tag::Unset, style, shared: 0 }));
}

/// A mapping of texts.
pub(crate) fn text_map(texts: &BTreeMap<Key, Arc<str>>) -> Mapping {
    let entry = |(key, text): (&Key, &Arc<str>)| Entry {
        key: key.clone(),
        is_text: false,
        value: Node::text(text.clone()),
    };
    Mapping::new(texts.iter().map(entry).collect())
}

fn collect_changed(node: &Node, settled: &BTreeMap<u32, Scalar>, changed: &mut Vec<Scalar>) {
    match node {
        Node::Scalar(scalar) if scalar.shared != 0 && settled.get(&scalar.shared) != Some(scalar) => {
            changed.push(scalar.clone());
        }
        Node::Scalar(_) => {}
        Node::List(list) => list.iter().for_each(|item| collect_changed(item, settled, changed)),
        Node::Map(map) => {
            map.entries().iter().for_each(|entry| collect_changed(&entry.value, settled, changed))
        }
    }
}

fn holds_other(node: &Node, scalar: &Scalar) -> bool {
    match node {
        Node::Scalar(known) => known.shared == scalar.shared && known != scalar,
        Node::List(list) => list.iter().any(|item| holds_other(item, scalar)),
        Node::Map(map) => map.entries().iter().any(|entry| holds_other(&entry.value, scalar)),
    }
}

fn overwrite(node: &mut Node, scalar: &Scalar) {
    if !holds_other(node, scalar) {
        return;
    }
    match node {
        Node::Scalar(known) => *known = scalar.clone(),
        Node::List(list) => Arc::make_mut(list).iter_mut().for_each(|item| overwrite(item, scalar)),
        Node::Map(map) => {
            let entries = Arc::make_mut(map).entries_mut();
            entries.iter_mut().for_each(|entry| overwrite(&mut entry.value, scalar));
        }
    }
}
