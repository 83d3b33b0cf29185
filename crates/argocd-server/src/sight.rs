//! Which rows of the list somebody may see.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use argocd_core::policy::Request;
use argocd_core::projects::IN_CLUSTER_SERVER;
use insight::rows::{Owner, Row};

use crate::authentication::Caller;
use crate::control_plane::ControlPlane;
use crate::permit::rbac_name_of;

/// Rows come and go; so many decisions of an account are kept, and then they are made anew.
const MAX_KNOWN: usize = 100_000;

/// Decisions of accounts, until the policy changes: a window of the list asks for thousands of them.
#[derive(Default)]
pub(crate) struct Sights(Mutex<HashMap<String, Arc<Mutex<Known>>>>);

#[derive(Default)]
struct Known {
    /// The version of the policy.
    version: String,
    sees_cluster: Option<bool>,
    rows: HashMap<Arc<str>, Decision>,
}

/// A decision about a row.
struct Decision {
    /// For which it was made: project, namespace and name of an Application.
    owner: Option<[Box<str>; 3]>,
    sees: bool,
}

impl Decision {
    fn is_of(&self, owner: Option<&Owner<'_>>) -> bool {
        match (&self.owner, owner) {
            (Some([project, namespace, name]), Some(owner)) => {
                **project == *owner.project && **namespace == *owner.namespace && **name == *owner.name
            }
            (None, None) => true,
            _ => false,
        }
    }
}

/// What one caller may see at this moment.
pub(crate) struct Sight<'a> {
    control: &'a ControlPlane,
    caller: &'a Caller,
    known: Arc<Mutex<Known>>,
}

impl<'a> Sight<'a> {
    pub(crate) fn new(control: &'a ControlPlane, caller: &'a Caller) -> Self {
        let mut all = control.sights.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.entry(caller.account.clone()).or_default().clone();
        Self { control, caller, known }
    }

    /// A test of rows, in which the policy is that of now.
    pub(crate) fn sees(&self) -> impl FnMut(&Row) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let version = self.control.policy_version();
        if known.version != version {
            *known = Known { version, ..Known::default() };
        }
        move |row: &Row| self.decide(&mut known, row)
    }

    fn decide(&self, known: &mut MutexGuard<'_, Known>, row: &Row) -> bool {
        let owner = row.owner();
        if let Some(decision) = known.rows.get(row.key())
            && decision.is_of(owner.as_ref())
        {
            return decision.sees;
        }
        let sees = owner.as_ref().is_some_and(|owner| {
            let object = rbac_name_of(self.control, owner.project, owner.namespace, owner.name);
            let asked = Request { resource: "applications", action: "get", object: &object };
            self.control.permits(self.caller, &asked)
        }) || (!row.is_application() && self.sees_cluster(known));
        if known.rows.len() >= MAX_KNOWN {
            known.rows.clear();
        }
        let owner = owner.map(|owner| [owner.project, owner.namespace, owner.name].map(Box::from));
        known.rows.insert(row.key().clone(), Decision { owner, sees });
        sees
    }

    fn sees_cluster(&self, known: &mut MutexGuard<'_, Known>) -> bool {
        *known.sees_cluster.get_or_insert_with(|| may_with_cluster(self.control, self.caller, "get"))
    }
}

/// Whether somebody may do something with the cluster that everything here runs in.
pub(crate) fn may_with_cluster(control: &ControlPlane, caller: &Caller, action: &str) -> bool {
    control.permits(caller, &Request { resource: "clusters", action, object: IN_CLUSTER_SERVER })
}
