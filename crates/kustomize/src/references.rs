//! Name references: what refers to a resource by a name that the build changed follows the change.
//!
//! Source: kustomize `filters/nameref` and `nameReferenceTransformer`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use thiserror::Error;
use yaml::node::{Node, Scalar, Style, Tag};

use crate::config::NameReference;
use crate::field_spec::{Create, FieldError, apply_at, looks_like_other_than_text, split_path};
use crate::id::{Gvk, ResourceId};
use crate::resource::Resource;
use crate::resources::Resources;
use crate::schema::Schema;

/// References that cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReferenceError {
    /// A field that is no reference, or several resources that could be meant.
    #[error("updating name reference in '{path}' field of '{id}': {source}")]
    Field {
        /// The path.
        path: String,
        /// The resource that refers.
        id: ResourceId,
        /// Why.
        source: FieldError,
    },
    /// A namespace that is no text.
    #[error("Invalid Input: namespace is blank for resource {0:?}")]
    Namespace(String),
}

/// What is known of a resource that can be referred to.
struct Candidate {
    id: ResourceId,
    is_cluster_scoped: bool,
    /// The namespace as it stands in the resource.
    namespace: Arc<str>,
    original_namespace: String,
    previous: Vec<ResourceId>,
    prefixes: Vec<Arc<str>>,
    suffixes: Vec<Arc<str>>,
}

impl Candidate {
    fn of(resource: &Resource, schema: &Schema) -> Self {
        let id = resource.id();
        Self {
            is_cluster_scoped: schema.is_cluster_scoped(&id.gvk),
            namespace: id.namespace.clone(),
            original_namespace: resource.original_id().effective_namespace().to_owned(),
            previous: resource.previous_ids().collect(),
            prefixes: resource.past.prefixes.clone(),
            suffixes: resource.past.suffixes.clone(),
            id,
        }
    }

    fn had_kind(&self, gvk: &Gvk) -> bool {
        self.previous.iter().any(|id| id.gvk.is_selected(gvk))
    }
}

/// All resources, found by the names and the namespace that they had.
struct Index {
    candidates: Vec<Candidate>,
    by_name: HashMap<Arc<str>, Vec<usize>>,
    by_original_namespace: HashMap<String, Vec<usize>>,
}

/// A field with the kind that it refers to.
#[derive(Clone)]
struct Reference<'a> {
    path: &'a str,
    parts: Vec<String>,
    target: &'a Gvk,
}

/// Puts all references right.
///
/// # Errors
/// [`ReferenceError`]
pub(crate) fn fix(
    resources: &mut Resources,
    references: &[NameReference],
    schema: &Schema,
) -> Result<(), ReferenceError> {
    let index = index(resources, schema);
    let mut by_kind: HashMap<Gvk, Vec<Reference<'_>>> = HashMap::new();
    for resource in resources.contents_mut() {
        let original = resource.original_id().gvk;
        let specs = by_kind.entry(original).or_insert_with_key(|gvk| specs_for(gvk, references));
        if specs.is_empty() {
            continue;
        }
        let referrer = Referrer::of(resource, schema)?;
        for reference in specs.iter() {
            let mut set =
                |node: &mut Node| Follow { referrer: &referrer, index: &index, reference }.set(node);
            apply_at(resource, &reference.parts, Create::Nothing, &mut set).map_err(|source| {
                ReferenceError::Field { path: reference.path.to_owned(), id: resource.id(), source }
            })?;
        }
        resource.settle_shared();
    }
    Ok(())
}

fn index(resources: &Resources, schema: &Schema) -> Index {
    let mut index =
        Index { candidates: Vec::new(), by_name: HashMap::new(), by_original_namespace: HashMap::new() };
    if resources.iter().all(|resource| resource.past.previous.is_empty()) {
        return index;
    }
    for (at, resource) in resources.iter().enumerate() {
        let candidate = Candidate::of(resource, schema);
        let mut seen = HashSet::new();
        for previous in &candidate.previous {
            if seen.insert(previous.name.clone()) {
                index.by_name.entry(previous.name.clone()).or_default().push(at);
            }
        }
        index.by_original_namespace.entry(candidate.original_namespace.clone()).or_default().push(at);
        index.candidates.push(candidate);
    }
    index
}

/// Which kind a spec is for is compared with what a resource was at first.
fn specs_for<'a>(gvk: &Gvk, references: &'a [NameReference]) -> Vec<Reference<'a>> {
    let of = |known: &'a NameReference| {
        let target = &known.target;
        let fields = known.fields.iter().filter(|spec| gvk.is_selected(&spec.gvk));
        fields.map(move |spec| Reference { path: &spec.path, parts: split_path(&spec.path, '/'), target })
    };
    references.iter().flat_map(of).collect()
}

/// What is known of a resource that refers to others.
struct Referrer {
    id: ResourceId,
    is_cluster_scoped: bool,
    prefixes: Vec<Arc<str>>,
    suffixes: Vec<Arc<str>>,
    /// Namespaces of the service accounts that a RoleBinding names.
    binding_namespaces: HashSet<String>,
    role: Option<Gvk>,
}

impl Referrer {
    fn of(resource: &Resource, schema: &Schema) -> Result<Self, ReferenceError> {
        let id = resource.id();
        let is_cluster_scoped = schema.is_cluster_scoped(&id.gvk);
        let binding_namespaces = if is_cluster_scoped || resource.kind() != "RoleBinding" {
            HashSet::new()
        } else {
            binding_namespaces(resource)?
        };
        let role =
            |field: &str| resource.node().at(&["roleRef", field]).map(|node| Arc::from(node.raw_text()));
        Ok(Self {
            is_cluster_scoped,
            prefixes: resource.past.prefixes.clone(),
            suffixes: resource.past.suffixes.clone(),
            binding_namespaces,
            role: role("apiGroup").zip(role("kind")).map(|(group, kind)| Gvk {
                group,
                kind,
                ..Gvk::default()
            }),
            id,
        })
    }
}

fn binding_namespaces(resource: &Resource) -> Result<HashSet<String>, ReferenceError> {
    let subjects = resource.node().get("subjects").and_then(Node::as_list).unwrap_or_default();
    let mut namespaces = HashSet::new();
    for subject in subjects {
        let Some(namespace) = subject.get("namespace") else { continue };
        if subject.get("kind").is_some_and(|kind| kind.raw_text() == "ServiceAccount") {
            match namespace.to_value() {
                Ok(value::Value::String(text)) => namespaces.insert(text.to_string()),
                _ => return Err(ReferenceError::Namespace(resource.id().to_string())),
            };
        }
    }
    Ok(namespaces)
}

/// One reference on its way.
struct Follow<'a> {
    referrer: &'a Referrer,
    index: &'a Index,
    reference: &'a Reference<'a>,
}

impl<'a> Follow<'a> {
    fn set(&self, node: &mut Node) -> Result<(), FieldError> {
        if node.is_null() {
            return Ok(());
        }
        match node {
            Node::Scalar(_) => self.set_scalar(node),
            Node::Map(_) => self.set_map(node),
            Node::List(list) => {
                let needs_change = |item: &Node| match item {
                    Node::Scalar(scalar) => self.index.by_name.contains_key(&scalar.text),
                    _ => true,
                };
                if !list.iter().any(needs_change) {
                    return Ok(());
                }
                for item in node.as_list_mut().into_iter().flatten() {
                    match item {
                        item if item.is_null() => {}
                        Node::Scalar(_) => self.set_scalar(item)?,
                        Node::Map(_) => self.set_map(item)?,
                        Node::List(_) => {
                            let problem =
                                "a list in a list is expected to be either a string or a map of string";
                            return Err(FieldError::Refused(problem.to_owned()));
                        }
                    }
                }
                Ok(())
            }
        }
    }

    fn set_scalar(&self, node: &mut Node) -> Result<(), FieldError> {
        let Node::Scalar(known) = &*node else { return Ok(()) };
        let all_same = |found: &[&Candidate]| found.iter().all(|one| one.id.name == found[0].id.name);
        let Some(found) = self.find(&known.text, None, all_same)? else { return Ok(()) };
        if found.id.name != known.text {
            *node = renamed(Some(known), &found.id.name);
        }
        Ok(())
    }

    fn set_map(&self, node: &mut Node) -> Result<(), FieldError> {
        let Some(map) = node.as_map_mut() else { return Ok(()) };
        let Some(name) = map.get("name") else {
            return Err(FieldError::Refused("path config error; no 'name' field in node".to_owned()));
        };
        let namespace = map.get("namespace").map(|node| node.raw_text().to_owned());
        let all_same = |found: &[&Candidate]| {
            found.iter().all(|one| one.id.name == found[0].id.name && one.namespace == found[0].namespace)
        };
        let old = name.raw_text().to_owned();
        let Some(found) = self.find(&old, namespace.as_deref(), all_same)? else { return Ok(()) };
        if *found.id.name == *old && found.namespace.is_empty() {
            return Ok(());
        }
        let new = renamed(map.get("name").and_then(Node::as_scalar), &found.id.name);
        map.set("name", new);
        if !found.namespace.is_empty() {
            let new = renamed(map.get("namespace").and_then(Node::as_scalar), &found.namespace);
            map.set("namespace", new);
        }
        Ok(())
    }

    /// The resource that a name means now.
    fn find(
        &self,
        name: &str,
        namespace: Option<&str>,
        all_same: impl Fn(&[&Candidate]) -> bool,
    ) -> Result<Option<&'a Candidate>, FieldError> {
        let Some(places) = self.index.by_name.get(name) else { return Ok(None) };
        let mut found: Vec<&Candidate> = places.iter().map(|at| &self.index.candidates[*at]).collect();
        found.retain(|one| self.can_be_referred_to(one));
        if let Some(namespace) = namespace {
            found = self.of_namespace(found, namespace);
        }
        found.retain(|one| one.had_kind(self.reference.target));
        if self.reference.path.ends_with("roleRef/name")
            && let Some(role) = &self.referrer.role
        {
            found.retain(|one| one.had_kind(role));
        }
        found.retain(|one| self.is_in_same_namespace(one));
        if found.len() == 1 {
            return Ok(found.first().copied());
        }
        found.retain(|one| self.has_same_affixes(one, true));
        if found.len() > 1 {
            found.retain(|one| self.has_same_affixes(one, false));
        }
        match found.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(one)),
            several if all_same(several) => Ok(several.first().copied()),
            several => {
                let ids: Vec<String> = several.iter().map(|one| one.id.to_string()).collect();
                Err(FieldError::Refused(format!("found multiple possible referrals: {}", ids.join(", "))))
            }
        }
    }

    fn can_be_referred_to(&self, one: &Candidate) -> bool {
        self.referrer.is_cluster_scoped
            || one.is_cluster_scoped
            || one.id.effective_namespace() == self.referrer.id.effective_namespace()
            || self.referrer.binding_namespaces.contains(&*one.namespace)
    }

    /// By the namespace that resources had first; where none had it there, by the one that they have now.
    fn of_namespace<'b>(&self, found: Vec<&'b Candidate>, namespace: &str) -> Vec<&'b Candidate> {
        let is_original = |one: &&Candidate| one.original_namespace == namespace;
        // Whether any resource had the namespace is asked of all resources, whatever they are called.
        let places = self.index.by_original_namespace.get(namespace).map_or(&[][..], Vec::as_slice);
        let any_original = places.iter().any(|at| self.can_be_referred_to(&self.index.candidates[*at]));
        if any_original {
            found.into_iter().filter(is_original).collect()
        } else {
            found.into_iter().filter(|one| one.id.effective_namespace() == namespace).collect()
        }
    }

    fn is_in_same_namespace(&self, one: &Candidate) -> bool {
        self.referrer.is_cluster_scoped
            || one.is_cluster_scoped
            || &*one.id.gvk.kind == "ServiceAccount"
            || one.id.effective_namespace() == self.referrer.id.effective_namespace()
    }

    fn has_same_affixes(&self, one: &Candidate, allow_empty: bool) -> bool {
        let same = |a: &[Arc<str>], b: &[Arc<str>]| {
            (allow_empty && (a.is_empty() || b.is_empty())) || end_alike(a, b)
        };
        same(&one.prefixes, &self.referrer.prefixes) && same(&one.suffixes, &self.referrer.suffixes)
    }
}

/// Whether the shorter list is the end of the longer one; an empty list is only like an empty one.
fn end_alike(one: &[Arc<str>], other: &[Arc<str>]) -> bool {
    let (short, long) = if one.len() > other.len() { (other, one) } else { (one, other) };
    if short.is_empty() { long.is_empty() } else { long.ends_with(short) }
}

/// A scalar with another text; its quoting is kept.
fn renamed(known: Option<&Scalar>, text: &Arc<str>) -> Node {
    let (style, shared) = match known {
        Some(known) => (known.style, known.shared),
        None if looks_like_other_than_text(text) => (Style::QUOTED, 0),
        None => (Style::PLAIN, 0),
    };
    Node::Scalar(Scalar { text: text.clone(), tag: Tag::Unset, style, shared })
}
