//! The Application of `up`, and following it until it is ready.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::time::{Duration, Instant};

use apimachinery::condition::{self, Status};
use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use argocd_api::application::{self, REFRESH, RESOURCES_FINALIZER};
use cli::progress::Progress;
use cluster::{Cluster, Propagation, Resource, Session, Subresource, Target};
use engine::request::{request, requested_at};
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
    /// Whether an earlier run has made the workload, so that what it says may be old.
    is_old: bool,
    /// The request to deploy once more what an earlier run has deployed.
    asked: Option<String>,
}

/// What the objects are at one moment.
struct Seen {
    application: Value,
    source: Value,
    workload: Value,
}

impl Seen {
    /// Whether the Application was compared with its source since this run has asked for that.
    fn is_compared(&self) -> bool {
        object::annotation(&self.application, REFRESH).is_none()
    }

    fn revision(&self) -> Option<&str> {
        self.source.str_at(&["status", "artifact", "revision"])
    }

    /// Whether the workload has begun with what the source has.
    fn is_attempted(&self) -> bool {
        let attempted = self.workload.str_at(&["status", "lastAttemptedRevision"]);
        self.revision().is_none() || attempted == self.revision()
    }
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
        let target = |resource, namespace| Target::new(&resource, namespace, &origin.name);
        let is_old = session.get(&target(workloads(), FLUX_NAMESPACE)).await?.is_some();
        kubernetes::apply(&session, &application(origin)).await?;
        Ok(Self {
            cluster: cluster.clone(),
            name: origin.name.clone(),
            application: target(applications(), NAMESPACE),
            source: target(sources(), FLUX_NAMESPACE),
            workload: target(workloads(), FLUX_NAMESPACE),
            requested: None,
            is_old,
            asked: None,
        })
    }

    /// Waits until the source is fetched from where the origin is, or the Application says why not.
    pub(crate) async fn until_current(&self, origin: &Origin) -> anyhow::Result<()> {
        let session = kubernetes::session(&self.cluster);
        let started = Instant::now();
        while started.elapsed() < SOON {
            let source = session.get(&self.source).await?.unwrap_or_default();
            let application = session.get(&self.application).await?.unwrap_or_default();
            let is_refused = refuses(&application) && object::annotation(&application, REFRESH).is_none();
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

    /// Asks for a look at the source now, and at all other sources of the same repository.
    pub(crate) async fn request(&mut self, token: &str) -> anyhow::Result<()> {
        self.requested = Some(token.to_owned());
        let session = kubernetes::session(&self.cluster);
        let source = session.merge_patch(&self.source, Subresource::Main, MANAGER, &request(token)).await?;
        let url = source.str_at(&["spec", "url"]);
        for other in session.list(&sources(), "", "").await? {
            let (Some(namespace), Some(name)) = (object::namespace(&other), object::name(&other)) else {
                continue;
            };
            let target = Target::new(&sources(), namespace, name);
            if other.str_at(&["spec", "url"]) != url || target == self.source {
                continue;
            }
            let asked = session.merge_patch(&target, Subresource::Main, MANAGER, &request(token)).await;
            // It may have been deleted meanwhile.
            if let Err(error) = asked.map(drop)
                && !error.is_not_found()
            {
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// How it is now. `waited` says for how long nothing was said; a long wait is explained.
    ///
    /// What an earlier run has left is not news: only what was observed in this one counts.
    pub(crate) async fn state(&mut self, waited: Duration) -> anyhow::Result<State> {
        let session = kubernetes::session(&self.cluster);
        let get = async |target: &Target| session.get(target).await.map(Option::unwrap_or_default);
        let application = get(&self.application).await?;
        let (source, workload) = (get(&self.source).await?, get(&self.workload).await?);
        let seen = Seen { application, source, workload };
        let revision = seen.revision().unwrap_or_default();
        if seen.is_compared()
            && is_ready(&seen.source)
            && is_ready(&seen.workload)
            && seen.workload.str_at(&["status", "lastAppliedRevision"]) == Some(revision)
            && is_synced(&seen.application, revision)
        {
            return Ok(State::Ready(revision.to_owned()));
        }
        if seen.is_compared() && self.is_old && self.asked.is_none() {
            self.ask_workload(&session).await?;
        }
        let findings = self.findings(&session, &seen, waited).await?;
        if findings.is_empty() {
            let message = progress_of(&seen.workload).or_else(|| progress_of(&seen.source));
            let message = message.or_else(|| unhealthy(&seen.application));
            let message = message.filter(|_| seen.is_compared());
            return Ok(State::Progressing(message.unwrap_or_else(|| "looking at the source".to_owned())));
        }
        Ok(State::Failed(findings))
    }

    async fn findings(
        &self,
        session: &Session,
        seen: &Seen,
        waited: Duration,
    ) -> anyhow::Result<Vec<Finding>> {
        if !seen.is_compared() {
            return Ok(Vec::new());
        }
        let now = jiff::Timestamp::now();
        let is_current = self.is_current(&seen.source);
        let is_observed = is_current && is_observed(&seen.workload);
        let source = is_current.then_some(&seen.source);
        // What fails before it counts as attempted may be about an earlier commit; that passes soon.
        let workload = is_observed
            && was_handled(&seen.workload, self.asked.as_deref())
            && (seen.is_attempted() || waited > PATIENCE);
        let flux = source.into_iter().chain(workload.then_some(&seen.workload));
        let mut findings = insight::diagnose(flux, now, &OPTIONS);
        findings.retain(|finding| finding.code != insight::Code::Waiting);
        if findings.is_empty() && refuses(&seen.application) {
            // What the Flux objects say is said by the Application too.
            findings = insight::diagnose([&seen.application], now, &OPTIONS);
            for finding in &mut findings {
                finding.fix = OPTIONS.in_place_of(&Terms::APPLICATION, &finding.fix);
            }
        }
        let is_explained = !findings.is_empty() || waited > PATIENCE;
        if is_explained && is_observed && seen.is_attempted() {
            findings.extend(self.pods(session, &seen.workload).await?);
        }
        Ok(findings)
    }

    /// Has what an earlier run deployed tried once more, so that what it says is of this run.
    async fn ask_workload(&mut self, session: &Session) -> anyhow::Result<()> {
        let token = format!("up/{}", jiff::Timestamp::now());
        session.merge_patch(&self.workload, Subresource::Main, MANAGER, &request(&token)).await?;
        self.asked = Some(token);
        Ok(())
    }

    /// Whether what the source says is about what is wanted now, and not about an earlier commit or spec.
    fn is_current(&self, source: &Value) -> bool {
        is_observed(source) && was_handled(source, self.requested.as_deref())
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

/// What the Application waits for, once everything is applied.
fn unhealthy(application: &Value) -> Option<String> {
    let health = application.at(&["status", "health"])?;
    let names = health.str_at(&["message"])?.strip_prefix("Caused by ")?;
    (health.str_at(&["status"]) == Some("Progressing"))
        .then(|| format!("waiting for {names} to become healthy"))
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
    refresh: "`flamingo up` itself",
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
    ready.is_some_and(|ready| ready.status == Status::True) && is_observed(object)
}

/// Whether the status is about the spec as it is. Flux notes a generation that failed in the condition alone.
fn is_observed(object: &Value) -> bool {
    let generation = object::generation(object);
    let observed = object::observed_generation(object);
    let ready = object.at(&["status", "conditions"]).and_then(|list| condition::get(list, "Ready"));
    observed == generation || ready.is_some_and(|ready| ready.observed_generation == generation)
}

/// Whether a request was answered, or a later one of somebody else.
fn was_handled(object: &Value, request: Option<&str>) -> bool {
    let handled = object.str_at(&["status", "lastHandledReconcileAt"]);
    request.is_none() || handled == request || handled == requested_at(object)
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
    let annotations = [
        ("flamingo/gitrepository-override", "spec:\n  interval: 1m\n"),
        ("flamingo/kustomize-override", "spec:\n  timeout: 3m\n"),
        (REFRESH, "normal"),
    ];
    metadata.set_at(&["annotations"], Value::map_of(annotations));
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
