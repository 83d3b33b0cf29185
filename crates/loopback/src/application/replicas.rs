//! Whether a source is deployed with the replicas that its Application asks for.
//!
//! Flux has no field for them. The patch that stands for it comes before the `replicas` of a kustomization, in
//! kustomize's order, so that these win, where Argo CD would have replaced them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use argocd_api::application::{Kustomize, Replica};
use cluster::runtime::ObjectKey;
use engine::ObjectRef;
use value::Value;

use super::Reconciliation;
use super::act::deploy::Deployment;
use crate::generate::REPLICATED;
use crate::reflect::Condition;

/// What was found of each Application, and what it was found from: the artifact and the spec.
#[derive(Default)]
pub(crate) struct Remarks(Mutex<HashMap<ObjectKey, (String, Vec<Condition>)>>);

impl Remarks {
    /// Forgets an Application that is gone.
    pub(super) fn forget(&self, key: &ObjectKey) {
        self.lock().remove(key);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ObjectKey, (String, Vec<Condition>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reconciliation<'_> {
    /// Replicas that the artifact would not be deployed with. Nothing where it cannot be had or built: Flux tells of that.
    pub(super) async fn replica_problems(
        &self,
        deployment: &Deployment<'_>,
        workload: &Value,
    ) -> Vec<Condition> {
        let kustomize =
            deployment.source.kustomize.as_ref().filter(|kustomize| !kustomize.replicas.is_empty());
        let (Some(kustomize), Some(source)) = (kustomize, &deployment.live_source) else {
            self.controller.remarks.forget(self.key);
            return Vec::new();
        };
        let artifact = |field: &str| source.str_at(&["status", "artifact", field]).unwrap_or_default();
        let mut spec = workload.get("spec").cloned().unwrap_or_default();
        spec.remove_at(&["suspend"]);
        let of = format!("{} {spec:?}", artifact("digest"));
        let known = self.controller.remarks.lock().get(self.key).cloned();
        if let Some((_, problems)) = known.filter(|(known, _)| *known == of) {
            return problems;
        }
        if artifact("digest").is_empty() {
            return Vec::new();
        }
        let Ok(Ok(objects)) = self.objects((artifact("url"), artifact("digest")), workload).await else {
            return Vec::new();
        };
        let problem = |replica: &Replica| problem(replica, kustomize, (&objects, &deployment.source.path));
        let problems: Vec<Condition> = kustomize.replicas.iter().filter_map(problem).collect();
        self.controller.remarks.lock().insert(self.key.clone(), (of, problems.clone()));
        problems
    }
}

fn problem(replica: &Replica, of: &Kustomize, (objects, path): (&[Value], &str)) -> Option<Condition> {
    let Replica { name, count } = replica;
    let whole = format!("{}{name}{}", of.name_prefix, of.name_suffix);
    let is_replicated = |object: &&Value| {
        object.str_at(&["kind"]).is_some_and(|kind| REPLICATED.split('|').any(|known| known == kind))
    };
    let called = |fits: &dyn Fn(&str) -> bool| -> Vec<&Value> {
        let replicated = objects.iter().filter(is_replicated);
        replicated.filter(|object| object.str_at(&["metadata", "name"]).is_some_and(fits)).collect()
    };
    // A kustomization can add to names, too.
    let exact = called(&|found| found == whole);
    let found = if exact.is_empty() { called(&|found| found.contains(name.as_str())) } else { exact };
    let number = |object: &Value| object.at(&["spec", "replicas"]).and_then(Value::as_i64);
    let (problem, fix) = match found.as_slice() {
        [] => (
            format!(
                "spec.source.kustomize.replicas names {name}, and the source has no {} of that name",
                REPLICATED.replace('|', ", ")
            ),
            "correct the name in spec.source.kustomize.replicas, or remove the entry".to_owned(),
        ),
        found if found.iter().any(|object| number(object) == Some(*count)) => return None,
        [object, ..] => (
            format!(
                "spec.source.kustomize.replicas sets {name} to {count}, and {} has {} all the same: the kustomization in \
                 the source sets replicas itself, after all that Flux can add",
                ObjectRef::of(object)?,
                number(object).unwrap_or(1)
            ),
            format!("set replicas in the kustomization of {path}, or remove them there"),
        ),
    };
    Some(Condition::sync(insight::with_advice(&problem, &fix)))
}
