//! Numbers of replicas.

use yaml::node::{Node, Tag};

use super::TransformError;
use crate::field_spec::{Create, FieldSpec, set_scalar};
use crate::kustomization::Replica;
use crate::resources::Resources;

/// Sets the number of replicas of the resources that have, or had, a name.
///
/// # Errors
/// There is none, or a field cannot be set.
pub(crate) fn apply(
    resources: &mut Resources,
    replica: &Replica,
    specs: &[FieldSpec],
) -> Result<(), TransformError> {
    let candidates = resources.with_any_name(&replica.name);
    let mut is_found = false;
    for spec in specs {
        for at in &candidates {
            let Some(resource) = resources.get(*at) else { continue };
            let fits = |id: crate::id::ResourceId| *id.name == *replica.name && id.gvk.is_selected(&spec.gvk);
            let is_meant = resource.previous_ids().chain([resource.id()]).any(fits);
            if !is_meant || resource.is_gone() {
                continue;
            }
            is_found = true;
            let resource = resources.one_mut(*at);
            let count = replica.count.to_string();
            let mut set = |node: &mut Node| set_scalar(node, &count, Tag::Int);
            spec.apply(resource, Create::Int, &mut set)
                .map_err(|source| TransformError::field(&spec.path, resource, source))?;
            resource.settle_shared();
        }
    }
    if is_found {
        return Ok(());
    }
    let gvks = specs.iter().map(|spec| spec.gvk.to_string()).collect();
    Err(TransformError::NoReplicas { name: replica.name.clone(), gvks })
}
