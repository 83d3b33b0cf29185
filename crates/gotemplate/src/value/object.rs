//! Values that have methods.

use crate::function::{Failure, Param};
use crate::run::Run;

use super::{Kind, Str, Value};

/// A Go value of a named type with fields and methods, such as `.Files`, `.Capabilities` or a time.
pub trait Object {
    /// As Go's `%T` prints it, such as `engine.files`.
    fn type_name(&self) -> &str;

    /// Go's kind: [`Kind::Struct`] and [`Kind::Ptr`] resolve names as fields, [`Kind::Map`] as keys,
    /// [`Kind::Slice`] has elements.
    fn kind(&self) -> Kind {
        Kind::Struct
    }

    /// The method of this name.
    fn method(&self, _name: &[u8]) -> Option<&'static Method> {
        None
    }

    /// Calls a method that [`Object::method`] named, with checked arguments.
    ///
    /// # Errors
    /// The method's own failure.
    fn call(
        &self,
        method: &'static Method,
        _arguments: &[Value],
        _run: &mut Run<'_>,
    ) -> Result<Value, Failure> {
        Err(Failure::message(format!("{} has no method {}", self.type_name(), method.name)))
    }

    /// The exported field of this name; the value of a key for a map.
    fn field(&self, _name: &[u8]) -> Option<Value> {
        None
    }

    /// The entries of a map in key order, the fields of a struct in order of declaration (also those that
    /// are not exported, which only printing shows), or the elements of a slice (without keys).
    fn entries(&self) -> Vec<(Str, Value)> {
        Vec::new()
    }

    /// The entries without the fields of a struct that are not exported.
    fn exported(&self) -> Vec<(Str, Value)> {
        let mut entries = self.entries();
        if matches!(self.kind(), Kind::Struct | Kind::Ptr) {
            entries.retain(|(name, _)| name.first().is_some_and(u8::is_ascii_uppercase));
        }
        entries
    }

    /// The entries as JSON has them, in this order.
    fn json_entries(&self) -> Vec<(Str, Value)> {
        self.exported()
    }

    /// What a function gets to which a struct is passed, where its methods are those of a pointer: Go finds
    /// them only while the struct is where it was.
    fn passed(&self) -> Option<Value> {
        None
    }

    /// The type of a map's values or a slice's elements; `interface {}` values are told apart by it.
    fn element_type(&self) -> &str {
        "interface {}"
    }

    /// What `String()` or `Error()` gives, for types that have one of them.
    fn string(&self) -> Option<Str> {
        None
    }

    /// What `GoString()` gives for `%#v`, for types that have it.
    fn go_string(&self) -> Option<Str> {
        None
    }

    /// What Go's templates say of a method that they cannot call, since it has several results.
    fn uncallable(&self, _method: &'static Method) -> Option<String> {
        None
    }

    /// What `MarshalJSON` gives (as the value that the JSON says), for types that have it.
    fn json(&self) -> Option<Value> {
        None
    }

    /// Go's `==` of two values of this type.
    fn equals(&self, _other: &dyn Object) -> bool {
        false
    }

    /// For functions that take this very type.
    fn as_any(&self) -> &dyn std::any::Any;
}

/// A method's name and signature.
#[derive(Debug)]
pub struct Method {
    /// The name.
    pub name: &'static str,
    /// The types of its parameters.
    pub params: &'static [Param],
}
