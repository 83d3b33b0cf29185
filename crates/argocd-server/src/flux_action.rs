//! What Flux objects can be asked to do, whichever route asks.
//!
//! **Invariants.** What was generated for an Application is neither suspended nor resumed here, nor asked to
//! deploy while it rests: a sync decides that, which looks at the project first.

use apimachinery::clock::rfc3339_micro;
use apimachinery::object;
use engine::ObjectRef;
use engine::request::request;
use insight::generated::{APPLICATION, is_generated, rests};
use value::Value;

use crate::control_plane::ControlPlane;
use crate::error::{ApiError, Code};

const SOURCES: &str = "source.toolkit.fluxcd.io";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FluxAction {
    Reconcile,
    Suspend,
    Resume,
}

impl FluxAction {
    /// The action of this name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        match name {
            "reconcile" => Some(Self::Reconcile),
            "suspend" => Some(Self::Suspend),
            "resume" => Some(Self::Resume),
            _ => None,
        }
    }

    /// Whether an object takes the action now from anybody.
    ///
    /// # Errors
    /// It does not: an Application decides; with what to do there.
    pub(crate) fn check(self, live: &Value) -> Result<(), ApiError> {
        let Some(reference) = ObjectRef::of(live).filter(|_| is_generated(live)) else { return Ok(()) };
        let advice = match self {
            Self::Reconcile if reference.group == SOURCES || !object::is_suspended(live) => return Ok(()),
            Self::Reconcile | Self::Resume if object::is_suspended(live) && !rests(live) => {
                "somebody has suspended it, and not Flamingo; resume it with flux"
            }
            Self::Suspend => "remove spec.syncPolicy.automated of the Application to deploy with syncs alone",
            Self::Reconcile | Self::Resume => "sync the Application, or set its spec.syncPolicy.automated",
        };
        let ObjectRef { kind, namespace, name, .. } = &reference;
        let owner = object::annotation(live, APPLICATION).unwrap_or("that its annotations do not name");
        let message = format!(
            "{kind} {namespace}/{name} was generated for the Application {owner}, whose syncs decide when it \
             deploys: {advice}"
        );
        Err(ApiError::new(Code::FailedPrecondition, message))
    }

    /// What the action writes. Who resumes wants to see it work at once.
    pub(crate) fn patch(self, control: &ControlPlane) -> Value {
        let mut patch = match self {
            Self::Suspend => Value::map(),
            Self::Reconcile | Self::Resume => request(&rfc3339_micro(control.clock.now())),
        };
        if self != Self::Reconcile {
            patch.set_at(&["spec", "suspend"], self == Self::Suspend);
        }
        patch
    }
}

/// The action of policies, as upstream names those on objects.
pub(crate) fn right(reference: &ObjectRef, action: &str) -> String {
    let ObjectRef { group, kind, .. } = reference;
    format!("action/{group}/{kind}/{action}")
}
