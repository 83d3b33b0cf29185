//! `status.resources`, `status.summary` and `status.sourceType`.

use std::collections::BTreeSet;

use apimachinery::gvk::GroupVersionKind;
use argocd_api::application::Source;
use engine::ObjectRef;
use insight::health::Health;
use value::Value;

use super::health::{of_source, of_workload};
use super::{Live, SyncCode};

/// The objects that the Application consists of: its Flux objects. What those deployed is in the tree.
pub(super) fn resources(live: &Live<'_>, sync: SyncCode) -> Value {
    let source = live
        .source
        .and_then(|source| resource(source, SyncCode::Synced, &of_source(source, live.holds_source)));
    // The workload is what a sync changes.
    let workload =
        live.workload.and_then(|workload| resource(workload, sync, &of_workload(workload, live.rests)));
    let mut resources: Vec<Value> = workload.into_iter().chain(source).collect();
    resources.sort_by_key(|resource| resource.str_at(&["group"]).map(str::to_owned));
    resources.into()
}

fn resource(object: &Value, sync: SyncCode, health: &Health) -> Option<Value> {
    let ObjectRef { group, kind, namespace, name } = ObjectRef::of(object)?;
    let version = GroupVersionKind::of(object)?.version;
    Some(Value::map_of([
        ("group", Value::from(group)),
        ("version", version.into()),
        ("kind", kind.into()),
        ("namespace", namespace.into()),
        ("name", name.into()),
        ("status", sync.as_str().into()),
        ("health", health.to_value()),
    ]))
}

/// Images and addresses of what was deployed.
pub(super) fn summary(children: &[Value]) -> Value {
    let (mut images, mut addresses) = (BTreeSet::new(), BTreeSet::new());
    let mut applications = false;
    for child in children {
        applications |= child.str_at(&["kind"]) == Some("Application")
            && child.str_at(&["apiVersion"]).is_some_and(|version| version.starts_with("argoproj.io/"));
        collect_images(child, &mut images);
        collect_addresses(child, &mut addresses);
    }
    let mut summary = Value::map();
    for (field, texts) in [("externalURLs", addresses), ("images", images)] {
        if !texts.is_empty() {
            summary.set_at(&[field], Value::list_of(texts));
        }
    }
    if applications {
        summary.set_at(&["isAppOfApps"], true);
    }
    summary
}

/// The images of a Pod template, or of a Pod.
fn collect_images(child: &Value, images: &mut BTreeSet<String>) {
    let templates: [&[&str]; 3] =
        [&["spec", "template", "spec"], &["spec", "jobTemplate", "spec", "template", "spec"], &["spec"]];
    for template in templates {
        for list in ["initContainers", "containers"] {
            let containers =
                child.at(template).and_then(|template| template.get(list)).and_then(Value::as_list);
            let found = containers.into_iter().flatten().filter_map(|container| container.str_at(&["image"]));
            images.extend(found.map(str::to_owned));
        }
    }
}

fn collect_addresses(child: &Value, addresses: &mut BTreeSet<String>) {
    let list =
        |value: &Value, path: &[&str]| value.at(path).and_then(Value::as_list).unwrap_or_default().to_vec();
    let points = list(child, &["status", "loadBalancer", "ingress"]);
    let hosts: Vec<&str> = points
        .iter()
        .filter_map(|point| point.str_at(&["hostname"]).or_else(|| point.str_at(&["ip"])))
        .collect();
    if child.str_at(&["kind"]) == Some("Ingress") && !hosts.is_empty() {
        let secure: Vec<String> = list(child, &["spec", "tls"])
            .iter()
            .filter(|tls| tls.str_at(&["secretName"]).is_some_and(|name| !name.is_empty()))
            .flat_map(|tls| list(tls, &["hosts"]))
            .filter_map(|host| host.as_str().map(str::to_owned))
            .collect();
        for host in list(child, &["spec", "rules"]).iter().filter_map(|rule| rule.str_at(&["host"])) {
            let scheme = if secure.iter().any(|secure| secure == host) { "https" } else { "http" };
            addresses.insert(format!("{scheme}://{host}/"));
        }
    }
}

/// Whether kustomize is told anything; a directory otherwise, as far as one knows without looking.
pub(super) fn source_type(source: &Source) -> &'static str {
    if source.has_directory && source.kustomize.is_none() { "Directory" } else { "Kustomize" }
}
