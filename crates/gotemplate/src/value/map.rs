//! Go's maps with string keys: shared, and changed in place by `set`, `unset` and `merge`.

use std::cell::{Ref, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use super::{Str, Value, drop_flat};

/// The static type of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapType {
    /// `map[string]interface {}`
    Any,
    /// `map[string]string`
    Strings,
    /// A named type of `map[string]interface {}`, such as `common.Values`.
    Named(&'static str),
}

impl MapType {
    /// As Go's `%T` prints it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "map[string]interface {}",
            Self::Strings => "map[string]string",
            Self::Named(name) => name,
        }
    }
}

/// A map. Clones share the entries: what is set through one is seen through all.
///
/// Entries are kept in key order, which is the order in which templates, JSON and YAML see them.
#[derive(Clone)]
pub struct Map(Rc<Cell>);

/// A map that is not kept alive.
pub(crate) struct WeakMap(Weak<Entries>);

struct Cell {
    map_type: MapType,
    is_nil: bool,
    entries: Rc<Entries>,
}

/// The entries themselves, which maps of several types may share.
#[derive(Default)]
struct Entries(RefCell<BTreeMap<Str, Value>>);

impl Map {
    /// An empty map of the given type.
    pub fn new(map_type: MapType) -> Self {
        Self::of(map_type, BTreeMap::new())
    }

    /// A map of the given entries.
    pub fn of(map_type: MapType, entries: BTreeMap<Str, Value>) -> Self {
        Self(Rc::new(Cell { map_type, is_nil: false, entries: Rc::new(Entries(RefCell::new(entries))) }))
    }

    /// The nil map of a type: empty, `null` as JSON, and nothing can be put into it.
    pub fn nil(map_type: MapType) -> Self {
        Self(Rc::new(Cell { map_type, is_nil: true, entries: Rc::default() }))
    }

    /// The same entries as a map of another type: what is set through one is seen through the other.
    #[must_use]
    pub fn retyped(&self, map_type: MapType) -> Self {
        if self.map_type() == map_type {
            return self.clone();
        }
        Self(Rc::new(Cell { map_type, is_nil: self.is_nil(), entries: self.0.entries.clone() }))
    }

    /// Whether it is the nil map.
    pub fn is_nil(&self) -> bool {
        self.0.is_nil
    }

    /// The static type.
    pub fn map_type(&self) -> MapType {
        self.0.map_type
    }

    /// The entries in key order.
    pub fn entries(&self) -> Ref<'_, BTreeMap<Str, Value>> {
        self.0.entries.0.borrow()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    /// The value of a key.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<Value> {
        self.entries().get(key.as_ref()).cloned()
    }

    /// Whether the key is there, whatever its value.
    pub fn contains_key(&self, key: impl AsRef<[u8]>) -> bool {
        self.entries().contains_key(key.as_ref())
    }

    /// Puts a value under a key, for everybody who holds the map.
    /// A nil map stays empty.
    pub fn insert(&self, key: impl Into<Str>, value: impl Into<Value>) {
        if self.0.is_nil {
            return;
        }
        let replaced = self.0.entries.0.borrow_mut().insert(key.into(), value.into());
        // The old value may hold this very map, so it is let go after the borrow.
        drop(replaced);
    }

    /// Takes a key out, for everybody who holds the map.
    pub fn remove(&self, key: impl AsRef<[u8]>) -> Option<Value> {
        self.0.entries.0.borrow_mut().remove(key.as_ref())
    }

    /// Whether both are the same map.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0.entries, &other.0.entries)
    }

    /// An address for telling cycles.
    pub(crate) fn address(&self) -> usize {
        Rc::as_ptr(&self.0.entries) as usize
    }

    pub(crate) fn downgrade(&self) -> WeakMap {
        WeakMap(Rc::downgrade(&self.0.entries))
    }

    /// The entries, where nobody else holds the map.
    pub(super) fn into_unshared(self) -> Option<BTreeMap<Str, Value>> {
        let cell = Rc::try_unwrap(self.0).ok()?;
        let mut entries = Rc::try_unwrap(cell.entries).ok()?;
        Some(std::mem::take(entries.0.get_mut()))
    }
}

impl WeakMap {
    /// Empties the map if it still exists, which breaks every cycle through it.
    pub(crate) fn clear(&self) {
        if let Some(entries) = self.0.upgrade() {
            let taken = std::mem::take(&mut *entries.0.borrow_mut());
            drop_flat(taken.into_values());
        }
    }
}

impl Drop for Entries {
    fn drop(&mut self) {
        drop_flat(std::mem::take(self.0.get_mut()).into_values());
    }
}
