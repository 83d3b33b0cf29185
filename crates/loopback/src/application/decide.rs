//! What to do with an Application, and what comes next in a sync of it.

use std::time::Duration;

use argocd_api::application::{Phase, Retry};

/// The condition of Applications that nobody here can deploy.
pub(crate) const NEEDS_ARGO_CD: &str = "Argo CD's own engine is not built yet: set the sync option FluxSubsystem=true (and AutoCreateFluxResources=true \
     to have the Flux objects made) to let Flux deploy this Application";

/// Facts about an Application before its Flux objects are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// It is to be deleted.
    pub(crate) deleting: bool,
    /// It carries the finalizer that takes along what was deployed.
    pub(crate) cascades: bool,
    /// The annotation says that it is to be left alone.
    pub(crate) skipped: bool,
    /// Flux deploys it.
    pub(crate) flux: bool,
    /// The Flux objects are generated.
    pub(crate) generate: bool,
}

/// The first step of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing.
    Leave,
    /// Delete what was generated, then let it go.
    Finalize,
    /// Say that only Argo CD's own engine could deploy it.
    NeedsArgoCd,
    /// Have Flux deploy it, and reflect that.
    Deploy {
        /// Whether the Flux objects are generated.
        generate: bool,
    },
}

/// The annotation that leaves it alone comes first, as upstream has it: not even a deletion goes on then.
pub(crate) fn decide(facts: &Facts) -> Step {
    match *facts {
        Facts { skipped: true, .. } => Step::Leave,
        Facts { deleting: true, cascades: false, .. } => Step::Leave,
        Facts { deleting: true, .. } => Step::Finalize,
        Facts { flux: false, .. } => Step::NeedsArgoCd,
        Facts { generate, .. } => Step::Deploy { generate },
    }
}

/// What is known of a request to reconcile one Flux object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// The object does not carry it.
    Unmade,
    /// It was made and not answered.
    Pending,
    /// It was answered.
    Handled,
}

/// How a Flux object is, for the current generation of its spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ready {
    Yes,
    No(String),
    /// Work is in progress, or nothing was said yet.
    Unknown,
}

/// Whether the project lets the artifact of the source be deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// It allows everything, so nothing has to be looked at.
    Open,
    /// It could not be looked at yet, and why.
    Closed(String),
    /// It allows the artifact, and the source could still come by another one.
    Moving,
    /// It allows the artifact, and the source stays at it.
    Passed,
    /// It does not allow it.
    Denied(String),
}

/// Everything that the next step of a sync depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyncFacts {
    /// How far the operation is that the status tells of; `None` where none runs.
    pub(crate) phase: Option<Phase>,
    /// Whether an operation is asked for.
    pub(crate) requested: bool,
    /// Whether the last operation began in this very second. A second is the name of an operation.
    pub(crate) too_early: bool,
    /// Why the operation cannot be carried out.
    pub(crate) refusal: Option<String>,
    /// Whether the source exists.
    pub(crate) source_exists: bool,
    pub(crate) source_request: Request,
    pub(crate) source_ready: Ready,
    /// Whether the artifact is of the revision that the operation names; `None` where it names none.
    pub(crate) is_wanted_revision: Option<bool>,
    /// Whether the source is set to the revision of the operation.
    pub(crate) is_pinned: bool,
    /// Whether the source may be set to another revision than the Application's.
    pub(crate) may_pin: bool,
    /// Whether the operation tells of what Flux does by itself, and the source has gone on since.
    pub(crate) is_overtaken: bool,
    pub(crate) gate: Gate,
    pub(crate) workload_exists: bool,
    pub(crate) workload_request: Request,
    pub(crate) workload_ready: Ready,
    /// Whether somebody else suspended the workload.
    pub(crate) is_held: bool,
    /// Whether the last attempt of the workload was about the source's artifact.
    pub(crate) is_attempted: bool,
    /// How often the operation was tried again, and how it may be.
    pub(crate) retried: u32,
    pub(crate) retry: Option<Retry>,
    /// How long ago the last attempt failed, where the next one is being waited for.
    pub(crate) failed_since: Option<Duration>,
}

/// The next step of a sync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SyncStep {
    /// No operation is asked for, and none runs.
    Rest,
    /// Wait for the next second.
    Postpone,
    /// Note that the operation runs.
    Begin,
    /// The Flux objects have to be made first.
    AwaitObjects,
    /// Ask the source to look for news.
    RequestSource,
    /// Wait for its answer.
    AwaitSource,
    /// Set the source to the revision of the operation, and wait for its artifact.
    Pin,
    /// Wait until the artifact can be held against the project.
    AwaitGate(String),
    /// Keep the source at the artifact that the project allows.
    HoldSource,
    /// Ask the workload to deploy the artifact; one that rests has to work for that.
    RequestWorkload,
    /// Wait for its outcome.
    AwaitWorkload,
    /// Try again after a wait.
    Retry { after: Duration, message: String },
    /// Wait for the time of the next attempt.
    AwaitRetry(Duration),
    /// The next attempt begins.
    Again,
    /// The operation is done.
    Finish(Phase, String),
}

impl SyncStep {
    /// Whether a workload that rests between syncs has to work now.
    pub(crate) fn needs_workload(&self) -> bool {
        matches!(self, Self::AwaitWorkload)
    }

    /// Whether the source is to stay at the revision of the operation.
    pub(crate) fn needs_pin(&self) -> bool {
        matches!(
            self,
            Self::Pin | Self::AwaitGate(_) | Self::HoldSource | Self::RequestWorkload | Self::AwaitWorkload
        )
    }

    /// Whether the source has to stay at its artifact, where that was held against the project.
    pub(crate) fn holds_source(&self) -> bool {
        matches!(self, Self::HoldSource | Self::RequestWorkload | Self::AwaitWorkload)
    }
}

/// What Argo CD says of a sync that succeeded.
pub(crate) const SUCCEEDED: &str = "successfully synced (all tasks run)";
/// What it says of one that was ended.
pub(crate) const TERMINATED: &str = "Operation terminated";

/// The next step. Source before workload; an outcome that is there is taken before anything is asked for
/// again, so that a run after a crash goes on where the last one ended.
pub(crate) fn next(facts: &SyncFacts) -> SyncStep {
    match facts.phase {
        Some(Phase::Terminating) => return SyncStep::Finish(Phase::Failed, TERMINATED.to_owned()),
        Some(Phase::Running) if facts.is_overtaken => return SyncStep::Rest,
        Some(Phase::Running) => {}
        _ if !facts.requested => return SyncStep::Rest,
        _ if facts.too_early => return SyncStep::Postpone,
        _ => return SyncStep::Begin,
    }
    if let Some(refusal) = &facts.refusal {
        return SyncStep::Finish(Phase::Error, refusal.clone());
    }
    if let Some(since) = facts.failed_since
        && let Some(retry) = &facts.retry
    {
        let left = retry.wait(facts.retried.saturating_sub(1)).saturating_sub(since);
        return if left.is_zero() { SyncStep::Again } else { SyncStep::AwaitRetry(left) };
    }
    if !facts.source_exists || !facts.workload_exists {
        return SyncStep::AwaitObjects;
    }
    of_source(facts).or_else(|| of_gate(facts)).unwrap_or_else(|| of_workload(facts))
}

/// What is left to do with the source; `None` where its artifact can be deployed.
fn of_source(facts: &SyncFacts) -> Option<SyncStep> {
    // The answer to the request stays valid while the source is set to another revision.
    match facts.source_request {
        Request::Unmade => return Some(SyncStep::RequestSource),
        Request::Pending => return Some(SyncStep::AwaitSource),
        Request::Handled => {}
    }
    match &facts.source_ready {
        Ready::No(message) => return Some(failed(facts, message)),
        Ready::Unknown if facts.is_pinned => return Some(SyncStep::Pin),
        Ready::Unknown => return Some(SyncStep::AwaitSource),
        Ready::Yes => {}
    }
    match facts.is_wanted_revision {
        Some(false) if !facts.may_pin => {
            let message = "the revision of this sync is not that of the Application, and cannot be deployed without \
                           changing it";
            Some(SyncStep::Finish(Phase::Error, message.to_owned()))
        }
        Some(false) => Some(SyncStep::Pin),
        _ => None,
    }
}

/// What is left to do before the workload may work; `None` where nothing is.
fn of_gate(facts: &SyncFacts) -> Option<SyncStep> {
    match &facts.gate {
        Gate::Open | Gate::Passed => None,
        Gate::Closed(why) => Some(SyncStep::AwaitGate(why.clone())),
        Gate::Moving => Some(SyncStep::HoldSource),
        Gate::Denied(message) => Some(SyncStep::Finish(Phase::Failed, message.clone())),
    }
}

fn of_workload(facts: &SyncFacts) -> SyncStep {
    if facts.is_held {
        let message = "the Kustomization is suspended, and not by Flamingo; resume it first (flux resume kustomization)";
        return SyncStep::Finish(Phase::Error, message.to_owned());
    }
    match facts.workload_request {
        Request::Unmade => SyncStep::RequestWorkload,
        Request::Pending => SyncStep::AwaitWorkload,
        Request::Handled => match &facts.workload_ready {
            _ if !facts.is_attempted => SyncStep::AwaitWorkload,
            Ready::Yes => SyncStep::Finish(Phase::Succeeded, SUCCEEDED.to_owned()),
            Ready::No(message) => failed(facts, message),
            Ready::Unknown => SyncStep::AwaitWorkload,
        },
    }
}

fn failed(facts: &SyncFacts, message: &str) -> SyncStep {
    match &facts.retry {
        Some(retry) if retry.allows(facts.retried) => {
            SyncStep::Retry { after: retry.wait(facts.retried), message: message.to_owned() }
        }
        Some(_) if facts.retried > 0 => {
            let message = format!("{} (retried {} times).", message.trim_end_matches('.'), facts.retried);
            SyncStep::Finish(Phase::Failed, message)
        }
        _ => SyncStep::Finish(Phase::Failed, message.to_owned()),
    }
}
