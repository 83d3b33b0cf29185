//! The process is killed at every write, and started again.
//!
//! For a first sync, an update, a prune and a deletion the writes of an undisturbed run are counted; then
//! for each of them the process ends just before and just after it, and starts again on what the disk
//! holds. In the end the cluster must be as after the undisturbed run: no orphan, no duplicate. And at
//! the moment of the crash everything that exists must be in an inventory.
//!
//! With a real cluster (`FLAMINGO_CRASH_KUBECONFIG`) the controllers end at every request that they send to it.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it counted"
)]
#![expect(clippy::disallowed_methods, reason = "a test has no other edge than its environment")]

mod cut;
mod repository;
mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use repository::Repository;
use world::{Change, Prepared, World};

/// Where, relative to a step, the process ends.
#[derive(Clone, Copy, Debug)]
enum Kill {
    Before,
    After,
}

/// How many crashed worlds run at once.
const AT_ONCE: usize = 3;

/// A world in which a change can begin, as often as it is wanted.
enum Start {
    /// All runs begin with a copy of one simulated cluster.
    Copies(Box<(Repository, Prepared)>),
    /// Each run has namespaces of its own on a real cluster.
    Anew,
}

impl Start {
    fn of(change: Change) -> Self {
        if world::is_real() {
            return Self::Anew;
        }
        let repository = Repository::create("app");
        let prepared = Prepared::make(&repository, change);
        Self::Copies(Box::new((repository, prepared)))
    }

    fn run<T>(&self, change: Change, run: impl FnOnce(&Repository, &Prepared) -> T) -> T {
        match self {
            Self::Copies(start) => run(&start.0, &start.1.copy()),
            Self::Anew => {
                static NEXT: AtomicU64 = AtomicU64::new(0);
                let number = NEXT.fetch_add(1, Ordering::Relaxed);
                let repository = Repository::create(&format!("crash-{}-{number}", std::process::id()));
                let prepared = Prepared::make(&repository, change);
                run(&repository, &prepared)
            }
        }
    }
}

fn check(name: &str, change: Change) {
    let start = Start::of(change);
    let (steps, expected) = start.run(change, |repository, data| {
        let undisturbed = World::open(data, repository);
        let first = undisturbed.steps();
        undisturbed.carry_out(change);
        undisturbed.settle(change);
        (undisturbed.steps() - first, undisturbed.dump())
    });
    assert!(steps > 3, "{name}: {steps} steps cannot be all");

    let next = AtomicU64::new(0);
    let crashes = AtomicU64::new(0);
    let failures: Mutex<Vec<String>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let run = next.fetch_add(1, Ordering::Relaxed);
                    let (step, kill) =
                        (run / 2 + 1, if run.is_multiple_of(2) { Kill::Before } else { Kill::After });
                    if step > steps {
                        return;
                    }
                    let outcome = start.run(change, |repository, data| {
                        crash((repository, data), change, (step, kill), &expected)
                    });
                    match outcome {
                        Ok(crashed) => {
                            crashes.fetch_add(u64::from(crashed), Ordering::Relaxed);
                        }
                        Err(problem) => {
                            let line = format!("{name}, killed {kill:?} step {step} of {steps}: {problem}");
                            failures.lock().expect("unpoisoned").push(line);
                        }
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("unpoisoned");
    let crashes = crashes.into_inner();
    println!("{name}: {steps} steps, {} runs, {crashes} crashes, {} failed", 2 * steps, failures.len());
    // Concurrent steps can come in another order and number, but not in a wholly different one.
    assert!(crashes + failures.len() as u64 > steps, "{name}: only {crashes} of {} runs crashed", 2 * steps);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn crash(
    (repository, data): (&Repository, &Prepared),
    change: Change,
    (step, kill): (u64, Kill),
    expected: &str,
) -> Result<bool, String> {
    let doomed = World::open(data, repository);
    doomed.kill_at(step, kill);
    doomed.carry_out(change);
    let crashed = doomed.settle_or_crash(change);
    drop(doomed);
    // Another order of concurrent steps can make a run shorter than the one that was counted.
    if !crashed {
        return Ok(false);
    }
    let again = World::restart(data, repository)?;
    again.carry_out_again(change);
    again.settle(change);
    let found = again.dump();
    if found == expected {
        return Ok(true);
    }
    Err(format!("expected\n{expected}\nfound\n{found}"))
}

#[test]
fn a_first_sync_survives_every_crash() {
    check("first sync", Change::Create);
}

#[test]
fn an_update_survives_every_crash() {
    check("update", Change::Update);
}

#[test]
fn a_prune_survives_every_crash() {
    check("prune", Change::Prune);
}

#[test]
fn a_deletion_survives_every_crash() {
    check("deletion", Change::Delete);
}
