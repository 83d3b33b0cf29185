//! Names, tags and digests of images.

use regex::Regex;
use yaml::node::{Node, Tag};

use super::TransformError;
use crate::field_spec::{Create, FieldError, FieldSpec, set_scalar};
use crate::kustomization::Image;
use crate::resources::Resources;

/// What may follow the name: a tag, and a digest of any algorithm.
const REST: &str = "(:[a-zA-Z0-9_.{}-]*)?(@[a-zA-Z0-9]+([.+_-][a-zA-Z0-9]+)*:[a-zA-Z0-9_.{}-]*)?$";

/// Changes images in the fields that the specs name, and in all `containers` and `initContainers`.
///
/// # Errors
/// An image is no text.
pub(crate) fn apply(
    resources: &mut Resources,
    image: &Image,
    specs: &[FieldSpec],
) -> Result<(), TransformError> {
    let change = Change::new(image);
    for resource in resources.contents_mut() {
        if resource.kind() == "CustomResourceDefinition" {
            continue;
        }
        if change.holds_match(resource.node()) {
            change
                .walk(resource.node_mut())
                .map_err(|source| TransformError::field("containers", resource, source))?;
        }
        for spec in specs {
            let mut set = |node: &mut Node| change.apply(node);
            spec.apply(resource, Create::Nothing, &mut set)
                .map_err(|source| TransformError::field(&spec.path, resource, source))?;
        }
        resource.settle_shared();
    }
    Ok(())
}

/// Fields whose elements have an `image`, wherever they are.
const CONTAINERS: [&str; 2] = ["containers", "initContainers"];

struct Change<'a> {
    image: &'a Image,
    /// The name is a part of a regular expression; one that is none matches nothing.
    pattern: Option<Regex>,
}

impl<'a> Change<'a> {
    fn new(image: &'a Image) -> Self {
        Self { image, pattern: Regex::new(&format!("^{}{REST}", image.name)).ok() }
    }

    /// Whether anything below `node` may have to be changed, so that other trees stay shared.
    fn holds_match(&self, node: &Node) -> bool {
        match node {
            Node::Scalar(_) => false,
            Node::List(list) => list.iter().any(|item| self.holds_match(item)),
            Node::Map(map) => map.entries().iter().any(|entry| {
                let is_containers = CONTAINERS.contains(&entry.key.as_str());
                (is_containers && entry.value.as_list().is_some()) || self.holds_match(&entry.value)
            }),
        }
    }

    fn walk(&self, node: &mut Node) -> Result<(), FieldError> {
        match node {
            Node::Scalar(_) => Ok(()),
            Node::List(list) => {
                if !list.iter().any(|item| self.holds_match(item)) {
                    return Ok(());
                }
                node.as_list_mut().into_iter().flatten().try_for_each(|item| self.walk(item))
            }
            Node::Map(map) => {
                if !map
                    .entries()
                    .iter()
                    .any(|entry| CONTAINERS.contains(&entry.key.as_str()) || self.holds_match(&entry.value))
                {
                    return Ok(());
                }
                let Some(map) = node.as_map_mut() else { return Ok(()) };
                for entry in map.entries_mut() {
                    self.walk(&mut entry.value)?;
                    if CONTAINERS.contains(&entry.key.as_str()) {
                        self.apply_to_elements(&mut entry.value)?;
                    }
                }
                Ok(())
            }
        }
    }

    fn apply_to_elements(&self, node: &mut Node) -> Result<(), FieldError> {
        let Some(list) = node.as_list_mut() else { return Ok(()) };
        for element in list {
            if element.is_null() {
                continue;
            }
            if element.as_map().is_none() {
                return Err(FieldError::kind("MappingNode", element));
            }
            if let Some(image) = element.as_map_mut().and_then(|map| map.get_mut("image")) {
                self.apply(image)?;
            }
        }
        Ok(())
    }

    fn apply(&self, node: &mut Node) -> Result<(), FieldError> {
        let Node::Scalar(scalar) = &*node else { return Err(FieldError::kind("ScalarNode", node)) };
        if !self.pattern.as_ref().is_some_and(|pattern| pattern.is_match(&scalar.text)) {
            return Ok(());
        }
        let changed = self.changed(&scalar.text);
        set_scalar(node, &changed, Tag::Unset)
    }

    /// A new tag or digest replaces both.
    fn changed(&self, text: &str) -> String {
        let Image { new_name, new_tag, digest: new_digest, tag_suffix, .. } = self.image;
        let (name, tag, digest) = split(text);
        let mut result = if new_name.is_empty() { name.to_owned() } else { new_name.clone() };
        let (tag, digest) = match (new_tag.is_empty(), new_digest.is_empty()) {
            (false, _) => (new_tag.clone(), new_digest.as_str()),
            (true, false) => (String::new(), new_digest.as_str()),
            (true, true) if !tag_suffix.is_empty() => (format!("{tag}{tag_suffix}"), ""),
            (true, true) => (tag.to_owned(), digest),
        };
        if !tag.is_empty() {
            result = format!("{result}:{tag}");
        }
        if !digest.is_empty() {
            result = format!("{result}@{digest}");
        }
        result
    }
}

/// Name, tag and digest. A colon before the first slash belongs to a port.
pub(crate) fn split(image: &str) -> (&str, &str, &str) {
    let from = image.find('/').filter(|at| *at > 0).unwrap_or(0);
    let find = |char: char| image[from..].find(char).map(|at| at + from);
    match (find('@'), find(':')) {
        (None, None) => (image, "", ""),
        (Some(at), colon) if colon.is_none_or(|colon| at < colon) => (&image[..at], "", &image[at + 1..]),
        (Some(at), Some(colon)) => (&image[..colon], &image[colon + 1..at], &image[at + 1..]),
        (_, Some(colon)) => (&image[..colon], &image[colon + 1..], ""),
        (Some(at), None) => (&image[..at], "", &image[at + 1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_split() {
        assert_eq!(split("nginx"), ("nginx", "", ""));
        assert_eq!(split("host:5000/a/b:1@sha256:x"), ("host:5000/a/b", "1", "sha256:x"));
        assert_eq!(split("a/b@sha256:x"), ("a/b", "", "sha256:x"));
        assert_eq!(split("a:1"), ("a", "1", ""));
    }
}
