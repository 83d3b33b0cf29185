//! Go's slices, shared by reference.

use std::cell::{Ref, RefCell};
use std::ops::Range;
use std::rc::Rc;

use super::{Value, drop_flat};

/// The static type of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListType {
    /// `[]interface {}`
    Any,
    /// `[]string`
    Strings,
    /// `[]int`
    Ints,
    /// `[][]interface {}`
    Lists,
    /// `[]map[string]interface {}`
    Maps,
}

impl ListType {
    /// As Go's `%T` prints it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "[]interface {}",
            Self::Strings => "[]string",
            Self::Ints => "[]int",
            Self::Lists => "[][]interface {}",
            Self::Maps => "[]map[string]interface {}",
        }
    }
}

/// A slice. Clones share the elements.
#[derive(Clone)]
pub struct List(Rc<Cell>);

struct Cell {
    list_type: ListType,
    is_nil: bool,
    items: Items,
}

enum Items {
    Own(RefCell<Vec<Value>>),
    /// Some of those of another slice, which has elements of its own.
    Shared(List, Range<usize>),
}

impl List {
    /// A slice of the given type.
    pub fn new(list_type: ListType, items: Vec<Value>) -> Self {
        Self(Rc::new(Cell { list_type, is_nil: false, items: Items::Own(RefCell::new(items)) }))
    }

    /// The nil slice of a type: empty, and `null` as JSON.
    pub fn nil(list_type: ListType) -> Self {
        Self(Rc::new(Cell { list_type, is_nil: true, items: Items::Own(RefCell::default()) }))
    }

    /// A slice of some of the elements, which both share.
    pub(crate) fn part(&self, range: Range<usize>) -> Self {
        let items = match &self.0.items {
            Items::Own(_) => Items::Shared(self.clone(), range),
            Items::Shared(whole, own) => {
                Items::Shared(whole.clone(), own.start + range.start..own.start + range.end)
            }
        };
        Self(Rc::new(Cell { list_type: self.list_type(), is_nil: false, items }))
    }

    /// The static type.
    pub fn list_type(&self) -> ListType {
        self.0.list_type
    }

    /// Whether it is the nil slice.
    pub fn is_nil(&self) -> bool {
        self.0.is_nil
    }

    /// The elements.
    pub fn items(&self) -> Ref<'_, [Value]> {
        match &self.0.items {
            Items::Own(items) => Ref::map(items.borrow(), Vec::as_slice),
            Items::Shared(whole, range) => Ref::map(whole.items(), |items| &items[range.clone()]),
        }
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.items().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items().is_empty()
    }

    /// The element at a place.
    pub fn get(&self, at: usize) -> Option<Value> {
        self.items().get(at).cloned()
    }

    /// Sorts the shared elements, as `sortAlpha` does to a `[]string`.
    pub(crate) fn sort_by(&self, order: impl FnMut(&Value, &Value) -> std::cmp::Ordering) {
        match &self.0.items {
            Items::Own(items) => items.borrow_mut().sort_by(order),
            Items::Shared(whole, range) => {
                if let Items::Own(items) = &whole.0.items {
                    items.borrow_mut()[range.clone()].sort_by(order);
                }
            }
        }
    }

    /// Whether both are the same slice.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// An address for telling cycles.
    pub(crate) fn address(&self) -> usize {
        Rc::as_ptr(&self.0) as usize
    }

    /// The elements, where nobody else holds the slice.
    pub(super) fn into_unshared(self) -> Option<Vec<Value>> {
        let mut cell = Rc::try_unwrap(self.0).ok()?;
        match std::mem::replace(&mut cell.items, Items::Own(RefCell::default())) {
            Items::Own(items) => Some(items.into_inner()),
            Items::Shared(whole, _) => whole.into_unshared(),
        }
    }
}

impl Drop for Cell {
    fn drop(&mut self) {
        if let Items::Own(items) = &mut self.items {
            drop_flat(items.get_mut().drain(..));
        }
    }
}
