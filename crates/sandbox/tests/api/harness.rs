//! A sandbox of one test, and a client for it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use apimachinery::clock::Clock;
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use sandbox::{Config, Faults, Sandbox, Timing};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use value::Value;

/// The machine's clock: ages and deadlines are not what these tests are about.
pub(crate) struct MachineClock;

impl Clock for MachineClock {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

/// A sandbox with its client.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) client: Client,
}

/// A configuration with everything fast.
pub(crate) fn config() -> Config {
    let timing = Timing {
        schedule: Duration::ZERO,
        start: Duration::from_millis(1),
        run: Duration::from_millis(1),
        back_off: Duration::from_millis(20),
        terminate: Duration::from_millis(1),
        keep_events: Duration::from_secs(3600),
    };
    Config { timing, ..Config::in_memory(Arc::new(MachineClock)) }
}

pub(crate) fn on_disk(dir: &Path, faults: Faults) -> Config {
    Config { data_dir: Some(dir.to_owned()), faults, ..config() }
}

impl World {
    /// A sandbox in memory.
    pub(crate) async fn new() -> Self {
        Self::with(config()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        let sandbox = Sandbox::start(config).await.expect("the sandbox starts");
        let client = Client::of(&sandbox);
        Self { sandbox, client }
    }
}

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: StatusCode,
    pub(crate) body: Value,
    pub(crate) warnings: Vec<String>,
}

impl Answer {
    /// The body of an answer that is no refusal.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert!(self.code.is_success(), "{} {}", self.code, self.body);
        self.body
    }

    /// Code, reason and message of a refusal, on one line.
    #[track_caller]
    pub(crate) fn refusal(self) -> String {
        assert!(!self.code.is_success(), "{}", self.body);
        let text = |key: &str| self.body.str_at(&[key]).unwrap_or_default().to_owned();
        format!("{} {}: {}", self.code.as_u16(), text("reason"), text("message"))
    }
}

/// A client that opens a connection for each request.
#[derive(Clone)]
pub(crate) struct Client {
    port: u16,
    tls: TlsConnector,
    token: String,
}

impl Client {
    pub(crate) fn of(sandbox: &Sandbox) -> Self {
        let config = yaml::parse(&sandbox.kubeconfig(), yaml::Rules::V2).expect("the kubeconfig is YAML");
        let first = |list: &str, path: &[&str]| {
            let entry = &config.get(list).and_then(Value::as_list).expect(list)[0];
            entry.str_at(path).expect(list).to_owned()
        };
        use base64::Engine as _;
        let authority = first("clusters", &["cluster", "certificate-authority-data"]);
        let authority = base64::prelude::BASE64_STANDARD.decode(authority).expect("base64");
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&authority).expect("PEM")).expect("a certificate");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let token = first("users", &["user", "token"]);
        Self { port: sandbox.port(), tls: TlsConnector::from(Arc::new(tls)), token }
    }

    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// Sends a request; an error is a connection that ended.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<http::Response<Incoming>, Gone> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.map_err(|_| Gone)?;
        let name = ServerName::try_from("localhost").expect("a name");
        let stream = self.tls.connect(name, stream).await.map_err(|_| Gone)?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|_| Gone)?;
        tokio::spawn(connection);
        sender.send_request(request).await.map_err(|_| Gone)
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> http::request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header("host", format!("127.0.0.1:{}", self.port))
            .header("user-agent", "tester/1.0")
            .header("authorization", format!("Bearer {}", self.token))
    }

    pub(crate) async fn try_call(&self, request: Request<Full<Bytes>>) -> Result<Answer, Gone> {
        let response = self.send(request).await?;
        let code = response.status();
        let warnings = response.headers().get_all("warning").iter();
        let warnings = warnings.map(|value| value.to_str().expect("text").to_owned()).collect();
        let bytes = response.into_body().collect().await.map_err(|_| Gone)?.to_bytes();
        let body =
            value::from_json(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).as_ref().into());
        Ok(Answer { code, body, warnings })
    }

    async fn call(&self, method: &str, path: &str, (content_type, body): (&str, String)) -> Answer {
        let request = self
            .request(method, path)
            .header("content-type", content_type)
            .body(Full::new(body.into()))
            .expect("a request");
        self.try_call(request).await.expect("an answer")
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.get_as(path, "application/json").await
    }

    pub(crate) async fn get_as(&self, path: &str, accept: &str) -> Answer {
        let request = self.request("GET", path).header("accept", accept).body(Full::default());
        self.try_call(request.expect("a request")).await.expect("an answer")
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.call("POST", path, ("application/json", json(body))).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.call("PUT", path, ("application/json", body.to_string())).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, ("application/json", String::new())).await
    }

    pub(crate) async fn delete_with(&self, path: &str, options: &str) -> Answer {
        self.call("DELETE", path, ("application/json", json(options))).await
    }

    pub(crate) async fn merge(&self, path: &str, body: &str) -> Answer {
        self.call("PATCH", path, ("application/merge-patch+json", json(body))).await
    }

    pub(crate) async fn patch_as(&self, path: &str, content_type: &str, body: &str) -> Answer {
        self.call("PATCH", path, (content_type, json(body))).await
    }

    /// Server-side apply; the manager stands in the path's query.
    pub(crate) async fn apply(&self, path: &str, body: &str) -> Answer {
        self.call("PATCH", path, ("application/apply-patch+yaml", body.to_owned())).await
    }

    /// Starts a watch.
    pub(crate) async fn watch(&self, path: &str) -> Watch {
        let request = self.request("GET", path).body(Full::default()).expect("a request");
        let response = self.send(request).await.expect("an answer");
        assert_eq!(response.status(), StatusCode::OK);
        Watch::of(response.into_body())
    }

    /// Waits until an object is as wanted.
    pub(crate) async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let (collection, name) = path.rsplit_once('/').expect("a path");
        let mut watch =
            self.watch(&format!("{collection}?watch=1&fieldSelector=metadata.name%3D{name}")).await;
        loop {
            let (_, object) = watch.next().await.expect("the watch goes on");
            if wanted(&object) {
                return object;
            }
        }
    }

    /// Waits until an object is gone.
    pub(crate) async fn until_gone(&self, path: &str) {
        let (collection, name) = path.rsplit_once('/').expect("a path");
        let list = format!("{collection}?fieldSelector=metadata.name%3D{name}");
        let list = self.get(&list).await.ok();
        if list.get("items").and_then(Value::as_list).is_some_and(<[Value]>::is_empty) {
            return;
        }
        let revision = list.str_at(&["metadata", "resourceVersion"]).expect("a revision");
        let watch =
            format!("{collection}?watch=1&resourceVersion={revision}&fieldSelector=metadata.name%3D{name}");
        let mut watch = self.watch(&watch).await;
        while let Some((r#type, _)) = watch.next().await {
            if r#type == "DELETED" {
                return;
            }
        }
        panic!("{path} is still there");
    }
}

/// JSON from a test's YAML, which is easier to read.
fn json(body: &str) -> String {
    yaml::parse(body, yaml::Rules::V3).expect("a test's body is YAML").to_string()
}

/// The connection ended without an answer.
#[derive(Debug)]
pub(crate) struct Gone;

/// A running watch.
pub(crate) struct Watch {
    body: Incoming,
    rest: Vec<u8>,
}

impl Watch {
    /// The events of an answer's body.
    pub(crate) fn of(body: Incoming) -> Self {
        Self { body, rest: Vec::new() }
    }

    /// The next event; `None` when the watch is over.
    pub(crate) async fn next(&mut self) -> Option<(String, Value)> {
        let next = async {
            loop {
                if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = self.rest.drain(..=end).collect();
                    let event = value::from_json(&line).expect("an event");
                    let r#type = event.str_at(&["type"]).expect("a type").to_owned();
                    return Some((r#type, event.get("object").cloned().expect("an object")));
                }
                match self.body.frame().await? {
                    Ok(frame) => self.rest.extend(frame.into_data().ok()?),
                    Err(_) => return None,
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), next).await.expect("an event in time")
    }

    /// Type and name of the next event.
    pub(crate) async fn next_name(&mut self) -> String {
        let (r#type, object) = self.next().await.expect("the watch goes on");
        format!("{type} {}", object.str_at(&["metadata", "name"]).unwrap_or_default())
    }
}

/// The names of the objects of a list.
pub(crate) fn names(list: &Value) -> Vec<&str> {
    let items = list.get("items").and_then(Value::as_list).expect("a list");
    items.iter().filter_map(|item| item.str_at(&["metadata", "name"])).collect()
}

/// The status of a condition.
pub(crate) fn condition<'a>(object: &'a Value, r#type: &str) -> Option<&'a Value> {
    let conditions = object.at(&["status", "conditions"])?.as_list()?;
    conditions.iter().find(|condition| condition.str_at(&["type"]) == Some(r#type))
}

pub(crate) const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";
