//! Tables of what comes next.

use std::time::Duration;

use argocd_api::application::{Phase, Retry};

use super::decide::{Facts, Gate, Ready, Request, Step, SyncFacts, SyncStep, decide, next};

#[test]
fn the_first_step() {
    let facts = Facts { flux: true, generate: true, ..Facts::default() };
    let rows = [
        (facts, Step::Deploy { generate: true }),
        (Facts { generate: false, ..facts }, Step::Deploy { generate: false }),
        (Facts { flux: false, ..facts }, Step::NeedsArgoCd),
        (Facts { skipped: true, ..facts }, Step::Leave),
        (Facts { skipped: true, deleting: true, cascades: true, ..facts }, Step::Leave),
        (Facts { deleting: true, ..facts }, Step::Leave),
        (Facts { deleting: true, cascades: true, ..facts }, Step::Finalize),
        (Facts { deleting: true, cascades: true, flux: false, ..facts }, Step::Finalize),
    ];
    for (facts, step) in rows {
        assert_eq!(decide(&facts), step, "{facts:?}");
    }
}

/// A sync that runs, and of which everything is done.
fn done() -> SyncFacts {
    SyncFacts {
        phase: Some(Phase::Running),
        requested: true,
        too_early: false,
        refusal: None,
        source_exists: true,
        source_request: Request::Handled,
        source_ready: Ready::Yes,
        is_wanted_revision: None,
        is_pinned: false,
        may_pin: true,
        is_overtaken: false,
        gate: Gate::Open,
        workload_exists: true,
        workload_request: Request::Handled,
        workload_ready: Ready::Yes,
        is_held: false,
        is_attempted: true,
        retried: 0,
        retry: None,
        failed_since: None,
    }
}

#[test]
fn the_steps_of_a_sync() {
    let no = || Ready::No("broken".to_owned());
    let finish = |phase, message: &str| SyncStep::Finish(phase, message.to_owned());
    let seconds = Duration::from_secs;
    let retry = Retry { limit: 2, duration: seconds(5), factor: 2, max_duration: seconds(60) };
    let rows = [
        ("nothing is asked for", SyncFacts { phase: None, requested: false, ..done() }, SyncStep::Rest),
        (
            "one is done",
            SyncFacts { phase: Some(Phase::Succeeded), requested: false, ..done() },
            SyncStep::Rest,
        ),
        ("another is asked for", SyncFacts { phase: Some(Phase::Failed), ..done() }, SyncStep::Begin),
        (
            "in the same second",
            SyncFacts { phase: Some(Phase::Failed), too_early: true, ..done() },
            SyncStep::Postpone,
        ),
        ("it cannot be done", SyncFacts { refusal: Some("no".into()), ..done() }, finish(Phase::Error, "no")),
        ("no source yet", SyncFacts { source_exists: false, ..done() }, SyncStep::AwaitObjects),
        ("no workload yet", SyncFacts { workload_exists: false, ..done() }, SyncStep::AwaitObjects),
        (
            "source first",
            SyncFacts { source_request: Request::Unmade, workload_request: Request::Unmade, ..done() },
            SyncStep::RequestSource,
        ),
        ("its answer", SyncFacts { source_request: Request::Pending, ..done() }, SyncStep::AwaitSource),
        ("it is at work", SyncFacts { source_ready: Ready::Unknown, ..done() }, SyncStep::AwaitSource),
        ("it failed", SyncFacts { source_ready: no(), ..done() }, finish(Phase::Failed, "broken")),
        (
            "Flux goes on by itself",
            SyncFacts { is_wanted_revision: Some(false), may_pin: false, is_overtaken: true, ..done() },
            SyncStep::Rest,
        ),
        ("another revision", SyncFacts { is_wanted_revision: Some(false), ..done() }, SyncStep::Pin),
        (
            "at work on it",
            SyncFacts { is_pinned: true, source_ready: Ready::Unknown, ..done() },
            SyncStep::Pin,
        ),
        (
            "the revision is there",
            SyncFacts { is_wanted_revision: Some(true), workload_request: Request::Unmade, ..done() },
            SyncStep::RequestWorkload,
        ),
        (
            "then the workload",
            SyncFacts { workload_request: Request::Unmade, ..done() },
            SyncStep::RequestWorkload,
        ),
        (
            "its answer too",
            SyncFacts { workload_request: Request::Pending, ..done() },
            SyncStep::AwaitWorkload,
        ),
        ("about the old artifact", SyncFacts { is_attempted: false, ..done() }, SyncStep::AwaitWorkload),
        ("at work", SyncFacts { workload_ready: Ready::Unknown, ..done() }, SyncStep::AwaitWorkload),
        ("it failed", SyncFacts { workload_ready: no(), ..done() }, finish(Phase::Failed, "broken")),
        ("done", done(), finish(Phase::Succeeded, "successfully synced (all tasks run)")),
        (
            "ended",
            SyncFacts { phase: Some(Phase::Terminating), workload_request: Request::Pending, ..done() },
            finish(Phase::Failed, "Operation terminated"),
        ),
        (
            "may be tried again",
            SyncFacts { workload_ready: no(), retry: Some(retry), retried: 1, ..done() },
            SyncStep::Retry { after: seconds(10), message: "broken".into() },
        ),
        (
            "not yet",
            SyncFacts {
                workload_ready: no(),
                retry: Some(retry),
                retried: 1,
                failed_since: Some(seconds(2)),
                ..done()
            },
            SyncStep::AwaitRetry(seconds(3)),
        ),
        (
            "now",
            SyncFacts {
                workload_ready: no(),
                retry: Some(retry),
                retried: 1,
                failed_since: Some(seconds(5)),
                ..done()
            },
            SyncStep::Again,
        ),
        (
            "often enough",
            SyncFacts { workload_ready: no(), retry: Some(retry), retried: 2, ..done() },
            finish(Phase::Failed, "broken (retried 2 times)."),
        ),
    ];
    for (name, facts, step) in rows {
        assert_eq!(next(&facts), step, "{name}");
    }
}

#[test]
fn nothing_is_deployed_before_the_project_allows_it() {
    let rows = [
        (Gate::Closed("unreachable".into()), SyncStep::AwaitGate("unreachable".into())),
        (Gate::Moving, SyncStep::HoldSource),
        (Gate::Passed, SyncStep::RequestWorkload),
        (Gate::Open, SyncStep::RequestWorkload),
        (Gate::Denied("no".into()), SyncStep::Finish(Phase::Failed, "no".into())),
    ];
    for (gate, step) in rows {
        let facts = SyncFacts { gate: gate.clone(), workload_request: Request::Unmade, ..done() };
        assert_eq!(next(&facts), step, "{gate:?}");
    }
}

#[test]
fn what_is_not_ours_is_not_changed() {
    let held = SyncFacts { is_held: true, workload_request: Request::Unmade, ..done() };
    assert!(
        matches!(next(&held), SyncStep::Finish(Phase::Error, message) if message.contains("flux resume"))
    );
    let foreign = SyncFacts { is_wanted_revision: Some(false), may_pin: false, ..done() };
    assert!(
        matches!(next(&foreign), SyncStep::Finish(Phase::Error, message) if message.contains("revision"))
    );
}
