//! The namespace transformer.

use yaml::node::{Node, Tag};

use super::TransformError;
use crate::field_spec::{Create, FieldError, FieldSpec, set_scalar};
use crate::resource::Resource;
use crate::resources::{IdError, Resources};
use crate::schema::Schema;

/// Which subjects of role bindings are moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Subjects {
    /// Those called `default`.
    #[default]
    Default,
    /// All service accounts.
    ServiceAccounts,
    /// None.
    None,
}

impl Subjects {
    /// # Errors
    /// There is no such mode.
    pub(crate) fn parse(text: &str) -> Result<Self, TransformError> {
        match text {
            "" | "defaultOnly" => Ok(Self::Default),
            "allServiceAccounts" => Ok(Self::ServiceAccounts),
            "none" => Ok(Self::None),
            other => Err(TransformError::Option {
                option: "setRoleBindingSubjects",
                value: other.to_owned(),
                allowed: "\"defaultOnly\", \"none\" or \"allServiceAccounts\"",
            }),
        }
    }
}

/// What the transformer is told.
#[derive(Clone, Debug)]
pub(crate) struct Options<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) specs: &'a [FieldSpec],
    /// Only empty fields are set.
    pub(crate) unset_only: bool,
    pub(crate) subjects: Subjects,
    /// Knows which kinds live in no namespace.
    pub(crate) schema: &'a Schema,
}

/// Moves all resources to a namespace.
///
/// Source: kustomize `NamespaceTransformer` and `filters/namespace`.
///
/// # Errors
/// A field cannot be set, or resources cannot be told apart any more.
pub(crate) fn apply(resources: &mut Resources, options: &Options<'_>) -> Result<(), TransformError> {
    if options.namespace.is_empty() {
        return Ok(());
    }
    for resource in resources.all_mut() {
        if resource.is_gone() || resource.past.is_of_helm {
            continue;
        }
        resource.remember_id();
        move_one(resource, options)?;
    }
    resources.conflict().map_or(Ok(()), |id| Err(IdError::NamespaceConflict(id).into()))
}

/// Moves one resource.
///
/// # Errors
/// A field cannot be set.
pub(crate) fn move_one(resource: &mut Resource, options: &Options<'_>) -> Result<(), TransformError> {
    let mut set = |node: &mut Node| set_namespace(node, options);
    if !options.schema.is_cluster_scoped(&resource.gvk()) {
        let spec = FieldSpec { path: "metadata/namespace".into(), create: true, ..FieldSpec::default() };
        spec.apply(resource, Create::Plain, &mut set)
            .map_err(|source| TransformError::field("metadata/namespace", resource, source))?;
    }
    let is_binding = matches!(resource.kind(), "RoleBinding" | "ClusterRoleBinding");
    if is_binding {
        move_subjects(resource, options)
            .map_err(|source| TransformError::field("subjects", resource, source))?;
    }
    let is_core = resource.api_version() == "v1";
    for spec in options.specs {
        let is_handled = match &*spec.path {
            "metadata/namespace" => true,
            "metadata/name" => !is_core,
            "subjects/namespace" => {
                is_binding && matches!(&*spec.gvk.kind, "RoleBinding" | "ClusterRoleBinding")
            }
            _ => false,
        };
        if !is_handled {
            spec.apply(resource, Create::Text, &mut set)
                .map_err(|source| TransformError::field(&spec.path, resource, source))?;
        }
    }
    Ok(())
}

fn set_namespace(node: &mut Node, options: &Options<'_>) -> Result<(), FieldError> {
    if options.unset_only && !node.is_null() && !node.raw_text().is_empty() {
        return Ok(());
    }
    set_scalar(node, options.namespace, Tag::Str)
}

fn move_subjects(resource: &mut Resource, options: &Options<'_>) -> Result<(), FieldError> {
    let (field, wanted) = match options.subjects {
        Subjects::None => return Ok(()),
        Subjects::Default => ("name", "default"),
        Subjects::ServiceAccounts => ("kind", "ServiceAccount"),
    };
    let Some(subjects) = resource.node_mut().as_map_mut().and_then(|map| map.get_mut("subjects")) else {
        return Ok(());
    };
    if subjects.is_null() {
        return Ok(());
    }
    let found = subjects.clone();
    let list = subjects.as_list_mut().ok_or_else(|| FieldError::kind("SequenceNode", &found))?;
    for subject in list {
        let is_meant = match subject.get(field) {
            None => false,
            Some(Node::Scalar(scalar)) => &*scalar.text == wanted,
            Some(other) if other.is_null() => false,
            Some(other) => return Err(FieldError::kind("ScalarNode", other)),
        };
        let Some(map) = subject.as_map_mut().filter(|_| is_meant) else { continue };
        if map.get("namespace").is_none() {
            map.set("namespace", Node::untagged(""));
        }
        if let Some(namespace) = map.get_mut("namespace") {
            set_namespace(namespace, options)?;
        }
    }
    Ok(())
}
