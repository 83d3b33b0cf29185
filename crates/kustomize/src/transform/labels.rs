//! Labels and annotations.

use yaml::node::{Node, Tag};

use super::TransformError;
use crate::config::{self, Config, ConfigError};
use crate::field_spec::{Create, FieldSpec, set_field};
use crate::kustomization::Label;
use crate::resources::Resources;

/// Sets texts in the mappings that field specs name.
///
/// # Errors
/// A field cannot be set.
pub(crate) fn apply(
    resources: &mut Resources,
    texts: &[(String, String)],
    specs: &[FieldSpec],
) -> Result<(), TransformError> {
    if texts.is_empty() {
        return Ok(());
    }
    let mut sorted: Vec<&(String, String)> = texts.iter().collect();
    sorted.sort();
    for resource in resources.contents_mut() {
        for (name, text) in &sorted {
            // kustomize inserts one and the same node wherever the label is new.
            let shared = resource.next_shared();
            for spec in specs {
                let mut set = |node: &mut Node| set_field(node, name, (text, Tag::Str), shared);
                spec.apply(resource, Create::Map, &mut set)
                    .map_err(|source| TransformError::field(&spec.path, resource, source))?;
            }
        }
        resource.settle_shared();
    }
    Ok(())
}

/// The field specs of one entry of `labels`.
///
/// # Errors
/// Specs of the entry and of the configuration contradict each other.
pub(crate) fn specs_of(label: &Label, config: &Config) -> Result<Vec<FieldSpec>, ConfigError> {
    let mut specs = label.fields.clone();
    let mut add = |more: &[FieldSpec]| config::merge_all(&mut specs, more.iter().cloned());
    add(&config.labels)?;
    if label.include_selectors {
        add(&config.common_labels)?;
        return Ok(specs);
    }
    if label.include_templates {
        add(&config.template_labels)?;
    }
    if label.include_volume_claim_templates {
        add(&config.volume_claim_template_labels)?;
    }
    add(&[FieldSpec { path: "metadata/labels".into(), create: true, ..FieldSpec::default() }])?;
    Ok(specs)
}
