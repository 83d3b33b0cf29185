//! The fields that change names, namespaces, labels, annotations, images and replicas, and those for the output.

use super::layer::{Known, Layer};

const GROUPS: &str = "- {path: spec/ref/name, kind: Widget}";

/// Adds some of them.
pub(super) fn add(layer: &mut Layer) {
    replicas(layer);
    names(layer);
    labels(layer);
    images(layer);
    if layer.chance.once_in(4) {
        let text = layer.chance.text();
        layer.field(&format!("commonAnnotations:\n  note: {text}\n  other: text\n"));
    }
    if layer.chance.once_in(12) {
        let name = layer.new_name("yaml");
        layer.field(&format!("configurations: [{name}]\n"));
        let references =
            format!("nameReference:\n- kind: ConfigMap\n  version: v1\n  fieldSpecs:\n  {GROUPS}\n");
        layer.file(&name, format!("{references}images:\n- {{path: spec/image, kind: Widget}}\n"));
    }
    if layer.chance.once_in(12) {
        transformers(layer);
    }
}

/// Adds the fields that only count in the layer that is built.
pub(super) fn add_for_output(layer: &mut Layer) {
    let fifo = "sortOptions: {order: fifo}\n";
    let legacy = "sortOptions: {order: legacy}\n";
    let own = "sortOptions:\n  order: legacy\n  legacySortOptions: {orderFirst: [Service, Widget], orderLast: \
               [ConfigMap, Deployment]}\n";
    let text = layer.chance.one(&["", "", "", fifo, legacy, own]);
    layer.field(text);
    if layer.chance.once_in(6) {
        let list = ["originAnnotations", "transformerAnnotations", "managedByLabel"];
        let (from, to) = (layer.chance.below(2), 2 + layer.chance.below(2));
        let chosen = list[from..to].join(", ");
        layer.field(&format!("buildMetadata: [{chosen}]\n"));
    }
}

/// Replicas are set by any name that a resource has had before this layer.
fn replicas(layer: &mut Layer) {
    if !layer.chance.once_in(4) {
        return;
    }
    let has_replicas = |known: &Known| matches!(known.kind, "Deployment" | "StatefulSet" | "ReplicaSet");
    if let Some(known) = layer.pick(has_replicas) {
        let (count, name) = (layer.chance.below(6), &known.name);
        layer.field(&format!("replicas:\n- name: {name}\n  count: {count}\n"));
    }
}

fn names(layer: &mut Layer) {
    let drawn = if layer.chance.once_in(3) { layer.chance.one(&["p-", "q-", "\"1\"", "a.b-"]) } else { "" };
    let prefix = layer.rules.prefix.unwrap_or(drawn);
    let suffix = layer.chance.maybe(4, "-s");
    if !prefix.is_empty() {
        layer.field(&format!("namePrefix: {prefix}\n"));
    }
    if !suffix.is_empty() {
        layer.field(&format!("nameSuffix: {suffix}\n"));
    }
    let may_move = !layer.rules.are_namespaces_fixed && layer.chance.once_in(3);
    let drawn = if may_move { Some(layer.chance.one(&["one", "three", "default"])) } else { None };
    let namespace = layer.rules.namespace.or(drawn);
    if let Some(namespace) = namespace {
        layer.field(&format!("namespace: {namespace}\n"));
    }
    for known in &mut layer.known {
        known.name = format!("{}{}{suffix}", prefix.trim_matches('"'), known.name);
        if let Some(namespace) = namespace.filter(|_| known.is_namespaced()) {
            namespace.clone_into(&mut known.namespace);
        }
    }
}

fn labels(layer: &mut Layer) {
    if layer.chance.once_in(5) {
        let value = layer.chance.one(&["prod", "\"1\"", "\"true\""]);
        layer.field(&format!("commonLabels: {{env: {value}}}\n"));
    }
    if layer.chance.once_in(3) {
        let option = layer.chance.one(&[
            "includeSelectors: true",
            "includeTemplates: true",
            "includeSelectors: false",
        ]);
        layer.field(&format!("labels:\n- pairs: {{tier: t, zone: \"2\"}}\n  {option}\n"));
        let fields =
            "- pairs: {deep: d}\n  fields:\n  - {path: spec/deep/labels, kind: Widget, create: true}\n";
        let text = layer.chance.maybe(3, fields);
        layer.field(text);
    }
}

fn images(layer: &mut Layer) {
    if !layer.chance.once_in(3) {
        return;
    }
    let nginx = layer.chance.one(&[
        "newTag: \"2\"",
        "newName: other",
        "digest: \"sha256:cd\"",
        "tagSuffix: -x",
        "newName: host/other, newTag: v1.0",
        "newTag: \"1.10\", digest: \"\"",
    ]);
    layer.field(&format!("images:\n- {{name: nginx, {nginx}}}\n"));
    let more = ["", "- {name: host:5000/nginx, newTag: \"3\"}\n", "- name: busybox\n  newName: busy\n"];
    let text = layer.chance.one(&more);
    layer.field(text);
}

fn transformers(layer: &mut Layer) {
    let name = layer.new_name("yaml");
    layer.field(&format!("transformers: [{name}]\n"));
    let labels = "kind: LabelTransformer\nmetadata: {name: any}\nlabels: {by: transformer}\nfieldSpecs:\n- {path: \
                  metadata/labels, create: true}\n";
    let annotations = "kind: AnnotationsTransformer\nmetadata: {name: any}\nannotations: {by: transformer}\n\
                       fieldSpecs:\n- {path: metadata/annotations, create: true}\n";
    let text = layer.chance.one(&[labels, annotations]);
    layer.file(&name, format!("apiVersion: builtin\n{text}"));
}
