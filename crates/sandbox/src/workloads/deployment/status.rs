//! The status of a Deployment.

use std::time::Duration;

use apimachinery::object;
use value::{Map, Value};

use super::{Sets, Turn};
use crate::workloads::Outcome;
use crate::workloads::owned::{self, number};

/// A condition of a Deployment, which also says when it was last updated.
struct Condition {
    r#type: &'static str,
    status: bool,
    reason: &'static str,
    message: String,
}

impl Turn<'_> {
    /// Writes what the ReplicaSets show; says when the progress deadline is.
    pub(super) fn write_status(&self, sets: &Sets, news: Option<(&'static str, String)>) -> Outcome {
        let mut status = self.counts(sets);
        let mut conditions = self
            .deployment
            .at(&["status", "conditions"])
            .and_then(Value::as_list)
            .unwrap_or_default()
            .to_vec();
        let now = self.api.now();
        set(&mut conditions, self.availability(&status), &now);
        let mut again = None;
        if let Some(deadline) = self.deadline() {
            let progress = self.progress(sets, &status, (&conditions, deadline), news);
            if let Some(progress) = progress {
                set(&mut conditions, progress, &now);
            }
            again = self.until_deadline(&conditions, deadline);
        } else {
            conditions.retain(|condition| condition.str_at(&["type"]) != Some("Progressing"));
        }
        status.insert("conditions", conditions);
        owned::write_status(self.api, &self.builtins.deployments, &self.deployment, status.into())?;
        Ok(again)
    }

    fn counts(&self, sets: &Sets) -> Map {
        let sum = |field: &str| -> i64 {
            sets.new.iter().chain(&sets.old).map(|set| number(set, &["status", field])).sum()
        };
        let wanted: i64 =
            sets.new.iter().chain(&sets.old).map(|set| number(set, &["spec", "replicas"])).sum();
        let available = sum("availableReplicas");
        let updated = sets.new.as_ref().map_or(0, |new| number(new, &["status", "replicas"]));
        let mut status = Map::from_iter([
            ("observedGeneration", object::generation(&self.deployment).unwrap_or(0)),
            ("terminatingReplicas", sum("terminatingReplicas")),
        ]);
        if let Some(collisions) = self.deployment.at(&["status", "collisionCount"]) {
            status.insert("collisionCount", collisions.clone());
        }
        for (field, count) in [
            ("replicas", sum("replicas")),
            ("updatedReplicas", updated),
            ("readyReplicas", sum("readyReplicas")),
            ("availableReplicas", available),
            ("unavailableReplicas", (wanted - available).max(0)),
        ] {
            if count > 0 {
                status.insert(field, count);
            }
        }
        status
    }

    fn availability(&self, status: &Map) -> Condition {
        let (_, unavailable) = self.surge_and_unavailable();
        let available = status.get("availableReplicas").and_then(Value::as_i64).unwrap_or(0);
        let enough = available >= self.replicas() - unavailable;
        let (reason, message) = if enough {
            ("MinimumReplicasAvailable", "Deployment has minimum availability.")
        } else {
            ("MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
        };
        Condition { r#type: "Available", status: enough, reason, message: message.to_owned() }
    }

    fn deadline(&self) -> Option<i64> {
        let seconds = self.deployment.at(&["spec", "progressDeadlineSeconds"]).and_then(Value::as_i64);
        // The largest number stands for none.
        seconds.filter(|seconds| *seconds < i64::from(i32::MAX))
    }

    fn progress(
        &self,
        sets: &Sets,
        status: &Map,
        (conditions, deadline): (&[Value], i64),
        news: Option<(&'static str, String)>,
    ) -> Option<Condition> {
        let progressing =
            |status, reason, message| Some(Condition { r#type: "Progressing", status, reason, message });
        let name = sets.new.as_ref().and_then(object::name).unwrap_or_default();
        let current = conditions.iter().find(|one| one.str_at(&["type"]) == Some("Progressing"));
        let count = |field: &str| status.get(field).and_then(Value::as_i64).unwrap_or(0);
        let replicas = self.replicas();
        let complete = sets.new.is_some()
            && count("updatedReplicas") == replicas
            && count("replicas") == replicas
            && count("availableReplicas") == replicas;
        if complete {
            let message = format!("ReplicaSet \"{name}\" has successfully progressed.");
            return progressing(true, "NewReplicaSetAvailable", message);
        }
        if let Some((reason, message)) = news {
            return progressing(true, reason, message);
        }
        let Some(current) = current else {
            return progressing(true, "FoundNewReplicaSet", format!("Found new replica set \"{name}\""));
        };
        if self.has_advanced(status) || current.str_at(&["reason"]) == Some("NewReplicaSetAvailable") {
            return progressing(true, "ReplicaSetUpdated", format!("ReplicaSet \"{name}\" is progressing."));
        }
        let updated = current.str_at(&["lastUpdateTime"]).and_then(|text| text.parse().ok());
        let waited =
            updated.map_or(0, |then: jiff::Timestamp| self.api.timestamp().duration_since(then).as_secs());
        if current.str_at(&["reason"]) == Some("ProgressDeadlineExceeded") || waited >= deadline {
            let message = format!("ReplicaSet \"{name}\" has timed out progressing.");
            return progressing(false, "ProgressDeadlineExceeded", message);
        }
        None
    }

    /// Whether more is updated, ready or available than before, or less of the old is left.
    fn has_advanced(&self, status: &Map) -> bool {
        let now = |field: &str| status.get(field).and_then(Value::as_i64).unwrap_or(0);
        let before = |field: &str| number(&self.deployment, &["status", field]);
        let old_now = now("replicas") - now("updatedReplicas");
        let old_before = before("replicas") - before("updatedReplicas");
        ["updatedReplicas", "readyReplicas", "availableReplicas"]
            .iter()
            .any(|field| now(field) > before(field))
            || old_now < old_before
    }

    fn until_deadline(&self, conditions: &[Value], deadline: i64) -> Option<Duration> {
        let progress = conditions.iter().find(|one| one.str_at(&["type"]) == Some("Progressing"))?;
        if matches!(progress.str_at(&["reason"]), Some("NewReplicaSetAvailable" | "ProgressDeadlineExceeded"))
        {
            return None;
        }
        let updated: jiff::Timestamp = progress.str_at(&["lastUpdateTime"])?.parse().ok()?;
        let passed = self.api.timestamp().duration_since(updated).as_millis();
        let left = i128::from(deadline) * 1000 - passed;
        // Never at once: the clock of a test may stand.
        Some(
            Duration::from_millis(u64::try_from(left.max(0)).unwrap_or(u64::MAX))
                .max(Duration::from_millis(50)),
        )
    }
}

/// Puts a condition into the list; its times move with its status and with its reason or message.
fn set(conditions: &mut Vec<Value>, condition: Condition, now: &str) {
    let status = if condition.status { "True" } else { "False" };
    let place = conditions.iter().position(|one| one.str_at(&["type"]) == Some(condition.r#type));
    let old = place.map(|place| conditions[place].clone()).unwrap_or_default();
    let same_status = old.str_at(&["status"]) == Some(status);
    if same_status
        && old.str_at(&["reason"]) == Some(condition.reason)
        && (condition.reason != "ReplicaSetUpdated")
        && old.str_at(&["message"]) == Some(condition.message.as_str())
    {
        return;
    }
    let since = old.str_at(&["lastTransitionTime"]).filter(|_| same_status).unwrap_or(now).to_owned();
    let next = Value::map_of([
        ("type", condition.r#type),
        ("status", status),
        ("reason", condition.reason),
        ("message", &condition.message),
        ("lastUpdateTime", now),
        ("lastTransitionTime", &since),
    ]);
    match place {
        Some(place) => conditions[place] = next,
        None => conditions.push(next),
    }
}
