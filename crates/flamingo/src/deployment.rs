//! The Flux objects of `up`, and following them until they are ready.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::time::Duration;

use apimachinery::condition::{self, Status};
use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use cli::progress::Progress;
use cluster::{Cluster, Propagation, Resource, Session, Subresource, Target};
use flux_api::annotations::REQUESTED_AT;
use flux_api::{git_repository, kustomization};
use insight::{Finding, Terms};
use value::Value;

use crate::kubernetes::{self, MANAGER};
use crate::origin::Origin;

/// The namespace of the Flux objects.
const NAMESPACE: &str = "flux-system";
/// A wait that is longer than this is worth an explanation.
const PATIENCE: Duration = Duration::from_secs(4);

/// Marks the objects of `up`, so that those of an earlier run are known.
const MADE_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "flamingo-up");

/// The pair of Flux objects that deploys an origin.
pub(crate) struct Deployment {
    cluster: Cluster,
    name: String,
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
        kubernetes::apply(&session, &namespace()).await?;
        kubernetes::apply(&session, &source(origin)).await?;
        kubernetes::apply(&session, &workload(origin)).await?;
        let target = |resource| Target::new(&resource, NAMESPACE, &origin.name);
        Ok(Self {
            cluster: cluster.clone(),
            name: origin.name.clone(),
            source: target(sources()),
            workload: target(workloads()),
            requested: None,
        })
    }

    /// Deletes what an earlier run with another repository made; its controllers prune what that deployed.
    /// Says which repositories these were.
    pub(crate) async fn retire_others(&self) -> anyhow::Result<Vec<String>> {
        let session = kubernetes::session(&self.cluster);
        let mut retired = Vec::new();
        for resource in [workloads(), sources()] {
            for other in session.list(&resource, NAMESPACE, &format!("{}={}", MADE_BY.0, MADE_BY.1)).await? {
                let (Some(name), Some(uid)) = (object::name(&other), object::uid(&other)) else { continue };
                if name == self.name {
                    continue;
                }
                session
                    .delete(&Target::new(&resource, NAMESPACE, name), uid, Propagation::Background)
                    .await?;
                if resource.gvk().kind == "Kustomization" {
                    retired.push(name.to_owned());
                }
            }
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
        let revision = source.str_at(&["status", "artifact", "revision"]).unwrap_or_default();
        let applied = workload.str_at(&["status", "lastAppliedRevision"]).unwrap_or_default();
        if is_ready(&source) && is_ready(&workload) && revision == applied {
            return Ok(State::Ready(revision.to_owned()));
        }
        if !self.is_current(&source, &workload) && waited < PATIENCE {
            return Ok(State::Progressing("looking at the source".to_owned()));
        }
        let mut findings = insight::diagnose([&source, &workload], jiff::Timestamp::now(), &OPTIONS);
        findings.retain(|finding| finding.code != insight::Code::Waiting);
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
                self.progress.doing("not ready; see above");
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
const OPTIONS: Terms =
    Terms { url: "--from", reference: "--ref", path: "--path", target_namespace: "--target-namespace" };

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

fn namespace() -> Value {
    Value::map_of([
        ("apiVersion", Value::from("v1")),
        ("kind", "Namespace".into()),
        ("metadata", Value::map_of([("name", NAMESPACE)])),
    ])
}

fn metadata(origin: &Origin) -> Value {
    Value::map_of([
        ("name", Value::from(origin.name.as_str())),
        ("namespace", NAMESPACE.into()),
        ("labels", Value::map_of([MADE_BY])),
    ])
}

fn source(origin: &Origin) -> Value {
    let reference = &origin.reference;
    let forms = [
        ("branch", &reference.branch),
        ("tag", &reference.tag),
        ("semver", &reference.semver),
        ("name", &reference.name),
        ("commit", &reference.commit),
    ];
    let given = forms.into_iter().filter_map(|(form, text)| Some((form, text.clone()?)));
    let spec = Value::map_of([
        ("interval", Value::from("1m")),
        ("url", origin.url.as_str().into()),
        ("ref", Value::map_of(given)),
    ]);
    Value::map_of([
        ("apiVersion", Value::from(git_repository::kind().api_version())),
        ("kind", "GitRepository".into()),
        ("metadata", metadata(origin)),
        ("spec", spec),
    ])
}

fn workload(origin: &Origin) -> Value {
    let source = Value::map_of([("kind", "GitRepository"), ("name", &origin.name)]);
    let mut spec = Value::map_of([
        ("interval", Value::from("10m")),
        ("path", origin.path.as_str().into()),
        ("prune", true.into()),
        ("retryInterval", "15s".into()),
        ("sourceRef", source),
        ("timeout", "3m".into()),
        ("wait", true.into()),
    ]);
    if let Some(namespace) = &origin.target_namespace {
        spec.set_at(&["targetNamespace"], namespace.as_str());
    }
    Value::map_of([
        ("apiVersion", Value::from(kustomization::kind().api_version())),
        ("kind", "Kustomization".into()),
        ("metadata", metadata(origin)),
        ("spec", spec),
    ])
}
