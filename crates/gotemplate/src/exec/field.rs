//! Fields, keys and methods.

use super::call::{Callable, Words};
use super::{Exec, Result, Slot};
use crate::node::{Id, Kind};
use crate::print;
use crate::set::MissingKey;
use crate::value::{Kind as ValueKind, MapType, Str, Value};

impl<'t> Exec<'t, '_, '_> {
    pub(super) fn eval_chain_node(
        &mut self,
        id: Id,
        node: Id,
        fields: &'t [Str],
        words: Words<'_, 't>,
    ) -> Result<Slot> {
        self.at(id);
        let receiver = match self.kind(node) {
            Kind::Nil => {
                return self.fail(format!("indirection through explicit nil in {}", self.print(id)));
            }
            _ => {
                self.at(node);
                self.eval_untyped(words.dot, node)?
            }
        };
        self.eval_chain(receiver, id, fields, words)
    }

    /// `.X.Y.Z`, of which the last may be a method with arguments.
    pub(super) fn eval_chain(
        &mut self,
        mut receiver: Slot,
        id: Id,
        fields: &'t [Str],
        words: Words<'_, 't>,
    ) -> Result<Slot> {
        let Some((last, first)) = fields.split_last() else { return Ok(receiver) };
        for field in first {
            receiver = self.eval_field(receiver, id, field, Words::none(words.dot))?;
        }
        self.eval_field(receiver, id, last, words)
    }

    fn eval_field(&mut self, receiver: Slot, id: Id, name: &'t Str, words: Words<'_, 't>) -> Result<Slot> {
        if receiver.value.is_nil() {
            return self.field_of_nil(&receiver, name);
        }
        if let Some(method) = Callable::method(&receiver.value, name) {
            return self.call_method(words.call(id), &receiver.value, method);
        }
        let has_arguments = words.ids.len() > 1 || words.last.is_some();
        match &receiver.value {
            Value::Map(map) => {
                if has_arguments {
                    return self.fail(format!("{name} is not a method but has arguments"));
                }
                let is_strings = map.map_type() == MapType::Strings;
                let source = match &mut self.run.recorder {
                    Some(recorder) => recorder.read(map, name, receiver.source.as_ref()),
                    None => None,
                };
                match map.entries().get(name.as_bytes()) {
                    Some(value) => Ok(Slot { source, ..Slot::of(value.clone(), !is_strings) }),
                    None if is_strings => self.missing(name, Slot::concrete(Value::from(""))),
                    None => self.missing(name, Slot::interface(Value::Nil)),
                }
            }
            Value::Object(object) if object.kind() == ValueKind::Map => {
                if has_arguments {
                    return self.fail(format!("{name} is not a method but has arguments"));
                }
                let is_interface = object.element_type() == "interface {}";
                match object.field(name) {
                    Some(value) => Ok(Slot::of(value, is_interface)),
                    None if is_interface => self.missing(name, Slot::interface(Value::Nil)),
                    None => self.missing(name, Slot::concrete(Value::Bytes(Str::default()))),
                }
            }
            Value::Object(object) => match object.field(name) {
                Some(_) if has_arguments => {
                    self.fail(format!("{name} has arguments but cannot be invoked as function"))
                }
                Some(value) => Ok(Slot::concrete(value)),
                None if object.entries().iter().any(|(field, _)| field == name) => {
                    let struct_type = receiver.type_name();
                    self.fail(format!("{name} is an unexported field of struct type {struct_type}"))
                }
                None => self.no_field(&receiver, name),
            },
            _ => self.no_field(&receiver, name),
        }
    }

    fn field_of_nil(&self, receiver: &Slot, name: &Str) -> Result<Slot> {
        if receiver.is_interface {
            return self.fail(format!("nil pointer evaluating interface {{}}.{name}"));
        }
        if self.missing_key() == MissingKey::Error {
            return self.fail(format!("nil data; no entry for key {}", print::quote(name)));
        }
        Ok(Slot::nothing())
    }

    fn missing(&self, name: &Str, zero: Slot) -> Result<Slot> {
        match self.missing_key() {
            MissingKey::Default => Ok(Slot::nothing()),
            MissingKey::Zero => Ok(zero),
            MissingKey::Error => self.fail(format!("map has no entry for key {}", print::quote(name))),
        }
    }

    fn no_field(&self, receiver: &Slot, name: &Str) -> Result<Slot> {
        self.fail(format!("can't evaluate field {name} in type {}", receiver.type_name()))
    }
}
