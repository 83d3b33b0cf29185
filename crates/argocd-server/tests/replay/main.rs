//! What a real Argo CD answered, asked again of the API.
//!
//! `tests/recordings/argocd` has the exchanges; `expectations.txt` says of those that are not equal why. What
//! is compared: the status, the kind of the content, cookies by name, and the body; of an application
//! everything but its status, which controllers write, and none runs here.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod compare;
mod exchange;
mod expectations;
mod message;
mod stage;
mod world;

use exchange::Exchange;
use expectations::{Expectation, Expectations};
use futures::StreamExt as _;
use world::World;

/// So many worlds at once: most of their time is spent waiting.
const WORLDS: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_recorded_answers_are_given() {
    let expectations = Expectations::read();
    let (mut equal, mut listed, mut wrong) = (0, 0, Vec::new());
    let mut seen = Vec::new();
    let played = futures::stream::iter(scenarios()).map(play).buffered(WORLDS);
    let played: Vec<Vec<Compared>> = played.collect().await;
    for (name, difference) in played.into_iter().flatten() {
        match (difference, expectations.of(&name)) {
            (None, Expectation::Equal) => equal += 1,
            (Some(_), Expectation::Differs) => listed += 1,
            (Some(difference), Expectation::Equal) => wrong.push(format!("{name}: {difference}")),
            (None, Expectation::Differs) => wrong.push(format!("{name} is listed and is equal")),
        }
        seen.push(name);
    }
    wrong.extend(expectations.unknown(&seen));
    println!("{equal} exchanges equal, {listed} differ as listed");
    assert!(wrong.is_empty(), "{} exchanges:\n{}", wrong.len(), wrong.join("\n"));
    assert!(equal >= 376, "only {equal} exchanges were compared");
}

/// An exchange, and how its answer differs.
type Compared = (String, Option<String>);

/// Asks all that was asked in a scenario, in a world of its own.
async fn play(scenario: String) -> Vec<Compared> {
    let exchanges = Exchange::all(&scenario);
    if exchanges.is_empty() {
        return Vec::new();
    }
    let world = World::start(&scenario).await;
    let (mut step, mut compared) = (String::new(), Vec::new());
    for exchange in exchanges {
        if exchange.step() != step {
            step = exchange.step().to_owned();
            world.before(&step).await;
        }
        world.before(&exchange.name).await;
        let difference = match world.ask(&exchange).await {
            Some(answer) => {
                let name = &exchange.name;
                let lost = message::difference(&exchange, &answer);
                assert!(lost.is_none(), "{scenario}/{name} is no message: {}", lost.unwrap_or_default());
                compare::difference(&exchange, &answer)
            }
            None => Some("it cannot be asked".to_owned()),
        };
        compared.push((format!("{scenario}/{}", exchange.name), difference));
    }
    world.stop().await;
    compared
}

/// The folders of recordings.
fn scenarios() -> Vec<String> {
    let entries = std::fs::read_dir(exchange::folder()).expect("recordings");
    let folders = entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir());
    let mut names: Vec<String> =
        folders.map(|path| path.file_name().expect("a name").to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
