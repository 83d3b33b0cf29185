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
    /// Nothing but dots, as many names have them; each stands for any character.
    Dotted(Arc<str>),
    Expression(Regex),
}

/// What stands for something else than itself in Go's expressions, besides the dot.
const SPECIAL: &[char] = &['\\', '+', '*', '?', '(', ')', '|', '[', ']', '{', '}', '^', '$'];

impl Pattern {
    fn new(pattern: &Arc<str>, field: &'static str) -> Result<Self, SelectError> {
        if pattern.is_empty() {
            return Ok(Self::Anything);
        }
        if !pattern.contains(SPECIAL) {
            let is_dotted = pattern.contains('.');
            return Ok(if is_dotted {
                Self::Dotted(pattern.clone())
            } else {
                Self::Literal(pattern.clone())
            });
        }
        let wrong = |source| SelectError::Pattern { field, pattern: pattern.to_string(), source };
        Regex::new(&format!("^(?:{pattern})$")).map(Self::Expression).map_err(wrong)
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Anything => true,
            Self::Literal(literal) => **literal == *text,
            Self::Dotted(pattern) => is_dotted_alike(pattern, text),
            Self::Expression(expression) => expression.is_match(text),
        }
    }
}

/// Whether a text is as a pattern whose dots stand for any character but the end of a line.
fn is_dotted_alike(pattern: &str, text: &str) -> bool {
    let mut chars = text.chars();
    let fits =
        |wanted: char| chars.next().is_some_and(|char| char == wanted || (wanted == '.' && char != '\n'));
    pattern.chars().all(fits) && chars.next().is_none()
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

    /// The places of the resources that can be meant, by the names that they have or had.
    pub(crate) fn candidates(&self, resources: &mut Resources) -> Vec<usize> {
        match &self.name {
            Pattern::Anything => (0..resources.len()).collect(),
            Pattern::Literal(name) => resources.with_any_name(name),
            Pattern::Dotted(pattern) => {
                let prefix = pattern.split('.').next().unwrap_or_default();
                resources.with_names(prefix, |name| is_dotted_alike(pattern, name))
            }
            Pattern::Expression(expression) => resources.with_names("", |name| expression.is_match(name)),
        }
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
    let candidates = matcher.candidates(resources);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The places that are looked at for a pattern of names, and those that it selects.
    fn looked_at_and_selected(names: &[&str], pattern: &str) -> (Vec<usize>, Vec<usize>) {
        let object =
            |name: &&str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: \"{name}\"}}\n");
        let text = names.iter().map(object).collect::<Vec<_>>().join("---\n");
        let mut resources = Resources::default();
        *resources.all_mut() = crate::read::parse(text.as_bytes()).expect("objects");
        let id = ResourceId { name: pattern.into(), ..ResourceId::default() };
        let selector = Selector { id, ..Selector::default() };
        let looked_at = Matcher::new(&selector).expect("a selector").candidates(&mut resources);
        (looked_at, select(&mut resources, &selector).expect("a selector"))
    }

    #[test]
    fn only_resources_with_a_fitting_name_are_looked_at() {
        let names = ["web-1", "web-10", "a.example.com", "a-example.com", "a.example.comx", "#&~é"];
        for (pattern, expected) in [
            ("web-1", vec![0]),
            ("a.example.com", vec![2, 3]),
            (".eb-1", vec![0]),
            ("web-1.", vec![1]),
            ("web.*", vec![0, 1]),
            ("web|a-example.com", vec![3]),
            ("#&~.", vec![5]),
            ("#&~é", vec![5]),
            ("", vec![0, 1, 2, 3, 4, 5]),
        ] {
            assert_eq!(looked_at_and_selected(&names, pattern), (expected.clone(), expected), "{pattern}");
        }
    }

    #[test]
    fn dots_stand_for_what_they_do_in_expressions() {
        let texts = ["", "a", "a.", "a\n", "aé", "ab", "abc", ".", "x"];
        for pattern in ["a.", ".", "..", "a", "..."] {
            let expression = Regex::new(&format!("^(?:{pattern})$")).expect("an expression");
            for text in texts {
                assert_eq!(is_dotted_alike(pattern, text), expression.is_match(text), "{pattern} {text:?}");
            }
        }
    }
}
