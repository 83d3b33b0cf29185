//! A simulated cluster with the settings and objects of the recordings, and the API in front of it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use apimachinery::clock::FixedClock;
use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use argocd_server::{Server, Settings, bootstrap};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cluster::{ActAs, Apply, Cluster, ClusterId, Deadline, Resource, Session};
use kube::config::{KubeConfigOptions, Kubeconfig};
use sandbox::{Config, Sandbox};
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;
use value::Value;

use crate::compare::Answer;
use crate::exchange::{Exchange, folder};
use crate::stage;

pub(crate) const NAMESPACE: &str = "argocd";
/// The passwords that the recordings use.
const PASSWORDS: [(&str, &str); 3] = [
    ("admin", "recorder-admin-pw"),
    ("accounts.alice", "recorder-alice-pw"),
    ("accounts.carol", "recorder-alice-pw"),
];

pub(crate) struct World {
    _sandbox: Sandbox,
    session: Session,
    server: Server,
    stop: CancellationToken,
    client: reqwest::Client,
    scenario: String,
    admin: String,
    alice: String,
    /// A session that has ended.
    expired: String,
}

impl World {
    pub(crate) async fn start(scenario: &str) -> Self {
        if rustls::crypto::ring::default_provider().install_default().is_err() {
            // Another world of this process has installed it.
        }
        let now = jiff::Timestamp::now();
        let clock = Arc::new(FixedClock::new(now));
        let sandbox = Sandbox::start(Config::in_memory(clock.clone())).await.expect("a sandbox");
        let kubeconfig = Kubeconfig::from_yaml(&sandbox.kubeconfig()).expect("a kubeconfig");
        let options = KubeConfigOptions::default();
        let config =
            kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.expect("a configuration");
        let client = kube::Client::try_from(config).expect("a client");
        let cluster = Cluster::new(ClusterId::in_cluster(), client);
        let session = cluster.session(ActAs::Component, Deadline::after(Duration::from_secs(60)));
        install(&session, scenario, &clock).await;
        let stop = CancellationToken::new();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let settings =
            Settings { namespace: NAMESPACE.to_owned(), loopback_only: true, page: None, preview: None };
        let server = Server::start(listener, cluster, settings, clock.clone(), &stop);
        let server = server.await.expect("a server");
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let mut world = Self {
            _sandbox: sandbox,
            session: session.until(Deadline::after(Duration::from_secs(300))),
            server,
            stop,
            client: client.build().expect("a client"),
            scenario: scenario.to_owned(),
            admin: String::new(),
            alice: String::new(),
            expired: String::new(),
        };
        world.expired = world.log_in("admin", "recorder-admin-pw").await;
        clock.advance(Duration::from_secs(25 * 60 * 60));
        world.admin = world.log_in("admin", "recorder-admin-pw").await;
        world.alice = world.log_in("alice", "recorder-alice-pw").await;
        world
    }

    /// Brings the cluster to where it was before a step, or before one of its exchanges.
    pub(crate) async fn before(&self, step: &str) {
        stage::before(&self.session, &self.scenario, step).await;
    }

    /// Sends a recorded request; `None` for one that cannot be sent here.
    pub(crate) async fn ask(&self, exchange: &Exchange) -> Option<Answer> {
        let recorded = &exchange.json["request"];
        let method = exchange.text("method").parse().expect("a method");
        let path = self.here(exchange.text("path")).await;
        let url = format!("http://{}{path}", self.server.address());
        let mut request = self.client.request(method, url);
        let mut has_type = exchange.name.contains("content-type");
        for (name, value) in recorded["headers"].as_object().into_iter().flatten() {
            has_type |= name.eq_ignore_ascii_case("content-type");
            request = request.header(name, self.filled(value.as_str()?));
        }
        if exchange.name.contains("stream-tree") {
            request = request.header("accept", "text/event-stream");
        }
        if recorded["anonymous"].as_bool() != Some(true) {
            request = request.bearer_auth(self.token(&exchange.name));
        }
        if !has_type {
            request = request.header("content-type", "application/json");
        }
        request = match &recorded["body"] {
            Json::Null => request,
            Json::String(text) => request.body(text.clone()),
            body => request.body(body.to_string()),
        };
        let response = request.timeout(Duration::from_secs(20)).send().await.expect("an answer");
        let header = |name: &str| {
            let value = response.headers().get(name).and_then(|value| value.to_str().ok());
            value.map(str::to_owned)
        };
        let (content_type, cookie) = (header("content-type").unwrap_or_default(), header("set-cookie"));
        let status = response.status().as_u16();
        let body = response.text().await.expect("a body");
        Some(Answer { status, content_type, cookie, body })
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.server.stopped().await;
    }

    async fn log_in(&self, name: &str, password: &str) -> String {
        let url = format!("http://{}/api/v1/session", self.server.address());
        let body = format!(r#"{{"username":"{name}","password":"{password}"}}"#);
        let request = self.client.post(url).header("content-type", "application/json").body(body);
        let text = request.send().await.expect("an answer").text().await.expect("a body");
        let json: Json = serde_json::from_str(&text).expect(&text);
        json["token"].as_str().expect(&text).to_owned()
    }

    /// The token that the recorder sent with a request.
    fn token(&self, exchange: &str) -> String {
        let is_about = |word: &str| exchange.contains(word);
        if is_about("expired") {
            return self.expired.clone();
        }
        if is_about("garbage") {
            return "garbage".to_owned();
        }
        if is_about("foreign-signature") {
            return format!("{}AAAA", &self.admin[..self.admin.len() - 4]);
        }
        let is_alice = self.scenario == "rbac" && !exchange.starts_with("03-admin");
        if is_alice { self.alice.clone() } else { self.admin.clone() }
    }

    /// A path with the names and UIDs that objects have here.
    async fn here(&self, path: &str) -> String {
        let mut path = path.to_owned();
        for (recorded, kind, plural) in
            [("web-6d85d968b7-<rand>", "Pod", "pods"), ("<uid-12>", "Deployment", "deployments")]
        {
            if !path.contains(recorded) {
                continue;
            }
            let group = if kind == "Pod" { "" } else { "apps" };
            let resource = Resource::new(GroupVersionKind::new(group, "v1", kind), plural, true);
            let found =
                self.session.list(&resource, &format!("ns-{}", self.scenario), "").await.expect("a list");
            let found =
                found.iter().find(|found| object::name(found).is_some_and(|name| name.starts_with("web")));
            let of = |found: &Value| {
                if kind == "Pod" { object::name(found) } else { object::uid(found) }.map(str::to_owned)
            };
            path = path.replace(recorded, &found.and_then(of).expect(recorded));
        }
        path
    }

    fn filled(&self, header: &str) -> String {
        let (first, second) = self.admin.split_at(self.admin.len() / 2);
        header.replace("<jwt-part-1>", first).replace("<jwt-part-2>", second).replace("<jwt>", &self.admin)
    }
}

async fn install(session: &Session, scenario: &str, clock: &FixedClock) {
    for definition in argocd_api::definitions::all().expect("definitions") {
        apply(session, &definition).await;
    }
    let kustomizations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../flux-api/crds/kustomizations.yaml");
    apply(session, &parse(&std::fs::read_to_string(kustomizations).expect("a definition"))).await;
    apply(session, &parse(&format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: {NAMESPACE}}}}}")))
        .await;
    let configuration =
        std::fs::read_to_string(folder().join("configuration.yaml")).expect("a configuration");
    for document in configuration.split("\n---\n") {
        apply(session, &parse(document)).await;
    }
    let mut data = Value::map();
    for (account, password) in PASSWORDS {
        let hash = bcrypt::hash_with_salt(password, 4, [7; 16]).expect("a hash");
        let hash = hash.format_for_version(bcrypt::Version::TwoA);
        data.set_at(&[format!("{account}.password").as_str()], STANDARD.encode(hash));
    }
    let mut secret = parse(&format!(
        "{{apiVersion: v1, kind: Secret, metadata: {{name: argocd-secret, namespace: {NAMESPACE}}}}}"
    ));
    secret.set_at(&["data"], data);
    apply(session, &secret).await;
    bootstrap(session, NAMESPACE, clock).await.expect("a control plane");
    let inputs = std::fs::read_dir(folder().join(scenario).join("input"));
    let mut files: Vec<_> =
        inputs.into_iter().flatten().map(|entry| entry.expect("an entry").path()).collect();
    // Projects before those who use them: `appproject-` sorts behind `application-`.
    files.sort_by(|a, b| b.cmp(a));
    for file in files.iter().filter(|file| file.extension().is_some_and(|kind| kind == "yaml")) {
        apply(session, &parse(&std::fs::read_to_string(file).expect("a file"))).await;
    }
}

pub(crate) async fn apply(session: &Session, object: &Value) {
    // A kind is served a moment after its definition.
    let target = loop {
        match session.target(object).await {
            Ok(target) => break target,
            Err(error) => assert!(!session.deadline().left().is_zero(), "{error}"),
        }
        session.cluster().forget_kinds();
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let how = Apply { manager: "test", force: true, dry_run: false };
    session.apply(&target, object, how).await.expect("an object");
}

pub(crate) fn parse(text: &str) -> Value {
    yaml::parse(text, yaml::Rules::V2).expect(text)
}
