//! How an Application is: what its Flux objects and what they deployed say together.

use engine::ObjectRef;
use insight::health::{Health, HealthStatus, by_ready, of_deployed, of_flux, of_resting};
use jiff::Timestamp;
use value::Value;

use super::{Live, named};

/// How the source is. Where Flamingo keeps it at its artifact, it is as it was before.
pub(crate) fn of_source(source: &Value, held: bool) -> Health {
    match source.at(&["status", "conditions"]) {
        Some(conditions) if held => by_ready(conditions, "GitRepository", false),
        _ => of_flux(source),
    }
}

/// How the workload is. Where Flamingo lets it rest, it is as it was when it last ran.
pub(crate) fn of_workload(workload: &Value, rests: bool) -> Health {
    let is_suspended = workload.at(&["spec", "suspend"]).and_then(Value::as_bool) == Some(true);
    if rests && is_suspended { of_resting(workload) } else { of_flux(workload) }
}

/// The worst of the Flux objects and of what they deployed, naming the culprit.
pub(crate) fn of_application(live: &Live<'_>, now: Timestamp) -> Health {
    let Some(workload) = live.workload else { return Health::new(HealthStatus::Missing, "") };
    let of_workload = of_workload(workload, live.rests);
    if of_workload.status == HealthStatus::Missing
        && live
            .source
            .is_none_or(|source| of_source(source, live.holds_source).status != HealthStatus::Degraded)
    {
        return of_workload;
    }
    let flux = live
        .source
        .map(|source| (source, of_source(source, live.holds_source)))
        .into_iter()
        .chain([(workload, of_workload)]);
    let all = flux.chain(live.children.iter().map(|child| (child, of_deployed(child, now))));
    // Of equally bad ones the one that is nearest to the Pods says most.
    let worst = all.max_by_key(|(_, health)| health.status);
    match worst {
        Some((object, health)) if health.status > HealthStatus::Healthy => {
            let culprit = ObjectRef::of(object).map(|reference| named(&reference)).unwrap_or_default();
            Health::new(health.status, format!("Caused by {culprit}"))
        }
        _ => Health::new(HealthStatus::Healthy, ""),
    }
}

/// How bad the worst of what was deployed is.
pub(crate) fn worst_child(live: &Live<'_>, now: Timestamp) -> HealthStatus {
    let children = live.children.iter().map(|child| of_deployed(child, now).status);
    children.max().unwrap_or(HealthStatus::Healthy)
}
