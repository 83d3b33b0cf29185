//! Random bases and overlays, each made from a seed.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

use super::{Tools, Verdict, verdict};

/// Builds `count` random overlays with both.
///
/// # Errors
/// Something could not be run, or differs.
pub(super) fn run(tools: &Tools, first: u64, count: u64) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (mut wrong, mut failures) = (0, 0);
    for seed in first..first + count {
        let place = folder.path().join("case");
        if place.exists() {
            fs::remove_dir_all(&place)?;
        }
        write(&place, &mut Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1))?;
        let overlay = place.join("overlay");
        let (real, ours) = (tools.kustomize(&overlay)?, tools.flamingo(&overlay)?);
        failures += u64::from(real.output.is_none());
        if verdict(&real, &ours) == Verdict::Different {
            println!("seed {seed} differs");
            if let (None, Some(_)) = (&ours.output, &real.output) {
                println!("    flamingo: {}", ours.error);
            }
            wrong += 1;
        }
        if (seed - first) % 1_000 == 999 {
            println!("{} of {count}: {wrong} different, {failures} fail with both", seed - first + 1);
        }
    }
    println!("random overlays: {count} from seed {first}, {wrong} different, {failures} fail with both");
    if wrong > 0 {
        bail!("{wrong} random overlays come out differently");
    }
    Ok(())
}

/// A xorshift generator: the same seed gives the same overlay on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap_or_default()
    }

    /// True once in `n` times.
    fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn one<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

const NAMES: [&str; 4] = ["a", "b", "web", "data"];
const SCALARS: [&str; 18] = [
    "x",
    "\"1\"",
    "1",
    "true",
    "\"true\"",
    "null",
    "~",
    "1.50",
    "'it''s'",
    "\"a: b\"",
    "2020-01-01",
    "0x1F",
    "yes",
    "\"\"",
    "|\n      two\n      lines",
    ">\n      folded\n        more\n      text",
    "\"tab\\there\"",
    "1e3",
];
const WORKLOADS: [&str; 4] = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"];

fn write(place: &Path, random: &mut Random) -> Result<()> {
    let bases = 1 + random.below(2);
    let mut overlay = String::from("resources:\n");
    for base in 0..bases {
        let folder = place.join(format!("base{base}"));
        fs::create_dir_all(&folder)?;
        let objects: Vec<String> = (0..1 + random.below(4)).map(|_| object(random)).collect();
        fs::write(folder.join("objects.yaml"), objects.join("---\n"))?;
        let mut kustomization = String::from("resources: [objects.yaml]\n");
        customize(&mut kustomization, random);
        fs::write(folder.join("kustomization.yaml"), kustomization)?;
        writeln!(overlay, "- ../base{base}")?;
    }
    customize(&mut overlay, random);
    patches(&mut overlay, random);
    let folder = place.join("overlay");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("kustomization.yaml"), overlay)?;
    Ok(())
}

fn add(text: &mut String, more: &str) {
    text.push_str(more);
}

fn object(random: &mut Random) -> String {
    let name = random.one(&NAMES);
    let namespace = if random.once_in(4) {
        format!("  namespace: {}\n", random.one(&["one", "two", "default"]))
    } else {
        String::new()
    };
    let labels = if random.once_in(3) {
        format!("  labels: {{app: {}}}\n", random.one(&["x", "\"1\""]))
    } else {
        String::new()
    };
    let metadata = |name: &str| format!("metadata:\n  name: {name}\n{namespace}{labels}");
    match random.below(6) {
        0 => {
            let mut text = format!("apiVersion: v1\nkind: ConfigMap\n{}data:\n", metadata(name));
            for key in ["k", "l", "m"] {
                add(&mut text, &format!("    {key}: {}\n", random.one(&SCALARS)));
            }
            text
        }
        1 => format!(
            "apiVersion: v1\nkind: Service\n{}spec:\n  selector: {{app: {name}}}\n  ports:\n  - port: {}\n    protocol: {}\n  - port: 443\n",
            metadata(name),
            random.one(&["80", "\"80\"", "8080"]),
            random.one(&["TCP", "UDP"]),
        ),
        2 => format!(
            "apiVersion: example.com/v1\nkind: Widget\n{}spec:\n  ref: {name}\n  value: {}\n  list: [a, {{name: b}}, null]\n",
            metadata(name),
            random.one(&SCALARS[..12]),
        ),
        3 => format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n{}subjects:\n- {{kind: ServiceAccount, name: {}, namespace: {}}}\nroleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: {name}}}\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n{}rules: [{{resourceNames: [{name}, other]}}]\n---\napiVersion: v1\nkind: ServiceAccount\n{}",
            metadata(name),
            random.one(&["default", name]),
            random.one(&["one", "default"]),
            metadata(name),
            metadata(name),
        ),
        _ => workload(random, name, &metadata(name)),
    }
}

fn workload(random: &mut Random, name: &str, metadata: &str) -> String {
    let kind = random.one(&WORKLOADS);
    let mut text = format!(
        "apiVersion: apps/v1\nkind: {kind}\n{metadata}spec:\n  replicas: {}\n  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec:\n      containers:\n      - name: main\n        image: {}\n",
        random.one(&["1", "\"2\"", "3"]),
        random.one(&["nginx", "nginx:1", "host:5000/nginx:1@sha256:ab", "busybox"]),
    );
    if random.once_in(2) {
        add(
            &mut text,
            &format!(
                "        env:\n        - {{name: A, value: {}}}\n        - name: B\n          valueFrom: {{configMapKeyRef: {{name: {}, key: k}}}}\n",
                random.one(&SCALARS[..10]),
                random.one(&NAMES)
            ),
        );
    }
    if random.once_in(2) {
        add(&mut text, "        ports: [{containerPort: 80}, {containerPort: 80, protocol: UDP}]\n");
    }
    if random.once_in(3) {
        add(
            &mut text,
            &format!("      volumes:\n      - {{name: v, configMap: {{name: {}}}}}\n", random.one(&NAMES)),
        );
    }
    text
}

fn customize(text: &mut String, random: &mut Random) {
    if random.once_in(3) {
        add(text, &format!("namePrefix: {}\n", random.one(&["p-", "q-", "\"1\""])));
    }
    if random.once_in(4) {
        add(text, "nameSuffix: -s\n");
    }
    if random.once_in(3) {
        add(text, &format!("namespace: {}\n", random.one(&["one", "three"])));
    }
    if random.once_in(4) {
        add(text, &format!("commonLabels: {{env: {}}}\n", random.one(&["prod", "\"1\"", "\"true\""])));
    }
    if random.once_in(4) {
        add(
            text,
            &format!(
                "labels:\n- pairs: {{tier: t}}\n  {}: true\n",
                random.one(&["includeSelectors", "includeTemplates"])
            ),
        );
    }
    if random.once_in(4) {
        add(text, "commonAnnotations: {note: \"1\", other: text}\n");
    }
    if random.once_in(3) {
        add(
            text,
            &format!(
                "images:\n- {{name: nginx, {}}}\n",
                random.one(&["newTag: \"2\"", "newName: other", "digest: \"sha256:cd\"", "tagSuffix: -x"])
            ),
        );
    }
    if random.once_in(6) {
        add(text, &format!("replicas: [{{name: {}, count: 5}}]\n", random.one(&NAMES)));
    }
    if random.once_in(3) {
        add(
            text,
            &format!(
                "configMapGenerator:\n- name: {}\n  behavior: {}\n  literals: [k=v, \"q='x'\"]\n",
                random.one(&NAMES),
                random.one(&["create", "merge", "replace", "create"])
            ),
        );
    }
    if random.once_in(6) {
        add(text, &format!("secretGenerator:\n- name: {}\n  literals: [k=v]\n", random.one(&NAMES)));
    }
    if random.once_in(6) {
        add(
            text,
            &format!(
                "replacements:\n- source: {{kind: {}, name: {}}}\n  targets:\n  - select: {{kind: {}}}\n    fieldPaths: [{}]\n    options: {{create: {}}}\n",
                random.one(&["ConfigMap", "Deployment"]),
                random.one(&NAMES),
                random.one(&["Widget", "Deployment", "ConfigMap"]),
                random.one(&["spec.value", "metadata.labels.env", "data.k", "metadata.annotations.new"]),
                random.one(&["true", "false"])
            ),
        );
    }
    if random.once_in(12) {
        add(text, "sortOptions: {order: fifo}\n");
    }
    if random.once_in(12) {
        add(text, "buildMetadata: [originAnnotations, transformerAnnotations]\n");
    }
}

fn patches(text: &mut String, random: &mut Random) {
    let count = random.below(4);
    if count > 0 {
        add(text, "patches:\n");
    }
    for _ in 0..count {
        let name = random.one(&NAMES);
        let kind = random.one(&WORKLOADS);
        let patch = match random.below(7) {
            0 => format!("    apiVersion: v1\n    kind: ConfigMap\n    metadata: {{name: {name}}}\n    data: {{k: {}, n: null}}\n", random.one(&SCALARS[..12])),
            1 => format!("    apiVersion: apps/v1\n    kind: {kind}\n    metadata: {{name: {name}}}\n    spec: {{replicas: {}, template: {{metadata: {{labels: {{env: other}}}}}}}}\n  target: {{kind: {kind}}}\n", random.one(&["7", "\"8\"", "null"])),
            2 => "    apiVersion: apps/v1\n    kind: Any\n    metadata: {name: any}\n    spec: {template: {spec: {containers: [{name: side, image: s}, {name: main, ports: [{containerPort: 80, protocol: UDP, name: u}]}]}}}\n  target: {group: apps}\n".to_owned(),
            3 => "    - {op: add, path: /metadata/annotations, value: {n: 5}}\n    - {op: add, path: /spec/x, value: 1000000}\n  target: {kind: Deployment|Widget}\n".to_owned(),
            4 => format!("    - {{op: replace, path: /data/k, value: {}}}\n  target: {{kind: ConfigMap, name: {name}}}\n", random.one(&SCALARS[..12])),
            5 => format!("    apiVersion: v1\n    kind: Any\n    metadata: {{name: any, labels: {{l: null, app: {}}}, annotations: {}}}\n  target: {{name: \"{name}|.*b\"}}\n", random.one(&["\"2\"", "z"]), random.one(&["null", "{a: b}", "{}"])),
            _ => format!("    apiVersion: v1\n    kind: Service\n    metadata: {{name: any}}\n    spec: {{ports: [{{port: 80, targetPort: {}}}, {{port: 443, $patch: delete}}]}}\n  target: {{kind: Service}}\n", random.one(&["1", "http"])),
        };
        add(text, "- patch: |-\n");
        add(text, &patch);
    }
}
