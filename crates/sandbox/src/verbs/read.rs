//! Reading one object.

use value::Value;

use super::{Target, update};
use crate::api::Api;
use crate::status::Refusal;

/// The object in the version of the request.
///
/// # Errors
/// It does not exist.
pub(crate) fn get(api: &Api, target: &Target) -> Result<Value, Refusal> {
    update::live(&api.begin(), target)
}
