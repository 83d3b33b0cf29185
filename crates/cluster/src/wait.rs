//! Waiting for objects, by watching them.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use engine::ObjectRef;
use engine::change::Change;
use engine::health::{self, Health, State};
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use jiff::Timestamp;
use kube::api::{Api, DynamicObject};
use kube::runtime::{WatchStreamExt as _, watcher};
use serde::Deserialize as _;
use thiserror::Error;
use value::Value;

use crate::apply::Entered;
use crate::watch::api_resource;
use crate::{Error, Resource, Session, Target};

/// States that depend on the time (a Pod that stays unschedulable) are looked at again so often.
const REASSESS: Duration = Duration::from_secs(2);
/// How often an object that is being deleted is looked at.
const GONE_POLL: Duration = Duration::from_millis(200);

/// An object that is waited for.
#[derive(Clone, Debug)]
pub struct Awaited {
    /// Which object.
    pub reference: ObjectRef,
    /// Its API version; empty for any that is served.
    pub version: String,
    /// What is known of it already, such as the answer to its apply.
    pub known: Option<Value>,
}

impl From<&Entered> for Awaited {
    fn from(entered: &Entered) -> Self {
        let entry = &entered.entry;
        Self {
            reference: entry.reference.clone(),
            version: entry.version.clone(),
            known: entered.live.clone(),
        }
    }
}

/// An object that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unready {
    /// Which object.
    pub reference: ObjectRef,
    /// Its health; the message says why.
    pub health: Health,
}

impl fmt::Display for Unready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} status: '{}'", self.reference, self.health.state)?;
        match self.health.state {
            State::Unknown => write!(f, ": {}", self.health.message),
            _ => Ok(()),
        }
    }
}

/// Why waiting ended without success.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Failure {
    /// Nothing will change any more, and some objects failed.
    #[error("failed early due to stalled resources: [{}]", list(.0))]
    Stalled(Vec<Unready>),
    /// The deadline passed.
    #[error("timeout waiting for: [{}]", list(.0))]
    Timeout(Vec<Unready>),
}

fn list(unready: &[Unready]) -> String {
    unready.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Waits until what an apply entered is current; skipped objects are not waited for.
///
/// # Errors
/// As [`until_all_current`].
pub async fn until_current(session: &Session, entered: &[Entered]) -> Result<(), Failure> {
    let awaited = entered.iter().filter(|entered| entered.change != Change::Skipped).map(Awaited::from);
    until_all_current(session, awaited.collect()).await
}

/// Waits until all objects are current.
///
/// Flow: what is known already is judged without a request; the rest is watched, one watch for each
/// kind and namespace. As soon as every object is either current or failed the wait ends.
///
/// # Errors
/// [`Failure`] with the objects that are not current, in the order in which they were given.
pub async fn until_all_current(session: &Session, awaited: Vec<Awaited>) -> Result<(), Failure> {
    let mut observed = Observed::new(&awaited);
    if observed.verdict() == Some(Ok(())) {
        return Ok(());
    }
    let mut events = watch(session, &awaited, &mut observed).await;
    let mut reassess = tokio::time::interval(REASSESS);
    let verdict = session.deadline().run(async {
        loop {
            if let Some(verdict) = observed.verdict() {
                return verdict;
            }
            tokio::select! {
                Some((reference, object)) = events.next() => observed.note(&reference, object),
                _ = reassess.tick() => observed.reassess(),
            }
        }
    });
    match verdict.await {
        Some(verdict) => verdict,
        None => Err(Failure::Timeout(observed.unready())),
    }
}

/// What is known of each awaited object.
struct Observed {
    order: Vec<ObjectRef>,
    objects: BTreeMap<ObjectRef, (Option<Value>, Health)>,
}

impl Observed {
    fn new(awaited: &[Awaited]) -> Self {
        let objects = awaited.iter().map(|awaited| {
            let known = awaited.known.clone();
            let health = judge(known.as_ref());
            (awaited.reference.clone(), (known, health))
        });
        Self {
            order: awaited.iter().map(|awaited| awaited.reference.clone()).collect(),
            objects: objects.collect(),
        }
    }

    fn note(&mut self, reference: &ObjectRef, object: Option<Value>) {
        if let Some(known) = self.objects.get_mut(reference) {
            let vanished_as_told = object.is_none() && known.0.as_ref().is_some_and(vanishes_when_done);
            known.1 = if vanished_as_told {
                Health { state: State::Current, message: "Job finished and was removed".into() }
            } else {
                judge(object.as_ref())
            };
            known.0 = object;
        }
    }

    fn unknown(&mut self, reference: &ObjectRef, message: String) {
        if let Some(known) = self.objects.get_mut(reference) {
            known.1 = Health { state: State::Unknown, message };
        }
    }

    fn reassess(&mut self) {
        for (object, health) in self.objects.values_mut() {
            if let Some(object) = object {
                *health = judge(Some(object));
            }
        }
    }

    fn verdict(&self) -> Option<Result<(), Failure>> {
        let states = || self.objects.values().map(|(_, health)| health.state);
        if states().all(|state| state == State::Current) {
            return Some(Ok(()));
        }
        let settled = states().all(|state| matches!(state, State::Current | State::Failed));
        settled.then(|| Err(Failure::Stalled(self.unready())))
    }

    fn unready(&self) -> Vec<Unready> {
        let unready = |reference: &ObjectRef| {
            let (_, health) = self.objects.get(reference)?;
            (health.state != State::Current)
                .then(|| Unready { reference: reference.clone(), health: health.clone() })
        };
        self.order.iter().filter_map(unready).collect()
    }
}

fn judge(object: Option<&Value>) -> Health {
    match object {
        Some(object) => health::assess(object, Timestamp::now()),
        None => Health { state: State::NotFound, message: "Resource not found".into() },
    }
}

/// A finished Job with a time to live is removed by the cluster; that is no failure.
fn vanishes_when_done(object: &Value) -> bool {
    object.str_at(&["kind"]) == Some("Job") && object.at(&["spec", "ttlSecondsAfterFinished"]).is_some()
}

type Events = stream::SelectAll<BoxStream<'static, (ObjectRef, Option<Value>)>>;

/// Starts one watch for each kind and namespace that has an object which is not current yet.
async fn watch(session: &Session, awaited: &[Awaited], observed: &mut Observed) -> Events {
    let mut groups: BTreeMap<(String, String, String, String), Vec<&Awaited>> = BTreeMap::new();
    for each in awaited {
        let is_current =
            observed.objects.get(&each.reference).is_some_and(|(_, h)| h.state == State::Current);
        if !is_current {
            let ObjectRef { group, kind, namespace, .. } = each.reference.clone();
            groups.entry((group, each.version.clone(), kind, namespace)).or_default().push(each);
        }
    }
    let mut events = Events::new();
    for ((group, version, kind, namespace), members) in groups {
        let gvk = GroupVersionKind::new(&group, &version, &kind);
        match session.resource(&gvk).await {
            Ok(resource) => {
                let names = members.iter().map(|member| member.reference.name.clone()).collect();
                events.push(changes(session, &resource, &namespace, names));
            }
            Err(error) => {
                let message = match error {
                    Error::NoMatch(_) => format!("no matches for kind {kind:?} in group {group:?}"),
                    other => other.to_string(),
                };
                members.iter().for_each(|member| observed.unknown(&member.reference, message.clone()));
            }
        }
    }
    events
}

fn changes(
    session: &Session,
    resource: &Resource,
    namespace: &str,
    names: Vec<String>,
) -> BoxStream<'static, (ObjectRef, Option<Value>)> {
    let client = session.cluster().client().clone();
    let described = api_resource(resource);
    let api: Api<DynamicObject> = if resource.is_namespaced() && !namespace.is_empty() {
        Api::namespaced_with(client, namespace, &described)
    } else {
        Api::all_with(client, &described)
    };
    let mut config = watcher::Config::default().streaming_lists();
    if let [name] = names.as_slice() {
        config = config.fields(&format!("metadata.name={name}"));
    }
    let (gvk, namespace) = (resource.gvk().clone(), namespace.to_owned());
    let reference = move |object: &DynamicObject| ObjectRef {
        group: gvk.group.clone(),
        kind: gvk.kind.clone(),
        namespace: namespace.clone(),
        name: object.metadata.name.clone().unwrap_or_default(),
    };
    let event = move |event: Result<watcher::Event<DynamicObject>, watcher::Error>| {
        let change = match event {
            Ok(watcher::Event::Apply(object) | watcher::Event::InitApply(object)) => {
                let reference = reference(&object);
                Some((reference, value_of(object)))
            }
            Ok(watcher::Event::Delete(object)) => Some((reference(&object), None)),
            Ok(watcher::Event::Init | watcher::Event::InitDone) => None,
            Err(error) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "watch interrupted");
                None
            }
        };
        std::future::ready(change)
    };
    watcher(api, config).default_backoff().filter_map(event).boxed()
}

fn value_of(object: DynamicObject) -> Option<Value> {
    Value::deserialize(serde_json::to_value(object).ok()?).ok()
}

/// Waits until the object with `uid` is gone (any object of the name, with an empty UID).
///
/// # Errors
/// The deadline, or a failure to look.
pub async fn until_gone(session: &Session, target: &Target, uid: &str) -> Result<(), Error> {
    loop {
        match session.get(target).await? {
            None => return Ok(()),
            Some(live) if !uid.is_empty() && object::uid(&live) != Some(uid) => return Ok(()),
            Some(_) if session.deadline().left().is_zero() => {
                return Err(Error::Deadline { request: format!("the deletion of {}", target.name) });
            }
            Some(_) => tokio::time::sleep(GONE_POLL.min(session.deadline().left())).await,
        }
    }
}
