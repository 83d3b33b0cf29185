//! A live view of one kind.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use futures::StreamExt as _;
use kube::api::{Api, ApiResource, DynamicObject};
use kube::runtime::{WatchStreamExt as _, watcher};
use serde::Deserialize as _;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use value::Value;

use crate::{Cluster, Resource};

/// What happened to an object of the watched kind, with what is kept of objects.
#[derive(Clone, Debug)]
pub enum Observation<T = Value> {
    /// It appeared or changed. `before` is what the view held.
    Changed {
        /// The object as the view held it before.
        before: Option<T>,
        /// The object now.
        now: T,
    },
    /// It is gone.
    Gone(T),
}

type Objects<T> = HashMap<(String, String), T>;

/// The objects of one kind, kept current, whole or what is kept of them. Cheap to clone.
#[derive(Clone)]
pub struct View<T = Value> {
    objects: Arc<RwLock<Objects<T>>>,
    synced: watch::Receiver<bool>,
}

impl View {
    /// Starts watching a kind in one namespace, or in all. Observations of one object come in order.
    pub fn start(
        cluster: &Cluster,
        resource: &Resource,
        namespace: Option<&str>,
        stop: &CancellationToken,
    ) -> (Self, mpsc::UnboundedReceiver<Observation>) {
        let (observations, receiver) = mpsc::unbounded_channel();
        let tell = move |observation| {
            if observations.send(observation).is_err() {
                tracing::trace!("nobody listens to this view any more");
            }
        };
        let keeping = Keeping { reduce: Box::new(Some), tell: Box::new(tell) };
        (Self::start_keeping(cluster, resource, namespace, keeping, stop), receiver)
    }
}

/// What becomes of the objects that a view sees.
pub(crate) struct Keeping<T> {
    /// What is kept of an object; `None` for nothing.
    pub(crate) reduce: Box<dyn Fn(Value) -> Option<T> + Send + Sync>,
    /// Whom to tell what happens, at once.
    pub(crate) tell: Box<dyn Fn(Observation<T>) + Send + Sync>,
}

impl<T: Clone + PartialEq + Send + Sync + 'static> View<T> {
    /// As [`View::start`], with another way of keeping objects.
    pub(crate) fn start_keeping(
        cluster: &Cluster,
        resource: &Resource,
        namespace: Option<&str>,
        keeping: Keeping<T>,
        stop: &CancellationToken,
    ) -> Self {
        let objects: Arc<RwLock<Objects<T>>> = Arc::default();
        let (synced_sender, synced) = watch::channel(false);
        let (client, kind) = (cluster.client().clone(), api_resource(resource));
        let api = match namespace {
            Some(namespace) => Api::<DynamicObject>::namespaced_with(client, namespace, &kind),
            None => Api::<DynamicObject>::all_with(client, &kind),
        };
        let keeper = Keeper { objects: objects.clone(), synced: synced_sender, listed: Vec::new(), keeping };
        tokio::spawn(keeper.keep(api, resource.clone(), stop.clone()));
        Self { objects, synced }
    }

    /// The object, as last seen.
    pub fn get(&self, namespace: &str, name: &str) -> Option<T> {
        self.read().get(&(namespace.to_owned(), name.to_owned())).cloned()
    }

    /// All objects for which `keep` is true.
    pub fn select(&self, keep: impl Fn(&T) -> bool) -> Vec<T> {
        self.read().values().filter(|object| keep(object)).cloned().collect()
    }

    /// Waits until the first list has been read.
    pub async fn synced(&self) {
        let mut synced = self.synced.clone();
        if synced.wait_for(|synced| *synced).await.is_err() {
            tracing::debug!("the watch ended before its first list");
        }
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Objects<T>> {
        self.objects.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The task behind a [`View`].
struct Keeper<T> {
    objects: Arc<RwLock<Objects<T>>>,
    synced: watch::Sender<bool>,
    /// Names seen in the list that is being read.
    listed: Vec<(String, String)>,
    keeping: Keeping<T>,
}

impl<T: Clone + PartialEq> Keeper<T> {
    async fn keep(mut self, api: Api<DynamicObject>, resource: Resource, stop: CancellationToken) {
        let mut events = std::pin::pin!(watcher(api, watcher::Config::default()).default_backoff());
        loop {
            let event = tokio::select! {
                () = stop.cancelled() => return,
                event = events.next() => event,
            };
            match event {
                None => return,
                Some(Ok(event)) => self.take(event, &resource),
                Some(Err(error)) => {
                    tracing::warn!(
                        kind = resource.gvk().kind,
                        error = &error as &dyn std::error::Error,
                        "watch interrupted"
                    );
                }
            }
        }
    }

    fn take(&mut self, event: watcher::Event<DynamicObject>, resource: &Resource) {
        match event {
            watcher::Event::Init => self.listed.clear(),
            watcher::Event::InitApply(object) => {
                if let Some(key) = self.change(object, resource) {
                    self.listed.push(key);
                }
            }
            watcher::Event::InitDone => self.finish_list(),
            watcher::Event::Apply(object) => {
                self.change(object, resource);
            }
            watcher::Event::Delete(object) => {
                let key = key_of(&object);
                let removed = self.write().remove(&key);
                let last = self.kept(object, resource).or(removed);
                last.into_iter().for_each(|object| (self.keeping.tell)(Observation::Gone(object)));
            }
        }
    }

    fn change(&mut self, object: DynamicObject, resource: &Resource) -> Option<(String, String)> {
        let key = key_of(&object);
        let now = self.kept(object, resource)?;
        let before = self.write().insert(key.clone(), now.clone());
        if before.as_ref() != Some(&now) {
            (self.keeping.tell)(Observation::Changed { before, now });
        }
        Some(key)
    }

    /// What a complete list does not hold any more was deleted while nobody watched.
    fn finish_list(&mut self) {
        let listed: std::collections::HashSet<_> = std::mem::take(&mut self.listed).into_iter().collect();
        let gone: Vec<T> =
            self.write().extract_if(|key, _| !listed.contains(key)).map(|(_, object)| object).collect();
        gone.into_iter().for_each(|object| (self.keeping.tell)(Observation::Gone(object)));
        self.synced.send_replace(true);
    }

    fn kept(&self, object: DynamicObject, resource: &Resource) -> Option<T> {
        value_of(object, resource).and_then(&self.keeping.reduce)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Objects<T>> {
        self.objects.write().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn key_of(object: &DynamicObject) -> (String, String) {
    let metadata = &object.metadata;
    (metadata.namespace.clone().unwrap_or_default(), metadata.name.clone().unwrap_or_default())
}

/// The object as a [`Value`], with the kind that items of a list lack.
fn value_of(object: DynamicObject, resource: &Resource) -> Option<Value> {
    let json = serde_json::to_value(object).ok()?;
    let mut value = Value::deserialize(json).ok()?;
    value.set_at(&["apiVersion"], resource.gvk().api_version());
    value.set_at(&["kind"], resource.gvk().kind.as_str());
    Some(value)
}

pub(crate) fn api_resource(resource: &Resource) -> ApiResource {
    let gvk = resource.gvk();
    ApiResource {
        group: gvk.group.clone(),
        version: gvk.version.clone(),
        api_version: gvk.api_version(),
        kind: gvk.kind.clone(),
        plural: resource.plural().to_owned(),
    }
}
