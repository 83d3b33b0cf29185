//! Annotations that all Flux kinds know.

use apimachinery::object;
use value::Value;

/// Any change of its value asks for a reconciliation.
pub const REQUESTED_AT: &str = "reconcile.fluxcd.io/requestedAt";
/// Annotations with this prefix become metadata of events.
pub const EVENT_PREFIX: &str = "event.toolkit.fluxcd.io/";

/// The request for a reconciliation that `object` carries.
pub fn requested_at(object: &Value) -> Option<&str> {
    object::annotation(object, REQUESTED_AT)
}
