//! Prefixes and suffixes of names.

use std::sync::Arc;

use yaml::node::{Node, Tag};

use super::TransformError;
use crate::field_spec::{Create, FieldSpec, set_scalar};
use crate::id::Gvk;
use crate::resources::Resources;

/// On which side of a name something is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Prefix,
    Suffix,
}

/// Adds `text` to names. Namespaces, CustomResourceDefinitions and APIServices keep theirs.
///
/// # Errors
/// A field cannot be set.
pub(crate) fn apply(
    resources: &mut Resources,
    text: &str,
    side: Side,
    specs: &[FieldSpec],
) -> Result<(), TransformError> {
    for resource in resources.all_mut() {
        let original = resource.original_id();
        if keeps_its_name(&original.gvk) {
            continue;
        }
        for spec in specs.iter().filter(|spec| original.gvk.is_selected(&spec.gvk)) {
            if &*spec.path == "metadata/name" && !text.is_empty() {
                let known = match side {
                    Side::Prefix => &mut resource.past.prefixes,
                    Side::Suffix => &mut resource.past.suffixes,
                };
                known.push(Arc::from(text));
                resource.remember_id();
            }
            let mut set = |node: &mut Node| {
                let name = match side {
                    Side::Prefix => format!("{text}{}", node.raw_text()),
                    Side::Suffix => format!("{}{text}", node.raw_text()),
                };
                set_scalar(node, &name, Tag::Unset)
            };
            spec.apply(resource, Create::Text, &mut set)
                .map_err(|source| TransformError::field(&spec.path, resource, source))?;
        }
        resource.settle_shared();
    }
    Ok(())
}

fn keeps_its_name(gvk: &Gvk) -> bool {
    match &*gvk.kind {
        "CustomResourceDefinition" | "Namespace" => true,
        "APIService" => &*gvk.group == "apiregistration.k8s.io",
        _ => false,
    }
}
