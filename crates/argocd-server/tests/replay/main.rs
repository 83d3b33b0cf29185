//! What a real Argo CD answered, asked again of the API.
//!
//! `tests/recordings/argocd` has the exchanges; `expectations.txt` says of those that are not equal why. What
//! is compared: the status, the kind of the content, cookies by name, and the body; of an application
//! everything but its status, which controllers write, and none runs here.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod compare;
mod exchange;
mod expectations;
mod world;

use exchange::Exchange;
use expectations::{Expectation, Expectations};
use world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_recorded_answers_are_given() {
    let expectations = Expectations::read();
    let (mut equal, mut listed, mut wrong) = (0, 0, Vec::new());
    let mut seen = Vec::new();
    for scenario in ["api-session", "rbac"] {
        let world = World::start(scenario).await;
        for exchange in Exchange::all(scenario) {
            let name = format!("{scenario}/{}", exchange.name);
            let difference = match world.ask(&exchange).await {
                Some(answer) => compare::difference(&exchange, &answer),
                None => Some("it cannot be asked".to_owned()),
            };
            match (difference, expectations.of(&name)) {
                (None, Expectation::Equal) => equal += 1,
                (Some(_), Expectation::Differs) => listed += 1,
                (Some(difference), Expectation::Equal) => wrong.push(format!("{name}: {difference}")),
                (None, Expectation::Differs) => wrong.push(format!("{name} is listed and is equal")),
            }
            seen.push(name);
        }
        world.stop().await;
    }
    wrong.extend(expectations.unknown(&seen));
    println!("{equal} exchanges equal, {listed} differ as listed");
    assert!(wrong.is_empty(), "{} exchanges:\n{}", wrong.len(), wrong.join("\n"));
    assert!(equal >= 120, "only {equal} exchanges were compared");
}
