//! Scenarios with a field that is not supported: the object must say so by name.

use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::Outcome;
use crate::actions::Stage;
use crate::recording::{Recording, list};
use crate::world::World;

const PATIENCE: Duration = Duration::from_secs(15);

/// Replays until a Flux object is stalled with `field` in its message.
pub(crate) async fn replay(world: &World, name: &str, field: &str) -> Outcome {
    let recording = Recording::read(name);
    let stage = Stage::set(world, &recording).await;
    for step in &recording.steps {
        for action in list(step, "before").iter().chain(list(step, "actions")) {
            if action["do"] != "push" {
                stage.perform(action).await;
            }
        }
        if says(&stage, field).await {
            return Outcome { steps: vec![Vec::new()] };
        }
    }
    Outcome { steps: vec![vec![format!("no object is stalled because of {field}")]] }
}

async fn says(stage: &Stage<'_>, field: &str) -> bool {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if stage.flux().await.iter().any(|object| is_refused(object, field)) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    false
}

fn is_refused(object: &Json, field: &str) -> bool {
    let conditions = list(&object["status"], "conditions");
    let has = |name: &str, status: &str| {
        conditions.iter().any(|condition| {
            condition["type"] == name
                && condition["status"] == status
                && condition["message"].as_str().is_some_and(|message| message.contains(field))
        })
    };
    has("Stalled", "True") && has("Ready", "False")
}
