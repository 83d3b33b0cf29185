//! Patches: strategic ones by identity and by target, and JSON patches.

use super::layer::{Known, Layer, namespace_field};

/// Adds up to four.
pub(super) fn add(layer: &mut Layer) {
    let count = layer.chance.below(5);
    let entries: Vec<String> = (0..count).filter_map(|_| entry(layer)).collect();
    if !entries.is_empty() {
        layer.field(&format!("patches:\n{}", entries.concat()));
    }
    old_fields(layer);
}

/// The fields that `patches` replaced.
fn old_fields(layer: &mut Layer) {
    if layer.chance.once_in(10)
        && let Some(patch) = own_patch(layer)
    {
        let name = layer.new_name("yaml");
        layer.field(&format!("patchesStrategicMerge: [{name}]\n"));
        layer.file(&name, patch);
    }
    if layer.chance.once_in(10)
        && let Some((known, operations)) = operations(layer)
    {
        let patch = indented(&operations, "    ");
        layer.field(&format!("patchesJson6902:\n- target: {{{}}}\n  patch: |-\n{patch}", exactly(&known)));
    }
}

/// The fields of a target that is one resource.
fn exactly(known: &Known) -> String {
    let (group, version) = known.version.rsplit_once('/').unwrap_or(("", known.version));
    let group = if group.is_empty() { String::new() } else { format!("group: {group}, ") };
    let place = &known.namespace;
    let place = if place.is_empty() { String::new() } else { format!(", namespace: {place}") };
    format!("{group}version: {version}, kind: {}, name: {}{place}", known.kind, known.name)
}

fn entry(layer: &mut Layer) -> Option<String> {
    match layer.chance.below(8) {
        0..=2 => {
            let patch = own_patch(layer)?;
            Some(placed(layer, &patch, ""))
        }
        3 | 4 => {
            let (known, operations) = operations(layer)?;
            let target = target(layer, &known);
            Some(placed(layer, &operations, &target))
        }
        5 => removed(layer),
        6 => renamed(layer),
        _ => Some(by_target(layer)),
    }
}

/// The patch as text in the field or as a file, then what follows.
fn placed(layer: &mut Layer, patch: &str, rest: &str) -> String {
    if layer.chance.once_in(3) {
        let name = layer.new_name("yaml");
        layer.file(&name, patch.to_owned());
        return format!("- path: {name}\n{rest}");
    }
    format!("- patch: |-\n{}{rest}", indented(patch, "    "))
}

fn indented(text: &str, indent: &str) -> String {
    text.lines().map(|line| format!("{indent}{line}\n")).collect()
}

/// A strategic patch that names the resource which it changes, by its name now or in the file.
fn own_patch(layer: &mut Layer) -> Option<String> {
    let mut known = layer.pick(|known| change_of(known).is_some())?;
    let change = change_of(&known)?;
    if !layer.rules.has_variants && layer.chance.once_in(2) {
        (known.name, known.namespace) = known.original.clone();
    }
    let labels = ["  labels: {patched: \"1\", level: null}\n", "  annotations: {patched: here}\n", "", ""];
    let labels = layer.chance.one(&labels);
    Some(format!("{}{labels}{}", known.head(), change(layer)))
}

fn change_of(known: &Known) -> Option<fn(&mut Layer) -> String> {
    Some(match known.kind {
        _ if known.is_workload() => workload,
        "ConfigMap" => {
            |layer| format!("data: {{k: {}, l: null, more: {}}}\n", layer.chance.text(), layer.chance.text())
        }
        "Secret" => {
            |layer| format!("{}: {{k: null, more: bW9yZQ==}}\n", layer.chance.one(&["data", "stringData"]))
        }
        "Service" => service,
        "Widget" => |layer| {
            let (value, list) = (layer.chance.scalar(), layer.chance.one(&["[z]", "null", "[]"]));
            format!("spec: {{value: {value}, list: {list}, deep: {{er: {{more: 1}}}}}}\n")
        },
        "Ingress" => {
            |_| "spec: {tls: [{hosts: [b.example.com]}], rules: [{host: b.example.com}]}\n".to_owned()
        }
        "CronJob" => |_| {
            "spec: {suspend: true, jobTemplate: {spec: {template: {spec: {containers: [{name: main, tty: true}]}}}}}\n"
                .to_owned()
        },
        "HorizontalPodAutoscaler" => |_| "spec: {minReplicas: 2, maxReplicas: 9}\n".to_owned(),
        "Role" | "ClusterRole" => {
            |_| "rules: [{apiGroups: [apps], resources: ['*'], verbs: [list]}]\n".to_owned()
        }
        _ => return None,
    })
}

fn workload(layer: &mut Layer) -> String {
    let chance = &mut *layer.chance;
    let pod = match chance.below(9) {
        0 => "containers: [{name: main, env: [{name: A, value: \"2\"}, {name: NEW, value: x}]}]",
        1 => "containers: [{name: first, image: first}, {name: main, image: \"nginx:9\"}]",
        2 => {
            "containers: [{name: main, ports: [{containerPort: 80, protocol: UDP, name: u}, {containerPort: 90}]}]"
        }
        3 => "containers: [{name: main, args: [other], command: null, resources: {limits: {cpu: null}}}]",
        4 => "volumes: [{name: config, configMap: null, emptyDir: {}}, {name: data, $patch: delete}]",
        5 => "volumes: [{$patch: replace}, {name: only, emptyDir: {}}]",
        6 => "tolerations: [{key: c, operator: Exists}], nodeSelector: {a: b}",
        7 => {
            "$setElementOrder/containers: [{name: side}, {name: main}], containers: [{name: side, tty: true}]"
        }
        _ => {
            "initContainers: [{name: init, image: i}, {name: second, image: s}], imagePullSecrets: [{name: more}]"
        }
    };
    let strategy = chance.one(&["", "", "strategy: {$retainKeys: [type], type: Recreate}, "]);
    let labels = chance.one(&["", "metadata: {labels: {patched: \"true\"}}, "]);
    format!("spec: {{{strategy}template: {{{labels}spec: {{{pod}}}}}}}\n")
}

fn service(layer: &mut Layer) -> String {
    let port = layer.chance.one(&["1", "http"]);
    let second = layer.chance.one(&[
        "{port: 443, $patch: delete}",
        "{port: 9, name: c}",
        "{port: 443, protocol: TCP}",
    ]);
    format!(
        "spec: {{ports: [{{port: 80, targetPort: {port}}}, {second}], selector: {{app: null, other: x}}}}\n"
    )
}

/// A target that fits at least the resource.
fn target(layer: &mut Layer, known: &Known) -> String {
    let (kind, name) = (known.kind, &known.name);
    let by_name = format!(
        "  target:\n    kind: {kind}\n    name: {name}\n{}",
        namespace_field(&known.namespace, "    ")
    );
    let by_regex = format!("  target: {{kind: \"{kind}|Any\", name: \"{}.*\"}}\n", &name[..1]);
    let by_kind = format!("  target: {{kind: {kind}}}\n");
    let by_label = format!("  target: {{kind: {kind}, labelSelector: \"app in (web, db), level!=high\"}}\n");
    let by_annotation = format!("  target: {{kind: {kind}, annotationSelector: note=x}}\n");
    layer.chance.one(&[&by_name, &by_name, &by_kind, &by_regex, &by_label, &by_annotation]).to_owned()
}

/// A resource and a JSON patch that fits all resources of its kind.
fn operations(layer: &mut Layer) -> Option<(Known, String)> {
    let known = layer.pick(|_| true)?;
    let value = layer.chance.scalar();
    let text = match known.kind {
        _ if known.is_workload() && layer.chance.once_in(2) => {
            let containers = "/spec/template/spec/containers";
            format!(
                "- {{op: replace, path: {containers}/0/image, value: \"nginx:7\"}}\n- op: add\n  path: {containers}/-\n  \
                 value: {{name: last, image: l}}\n- {{op: add, path: /spec/x, value: {value}}}\n"
            )
        }
        "Deployment" => "- {op: add, path: /spec/replicas, value: 4}\n- {op: test, path: /kind, value: Deployment}\n- {op: \
                         move, from: /spec/replicas, path: /spec/template/spec/moved}\n"
            .to_owned(),
        "Service" => format!(
            "[{{\"op\": \"replace\", \"path\": \"/spec/ports/0\", \"value\": {{\"port\": 7, \"name\": \"{}\"}}}}]\n",
            layer.chance.one(&["j", "1"])
        ),
        "Widget" => format!(
            "- {{op: replace, path: /spec/value, value: {value}}}\n- {{op: copy, from: /spec/deep, path: /spec/copied}}\n- \
             {{op: add, path: /spec/list, value: [1, 2.0, {value}]}}\n"
        ),
        "ConfigMap" | "Secret" => format!("- {{op: add, path: /data, value: {{a~1b: {}}}}}\n", layer.chance.text()),
        "HorizontalPodAutoscaler" => "- {op: replace, path: /spec/maxReplicas, value: 1000000}\n".to_owned(),
        _ => format!(
            "- {{op: add, path: /metadata/annotations, value: {{made: {}}}}}\n- {{op: add, path: \
             /metadata/annotations/some~1path, value: \"y\"}}\n",
            layer.chance.text()
        ),
    };
    Some((known, text))
}

/// A patch that takes a resource out that nothing below needs.
fn removed(layer: &mut Layer) -> Option<String> {
    let known =
        layer.pick(|known| matches!(known.kind, "Service" | "Ingress" | "PodDisruptionBudget" | "Widget"))?;
    layer
        .known
        .retain(|one| (one.kind, &one.name, &one.namespace) != (known.kind, &known.name, &known.namespace));
    Some(placed(layer, &format!("$patch: delete\n{}", known.head()), ""))
}

/// A patch that changes the name, as an option allows.
fn renamed(layer: &mut Layer) -> Option<String> {
    let known = layer.pick(|known| matches!(known.kind, "ConfigMap" | "Service" | "ServiceAccount"))?;
    let name = format!("{}-new", known.name);
    let operations = format!("- {{op: replace, path: /metadata/name, value: {name}}}\n");
    let patch = layer.chance.one(&["json", "strategic"]);
    let text = match patch {
        "json" => operations,
        _ => Known { name: name.clone(), ..known.clone() }.head(),
    };
    let place = namespace_field(&known.namespace, "    ");
    let (kind, old) = (known.kind, &known.name);
    let rest = format!(
        "  target:\n    kind: {kind}\n    name: {old}\n{place}  options: {{allowNameChange: true}}\n"
    );
    for one in &mut layer.known {
        if (one.kind, &one.name, &one.namespace) == (known.kind, &known.name, &known.namespace) {
            one.name.clone_from(&name);
        }
    }
    Some(placed(layer, &text, &rest))
}

/// A strategic patch for whatever fits a target.
fn by_target(layer: &mut Layer) -> String {
    let head = "apiVersion: any/v1\nkind: Any\nmetadata:\n  name: any\n";
    let (body, targets): (&str, &[&str]) = match layer.chance.below(4) {
        0 => (
            "  annotations: {all: \"yes\"}\n",
            &["{kind: .*}", "{labelSelector: app=web}", "{name: web.*}", "{version: v1}"],
        ),
        1 => (
            "  labels: {l: null, app: \"2\"}\n",
            &["{kind: Service|ConfigMap}", "{namespace: one}", "{group: apps}"],
        ),
        2 => (
            "spec: {template: {spec: {containers: [{name: injected, image: i}], dnsPolicy: Default}}}\n",
            &[
                "{group: apps, version: v1}",
                "{kind: Deployment|DaemonSet}",
                "{kind: StatefulSet, name: \".*b\"}",
            ],
        ),
        _ => (
            "data: {everywhere: x}\n",
            &["{kind: ConfigMap}", "{kind: ConfigMap, annotationSelector: \"note\"}"],
        ),
    };
    let target = layer.chance.one(targets);
    placed(layer, &format!("{head}{body}"), &format!("  target: {target}\n"))
}
