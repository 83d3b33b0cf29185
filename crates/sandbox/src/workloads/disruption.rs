//! PodDisruptionBudgets: how many of their Pods are healthy, and how many may go.

use apimachinery::object;
use apimachinery::selector::LabelSelector;
use value::Value;

use super::Outcome;
use super::client::{self, Builtins};
use super::owned::{self, is_active, is_ready};
use crate::api::Api;
use crate::store::Location;

/// Writes the status. Percentages are those of the Pods that there are.
pub(super) fn reconcile(api: &Api, builtins: &Builtins, at: &Location) -> Outcome {
    let Some(live) = client::get(api, &builtins.budgets, at) else { return Ok(None) };
    let selector = live.at(&["spec", "selector"]).cloned().unwrap_or_default();
    let selector = LabelSelector::from_value(&selector).unwrap_or(LabelSelector::Nothing);
    let pods = client::list(api, &builtins.pods, &at.namespace);
    let own: Vec<&Value> =
        pods.iter().filter(|pod| is_active(pod) && selector.matches(object::labels(pod))).collect();
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let (expected, healthy) = (count(own.len()), count(own.iter().filter(|pod| is_ready(pod)).count()));
    let bound = |field: &str| amount(live.at(&["spec", field])?, expected);
    let desired = bound("minAvailable")
        .or_else(|| bound("maxUnavailable").map(|most| (expected - most).max(0)))
        .unwrap_or_default();
    let allowed = (healthy - desired).max(0);
    let (word, reason) = if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
    let conditions = live.at(&["status", "conditions"]).and_then(Value::as_list).unwrap_or_default();
    let since = conditions.iter().find(|known| known.str_at(&["status"]) == Some(word));
    let now = api.now();
    let since = since.and_then(|known| known.str_at(&["lastTransitionTime"])).unwrap_or(&now);
    let generation = object::generation(&live).unwrap_or_default();
    let condition = Value::map_of([
        ("type", Value::from("DisruptionAllowed")),
        ("status", word.into()),
        ("reason", reason.into()),
        ("message", "".into()),
        ("lastTransitionTime", since.into()),
        ("observedGeneration", generation.into()),
    ]);
    let status = Value::map_of([
        ("conditions", Value::list_of([condition])),
        ("currentHealthy", healthy.into()),
        ("desiredHealthy", desired.into()),
        ("disruptionsAllowed", allowed.into()),
        ("expectedPods", expected.into()),
        ("observedGeneration", generation.into()),
    ]);
    owned::write_status(api, &builtins.budgets, &live, status)?;
    Ok(None)
}

/// A number, or so many in a hundred, rounded up.
fn amount(bound: &Value, of: i64) -> Option<i64> {
    let percent = |text: &str| text.strip_suffix('%')?.parse::<i64>().ok();
    bound.as_i64().or_else(|| Some((percent(bound.as_str()?)? * of + 99) / 100))
}
