//! The resources of a build, in order, found by id and by name without looking at each of them.

mod identities;

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use thiserror::Error;

use crate::id::ResourceId;
use crate::resource::{Behavior, Resource};
use identities::Identities;

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

/// The resources of a build.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resources {
    list: Vec<Resource>,
    /// The current ids; `None` when any of them may have changed since they were looked at.
    identities: Option<Identities>,
    /// Each name that a resource has or had, with the places of the resources in order. It may name too many.
    names: Option<BTreeMap<Arc<str>, Vec<usize>>>,
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
        let at = self.list.len();
        if self.identities().has(&resource) {
            return Err(IdError::Duplicate(resource.id()));
        }
        self.identities().note(at, &resource);
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
        if let Some(identities) = &mut self.identities {
            identities.note(at, &self.list[at]);
        }
        if let Some(names) = &mut self.names {
            note_names(names, at, &self.list[at]);
        }
    }

    /// Whether two resources have the same id now; the first such id.
    pub(crate) fn conflict(&mut self) -> Option<ResourceId> {
        let twice = self.identities().twice()?;
        self.list.get(twice).map(Resource::id)
    }

    /// Takes out what nothing is left of.
    pub(crate) fn drop_gone(&mut self) {
        if self.list.iter().any(Resource::is_gone) {
            self.all_mut().retain(|resource| !resource.is_gone());
        }
    }

    /// The places of resources that have or had a name, in order; there can be others among them.
    pub(crate) fn with_any_name(&mut self, name: &str) -> Vec<usize> {
        self.names().get(name).cloned().unwrap_or_default()
    }

    /// The same of the names that begin with `prefix` and are as `is_wanted` says.
    pub(crate) fn with_names(&mut self, prefix: &str, is_wanted: impl Fn(&str) -> bool) -> Vec<usize> {
        let from = (Bound::Included(prefix), Bound::Unbounded);
        let names = self.names().range::<str, _>(from).take_while(|(name, _)| name.starts_with(prefix));
        let wanted = names.filter(|(name, _)| is_wanted(name));
        let mut found: Vec<usize> = wanted.flat_map(|(_, places)| places.iter().copied()).collect();
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

    fn identities(&mut self) -> &mut Identities {
        let list = &self.list;
        self.identities.get_or_insert_with(|| {
            let mut identities = Identities::default();
            list.iter().enumerate().for_each(|(at, resource)| identities.note(at, resource));
            identities
        })
    }

    fn names(&mut self) -> &BTreeMap<Arc<str>, Vec<usize>> {
        let list = &self.list;
        self.names.get_or_insert_with(|| {
            let mut names = BTreeMap::new();
            list.iter().enumerate().for_each(|(at, resource)| note_names(&mut names, at, resource));
            names
        })
    }
}

fn note_names(names: &mut BTreeMap<Arc<str>, Vec<usize>>, at: usize, resource: &Resource) {
    let mut note = |name: &str| match names.get_mut(name) {
        Some(places) => {
            if let Err(place) = places.binary_search(&at) {
                places.insert(place, at);
            }
        }
        None => {
            names.insert(Arc::from(name), vec![at]);
        }
    };
    note(resource.name());
    resource.past.previous.iter().for_each(|previous| note(&previous.name));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config_maps(names: &[&str]) -> Resources {
        let object = |name: &&str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n");
        let text = names.iter().map(object).collect::<Vec<_>>().join("---\n");
        let mut resources = Resources::default();
        *resources.all_mut() = crate::read::parse(text.as_bytes()).expect("objects");
        resources
    }

    fn rename(resources: &mut Resources, at: usize, name: &str) {
        resources.one_mut(at).remember_id();
        resources.one_mut(at).set_name(name);
        resources.renamed(at);
    }

    #[test]
    fn a_conflict_comes_and_goes_with_the_names_of_single_resources() {
        let mut resources = config_maps(&["a", "b", "c"]);
        let conflict = |resources: &mut Resources| resources.conflict().map(|id| id.name.to_string());
        assert_eq!(conflict(&mut resources), None);
        rename(&mut resources, 2, "b");
        assert_eq!(conflict(&mut resources).as_deref(), Some("b"));
        rename(&mut resources, 1, "a");
        assert_eq!(conflict(&mut resources).as_deref(), Some("a"));
        rename(&mut resources, 0, "b");
        assert_eq!(conflict(&mut resources).as_deref(), Some("b"));
        rename(&mut resources, 2, "c");
        assert_eq!(conflict(&mut resources), None);
        *resources.one_mut(0) = Resource::new(yaml::node::Node::null());
        resources.renamed(0);
        rename(&mut resources, 1, "b");
        assert_eq!(conflict(&mut resources), None);
    }

    /// Whatever is renamed, the ids that are kept are those that a look at all resources gives.
    #[test]
    fn ids_that_are_kept_are_those_of_the_resources() {
        let mut resources = config_maps(&["a", "b", "c", "d", "a", "c"]);
        let mut state = 1_u32;
        for _ in 0..500 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (at, name) =
                ((state >> 8) as usize % 6, ["a", "b", "c", "d", "e"][(state >> 16) as usize % 5]);
            let kept = resources.conflict();
            assert!(resources.identities.is_some());
            rename(&mut resources, at, name);
            assert!(resources.identities.is_some(), "one change must not throw away what is known of all");
            let mut anew = Resources::default();
            anew.all_mut().clone_from(&resources.list);
            assert_eq!(resources.conflict(), anew.conflict(), "after {kept:?}");
        }
    }

    #[test]
    fn resources_are_found_in_order_by_each_name_they_had() {
        let mut resources = config_maps(&["a", "b", "ab"]);
        assert_eq!(resources.with_any_name("a"), [0]);
        rename(&mut resources, 1, "a");
        rename(&mut resources, 1, "b");
        rename(&mut resources, 1, "a");
        assert_eq!((resources.with_any_name("a"), resources.with_any_name("b")), (vec![0, 1], vec![1]));
        assert_eq!(resources.with_names("a", |_| true), [0, 1, 2]);
        assert_eq!(resources.with_names("", |name| name != "a"), [1, 2]);
    }
}
