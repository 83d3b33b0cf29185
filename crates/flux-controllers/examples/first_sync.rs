//! Measures the first sync of many Kustomizations of one repository on the simulated cluster: time, and
//! requests by verb and resource. `cargo run --release -p flux-controllers --example first_sync -- 100`

#![expect(clippy::print_stdout, reason = "an example talks to the person who runs it")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use apimachinery::clock::Clock;
use apimachinery::condition::{self, Status};
use cluster::{ActAs, Apply, Cluster, ClusterId, Deadline, Resource, Session};
use flux_controllers::{Controllers, Settings};
use git_server::{GitServer, Repositories, Repository};
use sandbox::{Config, Sandbox};
use tokio_util::sync::CancellationToken;
use value::Value;

/// Objects of each Kustomization.
const OBJECTS: u64 = 3;
const PATIENCE: Duration = Duration::from_secs(120);

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let count: usize = std::env::args().nth(1).map_or(Ok(100), |count| count.parse())?;
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        println!("a TLS provider was installed already");
    }
    let folder = tempfile::tempdir()?;
    let sandbox = Sandbox::start(Config {
        data_dir: Some(folder.path().join("cluster")),
        ..Config::in_memory(Arc::new(SystemClock))
    })
    .await?;
    let cluster = connect(&sandbox).await?;
    let session = cluster.session(ActAs::Component, Deadline::after(PATIENCE));
    prepare(&session, count).await?;
    let server = serve(&folder.path().join("repository")).await?;
    let url = server.url_of("app").context("the repository is served")?;

    let stop = CancellationToken::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let settings = Settings::new(folder.path().join("artifacts"));
    let controllers = Controllers::start(&cluster, settings, Arc::new(SystemClock), listener, &stop).await?;
    let before = sandbox.requests().counts();
    let started = Instant::now();
    for object in objects(&url, count) {
        apply(&session, &object).await?;
    }
    let own = 1 + count as u64;
    wait(&session, count).await?;
    let took = started.elapsed();
    report(count, took, &requests(&before, &sandbox.requests().counts()), own);
    stop.cancel();
    controllers.stopped().await;
    sandbox.stop().await?;
    Ok(())
}

async fn connect(sandbox: &Sandbox) -> Result<Cluster> {
    let kubeconfig = kube::config::Kubeconfig::from_yaml(&sandbox.kubeconfig())?;
    let options = kube::config::KubeConfigOptions::default();
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await?;
    Ok(Cluster::new(ClusterId::in_cluster(), kube::Client::try_from(config)?))
}

async fn apply(session: &Session, object: &Value) -> Result<()> {
    let target = session.target(object).await?;
    session.apply(&target, object, Apply { manager: "bench", force: true, dry_run: false }).await?;
    Ok(())
}

fn parse(text: &str) -> Result<Value> {
    Ok(value::from_json(text.as_bytes())?)
}

/// Definitions, and a namespace for each Kustomization.
async fn prepare(session: &Session, count: usize) -> Result<()> {
    for definition in flux_api::definitions::all()? {
        apply(session, &definition).await?;
    }
    let started = Instant::now();
    while session.resource(&flux_api::kustomization::kind()).await.is_err() {
        anyhow::ensure!(started.elapsed() < PATIENCE, "the definitions are not established");
        session.cluster().forget_kinds();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for number in 0..count {
        let namespace =
            format!(r#"{{"apiVersion":"v1","kind":"Namespace","metadata":{{"name":"app-{number}"}}}}"#);
        apply(session, &parse(&namespace)?).await?;
    }
    Ok(())
}

async fn serve(folder: &std::path::Path) -> Result<GitServer> {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 2\n  selector: {matchLabels: \
                      {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: web, \
                      image: \"example.com/web:1\", resources: {requests: {cpu: 10m}}}]}\n";
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n";
    let autoscaler = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec:\n  scaleTargetRef: \
                      {apiVersion: apps/v1, kind: Deployment, name: web}\n  minReplicas: 2\n  maxReplicas: 4\n  metrics: [{type: \
                      Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]\n";
    let files = [
        ("app/deployment.yaml", deployment.as_bytes(), false),
        ("app/service.yaml", service.as_bytes(), false),
        ("app/autoscaler.yaml", autoscaler.as_bytes(), false),
    ];
    let repository = Repository::from_files(folder, &files, "bench", 1_767_225_600)?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    Ok(GitServer::start(listener, Repositories::from([("app".to_owned(), repository)]))?)
}

fn objects(url: &str, count: usize) -> Vec<Value> {
    let source = format!(
        r#"{{"apiVersion":"source.toolkit.fluxcd.io/v1","kind":"GitRepository","metadata":{{"name":"app","namespace":"app-0"}},"spec":{{"interval":"10m","url":"{url}","ref":{{"branch":"main"}}}}}}"#
    );
    let workload = |number| {
        format!(
            r#"{{"apiVersion":"kustomize.toolkit.fluxcd.io/v1","kind":"Kustomization","metadata":{{"name":"app","namespace":"app-{number}"}},"spec":{{"interval":"10m","prune":true,"wait":true,"path":"./app","targetNamespace":"app-{number}","sourceRef":{{"kind":"GitRepository","name":"app","namespace":"app-0"}}}}}}"#
        )
    };
    let texts = std::iter::once(source).chain((0..count).map(workload));
    texts.filter_map(|text| parse(&text).ok()).collect()
}

async fn wait(session: &Session, count: usize) -> Result<()> {
    let resource = Resource::new(flux_api::kustomization::kind(), "kustomizations", true);
    let is_ready = |object: &Value| {
        let ready = object.at(&["status", "conditions"]).and_then(|list| condition::get(list, "Ready"));
        ready.is_some_and(|ready| ready.status == Status::True)
    };
    let started = Instant::now();
    loop {
        let found = session.list(&resource, "", "").await?;
        let ready = found.iter().filter(|object| is_ready(object)).count();
        if ready == count {
            return Ok(());
        }
        anyhow::ensure!(started.elapsed() < PATIENCE, "only {ready} of {count} are ready");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

type Counts = BTreeMap<(String, String), u64>;

fn requests(before: &Counts, after: &Counts) -> Counts {
    let difference = |(key, count): (&(String, String), &u64)| {
        let earlier = before.get(key).copied().unwrap_or(0);
        (key.clone(), count - earlier)
    };
    after.iter().map(difference).filter(|(_, count)| *count > 0).collect()
}

/// `own` requests and the polling lists are those of the measurement itself.
fn report(count: usize, took: Duration, requests: &Counts, own: u64) {
    let mut counted = 0;
    for ((verb, resource), number) in requests {
        let is_measurement = verb == "list" && resource == "kustomizations";
        let apart = resource == "events" || resource.ends_with("/status") || is_measurement;
        println!("{number:6} {verb} {resource}{}", if apart { "  (apart)" } else { "" });
        counted += if apart { 0 } else { *number };
    }
    let per_object = (counted.saturating_sub(own)) as f64 / (count as u64 * OBJECTS) as f64;
    println!("kustomizations {count}");
    println!("seconds {:.2}", took.as_secs_f64());
    println!("requests_per_object {per_object:.2}");
}
