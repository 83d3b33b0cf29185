//! A live view of a whole cluster: of each object what its reader keeps, and who owns whom.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use engine::ObjectRef;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use value::Value;

use crate::watch::{Keeping, Observation, View};
use crate::{ActAs, Cluster, Deadline, Resource};

/// Reading discovery takes no longer.
const PATIENCE: Duration = Duration::from_secs(30);
/// After a failed look at what is served, and after a new definition, so long passes until the next.
const PAUSE: Duration = Duration::from_secs(1);
/// A reader that falls behind by so many changes has to look at everything again.
const BACKLOG: usize = 4096;

/// What is kept of an object.
#[derive(Debug)]
struct Item<T> {
    reference: ObjectRef,
    uid: String,
    owners: Vec<String>,
    kept: Arc<T>,
}

impl<T: PartialEq> PartialEq for Item<T> {
    fn eq(&self, other: &Self) -> bool {
        self.uid == other.uid && self.owners == other.owners && self.kept == other.kept
    }
}

/// An object that changed.
#[derive(Debug)]
pub struct Change<T> {
    /// Which object.
    pub reference: ObjectRef,
    /// What is kept of it now; `None` when it is gone.
    pub now: Option<Arc<T>>,
    /// What was kept of it before.
    pub before: Option<Arc<T>>,
}

impl<T> Clone for Change<T> {
    fn clone(&self) -> Self {
        let Self { reference, now, before } = self;
        Self { reference: reference.clone(), now: now.clone(), before: before.clone() }
    }
}

struct Index<T> {
    items: HashMap<ObjectRef, Arc<Item<T>>>,
    /// By the UID of the owner.
    owned: HashMap<String, HashSet<ObjectRef>>,
}

impl<T> Index<T> {
    fn put(&mut self, item: Arc<Item<T>>) {
        self.take(&item.reference.clone());
        for owner in &item.owners {
            self.owned.entry(owner.clone()).or_default().insert(item.reference.clone());
        }
        self.items.insert(item.reference.clone(), item);
    }

    fn take(&mut self, reference: &ObjectRef) {
        let Some(item) = self.items.remove(reference) else { return };
        for owner in &item.owners {
            if let Some(owned) = self.owned.get_mut(owner) {
                owned.remove(reference);
                if owned.is_empty() {
                    self.owned.remove(owner);
                }
            }
        }
    }
}

/// All objects of a cluster. Cheap to clone.
pub struct Live<T> {
    index: Arc<RwLock<Index<T>>>,
    changes: broadcast::Sender<Change<T>>,
    synced: watch::Receiver<bool>,
}

impl<T> Clone for Live<T> {
    fn clone(&self) -> Self {
        Self { index: self.index.clone(), changes: self.changes.clone(), synced: self.synced.clone() }
    }
}

impl<T: PartialEq + Send + Sync + 'static> Live<T> {
    /// Watches every kind that the cluster serves and `wants` takes, also those that are defined later, and keeps
    /// of each object what `reduce` makes of it.
    pub fn start(
        cluster: Cluster,
        wants: impl Fn(&GroupVersionKind) -> bool + Send + Sync + 'static,
        reduce: impl Fn(&Value) -> Option<T> + Send + Sync + 'static,
        stop: &CancellationToken,
    ) -> Self {
        let index = Arc::new(RwLock::new(Index { items: HashMap::new(), owned: HashMap::new() }));
        let (changes, _) = broadcast::channel(BACKLOG);
        let (synced_sender, synced) = watch::channel(false);
        let watcher = Watcher {
            cluster,
            wants: Box::new(wants),
            reduce: Arc::new(reduce),
            kinds: HashMap::new(),
            book: Book { index: index.clone(), changes: changes.clone() },
            stop: stop.clone(),
        };
        tokio::spawn(watcher.watch(synced_sender));
        Self { index, changes, synced }
    }

    /// What is kept of an object.
    pub fn get(&self, reference: &ObjectRef) -> Option<Arc<T>> {
        self.read().items.get(reference).map(|item| item.kept.clone())
    }

    /// What is kept of all objects for which `keep` is true.
    pub fn select(&self, keep: impl Fn(&ObjectRef) -> bool) -> Vec<Arc<T>> {
        let index = self.read();
        let found = index.items.values().filter(|item| keep(&item.reference));
        found.map(|item| item.kept.clone()).collect()
    }

    /// What is kept of the objects that name the owner with this UID.
    pub fn owned_by(&self, uid: &str) -> Vec<Arc<T>> {
        let index = self.read();
        let owned = index.owned.get(uid).into_iter().flatten();
        owned.filter_map(|reference| index.items.get(reference)).map(|item| item.kept.clone()).collect()
    }

    /// Changes from now on.
    pub fn changes(&self) -> broadcast::Receiver<Change<T>> {
        self.changes.subscribe()
    }

    /// Waits until every kind that was served at the start has been listed.
    pub async fn synced(&self) {
        let mut synced = self.synced.clone();
        if synced.wait_for(|synced| *synced).await.is_err() {
            tracing::debug!("the view of the cluster ended before it was complete");
        }
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Index<T>> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the views of all kinds write down what they see.
struct Book<T> {
    index: Arc<RwLock<Index<T>>>,
    changes: broadcast::Sender<Change<T>>,
}

impl<T> Clone for Book<T> {
    fn clone(&self) -> Self {
        Self { index: self.index.clone(), changes: self.changes.clone() }
    }
}

impl<T> Book<T> {
    fn enter(&self, observation: Observation<Arc<Item<T>>>) {
        let (item, before, exists) = match observation {
            Observation::Changed { before, now } => (now, before, true),
            Observation::Gone(last) => (last.clone(), Some(last), false),
        };
        let now = exists.then(|| item.kept.clone());
        let change =
            Change { reference: item.reference.clone(), now, before: before.map(|item| item.kept.clone()) };
        {
            let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
            if exists { index.put(item) } else { index.take(&item.reference) }
        }
        // Nobody may be listening, and that is no trouble.
        drop(self.changes.send(change));
    }
}

type Reduce<T> = dyn Fn(&Value) -> Option<T> + Send + Sync;

struct Watcher<T> {
    cluster: Cluster,
    wants: Box<dyn Fn(&GroupVersionKind) -> bool + Send + Sync>,
    reduce: Arc<Reduce<T>>,
    /// The views of kinds, each with what ends it.
    kinds: HashMap<Resource, Kind<T>>,
    book: Book<T>,
    stop: CancellationToken,
}

struct Kind<T> {
    view: View<Arc<Item<T>>>,
    stop: CancellationToken,
}

impl<T: PartialEq + Send + Sync + 'static> Watcher<T> {
    async fn watch(mut self, synced: watch::Sender<bool>) {
        let gvk = GroupVersionKind::new("apiextensions.k8s.io", "v1", "CustomResourceDefinition");
        let definitions = Resource::new(gvk, "customresourcedefinitions", false);
        let (heard, mut changes) = mpsc::unbounded_channel();
        // Definitions are large, and only that one changed is of interest.
        let keeping = Keeping {
            reduce: Box::new(|object| object::resource_version(&object).map(str::to_owned)),
            tell: Box::new(move |_| {
                if heard.send(()).is_err() {
                    tracing::trace!("nobody looks for new kinds any more");
                }
            }),
        };
        let _definitions = View::start_keeping(&self.cluster, &definitions, None, keeping, &self.stop);
        while !self.stop.is_cancelled() {
            let pause = if self.look().await {
                self.listed().await;
                synced.send_replace(true);
                None
            } else {
                Some(PAUSE)
            };
            tokio::select! {
                () = self.stop.cancelled() => return,
                change = changes.recv() => match change {
                    Some(_) => self.gather(&mut changes).await,
                    None => return,
                },
                () = sleep(pause.unwrap_or_default()), if pause.is_some() => {}
            }
        }
    }

    /// Definitions come in bunches.
    async fn gather(&self, changes: &mut mpsc::UnboundedReceiver<()>) {
        sleep(PAUSE).await;
        while changes.try_recv().is_ok() {}
        self.cluster.forget_kinds();
    }

    /// Begins to watch what is served now, and ends the watches of what is not. Says whether it could be found out.
    async fn look(&mut self) -> bool {
        let session = self.cluster.session(ActAs::Component, Deadline::after(PATIENCE));
        let served = match session.watchable_resources().await {
            Ok(served) => served,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "it cannot be found out what kinds the cluster serves"
                );
                return false;
            }
        };
        let wanted: HashSet<Resource> =
            served.into_iter().filter(|resource| (self.wants)(resource.gvk())).collect();
        let over: Vec<Kind<T>> =
            self.kinds.extract_if(|resource, _| !wanted.contains(resource)).map(|(_, kind)| kind).collect();
        over.into_iter().for_each(|kind| self.end(&kind));
        for resource in wanted {
            if !self.kinds.contains_key(&resource) {
                let kind = self.begin(&resource);
                self.kinds.insert(resource, kind);
            }
        }
        true
    }

    async fn listed(&self) {
        for kind in self.kinds.values() {
            tokio::select! {
                () = kind.view.synced() => {}
                // A kind that may not be listed does not hold up the others.
                () = sleep(PATIENCE) => {}
            }
        }
    }

    fn begin(&self, resource: &Resource) -> Kind<T> {
        let stop = self.stop.child_token();
        let reduce = self.reduce.clone();
        let keep = move |object: Value| item(&object, &*reduce).map(Arc::new);
        let book = self.book.clone();
        let tell = move |observation| book.enter(observation);
        let keeping = Keeping { reduce: Box::new(keep), tell: Box::new(tell) };
        let view = View::start_keeping(&self.cluster, resource, None, keeping, &stop);
        Kind { view, stop }
    }

    fn end(&self, kind: &Kind<T>) {
        kind.stop.cancel();
        kind.view.select(|_| true).into_iter().for_each(|item| self.book.enter(Observation::Gone(item)));
    }
}

fn item<T>(object: &Value, reduce: &Reduce<T>) -> Option<Item<T>> {
    let owners = object.at(&["metadata", "ownerReferences"]).and_then(Value::as_list).unwrap_or_default();
    let owners = owners.iter().filter_map(|owner| owner.str_at(&["uid"]).map(str::to_owned)).collect();
    Some(Item {
        reference: ObjectRef::of(object)?,
        uid: object::uid(object)?.to_owned(),
        owners,
        kept: Arc::new(reduce(object)?),
    })
}
