//! Replays recordings of the real Flux controllers, and compares what ours write.
//!
//! `tests/recordings/flux/README.md` describes the recordings, `expectations.txt` beside it says of which
//! ones the result must be equal. The cluster is a sandbox, or the one of the kubeconfig that
//! `FLAMINGO_REPLAY_KUBECONFIG` names. `FLAMINGO_REPLAY_ONLY` picks scenarios by comma-separated parts of
//! their names, and prints every difference.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may end at a failed step")]
#![expect(clippy::disallowed_methods, reason = "a test has no other edge than its environment")]

mod actions;
#[path = "../../../source/tests/git/backend.rs"]
#[expect(dead_code, reason = "the tests of `source` use what is not used here")]
mod backend;
mod compare;
mod expectations;
mod hand;
mod normal;
mod observe;
mod receiver;
mod recording;
mod refused;
#[path = "../../../source/tests/git/repository.rs"]
#[expect(dead_code, reason = "the tests of `source` use what is not used here")]
mod repository;
mod scenario;
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use expectations::Expected;
use world::World;

/// So many scenarios run at once: most of their time is waiting.
const AT_ONCE: usize = 24;
/// So many when a scenario is replayed once more.
const AGAIN_AT_ONCE: usize = 4;

/// What came of a scenario: for each step the differences.
struct Outcome {
    steps: Vec<Vec<String>>,
}

impl Outcome {
    fn is_equal(&self) -> bool {
        self.steps.iter().all(Vec::is_empty)
    }
}

/// Scenarios that come out otherwise than listed are replayed once more, a few at a time and in a world
/// of their own: the recordings contain waits of a few seconds, which a busy machine does not keep.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn recordings() {
    let only = std::env::var("FLAMINGO_REPLAY_ONLY").ok();
    let is_picked =
        |name: &str| only.as_ref().is_none_or(|only| only.split(',').any(|part| name.contains(part)));
    let mut picked = expectations::read();
    picked.retain(|name, _| is_picked(name));
    let mut outcomes = replay(&picked, AT_ONCE).await;
    let mut again = picked.clone();
    again.retain(|name, expected| !fits(expected, &outcomes[name]));
    if !again.is_empty() && !world::is_real() {
        outcomes.extend(replay(&again, AGAIN_AT_ONCE).await);
    }
    let surprises = report(&outcomes, &picked, only.is_some());
    assert!(surprises.is_empty(), "not as listed in expectations.txt:\n{}", surprises.join("\n"));
}

/// Replays scenarios in a new world, `at_once` at a time.
async fn replay(picked: &BTreeMap<String, Expected>, at_once: usize) -> BTreeMap<String, Outcome> {
    let world = Arc::new(World::start().await);
    let places = Arc::new(Semaphore::new(at_once));
    let (mut running, mut names) = (JoinSet::new(), BTreeMap::new());
    for (name, expected) in picked.clone() {
        let (world, places) = (world.clone(), places.clone());
        let running_name = name.clone();
        let task = running.spawn(async move {
            let _place = places.acquire_owned().await.expect("the semaphore is never closed");
            let outcome = match expected {
                Expected::Refused(field) => refused::replay(&world, &name, &field).await,
                _ => scenario::replay(&world, &name).await,
            };
            (name, outcome)
        });
        names.insert(task.id(), running_name);
    }
    let mut outcomes = BTreeMap::new();
    while let Some(finished) = running.join_next().await {
        let (name, outcome) = match finished {
            Ok(finished) => finished,
            // The others are worth seeing all the same.
            Err(panic) => (names[&panic.id()].clone(), Outcome { steps: vec![vec![panic.to_string()]] }),
        };
        outcomes.insert(name, outcome);
    }
    outcomes
}

/// Whether a scenario came out as listed.
fn fits(expected: &Expected, outcome: &Outcome) -> bool {
    match expected {
        Expected::Equal | Expected::Refused(_) => outcome.is_equal(),
        Expected::Differs(_) => !outcome.is_equal(),
        Expected::OnRealClusters(_) => outcome.is_equal() || !world::is_real(),
        Expected::Races(_) => true,
    }
}

#[expect(clippy::print_stdout, reason = "the table is what people run this for")]
fn report(
    outcomes: &BTreeMap<String, Outcome>,
    expected: &BTreeMap<String, Expected>,
    in_full: bool,
) -> Vec<String> {
    let mut surprises = Vec::new();
    let mut counts = BTreeMap::new();
    for (name, outcome) in outcomes {
        let word = match (&expected[name], outcome.is_equal()) {
            (Expected::Refused(_), true) => "refused by name",
            (_, true) => "equal",
            (_, false) => "differs",
        };
        *counts.entry(word).or_insert(0) += 1;
        println!("{name:32} {:2} steps  {word}", outcome.steps.len());
        let fits = fits(&expected[name], outcome);
        if !fits || in_full {
            for (step, lines) in outcome.steps.iter().enumerate() {
                lines.iter().for_each(|line| println!("    step {}: {line}", step + 1));
            }
        }
        if !fits {
            surprises.push(format!("{name}: {word}, but listed as {:?}", expected[name]));
        }
    }
    println!("{counts:?}");
    surprises
}
