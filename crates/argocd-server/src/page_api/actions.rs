//! What Flux objects can be asked to do.

use std::sync::Arc;

use apimachinery::gvk::GroupVersionKind;
use cluster::{Subresource, Target};
use engine::ObjectRef;
use insight::rows::Row;
use value::Value;

use super::object::key_in;
use crate::answer::Answer;
use crate::authentication::Caller;
use crate::control_plane::{ControlPlane, MANAGER};
use crate::error::{ApiError, Code};
use crate::flux_action::{FluxAction, right};
use crate::permit::{Permit, no_session, rbac_name_of, require};
use crate::request::Request;
use crate::sight::{Sight, may_with_cluster};

/// A Flux object may be acted on: by who may run the action on objects of the Application that it
/// was generated for or, where there is none, change the cluster.
pub(crate) struct ActsOnFlux(ObjectRef);

impl Permit for ActsOnFlux {
    async fn decide(
        control: &ControlPlane,
        caller: Option<Caller>,
        request: &Request,
    ) -> Result<Self, ApiError> {
        let caller = caller.ok_or_else(no_session)?;
        let body = request.json()?;
        let key = body.str_at(&["key"]).unwrap_or_default();
        let reference = key_in("key", key)?;
        let row = control.list.read().rows().get(key).cloned();
        let row = row.filter(|row| Sight::new(control, &caller).sees()(row));
        let row = row.ok_or_else(ApiError::denied)?;
        if row.is_application() {
            return Err(ApiError::invalid(format!(
                "{key} is an Application: sync it with POST /api/v1/applications/{}/sync",
                row.name()
            )));
        }
        let action = body.str_at(&["action"]).unwrap_or_default();
        may_act(control, &caller, &row, &right(&reference, action))?;
        Ok(Self(reference))
    }
}

fn may_act(control: &ControlPlane, caller: &Caller, row: &Row, right: &str) -> Result<(), ApiError> {
    let Some(owner) = row.owner() else {
        let may = may_with_cluster(control, caller, "update");
        return if may { Ok(()) } else { Err(ApiError::denied()) };
    };
    let object = rbac_name_of(control, owner.project, owner.namespace, owner.name);
    require(control, caller, right, &object)
}

/// `POST /api/flamingo/v1/object/actions`: `reconcile`, `suspend` or `resume`.
pub(crate) async fn act(
    control: Arc<ControlPlane>,
    ActsOnFlux(reference): ActsOnFlux,
    request: Request,
) -> Result<Answer, ApiError> {
    let body = request.json()?;
    let action = body.str_at(&["action"]).unwrap_or_default();
    let action = FluxAction::of(action).ok_or_else(|| {
        ApiError::invalid(format!("action: {action:?} is not one of reconcile, suspend, resume"))
    })?;
    let session = control.session();
    let kind = GroupVersionKind::new(&reference.group, "", &reference.kind);
    let resource = session.preferred_resource(&kind).await?;
    let target = Target::new(&resource, &reference.namespace, &reference.name);
    let live = session
        .get(&target)
        .await?
        .ok_or_else(|| ApiError::new(Code::NotFound, format!("{reference} is not there any more")))?;
    action.check(&live)?;
    session.merge_patch(&target, Subresource::Main, MANAGER, &action.patch(&control)).await?;
    Ok(Answer::Json(Value::map()))
}
