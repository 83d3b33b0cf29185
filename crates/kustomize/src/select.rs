//! Selectors of resources.

use std::sync::Arc;

use apimachinery::selector::{LabelSelector, LabelSelectorError};
use regex::Regex;
use thiserror::Error;

use crate::id::{Gvk, ResourceId};
use crate::kustomization::Selector;
use crate::resource::Resource;
use crate::resources::Resources;

/// A selector that is not right.
#[derive(Clone, Debug, Error)]
pub enum SelectError {
    /// A pattern that is no regular expression.
    #[error("error parsing regexp in {field} of a selector: `{pattern}`: {source}")]
    Pattern {
        /// The field.
        field: &'static str,
        /// The pattern.
        pattern: String,
        /// Why.
        source: regex::Error,
    },
    /// A label or annotation selector that cannot be read.
    #[error("{field} {text:?}: {source_text}")]
    Labels {
        /// The field.
        field: &'static str,
        /// The selector.
        text: String,
        /// Why.
        source_text: String,
    },
}

impl PartialEq for SelectError {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for SelectError {}

/// A pattern that must match the whole text; an empty one matches anything.
#[derive(Clone, Debug)]
enum Pattern {
    Anything,
    Literal(Arc<str>),
    Expression(Regex),
}

impl Pattern {
    fn new(pattern: &Arc<str>, field: &'static str) -> Result<Self, SelectError> {
        if pattern.is_empty() {
            return Ok(Self::Anything);
        }
        if regex::escape(pattern).len() == pattern.len() {
            return Ok(Self::Literal(pattern.clone()));
        }
        let wrong = |source| SelectError::Pattern { field, pattern: pattern.to_string(), source };
        Regex::new(&format!("^(?:{pattern})$")).map(Self::Expression).map_err(wrong)
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Anything => true,
            Self::Literal(literal) => **literal == *text,
            Self::Expression(expression) => expression.is_match(text),
        }
    }
}

/// A selector that was read.
#[derive(Clone, Debug)]
pub(crate) struct Matcher {
    group: Pattern,
    version: Pattern,
    kind: Pattern,
    name: Pattern,
    namespace: Pattern,
    labels: Option<LabelSelector>,
    annotations: Option<LabelSelector>,
}

impl Matcher {
    /// # Errors
    /// [`SelectError`]
    pub(crate) fn new(selector: &Selector) -> Result<Self, SelectError> {
        Ok(Self {
            group: Pattern::new(&selector.id.gvk.group, "group")?,
            version: Pattern::new(&selector.id.gvk.version, "version")?,
            kind: Pattern::new(&selector.id.gvk.kind, "kind")?,
            name: Pattern::new(&selector.id.name, "name")?,
            namespace: Pattern::new(&selector.id.namespace, "namespace")?,
            labels: labels(&selector.label_selector, "labelSelector")?,
            annotations: labels(&selector.annotation_selector, "annotationSelector")?,
        })
    }

    pub(crate) fn matches_gvk(&self, gvk: &Gvk) -> bool {
        self.group.matches(&gvk.group) && self.version.matches(&gvk.version) && self.kind.matches(&gvk.kind)
    }

    /// Kind, name and the namespace as it is written.
    pub(crate) fn matches_id(&self, id: &ResourceId) -> bool {
        self.matches_gvk(&id.gvk) && self.name.matches(&id.name) && self.namespace.matches(&id.namespace)
    }

    pub(crate) fn matches_labels(&self, resource: &Resource) -> bool {
        let fits = |selector: &Option<LabelSelector>, field| match selector {
            None => true,
            Some(selector) => {
                let texts = resource.texts(field);
                selector.matches(texts.iter().map(|(key, text)| (key.as_str(), &**text)))
            }
        };
        fits(&self.labels, "labels") && fits(&self.annotations, "annotations")
    }

    /// Name and namespace may be the original ones, each for itself.
    fn matches(&self, resource: &Resource) -> bool {
        let (current, original) = (resource.id(), resource.original_id());
        let either =
            |pattern: &Pattern, one: &str, other: &str| pattern.matches(one) || pattern.matches(other);
        either(&self.namespace, original.effective_namespace(), current.effective_namespace())
            && either(&self.name, &original.name, &current.name)
            && self.matches_gvk(&current.gvk)
            && self.matches_labels(resource)
    }
}

/// The places of the resources that a selector selects.
///
/// # Errors
/// [`SelectError`]
pub(crate) fn select(resources: &mut Resources, selector: &Selector) -> Result<Vec<usize>, SelectError> {
    let matcher = Matcher::new(selector)?;
    let candidates = match &matcher.name {
        Pattern::Literal(name) => resources.with_any_name(name),
        _ => (0..resources.len()).collect(),
    };
    let is_selected = |at: &usize| {
        resources.get(*at).is_some_and(|resource| !resource.is_gone() && matcher.matches(resource))
    };
    Ok(candidates.into_iter().filter(is_selected).collect())
}

fn labels(text: &str, field: &'static str) -> Result<Option<LabelSelector>, SelectError> {
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = |error: LabelSelectorError| SelectError::Labels {
        field,
        text: text.to_owned(),
        source_text: error.to_string(),
    };
    LabelSelector::parse(text).map(Some).map_err(wrong)
}
