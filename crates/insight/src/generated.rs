//! The marks of what was generated for an Application.

use apimachinery::object;
use value::Value;

/// The label that marks what was generated.
pub const GENERATED: &str = "flamingo/generated";
/// The annotation with the Application that it was generated for, as `namespace/name`.
pub const APPLICATION: &str = "flamingo/application";

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
