//! Objects during a build.

use std::fmt;

use apimachinery::builtin;
use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use value::Value;
use yaml::Rules;

use crate::error::ManifestError;

/// Objects with this annotation are for the build only.
const LOCAL_CONFIG: &str = "config.kubernetes.io/local-config";

/// What identifies a resource within a build.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ResourceId {
    gvk: GroupVersionKind,
    namespace: String,
    name: String,
}

/// `ConfigMap.v1.[noGrp]/name.[noNs]`, as kustomize shows ids.
impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |text: &str, none: &str| if text.is_empty() { none.to_owned() } else { text.to_owned() };
        let GroupVersionKind { group, version, kind } = &self.gvk;
        write!(
            f,
            "{}.{}.{}/{}.{}",
            or(kind, "[noKind]"),
            or(version, "[noVer]"),
            or(group, "[noGrp]"),
            or(&self.name, "[noName]"),
            or(&self.namespace, "[noNs]")
        )
    }
}

/// An object of a build.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// The object.
    pub object: Value,
    /// Kind, namespace and name as the manifest had them.
    pub origin: ResourceId,
}

impl Resource {
    /// The id that the resource has now.
    pub fn id(&self) -> ResourceId {
        id_of(&self.object)
    }

    pub(crate) fn is_local_config(&self) -> bool {
        object::annotation(&self.object, LOCAL_CONFIG).is_some_and(|value| value != "false")
    }
}

/// The default namespace and none are the same to kustomize's ids of namespaced kinds.
pub(crate) fn id_of(object: &Value) -> ResourceId {
    let gvk = GroupVersionKind::of(object).unwrap_or_else(|| GroupVersionKind::new("", "", ""));
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    ResourceId { gvk, namespace: text(object::namespace(object)), name: text(object::name(object)) }
}

/// Whether objects of the kind live in namespaces. A kind that Kubernetes does not build in counts as
/// namespaced, since its definition is not looked at.
pub(crate) fn is_namespaced(object: &Value) -> bool {
    let known = GroupVersionKind::of(object).and_then(|gvk| builtin::resource(&gvk));
    known.is_none_or(|known| known.namespaced)
}

/// The objects of a manifest file; items of `List` kinds are objects of their own.
pub(crate) fn parse(bytes: &[u8]) -> Result<Vec<Resource>, ManifestError> {
    let text = std::str::from_utf8(bytes).map_err(|_| ManifestError::Encoding)?;
    let mut resources = Vec::new();
    for document in yaml::parse_documents(text, Rules::V3)? {
        if document.value.is_null() || document.value.as_map().is_some_and(value::Map::is_empty) {
            continue;
        }
        add(document.value, document.start.line, &mut resources)?;
    }
    Ok(resources)
}

fn add(object: Value, line: u64, resources: &mut Vec<Resource>) -> Result<(), ManifestError> {
    let kind = object.str_at(&["kind"]).unwrap_or_default().to_owned();
    let api_version = object.str_at(&["apiVersion"]).unwrap_or_default().to_owned();
    if let (true, Some(items)) = (kind.ends_with("List"), object.get("items").and_then(Value::as_list)) {
        return items.iter().try_for_each(|item| add(item.clone(), line, resources));
    }
    if kind.is_empty() && api_version.is_empty() && object.get("metadata").is_none() {
        return Err(ManifestError::NoMetadata);
    }
    if kind.is_empty() {
        return Err(ManifestError::NoKind { line });
    }
    if object::name(&object).is_none_or(str::is_empty) {
        return Err(ManifestError::NoName { line, api_version, kind });
    }
    let origin = id_of(&object);
    resources.push(Resource { object, origin });
    Ok(())
}
