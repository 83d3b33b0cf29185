//! What runs containers.

use super::chance::Chance;

pub(super) const KINDS: [&str; 5] = ["Deployment", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"];

/// The specification of one of [`KINDS`].
pub(super) fn spec(chance: &mut Chance, app: &str, kind: &str) -> String {
    let replicas = chance.one(&["1", "3", "0"]);
    let mut text = String::from("spec:\n");
    if kind != "DaemonSet" && !chance.once_in(4) {
        text.push_str(&format!("  replicas: {replicas}\n"));
    }
    if kind == "StatefulSet" {
        text.push_str(&format!("  serviceName: {app}\n"));
        let claim =
            "  volumeClaimTemplates:\n  - metadata: {name: data}\n    spec: {accessModes: [ReadWriteOnce]}\n";
        text.push_str(chance.maybe(2, claim));
    }
    if kind == "Deployment" {
        text.push_str(chance.maybe(3, "  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}\n"));
    }
    text.push_str(&format!("  selector: {{matchLabels: {{app: {app}}}}}\n  template:\n"));
    text.push_str(&format!("    metadata:\n      labels: {{app: {app}}}\n"));
    text.push_str(chance.maybe(5, "      annotations: {checked: \"true\"}\n"));
    text.push_str("    spec:\n");
    text.push_str(&pod(chance, app, "      "));
    text
}

/// A job that starts again and again.
pub(super) fn cron_job(chance: &mut Chance, app: &str, _: &str) -> String {
    let pod = pod(chance, app, "          ");
    format!(
        "spec:\n  schedule: '*/5 * * * *'\n  jobTemplate:\n    spec:\n      template:\n        spec:\n{pod}"
    )
}

fn pod(chance: &mut Chance, app: &str, indent: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut add = |chance: &mut Chance, n: usize, more: &str| {
        if chance.once_in(n) {
            lines.extend(more.lines().map(|line| line.replace("NAME", app)));
        }
    };
    add(chance, 2, "serviceAccountName: NAME");
    add(chance, 5, "imagePullSecrets: [{name: NAME-secret}]");
    add(chance, 5, "initContainers:\n- {name: init, image: \"busybox:1\", command: [sh, -c, 'echo $(A)']}");
    add(chance, 6, "tolerations:\n- {key: a, operator: Exists}\n- {key: b, operator: Equal, value: \"1\"}");
    add(chance, 6, "priorityClassName: NAME");
    add(chance, 1, "containers:\n- name: main");
    let image =
        chance.one(&["nginx", "nginx:1", "host:5000/nginx:1@sha256:ab", "busybox", "nginx@sha256:cd"]);
    add(chance, 1, &format!("  image: {image}"));
    add(chance, 3, "  args:\n  - --a\n  - \"1\"\n  - $(A)");
    let (value, text) = (chance.scalar(), chance.text());
    add(
        chance,
        2,
        &format!("  env:\n  - {{name: A, value: {text}}}\n  - {{name: B, value: {value}}}\n{ENV}"),
    );
    add(chance, 3, "  envFrom:\n  - configMapRef: {name: NAME-config}\n  - secretRef: {name: NAME-secret}");
    add(chance, 2, "  ports: [{containerPort: 80, name: a}, {containerPort: 80, protocol: UDP, name: b}]");
    add(chance, 3, "  resources: {limits: {cpu: 100m, memory: 1Gi}, requests: {cpu: 0.1}}");
    add(
        chance,
        3,
        "  volumeMounts:\n  - {name: config, mountPath: /config}\n  - {name: data, mountPath: /data}",
    );
    add(chance, 4, "- image: sidecar\n  name: side\n  command: [\"run\"]");
    let (config, secret) = ("{name: config, configMap: {name: NAME-config}}", "{secretName: NAME-secret}");
    let claim = "persistentVolumeClaim: {claimName: NAME-data}";
    let projected = "projected: {sources: [{configMap: {name: NAME-config}}, {secret: {name: NAME-secret}}]}";
    add(
        chance,
        2,
        &format!("volumes:\n- {config}\n- {{name: secret, secret: {secret}}}\n- {{name: data, {claim}}}"),
    );
    if lines.last().is_some_and(|line| line.starts_with("- {name: data")) && chance.once_in(2) {
        lines.push(format!("- {{name: all, {}}}", projected.replace("NAME", app)));
    }
    lines.iter().map(|line| format!("{indent}{line}\n")).collect()
}

const ENV: &str = "  - name: C\n    valueFrom: {configMapKeyRef: {name: NAME-config, key: k}}\n  - name: D\n    \
                   valueFrom: {secretKeyRef: {name: NAME-secret, key: k}}";
