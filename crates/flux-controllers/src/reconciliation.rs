//! One run of any kind: reading the object, the first step, and the writes that end a run early.

use std::sync::Arc;
use std::time::{Duration, Instant};

use apimachinery::clock::Clock;
use cluster::runtime::{Cause, Next, ObjectKey, Reconciler, Run};
use cluster::watch::View;
use cluster::{ActAs, Cluster, Error, Resource, Session, Target, Written};
use value::Value;

use crate::lifecycle::{self, Step};
use crate::notify::{Notifier, Severity};
use crate::settings::Settings;
use crate::status::ObjectStatus;

/// What the controller of any kind works with.
pub(crate) struct Parts {
    pub(crate) cluster: Cluster,
    pub(crate) resource: Resource,
    pub(crate) settings: Settings,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) notifier: Notifier,
    pub(crate) view: View,
    pub(crate) written: Written,
}

/// What is particular to a kind.
pub(crate) trait Kind: Sized + Send + Sync + 'static {
    /// The kind's name.
    const KIND: &'static str;
    /// The controller's name.
    const CONTROLLER: &'static str;
    /// The field manager of the status.
    const STATUS_MANAGER: &'static str;

    fn parts(&self) -> &Parts;

    /// How long a run of an object may take; of one that was not seen yet, without one.
    fn limit(object: Option<&Value>) -> Duration;

    fn facts(object: &Value) -> lifecycle::Facts;

    /// Notes in the status that a suspended object was seen.
    fn note_suspended(status: &mut ObjectStatus);

    fn finalize(
        reconciliation: &mut Reconciliation<'_, Self>,
    ) -> impl Future<Output = Result<Next, Error>> + Send;

    fn reconcile(
        reconciliation: &mut Reconciliation<'_, Self>,
    ) -> impl Future<Output = Result<Next, Error>> + Send;
}

/// The controller of a kind, for the runtime.
pub(crate) struct Controller<K>(pub(crate) K);

impl<K: Kind> Reconciler for Controller<K> {
    fn name(&self) -> &'static str {
        K::CONTROLLER
    }

    fn limit(&self, key: &ObjectKey) -> Duration {
        K::limit(self.0.parts().view.get(&key.namespace, &key.name).as_ref())
    }

    async fn reconcile(&self, run: Run) -> Next {
        match Reconciliation::run(&self.0, &run).await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the reconciliation was interrupted"
                );
                Next::BackOff
            }
        }
    }
}

/// What the steps of one run share.
pub(crate) struct Reconciliation<'a, K> {
    pub(crate) controller: &'a K,
    pub(crate) run: &'a Run,
    pub(crate) session: Session,
    pub(crate) status: ObjectStatus,
    pub(crate) started: Instant,
}

impl<K: Kind> Reconciliation<'_, K> {
    /// One run. The object is read anew where the view lags behind our own patches, since an old status
    /// would forget what was noted in it.
    async fn run(controller: &K, run: &Run) -> Result<Next, Error> {
        let parts = controller.parts();
        let session = parts.cluster.session(ActAs::Component, run.deadline);
        let target = Target::new(&parts.resource, &run.key.namespace, &run.key.name);
        let seen = parts.view.get(&run.key.namespace, &run.key.name);
        let object = match seen.filter(|seen| parts.written.is_in(seen)) {
            Some(seen) => Some(seen),
            None => session.get(&target).await?,
        };
        let Some(object) = object else {
            parts.written.forget(&run.key.namespace, &run.key.name);
            return Ok(Next::Settled);
        };
        let (clock, written) = (parts.clock.clone(), parts.written.clone());
        let status = ObjectStatus::new(&object, target, K::STATUS_MANAGER, clock, written);
        let mut reconciliation = Reconciliation { controller, run, session, status, started: Instant::now() };
        match lifecycle::decide(&K::facts(&object)) {
            Step::Leave => Ok(Next::Settled),
            Step::Finalize => K::finalize(&mut reconciliation).await,
            Step::Suspended => reconciliation.rest().await,
            Step::Refuse(fields) => {
                let message = lifecycle::refusal(K::KIND, &fields);
                reconciliation.stall("UnsupportedField", &message).await
            }
            Step::Adopt => {
                reconciliation.set_finalizer(true).await?;
                K::reconcile(&mut reconciliation).await
            }
            Step::Reconcile => K::reconcile(&mut reconciliation).await,
        }
    }

    async fn rest(&mut self) -> Result<Next, Error> {
        K::note_suspended(&mut self.status);
        self.status.handle_request();
        self.status.write(&self.session).await?;
        Ok(Next::Settled)
    }

    /// Ends the run: only a change of the spec can help.
    pub(crate) async fn stall(&mut self, reason: &str, message: &str) -> Result<Next, Error> {
        self.status.stall(reason, message);
        self.status.handle_request();
        self.status.write(&self.session).await?;
        self.tell(Severity::Error, (reason, message), &[]);
        Ok(Next::Settled)
    }

    pub(crate) async fn set_finalizer(&mut self, ours: bool) -> Result<(), Error> {
        let finalizers = lifecycle::finalizers(self.object(), ours);
        let finalizers: Vec<&str> = finalizers.iter().map(String::as_str).collect();
        self.status.write_finalizers(&self.session, &finalizers).await
    }

    pub(crate) fn object(&self) -> &Value {
        self.status.object()
    }

    /// An Event, and a notification with the metadata.
    pub(crate) fn tell(&self, severity: Severity, about: (&str, &str), metadata: &[(&str, &str)]) {
        self.controller.parts().notifier.tell(self.object(), severity, about, metadata);
    }

    pub(crate) fn next_interval(&self, interval: Duration) -> Next {
        let identity = format!("{}/{}", self.run.key.namespace, self.run.key.name);
        Next::After(self.controller.parts().settings.jittered(interval, &identity), Cause::Interval)
    }
}
