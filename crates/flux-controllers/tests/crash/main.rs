//! The process is killed at every write, and started again.
//!
//! For a first sync, an update, a prune and a deletion the writes of an undisturbed run are counted; then
//! for each of them the process ends just before and just after it, and starts again on what the disk
//! holds. In the end the cluster must be as after the undisturbed run: no orphan, no duplicate. And at
//! the moment of the crash everything that exists must be in an inventory.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it counted"
)]

mod repository;
mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use repository::Repository;
use world::{Change, Prepared, World};

/// Where, relative to a write, the process ends.
#[derive(Clone, Copy, Debug)]
enum Kill {
    Before,
    After,
}

/// How many crashed worlds run at once.
const AT_ONCE: usize = 3;

fn check(name: &str, change: Change) {
    let repository = Repository::create();
    let prepared = Prepared::make(&repository, change);
    let data = prepared.copy();
    let undisturbed = World::open(&data, &repository);
    let first = undisturbed.writes();
    undisturbed.carry_out(change);
    undisturbed.settle(change);
    let writes = undisturbed.writes() - first;
    let expected = undisturbed.dump();
    drop(undisturbed);
    assert!(writes > 3, "{name}: {writes} writes cannot be all");

    let next = AtomicU64::new(0);
    let crashes = AtomicU64::new(0);
    let failures: Mutex<Vec<String>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let run = next.fetch_add(1, Ordering::Relaxed);
                    let (write, kill) =
                        (run / 2 + 1, if run.is_multiple_of(2) { Kill::Before } else { Kill::After });
                    if write > writes {
                        return;
                    }
                    match crash(&prepared, &repository, change, (write, kill), &expected) {
                        Ok(crashed) => {
                            crashes.fetch_add(u64::from(crashed), Ordering::Relaxed);
                        }
                        Err(problem) => {
                            let line =
                                format!("{name}, killed {kill:?} write {write} of {writes}: {problem}");
                            failures.lock().expect("unpoisoned").push(line);
                        }
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("unpoisoned");
    let crashes = crashes.into_inner();
    println!("{name}: {writes} writes, {} runs, {crashes} crashes, {} failed", 2 * writes, failures.len());
    // Concurrent writes can come in another order and number, but not in a wholly different one.
    assert!(
        crashes + failures.len() as u64 > writes,
        "{name}: only {crashes} of {} runs crashed",
        2 * writes
    );
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn crash(
    prepared: &Prepared,
    repository: &Repository,
    change: Change,
    (write, kill): (u64, Kill),
    expected: &str,
) -> Result<bool, String> {
    let data = prepared.copy();
    let doomed = World::open(&data, repository);
    doomed.kill_at(write, kill);
    doomed.carry_out(change);
    let crashed = doomed.settle_or_crash(change);
    drop(doomed);
    // Another order of concurrent writes can make a run shorter than the one that was counted.
    if !crashed {
        return Ok(false);
    }
    let again = World::restart(&data, repository)?;
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
