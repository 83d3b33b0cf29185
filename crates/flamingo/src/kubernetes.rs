//! Reaching a cluster, and what must be in it before controllers can work.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use apimachinery::clock::Clock;
use apimachinery::gvk::GroupVersionKind;
use cluster::wait::{self, Awaited};
use cluster::{ActAs, Apply, Cluster, ClusterId, Deadline, Session};
use engine::ObjectRef;
use value::Value;

/// The manager of what `flamingo` itself applies.
pub(crate) const MANAGER: &str = "flamingo";
const TIMEOUT: Duration = Duration::from_secs(30);

/// The time of this machine.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

/// The cluster of a kubeconfig file, or of the Pod's ServiceAccount.
pub(crate) async fn connect(kubeconfig: Option<&Path>) -> anyhow::Result<Cluster> {
    let config = match kubeconfig {
        Some(path) => {
            let file = kube::config::Kubeconfig::read_from(path)
                .with_context(|| format!("the kubeconfig {} cannot be read", path.display()))?;
            kube::Config::from_custom_kubeconfig(file, &kube::config::KubeConfigOptions::default())
                .await
                .with_context(|| format!("the kubeconfig {} cannot be used", path.display()))?
        }
        None => kube::Config::incluster()
            .context("this is no Pod of a cluster; name a kubeconfig with --kubeconfig")?,
    };
    let client = kube::Client::try_from(config).context("no client can be made for the cluster")?;
    Ok(Cluster::new(ClusterId::in_cluster(), client))
}

pub(crate) fn session(cluster: &Cluster) -> Session {
    cluster.session(ActAs::Component, Deadline::after(TIMEOUT))
}

/// Applies definitions and waits until they are established.
pub(crate) async fn install(cluster: &Cluster, definitions: Vec<Value>) -> anyhow::Result<()> {
    let session = session(cluster);
    let mut awaited = Vec::new();
    for definition in definitions {
        let stored = apply(&session, &definition).await?;
        let reference = ObjectRef::of(&stored).context("a stored definition has no name")?;
        let version = GroupVersionKind::of(&stored).map(|gvk| gvk.version).unwrap_or_default();
        awaited.push(Awaited { reference, version, known: Some(stored) });
    }
    wait::until_all_current(&session, awaited).await.context("the definitions were not established")?;
    cluster.forget_kinds();
    Ok(())
}

/// Applies an object as `flamingo`, taking over fields of others.
pub(crate) async fn apply(session: &Session, object: &Value) -> anyhow::Result<Value> {
    let target = session.target(object).await?;
    let how = Apply { manager: MANAGER, force: true, dry_run: false };
    let applied = session.apply(&target, object, how).await;
    Ok(applied.with_context(|| format!("{} cannot be applied", target.name))?.object)
}
