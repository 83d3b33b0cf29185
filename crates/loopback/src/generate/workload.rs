//! The Kustomization.

use argocd_api::application::{Kustomize, Replica};
use regex::Regex;
use value::Value;

use super::{INTERVAL, Inputs, Refusal, object, options, workload_name};
use crate::names::ApplicationName;

/// The kinds whose `spec.replicas` kustomize sets.
pub(crate) const REPLICATED: &str = "Deployment|StatefulSet|ReplicaSet|ReplicationController";

pub(super) fn kustomization(inputs: &Inputs<'_>) -> Result<Value, Refusal> {
    let application = inputs.application;
    let path = if inputs.source.path.is_empty() { "./" } else { &inputs.source.path };
    let prunes = options::prunes(application);
    let mut spec = Value::map_of([
        ("interval", Value::from(INTERVAL)),
        ("path", path.into()),
        ("prune", prunes.into()),
        ("wait", true.into()),
        ("sourceRef", source_reference(inputs)),
    ]);
    if let Some(suspend) = inputs.suspend {
        spec.set_at(&["suspend"], suspend);
    }
    if let Some(retry) = &application.sync_policy.retry {
        spec.set_at(&["retryInterval"], apimachinery::duration::format(retry.duration));
    }
    if let Some(kustomize) = &inputs.source.kustomize {
        add_kustomize(&mut spec, kustomize)?;
    }
    Ok(object(
        (&inputs.versions.kustomization, "Kustomization"),
        (&application.destination.namespace, workload_name(inputs)),
        spec,
    ))
}

fn source_reference(inputs: &Inputs<'_>) -> Value {
    let name = ApplicationName::of(inputs.object).name;
    Value::map_of([("kind", Value::from("GitRepository")), ("name", name.into())])
}

/// What an override may not do: let other sources or other clusters in, past the project.
pub(super) fn checked(workload: Value, inputs: &Inputs<'_>) -> Result<Value, Refusal> {
    let refuse = |what: &str| {
        let text =
            format!("the override of the Kustomization sets spec.{what}, which would go past the project");
        Err(Refusal(text))
    };
    if workload.at(&["spec", "kubeConfig"]).is_some() {
        return refuse("kubeConfig");
    }
    if workload.at(&["spec", "sourceRef"]) != Some(&source_reference(inputs)) {
        return refuse("sourceRef");
    }
    Ok(workload)
}

fn add_kustomize(spec: &mut Value, kustomize: &Kustomize) -> Result<(), Refusal> {
    let texts = [
        ("namePrefix", &kustomize.name_prefix),
        ("nameSuffix", &kustomize.name_suffix),
        ("targetNamespace", &kustomize.namespace),
    ];
    for (field, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        spec.set_at(&[field], text.as_str());
    }
    if !kustomize.images.is_empty() {
        let images: Result<Vec<Value>, Refusal> = kustomize.images.iter().map(|text| image(text)).collect();
        spec.set_at(&["images"], images?);
    }
    let patches: Vec<Value> =
        kustomize.patches.iter().map(patch).chain(kustomize.replicas.iter().map(replicas)).collect();
    if !patches.is_empty() {
        spec.set_at(&["patches"], patches);
    }
    if !kustomize.components.is_empty() {
        spec.set_at(&["components"], Value::list_of(kustomize.components.iter().map(String::as_str)));
    }
    if kustomize.ignore_missing_components {
        spec.set_at(&["ignoreMissingComponents"], true);
    }
    add_common(spec, kustomize)
}

/// Flux's common metadata goes on the objects and no further, so labels that are to be in selectors too
/// cannot be carried over.
fn add_common(spec: &mut Value, kustomize: &Kustomize) -> Result<(), Refusal> {
    if !kustomize.common_labels.is_empty() {
        if !kustomize.label_without_selector {
            return Err(Refusal::with_fix(
                "spec.source.kustomize.commonLabels cannot be carried over: Flux does not put labels into selectors",
                "set spec.source.kustomize.labelWithoutSelector: true, or say the labels in the kustomization of the source",
            ));
        }
        spec.set_at(&["commonMetadata", "labels"], Value::map_of(kustomize.common_labels.clone()));
    }
    if !kustomize.common_annotations.is_empty() {
        spec.set_at(&["commonMetadata", "annotations"], Value::map_of(kustomize.common_annotations.clone()));
    }
    Ok(())
}

/// `[old=]new[:tag][@digest]`, as kustomize's `edit set image` reads it.
fn image(text: &str) -> Result<Value, Refusal> {
    let refuse = || {
        let text = format!(
            "spec.source.kustomize.images has {text:?}, which is not of the form name=new:tag@digest"
        );
        Refusal(text)
    };
    let (old, new) = text.split_once('=').map_or((None, text), |(old, new)| (Some(old), new));
    let (rest, digest) = new.split_once('@').map_or((new, None), |(rest, digest)| (rest, Some(digest)));
    // A colon before the last slash is that of a port.
    let tag_at = rest.rfind(':').filter(|at| rest.rfind('/').is_none_or(|slash| slash < *at));
    let (name, tag) = tag_at.map_or((rest, None), |at| (&rest[..at], Some(&rest[at + 1..])));
    let original = old.unwrap_or(name);
    if original.is_empty() || (tag.is_none() && digest.is_none() && (old.is_none() || name.is_empty())) {
        return Err(refuse());
    }
    let mut image = Value::map_of([("name", original)]);
    let renamed = Some(name).filter(|name| !name.is_empty() && *name != original);
    for (field, text) in [("newName", renamed), ("newTag", tag), ("digest", digest)] {
        if let Some(text) = text {
            image.set_at(&[field], text);
        }
    }
    Ok(image)
}

fn patch(patch: &argocd_api::application::Patch) -> Value {
    let mut item = Value::map_of([("patch", patch.patch.as_str())]);
    if let Some(target) = &patch.target {
        item.set_at(&["target"], target.clone());
    }
    item
}

/// Flux has no replicas, but a patch does the same.
fn replicas(replica: &Replica) -> Value {
    let change = format!("- op: add\n  path: /spec/replicas\n  value: {}\n", replica.count);
    let name =
        Regex::new(r"[^A-Za-z0-9-]").map(|special| special.replace_all(&replica.name, "\\$0").into_owned());
    let target = Value::map_of([
        ("kind", REPLICATED.to_owned()),
        ("name", name.unwrap_or_else(|_| replica.name.clone())),
    ]);
    Value::map_of([("patch", Value::from(change)), ("target", target)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images() {
        let rows = [
            (
                "web=registry:5000/web:2@sha256:ab",
                r#"{"name":"web","newName":"registry:5000/web","newTag":"2","digest":"sha256:ab"}"#,
            ),
            ("web:2", r#"{"name":"web","newTag":"2"}"#),
            ("registry:5000/web:2", r#"{"name":"registry:5000/web","newTag":"2"}"#),
            ("web=other", r#"{"name":"web","newName":"other"}"#),
            ("web@sha256:ab", r#"{"name":"web","digest":"sha256:ab"}"#),
            ("web=:2", r#"{"name":"web","newTag":"2"}"#),
        ];
        for (text, expected) in rows {
            let expected = value::from_json(expected.as_bytes()).expect("valid");
            assert_eq!(image(text).expect(text), expected, "{text}");
        }
        for text in ["web", "", "=x:1", "web="] {
            let refusal = image(text).expect_err(text).to_string();
            assert!(refusal.contains(&format!("{text:?}")), "{refusal}");
        }
    }
}
