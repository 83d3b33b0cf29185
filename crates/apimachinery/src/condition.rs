//! Status conditions (`metav1.Condition`).

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use value::{Map, Value};

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// Nobody knows yet.
    Unknown,
}

/// A text that is not a condition's status.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("condition status {0:?} is none of True, False, Unknown")]
pub struct StatusError(String);

impl Status {
    /// The text that stands in objects.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Status {
    type Err = StatusError;
    fn from_str(text: &str) -> Result<Self, StatusError> {
        match text {
            "True" => Ok(Self::True),
            "False" => Ok(Self::False),
            "Unknown" => Ok(Self::Unknown),
            _ => Err(StatusError(text.to_owned())),
        }
    }
}

/// One condition of an object's status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// What it is about, such as `Ready`.
    pub r#type: String,
    /// Whether it holds.
    pub status: Status,
    /// A word for programs.
    pub reason: String,
    /// A sentence for people.
    pub message: String,
    /// The generation of the object that the condition speaks of.
    pub observed_generation: Option<i64>,
    /// When the status last changed, RFC 3339 in whole seconds.
    pub last_transition_time: String,
}

impl Condition {
    /// A condition that has not been put into an object yet; [`set`] gives it its transition time.
    pub fn new(
        r#type: impl Into<String>,
        status: Status,
        reason: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            r#type: r#type.into(),
            status,
            reason: reason.into(),
            message: message.into(),
            observed_generation: None,
            last_transition_time: String::new(),
        }
    }

    /// The same condition about a generation.
    #[must_use]
    pub fn observed(mut self, generation: Option<i64>) -> Self {
        self.observed_generation = generation;
        self
    }

    /// Reads a condition; `None` where it has no type or no known status.
    pub fn from_value(value: &Value) -> Option<Self> {
        let text = |key| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        Some(Self {
            r#type: value.get("type")?.as_str()?.to_owned(),
            status: value.get("status")?.as_str()?.parse().ok()?,
            reason: text("reason"),
            message: text("message"),
            observed_generation: value.get("observedGeneration").and_then(Value::as_i64),
            last_transition_time: text("lastTransitionTime"),
        })
    }

    /// Writes the condition. As in Go, a generation of zero is left out and the other fields are not.
    pub fn to_value(&self) -> Value {
        let mut map: Map = [
            ("lastTransitionTime", self.last_transition_time.as_str()),
            ("message", &self.message),
            ("reason", &self.reason),
            ("status", self.status.as_str()),
            ("type", &self.r#type),
        ]
        .into_iter()
        .collect();
        if let Some(generation) = self.observed_generation.filter(|generation| *generation != 0) {
            map.insert("observedGeneration", generation);
        }
        map.into()
    }
}

/// The condition of a type in a list of conditions (`status.conditions`).
pub fn get(conditions: &Value, r#type: &str) -> Option<Condition> {
    find(conditions, r#type).and_then(Condition::from_value)
}

fn find<'a>(conditions: &'a Value, r#type: &str) -> Option<&'a Value> {
    conditions.as_list()?.iter().find(|one| one.get("type").and_then(Value::as_str) == Some(r#type))
}

/// Puts a condition into a list of conditions, in the place of the one of the same type or at the end.
/// The transition time of the old one stays while the status does; otherwise it is the new condition's
/// own or, when that is empty, `now` (RFC 3339). As `meta.SetStatusCondition`. Says whether anything
/// changed.
pub fn set(conditions: &mut Value, condition: &Condition, now: &str) -> bool {
    let old = get(conditions, &condition.r#type);
    let mut next = condition.clone();
    match &old {
        Some(old) if old.status == next.status => {
            next.last_transition_time.clone_from(&old.last_transition_time);
        }
        _ if next.last_transition_time.is_empty() => now.clone_into(&mut next.last_transition_time),
        _ => {}
    }
    if old.as_ref() == Some(&next) {
        return false;
    }
    put(conditions, &next);
    true
}

/// Puts a condition into a list as Flux' controllers do (`Set` of fluxcd/pkg/runtime/conditions): a
/// change of reason or message moves the transition time too, and the list is sorted with Stalled,
/// Reconciling and Ready first. Says whether anything changed.
pub fn set_on_change(conditions: &mut Value, condition: &Condition, now: &str) -> bool {
    let before = conditions.clone();
    let old = get(conditions, &condition.r#type);
    let mut next = condition.clone();
    match &old {
        Some(old)
            if (old.status, &old.reason, &old.message) == (next.status, &next.reason, &next.message) =>
        {
            next.last_transition_time.clone_from(&old.last_transition_time);
        }
        None if !next.last_transition_time.is_empty() => {}
        _ => now.clone_into(&mut next.last_transition_time),
    }
    put(conditions, &next);
    if let Some(list) = conditions.as_list_mut() {
        list.sort_by(|a, b| consumer_order(a).cmp(&consumer_order(b)));
    }
    *conditions != before
}

/// The order of Flux: the three types that sum an object up, then the newest generation, then the name.
fn consumer_order(condition: &Value) -> (usize, i64, &str) {
    const FIRST: [&str; 3] = ["Stalled", "Reconciling", "Ready"];
    let r#type = condition.get("type").and_then(Value::as_str).unwrap_or_default();
    let generation = condition.get("observedGeneration").and_then(Value::as_i64).unwrap_or_default();
    match FIRST.iter().position(|first| *first == r#type) {
        Some(place) => (place, 0, ""),
        None => (FIRST.len(), generation.saturating_neg(), r#type),
    }
}

fn put(conditions: &mut Value, condition: &Condition) {
    if conditions.as_list().is_none() {
        *conditions = Value::from(Vec::new());
    }
    if let Some(list) = conditions.as_list_mut() {
        let same = |one: &&mut Value| one.get("type").and_then(Value::as_str) == Some(&condition.r#type);
        match list.iter_mut().find(same) {
            Some(place) => *place = condition.to_value(),
            None => list.push(condition.to_value()),
        }
    }
}

/// Takes the condition of a type out of a list; says whether there was one.
pub fn remove(conditions: &mut Value, r#type: &str) -> bool {
    if find(conditions, r#type).is_none() {
        return false;
    }
    if let Some(list) = conditions.as_list_mut() {
        list.retain(|one| one.get("type").and_then(Value::as_str) != Some(r#type));
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transition_time_changes_with_the_status_only() {
        let mut list = Value::Null;
        let ready = Condition::new("Ready", Status::False, "A", "a").observed(Some(1));
        assert!(set(&mut list, &ready, "t1"));
        assert!(!set(&mut list, &ready, "t2"));
        let other = Condition::new("Ready", Status::False, "B", "b").observed(Some(2));
        assert!(set(&mut list, &other, "t3"));
        assert_eq!(get(&list, "Ready").unwrap().last_transition_time, "t1");
        assert!(set(&mut list, &Condition::new("Ready", Status::True, "C", "c"), "t4"));
        assert_eq!(
            list.to_string(),
            r#"[{"lastTransitionTime":"t4","message":"c","reason":"C","status":"True","type":"Ready"}]"#
        );
        assert!(remove(&mut list, "Ready"));
        assert!(!remove(&mut list, "Ready"));
        assert_eq!(get(&list, "Ready"), None);
    }

    #[test]
    fn flux_moves_the_transition_time_with_reason_and_message_and_sorts() {
        let mut list = Value::Null;
        let ready = Condition::new("Ready", Status::False, "A", "a").observed(Some(1));
        assert!(set_on_change(&mut list, &Condition::new("Healthy", Status::True, "H", "h"), "t0"));
        assert!(set_on_change(&mut list, &ready, "t1"));
        assert!(!set_on_change(&mut list, &ready, "t2"));
        assert!(set_on_change(&mut list, &ready.clone().observed(Some(2)), "t3"));
        assert_eq!(get(&list, "Ready").unwrap().last_transition_time, "t1");
        assert!(set_on_change(&mut list, &Condition::new("Ready", Status::False, "A", "b"), "t4"));
        assert_eq!(get(&list, "Ready").unwrap().last_transition_time, "t4");
        assert!(set_on_change(&mut list, &Condition::new("Stalled", Status::True, "S", "s"), "t5"));
        let types: Vec<_> =
            list.as_list().unwrap().iter().map(|one| one.str_at(&["type"]).unwrap()).collect();
        assert_eq!(types, ["Stalled", "Ready", "Healthy"]);
    }
}
