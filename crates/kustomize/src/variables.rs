//! Variables (`vars`): `$(NAME)` in many fields becomes the value of a field of a resource.
//!
//! Source: kustomize `resaccumulator.go` and `filters/refvar`.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use thiserror::Error;
use yaml::node::{Node, Scalar, Style, Tag};

use crate::field_spec::{Create, FieldError, FieldSpec, split_bracketed_path};
use crate::id::ResourceId;
use crate::kustomization::Variable;
use crate::lookup::{self, LookupError};
use crate::resource::Resource;
use crate::resources::Resources;

/// A variable that cannot be resolved.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VariableError {
    /// Two of the same name.
    #[error("var '{name}' already encountered")]
    Twice {
        /// The variable.
        name: String,
        /// The kustomization file with the second one.
        file: String,
    },
    /// Several resources could be meant.
    #[error("found {count} resId matches for var {name} (unable to disambiguate)")]
    Ambiguous {
        /// The variable.
        name: String,
        /// How many.
        count: usize,
        /// The kustomization file with the variable.
        file: String,
    },
    /// No resource is meant.
    #[error("var '{name}' cannot be mapped to a field in the set of known resources: there is no {object}")]
    NoResource {
        /// The variable.
        name: String,
        /// What it refers to.
        object: ResourceId,
        /// The kustomization file with the variable.
        file: String,
    },
    /// The resource lacks the field.
    #[error("field specified in var '{name}' not found in corresponding resource: {object} has no {path}")]
    NoField {
        /// The variable.
        name: String,
        /// The resource.
        object: ResourceId,
        /// The field.
        path: String,
        /// The kustomization file with the variable.
        file: String,
    },
    /// A place that cannot hold a variable.
    #[error("considering field '{path}' of object {id}: {source}")]
    Field {
        /// The path.
        path: String,
        /// The resource.
        id: ResourceId,
        /// The kustomization file that is built.
        file: String,
        /// Why.
        source: FieldError,
    },
}

impl VariableError {
    /// The kustomization file that the error is about.
    pub(crate) fn file(&self) -> &str {
        match self {
            Self::Twice { file, .. }
            | Self::Ambiguous { file, .. }
            | Self::NoResource { file, .. }
            | Self::NoField { file, .. }
            | Self::Field { file, .. } => file,
        }
    }
}

/// A variable, and the kustomization file that it stands in.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    variable: Variable,
    file: Arc<str>,
}

/// The variables of a build by name.
pub(crate) type Variables = BTreeMap<String, Known>;

/// Adds the variables of a kustomization and notes the resources that they refer to.
///
/// # Errors
/// A variable is there already, or several resources could be meant.
pub(crate) fn add(
    known: &mut Variables,
    resources: &mut Resources,
    added: &[Variable],
    file: &str,
) -> Result<(), VariableError> {
    let file: Arc<str> = Arc::from(file);
    for variable in added {
        let wanted = &variable.object;
        let is_meant = |id: &ResourceId| {
            let same_namespace = wanted.namespace.is_empty()
                || crate::id::effective_namespace(false, &wanted.namespace) == id.effective_namespace();
            id.name == wanted.name && id.gvk == wanted.gvk && same_namespace
        };
        let mut found = resources.with_any_name(&wanted.name);
        found.retain(|at| {
            resources.get(*at).is_some_and(|resource| {
                !resource.is_gone() && resource.previous_ids().chain([resource.id()]).any(|id| is_meant(&id))
            })
        });
        match found.as_slice() {
            [] => {}
            [at] => resources.one_mut(*at).variables.push(variable.name.clone()),
            several => {
                return Err(VariableError::Ambiguous {
                    name: variable.name.clone(),
                    count: several.len(),
                    file: file.to_string(),
                });
            }
        }
    }
    merge(known, added.iter().map(|variable| Known { variable: variable.clone(), file: file.clone() }))
}

/// Adds variables that know their resources already.
///
/// # Errors
/// A variable is there already.
pub(crate) fn merge(
    known: &mut Variables,
    added: impl IntoIterator<Item = Known>,
) -> Result<(), VariableError> {
    for one in added {
        let name = one.variable.name.clone();
        if known.contains_key(&name) {
            return Err(VariableError::Twice { name, file: one.file.to_string() });
        }
        known.insert(name, one);
    }
    Ok(())
}

/// What a variable stands for.
#[derive(Clone, Debug)]
enum Content {
    Scalar(Scalar),
    /// A collection cannot be put into a text.
    Collection,
}

/// Puts the values of all variables where they are used.
///
/// # Errors
/// A variable has no value, or a field cannot hold one.
pub(crate) fn resolve(
    resources: &mut Resources,
    variables: &Variables,
    specs: &[FieldSpec],
    file: &str,
) -> Result<(), VariableError> {
    if variables.is_empty() {
        return Ok(());
    }
    let contents = contents_of(resources, variables)?;
    for resource in resources.all_mut() {
        for spec in specs {
            let mut set = |node: &mut Node| replace(node, &contents);
            spec.apply(resource, Create::Nothing, &mut set).map_err(|source| VariableError::Field {
                path: spec.path.to_string(),
                id: resource.id(),
                file: file.to_owned(),
                source,
            })?;
        }
        resource.settle_shared();
    }
    Ok(())
}

/// What each variable stands for, by the first resource that is meant.
fn contents_of<'a>(resources: &Resources, variables: &'a Variables) -> Result<Contents<'a>, VariableError> {
    let mut meant: HashMap<&str, &Resource> = HashMap::new();
    for resource in resources.iter() {
        for name in &resource.variables {
            meant.entry(name).or_insert(resource);
        }
    }
    let content = |known: &'a Known| {
        let Known { variable, file } = known;
        let name = variable.name.as_str();
        let resource = meant.get(name).ok_or_else(|| VariableError::NoResource {
            name: variable.name.clone(),
            object: variable.object.clone(),
            file: file.to_string(),
        })?;
        Ok((name, content_of(resource, known)?))
    };
    variables.values().map(content).collect()
}

fn content_of(resource: &Resource, known: &Known) -> Result<Content, VariableError> {
    let Known { variable, file } = known;
    let missing = || VariableError::NoField {
        name: variable.name.clone(),
        object: resource.id(),
        path: variable.field_path.clone(),
        file: file.to_string(),
    };
    let parts = with_indices(split_bracketed_path(&variable.field_path, '.'));
    let found: Result<Option<&Node>, LookupError> = lookup::get(resource.node(), &parts);
    match found.ok().flatten().ok_or_else(missing)? {
        Node::Scalar(scalar) => {
            let is_number = match scalar.tag {
                Tag::Int => scalar.text.parse::<i64>().is_ok(),
                Tag::Float => scalar.text.parse::<f64>().is_ok(),
                Tag::Bool => scalar.text.parse::<bool>().is_ok() || GO_BOOLS.contains(&&*scalar.text),
                _ => true,
            };
            if is_number { Ok(Content::Scalar(scalar.clone())) } else { Err(missing()) }
        }
        _ => Ok(Content::Collection),
    }
}

/// What Go's `strconv.ParseBool` takes besides `true` and `false`.
const GO_BOOLS: [&str; 4] = ["True", "TRUE", "False", "FALSE"];

/// `a[0]` is `a` and `0`.
fn with_indices(parts: Vec<String>) -> Vec<String> {
    let split = |part: String| -> Vec<String> {
        let index = part.strip_suffix(']').and_then(|rest| rest.rsplit_once('['));
        match index {
            Some((name, number))
                if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                let name = (!name.is_empty()).then(|| name.to_owned());
                name.into_iter().chain([number.to_owned()]).collect()
            }
            _ => vec![part],
        }
    };
    parts.into_iter().flat_map(split).collect()
}

type Contents<'a> = BTreeMap<&'a str, Content>;

fn replace(node: &mut Node, contents: &Contents<'_>) -> Result<(), FieldError> {
    if node.is_null() {
        return Ok(());
    }
    match node {
        Node::Scalar(scalar) => {
            if scalar.is_text() {
                expand(scalar, contents);
            }
            Ok(())
        }
        Node::Map(_) => {
            for entry in node.as_map_mut().map_or(&mut Vec::new(), |map| map.entries_mut()) {
                let is_text = entry.is_text || yaml::node::plain_tag(&entry.key) == Tag::Str;
                if !is_text {
                    return Err(FieldError::Refused(format!("invalid map key: value='{}'", entry.key)));
                }
                if let Node::Scalar(scalar) = &mut entry.value
                    && scalar.is_text()
                {
                    expand(scalar, contents);
                }
            }
            Ok(())
        }
        Node::List(_) => {
            for item in node.as_list_mut().into_iter().flatten() {
                match item {
                    Node::Scalar(scalar) if scalar.is_text() => expand(scalar, contents),
                    _ => return Err(FieldError::Refused("invalid value type expect a string".to_owned())),
                }
            }
            Ok(())
        }
    }
}

/// Kubernetes' rules for `$(NAME)`: `$$` is a dollar sign, and what is not known stays.
fn expand(scalar: &mut Scalar, contents: &Contents<'_>) {
    let text = scalar.text.clone();
    let shared = scalar.shared;
    if let Some(name) = text.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')'))
        && !name.contains(')')
        && let Some(Content::Scalar(content)) = contents.get(name)
    {
        // A variable that is the whole text keeps its type.
        *scalar =
            Scalar { text: canonical(content).into(), tag: typed(content), style: Style::PLAIN, shared };
        return;
    }
    let expanded = expanded(&text, contents);
    *scalar = Scalar { text: expanded.into(), tag: Tag::Str, style: Style::PLAIN, shared };
}

fn typed(content: &Scalar) -> Tag {
    match content.tag {
        tag @ (Tag::Int | Tag::Float | Tag::Bool) => tag,
        _ => Tag::Str,
    }
}

/// The text of a value that went through Go's types.
fn canonical(content: &Scalar) -> String {
    match content.tag {
        Tag::Int => {
            content.text.parse::<i64>().map_or_else(|_| content.text.to_string(), |number| number.to_string())
        }
        Tag::Float => {
            content.text.parse::<f64>().map_or_else(|_| content.text.to_string(), |number| number.to_string())
        }
        Tag::Bool => content.text.to_ascii_lowercase(),
        _ => content.text.to_string(),
    }
}

fn expanded(text: &str, contents: &Contents<'_>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, from) = rest.split_at(at);
        let behind = &from[1..];
        let Some(next) = behind.chars().next() else { break };
        out.push_str(before);
        rest = match next {
            '$' => {
                out.push('$');
                &behind[1..]
            }
            '(' => match behind.find(')') {
                Some(end) => {
                    let name = &behind[1..end];
                    match contents.get(name) {
                        Some(Content::Scalar(content)) => out.push_str(&canonical(content)),
                        _ => out.push_str(&format!("$({name})")),
                    }
                    &behind[end + 1..]
                }
                None => {
                    out.push_str("$(");
                    &behind[1..]
                }
            },
            other => {
                out.push('$');
                out.push(other);
                &behind[other.len_utf8()..]
            }
        };
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_expand_as_in_containers() {
        let contents: Contents<'_> = [("A", Content::Scalar(Scalar::text("x")))].into();
        let rows = [
            ("$(A)-$(A)", "x-x"),
            ("$$(A)_$(A)", "$(A)_x"),
            ("$(B)", "$(B)"),
            ("$$$$$$$(A)", "$$$x"),
            ("$(A)$", "x$"),
            ("$(A", "$(A"),
            ("${A}", "${A}"),
            ("--$($($(--", "--$($($(--"),
        ];
        for (text, expected) in rows {
            assert_eq!(expanded(text, &contents), expected, "{text}");
        }
    }
}
