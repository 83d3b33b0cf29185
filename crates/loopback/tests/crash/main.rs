//! The process is killed at every write, and started again.
//!
//! For the creation, a sync and the deletion of an Application the writes of an undisturbed run are counted;
//! then for each of them the process ends just before and just after it, and starts again on what the disk
//! holds. In the end the cluster must be as after the undisturbed run. And at the moment of the crash whatever
//! was generated must still have its Application.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it counted"
)]

mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use world::{Change, Prepared, Repository, World};

/// Where, relative to a write, the process ends.
#[derive(Clone, Copy, Debug)]
enum Kill {
    Before,
    After,
}

/// How many crashed worlds run at once.
const AT_ONCE: usize = 3;

fn check(change: Change) {
    let repository = Repository::start();
    let start = Prepared::make(&repository, change);
    let (writes, expected) = {
        let undisturbed = World::open(&start.copy(), &repository);
        let first = undisturbed.writes();
        undisturbed.carry_out(change);
        undisturbed.settle(change);
        (undisturbed.writes() - first, undisturbed.dump())
    };
    assert!(writes > 3, "{change:?}: {writes} writes cannot be all");

    let (next, crashes) = (AtomicU64::new(0), AtomicU64::new(0));
    let failures: Mutex<Vec<String>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let run = next.fetch_add(1, Ordering::Relaxed);
                    let kill = if run.is_multiple_of(2) { Kill::Before } else { Kill::After };
                    let write = run / 2 + 1;
                    if write > writes {
                        return;
                    }
                    match crash((&repository, &start.copy()), change, (write, kill), &expected) {
                        Ok(crashed) => {
                            crashes.fetch_add(u64::from(crashed), Ordering::Relaxed);
                        }
                        Err(problem) => {
                            let line =
                                format!("{change:?}, killed {kill:?} write {write} of {writes}: {problem}");
                            failures.lock().expect("unpoisoned").push(line);
                        }
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("unpoisoned");
    let crashes = crashes.into_inner();
    println!(
        "{change:?}: {writes} writes, {} runs, {crashes} crashes, {} failed",
        2 * writes,
        failures.len()
    );
    // Concurrent writes can come in another order and number, but not in a wholly different one.
    assert!(
        crashes + failures.len() as u64 > writes,
        "{change:?}: only {crashes} of {} runs crashed",
        2 * writes
    );
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Whether it came to the crash; another order of concurrent writes can make a run shorter.
fn crash(
    (repository, data): (&Repository, &Prepared),
    change: Change,
    (write, kill): (u64, Kill),
    expected: &str,
) -> Result<bool, String> {
    let doomed = World::open(data, repository);
    doomed.kill_at(write, kill);
    doomed.carry_out(change);
    let crashed = doomed.settle_or_crash(change);
    drop(doomed);
    if !crashed {
        return Ok(false);
    }
    let again = World::restart(data, repository)?;
    again.carry_out(change);
    again.settle(change);
    let found = again.dump();
    if found == expected { Ok(true) } else { Err(format!("expected\n{expected}\nfound\n{found}")) }
}

#[test]
fn a_creation_survives_every_crash() {
    check(Change::Create);
}

#[test]
fn a_sync_survives_every_crash() {
    check(Change::Sync);
}

#[test]
fn a_deletion_survives_every_crash() {
    check(Change::Delete);
}
