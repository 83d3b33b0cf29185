//! Generators of ConfigMaps and Secrets.

use super::layer::{Known, Layer, namespace_field};

/// Adds up to two, with the behaviours that what is there allows.
pub(super) fn add(layer: &mut Layer) {
    for (field, kind, suffix) in
        [("configMapGenerator", "ConfigMap", "-config"), ("secretGenerator", "Secret", "-secret")]
    {
        if layer.chance.once_in(3) {
            let mut text = generator(layer, kind, suffix);
            if layer.chance.once_in(3) {
                text.push_str(&generator(layer, kind, "-more"));
            }
            if !text.is_empty() {
                layer.field(&format!("{field}:\n{text}"));
            }
        }
    }
    if layer.chance.once_in(6) {
        let options = ["disableNameSuffixHash: true", "labels: {made: \"1\"}", "annotations: {made: here}"];
        let option = layer.chance.one(&options);
        layer.field(&format!("generatorOptions: {{{option}, immutable: {}}}\n", layer.rules.is_namespaced));
    }
}

fn generator(layer: &mut Layer, kind: &'static str, suffix: &str) -> String {
    let behaviour = layer.chance.one(&["create", "merge", "replace"]);
    let name = format!("{}{suffix}", layer.chance.one(&["web", "db", "api", "extra"]));
    let namespace = if layer.rules.is_namespaced { "" } else { layer.chance.one(&["", "", "", "one"]) };
    let is_there = |known: &Known| known.kind == kind && (known.original.0 == name || known.name == name);
    if behaviour == "create" {
        // Those of two folders could meet, and what differs by its namespace only may meet in the next layer.
        if layer.known.iter().any(is_there) || !layer.known.iter().all(|known| is_plain(known, &name)) {
            return String::new();
        }
        layer.known.push(Known {
            version: "v1",
            kind,
            name: name.clone(),
            namespace: namespace.to_owned(),
            original: (name.clone(), namespace.to_owned()),
        });
        return entry(layer, &name, namespace, "");
    }
    let fits = |known: &Known| known.kind == kind;
    match layer.pick(fits) {
        // One name that stands for several resources is no merge.
        Some(known) if layer.rules.has_variants => {
            let behaviour = format!("  behavior: {behaviour}\n");
            entry(layer, &known.name, &known.namespace, &behaviour)
        }
        Some(known) => {
            let (name, namespace) = known.original;
            let behaviour = format!("  behavior: {behaviour}\n");
            entry(layer, &name, &namespace, &behaviour)
        }
        None => String::new(),
    }
}

fn is_plain(known: &Known, name: &str) -> bool {
    known.original.0 != name
}

fn entry(layer: &mut Layer, name: &str, namespace: &str, behaviour: &str) -> String {
    let mut text = format!("- name: {name}\n{}{behaviour}", namespace_field(namespace, "  "));
    let (first, second) = (
        layer.chance.one(&["k=v", "k=w", "q='x'", "n=1", "empty="]),
        layer.chance.one(&["z=\"2\"", "y=a=b"]),
    );
    text.push_str(&format!("  literals:\n  - {first}\n  - '{second}'\n"));
    if layer.chance.once_in(3) {
        let name = layer.new_name("txt");
        let key = layer.chance.one(&["", "key=", "other.txt="]);
        text.push_str(&format!("  files: [{key}{name}]\n"));
        let content = layer.chance.one(&[
            "text",
            "two\nlines\n",
            "  blank at the start\n",
            "tab\there  \n",
            "a: 1\n# b\n",
        ]);
        layer.file(&name, content.to_owned());
    }
    if layer.chance.once_in(4) {
        let name = layer.new_name("env");
        text.push_str(&format!("  envs: [{name}]\n"));
        layer.file(&name, "# comment\nFROM_ENV=1\n\nOTHER=\"a b\"\n".to_owned());
    }
    let options = [
        "  options: {disableNameSuffixHash: true}\n",
        "  options: {labels: {of: generator}, annotations: {made: \"1\"}}\n",
        "  options: {immutable: true}\n",
    ];
    if layer.chance.once_in(4) {
        text.push_str(layer.chance.one(&options));
    }
    text
}
