//! Discovery: which groups, versions and resources there are.

use std::cmp::Reverse;
use std::sync::Arc;

use apimachinery::builtin::{self, Subresource};
use apimachinery::gvk::{GroupVersionKind, join_api_version};
use value::{Map, Value};

use crate::kinds::{Kind, Kinds};

/// The media type of aggregated discovery.
pub(crate) const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// A group with its versions, the preferred one first, and their kinds.
struct Group {
    name: String,
    versions: Vec<(String, Vec<Arc<Kind>>)>,
}

/// The groups in the order of their priority: the built-in ones, then the custom ones by name.
fn groups(kinds: &Kinds) -> Vec<Group> {
    let mut groups: Vec<Group> = builtin::groups()
        .iter()
        .map(|group| Group {
            name: group.name.clone(),
            versions: group.versions.iter().map(|version| (version.clone(), Vec::new())).collect(),
        })
        .collect();
    for kind in kinds.all() {
        add(&mut groups, kind);
    }
    for group in &mut groups[builtin::groups().len()..] {
        group.versions.sort_by_key(|(version, _)| Reverse(version_priority(version)));
    }
    groups[builtin::groups().len()..].sort_by(|a, b| a.name.cmp(&b.name));
    groups
}

fn add(groups: &mut Vec<Group>, kind: &Arc<Kind>) {
    let at = groups.iter().position(|group| group.name == kind.gvk.group).unwrap_or_else(|| {
        groups.push(Group { name: kind.gvk.group.clone(), versions: Vec::new() });
        groups.len() - 1
    });
    let versions = &mut groups[at].versions;
    match versions.iter_mut().find(|(version, _)| *version == kind.gvk.version) {
        Some((_, kinds)) => kinds.push(kind.clone()),
        None => versions.push((kind.gvk.version.clone(), vec![kind.clone()])),
    }
}

/// As `version.CompareKubeAwareVersionStrings`: stable before beta before alpha, newer before older,
/// anything else last.
pub(crate) fn version_priority(version: &str) -> (u8, u64, u64, Reverse<String>) {
    let parse = || {
        let rest = version.strip_prefix('v')?;
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let major: u64 = rest[..digits].parse().ok()?;
        let minor = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<u64>().ok() };
        match &rest[digits..] {
            "" => Some((3, major, 0)),
            rest if rest.starts_with("beta") => Some((2, major, minor(&rest[4..])?)),
            rest if rest.starts_with("alpha") => Some((1, major, minor(&rest[5..])?)),
            _ => None,
        }
    };
    let (stability, major, minor) = parse().unwrap_or((0, 0, 0));
    (stability, major, minor, Reverse(version.to_owned()))
}

/// `/version`
pub(crate) fn version() -> Value {
    let mut parts = builtin::version().trim_start_matches('v').split('.');
    let (major, minor) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    Value::map_of([
        ("major", major),
        ("minor", minor),
        ("gitVersion", &format!("{}+flamingo", builtin::version())),
        ("gitCommit", ""),
        ("gitTreeState", "simulated"),
        ("buildDate", "1970-01-01T00:00:00Z"),
        ("goVersion", "none"),
        ("compiler", "rustc"),
        ("platform", "flamingo/sandbox"),
    ])
}

/// `/`
pub(crate) fn paths(kinds: &Kinds) -> Value {
    let mut paths: Vec<String> =
        ["/api", "/apis", "/healthz", "/livez", "/openapi/v3", "/readyz", "/version"]
            .map(str::to_owned)
            .to_vec();
    for group in groups(kinds) {
        let root = if group.name.is_empty() { "/api".to_owned() } else { format!("/apis/{}", group.name) };
        if !group.name.is_empty() {
            paths.push(root.clone());
        }
        paths.extend(group.versions.iter().map(|(version, _)| format!("{root}/{version}")));
    }
    paths.sort();
    Value::map_of([("paths", Value::list_of(paths))])
}

/// `/api`
pub(crate) fn legacy_versions() -> Value {
    Value::map_of([
        ("kind", Value::from("APIVersions")),
        ("versions", Value::list_of(["v1"])),
        ("serverAddressByClientCIDRs", Value::from(Vec::new())),
    ])
}

/// `/apis`
pub(crate) fn group_list(kinds: &Kinds) -> Value {
    let groups = groups(kinds).into_iter().filter(|group| !group.name.is_empty());
    Value::map_of([
        ("kind", Value::from("APIGroupList")),
        ("apiVersion", "v1".into()),
        ("groups", Value::list_of(groups.map(|group| describe_group(&group)))),
    ])
}

/// `/apis/GROUP`
pub(crate) fn group(kinds: &Kinds, name: &str) -> Option<Value> {
    let group = groups(kinds).into_iter().find(|group| group.name == name)?;
    let mut described = describe_group(&group);
    described.set_at(&["kind"], "APIGroup");
    described.set_at(&["apiVersion"], "v1");
    Some(described)
}

fn describe_group(group: &Group) -> Value {
    let version = |version: &String| {
        Value::map_of([
            ("groupVersion", join_api_version(&group.name, version)),
            ("version", version.clone()),
        ])
    };
    let versions: Vec<Value> = group.versions.iter().map(|(name, _)| version(name)).collect();
    let preferred = versions.first().cloned().unwrap_or_default();
    Value::map_of([
        ("name", Value::from(group.name.as_str())),
        ("versions", versions.into()),
        ("preferredVersion", preferred),
    ])
}

/// `/api/v1` and `/apis/GROUP/VERSION`
pub(crate) fn resource_list(kinds: &Kinds, group: &str, version: &str) -> Option<Value> {
    let mut resources = Vec::new();
    for kind in kinds.all().filter(|kind| kind.gvk.group == group && kind.gvk.version == version) {
        resources.push(api_resource(kind, None));
        resources.extend(kind.subresources.iter().map(|subresource| api_resource(kind, Some(subresource))));
    }
    if resources.is_empty() {
        return None;
    }
    Some(Value::map_of([
        ("kind", Value::from("APIResourceList")),
        ("apiVersion", "v1".into()),
        ("groupVersion", join_api_version(group, version).into()),
        ("resources", resources.into()),
    ]))
}

fn api_resource(kind: &Kind, subresource: Option<&Subresource>) -> Value {
    let Some(subresource) = subresource else {
        let mut resource = Map::from_iter([
            ("name", Value::from(kind.plural.as_str())),
            ("singularName", kind.singular.as_str().into()),
            ("namespaced", kind.namespaced.into()),
            ("kind", kind.gvk.kind.as_str().into()),
            ("verbs", texts(&kind.verbs)),
        ]);
        add_names(&mut resource, kind);
        return resource.into();
    };
    let mut resource = Map::from_iter([
        ("name", Value::from(format!("{}/{}", kind.plural, subresource.name))),
        ("singularName", "".into()),
        ("namespaced", kind.namespaced.into()),
        ("kind", subresource.gvk.kind.as_str().into()),
        ("verbs", texts(&subresource.verbs)),
    ]);
    let gvk = &subresource.gvk;
    if (&gvk.group, &gvk.version) != (&kind.gvk.group, &kind.gvk.version) {
        resource.insert("group", gvk.group.as_str());
        resource.insert("version", gvk.version.as_str());
    }
    resource.into()
}

fn add_names(resource: &mut Map, kind: &Kind) {
    for (key, names) in [("shortNames", &kind.short_names), ("categories", &kind.categories)] {
        if !names.is_empty() {
            resource.insert(key, texts(names));
        }
    }
}

/// `/apis`, aggregated.
pub(crate) fn aggregated(kinds: &Kinds) -> Value {
    aggregate(groups(kinds).into_iter().filter(|group| !group.name.is_empty()))
}

/// `/api`, aggregated.
pub(crate) fn aggregated_core(kinds: &Kinds) -> Value {
    aggregate(groups(kinds).into_iter().filter(|group| group.name.is_empty()))
}

fn aggregate(groups: impl Iterator<Item = Group>) -> Value {
    let items = groups.map(|group| {
        let name = (!group.name.is_empty()).then_some(("name", group.name.as_str()));
        let versions = group.versions.iter().map(|(version, kinds)| {
            Value::map_of([
                ("version", Value::from(version.as_str())),
                ("resources", Value::list_of(kinds.iter().map(|kind| aggregated_resource(kind)))),
                ("freshness", "Current".into()),
            ])
        });
        Value::map_of([
            ("metadata", Value::from(Map::from_iter(name))),
            ("versions", Value::list_of(versions)),
        ])
    });
    Value::map_of([
        ("kind", Value::from("APIGroupDiscoveryList")),
        ("apiVersion", "apidiscovery.k8s.io/v2".into()),
        ("metadata", Value::map()),
        ("items", Value::list_of(items)),
    ])
}

fn aggregated_resource(kind: &Kind) -> Value {
    let scope = if kind.namespaced { "Namespaced" } else { "Cluster" };
    let mut resource = Map::from_iter([
        ("resource", Value::from(kind.plural.as_str())),
        ("responseKind", response_kind(&kind.gvk)),
        ("scope", scope.into()),
        ("singularResource", kind.singular.as_str().into()),
        ("verbs", texts(&kind.verbs)),
    ]);
    add_names(&mut resource, kind);
    if !kind.subresources.is_empty() {
        let subresources = kind.subresources.iter().map(|subresource| {
            Value::map_of([
                ("subresource", Value::from(subresource.name.as_str())),
                ("responseKind", response_kind(&subresource.gvk)),
                ("verbs", texts(&subresource.verbs)),
            ])
        });
        resource.insert("subresources", Value::list_of(subresources));
    }
    resource.into()
}

fn response_kind(gvk: &GroupVersionKind) -> Value {
    Value::map_of(
        [("group", &gvk.group), ("version", &gvk.version), ("kind", &gvk.kind)]
            .map(|(key, text)| (key, text.as_str())),
    )
}

fn texts(texts: &[String]) -> Value {
    Value::list_of(texts.iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_preferred_as_kubernetes_does() {
        let mut versions = vec!["v1alpha1", "v2beta1", "foo", "v1", "v10", "v2beta2", "v2"];
        versions.sort_by_key(|version| Reverse(version_priority(version)));
        assert_eq!(versions, ["v10", "v2", "v1", "v2beta2", "v2beta1", "v1alpha1", "foo"]);
    }

    #[test]
    fn builtin_groups_are_listed() {
        let kinds = Kinds::builtin();
        let list = resource_list(&kinds, "apps", "v1").unwrap();
        let names: Vec<_> = list
            .at(&["resources"])
            .unwrap()
            .as_list()
            .unwrap()
            .iter()
            .filter_map(|r| r.str_at(&["name"]))
            .collect();
        assert!(names.contains(&"deployments/scale"));
        assert!(resource_list(&kinds, "apps", "v2").is_none());
        assert_eq!(aggregated_core(&kinds).at(&["items"]).unwrap().as_list().unwrap().len(), 1);
    }
}
