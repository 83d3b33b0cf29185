//! Why something is not deployed: the chain from the commit to the Pods, and its first broken link.

use std::collections::HashSet;

use apimachinery::condition::{self, Condition, Status};
use apimachinery::object;
use engine::ObjectRef;
use jiff::Timestamp;
use value::Value;

use crate::health::{self, HealthStatus};
use crate::tree::Placed;
use crate::{Code, Finding, Terms, diagnose};

/// A link of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Link {
    /// What the Application asks for can be done at all; a link of its own only where it cannot.
    Application,
    /// There is a revision as it is wanted.
    Commit,
    /// It is here, as an artifact.
    Fetched,
    /// Manifests were built from it.
    Built,
    /// The cluster took them.
    Applied,
    /// What they describe runs.
    Healthy,
}

impl Link {
    /// The links that every chain has, from the commit to the Pods.
    pub const ALL: [Self; 5] = [Self::Commit, Self::Fetched, Self::Built, Self::Applied, Self::Healthy];

    /// The name for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Commit => "commit",
            Self::Fetched => "fetched",
            Self::Built => "built",
            Self::Applied => "applied",
            Self::Healthy => "healthy",
        }
    }
}

/// How far a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    /// It holds.
    Done,
    /// It is being worked on.
    Active,
    /// It is broken.
    Failed,
    /// Something before it does not hold, or somebody has to ask for it.
    Waiting,
}

impl StepState {
    /// The word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Active => "active",
            Self::Failed => "failed",
            Self::Waiting => "waiting",
        }
    }
}

/// A link and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which link.
    pub link: Link,
    /// How far it is.
    pub state: StepState,
    /// What holds, or what is going on or missing.
    pub text: String,
    /// Since when, as RFC 3339, where that is known.
    pub since: Option<String>,
}

/// All that is known of a deployment.
#[derive(Clone, Copy, Debug)]
pub struct Deployment<'a> {
    /// The Application, if there is one.
    pub application: Option<&'a Value>,
    /// Where the manifests come from.
    pub source: Option<&'a Value>,
    /// The Flux object that deploys them.
    pub workload: Option<&'a Value>,
    /// What was deployed, and what that made.
    pub tree: &'a [Placed],
}

/// What is wrong with a deployment: the cause first, then what it leads to.
///
/// Fixes name fields in the terms of the reader. What an Application only repeats of its Flux objects is left out.
pub fn findings(of: &Deployment<'_>, now: Timestamp, terms: &Terms) -> Vec<Finding> {
    let flux = [of.source, of.workload].into_iter().flatten();
    let mut found = diagnose(flux, now, terms);
    let flux_speaks = !found.is_empty();
    found.extend(of_tree(of, terms));
    let application = of.application.map(|application| diagnose([application], now, terms));
    let repeats = |finding: &Finding| flux_speaks && finding.code != Code::InvalidApplication;
    found.extend(application.into_iter().flatten().filter(|finding| !repeats(finding)));
    found.sort_by_key(|finding| rank(finding.code));
    found
}

/// Pods of one owner have the same trouble for the same reason; it is told once.
fn of_tree(of: &Deployment<'_>, terms: &Terms) -> Vec<Finding> {
    let mut said = HashSet::new();
    let own = |placed: &Placed| placed.parents.is_empty();
    let nodes = of.tree.iter().filter(|placed| !own(placed)).filter_map(|placed| placed.node.as_ref());
    nodes
        .filter_map(|node| {
            let finding = node.finding.as_ref()?;
            let owner = node.owners.first().map(|owner| owner.uid.clone());
            said.insert((owner, finding.code, finding.sentence.clone()))
                .then(|| Finding { fix: terms.in_place_of(&Terms::FLUX, &finding.fix), ..finding.clone() })
        })
        .collect()
}

/// What breaks earlier comes first; what merely follows from something else comes last.
fn rank(code: Code) -> u8 {
    match code {
        Code::InvalidApplication => 0,
        Code::SourceUnavailable | Code::NoSpace | Code::Unsupported => 1,
        Code::SourceContent => 2,
        Code::BuildFailed => 3,
        Code::ApplyRefused | Code::PruneFailed => 4,
        Code::ImagePull | Code::CrashLoop | Code::Unschedulable | Code::JobFailed => 5,
        Code::Unhealthy => 6,
        Code::Waiting => 7,
    }
}

/// The chain, in its order. At most one link is neither done nor waiting. It begins with the Application where that
/// is refused.
pub fn chain(of: &Deployment<'_>) -> Vec<Step> {
    let refusal = refusal(of);
    let first = refusal.iter().map(|step| step.link).filter(|link| *link == Link::Application);
    let mut is_open = true;
    first
        .chain(Link::ALL)
        .map(|link| {
            let step = match &refusal {
                Some(refusal) if refusal.link == link => refusal.clone(),
                _ if is_open => step(link, of),
                _ => waiting(link, ""),
            };
            is_open &= step.state == StepState::Done;
            step
        })
        .collect()
}

/// What the Application says of itself and its Flux objects do not: these stay as they were then.
fn refusal(of: &Deployment<'_>) -> Option<Step> {
    let application = of.application?;
    let reference = ObjectRef::of(application)?;
    let finding = match of.source {
        Some(_) => crate::argocd::condition(application, &reference)?,
        None => crate::argocd::application(application, &reference)?,
    };
    let flux = [of.source, of.workload].into_iter().flatten();
    let flux_speaks = || !diagnose(flux, Timestamp::UNIX_EPOCH, &Terms::FLUX).is_empty();
    if finding.code != Code::InvalidApplication && flux_speaks() {
        return None;
    }
    let is_about_the_revision = finding.evidence.contains("unable to resolve");
    let link = if is_about_the_revision { Link::Commit } else { Link::Application };
    Some(failed(link, finding.evidence, crate::argocd::since(application)))
}

fn step(link: Link, of: &Deployment<'_>) -> Step {
    let Some(source) = of.source else {
        return active(link, "waiting for the Flux objects".to_owned(), None);
    };
    match link {
        Link::Application => done(link, "", None),
        Link::Commit => commit(source),
        Link::Fetched => fetched(source),
        Link::Built | Link::Applied | Link::Healthy => match of.workload {
            Some(workload) => deployed(link, source, workload, of),
            None => waiting(link, "there is no Flux object that deploys it"),
        },
    }
}

fn ready_of(object: &Value) -> Option<Condition> {
    condition::get(object.at(&["status", "conditions"])?, "Ready")
}

fn is_current(object: &Value) -> bool {
    let observed = object::observed_generation(object);
    observed == object::generation(object)
}

fn artifact(source: &Value) -> Option<&str> {
    source.str_at(&["status", "artifact", "revision"])
}

fn commit(source: &Value) -> Step {
    let ready = ready_of(source);
    let broken = ready.filter(|ready| ready.status == Status::False && is_about_the_revision(source));
    match (broken, artifact(source)) {
        (Some(ready), _) => failed(Link::Commit, ready.message, Some(ready.last_transition_time)),
        (None, Some(revision)) => done(Link::Commit, revision, fetched_at(source)),
        (None, None) => active(Link::Commit, "looking at the source".to_owned(), None),
    }
}

/// When the artifact was made of the commit.
fn fetched_at(source: &Value) -> Option<String> {
    source.str_at(&["status", "artifact", "lastUpdateTime"]).map(str::to_owned)
}

/// Whether what is wrong with the source is that it cannot be reached, or lacks what is asked of it.
fn is_about_the_revision(source: &Value) -> bool {
    let found = diagnose([source], Timestamp::UNIX_EPOCH, &Terms::FLUX);
    let codes = [Code::SourceUnavailable, Code::SourceContent, Code::Unsupported];
    found.iter().any(|finding| codes.contains(&finding.code))
}

fn fetched(source: &Value) -> Step {
    let ready = ready_of(source);
    match (ready, artifact(source)) {
        (Some(ready), _) if ready.status == Status::False && !health::waits(&ready) => {
            failed(Link::Fetched, ready.message, Some(ready.last_transition_time))
        }
        (_, Some(revision)) if is_current(source) || object::is_suspended(source) => {
            done(Link::Fetched, revision, fetched_at(source))
        }
        _ => active(Link::Fetched, "being fetched".to_owned(), None),
    }
}

/// That somebody else than Flamingo has suspended the workload, and what to do.
fn stopped(workload: &Value) -> Option<String> {
    if !object::is_suspended(workload) || crate::generated::rests(workload) {
        return None;
    }
    let ObjectRef { kind, namespace, name, .. } = ObjectRef::of(workload)?;
    let command = format!("flux resume {} {name} -n {namespace}", kind.to_lowercase());
    Some(format!(
        "{kind} {namespace}/{name} is suspended, so nothing newer is deployed; resume it ({command})"
    ))
}

fn deployed(link: Link, source: &Value, workload: &Value, of: &Deployment<'_>) -> Step {
    let text = |field: &str| workload.str_at(&["status", field]).unwrap_or_default();
    let wanted = artifact(source).unwrap_or_default();
    let is_applied = text("lastAppliedRevision") == wanted;
    let is_attempted = is_applied || text("lastAttemptedRevision") == wanted;
    let ready = ready_of(workload);
    if !is_applied && object::is_suspended(workload) {
        return match failed_sync(of.application, wanted) {
            Some((broken, message)) if broken == link => failed(link, message, None),
            Some((broken, _)) if broken > link => done(link, wanted, None),
            _ => {
                let stopped = stopped(workload);
                waiting(link, stopped.as_deref().unwrap_or("it is not deployed by itself: sync it"))
            }
        };
    }
    let broken = ready.as_ref().filter(|ready| {
        ready.status == Status::False
            && broken_link(&ready.reason) == link
            && (is_attempted || is_early(ready))
    });
    if let Some(ready) = broken {
        let step = if health::waits(ready) { active } else { failed };
        return step(link, ready.message.clone(), Some(ready.last_transition_time.clone()));
    }
    let since = ready.as_ref().map(|ready| ready.last_transition_time.clone());
    if worked_on(workload, wanted).is_some_and(|current| link < current) {
        return done(link, wanted, since);
    }
    match link {
        Link::Healthy => healthy(workload, is_applied, since, of),
        _ if is_attempted && has_passed(link, ready.as_ref(), is_applied) => done(link, wanted, since),
        _ => active(link, progress(workload), None),
    }
}

/// The sync of the revision that ended before the workload was asked for anything, and the link that it broke at.
fn failed_sync(application: Option<&Value>, revision: &str) -> Option<(Link, String)> {
    let (tried, message) = crate::argocd::failed_sync(application?)?;
    if tried.is_some_and(|tried| !revision.ends_with(tried)) {
        return None;
    }
    let is_built = !message.contains("Failed to load target state");
    Some((if is_built { Link::Applied } else { Link::Built }, message.to_owned()))
}

/// The link that the workload is at with a revision, by what it says of its progress.
///
/// Source of the sentences: kustomize-controller 1.9, `internal/controller/kustomization_controller.go`.
fn worked_on(workload: &Value, revision: &str) -> Option<Link> {
    let conditions = workload.at(&["status", "conditions"])?;
    let reconciling = condition::get(conditions, "Reconciling")?;
    let says = |start: &str| reconciling.message.starts_with(start);
    let is_about_it = reconciling.status == Status::True && reconciling.message.contains(revision);
    match () {
        () if !is_about_it => None,
        () if says("Running health checks") => Some(Link::Healthy),
        () if says("Detecting drift") => Some(Link::Applied),
        () => Some(Link::Built),
    }
}

/// Which link a reason of a Kustomization, or of a HelmRelease, is about.
fn broken_link(reason: &str) -> Link {
    match reason {
        "HealthCheckFailed" | "HealthCheckCanceled" | "TestFailed" => Link::Healthy,
        "ReconciliationFailed" | "PruneFailed" | "InstallFailed" | "UpgradeFailed" => Link::Applied,
        _ => Link::Built,
    }
}

/// What is refused before the revision counts as attempted.
fn is_early(ready: &Condition) -> bool {
    broken_link(&ready.reason) == Link::Built
}

fn has_passed(link: Link, ready: Option<&Condition>, is_applied: bool) -> bool {
    is_applied
        || ready.is_some_and(|ready| ready.status == Status::False && broken_link(&ready.reason) > link)
}

fn progress(workload: &Value) -> String {
    let reconciling = workload
        .at(&["status", "conditions"])
        .and_then(|conditions| condition::get(conditions, "Reconciling"))
        .filter(|reconciling| reconciling.status == Status::True);
    reconciling.map_or_else(|| "being worked on".to_owned(), |reconciling| reconciling.message)
}

/// By the worst of what was deployed; a tree that is not known does not count against it.
fn healthy(workload: &Value, is_applied: bool, since: Option<String>, of: &Deployment<'_>) -> Step {
    let nodes = of.tree.iter().filter(|placed| !placed.parents.is_empty());
    let worst = nodes
        .filter_map(|placed| {
            let status = match &placed.node {
                None => HealthStatus::Missing,
                Some(node) => node.health.as_ref()?.status,
            };
            Some((status, placed))
        })
        .max_by_key(|(status, _)| *status);
    match worst {
        Some((status, placed)) if status > HealthStatus::Progressing => {
            let message =
                placed.node.as_ref().and_then(|node| node.health.as_ref()).map(|health| &health.message);
            let why = message.filter(|message| !message.is_empty());
            let text = why.map_or_else(
                || format!("{} is {}", placed.reference, status.as_str()),
                |why| format!("{}: {why}", placed.reference),
            );
            failed(Link::Healthy, text, since)
        }
        Some((HealthStatus::Progressing, placed)) => {
            active(Link::Healthy, format!("waiting for {}", placed.reference), since)
        }
        _ if is_applied && health::of_flux(workload).status != HealthStatus::Progressing => {
            let healthy = "all that was deployed is healthy";
            let text = stopped(workload).map(|stopped| format!("{healthy}. {stopped}"));
            done(Link::Healthy, text.as_deref().unwrap_or(healthy), since)
        }
        _ => active(Link::Healthy, progress(workload), since),
    }
}

fn done(link: Link, text: &str, since: Option<String>) -> Step {
    Step { link, state: StepState::Done, text: text.to_owned(), since }
}

fn active(link: Link, text: String, since: Option<String>) -> Step {
    Step { link, state: StepState::Active, text, since }
}

fn failed(link: Link, text: String, since: Option<String>) -> Step {
    Step { link, state: StepState::Failed, text, since }
}

fn waiting(link: Link, text: &str) -> Step {
    Step { link, state: StepState::Waiting, text: text.to_owned(), since: None }
}

#[cfg(test)]
mod tests;
