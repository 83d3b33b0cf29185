//! The objects of an application, which refer to each other.

use std::fmt::Write as _;

use super::chance::Chance;
use super::layer::{Known, Layer, namespace_field};
use super::workloads;

const RBAC: &str = "rbac.authorization.k8s.io/v1";

/// Adds the objects of an application, in one file or in several.
pub(super) fn add(layer: &mut Layer, app: &str) {
    let namespace = layer.chance.one(&["", "", "one", "two"]);
    add_in(layer, app, namespace, true);
    if layer.rules.are_namespaces_fixed && !layer.rules.has_variants && layer.chance.once_in(2) {
        add_in(layer, app, "other", false);
    }
}

fn add_in(layer: &mut Layer, app: &str, namespace: &str, is_first: bool) {
    let mut made = Made { list: Vec::new(), texts: Vec::new(), app: app.to_owned(), namespace };
    let workload = workloads::KINDS[layer.chance.below(workloads::KINDS.len())];
    let spec = workloads::spec(layer.chance, app, workload);
    made.add(layer.chance, ("apps/v1", workload), app, &spec);
    for (kind, name, body) in OTHERS {
        if layer.chance.once_in(3) {
            let name = format!("{app}{name}");
            let text = body(layer.chance, app, workload);
            made.add(layer.chance, kind, &name, &text);
        }
    }
    if is_first && !layer.rules.is_namespaced && layer.chance.once_in(4) {
        for (kind, name, body) in CLUSTER_WIDE {
            let text = body(layer.chance, app, workload);
            made.add(layer.chance, kind, &format!("{app}{name}"), &text);
        }
    }
    write(layer, made, &format!("{app}{}", if is_first { "" } else { "-other" }));
}

fn write(layer: &mut Layer, made: Made, name: &str) {
    layer.known.extend(made.list);
    let mut texts = made.texts;
    if layer.chance.once_in(2) {
        texts.reverse();
    }
    if layer.chance.once_in(3) {
        for (at, text) in texts.into_iter().enumerate() {
            let name = format!("{name}-{at}.yaml");
            layer.resource(&name);
            layer.file(&name, text);
        }
    } else {
        let name = format!("{name}.yaml");
        layer.resource(&name);
        layer.file(&name, texts.join("---\n"));
    }
}

struct Made<'a> {
    list: Vec<Known>,
    texts: Vec<String>,
    app: String,
    namespace: &'a str,
}

impl Made<'_> {
    fn add(
        &mut self,
        chance: &mut Chance,
        (version, kind): (&'static str, &'static str),
        name: &str,
        rest: &str,
    ) {
        let mut known = Known {
            version,
            kind,
            name: name.to_owned(),
            namespace: self.namespace.to_owned(),
            original: (name.to_owned(), self.namespace.to_owned()),
        };
        if !known.is_namespaced() {
            known.namespace.clear();
            known.original.1.clear();
        }
        let mut text = chance.maybe(8, "# A comment.\n").to_owned();
        text.push_str(&format!("apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: {name}\n"));
        text.push_str(&namespace_field(&known.namespace, "  "));
        if chance.once_in(2) {
            text.push_str(&format!(
                "  labels: {{app: {}, level: {}}}\n",
                self.app,
                chance.one(&["\"1\"", "high"])
            ));
        }
        if chance.once_in(3) {
            text.push_str(&format!("  annotations:\n    note: {}\n    some/path: a.b:c\n", chance.text()));
        }
        text.push_str(rest);
        self.list.push(known);
        self.texts.push(text);
    }
}

type Body = fn(&mut Chance, &str, &str) -> String;
type Entry = ((&'static str, &'static str), &'static str, Body);

const OTHERS: [Entry; 13] = [
    (("v1", "Service"), "", service),
    (("v1", "ConfigMap"), "-config", config_map),
    (("v1", "Secret"), "-secret", secret),
    (("v1", "ServiceAccount"), "", |_, app, _| {
        format!("secrets: [{{name: {app}-secret}}, {{name: unknown}}]\n")
    }),
    ((RBAC, "Role"), "", role),
    ((RBAC, "RoleBinding"), "", |chance, app, _| binding(chance, app, "Role")),
    (("networking.k8s.io/v1", "Ingress"), "", ingress),
    (("autoscaling/v2", "HorizontalPodAutoscaler"), "", autoscaler),
    (("v1", "PersistentVolumeClaim"), "-data", |_, _, _| {
        "spec:\n  accessModes: [ReadWriteOnce]\n  resources: {requests: {storage: 1Gi}}\n".to_owned()
    }),
    (("batch/v1", "CronJob"), "-job", workloads::cron_job),
    (("policy/v1", "PodDisruptionBudget"), "", |_, app, _| {
        format!("spec:\n  minAvailable: 1\n  selector:\n    matchLabels: {{app: {app}}}\n")
    }),
    (("networking.k8s.io/v1", "NetworkPolicy"), "", network_policy),
    (("example.com/v1", "Widget"), "", widget),
];

const CLUSTER_WIDE: [Entry; 3] = [
    ((RBAC, "ClusterRole"), "", role),
    ((RBAC, "ClusterRoleBinding"), "", |chance, app, _| binding(chance, app, "ClusterRole")),
    (("scheduling.k8s.io/v1", "PriorityClass"), "", |_, _, _| "value: 1000000\n".to_owned()),
];

fn service(chance: &mut Chance, app: &str, _: &str) -> String {
    let (port, protocol) = (chance.one(&["80", "8080"]), chance.one(&["TCP", "UDP"]));
    let ports = format!("  - {{port: {port}, protocol: {protocol}, name: a}}\n  - port: 443\n    name: b\n");
    format!("spec:\n  selector: {{app: {app}}}\n  ports:\n{ports}")
}

fn config_map(chance: &mut Chance, app: &str, _: &str) -> String {
    let mut text = format!("data:\n  name: {app}\n");
    for key in ["k", "l", "a.b"] {
        if writeln!(text, "  {key}: {}", chance.text()).is_err() {
            break;
        }
    }
    text.push_str(chance.maybe(3, "  file: |\n    a: 1\n\n    # text\n    b: [1,   2]\n"));
    text.push_str(chance.maybe(4, "  folded: >-\n    some\n    words\n\n    more\n"));
    text.push_str(chance.maybe(6, "immutable: true\n"));
    text
}

fn secret(chance: &mut Chance, _: &str, _: &str) -> String {
    let text = chance.maybe(2, "type: Opaque\n");
    format!("{text}data:\n  k: dmFsdWU=\n{}", chance.maybe(3, "stringData: {l: plain}\n"))
}

fn role(chance: &mut Chance, app: &str, _: &str) -> String {
    let resource = chance.one(&["configmaps", "secrets"]);
    let names = chance.one(&["", ", resourceNames: [NAME-config, other]"]).replace("NAME", app);
    format!("rules:\n- {{apiGroups: [\"\"], resources: [{resource}], verbs: [get]{names}}}\n")
}

fn binding(chance: &mut Chance, app: &str, kind: &str) -> String {
    let account = chance.one(&[app, app, "default"]);
    let namespace = chance.one(&["", ", namespace: one", ", namespace: default"]);
    // A subject of a cluster-wide binding is always in some namespace.
    let namespace =
        if kind == "ClusterRole" && namespace.is_empty() { ", namespace: one" } else { namespace };
    let others = chance.maybe(3, "- {kind: Group, name: all, apiGroup: rbac.authorization.k8s.io}\n");
    format!(
        "subjects:\n- {{kind: ServiceAccount, name: {account}{namespace}}}\n{others}roleRef: {{apiGroup: \
         rbac.authorization.k8s.io, kind: {kind}, name: {app}}}\n"
    )
}

fn ingress(chance: &mut Chance, app: &str, _: &str) -> String {
    let tls =
        chance.maybe(2, "  tls: [{hosts: [a.example.com], secretName: NAME-secret}]\n").replace("NAME", app);
    let default = chance.maybe(3, "  defaultBackend: {service: {name: NAME, port: {number: 80}}}\n");
    let backend = format!("backend: {{service: {{name: {app}, port: {{number: 80}}}}}}");
    format!(
        "spec:\n{tls}{}  rules:\n  - host: a.example.com\n    http:\n      paths:\n      - path: /\n        pathType: \
         Prefix\n        {backend}\n",
        default.replace("NAME", app)
    )
}

fn autoscaler(chance: &mut Chance, app: &str, workload: &str) -> String {
    let version = chance.one(&["apps/v1", "apps/v1", "v1"]);
    format!(
        "spec:\n  scaleTargetRef: {{apiVersion: {version}, kind: {workload}, name: {app}}}\n  maxReplicas: 3\n  \
         metrics:\n  - {{type: Resource, resource: {{name: cpu, target: {{type: Utilization, averageUtilization: \
         60}}}}}}\n"
    )
}

fn network_policy(chance: &mut Chance, app: &str, _: &str) -> String {
    let from = chance.maybe(2, "  ingress:\n  - from:\n    - podSelector: {matchLabels: {app: NAME}}\n");
    format!("spec:\n  podSelector: {{matchLabels: {{app: {app}}}}}\n{}", from.replace("NAME", app))
}

fn widget(chance: &mut Chance, app: &str, _: &str) -> String {
    let value = chance.scalar();
    format!(
        "spec:\n  ref: {{name: {app}-config}}\n  value: {value}\n  list: [a, {{name: b}}, null, 1.0]\n  image: \
         nginx:1\n  deep: {{er: {{k: [], l: {{}}}}}}\n"
    )
}
