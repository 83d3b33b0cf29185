//! The nodes that write and those that decide what is walked.

use super::{Exec, Flow, RED_ZONE, Result, STACK, Slot};
use crate::error::Limit;
use crate::node::{Branch, Id, Kind};
use crate::print;
use crate::record::{Source, Write};
use crate::value::{IntType, List, ListType, MapType, Value};

impl<'t> Exec<'t, '_, '_> {
    pub(super) fn walk(&mut self, dot: &Slot, id: Id) -> Result<Flow> {
        self.at(id);
        match self.kind(id) {
            Kind::List(nodes) => {
                for node in self.template.ids(*nodes) {
                    let flow = self.walk(dot, *node)?;
                    if flow != Flow::Next {
                        return Ok(flow);
                    }
                }
            }
            Kind::Text(range) => {
                let start = self.run.out.len();
                self.run.out.extend_from_slice(self.template.slice(range));
                self.wrote(start, id, self.mark())?;
            }
            Kind::Action(pipe) => self.action(dot, id, *pipe)?,
            Kind::If(branch) => return self.if_or_with(dot, *branch, false),
            Kind::With(branch) => return self.if_or_with(dot, *branch, true),
            Kind::Range(branch) => return self.range(dot, id, *branch),
            Kind::Template { name, pipe } => self.template(dot, id, name, *pipe)?,
            Kind::Break => return Ok(Flow::Break),
            Kind::Continue => return Ok(Flow::Continue),
            _ => return self.fail(format!("unknown node: {}", self.print(id))),
        }
        Ok(Flow::Next)
    }

    /// Variables that an action declares stay until the block ends.
    fn action(&mut self, dot: &Slot, id: Id, pipe: Id) -> Result<()> {
        let mark = self.mark();
        let value = self.eval_pipeline(dot, pipe)?;
        if self.pipe(pipe).decl.is_empty() {
            self.at(id);
            let start = self.run.out.len();
            match &value.value {
                Value::Nil => self.run.out.extend_from_slice(b"<no value>"),
                Value::String(text) => self.run.out.extend_from_slice(text),
                other => {
                    if let Err(limit) = print::append(&mut self.run.out, other) {
                        return self.limit(limit);
                    }
                }
            }
            self.wrote(start, id, mark)?;
        }
        self.forget(mark);
        if let Some(recorder) = &mut self.run.recorder {
            recorder.included.clear();
        }
        Ok(())
    }

    /// Checks the size of the output, and records who wrote it of what was read since the mark, where that is
    /// wanted.
    fn wrote(&mut self, start: usize, id: Id, mark: usize) -> Result<()> {
        let end = self.run.out.len();
        if end > self.run.limits.output {
            return self.limit(Limit::Output(self.run.limits.output));
        }
        if self.run.recorder.is_some() && end > start {
            let action = matches!(self.kind(id), Kind::Action(_)).then(|| self.print(id));
            let name = self.template.source.name.clone();
            let line = self.template.line_of(self.template.node(id).pos);
            let base = self.run.base;
            if let Some(recorder) = &mut self.run.recorder {
                let included = std::mem::take(&mut recorder.included);
                let values = recorder.values_since(mark);
                let range = start - base..end - base;
                recorder.writes.push(Write { range, name, line, action, values, included });
            }
        }
        Ok(())
    }

    fn if_or_with(&mut self, dot: &Slot, branch: Branch, is_with: bool) -> Result<Flow> {
        let mark = self.variables.len();
        let read = self.mark();
        let value = self.eval_pipeline(dot, branch.pipe)?;
        self.forget(read);
        let outcome = stacker::maybe_grow(RED_ZONE, STACK, || {
            if value.value.is_true() {
                self.walk(if is_with { &value } else { dot }, branch.list)
            } else if let Some(list) = branch.else_list {
                self.walk(dot, list)
            } else {
                Ok(Flow::Next)
            }
        });
        self.variables.truncate(mark);
        outcome
    }

    fn range(&mut self, dot: &Slot, id: Id, branch: Branch) -> Result<Flow> {
        let mark = self.variables.len();
        let outcome = stacker::maybe_grow(RED_ZONE, STACK, || self.range_over(dot, id, branch));
        self.variables.truncate(mark);
        outcome
    }

    fn range_over(&mut self, dot: &Slot, id: Id, branch: Branch) -> Result<Flow> {
        self.at(id);
        let read = self.mark();
        let Slot { value, source, .. } = self.eval_pipeline(dot, branch.pipe)?;
        self.forget(read);
        let of = |is_interface| Elements { is_interface, source };
        let is_empty = match &value {
            Value::Nil => true,
            Value::Int(count, int_type) => {
                if self.pipe(branch.pipe).decl.len() > 1 {
                    let shown = print::sprint(&value);
                    return self.fail(format!("can't use {shown} to iterate over more than one variable"));
                }
                self.range_int(*count, *int_type, branch)?
            }
            Value::List(list) => {
                let is_interface = list.list_type() == ListType::Any;
                self.range_items(list, of(is_interface), branch)?
            }
            Value::Map(map) => {
                let is_interface = map.map_type() != MapType::Strings;
                let entries: Vec<(Value, Value)> = map
                    .entries()
                    .iter()
                    .map(|(key, value)| (Value::String(key.clone()), value.clone()))
                    .collect();
                self.range_entries(entries, of(is_interface), branch)?
            }
            other => match (other.elements(), other) {
                (Some(items), _) => self.range_items(&List::new(ListType::Any, items), of(false), branch)?,
                (None, Value::Object(object)) if object.kind() == crate::value::Kind::Map => {
                    let is_interface = object.element_type() == "interface {}";
                    let entries = object
                        .entries()
                        .into_iter()
                        .map(|(key, value)| (Value::String(key), value))
                        .collect();
                    self.range_entries(entries, of(is_interface), branch)?
                }
                _ => return self.fail(format!("range can't iterate over {}", print::sprint(&value))),
            },
        };
        match branch.else_list {
            Some(list) if is_empty => self.walk(dot, list),
            _ => Ok(Flow::Next),
        }
    }

    fn range_int(&mut self, count: i64, int_type: IntType, branch: Branch) -> Result<bool> {
        let count = if int_type.is_unsigned() { count.cast_unsigned() } else { count.max(0).cast_unsigned() };
        for at in 0..count {
            let element = Slot::concrete(Value::Int(at.cast_signed(), int_type));
            if !self.iterate(Slot::nothing(), element, branch)? {
                break;
            }
        }
        Ok(count == 0)
    }

    /// The body may change the elements (`sortAlpha`), which Go sees as well, never their number.
    fn range_items(&mut self, list: &List, of: Elements, branch: Branch) -> Result<bool> {
        for at in 0..list.len() {
            let index = Slot::concrete(Value::int(at as i64));
            let element = of.slot(list.get(at).unwrap_or_default());
            if !self.iterate(index, element, branch)? {
                break;
            }
        }
        Ok(list.is_empty())
    }

    fn range_entries(&mut self, entries: Vec<(Value, Value)>, of: Elements, branch: Branch) -> Result<bool> {
        let is_empty = entries.is_empty();
        for (key, value) in entries {
            if !self.iterate(Slot::concrete(key), of.slot(value), branch)? {
                break;
            }
        }
        Ok(is_empty)
    }

    /// One round of the body; false after `break`.
    fn iterate(&mut self, index: Slot, element: Slot, branch: Branch) -> Result<bool> {
        self.step()?;
        let pipe = self.pipe(branch.pipe);
        let mark = self.variables.len();
        match (pipe.decl.len(), pipe.is_assign) {
            (0, _) => {}
            (1, true) => self.set_variable(self.declared(pipe, 0), element.clone())?,
            (1, false) => self.variables[mark - 1].1 = element.clone(),
            (_, true) => {
                self.set_variable(self.declared(pipe, 0), index)?;
                self.set_variable(self.declared(pipe, 1), element.clone())?;
            }
            (_, false) => {
                self.variables[mark - 1].1 = element.clone();
                self.variables[mark - 2].1 = index;
            }
        }
        let flow = self.walk(&element, branch.list)?;
        self.variables.truncate(mark);
        Ok(flow != Flow::Break)
    }

    fn template(&mut self, dot: &Slot, id: Id, name: &'t [u8], pipe: Option<Id>) -> Result<()> {
        self.at(id);
        self.step()?;
        let Some(template) = self.set.lookup(name) else {
            return self.fail(format!("template {} not defined", print::quote(name)));
        };
        if self.depth >= self.run.limits.depth {
            return self.limit(Limit::Depth(self.run.limits.depth));
        }
        let read = self.mark();
        let data = match pipe {
            Some(pipe) => self.eval_pipeline(dot, pipe)?,
            None => Slot::nothing(),
        };
        self.forget(read);
        let mut inner = Exec {
            set: self.set,
            template,
            run: &mut *self.run,
            node: template.root,
            variables: vec![(b"$", data.clone())],
            depth: self.depth + 1,
        };
        stacker::maybe_grow(RED_ZONE, STACK, || inner.walk(&data, template.root)).map(|_| ())
    }
}

/// What the elements have in common that a `range` goes through.
struct Elements {
    is_interface: bool,
    source: Option<Source>,
}

impl Elements {
    fn slot(&self, value: Value) -> Slot {
        Slot { source: self.source.clone(), ..Slot::of(value, self.is_interface) }
    }
}
