//! A simulated cluster with Applications and Flux objects, the API in front of it, and its clients.

use std::sync::Arc;
use std::time::Duration;

use apimachinery::clock::FixedClock;
use argocd_server::{Page, Preview, Server, Settings, bootstrap};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cluster::{ActAs, Apply, Cluster, ClusterId, Deadline, Propagation, Session};
use futures::StreamExt as _;
use kube::config::{KubeConfigOptions, Kubeconfig};
use sandbox::{Config, Sandbox};
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;
use value::Value;

pub(crate) const NAMESPACE: &str = "argocd";
const PASSWORD: &str = "correct-horse";
const CONFIGURATION: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cm, namespace: argocd}
data: {accounts.alice: login, accounts.nobody: login}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-rbac-cm, namespace: argocd}
data:
  policy.csv: |
    p, alice, applications, get, web/*, allow
";

pub(crate) struct World {
    _sandbox: Sandbox,
    pub(crate) session: Session,
    pub(crate) server: Server,
    pub(crate) clock: Arc<FixedClock>,
    stop: CancellationToken,
    pub(crate) client: reqwest::Client,
}

/// An answer, read.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().expect(name)).unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Json {
        let text = String::from_utf8_lossy(&self.body);
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

impl World {
    /// With the definitions of Flux, unless the test brings them later.
    pub(crate) async fn start(has_flux: bool, page: Option<Arc<dyn Page>>) -> Self {
        Self::start_with(has_flux, page, None).await
    }

    pub(crate) async fn start_with(
        has_flux: bool,
        page: Option<Arc<dyn Page>>,
        preview: Option<Arc<dyn Preview>>,
    ) -> Self {
        if rustls::crypto::ring::default_provider().install_default().is_err() {
            // Another world of this process has installed it.
        }
        let clock = Arc::new(FixedClock::new(jiff::Timestamp::now()));
        let sandbox = Sandbox::start(Config::in_memory(clock.clone())).await.expect("a sandbox");
        let kubeconfig = Kubeconfig::from_yaml(&sandbox.kubeconfig()).expect("a kubeconfig");
        let options = KubeConfigOptions::default();
        let config =
            kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.expect("a configuration");
        let client = kube::Client::try_from(config).expect("a client");
        let cluster = Cluster::new(ClusterId::in_cluster(), client);
        let session = cluster.session(ActAs::Component, Deadline::after(Duration::from_secs(120)));
        install(&session, &clock).await;
        if has_flux {
            install_flux(&session).await;
        }
        let stop = CancellationToken::new();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let settings = Settings { namespace: NAMESPACE.to_owned(), loopback_only: true, page, preview };
        let server = Server::start(listener, cluster, settings, clock.clone(), &stop);
        let server = server.await.expect("a server");
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let client = client.build().expect("a client");
        Self { _sandbox: sandbox, session, server, clock, stop, client }
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.server.stopped().await;
    }

    pub(crate) async fn apply(&self, text: &str) {
        for document in text.split("\n---\n") {
            apply(&self.session, &parse(document)).await;
        }
    }

    /// Writes a part of a status, as a controller does.
    pub(crate) async fn report(&self, text: &str, status: &str) {
        let target = self.session.target(&parse(text)).await.expect("a kind");
        let patch = Value::map_of([("status", parse(status))]);
        let part = cluster::Subresource::Status;
        self.session.merge_patch(&target, part, "test", &patch).await.expect("a status");
    }

    pub(crate) async fn delete(&self, text: &str) {
        let target = self.session.target(&parse(text)).await.expect("a kind");
        let object = self.session.get(&target).await.expect("an answer").expect("an object");
        let uid = apimachinery::object::uid(&object).expect("a uid");
        self.session.delete(&target, uid, Propagation::Background).await.expect("deleted");
    }

    pub(crate) async fn log_in(&self, name: &str) -> String {
        let body = format!(r#"{{"username":"{name}","password":"{PASSWORD}"}}"#);
        let request = self.client.post(self.url("/api/v1/session"));
        let answer = read(request.header("content-type", "application/json").body(body)).await;
        answer.json()["token"].as_str().expect("a token").to_owned()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address())
    }

    /// A route of the page's API.
    pub(crate) async fn get(&self, token: &str, path: &str) -> Answer {
        read(self.client.get(self.url(&format!("/api/flamingo/v1{path}"))).bearer_auth(token)).await
    }

    /// The names of a window, once they are as expected: views follow the cluster a moment later.
    pub(crate) async fn until_rows(&self, token: &str, query: &str, expected: &str) -> Json {
        let mut last = String::new();
        for _ in 0..200 {
            let answer = self.get(token, &format!("/rows?{query}")).await.json();
            last = names(&answer["rows"]);
            if last == expected {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{query}: {last:?} and not {expected:?}");
    }

    pub(crate) async fn listen(&self, token: &str, query: &str, last: Option<&str>) -> Events {
        let mut request =
            self.client.get(self.url(&format!("/api/flamingo/v1/stream?{query}"))).bearer_auth(token);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        let body = response.bytes_stream().map(|part| part.expect("a part").to_vec()).boxed();
        Events { body, text: String::new() }
    }
}

/// `Kind/name` of rows.
pub(crate) fn names(rows: &Json) -> String {
    let rows = rows.as_array().expect("rows").iter();
    let name = |row: &Json| {
        let kind = row["kind"].as_str().expect("a kind");
        format!("{}/{}", kind, row["name"].as_str().expect("a name"))
    };
    rows.map(name).collect::<Vec<_>>().join(" ")
}

pub(crate) async fn read(request: reqwest::RequestBuilder) -> Answer {
    let response = request.timeout(Duration::from_secs(20)).send().await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, body: response.bytes().await.expect("a body").to_vec() }
}

/// A stream, as a browser reads it.
pub(crate) struct Events {
    body: futures::stream::BoxStream<'static, Vec<u8>>,
    text: String,
}

/// An event of a stream.
pub(crate) struct Event {
    pub(crate) name: String,
    /// Empty where more belongs to it.
    pub(crate) id: String,
    pub(crate) data: Json,
}

impl Events {
    /// The next event; `None` when the stream is over.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                let field =
                    |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                if let Some(name) = field("event") {
                    let data = serde_json::from_str(field("data").expect("data")).expect("JSON");
                    let id = field("id").unwrap_or_default().to_owned();
                    return Some(Event { name: name.to_owned(), id, data });
                }
            }
            let part = tokio::time::timeout(Duration::from_secs(20), self.body.next());
            let part = part.await.expect("something in twenty seconds")?;
            self.text.push_str(&String::from_utf8(part).expect("text"));
        }
    }

    /// The next event, which must have this name.
    pub(crate) async fn expect(&mut self, name: &str) -> Event {
        let event = self.next().await.expect("an event");
        assert_eq!(event.name, name, "{}", event.data);
        event
    }

    /// Whether nothing comes for a while.
    pub(crate) async fn is_silent(&mut self) -> bool {
        tokio::time::timeout(Duration::from_millis(600), self.next()).await.is_err()
    }
}

async fn install(session: &Session, clock: &FixedClock) {
    for definition in argocd_api::definitions::all().expect("definitions") {
        apply(session, &definition).await;
    }
    for namespace in [NAMESPACE, "flux-system"] {
        let text = format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: {namespace}}}}}");
        apply(session, &parse(&text)).await;
    }
    for document in CONFIGURATION.split("---\n") {
        apply(session, &parse(document)).await;
    }
    let hash = bcrypt::hash_with_salt(PASSWORD, 4, [7; 16]).expect("a hash");
    let hash = STANDARD.encode(hash.format_for_version(bcrypt::Version::TwoA));
    let mut secret =
        parse("{apiVersion: v1, kind: Secret, metadata: {name: argocd-secret, namespace: argocd}}");
    for account in ["admin", "accounts.alice", "accounts.nobody"] {
        secret.set_at(&["data", &format!("{account}.password")], hash.as_str());
    }
    apply(session, &secret).await;
    bootstrap(session, NAMESPACE, clock).await.expect("a control plane");
}

pub(crate) async fn install_flux(session: &Session) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../flux-api/crds");
    for name in ["gitrepositories.yaml", "kustomizations.yaml"] {
        let text = std::fs::read_to_string(folder.join(name)).expect(name);
        apply(session, &parse(&text)).await;
    }
}

async fn apply(session: &Session, object: &Value) {
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

fn parse(text: &str) -> Value {
    yaml::parse(text, yaml::Rules::V2).expect(text)
}
