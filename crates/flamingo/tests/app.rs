//! `flamingo login` and `flamingo app` against the API of `flamingo up`.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use apimachinery::gvk::GroupVersionKind;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cluster::{ActAs, Cluster, ClusterId, Deadline, Resource, Target};
use kube::config::{KubeConfigOptions, Kubeconfig};
use tempfile::TempDir;

/// `flamingo up` with the demo, and a user with a home of his own.
struct World {
    process: Child,
    folder: TempDir,
    /// Where the API is.
    api: String,
}

impl World {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut process = Command::new(env!("CARGO_BIN_EXE_flamingo"))
            .args(["up", "--port", "0", "--api-port", "0", "--data-dir"])
            .arg(folder.path().join("data"))
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
    fn run(&self, arguments: &[&str]) -> (i32, String) {
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
    fn password(&self) -> String {
        let read = async {
            let kubeconfig = Kubeconfig::read_from(self.folder.path().join("data/kubeconfig"));
            let options = KubeConfigOptions::default();
            let config =
                kube::Config::from_custom_kubeconfig(kubeconfig.expect("a kubeconfig"), &options).await;
            let client = kube::Client::try_from(config.expect("a configuration")).expect("a client");
            let cluster = Cluster::new(ClusterId::in_cluster(), client);
            let secrets = Resource::new(GroupVersionKind::new("", "v1", "Secret"), "secrets", true);
            let target = Target::new(&secrets, "argocd", "argocd-initial-admin-secret");
            let session = cluster.session(ActAs::Component, Deadline::after(Duration::from_secs(10)));
            session.get(&target).await.expect("an answer").expect("the Secret")
        };
        if rustls::crypto::ring::default_provider().install_default().is_err() {
            // Another test of this process has installed it.
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let secret = runtime.block_on(read);
        let password = STANDARD.decode(secret.str_at(&["data", "password"]).expect("a password"));
        String::from_utf8(password.expect("base64")).expect("UTF-8")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn check(world: &World, arguments: &[&str], code: i32, parts: &[&str]) {
    let (found, said) = world.run(arguments);
    assert_eq!(found, code, "{arguments:?}: {said}");
    for part in parts {
        assert!(said.contains(part), "{arguments:?}: {part:?} is missing from\n{said}");
    }
}

#[test]
fn an_application_is_listed_synced_created_and_deleted() {
    let world = World::start();
    check(&world, &["app", "list"], 2, &["nobody has logged in yet", "flamingo login SERVER"]);
    check(&world, &["login", &world.api, "--password", "wrong"], 2, &["Invalid username or password"]);
    check(&world, &["login", &world.api], 2, &["no password was given"]);
    check(&world, &["login", &world.api, "--password", &world.password()], 0, &["'admin' is logged in"]);

    check(&world, &["app", "list"], 0, &["NAME", "demo", "default", "Synced", "Healthy"]);
    check(&world, &["app", "list", "-p", "other", "-o", "name"], 0, &[]);
    check(&world, &["app", "wait", "demo", "--timeout", "30s"], 0, &["Sync:       Synced"]);
    check(&world, &["app", "sync", "demo", "--timeout", "60s"], 0, &["Last sync:  Succeeded"]);
    check(&world, &["app", "get", "demo", "-o", "yaml"], 0, &["  name: demo\n", "FluxSubsystem=true"]);
    check(&world, &["app", "get", "absent"], 2, &["permission denied"]);

    let create =
        ["app", "create", "second", "--repo", "http://127.0.0.1:9/x.git", "--dest-namespace", "second"];
    check(&world, &create, 0, &["application 'second' created", "flamingo app sync second"]);
    check(&world, &[&create[..], &["--path", "other"]].concat(), 2, &["use upsert flag"]);
    check(&world, &["app", "wait", "second", "--timeout", "1s"], 1, &["did not get there within 1s"]);
    check(&world, &["app", "delete", "second"], 2, &["repeat with --yes"]);
    check(&world, &["app", "delete", "second", "--yes"], 0, &["is being deleted"]);
    check(&world, &["app", "list", "-o", "name"], 0, &["demo"]);
}
