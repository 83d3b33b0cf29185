//! Labels and annotations with which a user controls what Flux does to one object.

use apimachinery::object;
use value::Value;

/// `kustomize.toolkit.fluxcd.io/reconcile: disabled`
pub const RECONCILE: &str = "kustomize.toolkit.fluxcd.io/reconcile";
/// `kustomize.toolkit.fluxcd.io/ssa: Ignore | IfNotPresent | Merge`
pub const SSA: &str = "kustomize.toolkit.fluxcd.io/ssa";
/// `kustomize.toolkit.fluxcd.io/force: enabled`
pub const FORCE: &str = "kustomize.toolkit.fluxcd.io/force";
/// `kustomize.toolkit.fluxcd.io/prune: disabled`
pub const PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";

/// Whether a label or an annotation of `object` has the value, compared without regard to case.
pub fn says(object: &Value, key: &str, value: &str) -> bool {
    let matches = |found: Option<&str>| found.is_some_and(|found| found.eq_ignore_ascii_case(value));
    matches(object::label(object, key)) || matches(object::annotation(object, key))
}

/// Whether the desired or the live object says so.
pub fn either_says(desired: &Value, live: Option<&Value>, key: &str, value: &str) -> bool {
    says(desired, key, value) || live.is_some_and(|live| says(live, key, value))
}

/// Whether applying leaves the object alone although it is part of the deployment.
pub fn is_skipped(desired: &Value, live: Option<&Value>) -> bool {
    either_says(desired, live, RECONCILE, "disabled")
        || either_says(desired, live, SSA, "Ignore")
        || (live.is_some() && either_says(desired, live, SSA, "IfNotPresent"))
}

/// Whether a live object is exempt from pruning.
pub fn is_kept(live: &Value) -> bool {
    says(live, PRUNE, "disabled") || says(live, RECONCILE, "disabled") || says(live, SSA, "Ignore")
}
