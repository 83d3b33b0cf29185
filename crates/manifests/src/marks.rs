//! What an apply adds to the objects of a build.

use engine::change::Owner;
use flux_api::Kustomization;
use value::Value;

/// The owner labels of what a Kustomization deploys.
pub fn owner(namespace: &str, name: &str) -> Owner {
    Owner {
        group: flux_api::kustomization::kind().group,
        name: name.to_owned(),
        namespace: namespace.to_owned(),
    }
}

/// `object` as it is applied: with the owner labels, then the common metadata, which wins over what the manifests
/// say, and in the form in which the server keeps it.
pub fn marked(mut object: Value, owner: &Owner, spec: &Kustomization) -> Value {
    for (key, value) in owner.labels().iter().chain(&spec.common_labels) {
        object.set_at(&["metadata", "labels", key], value.as_str());
    }
    for (key, value) in &spec.common_annotations {
        object.set_at(&["metadata", "annotations", key], value.as_str());
    }
    engine::normal::normalise(object)
}
