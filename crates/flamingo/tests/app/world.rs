//! `flamingo up`, and a user with a home of his own.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use apimachinery::gvk::GroupVersionKind;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cluster::{ActAs, Apply, Cluster, ClusterId, Deadline, Resource, Session, Target};
use kube::config::{KubeConfigOptions, Kubeconfig};
use tempfile::TempDir;
use value::Value;

/// `flamingo up` with the demo, and a user with a home of his own.
pub(crate) struct World {
    process: Child,
    folder: TempDir,
    /// Where the API is.
    pub(crate) api: String,
}

impl World {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut process = Command::new(env!("CARGO_BIN_EXE_flamingo"))
            .args(["up", "--port", "0", "--api-port", "0", "--data-dir"])
            .arg(folder.path().join("data"))
            .args(arguments)
            .env_remove("RUST_LOG")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(process.stderr.take().expect("its errors")).lines();
        let mut api = None;
        for line in lines.by_ref() {
            let line = line.expect("a line");
            let address = line.split_once("API is at ").and_then(|(_, rest)| rest.split(". ").next());
            api = api.or(address.map(str::to_owned));
            if line.contains("✓ Ready") {
                break;
            }
        }
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, folder, api: api.expect("the address of the API") }
    }

    /// Runs a command; gives the exit code and what it printed, errors last.
    pub(crate) fn run(&self, arguments: &[&str]) -> (i32, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_flamingo"))
            .args(arguments)
            .env("HOME", self.folder.path())
            .env("XDG_CONFIG_HOME", self.folder.path().join("config"))
            .stdin(Stdio::null())
            .output()
            .expect("it starts");
        let text = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&text).into_owned())
    }

    /// The first password of `admin`, from the Secret that `up` names.
    pub(crate) fn password(&self) -> String {
        let secrets = Resource::new(GroupVersionKind::new("", "v1", "Secret"), "secrets", true);
        let target = Target::new(&secrets, "argocd", "argocd-initial-admin-secret");
        let secret = self.with_session(async |session| session.get(&target).await.expect("an answer"));
        let secret = secret.expect("the Secret");
        let password = STANDARD.decode(secret.str_at(&["data", "password"]).expect("a password"));
        String::from_utf8(password.expect("base64")).expect("UTF-8")
    }
}

impl World {
    /// Applies an object as `kubectl` would.
    pub(crate) fn apply(&self, object: &Value) {
        self.with_session(async |session| {
            let target = session.target(object).await.expect("a kind that is served");
            let how = Apply { manager: "test", force: true, dry_run: false };
            session.apply(&target, object, how).await.expect("applied");
        });
    }

    /// An Application.
    pub(crate) fn application(&self, name: &str) -> Option<Value> {
        let gvk = GroupVersionKind::new("argoproj.io", "v1alpha1", "Application");
        let target = Target::new(&Resource::new(gvk, "applications", true), "argocd", name);
        self.with_session(async |session| session.get(&target).await.expect("an answer"))
    }

    /// Lets a moment pass.
    pub(crate) fn pause(&self) {
        self.with_session(async |_| tokio::time::sleep(Duration::from_millis(200)).await);
    }

    fn with_session<T>(&self, work: impl AsyncFnOnce(Session) -> T) -> T {
        if rustls::crypto::ring::default_provider().install_default().is_err() {
            // Another test of this process has installed it.
        }
        let work = async {
            let kubeconfig = Kubeconfig::read_from(self.folder.path().join("data/kubeconfig"));
            let options = KubeConfigOptions::default();
            let config =
                kube::Config::from_custom_kubeconfig(kubeconfig.expect("a kubeconfig"), &options).await;
            let client = kube::Client::try_from(config.expect("a configuration")).expect("a client");
            let cluster = Cluster::new(ClusterId::in_cluster(), client);
            work(cluster.session(ActAs::Component, Deadline::after(Duration::from_secs(30)))).await
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(work)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
