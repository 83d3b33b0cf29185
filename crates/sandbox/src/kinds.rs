//! Which kinds are served: the built-in ones and those of CustomResourceDefinitions.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use apimachinery::builtin::{self, Subresource};
use apimachinery::gvk::GroupVersionKind;
use apimachinery::schema::Schema;
use value::Value;

use crate::status::ResourceName;

mod conversion;
mod custom;
mod facts;

pub(crate) use custom::{Column, Custom, ScalePaths, is_established, storage_version};
pub(crate) use facts::{has_generation, is_inert, known_fields, status_is_writable_on_create};

/// A kind as it is served in one version.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) gvk: GroupVersionKind,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) list_kind: String,
    pub(crate) short_names: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) namespaced: bool,
    pub(crate) verbs: Vec<String>,
    pub(crate) subresources: Vec<Subresource>,
    pub(crate) schema: Schema,
    /// Where objects are kept; all versions of a kind share one table.
    pub(crate) table: Arc<str>,
    /// The version in which objects are kept.
    pub(crate) stored_as: GroupVersionKind,
    /// What only a custom kind has.
    pub(crate) custom: Option<Custom>,
}

impl Kind {
    /// How messages name the resource.
    pub(crate) fn resource(&self) -> ResourceName<'_> {
        ResourceName { group: &self.gvk.group, plural: &self.plural }
    }

    pub(crate) fn allows(&self, verb: &str) -> bool {
        self.verbs.iter().any(|known| known == verb)
    }

    pub(crate) fn subresource(&self, name: &str) -> Option<&Subresource> {
        self.subresources.iter().find(|subresource| subresource.name == name)
    }

    /// Whether `status` is written by its own subresource only.
    pub(crate) fn has_status(&self) -> bool {
        self.subresource("status").is_some()
    }

    /// Whether this is a built-in kind of that name.
    pub(crate) fn is(&self, group: &str, kind: &str) -> bool {
        self.custom.is_none() && self.gvk.group == group && self.gvk.kind == kind
    }

    /// A kept object as this version shows it.
    pub(crate) fn show(&self, object: &Value) -> Value {
        conversion::convert(object, &self.stored_as, &self.gvk)
    }

    /// An object of this version as it is kept.
    pub(crate) fn store(&self, object: &Value) -> Value {
        conversion::convert(object, &self.gvk, &self.stored_as)
    }

    fn builtin(resource: &builtin::Resource) -> Self {
        let gvk = resource.gvk.clone();
        let stored_as = facts::stored_as(&gvk);
        let name = ResourceName { group: &stored_as.group, plural: &resource.plural };
        Self {
            table: name.to_string().into(),
            stored_as,
            plural: resource.plural.clone(),
            singular: resource.singular.clone(),
            list_kind: format!("{}List", gvk.kind),
            short_names: resource.short_names.clone(),
            categories: resource.categories.clone(),
            namespaced: resource.namespaced,
            verbs: resource.verbs.clone(),
            subresources: resource.subresources.clone(),
            schema: builtin::schema(&gvk).unwrap_or_else(Schema::anything),
            gvk,
            custom: None,
        }
    }
}

/// All kinds that are served now.
#[derive(Default)]
pub(crate) struct Kinds {
    by_resource: HashMap<Route, Arc<Kind>>,
    /// Built-in kinds in discovery's order.
    builtin: Vec<Arc<Kind>>,
    /// Custom kinds by the name of their definition.
    custom: BTreeMap<String, Vec<Arc<Kind>>>,
}

#[derive(PartialEq, Eq, Hash)]
struct Route {
    group: String,
    version: String,
    plural: String,
}

impl Route {
    fn of(kind: &Kind) -> Self {
        Self::new(&kind.gvk.group, &kind.gvk.version, &kind.plural)
    }

    fn new(group: &str, version: &str, plural: &str) -> Self {
        Self { group: group.to_owned(), version: version.to_owned(), plural: plural.to_owned() }
    }
}

impl Kinds {
    /// The kinds that every cluster has.
    pub(crate) fn builtin() -> Self {
        let builtin: Vec<_> =
            builtin::resources().iter().map(|resource| Arc::new(Kind::builtin(resource))).collect();
        let by_resource = builtin.iter().map(|kind| (Route::of(kind), kind.clone())).collect();
        Self { by_resource, builtin, custom: BTreeMap::new() }
    }

    /// The kind of a resource in a path.
    pub(crate) fn find(&self, group: &str, version: &str, plural: &str) -> Option<Arc<Kind>> {
        self.by_resource.get(&Route::new(group, version, plural)).cloned()
    }

    /// A kind by its own name.
    pub(crate) fn of_kind(&self, gvk: &GroupVersionKind) -> Option<Arc<Kind>> {
        self.all().find(|kind| kind.gvk == *gvk).cloned()
    }

    /// A kind whose objects are in a table, in the version in which they are kept.
    pub(crate) fn of_table(&self, table: &str) -> Option<Arc<Kind>> {
        self.all().find(|kind| *kind.table == *table && kind.gvk == kind.stored_as).cloned()
    }

    /// All kinds: the built-in ones, then the custom ones by name.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Kind>> {
        self.builtin.iter().chain(self.custom.values().flatten())
    }

    /// The custom kinds of one definition.
    pub(crate) fn of_definition(&self, definition: &str) -> &[Arc<Kind>] {
        self.custom.get(definition).map_or(&[], Vec::as_slice)
    }

    /// Serves what a definition says, in the place of what it said before. A definition that is not
    /// established serves nothing.
    pub(crate) fn define(&mut self, definition: &Value) {
        let name = apimachinery::object::name(definition).unwrap_or_default().to_owned();
        self.forget(&name);
        if !is_established(definition) {
            return;
        }
        let kinds: Vec<_> = custom::kinds(definition).into_iter().map(Arc::new).collect();
        for kind in &kinds {
            self.by_resource.insert(Route::of(kind), kind.clone());
        }
        self.custom.insert(name, kinds);
    }

    /// Serves the kinds of a definition no more.
    pub(crate) fn forget(&mut self, definition: &str) {
        for kind in self.custom.remove(definition).into_iter().flatten() {
            self.by_resource.remove(&Route::of(&kind));
        }
    }
}
