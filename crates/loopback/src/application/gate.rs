//! Holding what a source would deploy against the project, before it is deployed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use argocd_api::project::Project;
use argocd_core::projects::{self, Destination, IN_CLUSTER_NAME, IN_CLUSTER_SERVER, Object};
use cluster::Error;
use cluster::runtime::ObjectKey;
use engine::ObjectRef;
use flux_api::Kustomization;
use manifests::BuildError;
use value::Value;

use super::Reconciliation;
use super::decide::Gate;

/// Fetching and building an artifact may take so long.
const TIMEOUT: Duration = Duration::from_secs(60);

/// An object that the project does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Denial {
    reference: ObjectRef,
    version: String,
    message: String,
}

impl Denial {
    /// An object that cannot be told apart cannot be allowed.
    fn of_nameless() -> Self {
        let none = String::new;
        let reference = ObjectRef { group: none(), kind: none(), namespace: none(), name: none() };
        let message = "an object without apiVersion, kind or name is not permitted".to_owned();
        Self { reference, version: none(), message }
    }

    /// As an entry of `syncResult.resources`.
    pub(crate) fn to_result(&self) -> Value {
        let ObjectRef { group, kind, namespace, name } = &self.reference;
        Value::map_of([
            ("group", group.as_str()),
            ("kind", kind),
            ("message", &self.message),
            ("name", name),
            ("namespace", namespace),
            ("status", "SyncFailed"),
            ("syncPhase", "Sync"),
            ("version", &self.version),
        ])
    }
}

/// What was found out about an artifact.
struct Verdict {
    /// What it was found out from: the artifact, the spec and the project.
    of: String,
    denials: Arc<Vec<Denial>>,
}

/// The last verdict of each Application.
#[derive(Default)]
pub(crate) struct Verdicts(Mutex<HashMap<ObjectKey, Verdict>>);

impl Verdicts {
    fn get(&self, key: &ObjectKey, of: &str) -> Option<Arc<Vec<Denial>>> {
        self.lock().get(key).filter(|verdict| verdict.of == of).map(|verdict| verdict.denials.clone())
    }

    fn put(&self, key: &ObjectKey, verdict: Verdict) {
        self.lock().insert(key.clone(), verdict);
    }

    /// Forgets an Application that is gone.
    pub(super) fn forget(&self, key: &ObjectKey) {
        self.lock().remove(key);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ObjectKey, Verdict>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reconciliation<'_> {
    /// Whether `project` lets the artifact of `source` be deployed as `workload` says. With what it denies.
    pub(super) async fn gate(
        &self,
        project: &Project,
        source: &Value,
        workload: &Value,
    ) -> Result<(Gate, Arc<Vec<Denial>>), Error> {
        let none = Arc::new(Vec::new());
        if projects::permits_everything(project) {
            return Ok((Gate::Open, none));
        }
        let artifact = |field: &str| source.str_at(&["status", "artifact", field]).unwrap_or_default();
        let of = format!("{} {:?} {project:?}", artifact("digest"), workload.get("spec"));
        let denials = match self.controller.verdicts.get(self.key, &of) {
            Some(denials) => denials,
            None => match self.objects((artifact("url"), artifact("digest")), workload).await {
                Err(why) => return Ok((Gate::Closed(why), none)),
                Ok(Err(error)) => {
                    let message = format!("ComparisonError: Failed to load target state: {error}");
                    return Ok((Gate::Denied(message), none));
                }
                Ok(Ok(objects)) => {
                    let denials = Arc::new(self.denials(project, objects).await?);
                    let verdict = Verdict { of, denials: denials.clone() };
                    self.controller.verdicts.put(self.key, verdict);
                    denials
                }
            },
        };
        if !denials.is_empty() {
            let messages: Vec<&str> = denials.iter().map(|denial| denial.message.as_str()).collect();
            let message = format!("one or more synchronization tasks are not valid: {}", messages.join("; "));
            return Ok((Gate::Denied(message), denials));
        }
        Ok((if object::is_suspended(source) { Gate::Passed } else { Gate::Moving }, denials))
    }

    /// The objects of the artifact. Outside: it could not be had. Inside: nothing can be built from it.
    pub(super) async fn objects(
        &self,
        (url, digest): (&str, &str),
        workload: &Value,
    ) -> Result<Result<Vec<Value>, BuildError>, String> {
        let spec = Kustomization::parse(workload).map_err(|error| error.to_string())?;
        let until = tokio::time::Instant::now() + TIMEOUT;
        let files =
            self.controller.artifacts.get(url, digest, until).await.map_err(|error| error.to_string())?;
        let built = tokio::task::spawn_blocking(move || manifests::build(&spec, files)).await;
        Ok(built.map_err(|error| error.to_string())?.map(|built| built.objects))
    }

    async fn denials(&self, project: &Project, objects: Vec<Value>) -> Result<Vec<Denial>, Error> {
        let namespace = self.object.str_at(&["spec", "destination", "namespace"]).unwrap_or_default();
        let destination = Destination { server: IN_CLUSTER_SERVER, name: IN_CLUSTER_NAME, namespace };
        let mut denials = Vec::new();
        for object in objects {
            let (Some(mut reference), Some(gvk)) = (ObjectRef::of(&object), GroupVersionKind::of(&object))
            else {
                denials.push(Denial::of_nameless());
                continue;
            };
            self.place(&mut reference, &gvk, namespace).await?;
            let about = Object {
                group: &reference.group,
                kind: &reference.kind,
                name: &reference.name,
                namespace: &reference.namespace,
            };
            if let Some(message) = projects::denial(project, &about, &destination) {
                denials.push(Denial { reference, version: gvk.version, message });
            }
        }
        Ok(denials)
    }

    /// A namespace on an object of a cluster-scoped kind means nothing, and one without is in the destination's.
    /// Of a kind that is not served yet, the manifest alone tells.
    async fn place(
        &self,
        reference: &mut ObjectRef,
        gvk: &GroupVersionKind,
        namespace: &str,
    ) -> Result<(), Error> {
        match self.session.resource(gvk).await {
            Ok(resource) if !resource.is_namespaced() => reference.namespace.clear(),
            Ok(_) if reference.namespace.is_empty() => namespace.clone_into(&mut reference.namespace),
            Ok(_) | Err(Error::NoMatch(_)) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
