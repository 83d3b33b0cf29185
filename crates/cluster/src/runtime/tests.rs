//! The runtime under a paused clock.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Cause, Controller, Interrupted, Next, ObjectKey, Reconciler, Run, Settings, Waker};
use crate::ClusterId;

type Step = Box<dyn Fn(&Run) -> Next + Send + Sync>;

/// Records each run and answers as the test says.
struct Recorder {
    runs: mpsc::UnboundedSender<(String, String)>,
    answer: Step,
    wait_for: Mutex<Option<Duration>>,
}

impl Reconciler for Recorder {
    fn name(&self) -> &'static str {
        "recorder"
    }

    fn limit(&self, _: &ObjectKey) -> Duration {
        Duration::from_secs(3600)
    }

    async fn reconcile(&self, run: Run) -> Next {
        let causes = run.causes.iter().map(ToString::to_string).collect::<Vec<_>>().join("+");
        self.runs.send((run.key.name.clone(), causes)).expect("the test listens");
        let wait = *self.wait_for.lock().expect("unpoisoned");
        if let Some(wait) = wait {
            let outcome = run.waiting("the test", tokio::time::sleep(wait)).await;
            let word = match outcome {
                Ok(()) => "waited",
                Err(Interrupted::Superseded) => "superseded",
                Err(Interrupted::Stopping) => "stopping",
            };
            self.runs.send((run.key.name.clone(), word.to_owned())).expect("the test listens");
        }
        (self.answer)(&run)
    }
}

struct World {
    runs: mpsc::UnboundedReceiver<(String, String)>,
    waker: Waker,
    controller: Controller,
}

fn world(concurrent: usize, wait_for: Option<Duration>, answer: Step) -> World {
    let (sender, runs) = mpsc::unbounded_channel();
    let recorder = Recorder { runs: sender, answer, wait_for: Mutex::new(wait_for) };
    let settings = Settings {
        concurrent,
        min_retry_delay: Duration::from_secs(1),
        max_retry_delay: Duration::from_secs(4),
        grace: Duration::from_secs(5),
    };
    let controller = Controller::start(Arc::new(recorder), settings, &CancellationToken::new());
    World { runs, waker: controller.waker(), controller }
}

fn key(name: &str) -> ObjectKey {
    ObjectKey { cluster: ClusterId::in_cluster(), namespace: "ns".into(), name: name.into() }
}

impl World {
    async fn next(&mut self) -> String {
        let (name, what) = self.runs.recv().await.expect("a run");
        format!("{name}: {what}")
    }
}

#[tokio::test(start_paused = true)]
async fn wakes_during_a_run_lead_to_one_more_run() {
    let mut world = world(1, Some(Duration::from_secs(10)), Box::new(|_| Next::Settled));
    world.waker.wake(key("a"), Cause::Seen);
    assert_eq!(world.next().await, "a: seen");
    world.waker.wake(key("a"), Cause::Dependency("x".into()));
    world.waker.wake(key("a"), Cause::Dependency("x".into()));
    assert_eq!(world.next().await, "a: waited");
    assert_eq!(world.next().await, "a: dependency x");
}

#[tokio::test(start_paused = true)]
async fn newer_input_ends_a_wait() {
    let mut world = world(1, Some(Duration::from_secs(3000)), Box::new(|_| Next::Settled));
    world.waker.wake(key("a"), Cause::Seen);
    assert_eq!(world.next().await, "a: seen");
    world.waker.wake(key("a"), Cause::Source("repo".into()));
    assert_eq!(world.next().await, "a: superseded");
    assert_eq!(world.next().await, "a: source repo");
}

#[tokio::test(start_paused = true)]
async fn a_wait_holds_no_worker() {
    let mut world = world(1, Some(Duration::from_secs(10)), Box::new(|_| Next::Settled));
    world.waker.wake(key("a"), Cause::Seen);
    world.waker.wake(key("b"), Cause::Seen);
    assert_eq!(world.next().await, "a: seen");
    assert_eq!(world.next().await, "b: seen");
}

#[tokio::test(start_paused = true)]
async fn failures_back_off_up_to_a_limit() {
    let mut world = world(1, None, Box::new(|_| Next::BackOff));
    world.waker.wake(key("a"), Cause::Seen);
    let mut times = Vec::new();
    for _ in 0..5 {
        world.next().await;
        times.push(tokio::time::Instant::now());
    }
    let gaps: Vec<u64> = times.windows(2).map(|pair| (pair[1] - pair[0]).as_secs()).collect();
    assert_eq!(gaps, [1, 2, 4, 4]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_backs_off_and_touches_nobody_else() {
    let answer = |run: &Run| match (run.key.name.as_str(), run.failures) {
        ("bad", 0) => panic!("as the test wants"),
        _ => Next::Settled,
    };
    let mut world = world(2, None, Box::new(answer));
    world.waker.wake(key("bad"), Cause::Seen);
    world.waker.wake(key("good"), Cause::Seen);
    let mut seen = [world.next().await, world.next().await, world.next().await];
    seen.sort();
    assert_eq!(seen, ["bad: retry", "bad: seen", "good: seen"]);
}

#[tokio::test(start_paused = true)]
async fn stopping_ends_waits_and_starts_nothing() {
    let mut world = world(1, Some(Duration::from_secs(3000)), Box::new(|_| Next::BackOff));
    world.waker.wake(key("a"), Cause::Seen);
    assert_eq!(world.next().await, "a: seen");
    world.controller.stop().await;
    assert_eq!(world.runs.recv().await, Some(("a".into(), "stopping".into())));
    assert_eq!(world.runs.recv().await, None);
}
