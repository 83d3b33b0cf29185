//! Who is there, and where.

use std::sync::Arc;

use apimachinery::object;
use argocd_core::policy;
use value::Value;

use crate::answer::Answer;
use crate::control_plane::ControlPlane;
use crate::error::ApiError;
use crate::permit::LoggedIn;
use crate::request::Request;

/// What the version of a simulated cluster ends with.
const SIMULATED: &str = "+flamingo";

/// `GET /api/flamingo/v1/session`.
pub(crate) async fn session(
    control: Arc<ControlPlane>,
    LoggedIn(caller): LoggedIn,
    _: Request,
) -> Result<Answer, ApiError> {
    let session = control.session();
    let served = session.version().await?;
    let version = served.str_at(&["gitVersion"]).unwrap_or_default();
    let projects = session.list(&control.kinds().projects, &control.namespace, "").await?;
    let may_create = projects.iter().filter_map(object::name).any(|project| {
        let object = format!("{project}/*");
        let asked = policy::Request { resource: "applications", action: "create", object: &object };
        control.permits(&caller, &asked)
    });
    let cluster = Value::map_of([
        ("version", Value::from(version.strip_suffix(SIMULATED).unwrap_or(version))),
        ("isSimulated", version.ends_with(SIMULATED).into()),
    ]);
    Ok(Answer::Json(Value::map_of([
        ("user", Value::from(caller.account.as_str())),
        ("version", env!("CARGO_PKG_VERSION").into()),
        ("cluster", cluster),
        ("namespace", control.namespace.as_str().into()),
        ("may", Value::map_of([("create", may_create)])),
    ])))
}
