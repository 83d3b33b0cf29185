//! The marks of what was generated for an Application.

use apimachinery::object;
use value::Value;

/// The label that marks what was generated.
pub const GENERATED: &str = "flamingo/generated";
/// The annotation with the Application that it was generated for, as `namespace/name`.
pub const APPLICATION: &str = "flamingo/application";

/// The annotation of what Flamingo itself has suspended: it waits for a sync.
pub const RESTS: &str = "flamingo/rests";

/// The annotation of a workload that Flamingo itself has suspended because its Application is refused.
pub const HELD: &str = "flamingo/held";

/// Whether `object` was generated for an Application, and it is Flamingo that has suspended it.
pub fn rests(object: &Value) -> bool {
    is_generated(object)
        && [RESTS, HELD].iter().any(|mark| object::annotation(object, mark) == Some("true"))
        && object::is_suspended(object)
}

/// Whether `object` was generated for an Application.
pub fn is_generated(object: &Value) -> bool {
    object::label(object, GENERATED) == Some("true")
}

/// Namespace and name of the Application that `object` was generated for.
pub fn owner_of(object: &Value) -> Option<(&str, &str)> {
    if !is_generated(object) {
        return None;
    }
    object::annotation(object, APPLICATION)?.split_once('/')
}
