//! The ids that the resources of a build have now, kept while single resources change.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::id::ResourceId;
use crate::resource::Resource;

/// Which resources have which id. What nothing is left of has none.
#[derive(Clone, Debug, Default)]
pub(super) struct Identities {
    /// The id of each place, with the effective namespace.
    known: Vec<Option<ResourceId>>,
    places: HashMap<ResourceId, Places>,
    /// The second place of each id that several resources have.
    twice: BTreeSet<usize>,
}

/// The places that an id has; nearly always it is one.
#[derive(Clone, Debug)]
enum Places {
    One(usize),
    Several(BTreeSet<usize>),
}

impl Places {
    fn second(&self) -> Option<usize> {
        match self {
            Self::One(_) => None,
            Self::Several(places) => places.iter().nth(1).copied(),
        }
    }

    fn with(self, at: usize) -> Self {
        match self {
            Self::One(known) if known == at => Self::One(known),
            Self::One(known) => Self::Several(BTreeSet::from([known, at])),
            Self::Several(mut places) => {
                places.insert(at);
                Self::Several(places)
            }
        }
    }

    fn without(self, at: usize) -> Option<Self> {
        match self {
            Self::One(known) => (known != at).then_some(Self::One(known)),
            Self::Several(mut places) => {
                places.remove(&at);
                match places.first() {
                    Some(one) if places.len() == 1 => Some(Self::One(*one)),
                    Some(_) => Some(Self::Several(places)),
                    None => None,
                }
            }
        }
    }
}

impl Identities {
    /// Whether a resource of the build has the id of this one.
    pub(super) fn has(&self, resource: &Resource) -> bool {
        identity(resource).is_some_and(|id| self.places.contains_key(&id))
    }

    /// Notes the id that the resource at a place has now.
    pub(super) fn note(&mut self, at: usize, resource: &Resource) {
        let id = identity(resource);
        if self.known.len() <= at {
            self.known.resize(at + 1, None);
        }
        if self.known[at] == id {
            return;
        }
        if let Some(old) = std::mem::replace(&mut self.known[at], id.clone()) {
            self.change(old, |places| places?.without(at));
        }
        if let Some(id) = id {
            self.change(id, |places| Some(places.map_or(Places::One(at), |places| places.with(at))));
        }
    }

    /// The place of the first resource that has the id of one before it.
    pub(super) fn twice(&self) -> Option<usize> {
        self.twice.first().copied()
    }

    fn change(&mut self, id: ResourceId, change: impl FnOnce(Option<Places>) -> Option<Places>) {
        let before = self.places.remove(&id);
        if let Some(second) = before.as_ref().and_then(Places::second) {
            self.twice.remove(&second);
        }
        let Some(after) = change(before) else { return };
        self.twice.extend(after.second());
        self.places.insert(id, after);
    }
}

/// The id with the effective namespace.
fn identity(resource: &Resource) -> Option<ResourceId> {
    if resource.is_gone() {
        return None;
    }
    let mut id = resource.id();
    if id.effective_namespace() != &*id.namespace {
        id.namespace = Arc::from(id.effective_namespace());
    }
    Some(id)
}
