//! The two clusters on which the same is done: the simulated one and a real control plane. Both deploy the
//! same repository from the same server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::control_plane::ControlPlane;
use crate::command::output;
use crate::flamingo::{self, Repository};
use crate::oracles::Oracles;
use crate::process::{Running, until};

/// The name that `up` gives to what it deploys from a folder of this name.
const NAME: &str = "shop";
const MANIFESTS: [(&str, &str); 4] = [
    ("namespace.yaml", "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n"),
    (
        "configmap.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n  namespace: shop\ndata:\n  greeting: hello\n",
    ),
    (
        "deployment.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: shop\n  labels:\n    app: web\n\
         spec:\n  replicas: 2\n  selector:\n    matchLabels:\n      app: web\n  template:\n    metadata:\n      \
         labels:\n        app: web\n    spec:\n      containers:\n        - name: web\n          image: \
         example.com/web:1.0\n          ports:\n            - name: http\n              containerPort: 8080\n          \
         env:\n            - name: GREETING\n              valueFrom:\n                configMapKeyRef:\n                  \
         name: web\n                  key: greeting\n          resources:\n            requests:\n              \
         cpu: 100m\n              memory: 64Mi\n",
    ),
    (
        "service.yaml",
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  selector:\n    \
         app: web\n  ports:\n    - name: http\n      port: 80\n      targetPort: http\n",
    ),
];

/// A cluster and the clients for it.
pub(crate) struct World {
    pub(crate) name: &'static str,
    kubeconfig: PathBuf,
    home: PathBuf,
    kubectl: PathBuf,
    flux: PathBuf,
    helm: PathBuf,
}

/// Both clusters, running.
pub(crate) struct Worlds {
    pub(crate) simulated: World,
    pub(crate) real: World,
    // Dropped in this order: controllers before their cluster.
    _controllers: Running,
    _control_plane: ControlPlane,
    _up: Running,
}

impl Worlds {
    /// Starts both, and waits until both have deployed the repository.
    ///
    /// # Errors
    /// One of them does not come so far.
    pub(crate) fn start(oracles: &Oracles, flamingo: &Path, folder: &Path) -> Result<Self> {
        let repository = Repository::create(&folder.join(NAME))?;
        for (path, text) in MANIFESTS {
            repository.write(path, text)?;
        }
        repository.commit("A shop")?;
        println!("starting the simulated cluster");
        let up = flamingo::up(flamingo, &folder.join("up"), Some(&repository))?;
        up.line("✓ Ready", 0).context("the simulated cluster does not deploy the repository")?;
        println!("starting the real control plane");
        let control_plane = ControlPlane::start(oracles, &folder.join("real"))?;
        let simulated = World::new(oracles, "simulated", &flamingo::kubeconfig(&folder.join("up")), folder)?;
        let real = World::new(oracles, "real", control_plane.kubeconfig(), folder)?;
        let controllers = controllers(flamingo, control_plane.kubeconfig(), folder)?;
        copy_deployment(&simulated, &real, folder)
            .context("the real control plane does not deploy the repository")?;
        Ok(Self { simulated, real, _controllers: controllers, _control_plane: control_plane, _up: up })
    }

    /// Both, the simulated one first.
    pub(crate) fn both(&self) -> [&World; 2] {
        [&self.simulated, &self.real]
    }
}

impl World {
    /// Clients have a home of their own, because they keep there what they found out about a cluster.
    fn new(oracles: &Oracles, name: &'static str, kubeconfig: &Path, folder: &Path) -> Result<Self> {
        let home = folder.join(format!("home-{name}"));
        fs::create_dir_all(&home)?;
        let (kubectl, flux, helm) = (oracles.tool("kubectl")?, oracles.tool("flux")?, oracles.tool("helm")?);
        Ok(Self { name, kubeconfig: kubeconfig.to_owned(), home, kubectl, flux, helm })
    }

    /// A call of kubectl.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Command {
        self.client(&self.kubectl, arguments)
    }

    /// A call of flux.
    pub(crate) fn flux(&self, arguments: &[&str]) -> Command {
        self.client(&self.flux, arguments)
    }

    /// A call of helm.
    pub(crate) fn helm(&self, arguments: &[&str]) -> Command {
        self.client(&self.helm, arguments)
    }

    fn client(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).env("KUBECONFIG", &self.kubeconfig).env("HOME", &self.home);
        command.env("LC_ALL", "C").env("NO_COLOR", "1").env("TZ", "UTC");
        command.env_remove("KUBECTL_EXTERNAL_DIFF").env_remove("KUBECACHEDIR");
        command
    }
}

fn controllers(flamingo: &Path, kubeconfig: &Path, folder: &Path) -> Result<Running> {
    let mut command = Command::new(flamingo);
    command.args(["flux-controllers", "--install-crds", "--kubeconfig"]).arg(kubeconfig);
    command.arg("--storage-path").arg(folder.join("artifacts"));
    Running::start(&command, &folder.join("controllers.log"))
}

/// Makes the objects that `up` made, and waits until they are ready.
fn copy_deployment(from: &World, to: &World, folder: &Path) -> Result<()> {
    let mut items =
        vec![json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "flux-system"}})];
    for kind in ["gitrepository", "kustomization"] {
        let text = output(&mut from.kubectl(&["-n", "flux-system", "get", kind, NAME, "-o", "json"]))?;
        let object: Value = serde_json::from_str(&text)?;
        items.push(json!({
            "apiVersion": object["apiVersion"], "kind": object["kind"], "spec": object["spec"],
            "metadata": {
                "name": NAME, "namespace": "flux-system", "labels": object["metadata"]["labels"],
                "annotations": object["metadata"]["annotations"],
            },
        }));
    }
    let file = folder.join("deployment.json");
    fs::write(&file, json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string())?;
    let file = file.to_str().context("the temporary folder is not UTF-8")?;
    until("the definitions are served", || {
        let arguments =
            ["wait", "--for=condition=Established", "crd/kustomizations.kustomize.toolkit.fluxcd.io"];
        let answer = crate::process::capture(&mut to.kubectl(&arguments))?;
        Ok(answer.status.success().then_some(()))
    })?;
    output(&mut to.kubectl(&["apply", "--server-side", "--field-manager=flamingo-loopback", "-f", file]))?;
    let ready = ["-n", "flux-system", "wait", "--for=condition=Ready", "--timeout=120s"];
    for object in ["gitrepository/shop", "kustomization/shop"] {
        output(&mut to.kubectl(&[&ready[..], &[object]].concat()))?;
    }
    Ok(())
}
