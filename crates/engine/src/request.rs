//! How people ask a Flux object to look again, whichever world they ask from.

use apimachinery::object;
use value::Value;

/// Any change of its value asks for a reconciliation.
pub const REQUESTED_AT: &str = "reconcile.fluxcd.io/requestedAt";

/// The request for a reconciliation that `object` carries.
pub fn requested_at(object: &Value) -> Option<&str> {
    object::annotation(object, REQUESTED_AT)
}

/// The patch that asks for a reconciliation; `token` is unlike that of any request before.
pub fn request(token: &str) -> Value {
    let mut patch = Value::map();
    patch.set_at(&["metadata", "annotations", REQUESTED_AT], token);
    patch
}
