//! Calls: counting, evaluating and checking arguments as Go does by reflection.

use super::{Exec, RED_ZONE, Result, STACK, Slot};
use crate::error::Cause;
use crate::function::{Failure, Function, Param};
use crate::functions::chart_values::{self, MapMethod};
use crate::functions::durations::{self, IntMethod};
use crate::node::{Id, Kind};
use crate::value::{IntType, List, ListType, Map, MapType, Method, Value};

/// A call as it is written.
pub(super) struct Call<'a, 't> {
    pub(super) dot: &'a Slot,
    /// The node that a failure of the callee points at.
    pub(super) node: Id,
    /// The arguments, without the callee.
    pub(super) arguments: &'t [Id],
    /// What the pipeline passes on.
    pub(super) last: Option<Slot>,
}

/// The words of a command, the callee first, and what the pipeline passes on; no words where a node stands
/// alone.
pub(super) struct Words<'a, 't> {
    pub(super) dot: &'a Slot,
    pub(super) ids: &'t [Id],
    pub(super) last: Option<Slot>,
}

impl<'a, 't> Words<'a, 't> {
    pub(super) fn none(dot: &'a Slot) -> Self {
        Self { dot, ids: &[], last: None }
    }

    /// The call that they are, blamed on a node.
    pub(super) fn call(self, node: Id) -> Call<'a, 't> {
        Call { dot: self.dot, node, arguments: self.ids.get(1..).unwrap_or_default(), last: self.last }
    }
}

/// A method found by name.
pub(super) enum Callable {
    Object(&'static Method),
    Int(&'static IntMethod),
    Map(&'static MapMethod),
}

impl Callable {
    pub(super) fn method(receiver: &Value, name: &[u8]) -> Option<Self> {
        match receiver {
            Value::Object(object) => object.method(name).map(Self::Object),
            Value::Map(map) => chart_values::map_method(map, name).map(Self::Map),
            Value::Int(_, int_type) => durations::int_method(*int_type, name).map(Self::Int),
            _ => None,
        }
    }
}

impl<'t> Exec<'t, '_, '_> {
    pub(super) fn call_function(&mut self, call: Call<'_, 't>, function: &'static Function) -> Result<Slot> {
        let node = call.node;
        let arguments = self.arguments(call, function.name, function.params)?;
        self.pay_for_reading(arguments.iter())?;
        let outcome = (function.call)(self.run, &arguments);
        self.returned(node, function.name, arguments, outcome)
    }

    pub(super) fn call_method(
        &mut self,
        call: Call<'_, 't>,
        receiver: &Value,
        method: Callable,
    ) -> Result<Slot> {
        let node = call.node;
        match (method, receiver) {
            (Callable::Object(method), Value::Object(object)) => {
                if let Some(problem) = object.uncallable(method) {
                    self.check_count(&call, method.name, method.params)?;
                    return self.fail(problem);
                }
                let arguments = self.arguments(call, method.name, method.params)?;
                let outcome = object.call(method, &arguments, self.run);
                self.returned(node, method.name, arguments, outcome)
            }
            (Callable::Int(method), Value::Int(number, _)) => {
                let arguments = self.arguments(call, method.name, method.params)?;
                let outcome = (method.call)(*number, &arguments);
                self.returned(node, method.name, arguments, outcome)
            }
            (Callable::Map(method), Value::Map(map)) => {
                let arguments = self.arguments(call, method.name, method.params)?;
                let outcome = (method.call)(map, &arguments, self.run);
                self.returned(node, method.name, arguments, outcome)
            }
            _ => unreachable!("a method is found for the receiver that it is called on"),
        }
    }

    /// Long texts are read by whoever gets them, which takes as long as so many steps.
    pub(super) fn pay_for_reading<'v>(&mut self, values: impl Iterator<Item = &'v Value>) -> Result<()> {
        const BYTES_OF_A_STEP: usize = 64;
        let bytes: usize = values.filter_map(Value::as_str).map(|text| text.len()).sum();
        if bytes < BYTES_OF_A_STEP {
            return Ok(());
        }
        match self.run.steps_at_once((bytes / BYTES_OF_A_STEP) as u64) {
            Ok(()) => Ok(()),
            Err(limit) => self.limit(limit),
        }
    }

    fn returned(
        &mut self,
        node: Id,
        name: &str,
        mut arguments: Vec<Value>,
        outcome: std::result::Result<Value, Failure>,
    ) -> Result<Slot> {
        arguments.clear();
        self.run.spare.push(arguments);
        match outcome {
            // What comes back may be a text that was made just now, whatever the function is.
            Ok(value) => match self.run.charge(value.as_str().map_or(0, |text| text.len())) {
                Ok(()) => Ok(Slot::concrete(value)),
                Err(limit) => self.limit(limit),
            },
            Err(failure) => {
                self.at(node);
                Err(self.error(Cause::Call { function: name.to_owned(), failure }))
            }
        }
    }

    /// The checked arguments, in a list that is given back afterwards.
    pub(super) fn arguments(
        &mut self,
        call: Call<'_, 't>,
        name: &str,
        params: &'static [Param],
    ) -> Result<Vec<Value>> {
        self.check_count(&call, name, params)?;
        let mut values = self.run.spare.pop().unwrap_or_default();
        for (at, argument) in call.arguments.iter().enumerate() {
            let value = self.eval_argument(call.dot, param_at(params, at), *argument)?;
            values.push(value);
        }
        if let Some(last) = call.last {
            let value = self.validate(last, param_at(params, values.len()))?;
            values.push(value);
        }
        Ok(values)
    }

    fn check_count(&self, call: &Call<'_, 't>, name: &str, params: &[Param]) -> Result<()> {
        let given = call.arguments.len() + usize::from(call.last.is_some());
        if let Some(Param::Variadic(_)) = params.last() {
            let fixed = params.len() - 1;
            if given < fixed {
                let given = call.arguments.len();
                return self
                    .fail(format!("wrong number of args for {name}: want at least {fixed} got {given}"));
            }
        } else if given != params.len() {
            let wanted = params.len();
            return self.fail(format!("wrong number of args for {name}: want {wanted} got {given}"));
        }
        Ok(())
    }

    pub(super) fn eval_argument(&mut self, dot: &Slot, param: Param, id: Id) -> Result<Value> {
        self.at(id);
        match self.kind(id) {
            Kind::Dot => {
                self.read_again(dot);
                self.validate(dot.clone(), param)
            }
            Kind::Nil => match param {
                Param::Any => Ok(Value::Nil),
                Param::Object(pointer) if pointer.starts_with('*') => Ok(Value::Nil),
                Param::Map => Ok(Value::Map(Map::nil(MapType::Any))),
                Param::List => Ok(Value::List(List::nil(ListType::Any))),
                _ => self.fail(format!("cannot assign nil to {}", param.type_name())),
            },
            Kind::Field(_)
            | Kind::Variable(_)
            | Kind::Pipe(_)
            | Kind::Identifier { .. }
            | Kind::Chain { .. } => {
                let value = self.eval_untyped(dot, id)?;
                self.validate(value, param)
            }
            _ => self.eval_constant(dot, param, id),
        }
    }

    /// A node that is no constant, whatever its type.
    pub(super) fn eval_untyped(&mut self, dot: &Slot, id: Id) -> Result<Slot> {
        match self.kind(id) {
            Kind::Field(idents) => {
                self.at(id);
                self.eval_chain(dot.clone(), id, self.template.names(*idents), Words::none(dot))
            }
            Kind::Variable(idents) => self.eval_variable(id, self.template.names(*idents), Words::none(dot)),
            Kind::Pipe(_) => stacker::maybe_grow(RED_ZONE, STACK, || self.eval_pipeline(dot, id)),
            Kind::Identifier { callee, .. } => self.eval_function(id, *callee, id, Words::none(dot)),
            Kind::Chain { node, fields } => {
                self.eval_chain_node(id, *node, self.template.names(*fields), Words::none(dot))
            }
            _ => self.constant(dot, id),
        }
    }

    fn eval_constant(&mut self, dot: &Slot, param: Param, id: Id) -> Result<Value> {
        let kind = self.kind(id);
        let (value, wanted) = match (param, kind) {
            (Param::Any, _) => return Ok(self.constant(dot, id)?.value),
            (Param::Bool, Kind::Bool(value)) => (Some(Value::Bool(*value)), "bool"),
            (Param::Bool, _) => (None, "bool"),
            (Param::String, Kind::String { text, .. }) => (Some(Value::String(text.clone())), "string"),
            (Param::String, _) => (None, "string"),
            (Param::Int, Kind::Number(number)) => (number.int.map(Value::int), "integer"),
            (Param::Duration, Kind::Number(number)) => (number.int.map(Value::duration), "integer"),
            (Param::Int | Param::Duration, _) => (None, "integer"),
            (Param::Uint32, Kind::Number(number)) => {
                let value = number.uint.map(|uint| Value::int(i64::from(uint as u32)));
                (value, "unsigned integer")
            }
            (Param::Uint32, _) => (None, "unsigned integer"),
            (Param::Float, Kind::Number(number)) => (number.float.map(Value::Float), "float"),
            (Param::Float, _) => (None, "float"),
            _ => {
                let shown = self.print(id);
                return self.fail(format!("can't handle {shown} for arg of type {}", param.type_name()));
            }
        };
        match value {
            Some(value) => Ok(value),
            None => self.fail(format!("expected {wanted}; found {}", self.print(id))),
        }
    }

    /// Whether a value may be given for a parameter.
    pub(super) fn validate(&self, slot: Slot, param: Param) -> Result<Value> {
        let wanted = param.type_name();
        if slot.is_invalid() {
            return match param {
                Param::Any => Ok(Value::Nil),
                Param::Map => Ok(Value::Map(Map::nil(MapType::Any))),
                Param::List => Ok(Value::List(List::nil(ListType::Any))),
                _ => self.fail(format!("invalid value; expected {wanted}")),
            };
        }
        if is_assignable(&slot.value, param) {
            return Ok(match (slot.value, param) {
                // A named map type becomes the parameter's.
                (Value::Map(map), Param::Map) => Value::Map(map.retyped(MapType::Any)),
                (Value::Object(object), _) => object.passed().unwrap_or(Value::Object(object)),
                (value, _) => value,
            });
        }
        let got = if slot.value.is_nil() { "interface {}" } else { slot.value.type_name() };
        self.fail(format!("wrong type for value; expected {wanted}; got {got}"))
    }
}

fn param_at(params: &[Param], at: usize) -> Param {
    match params.get(at).or(params.last()) {
        Some(Param::Variadic(element)) => **element,
        Some(param) => *param,
        None => Param::Any,
    }
}

fn is_assignable(value: &Value, param: Param) -> bool {
    match param {
        Param::Any => true,
        Param::Bool => matches!(value, Value::Bool(_)),
        Param::Int => matches!(value, Value::Int(_, IntType::Int)),
        Param::Uint32 => false,
        Param::Float => matches!(value, Value::Float(_)),
        Param::String => matches!(value, Value::String(_)),
        Param::Map => value.as_map().is_some_and(|map| map.map_type() != MapType::Strings),
        Param::List => value.as_list().is_some_and(|list| list.list_type() == ListType::Any),
        Param::Object(name) => matches!(value, Value::Object(object) if object.type_name() == name),
        Param::Duration => matches!(value, Value::Int(_, IntType::Duration)),
        Param::Variadic(element) => is_assignable(value, *element),
    }
}
