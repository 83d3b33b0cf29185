//! Execution. What is evaluated when, and which node is blamed, follows Go's `text/template/exec.go`.

mod builtin;
mod call;
mod compare;
mod field;
mod index;
mod walk;

use std::rc::Rc;

pub(crate) use builtin::Builtin;

use crate::error::{Cause, Error, ExecError, Limit};
use crate::node::{Callee, Id, Kind, Pipe};
use crate::parse::Number;
use crate::record::{Recorder, Source};
use crate::run::Run;
use crate::set::{MissingKey, Set};
use crate::template::Template;
use crate::value::{Str, Value};
use call::Words;

type Result<T> = std::result::Result<T, Box<ExecError>>;

/// Stack that must be left before a template, a block or a pipeline is entered, and what is added.
const RED_ZONE: usize = 192 * 1024;
const STACK: usize = 4 * 1024 * 1024;

/// A value and whether its static type is `interface {}`, as that of a map's or a list's element.
///
/// The two nils of Go differ: no value at all (`Nil`, not an interface) lets fields pass, a nil in an
/// interface is the "nil pointer evaluating interface {}".
#[derive(Clone)]
pub(crate) struct Slot {
    pub(crate) value: Value,
    pub(crate) is_interface: bool,
    /// What it was made of, where that is recorded.
    source: Option<Source>,
}

impl Slot {
    fn concrete(value: Value) -> Self {
        Self::of(value, false)
    }

    fn interface(value: Value) -> Self {
        Self::of(value, true)
    }

    fn of(value: Value, is_interface: bool) -> Self {
        Self { value, is_interface, source: None }
    }

    fn nothing() -> Self {
        Self::concrete(Value::Nil)
    }

    /// No value at all, not even nil.
    fn is_invalid(&self) -> bool {
        !self.is_interface && self.value.is_nil()
    }

    /// The static type.
    fn type_name(&self) -> &str {
        if self.is_interface { "interface {}" } else { self.value.type_name() }
    }
}

/// Executes a template of the set by name.
pub(crate) fn execute(
    set: &Set,
    name: &[u8],
    data: &Value,
    run: &mut Run<'_>,
) -> std::result::Result<(), Error> {
    let Some(template) = set.lookup(name).cloned() else {
        let name = String::from_utf8_lossy(name).into_owned();
        return Err(Error::NoTemplate(name, set.name().to_owned()));
    };
    execute_template(set, &template, data, run)
}

/// Executes a template with the set as the one that `include` and `tpl` see.
pub(crate) fn execute_template(
    set: &Set,
    template: &Template,
    data: &Value,
    run: &mut Run<'_>,
) -> std::result::Result<(), Error> {
    let outer = run.set.replace(Rc::new(set.clone()));
    let outcome = Exec::new(set, template, data.clone(), run).enter();
    run.set = outer;
    outcome.map_err(Error::Exec)
}

/// Executes what `include` names, in the set of the template that calls it.
pub(crate) fn execute_included(
    set: &Rc<Set>,
    name: &[u8],
    data: &Value,
    run: &mut Run<'_>,
) -> std::result::Result<(), Error> {
    let Some(template) = set.lookup(name) else {
        let name = String::from_utf8_lossy(name).into_owned();
        return Err(Error::NoTemplate(name, set.name().to_owned()));
    };
    Exec::new(set, template, data.clone(), run).enter().map_err(Error::Exec)
}

/// The state of one template's execution.
struct Exec<'t, 'r, 'e> {
    set: &'t Set,
    template: &'t Template,
    run: &'r mut Run<'e>,
    /// The node that errors point at.
    node: Id,
    variables: Vec<(&'t [u8], Slot)>,
    /// Nesting of `{{template}}`, which `include` starts anew.
    depth: usize,
}

/// How a node ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

impl<'t, 'r, 'e> Exec<'t, 'r, 'e> {
    fn new(set: &'t Set, template: &'t Template, data: Value, run: &'r mut Run<'e>) -> Self {
        let variables = vec![(&b"$"[..], Slot::concrete(data))];
        Self { set, template, run, node: template.root, variables, depth: 0 }
    }

    fn enter(mut self) -> Result<()> {
        if self.run.depth >= self.run.limits.depth {
            return self.limit(Limit::Nesting(self.run.limits.depth));
        }
        self.run.depth += 1;
        let dot = self.variables[0].1.clone();
        let outcome = stacker::maybe_grow(RED_ZONE, STACK, || self.walk(&dot, self.template.root));
        self.run.depth -= 1;
        outcome.map(|_| ())
    }

    fn at(&mut self, node: Id) {
        self.node = node;
    }

    fn kind(&self, id: Id) -> &'t Kind {
        &self.template.node(id).kind
    }

    fn print(&self, id: Id) -> String {
        crate::node::print(self.template, id)
    }

    fn fail<T>(&self, message: impl Into<String>) -> Result<T> {
        Err(self.error(Cause::Message(message.into())))
    }

    fn limit<T>(&self, limit: Limit) -> Result<T> {
        Err(self.error(Cause::Limit(limit)))
    }

    #[cold]
    fn error(&self, cause: Cause) -> Box<ExecError> {
        Box::new(ExecError {
            place: self.template.place(self.node),
            executing: self.template.name.to_text().into_owned(),
            cause,
        })
    }

    fn step(&mut self) -> Result<()> {
        match self.run.step() {
            Ok(()) => Ok(()),
            Err(limit) => self.limit(limit),
        }
    }

    // Variables.

    fn variable(&self, name: &[u8]) -> Result<&Slot> {
        match self.variables.iter().rev().find(|(known, _)| *known == name) {
            Some((_, slot)) => Ok(slot),
            None => self.fail(format!("undefined variable: {}", String::from_utf8_lossy(name))),
        }
    }

    fn set_variable(&mut self, name: &[u8], value: Slot) -> Result<()> {
        match self.variables.iter_mut().rev().find(|(known, _)| *known == name) {
            Some((_, slot)) => {
                *slot = value;
                Ok(())
            }
            None => self.fail(format!("undefined variable: {}", String::from_utf8_lossy(name))),
        }
    }

    // What is recorded.

    /// What was read so far.
    fn mark(&self) -> usize {
        self.run.recorder.as_ref().map_or(0, Recorder::mark)
    }

    /// What was read since has done its work.
    fn forget(&mut self, mark: usize) {
        if let Some(recorder) = &mut self.run.recorder {
            recorder.forget(mark);
        }
    }

    fn read_again(&mut self, slot: &Slot) {
        if let Some(recorder) = &mut self.run.recorder {
            recorder.read_again(slot.source.as_ref());
        }
    }

    // Pipelines.

    fn pipe(&self, id: Id) -> &'t Pipe {
        match self.kind(id) {
            Kind::Pipe(pipe) => pipe,
            _ => unreachable!("the parser puts pipelines where pipelines are"),
        }
    }

    /// The name of a declared variable.
    fn declared(&self, pipe: &Pipe, at: usize) -> &'t [u8] {
        match self.kind(self.template.ids(pipe.decl)[at]) {
            Kind::Variable(idents) => &self.template.names(*idents)[0],
            _ => unreachable!("the parser declares variables only"),
        }
    }

    /// The value of a pipeline; what it declares stays on the stack of variables.
    fn eval_pipeline(&mut self, dot: &Slot, id: Id) -> Result<Slot> {
        self.at(id);
        let pipe = self.pipe(id);
        let mark = self.mark();
        let mut value: Option<Slot> = None;
        for command in self.template.ids(pipe.commands) {
            let mut next = self.eval_command(dot, *command, value.take())?;
            // What is in an interface counts, not the interface.
            next.is_interface = false;
            value = Some(next);
        }
        let mut value = value.unwrap_or_else(Slot::nothing);
        if let Some(recorder) = &self.run.recorder {
            value.source = recorder.since(mark);
        }
        for at in 0..pipe.decl.len() {
            let name = self.declared(pipe, at);
            if pipe.is_assign {
                self.set_variable(name, value.clone())?;
            } else {
                self.variables.push((name, value.clone()));
            }
        }
        Ok(value)
    }

    fn eval_command(&mut self, dot: &Slot, id: Id, last: Option<Slot>) -> Result<Slot> {
        self.step()?;
        let Kind::Command(arguments) = self.kind(id) else {
            unreachable!("the parser puts commands into pipelines")
        };
        let arguments = self.template.ids(*arguments);
        let first = arguments[0];
        match self.kind(first) {
            Kind::Field(idents) => {
                self.at(first);
                let fields = self.template.names(*idents);
                self.eval_chain(dot.clone(), first, fields, Words { dot, ids: arguments, last })
            }
            Kind::Chain { node, fields } => {
                let fields = self.template.names(*fields);
                self.eval_chain_node(first, *node, fields, Words { dot, ids: arguments, last })
            }
            Kind::Identifier { callee, .. } => {
                self.eval_function(first, *callee, id, Words { dot, ids: arguments, last })
            }
            Kind::Pipe(_) => {
                self.not_a_function(arguments, last.as_ref())?;
                stacker::maybe_grow(RED_ZONE, STACK, || self.eval_pipeline(dot, first))
            }
            Kind::Variable(idents) => {
                let names = self.template.names(*idents);
                self.eval_variable(first, names, Words { dot, ids: arguments, last })
            }
            _ => {
                self.at(first);
                self.not_a_function(arguments, last.as_ref())?;
                if matches!(self.kind(first), Kind::Nil) {
                    return self.fail("nil is not a command");
                }
                self.constant(dot, first)
            }
        }
    }

    fn not_a_function(&self, arguments: &[Id], last: Option<&Slot>) -> Result<()> {
        if arguments.len() > 1 || last.is_some() {
            return self.fail(format!("can't give argument to non-function {}", self.print(arguments[0])));
        }
        Ok(())
    }

    /// A constant or the dot, where nothing asks for a type.
    fn constant(&mut self, dot: &Slot, id: Id) -> Result<Slot> {
        Ok(match self.kind(id) {
            Kind::Bool(value) => Slot::concrete(Value::Bool(*value)),
            Kind::Dot => {
                self.read_again(dot);
                dot.clone()
            }
            Kind::String { text, .. } => Slot::concrete(Value::String(text.clone())),
            Kind::Number(number) => Slot::concrete(self.ideal_constant(id, number)?),
            _ => {
                return self.fail(format!(
                    "can't evaluate command {}",
                    crate::print::quote(self.print(id).as_bytes())
                ));
            }
        })
    }

    /// The syntax of a number decides its type.
    fn ideal_constant(&mut self, id: Id, number: &Number) -> Result<Value> {
        self.at(id);
        if let Some((real, imaginary)) = number.complex {
            return Ok(Value::Complex(real, imaginary));
        }
        match (number.float, number.int) {
            (Some(float), _) if number.is_written_as_float => Ok(Value::Float(float)),
            (_, Some(int)) => Ok(Value::int(int)),
            _ => self.fail(format!("{} overflows int", self.print(id))),
        }
    }

    fn eval_variable(&mut self, id: Id, idents: &'t [Str], words: Words<'_, 't>) -> Result<Slot> {
        self.at(id);
        let value = self.variable(&idents[0])?.clone();
        if idents.len() == 1 {
            if !words.ids.is_empty() {
                self.not_a_function(words.ids, words.last.as_ref())?;
            }
            self.read_again(&value);
            return Ok(value);
        }
        self.eval_chain(value, id, &idents[1..], words)
    }

    fn eval_function(&mut self, id: Id, callee: Callee, command: Id, words: Words<'_, 't>) -> Result<Slot> {
        self.at(id);
        let call = words.call(command);
        match callee {
            Callee::Function(function) => self.call_function(call, function),
            Callee::Builtin(builtin) => self.call_builtin(call, builtin),
        }
    }

    fn missing_key(&self) -> MissingKey {
        self.set.missing_key
    }
}
