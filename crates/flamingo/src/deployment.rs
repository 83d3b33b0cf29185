//! The Application of `up`, and following it until it is ready.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::time::{Duration, Instant};

use apimachinery::condition::{self, Status};
use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use argocd_api::application::{self, RESOURCES_FINALIZER};
use cli::progress::Progress;
use cluster::{Cluster, Propagation, Resource, Session, Subresource, Target};
use flux_api::annotations::REQUESTED_AT;
use flux_api::{git_repository, kustomization};
use insight::{Finding, Terms};
use loopback::names::{AUTO_CREATE, FLUX_SUBSYSTEM};
use value::Value;

use crate::kubernetes::{self, MANAGER};
use crate::origin::Origin;

/// The namespace of the Application.
const NAMESPACE: &str = "argocd";
/// The namespace of its Flux objects.
const FLUX_NAMESPACE: &str = "flux-system";
/// How long the Flux objects may take to be as the Application says, before anything else is said.
const SOON: Duration = Duration::from_secs(10);
/// A wait that is longer than this is worth an explanation.
const PATIENCE: Duration = Duration::from_secs(4);

/// Marks the objects of `up`, so that those of an earlier run are known.
const MADE_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "flamingo-up");

/// The Application that deploys an origin, and its Flux objects.
pub(crate) struct Deployment {
    cluster: Cluster,
    name: String,
    application: Target,
    source: Target,
    workload: Target,
    /// The last request for a look at the source.
    requested: Option<String>,
}

/// How the deployment is.
pub(crate) enum State {
    /// It is being worked on; what is going on.
    Progressing(String),
    /// The revision that is applied and healthy.
    Ready(String),
    /// What is wrong.
    Failed(Vec<Finding>),
}

impl Deployment {
    /// Applies the objects.
    pub(crate) async fn create(cluster: &Cluster, origin: &Origin) -> anyhow::Result<Self> {
        let session = kubernetes::session(cluster);
        kubernetes::apply(&session, &namespace(NAMESPACE)).await?;
        kubernetes::apply(&session, &application(origin)).await?;
        let target = |resource, namespace| Target::new(&resource, namespace, &origin.name);
        Ok(Self {
            cluster: cluster.clone(),
            name: origin.name.clone(),
            application: target(applications(), NAMESPACE),
            source: target(sources(), FLUX_NAMESPACE),
            workload: target(workloads(), FLUX_NAMESPACE),
            requested: None,
        })
    }

    /// Waits until the source is fetched from where the origin is, or the Application says why not.
    pub(crate) async fn until_current(&self, origin: &Origin) -> anyhow::Result<()> {
        let session = kubernetes::session(&self.cluster);
        let started = Instant::now();
        while started.elapsed() < SOON {
            let source = session.get(&self.source).await?.unwrap_or_default();
            let application = session.get(&self.application).await?.unwrap_or_default();
            let is_refused = application.at(&["status", "conditions"]).is_some();
            if is_refused || source.str_at(&["spec", "url"]) == Some(&origin.url) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// Deletes what an earlier run with another repository made, with everything that it deployed. Says which
    /// repositories these were.
    pub(crate) async fn retire_others(&self) -> anyhow::Result<Vec<String>> {
        let session = kubernetes::session(&self.cluster);
        let mut retired = Vec::new();
        let labels = format!("{}={}", MADE_BY.0, MADE_BY.1);
        for other in session.list(&applications(), NAMESPACE, &labels).await? {
            let (Some(name), Some(uid)) = (object::name(&other), object::uid(&other)) else { continue };
            if name == self.name {
                continue;
            }
            let target = Target::new(&applications(), NAMESPACE, name);
            session.delete(&target, uid, Propagation::Background).await?;
            retired.push(name.to_owned());
        }
        Ok(retired)
    }

    /// Asks for a look at the source now.
    pub(crate) async fn request(&mut self, token: &str) -> anyhow::Result<()> {
        self.requested = Some(token.to_owned());
        let annotations = Value::map_of([(REQUESTED_AT, token)]);
        let patch = Value::map_of([("metadata", Value::map_of([("annotations", annotations)]))]);
        let session = kubernetes::session(&self.cluster);
        session.merge_patch(&self.source, Subresource::Main, MANAGER, &patch).await?;
        Ok(())
    }

    /// How it is now. `waited` says for how long nothing was said; a long wait is explained.
    pub(crate) async fn state(&self, waited: Duration) -> anyhow::Result<State> {
        let session = kubernetes::session(&self.cluster);
        let source = session.get(&self.source).await?.unwrap_or_default();
        let workload = session.get(&self.workload).await?.unwrap_or_default();
        let application = session.get(&self.application).await?.unwrap_or_default();
        let revision = source.str_at(&["status", "artifact", "revision"]).unwrap_or_default();
        let applied = workload.str_at(&["status", "lastAppliedRevision"]).unwrap_or_default();
        if is_ready(&source)
            && is_ready(&workload)
            && revision == applied
            && is_synced(&application, revision)
        {
            return Ok(State::Ready(revision.to_owned()));
        }
        let is_known = self.is_current(&source, &workload) || refuses(&application);
        if !is_known && waited < PATIENCE {
            return Ok(State::Progressing("looking at the source".to_owned()));
        }
        let mut findings = insight::diagnose([&source, &workload], jiff::Timestamp::now(), &OPTIONS);
        findings.retain(|finding| finding.code != insight::Code::Waiting);
        if findings.is_empty() {
            // What the Flux objects say is said by the Application too.
            findings = insight::diagnose([&application], jiff::Timestamp::now(), &OPTIONS);
            for finding in &mut findings {
                finding.fix = OPTIONS.in_place_of(&Terms::APPLICATION, &finding.fix);
            }
        }
        if findings.is_empty() && waited > PATIENCE {
            findings = self.pods(&session, &workload).await?;
        } else if !findings.is_empty() {
            findings.extend(self.pods(&session, &workload).await?);
        }
        if findings.is_empty() {
            let message = progress_of(&workload).or_else(|| progress_of(&source));
            return Ok(State::Progressing(message.unwrap_or_else(|| "waiting for the source".to_owned())));
        }
        Ok(State::Failed(findings))
    }

    /// Whether the conditions are about what is wanted now, and not about an earlier commit or spec.
    fn is_current(&self, source: &Value, workload: &Value) -> bool {
        let observed = |object: &Value| {
            object.at(&["status", "observedGeneration"]).and_then(Value::as_i64) == object::generation(object)
        };
        let handled = source.str_at(&["status", "lastHandledReconcileAt"]) == self.requested.as_deref();
        let revision = source.str_at(&["status", "artifact", "revision"]);
        let attempted = workload.str_at(&["status", "lastAttemptedRevision"]);
        observed(source)
            && (handled || self.requested.is_none())
            && (revision.is_none() || attempted == revision)
    }

    /// What is wrong with the Pods in the namespaces of what was applied.
    async fn pods(&self, session: &Session, workload: &Value) -> anyhow::Result<Vec<Finding>> {
        let inventory = engine::Inventory::from_status(workload.at(&["status", "inventory"]));
        let Ok(inventory) = inventory else { return Ok(Vec::new()) };
        let namespaces: BTreeSet<String> =
            inventory.entries.into_iter().map(|entry| entry.reference.namespace).collect();
        let mut objects = Vec::new();
        for (gvk, plural) in [("", "pods"), ("batch", "jobs")].map(|(group, plural)| {
            let kind = if plural == "pods" { "Pod" } else { "Job" };
            (GroupVersionKind::new(group, "v1", kind), plural)
        }) {
            let resource = Resource::new(gvk, plural, true);
            for namespace in namespaces.iter().filter(|namespace| !namespace.is_empty()) {
                objects.extend(session.list(&resource, namespace, "").await?);
            }
        }
        Ok(insight::diagnose(&objects, jiff::Timestamp::now(), &OPTIONS))
    }
}

/// Says how the deployment is, and what changed.
pub(crate) struct Reporter {
    progress: Progress,
    said: BTreeSet<String>,
    ready: Option<String>,
    refused: Option<String>,
}

impl Reporter {
    pub(crate) fn new(progress: Progress) -> Self {
        Self { progress, said: BTreeSet::new(), ready: None, refused: None }
    }

    pub(crate) fn say(&self, text: &str) {
        self.progress.say(text);
    }

    pub(crate) fn doing(&mut self, text: &str) {
        self.progress.doing(text);
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.progress.elapsed()
    }

    /// The disk refuses the writes of the simulated cluster, or does so no longer: then no object can say it.
    pub(crate) fn refusal(&mut self, refusal: Option<String>) {
        if self.refused == refusal {
            return;
        }
        self.progress.say(&match &refusal {
            Some(cause) => format!(
                "✗ the simulated cluster cannot keep what is written\n  cause: {cause}\n  fix:   free some space on \
                 that disk, or choose another folder with --data-dir; it goes on by itself"
            ),
            None => "✓ the simulated cluster can write again".to_owned(),
        });
        self.refused = refusal;
    }

    /// What was said before is news again: something has changed that it may be about.
    pub(crate) fn forget(&mut self) {
        self.said.clear();
        self.ready = None;
    }

    /// A finding is said once, until the deployment was ready again or there is a new commit.
    pub(crate) fn report(&mut self, state: &State, took: Duration) {
        match state {
            State::Progressing(what) => self.progress.doing(what),
            State::Ready(revision) if self.ready.as_ref() == Some(revision) && self.said.is_empty() => {}
            State::Ready(revision) => {
                self.progress.rest();
                self.progress.say(&format!("✓ Ready: {revision} ({:.1} s)", took.as_secs_f64()));
                self.said.clear();
                self.ready = Some(revision.clone());
            }
            State::Failed(findings) => {
                self.progress.doing("not ready");
                let mut is_new = |finding: &Finding| {
                    // Pods of one workload have the same trouble for the same reason.
                    let object =
                        if finding.object.kind == "Pod" { &"Pod" as &dyn Display } else { &finding.object };
                    self.said.insert(format!("{object} {} {}", finding.sentence, finding.fix))
                };
                let news: Vec<Finding> = findings.iter().filter(|finding| is_new(finding)).cloned().collect();
                self.progress.findings(&news);
            }
        }
    }
}

/// `up` writes the specs; those who run it set its options.
const OPTIONS: Terms = Terms {
    url: "--from",
    reference: "--ref",
    path: "--path",
    target_namespace: "--target-namespace",
    ..Terms::FLUX
};

fn applications() -> Resource {
    Resource::new(application::kind(), "applications", true)
}

fn sources() -> Resource {
    Resource::new(git_repository::kind(), "gitrepositories", true)
}

fn workloads() -> Resource {
    Resource::new(kustomization::kind(), "kustomizations", true)
}

fn is_ready(object: &Value) -> bool {
    let ready = object.at(&["status", "conditions"]).and_then(|list| condition::get(list, "Ready"));
    let observed = object.at(&["status", "observedGeneration"]).and_then(Value::as_i64);
    ready.is_some_and(|ready| ready.status == Status::True) && observed == object::generation(object)
}

fn progress_of(object: &Value) -> Option<String> {
    let conditions = object.at(&["status", "conditions"])?;
    let reconciling = condition::get(conditions, "Reconciling")?;
    let what = reconciling.message.split(" for revision ").next().unwrap_or_default().to_lowercase();
    Some(format!("{}: {what}", object.str_at(&["kind"]).unwrap_or_default()))
}

/// Whether the Application itself knows that the revision is deployed.
fn is_synced(application: &Value, revision: &str) -> bool {
    let says = |path: &[&str], text: &str| application.str_at(&[&["status"], path].concat()) == Some(text);
    let commit = revision.rsplit_once("sha1:").map_or(revision, |(_, commit)| commit);
    says(&["sync", "status"], "Synced")
        && says(&["sync", "revision"], commit)
        && says(&["health", "status"], "Healthy")
}

/// Whether nothing is deployed because of what the Application says.
fn refuses(application: &Value) -> bool {
    application.str_at(&["status", "sync", "status"]) == Some("Unknown")
        && application.at(&["status", "conditions"]).is_some()
}

fn namespace(name: &str) -> Value {
    Value::map_of([
        ("apiVersion", Value::from("v1")),
        ("kind", "Namespace".into()),
        ("metadata", Value::map_of([("name", name)])),
    ])
}

/// An Application that Flux deploys, and that takes along what it deployed when it goes.
fn application(origin: &Origin) -> Value {
    let mut metadata = Value::map_of([
        ("name", Value::from(origin.name.as_str())),
        ("namespace", NAMESPACE.into()),
        ("labels", Value::map_of([MADE_BY])),
        ("finalizers", Value::list_of([RESOURCES_FINALIZER])),
    ]);
    let overrides = [
        ("flamingo/gitrepository-override", "spec:\n  interval: 1m\n"),
        ("flamingo/kustomize-override", "spec:\n  timeout: 3m\n"),
    ];
    metadata.set_at(&["annotations"], Value::map_of(overrides));
    let mut source = Value::map_of([
        ("repoURL", origin.url.as_str()),
        ("path", &origin.path),
        ("targetRevision", &origin.revision),
    ]);
    if let Some(namespace) = &origin.target_namespace {
        source.set_at(&["kustomize", "namespace"], namespace.as_str());
    }
    let options =
        [format!("{FLUX_SUBSYSTEM}=true"), format!("{AUTO_CREATE}=true"), "CreateNamespace=true".to_owned()];
    let mut policy = Value::map_of([("syncOptions", Value::list_of(options))]);
    policy.set_at(&["automated", "prune"], true);
    policy.set_at(&["retry", "limit"], -1);
    policy.set_at(&["retry", "backoff", "duration"], "15s");
    let destination =
        Value::map_of([("namespace", FLUX_NAMESPACE), ("server", "https://kubernetes.default.svc")]);
    let spec = Value::map_of([
        ("project", Value::from("default")),
        ("destination", destination),
        ("source", source),
        ("syncPolicy", policy),
    ]);
    Value::map_of([
        ("apiVersion", Value::from(application::kind().api_version())),
        ("kind", "Application".into()),
        ("metadata", metadata),
        ("spec", spec),
    ])
}
