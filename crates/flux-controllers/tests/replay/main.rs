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

/// What came of a scenario: for each step the differences.
struct Outcome {
    steps: Vec<Vec<String>>,
}

impl Outcome {
    fn is_equal(&self) -> bool {
        self.steps.iter().all(Vec::is_empty)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn recordings() {
    let only = std::env::var("FLAMINGO_REPLAY_ONLY").ok();
    let is_picked =
        |name: &str| only.as_ref().is_none_or(|only| only.split(',').any(|part| name.contains(part)));
    let expected = expectations::read();
    let world = Arc::new(World::start().await);
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let (mut running, mut names) = (JoinSet::new(), BTreeMap::new());
    for (name, expected) in expected.clone().into_iter().filter(|(name, _)| is_picked(name)) {
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
    let surprises = report(&outcomes, &expected, only.is_some());
    assert!(surprises.is_empty(), "not as listed in expectations.txt:\n{}", surprises.join("\n"));
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
        let fits = match &expected[name] {
            Expected::Equal | Expected::Refused(_) => outcome.is_equal(),
            Expected::Differs(_) => !outcome.is_equal(),
            Expected::OnRealClusters(_) => outcome.is_equal() || !world::is_real(),
            Expected::Races(_) => true,
        };
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
