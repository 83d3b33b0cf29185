//! The queue of a controller and the task that owns it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::run::Worker;
use super::{Cause, Next, ObjectKey, Reconciler, Run};
use crate::Deadline;

/// How a controller works.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How many objects are worked on at once.
    pub concurrent: usize,
    /// The first delay after a failure; each further failure doubles it.
    pub min_retry_delay: Duration,
    /// The longest delay after failures.
    pub max_retry_delay: Duration,
    /// How long runs may go on after a stop was asked for.
    pub grace: Duration,
}

/// Wakes objects of one controller. Cheap to clone.
#[derive(Clone)]
pub struct Waker(mpsc::UnboundedSender<Command>);

enum Command {
    Wake(ObjectKey, Cause),
    Forget(ObjectKey),
}

impl Waker {
    /// Wakes an object; while it is being reconciled, right afterwards.
    pub fn wake(&self, key: ObjectKey, cause: Cause) {
        self.send(Command::Wake(key, cause));
    }

    /// Drops what is planned for an object that no longer exists.
    pub fn forget(&self, key: ObjectKey) {
        self.send(Command::Forget(key));
    }

    fn send(&self, command: Command) {
        if self.0.send(command).is_err() {
            tracing::debug!("the controller has stopped");
        }
    }
}

/// A running controller.
pub struct Controller {
    waker: Waker,
    task: tokio::task::JoinHandle<()>,
    stop: CancellationToken,
}

impl Controller {
    /// Starts the controller; it ends when `stop` is cancelled.
    pub fn start<R: Reconciler>(reconciler: Arc<R>, settings: Settings, stop: &CancellationToken) -> Self {
        let (sender, commands) = mpsc::unbounded_channel();
        let stop = stop.child_token();
        let queue = Queue {
            reconciler,
            settings,
            workers: Arc::new(Semaphore::new(settings.concurrent)),
            stop: stop.clone(),
            entries: HashMap::new(),
            due: BTreeMap::new(),
            sequence: 0,
            runs: JoinSet::new(),
            running: HashMap::new(),
        };
        let task = tokio::spawn(queue.work(commands));
        Self { waker: Waker(sender), task, stop }
    }

    /// What wakes its objects.
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Stops: no run starts any more, waits end, and runs may finish within the grace period.
    pub async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the queue of a controller ended abnormally");
        }
    }
}

/// What the queue knows of an object.
#[derive(Default)]
struct Entry {
    causes: Vec<Cause>,
    failures: u32,
    /// The key in `due`, when a run is planned.
    planned: Option<(Instant, u64)>,
    /// Set while a run is on.
    current: Option<CancellationToken>,
}

struct Queue<R> {
    reconciler: Arc<R>,
    settings: Settings,
    workers: Arc<Semaphore>,
    stop: CancellationToken,
    entries: HashMap<ObjectKey, Entry>,
    due: BTreeMap<(Instant, u64), (ObjectKey, Option<Cause>)>,
    sequence: u64,
    runs: JoinSet<Next>,
    running: HashMap<Id, ObjectKey>,
}

impl<R: Reconciler> Queue<R> {
    async fn work(mut self, mut commands: mpsc::UnboundedReceiver<Command>) {
        loop {
            let next_due = self.due.keys().next().map(|(instant, _)| *instant);
            tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                Some(command) = commands.recv() => self.obey(command),
                Some(ended) = self.runs.join_next_with_id() => self.ended(ended),
                () = until(next_due) => self.start_due(),
            }
        }
        self.drain().await;
    }

    /// Lets runs finish; what is still running after the grace period is dropped.
    async fn drain(&mut self) {
        let rest = async { while self.runs.join_next().await.is_some() {} };
        if tokio::time::timeout(self.settings.grace, rest).await.is_err() {
            tracing::warn!(controller = self.reconciler.name(), "runs were ended after the grace period");
            self.runs.shutdown().await;
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Wake(key, cause) => {
                let entry = self.entries.entry(key.clone()).or_default();
                if let (Some(current), true) = (&entry.current, cause.is_new_input()) {
                    current.cancel();
                }
                if !entry.causes.contains(&cause) {
                    entry.causes.push(cause);
                }
                if entry.current.is_none() {
                    self.plan(key, Instant::now(), None);
                }
            }
            Command::Forget(key) => {
                if self.entries.get(&key).is_some_and(|entry| entry.current.is_none()) {
                    self.unplan(&key);
                    self.entries.remove(&key);
                }
            }
        }
    }

    /// Plans the next run of `key` for `at`; an earlier plan stays.
    fn plan(&mut self, key: ObjectKey, at: Instant, cause: Option<Cause>) {
        if let Some((planned, _)) = self.entries.get(&key).and_then(|entry| entry.planned) {
            if planned <= at {
                return;
            }
            self.unplan(&key);
        }
        self.sequence += 1;
        let place = (at, self.sequence);
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.planned = Some(place);
            self.due.insert(place, (key, cause));
        }
    }

    fn unplan(&mut self, key: &ObjectKey) {
        if let Some(place) = self.entries.get_mut(key).and_then(|entry| entry.planned.take()) {
            self.due.remove(&place);
        }
    }

    fn start_due(&mut self) {
        let now = Instant::now();
        while let Some(place) = self.due.keys().next().copied().filter(|(at, _)| *at <= now) {
            if let Some((key, cause)) = self.due.remove(&place) {
                self.start(key, cause);
            }
        }
    }

    fn start(&mut self, key: ObjectKey, cause: Option<Cause>) {
        let Some(entry) = self.entries.get_mut(&key) else { return };
        entry.planned = None;
        let superseded = CancellationToken::new();
        entry.current = Some(superseded.clone());
        let mut causes = std::mem::take(&mut entry.causes);
        causes.extend(cause);
        let limit = self.reconciler.limit(&key);
        let worker = Worker::new(self.workers.clone());
        let (failures, stopping) = (entry.failures, self.stop.clone());
        let reconciler = self.reconciler.clone();
        let span = span(self.reconciler.name(), &key, &causes);
        let run_key = key.clone();
        let work = async move {
            worker.acquire().await;
            let deadline = Deadline::after(limit);
            let run = Run { key: run_key, causes, failures, deadline, worker, superseded, stopping };
            deadline.run(reconciler.reconcile(run)).await.unwrap_or_else(|| {
                tracing::error!(?limit, "the run took too long and was ended");
                Next::BackOff
            })
        };
        let id = self.runs.spawn(work.instrument(span)).id();
        self.running.insert(id, key);
    }

    fn ended(&mut self, ended: Result<(Id, Next), JoinError>) {
        let (id, next) = match ended {
            Ok((id, next)) => (id, next),
            Err(error) => {
                tracing::error!(controller = self.reconciler.name(), %error, "a run ended abnormally");
                (error.id(), Next::BackOff)
            }
        };
        let Some(key) = self.running.remove(&id) else { return };
        let Some(entry) = self.entries.get_mut(&key) else { return };
        entry.current = None;
        let now = Instant::now();
        let woken = !entry.causes.is_empty();
        entry.failures = if next == Next::BackOff { entry.failures.saturating_add(1) } else { 0 };
        let failures = entry.failures;
        if woken {
            self.plan(key, now, None);
            return;
        }
        match next {
            Next::Settled => {}
            Next::After(delay, cause) => self.plan(key, now + delay, Some(cause)),
            Next::BackOff => self.plan(key, now + self.settings.delay(failures), Some(Cause::Retry)),
        }
    }
}

impl Settings {
    /// The delay before the try that follows `failures` failures.
    fn delay(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(30);
        self.min_retry_delay.saturating_mul(1 << doublings).min(self.max_retry_delay)
    }
}

fn span(controller: &str, key: &ObjectKey, causes: &[Cause]) -> tracing::Span {
    let causes = causes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let ObjectKey { cluster, namespace, name } = key;
    tracing::info_span!("reconcile", controller, %cluster, namespace, name, causes)
}

async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
