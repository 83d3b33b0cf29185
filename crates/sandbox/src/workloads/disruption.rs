//! PodDisruptionBudgets: how many of their Pods are healthy, and how many may go.

use apimachinery::condition::{self, Condition, Status};
use apimachinery::object;
use apimachinery::selector::LabelSelector;
use value::Value;

use super::Outcome;
use super::client::{self, Builtins};
use super::owned::{self, Rounding, is_active, is_ready, share};
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
    let bound = |field: &str| share(live.at(&["spec", field])?, expected, Rounding::Up);
    let desired = bound("minAvailable")
        .or_else(|| bound("maxUnavailable").map(|most| (expected - most).max(0)))
        .unwrap_or_default();
    let allowed = (healthy - desired).max(0);
    let (holds, reason) =
        if allowed > 0 { (Status::True, "SufficientPods") } else { (Status::False, "InsufficientPods") };
    let generation = object::generation(&live).unwrap_or_default();
    let condition = Condition::new("DisruptionAllowed", holds, reason, "").observed(Some(generation));
    let mut conditions = live.at(&["status", "conditions"]).cloned().unwrap_or_default();
    condition::set(&mut conditions, &condition, &api.now());
    let status = Value::map_of([
        ("conditions", conditions),
        ("currentHealthy", healthy.into()),
        ("desiredHealthy", desired.into()),
        ("disruptionsAllowed", allowed.into()),
        ("expectedPods", expected.into()),
        ("observedGeneration", generation.into()),
    ]);
    owned::write_status(api, &builtins.budgets, &live, status)?;
    Ok(None)
}
