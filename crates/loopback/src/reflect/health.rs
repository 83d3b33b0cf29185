//! How an Application is: what its Flux objects and what they deployed say together.

use apimachinery::object;
use insight::health::{Health, HealthStatus, by_ready, of_deployed, of_flux, of_resting, together};
use jiff::Timestamp;
use value::Value;

use super::Live;

/// How the source is. Where Flamingo keeps it at its artifact, it is as it was before.
pub(crate) fn of_source(source: &Value, held: bool) -> Health {
    match source.at(&["status", "conditions"]) {
        Some(conditions) if held => by_ready(conditions, "GitRepository", false),
        _ => of_flux(source),
    }
}

/// How the workload is. Where Flamingo lets it rest, it is as it was when it last ran.
pub(crate) fn of_workload(workload: &Value, rests: bool) -> Health {
    if rests && object::is_suspended(workload) { of_resting(workload) } else { of_flux(workload) }
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
    let (flux, children) = (together(flux), of_children(live, now));
    // Of equally bad ones those that are nearer to the Pods say most.
    if flux.status > children.status { flux } else { children }
}

/// How what was deployed is together.
pub(crate) fn of_children(live: &Live<'_>, now: Timestamp) -> Health {
    together(live.children.iter().map(|child| (child, of_deployed(child, now))))
}
