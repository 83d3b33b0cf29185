//! Replacements and variables.

use super::layer::{Known, Layer};

/// Adds some.
pub(super) fn add(layer: &mut Layer) {
    if layer.chance.once_in(4) {
        let count = 1 + layer.chance.below(2);
        let entries: Vec<String> = (0..count).filter_map(|_| replacement(layer)).collect();
        if !entries.is_empty() && layer.chance.once_in(4) {
            let name = layer.new_name("yaml");
            layer.field(&format!("replacements: [{{path: {name}}}]\n"));
            layer.file(&name, entries.concat());
        } else if !entries.is_empty() {
            layer.field(&format!("replacements:\n{}", entries.concat()));
        }
    }
}

/// Names and namespaces are those after this layer, which replacements come last in.
fn replacement(layer: &mut Layer) -> Option<String> {
    let source = layer.pick(|_| true)?;
    let aim = layer.pick(|known| !targets(known).is_empty())?;
    let field = layer.chance.one(&["metadata.name", "metadata.name", "kind", "apiVersion"]);
    let from_options = layer.chance.maybe(4, "    options: {delimiter: \"-\", index: 0}\n");
    let select = match layer.chance.below(3) {
        0 => format!("{{kind: {}}}", aim.kind),
        1 => format!("{{kind: {}, name: \"{}\"}}", aim.kind, aim.name),
        _ => format!("{{version: v1, kind: {}, name: \"{}\"}}", aim.kind, aim.original.0),
    };
    let path = layer.chance.one(targets(&aim));
    let reject = if layer.chance.once_in(5) { "    reject: [{name: nothing}]\n" } else { "" };
    let (kind, name) = (source.kind, &source.name);
    let place = if source.namespace.is_empty() {
        String::new()
    } else {
        format!(", namespace: {}", source.namespace)
    };
    Some(format!(
        "- source:\n    kind: {kind}\n    name: \"{name}\"\n    fieldPath: {field}\n{}{from_options}  targets:\n  - select: \
         {select}\n{reject}    fieldPaths:\n    - {path}\n",
        place.replace(", ", "    ").to_owned() + if place.is_empty() { "" } else { "\n" }
    ))
}

/// Paths that are there in each of the kind, or are made.
fn targets(known: &Known) -> &'static [&'static str] {
    match known.kind {
        _ if known.is_workload() => &[
            "spec.template.spec.containers.[name=main].image",
            "spec.template.spec.containers.0.image",
            "spec.template.spec.containers.*.name\n    options: {delimiter: \"x\", index: 1}",
            "spec.template.metadata.labels.from\n    options: {create: true}",
            "spec.template.spec.containers.[name=main].image\n    options: {delimiter: \":\", index: 1}",
            "spec.template.spec.containers.[name=main].env.[name=FROM].value\n    options: {create: true}",
        ],
        "ConfigMap" | "Secret" => &[
            "metadata.annotations.from\n    options: {create: true}",
            "data.from\\.it\n    options: {create: true}",
        ],
        "Widget" => &["spec.ref.name", "spec.deep.new\n    options: {create: true}"],
        "Ingress" => &["spec.rules.0.host\n    options: {delimiter: \".\", index: 0}", "spec.rules.*.host"],
        "Role" => &["rules.0.verbs.0", "metadata.labels.a/b\n    options: {create: true}"],
        _ => &[],
    }
}

/// Adds a variable, which only one layer may have.
pub(super) fn variable(layer: &mut Layer) {
    if layer.rules.has_variants || !layer.chance.once_in(8) {
        return;
    }
    if let Some(source) = layer.pick(|known| known.kind == "Service" || known.is_workload()) {
        let (name, namespace) = source.original;
        let place = if namespace.is_empty() { String::new() } else { format!(", namespace: {namespace}") };
        let reference =
            format!("{{apiVersion: {}, kind: {}, name: {name}{place}}}", source.version, source.kind);
        layer.field(&format!("vars:\n- name: A\n  objref: {reference}\n"));
    }
}
