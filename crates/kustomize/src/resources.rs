//! The resources of a build, in order, found by id and by name without looking at each of them.

use std::collections::HashMap;
use std::sync::Arc;

use thiserror::Error;

use crate::id::ResourceId;
use crate::resource::{Behavior, Resource};

/// Two resources that cannot be told apart, or one that cannot be found.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum IdError {
    /// Two resources have the same id.
    #[error("may not add resource with an already registered id: {0}")]
    Duplicate(ResourceId),
    /// None has the id.
    #[error("no matches for Id {0}; failed to find unique target for patch {0}")]
    NoMatch(ResourceId),
    /// Several have the id, or had it.
    #[error("multiple matches for Id {0}; failed to find unique target for patch {0}")]
    SeveralMatches(ResourceId),
    /// There is nothing to merge with or to replace.
    #[error(
        "id {0} does not exist; cannot merge or replace; set behavior to create, or correct name and namespace"
    )]
    NothingToMerge(ResourceId),
    /// There is something already.
    #[error("id {0} exists; can not use behavior: 'create', behavior must be merge or replace")]
    Exists(ResourceId),
    /// Several could be merged with.
    #[error("found multiple objects that could accept merge of {0}")]
    SeveralToMerge(ResourceId),
    /// Resources got the same id by moving them to a namespace.
    #[error("namespace transformation produces ID conflict: {0}")]
    NamespaceConflict(ResourceId),
}

/// Id with the effective namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Identity {
    id: ResourceId,
}

impl Identity {
    fn of(mut id: ResourceId) -> Self {
        if id.effective_namespace() != &*id.namespace {
            id.namespace = Arc::from(id.effective_namespace());
        }
        Self { id }
    }
}

/// The resources of a build.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resources {
    list: Vec<Resource>,
    /// Each current id with its place; `None` when something may have changed since it was made.
    identities: Option<HashMap<Identity, usize>>,
    /// Each name that a resource has or had, with the places of the resources. It may name too many.
    names: Option<HashMap<Arc<str>, Vec<usize>>>,
}

impl Resources {
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Resource> {
        self.list.iter()
    }

    /// All resources, to be changed in any way.
    pub(crate) fn all_mut(&mut self) -> &mut Vec<Resource> {
        self.identities = None;
        self.names = None;
        &mut self.list
    }

    /// All resources, to be changed without changing what they are called.
    pub(crate) fn contents_mut(&mut self) -> std::slice::IterMut<'_, Resource> {
        self.list.iter_mut()
    }

    pub(crate) fn get(&self, at: usize) -> Option<&Resource> {
        self.list.get(at)
    }

    /// Adds a resource.
    ///
    /// # Errors
    /// Another one has its id.
    pub(crate) fn add(&mut self, resource: Resource) -> Result<(), IdError> {
        let identity = Identity::of(resource.id());
        let at = self.list.len();
        if self.identities().contains_key(&identity) {
            return Err(IdError::Duplicate(resource.id()));
        }
        self.identities().insert(identity, at);
        if let Some(names) = &mut self.names {
            note_names(names, at, &resource);
        }
        self.list.push(resource);
        Ok(())
    }

    /// Adds resources in order.
    ///
    /// # Errors
    /// An id occurs twice.
    pub(crate) fn add_all(&mut self, resources: impl IntoIterator<Item = Resource>) -> Result<(), IdError> {
        resources.into_iter().try_for_each(|resource| self.add(resource))
    }

    /// Adds a generated resource, or merges it with the one that has its id, or had it.
    ///
    /// # Errors
    /// What the resource's behavior asks for cannot be done.
    pub(crate) fn absorb(&mut self, resource: Resource) -> Result<(), IdError> {
        let id = resource.id();
        let behavior = resource.past.behavior;
        match (self.with_any_id(&id).as_slice(), behavior) {
            ([], Behavior::Create) => self.add(resource),
            ([], _) => Err(IdError::NothingToMerge(id)),
            ([_], Behavior::Create) => Err(IdError::Exists(id)),
            ([at], _) => {
                let at = *at;
                let merged = crate::generate::merged(&self.list[at], resource);
                self.replace(at, merged);
                Ok(())
            }
            _ => Err(IdError::SeveralToMerge(id)),
        }
    }

    /// Puts another resource at a place. What was there can still be found by its names.
    pub(crate) fn replace(&mut self, at: usize, resource: Resource) {
        self.list[at] = resource;
        self.renamed(at);
    }

    /// A resource to be changed in any way; [`Self::renamed`] must follow.
    pub(crate) fn one_mut(&mut self, at: usize) -> &mut Resource {
        &mut self.list[at]
    }

    /// Notes that the resource at a place may be called otherwise now.
    pub(crate) fn renamed(&mut self, at: usize) {
        self.identities = None;
        if let Some(names) = &mut self.names {
            note_names(names, at, &self.list[at]);
        }
    }

    /// Whether two resources have the same id now; the first such id.
    pub(crate) fn conflict(&mut self) -> Option<ResourceId> {
        let mut seen = HashMap::with_capacity(self.list.len());
        for (at, resource) in self.list.iter().enumerate().filter(|(_, resource)| !resource.is_gone()) {
            let id = resource.id();
            if seen.insert(Identity::of(id.clone()), at).is_some() {
                return Some(id);
            }
        }
        self.identities = Some(seen);
        None
    }

    /// Takes out what nothing is left of.
    pub(crate) fn drop_gone(&mut self) {
        if self.list.iter().any(Resource::is_gone) {
            self.all_mut().retain(|resource| !resource.is_gone());
        }
    }

    /// The places of resources that have or had a name; there can be others among them.
    pub(crate) fn with_any_name(&mut self, name: &str) -> Vec<usize> {
        let Self { list, names, .. } = self;
        let names = names.get_or_insert_with(|| {
            let mut names = HashMap::with_capacity(list.len());
            list.iter().enumerate().for_each(|(at, resource)| note_names(&mut names, at, resource));
            names
        });
        let mut found = names.get(name).cloned().unwrap_or_default();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The places of resources that have or had an id.
    pub(crate) fn with_any_id(&mut self, id: &ResourceId) -> Vec<usize> {
        let mut found = self.with_any_name(&id.name);
        found.retain(|at| {
            let resource = &self.list[*at];
            !resource.is_gone()
                && (resource.previous_ids().any(|previous| previous.is_same(id)) || resource.id().is_same(id))
        });
        found
    }

    /// The place of the one resource that has or had an id.
    ///
    /// # Errors
    /// There is none, or several.
    pub(crate) fn the_one(&mut self, id: &ResourceId) -> Result<usize, IdError> {
        match self.with_any_id(id).as_slice() {
            [at] => Ok(*at),
            [] => Err(IdError::NoMatch(id.clone())),
            _ => Err(IdError::SeveralMatches(id.clone())),
        }
    }

    pub(crate) fn into_list(self) -> Vec<Resource> {
        self.list
    }

    fn identities(&mut self) -> &mut HashMap<Identity, usize> {
        let list = &self.list;
        self.identities.get_or_insert_with(|| {
            list.iter().enumerate().map(|(at, resource)| (Identity::of(resource.id()), at)).collect()
        })
    }
}

fn note_names(names: &mut HashMap<Arc<str>, Vec<usize>>, at: usize, resource: &Resource) {
    let mut note = |name: &str| match names.get_mut(name) {
        Some(places) => {
            if places.last() != Some(&at) {
                places.push(at);
            }
        }
        None => {
            names.insert(Arc::from(name), vec![at]);
        }
    };
    note(resource.name());
    resource.past.previous.iter().for_each(|previous| note(&previous.name));
}
