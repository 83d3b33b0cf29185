//! What is done on both clusters, in this order.

/// A comparison.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    /// Calls of kubectl that must succeed first; what they print is not compared.
    pub(crate) before: &'static [&'static [&'static str]],
    pub(crate) act: Act,
    pub(crate) how: How,
}

/// What is run.
pub(crate) enum Act {
    /// kubectl with arguments.
    Kubectl(&'static [&'static str]),
    /// flux with arguments.
    Flux(&'static [&'static str]),
    /// helm with arguments.
    Helm(&'static [&'static str]),
    /// kubectl watches while another call of kubectl changes something, to the first line with `until`.
    Watch { arguments: &'static [&'static str], cause: &'static [&'static str], until: &'static str },
}

/// How outputs are compared.
#[derive(Clone, Copy)]
pub(crate) enum How {
    /// Line by line.
    Exactly,
    /// The same lines, in any order and number: events of the same second have no order, and two whose
    /// messages name the same duration are one that was counted twice.
    AsSet,
    /// What the simulated cluster prints must be printed by the real one, which serves more kinds.
    Served,
}

const fn kubectl(name: &'static str, arguments: &'static [&'static str]) -> Step {
    Step { name, before: &[], act: Act::Kubectl(arguments), how: How::Exactly }
}

const fn flux(name: &'static str, arguments: &'static [&'static str]) -> Step {
    Step { name, before: &[], act: Act::Flux(arguments), how: How::Exactly }
}

const fn helm(name: &'static str, arguments: &'static [&'static str]) -> Step {
    Step { name, before: &[], act: Act::Helm(arguments), how: How::Exactly }
}

impl Step {
    const fn after(mut self, before: &'static [&'static [&'static str]]) -> Self {
        self.before = before;
        self
    }

    const fn compared(mut self, how: How) -> Self {
        self.how = how;
        self
    }
}

/// A busy apiserver may look for the address of a new Service before its own cache has it, and says so.
const NO_REPAIRS: &[&[&str]] =
    &[&["delete", "events", "-n", "shop", "--field-selector", "reason=ClusterIPNotAllocated"]];

const READY: &[&[&str]] = &[
    &["-n", "flux-system", "wait", "--for=condition=Ready", "--timeout=60s", "kustomization/shop"],
    &["-n", "shop", "rollout", "status", "deployment/web", "--timeout=60s"],
];
const MINE_ROLLED_OUT: &[&[&str]] = &[&["rollout", "status", "deployment/mine", "--timeout=60s"]];
const MINE_GONE: &[&[&str]] = &[&["wait", "--for=delete", "pod", "-l", "app=mine", "--timeout=60s"]];

/// The files that the calls name.
pub(crate) const FILES: [(&str, &str); 8] = [
    ("chart/Chart.yaml", "apiVersion: v2\nname: chart\nversion: 1.2.3\nappVersion: \"4.5\"\n"),
    (
        "chart/templates/configmap.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  a: {{ .Values.a | default \"1\" \
         | quote }}\n",
    ),
    ("settings.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  a: \"1\"\n"),
    (
        "settings-2.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  a: \"2\"\n  b: \"3\"\n",
    ),
    ("owned.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: owned\ndata:\n  a: \"1\"\n"),
    ("owned-2.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: owned\ndata:\n  a: \"2\"\n"),
    (
        "mine.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: mine\nspec:\n  replicas: 1\n  selector:\n    \
         matchLabels:\n      app: mine\n  template:\n    metadata:\n      labels:\n        app: mine\n    spec:\n      \
         containers:\n        - name: mine\n          image: example.com/mine:1\n",
    ),
    (
        "wrong.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: wrong\nspec:\n  replica: 1\n  selector:\n    \
         matchLabels:\n      app: wrong\n  template:\n    metadata:\n      labels:\n        app: other\n    spec:\n      \
         containers:\n        - name: wrong\n          image: example.com/wrong:1\n",
    ),
];

/// All comparisons.
pub(crate) const STEPS: [Step; 60] = [
    kubectl("kubectl get all -A", &["get", "all", "-A"]).after(READY),
    kubectl("kubectl get ks,gitrepo -A", &["get", "ks,gitrepo", "-A"]),
    kubectl("kubectl get ks -o wide", &["get", "ks", "-n", "flux-system", "-o", "wide"]),
    kubectl(
        "kubectl get deployment,replicaset -o wide",
        &["get", "deployment,rs", "-n", "shop", "-o", "wide"],
    ),
    kubectl("kubectl get pods by label", &["get", "pods", "-n", "shop", "-l", "app=web", "--show-labels"]),
    kubectl("kubectl get something unknown", &["get", "gizmos"]),
    kubectl("kubectl get something that is not there", &["get", "configmap", "none"]),
    kubectl("kubectl api-resources", &["api-resources", "--sort-by=name"]).compared(How::Served),
    kubectl("kubectl explain kustomization.spec.sourceRef", &["explain", "kustomization.spec.sourceRef"]),
    kubectl("kubectl explain deployment.spec.strategy", &["explain", "deployment.spec.strategy"]),
    kubectl("kubectl describe kustomization", &["describe", "ks", "-n", "flux-system", "shop"]),
    kubectl("kubectl describe gitrepository", &["describe", "gitrepo", "-n", "flux-system", "shop"]),
    kubectl("kubectl describe deployment", &["describe", "deployment", "-n", "shop", "web"]),
    kubectl("kubectl describe service", &["describe", "service", "-n", "shop", "web"]).after(NO_REPAIRS),
    kubectl("kubectl describe pod", &["describe", "pod", "-n", "shop", "-l", "app=web"]),
    kubectl("kubectl get deployment -o yaml", &["get", "deployment", "-n", "shop", "web", "-o", "yaml"]),
    kubectl(
        "kubectl get deployment -o yaml with owners",
        &["get", "deployment", "-n", "shop", "web", "-o", "yaml", "--show-managed-fields"],
    ),
    kubectl("kubectl apply --server-side", &["apply", "--server-side", "-f", "owned.yaml"]),
    kubectl(
        "kubectl apply --server-side: a conflict",
        &["apply", "--server-side", "--field-manager=other", "-f", "owned-2.yaml"],
    ),
    kubectl(
        "kubectl apply --server-side --force-conflicts",
        &["apply", "--server-side", "--field-manager=other", "--force-conflicts", "-f", "owned-2.yaml"],
    ),
    kubectl("kubectl apply: created", &["apply", "-f", "settings.yaml", "-f", "mine.yaml"]),
    kubectl("kubectl apply: unchanged", &["apply", "-f", "settings.yaml"]),
    kubectl("kubectl diff: nothing", &["diff", "-f", "settings.yaml"]).compared(How::Exactly),
    kubectl("kubectl diff: something", &["diff", "-f", "settings-2.yaml"]),
    kubectl("kubectl apply: configured", &["apply", "-f", "settings-2.yaml"]),
    kubectl("kubectl apply: refused", &["apply", "-f", "wrong.yaml"]),
    kubectl("kubectl apply --validate=false: refused", &["apply", "--validate=false", "-f", "wrong.yaml"]),
    kubectl("kubectl get -o jsonpath", &["get", "configmap", "settings", "-o", "jsonpath={.data}"]),
    kubectl("kubectl rollout status", &["rollout", "status", "deployment/mine"]).after(MINE_ROLLED_OUT),
    kubectl("kubectl scale", &["scale", "deployment/mine", "--replicas=2"]),
    kubectl("kubectl get after scale", &["get", "deployment", "mine"]).after(MINE_ROLLED_OUT),
    kubectl(
        "kubectl wait --for=condition=Ready",
        &["wait", "--for=condition=Ready", "-n", "flux-system", "ks/shop", "gitrepo/shop"],
    ),
    kubectl("kubectl wait: too long", &["wait", "--for=condition=Never", "--timeout=1s", "deployment/mine"]),
    kubectl("kubectl delete", &["delete", "deployment/mine", "configmap/settings"]),
    kubectl("kubectl delete: what was owned is gone", &["get", "rs,pods", "-l", "app=mine"]).after(MINE_GONE),
    kubectl("kubectl create namespace", &["create", "namespace", "made"]),
    kubectl(
        "kubectl create deployment",
        &["create", "deployment", "mine", "--image=example.com/mine:1", "--replicas=2", "--port=80"],
    ),
    kubectl("kubectl get what was created", &["get", "deployment", "mine", "-o", "yaml"])
        .after(MINE_ROLLED_OUT),
    kubectl("kubectl create secret", &["create", "secret", "generic", "made", "--from-literal=a=b"]),
    kubectl(
        "kubectl create poddisruptionbudget",
        &["create", "poddisruptionbudget", "made", "--min-available=50%", "--selector=app=mine"],
    ),
    kubectl(
        "kubectl get objects that were created",
        &["get", "secret/made", "pdb/made", "-o", "jsonpath={.items[*].data}{.items[*].spec}"],
    ),
    kubectl("kubectl create configmap: there already", &["create", "configmap", "owned"]),
    kubectl(
        "kubectl delete what was created",
        &["delete", "deploy/mine", "secret/made", "pdb/made", "ns/made"],
    ),
    helm("helm install", &["install", "shipped", "chart", "--set", "a=2"]),
    helm("helm install: there already", &["install", "shipped", "chart"]),
    helm("helm upgrade", &["upgrade", "shipped", "chart", "--set", "a=3"]),
    helm("helm list", &["list"]),
    helm("helm history", &["history", "shipped"]),
    helm("helm get manifest", &["get", "manifest", "shipped"]),
    kubectl("kubectl get what helm installed", &["get", "configmap", "shipped", "-o", "yaml"]),
    helm("helm uninstall", &["uninstall", "shipped"]),
    Step {
        name: "kubectl get ks -A -w",
        before: READY,
        act: Act::Watch {
            arguments: &["get", "ks", "-A", "-w"],
            cause: &[
                "-n",
                "flux-system",
                "annotate",
                "ks",
                "shop",
                "reconcile.fluxcd.io/requestedAt=now",
                "--overwrite",
            ],
            until: "Applied revision",
        },
        how: How::Exactly,
    },
    flux("flux get all -A", &["get", "all", "-A"]).after(READY),
    flux(
        "flux reconcile kustomization --with-source",
        &["reconcile", "kustomization", "shop", "--with-source"],
    ),
    flux("flux suspend kustomization", &["suspend", "kustomization", "shop"]),
    flux("flux get kustomizations, suspended", &["get", "kustomizations"]),
    flux("flux resume kustomization", &["resume", "kustomization", "shop"]),
    flux("flux tree kustomization", &["tree", "ks", "shop"]),
    flux("flux events", &["events"]).compared(How::AsSet),
    kubectl("kubectl get events", &["get", "events", "-n", "shop"]).after(NO_REPAIRS).compared(How::AsSet),
];
