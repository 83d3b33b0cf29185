//! A real control plane on loopback: etcd, kube-apiserver, kube-controller-manager, kube-scheduler, and kwok
//! for a node on which every Pod becomes ready.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::command::output;
use crate::oracles::Oracles;
use crate::process::{Running, free_port, until};

const NODE: &str = r#"{"apiVersion": "v1", "kind": "Node",
 "metadata": {"name": "node-0", "labels": {"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}},
 "status": {"allocatable": {"cpu": "1000", "memory": "1Ti", "pods": "10000"},
            "capacity": {"cpu": "1000", "memory": "1Ti", "pods": "10000"}}}"#;

/// A running control plane; it ends when this is dropped.
pub(crate) struct ControlPlane {
    kubeconfig: PathBuf,
    // Clients end before servers: fields are dropped in this order.
    _clients: Vec<Running>,
    _api_server: Running,
    _etcd: Running,
}

impl ControlPlane {
    /// Starts a control plane that keeps its state in `folder`.
    ///
    /// # Errors
    /// A component cannot be started or does not become ready.
    pub(crate) fn start(oracles: &Oracles, folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let start = |command: &mut Command, name: &str| {
            Running::start(command.current_dir(folder), &folder.join(format!("{name}.log")))
        };
        let (client, api) = (free_port()?, free_port()?);
        let etcd = start(&mut etcd(oracles, client)?, "etcd")?;
        let account = rcgen::KeyPair::generate()?;
        fs::write(folder.join("account.key"), account.serialize_pem())?;
        fs::write(folder.join("account.pub"), account.public_key_pem())?;
        fs::write(folder.join("tokens.csv"), "admin-token,admin,admin,\"system:masters\"\n")?;
        let api_server = start(&mut api_server(oracles, client, api)?, "kube-apiserver")?;
        let kubeconfig = folder.join("kubeconfig");
        fs::write(&kubeconfig, kubeconfig_of(api))?;
        wait_until_ready(oracles, &kubeconfig, &api_server).with_context(|| api_server.last_words())?;
        let mut clients = Vec::new();
        for name in ["kube-controller-manager", "kube-scheduler"] {
            clients.push(start(&mut component(oracles, name)?, name)?);
        }
        fs::write(folder.join("node.json"), NODE)?;
        output(kubectl(oracles, &kubeconfig)?.args(["create", "-f"]).arg(folder.join("node.json")))?;
        clients.push(start(&mut kwok(oracles)?, "kwok")?);
        Ok(Self { kubeconfig, _clients: clients, _api_server: api_server, _etcd: etcd })
    }

    /// The kubeconfig of its administrator.
    pub(crate) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }
}

fn kubectl(oracles: &Oracles, kubeconfig: &Path) -> Result<Command> {
    let mut command = Command::new(oracles.tool("kubectl")?);
    command.env("KUBECONFIG", kubeconfig);
    Ok(command)
}

fn etcd(oracles: &Oracles, client: u16) -> Result<Command> {
    let client = format!("http://127.0.0.1:{client}");
    let peer = format!("http://127.0.0.1:{}", free_port()?);
    let mut command = Command::new(oracles.tool("etcd")?);
    command.args(["--data-dir", "etcd", "--unsafe-no-fsync"]);
    command.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
    command.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
    command.args(["--initial-cluster", &format!("default={peer}")]);
    Ok(command)
}

fn api_server(oracles: &Oracles, etcd: u16, port: u16) -> Result<Command> {
    let mut command = Command::new(oracles.tool("kube-apiserver")?);
    command.args([
        "--bind-address=127.0.0.1",
        "--cert-dir=certificates",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-account-key-file=account.pub",
        "--service-account-signing-key-file=account.key",
        "--token-auth-file=tokens.csv",
        "--authorization-mode=Node,RBAC",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--allow-privileged",
    ]);
    command.arg(format!("--etcd-servers=http://127.0.0.1:{etcd}")).arg(format!("--secure-port={port}"));
    Ok(command)
}

fn component(oracles: &Oracles, name: &str) -> Result<Command> {
    let mut command = Command::new(oracles.tool(name)?);
    command.args(["--kubeconfig=kubeconfig", "--bind-address=127.0.0.1", "--leader-elect=false"]);
    command.arg(format!("--secure-port={}", free_port()?));
    if name == "kube-controller-manager" {
        command.arg("--service-account-private-key-file=account.key");
    }
    Ok(command)
}

fn kwok(oracles: &Oracles) -> Result<Command> {
    let mut command = Command::new(oracles.tool("kwok")?);
    command.args(["--kubeconfig=kubeconfig", "--manage-all-nodes=true"]);
    command.arg("--config").arg(oracles.tool("kwok-stages.yaml")?);
    Ok(command)
}

fn kubeconfig_of(port: u16) -> String {
    format!(
        "apiVersion: v1\nkind: Config\n\
         clusters: [{{name: real, cluster: {{server: \"https://127.0.0.1:{port}\", insecure-skip-tls-verify: true}}}}]\n\
         users: [{{name: admin, user: {{token: admin-token}}}}]\n\
         contexts: [{{name: real, context: {{cluster: real, user: admin}}}}]\n\
         current-context: real\n"
    )
}

fn wait_until_ready(oracles: &Oracles, kubeconfig: &Path, api_server: &Running) -> Result<()> {
    until("the API server becomes ready", || {
        let answer =
            crate::process::capture(kubectl(oracles, kubeconfig)?.args(["get", "--raw", "/readyz"]))?;
        if answer.stdout != "ok" && !api_server.is_alive() {
            bail!("the API server ended");
        }
        Ok((answer.stdout == "ok").then_some(()))
    })
}
