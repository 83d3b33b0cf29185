//! Keeping the generated objects as they are to be.

use apimachinery::object;
use cluster::{Apply, Error, Propagation, Resource, Subresource, Target};
use insight::generated::HELD;
use value::Value;

use super::deploy::Deployment;
use crate::application::Reconciliation;
use crate::generate::Generated;
use crate::names::{DIGEST, MANAGER};

/// Whether the objects are as they are to be.
pub(super) enum Ensured {
    Done {
        source: Value,
        workload: Value,
    },
    /// The cluster refused one of them, which only people can change.
    Refused(String),
}

/// What became of an object that was to be applied.
enum Put {
    Done(Value),
    /// Somebody else's object is in its place.
    Foreign(Value),
}

/// Whether the workload rests because the Application was refused.
pub(super) fn is_held(workload: &Value) -> bool {
    object::annotation(workload, HELD) == Some("true")
}

impl Reconciliation<'_> {
    /// Applies what is not there yet, or not as it was generated. A workload that is to rest does so before
    /// its source changes.
    pub(super) async fn ensure(
        &mut self,
        generated: &Generated,
        deployment: &Deployment<'_>,
    ) -> Result<Ensured, Error> {
        let kinds = &self.controller.kinds;
        let (sources, workloads) = (kinds.git_repositories.clone(), kinds.kustomizations.clone());
        let (live_source, live_workload) =
            (deployment.live_source.as_ref(), deployment.live_workload.as_ref());
        if live_workload.is_some_and(is_held) {
            self.release(live_workload, generated).await?;
        }
        let outcome = async {
            if let Some(foreign) = self.ensure_surroundings(generated, live_source.is_none()).await? {
                return Ok(Err(foreign));
            }
            let rests = object::is_suspended(&generated.workload);
            let put_source = self.put(&sources, &generated.source, live_source);
            let put_workload = self.put(&workloads, &generated.workload, live_workload);
            let (source, workload) = if rests && live_workload.is_some() {
                let workload = put_workload.await?;
                (put_source.await?, workload)
            } else {
                (put_source.await?, put_workload.await?)
            };
            let (source, workload) = match (source, workload) {
                (Put::Done(source), Put::Done(workload)) => (source, workload),
                (Put::Foreign(object), _) | (_, Put::Foreign(object)) => {
                    return Ok(Err(insight::with_advice(
                        &foreign(&object),
                        "delete it, or choose another name or namespace for the Application",
                    )));
                }
            };
            if let Some(live) = live_source.filter(|_| generated.secret.is_none()) {
                self.drop_secret(live, &generated.source).await?;
            }
            Ok(Ok((source, workload)))
        };
        match outcome.await {
            Ok(Ok((source, workload))) => Ok(Ensured::Done { source, workload }),
            Ok(Err(foreign)) => Ok(Ensured::Refused(foreign)),
            Err(error) => refused(error, generated),
        }
    }

    /// The namespace and the Secret, of which nothing is watched. `Some` where a Secret of somebody else is in
    /// the way.
    async fn ensure_surroundings(
        &self,
        generated: &Generated,
        is_new: bool,
    ) -> Result<Option<String>, Error> {
        let kinds = &self.controller.kinds;
        if let Some(namespace) = generated.namespace.as_ref().filter(|_| is_new || self.was_changed()) {
            let target = Target::new(&kinds.namespaces, "", object::name(namespace).unwrap_or_default());
            self.session.apply(&target, namespace, how()).await?;
        }
        let Some(secret) = &generated.secret else { return Ok(None) };
        Ok(match self.put(&kinds.secrets, secret, None).await? {
            Put::Done(_) => None,
            Put::Foreign(object) => Some(insight::with_advice(
                &format!("{}, which needs it for its credentials", foreign(&object)),
                "delete it, or give the Application another name",
            )),
        })
    }

    /// Deletes the derived Secret that `before` reads and `after` does not.
    async fn drop_secret(&self, before: &Value, after: &Value) -> Result<(), Error> {
        let place = |source: &Value| {
            let name = source.str_at(&["spec", "secretRef", "name"])?.to_owned();
            Some((object::namespace(source).unwrap_or_default().to_owned(), name))
        };
        let Some((namespace, name)) = place(before).filter(|old| Some(old) != place(after).as_ref()) else {
            return Ok(());
        };
        let kind = &self.controller.kinds.secrets;
        match self.session.get(&Target::new(kind, &namespace, &name)).await? {
            Some(secret) if self.name.owns(&secret) => self.remove(kind, &secret).await,
            _ => Ok(()),
        }
    }

    fn was_changed(&self) -> bool {
        use cluster::runtime::Cause;
        self.causes.iter().any(|cause| matches!(cause, Cause::Spec | Cause::Seen))
    }

    /// Applies an object that is not there, or not as it was generated. What a view has not seen is looked for, and
    /// nothing is taken over from somebody else: neither an object that came meanwhile nor one that took the place of
    /// `live`.
    async fn put(&self, resource: &Resource, desired: &Value, live: Option<&Value>) -> Result<Put, Error> {
        let target = target(resource, desired);
        let found = match live {
            Some(live) => Some(live.clone()),
            None => self.session.get(&target).await?,
        };
        let Some(live) = found else {
            let how = Apply { force: false, ..how() };
            return Ok(Put::Done(self.session.apply(&target, desired, how).await?.object));
        };
        if !self.name.owns(&live) {
            return Ok(Put::Foreign(live));
        }
        let digest = |object: &Value| object::annotation(object, DIGEST).map(str::to_owned);
        if digest(&live) == digest(desired) && has(&live, desired) {
            return Ok(Put::Done(live));
        }
        let mut desired = desired.clone();
        desired.set_at(&["metadata", "uid"], object::uid(&live).unwrap_or_default());
        Ok(Put::Done(self.session.apply(&target, &desired, how()).await?.object))
    }

    /// Lets the generated workload of a refused Application rest, until it is refused no longer.
    pub(super) async fn hold(&self) -> Result<(), Error> {
        let workloads = self.controller.views.kustomizations.select(|object| self.name.owns(object));
        for workload in workloads.iter().filter(|workload| !is_held(workload)) {
            self.set_held(workload, Value::from("true"), Value::from(true)).await?;
        }
        Ok(())
    }

    /// The workload rests on if it is to rest for another reason: Flux would deploy whatever the source has
    /// in the meantime.
    async fn release(&self, workload: Option<&Value>, generated: &Generated) -> Result<(), Error> {
        let suspend = generated.workload.at(&["spec", "suspend"]).cloned().unwrap_or_default();
        match workload {
            Some(workload) => self.set_held(workload, Value::Null, suspend).await,
            None => Ok(()),
        }
    }

    async fn set_held(&self, workload: &Value, held: Value, suspend: Value) -> Result<(), Error> {
        let mut patch = Value::map_of([("spec", Value::map_of([("suspend", suspend)]))]);
        patch.set_at(&["metadata", "annotations", HELD], held);
        // What was applied before counts no longer: it may have said something else about resting.
        patch.set_at(&["metadata", "annotations", DIGEST], Value::Null);
        self.change(&self.controller.kinds.kustomizations, workload, patch).await
    }

    /// Patches one of our objects; that it went meanwhile is no failure.
    pub(super) async fn change(
        &self,
        resource: &Resource,
        object: &Value,
        mut patch: Value,
    ) -> Result<(), Error> {
        patch.set_at(&["metadata", "uid"], object::uid(object).unwrap_or_default());
        match self.session.merge_patch(&target(resource, object), Subresource::Main, MANAGER, &patch).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_not_found() => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Deletes what was generated under other names or in other namespaces. What that deployed stays, as when
    /// Argo CD's destination changes.
    pub(super) async fn retire(&self, generated: &Generated) -> Result<(), Error> {
        let keep = [&generated.source, &generated.workload];
        let is_kept = |object: &Value| {
            let same = |kept: &&Value| {
                object::name(kept) == object::name(object)
                    && object::namespace(kept) == object::namespace(object)
            };
            keep.iter().filter(|kept| kept.str_at(&["kind"]) == object.str_at(&["kind"])).any(same)
        };
        let is_old = |object: &Value| self.name.owns(object) && !is_kept(object);
        let kinds = &self.controller.kinds;
        for workload in self.controller.views.kustomizations.select(is_old) {
            // Flux leaves the objects of a suspended Kustomization alone.
            let rest = Value::map_of([("spec", Value::map_of([("suspend", true)]))]);
            self.change(&kinds.kustomizations, &workload, rest).await?;
            self.remove(&kinds.kustomizations, &workload).await?;
        }
        for source in self.controller.views.git_repositories.select(is_old) {
            // First the Secret: without the source nothing would tell any more that it is there.
            self.drop_secret(&source, &generated.source).await?;
            self.remove(&kinds.git_repositories, &source).await?;
        }
        Ok(())
    }

    pub(super) async fn remove(&self, resource: &Resource, object: &Value) -> Result<(), Error> {
        let uid = object::uid(object).unwrap_or_default();
        match self.session.delete(&target(resource, object), uid, Propagation::Background).await {
            Ok(_) => Ok(()),
            // Another object of the name has come; it is judged by itself.
            Err(error) if error.is_conflict() => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn foreign(object: &Value) -> String {
    let reference = engine::ObjectRef::of(object).map(|reference| reference.to_string()).unwrap_or_default();
    format!("{reference} exists and was not generated for this Application")
}

fn how() -> Apply<'static> {
    Apply { manager: MANAGER, force: true, dry_run: false }
}

pub(super) fn target(resource: &Resource, object: &Value) -> Target {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Target::new(resource, &text(object::namespace(object)), &text(object::name(object)))
}

/// Whether `live` has everything that `desired` says.
fn has(live: &Value, desired: &Value) -> bool {
    match (live.as_map(), desired.as_map()) {
        (Some(live), Some(desired)) => {
            desired.iter().all(|(key, desired)| live.get(key.as_str()).is_some_and(|live| has(live, desired)))
        }
        _ => live == desired,
    }
}

fn refused(error: Error, generated: &Generated) -> Result<Ensured, Error> {
    let Some(status) = error.status().filter(|_| !error.is_transient() && !error.is_conflict()) else {
        return Err(error);
    };
    let namespace = generated.source.str_at(&["metadata", "namespace"]).unwrap_or_default();
    let fix = match status.code {
        404 => format!("create namespace {namespace}, or set the sync option CreateNamespace=true"),
        403 => "give Flamingo the right to do that".to_owned(),
        _ => "correct what the cause names in the Application or in its overrides".to_owned(),
    };
    Ok(Ensured::Refused(insight::with_advice(&format!("the Flux objects cannot be made: {status}"), &fix)))
}
