//! Replaying one scenario.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::actions::Stage;
use crate::compare::{self, Seen, Writes};
use crate::normal::normal;
use crate::recording::{Recording, identity, list};
use crate::world::World;
use crate::{Outcome, hand};

/// How often to look.
const TICK: Duration = Duration::from_millis(300);
/// So long nothing may happen before a step counts as at rest.
const QUIET: Duration = Duration::from_millis(1200);
/// So long a step may take.
const PATIENCE: Duration = Duration::from_secs(12);
/// The same where something has to time out first.
const LONG_PATIENCE: Duration = Duration::from_secs(50);

/// Where a step began.
struct Mark {
    versions: usize,
    notifications: usize,
    events: BTreeMap<String, (u64, Json)>,
}

/// Replays all steps.
pub(crate) async fn replay(world: &World, name: &str) -> Outcome {
    let recording = Recording::read(name);
    let stage = Stage::set(world, &recording).await;
    for action in list(&recording.steps[0], "before") {
        stage.perform(action).await;
    }
    ready(&stage).await;
    let mut steps = Vec::new();
    let mut waited = false;
    for n in 0..recording.steps.len() {
        waited |= recording.steps[n]["title"].as_str().is_some_and(|title| title.contains(" seconds"));
        steps.push(replay_step(&stage, n, waited).await);
    }
    Outcome { steps }
}

async fn replay_step(stage: &Stage<'_>, n: usize, waited: bool) -> Vec<String> {
    let step = &stage.recording.steps[n];
    let title = step["title"].as_str().unwrap_or_default();
    let mark = mark(stage).await;
    let mut rejected = Vec::new();
    let by_hand = hand::actions(&stage.recording.name, n + 1, title);
    let (waits, by_hand): (Vec<_>, Vec<_>) = by_hand.into_iter().partition(|action| action["do"] == "wait");
    for action in by_hand.iter().chain(list(step, "actions")).chain(&waits) {
        rejected.extend(stage.perform(action).await);
    }
    let mut expected = expected(stage, n);
    if waited {
        forget_counts(&mut expected);
    }
    let mut rest = Rest::new();
    let patience = if times_out(step) { LONG_PATIENCE } else { PATIENCE };
    let started = Instant::now();
    loop {
        tokio::time::sleep(TICK).await;
        let mut seen = observed(stage, &mark, &rejected).await;
        if waited {
            forget_counts(&mut seen);
        }
        let repeats = waited || repeats(step);
        let quiet = rest.is_quiet(&seen, repeats);
        let is_equal = compare::states(&expected, &seen).is_empty();
        if (is_equal && quiet) || started.elapsed() > patience {
            return compare::all(&expected, &seen, repeats);
        }
    }
}

/// Once a step has let time pass, the number of runs depends on the speed of the machine.
fn forget_counts(seen: &mut Seen) {
    for object in &mut seen.flux {
        let history = object["status"].get_mut("history").and_then(Json::as_array_mut);
        for entry in history.into_iter().flatten() {
            entry["totalReconciliations"] = "<count>".into();
        }
    }
}

/// Whether anything happened lately.
struct Rest {
    last: (usize, usize, u64),
    since: Instant,
    began: Instant,
}

impl Rest {
    fn new() -> Self {
        Self { last: (0, 0, 0), since: Instant::now(), began: Instant::now() }
    }

    /// A step that goes on trying is never at rest; its first attempt is over after a while.
    fn is_quiet(&mut self, seen: &Seen, repeats: bool) -> bool {
        let writes = seen.writes.values().map(|writes| writes.count).sum();
        let now = (writes, seen.notifications.len(), seen.events.iter().map(|(_, count)| count).sum());
        if now != self.last {
            self.last = now;
            self.since = Instant::now();
        }
        self.since.elapsed() > QUIET || (repeats && self.began.elapsed() > QUIET * 3)
    }
}

/// Whether the step ends in a state in which the controllers go on trying.
fn repeats(step: &Json) -> bool {
    list(step, "flux").iter().any(|object| !compare::is_ready(object))
        || list(step, "events").iter().any(|event| event["count"].as_u64() > Some(1))
}

fn times_out(step: &Json) -> bool {
    let text = step.to_string();
    ["HealthCheckFailed", "after 8 seconds"].iter().any(|word| text.contains(word))
}

/// Waits for what is set up before the first step.
async fn ready(stage: &Stage<'_>) {
    let started = Instant::now();
    loop {
        let flux = stage.flux().await;
        if flux.iter().all(compare::is_ready) || started.elapsed() > PATIENCE {
            tokio::time::sleep(QUIET).await;
            return;
        }
        tokio::time::sleep(TICK).await;
    }
}

async fn mark(stage: &Stage<'_>) -> Mark {
    Mark {
        versions: stage.world.versions.of(&stage.namespaces).len(),
        notifications: stage.world.receiver.about(&stage.namespaces).len(),
        events: stage.events().await,
    }
}

fn expected(stage: &Stage<'_>, n: usize) -> Seen {
    let step = &stage.recording.steps[n];
    let normals = |field: &str| -> Vec<Json> {
        list(step, field).iter().map(|object| normal(object, &stage.git)).collect()
    };
    let events = normals("events").into_iter().map(|mut event| {
        let count = event.as_object_mut().and_then(|event| event.remove("count"));
        (correlated(event), count.and_then(|count| count.as_u64()).unwrap_or(1))
    });
    let before = n.checked_sub(1).map_or(&[][..], |before| list(&stage.recording.steps[before], "flux"));
    Seen {
        flux: normals("flux"),
        objects: normals("objects"),
        events: events.collect(),
        notifications: normals("notifications"),
        writes: recorded_writes(before, step, &stage.git),
        rejected: list(step, "rejected").iter().filter_map(|text| text.as_str().map(str::to_owned)).collect(),
    }
}

/// An event whose message tells a duration is counted up with an earlier one when both took equally long,
/// and then has the annotations of that one.
fn correlated(mut event: Json) -> Json {
    let tells_duration = event["message"].as_str().is_some_and(|message| message.contains("<duration>"));
    if let (true, Some(fields)) = (tells_duration, event.as_object_mut()) {
        fields.remove("annotations");
    }
    event
}

/// Upstream sends each status as a patch with the conditions and one with the rest, which can be empty;
/// the pair counts as one write.
fn recorded_writes(before: &[Json], step: &Json, git: &str) -> BTreeMap<String, Writes> {
    let mut found: BTreeMap<String, Writes> = BTreeMap::new();
    let mut paired = BTreeMap::new();
    for write in list(step, "writes") {
        let request = write["request"].as_str().unwrap_or_default();
        let Some(rest) = request.strip_prefix("patch ") else { continue };
        let Some((plural, name)) = rest.split_once("/status ") else { continue };
        let kind = if plural == "gitrepositories" { "GitRepository" } else { "Kustomization" };
        let key = format!("{kind} {name}");
        if write["body"]["metadata"].get("finalizers").is_some() {
            // Upstream patches the status of what it has just let go, which is answered with 404.
            continue;
        }
        let conditions = write["body"]["status"].get("conditions");
        let writes = found.entry(key.clone()).or_default();
        let is_second =
            paired.insert(key.clone(), conditions.is_some()) == Some(true) && conditions.is_none();
        let is_empty = write["body"].as_object().is_some_and(serde_json::Map::is_empty);
        if !is_second && !is_empty {
            writes.count += 1;
        }
        let Some(conditions) = conditions else { continue };
        let conditions = conditions_of(conditions, git);
        let last = writes.conditions.last().cloned().or_else(|| conditions_before(before, &key, git));
        if last.as_ref() != Some(&conditions) {
            writes.conditions.push(conditions);
        }
    }
    found
}

fn key(object: &Json) -> String {
    let (_, kind, namespace, name) = identity(object);
    format!("{kind} {namespace}/{name}")
}

fn conditions_of(conditions: &Json, git: &str) -> Json {
    normal(&serde_json::json!({"conditions": conditions}), git)["conditions"].clone()
}

fn conditions_before(before: &[Json], name: &str, git: &str) -> Option<Json> {
    let object = before.iter().find(|object| key(object) == name)?;
    Some(conditions_of(object["status"].get("conditions")?, git))
}

async fn observed(stage: &Stage<'_>, mark: &Mark, rejected: &[String]) -> Seen {
    let normals = |objects: &[Json]| objects.iter().map(|object| normal(object, &stage.git)).collect();
    let mut flux: Vec<Json> = stage.flux().await;
    for object in &mut flux {
        object["metadata"].as_object_mut().expect("metadata").remove("managedFields");
    }
    let notifications = stage.world.receiver.about(&stage.namespaces);
    let events = stage.events().await.into_iter().filter_map(|(uid, (count, event))| {
        let earlier = mark.events.get(&uid).map_or(0, |(count, _)| *count);
        (count > earlier).then(|| (correlated(normal(&event, &stage.git)), count - earlier))
    });
    Seen {
        flux: normals(&flux),
        objects: normals(&stage.objects().await),
        events: events.collect(),
        notifications: normals(&notifications[mark.notifications..]),
        writes: seen_writes(stage, mark),
        rejected: rejected.iter().map(|text| text.replace(&stage.git, "<git>")).collect(),
    }
}

fn seen_writes(stage: &Stage<'_>, mark: &Mark) -> BTreeMap<String, Writes> {
    let mut last: BTreeMap<String, Json> = BTreeMap::new();
    let mut found: BTreeMap<String, Writes> = BTreeMap::new();
    for (at, version) in stage.world.versions.of(&stage.namespaces).iter().enumerate() {
        let key = key(&version.object);
        if version.gone {
            last.remove(&key);
            continue;
        }
        let status = version.object["status"].clone();
        let before = last.insert(key.clone(), status.clone());
        let conditions = |status: &Json| status.get("conditions").map(|list| conditions_of(list, &stage.git));
        if at < mark.versions || before.as_ref() == Some(&status) || before.is_none() {
            continue;
        }
        let writes = found.entry(key).or_default();
        writes.count += 1;
        let (before, now) = (before.as_ref().and_then(conditions), conditions(&status));
        if let Some(now) = now.filter(|now| before.as_ref() != Some(now)) {
            writes.conditions.push(now);
        }
    }
    found
}
