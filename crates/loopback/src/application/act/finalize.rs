//! Deleting an Application with what was generated for it.

use apimachinery::object;
use argocd_api::Application;
use argocd_api::application::is_resources_finalizer;
use cluster::runtime::Next;
use cluster::{Error, Resource};
use engine::ObjectRef;
use value::Value;

use crate::application::Reconciliation;
use crate::names::{FLUX_SUBSYSTEM, GENERATED_SELECTOR};
use crate::reflect::{self, Condition, Health, HealthStatus};

impl Reconciliation<'_> {
    /// The workload first, whose pruning is awaited, then the source, then the derived Secrets; then the
    /// Application is let go. Only what was generated for it is deleted. Each run goes on where the last one
    /// ended: what is gone needs nothing, and what is being deleted is waited for.
    pub(in crate::application) async fn finalize(
        &mut self,
        application: &Application,
    ) -> Result<Next, Error> {
        if let Some(message) = self.left_by_argo_cd(application) {
            let now = self.now_text();
            reflect::with_conditions(&mut self.status.status, vec![Condition::deletion(message)], &now);
            self.write().await?;
            return Ok(self.resync());
        }
        let namespace = application.destination.namespace.clone();
        let kinds = &self.controller.kinds;
        let workloads = self.generated(&kinds.kustomizations, &namespace).await?;
        if !workloads.is_empty() {
            self.delete_workloads(&workloads).await?;
            return self.await_end(&workloads).await;
        }
        let sources = self.generated(&kinds.git_repositories, &namespace).await?;
        if !sources.is_empty() {
            for source in sources.iter().filter(|source| object::deletion_timestamp(source).is_none()) {
                self.remove(&kinds.git_repositories, source).await?;
            }
            return self.await_end(&sources).await;
        }
        for secret in self.generated(&kinds.secrets, &namespace).await? {
            self.remove(&kinds.secrets, &secret).await?;
        }
        let left: Vec<String> = object::finalizers(&self.object)
            .filter(|finalizer| !is_resources_finalizer(finalizer))
            .map(str::to_owned)
            .collect();
        self.status.write_finalizers(&self.session, left).await?;
        self.controller.refreshes().remove(self.key);
        Ok(Next::Settled)
    }

    /// What Argo CD's own engine deployed cannot be deleted here, and must not be forgotten.
    fn left_by_argo_cd(&self, application: &Application) -> Option<String> {
        let resources = self.object.at(&["status", "resources"]).and_then(Value::as_list).unwrap_or_default();
        let is_flux = |resource: &Value| {
            resource.str_at(&["group"]).is_some_and(|group| group.ends_with(".toolkit.fluxcd.io"))
        };
        let is_left = !application.sync_policy.has(FLUX_SUBSYSTEM)
            && resources.iter().any(|resource| !is_flux(resource));
        is_left.then(|| {
            let problem = "Argo CD's own engine is not built yet, so what it deployed for this Application cannot be deleted";
            let fix = "delete those objects, and then remove the finalizer resources-finalizer.argocd.argoproj.io";
            insight::with_advice(problem, fix)
        })
    }

    /// Read from the API server, since a view could lag behind what we have made ourselves.
    pub(in crate::application) async fn generated(
        &self,
        resource: &Resource,
        namespace: &str,
    ) -> Result<Vec<Value>, Error> {
        let everywhere = self.session.list(resource, "", GENERATED_SELECTOR).await;
        let found = match everywhere {
            // With rights in single namespaces only, the destination is where the objects are.
            Err(error) if error.code() == Some(403) && !namespace.is_empty() => {
                self.session.list(resource, namespace, GENERATED_SELECTOR).await?
            }
            // Without its definition there is no object of the kind.
            Err(error) if error.is_not_found() => Vec::new(),
            outcome => outcome?,
        };
        Ok(found.into_iter().filter(|object| self.name.owns(object)).collect())
    }

    /// A workload that rests would leave its objects behind, so it works again before it is deleted. Until it is
    /// gone it waits for a dependency that does not exist, so that it deploys nothing on the way.
    async fn delete_workloads(&self, workloads: &[Value]) -> Result<(), Error> {
        let resource = &self.controller.kinds.kustomizations;
        for workload in workloads.iter().filter(|workload| object::deletion_timestamp(workload).is_none()) {
            let mut spec = Value::map_of([
                ("suspend", Value::from(false)),
                ("deletionPolicy", "WaitForTermination".into()),
            ]);
            if object::is_suspended(workload) {
                let nobody = format!("{}-is-being-deleted", object::name(workload).unwrap_or_default());
                let dependency = Value::map_of([("name", nobody)]);
                spec.set_at(&["dependsOn"], Value::list_of([dependency]));
            }
            self.change(resource, workload, Value::map_of([("spec", spec)])).await?;
            self.remove(resource, workload).await?;
        }
        Ok(())
    }

    /// Says what is waited for; its end wakes the Application.
    async fn await_end(&mut self, objects: &[Value]) -> Result<Next, Error> {
        let names: Vec<String> =
            objects.iter().filter_map(ObjectRef::of).map(|object| object.to_string()).collect();
        let now = self.now_text();
        let message = format!("waiting for the deletion of {}", names.join(", "));
        let health = Health::new(HealthStatus::Progressing, message);
        let health = health.to_status(self.status.stored().get("health"), &now);
        self.status.status.set_at(&["health"], health);
        let failures =
            insight::diagnose(objects, self.controller.clock.now(), &insight::Terms::APPLICATION).into_iter();
        let conditions: Vec<Condition> = failures
            .filter(|finding| finding.code == insight::Code::PruneFailed)
            .map(|finding| Condition::deletion(format!("{}: {}", finding.sentence, finding.evidence)))
            .collect();
        reflect::with_conditions(&mut self.status.status, conditions, &now);
        self.write().await?;
        Ok(self.resync())
    }
}
