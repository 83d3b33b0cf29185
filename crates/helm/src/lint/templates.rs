//! Rules about templates and what they render to.

use apimachinery::validation::names;
use value::Value;

use super::documents::{self, Object};
use super::{Linter, Severity, deprecations};
use crate::capabilities::KubeVersion;
use crate::chart::Chart;
use crate::decode;
use crate::go;
use crate::manifest::Rendered;

pub(super) fn lint(
    chart: &Chart,
    files: &[Rendered],
    kube_version: Option<&KubeVersion>,
    linter: &mut Linter,
) {
    let kube_version = kube_version.cloned().unwrap_or_default();
    for template in &chart.templates {
        let name = &*template.name;
        let extension = go::extension(name);
        let known = if [".yaml", ".yml", ".tpl", ".txt"].contains(&extension) {
            Ok(())
        } else {
            Err(format!(
                "file extension '{extension}' not valid. Valid extensions are .yaml, .yml, .tpl, or .txt"
            ))
        };
        linter.rule(Severity::Error, name, known);
        if ![".yaml", ".yml"].contains(&extension.to_lowercase().as_str()) {
            continue;
        }
        let path = format!("{}/{name}", chart.name());
        let Some(file) = files.iter().find(|file| file.path == path) else { continue };
        if !file.content.trim_ascii().is_empty() && !rendered(name, &file.content, &kube_version, linter) {
            return;
        }
    }
}

/// Whether the file is YAML; helm stops where one is not.
fn rendered(name: &str, content: &[u8], kube_version: &KubeVersion, linter: &mut Linter) -> bool {
    let text = String::from_utf8_lossy(content);
    linter.rule(Severity::Warning, name, indent(&text));
    for document in documents::read(content) {
        let object = match document {
            Ok(object) => object,
            Err(error) => {
                return linter.rule(Severity::Error, name, Err(format!("unable to parse YAML: {error}")));
            }
        };
        let Some(object) = object else { continue };
        linter.rule(Severity::Warning, name, object_name(&object));
        let deprecated = deprecations::warning(&object.api_version, &object.kind, kube_version);
        linter.rule(Severity::Warning, name, deprecated.map_or(Ok(()), Err));
        linter.rule(Severity::Error, name, selector(&object, &text));
        linter.rule(Severity::Error, name, list_annotations(&object, content));
    }
    true
}

fn indent(text: &str) -> Result<(), String> {
    match text.lines().find(|line| !line.trim().is_empty()) {
        Some(line) if line.starts_with([' ', '\t']) => Err(format!(
            "document starts with an illegal indent: {}, which may cause parsing problems",
            go::quote(line)
        )),
        _ => Ok(()),
    }
}

fn object_name(object: &Object) -> Result<(), String> {
    let name = &object.name;
    let problems = match object.kind.to_lowercase().as_str() {
        "service" => names::dns1035_label(name),
        "namespace" => names::dns1123_label(name),
        "certificatesigningrequest" => Vec::new(),
        "role" | "clusterrole" | "rolebinding" | "clusterrolebinding" => names::path_segment(name),
        _ => names::dns1123_subdomain(name),
    };
    let shown = go::quote(name);
    let problems: Vec<String> =
        problems.iter().map(|problem| format!("metadata.name: Invalid value: {shown}: {problem}")).collect();
    let text = match problems.as_slice() {
        [] => return Ok(()),
        [only] => only.clone(),
        several => format!("[{}]", several.join(", ")),
    };
    Err(format!("object name does not conform to Kubernetes naming requirements: {shown}: {text}"))
}

fn selector(object: &Object, text: &str) -> Result<(), String> {
    let needs_one = ["Deployment", "ReplicaSet", "DaemonSet", "StatefulSet"].contains(&object.kind.as_str());
    if needs_one && !text.contains("matchLabels") && !text.contains("matchExpressions") {
        return Err(format!(
            "a {} must contain matchLabels or matchExpressions, and {} does not",
            object.kind,
            go::quote(&object.name)
        ));
    }
    Ok(())
}

fn list_annotations(object: &Object, content: &[u8]) -> Result<(), String> {
    if object.kind != "List" {
        return Ok(());
    }
    let list = decode::parse(content).map_err(|error| format!("unable to parse YAML: {error}"))?;
    let items = match list.get("items") {
        None | Some(Value::Null) => &[],
        Some(Value::List(items)) => &items[..],
        Some(other) => {
            let found = decode::found(other);
            let target =
                "struct field .Items of type []struct { Metadata struct { Annotations map[string]string } }";
            let error = decode::DecodeError::Kind { found, target: target.to_owned() };
            return Err(format!("unable to parse YAML: {error}"));
        }
    };
    let is_kept = |item: &Value| item.at(&["metadata", "annotations", "helm.sh/resource-policy"]).is_some();
    if items.iter().any(is_kept) {
        return Err("annotation 'helm.sh/resource-policy' within List objects are ignored".to_owned());
    }
    Ok(())
}
