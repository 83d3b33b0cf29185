//! Go's own functions. Those that take any value see it as reflection does, so they are not in a table.

use super::call::Call;
use super::{Exec, Result, Slot, compare, index};
use crate::error::Cause;
use crate::function::{Failure, Param};
use crate::functions::escape;
use crate::node::{Id, Kind};
use crate::print;
use crate::value::Value;

/// The functions of `text/template`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Builtin {
    And,
    Or,
    Not,
    Len,
    Index,
    Slice,
    Call,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Print,
    Printf,
    Println,
    Html,
    Js,
    Urlquery,
}

impl Builtin {
    const ALL: [(&'static str, Self); 19] = [
        ("and", Self::And),
        ("or", Self::Or),
        ("not", Self::Not),
        ("len", Self::Len),
        ("index", Self::Index),
        ("slice", Self::Slice),
        ("call", Self::Call),
        ("eq", Self::Eq),
        ("ne", Self::Ne),
        ("lt", Self::Lt),
        ("le", Self::Le),
        ("gt", Self::Gt),
        ("ge", Self::Ge),
        ("print", Self::Print),
        ("printf", Self::Printf),
        ("println", Self::Println),
        ("html", Self::Html),
        ("js", Self::Js),
        ("urlquery", Self::Urlquery),
    ];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, builtin)| *builtin)
    }

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, builtin)| *builtin == self).map_or("", |(name, _)| name)
    }

    /// The parameters; those that are `reflect.Value` in Go count only.
    fn params(self) -> &'static [Param] {
        const ANY: Param = Param::Any;
        const MORE: Param = Param::Variadic(&Param::Any);
        match self {
            Self::Not | Self::Len => &[ANY],
            Self::Ne | Self::Lt | Self::Le | Self::Gt | Self::Ge => &[ANY, ANY],
            Self::And | Self::Or | Self::Index | Self::Slice | Self::Call | Self::Eq => &[ANY, MORE],
            Self::Printf => &[Param::String, MORE],
            Self::Print | Self::Println | Self::Html | Self::Js | Self::Urlquery => &[MORE],
        }
    }
}

impl<'t> Exec<'t, '_, '_> {
    pub(super) fn call_builtin(&mut self, call: Call<'_, 't>, builtin: Builtin) -> Result<Slot> {
        match builtin {
            Builtin::Print
            | Builtin::Printf
            | Builtin::Println
            | Builtin::Html
            | Builtin::Js
            | Builtin::Urlquery => self.call_printer(call, builtin),
            Builtin::And | Builtin::Or => self.call_logic(call, builtin),
            _ => self.call_reflecting(call, builtin),
        }
    }

    /// Functions of `...any` that print.
    fn call_printer(&mut self, call: Call<'_, 't>, builtin: Builtin) -> Result<Slot> {
        let node = call.node;
        let mut arguments = self.arguments(call, builtin.name(), builtin.params())?;
        let text = match (builtin, arguments.split_first()) {
            (Builtin::Printf, Some((Value::String(format), rest))) => print::try_sprintf(format, rest),
            (Builtin::Println, _) => print::try_sprintln(&arguments),
            (Builtin::Print, _) => print::try_sprint(&arguments),
            (Builtin::Html, _) => escape::arguments(&mut arguments).map(|text| escape::html(&text)),
            (Builtin::Js, _) => escape::arguments(&mut arguments).map(|text| escape::js(&text)),
            _ => escape::arguments(&mut arguments).map(|text| escape::url_query(&text)),
        };
        arguments.clear();
        self.run.spare.push(arguments);
        let text = match text.and_then(|text| self.run.charge(text.len()).map(|()| text)) {
            Ok(text) => text,
            Err(limit) => {
                self.at(node);
                return self.limit(limit);
            }
        };
        Ok(Slot::concrete(Value::from(text)))
    }

    /// `and` and `or` stop at the first argument that decides.
    fn call_logic(&mut self, call: Call<'_, 't>, builtin: Builtin) -> Result<Slot> {
        self.count(&call, builtin)?;
        let mut value = Slot::nothing();
        for argument in call.arguments {
            value = self.eval_reflected(call.dot, *argument)?;
            if value.value.is_true() == (builtin == Builtin::Or) {
                return Ok(value);
            }
        }
        Ok(call.last.unwrap_or(value))
    }

    fn call_reflecting(&mut self, call: Call<'_, 't>, builtin: Builtin) -> Result<Slot> {
        self.count(&call, builtin)?;
        let mut slots = Vec::with_capacity(call.arguments.len() + 1);
        for argument in call.arguments {
            slots.push(self.eval_reflected(call.dot, *argument)?);
        }
        slots.extend(call.last);
        self.pay_for_reading(slots.iter().map(|slot| &slot.value))?;
        if let (Builtin::Index, Some(recorder)) = (builtin, &mut self.run.recorder) {
            index::record(recorder, &slots[0], &slots[1..]);
        }
        let callee = || call.arguments.first().map(|argument| self.print(*argument)).unwrap_or_default();
        match reflecting(builtin, &slots, callee) {
            Ok(slot) => Ok(slot),
            Err(message) => {
                self.at(call.node);
                let failure = Failure::Message(message);
                Err(self.error(Cause::Call { function: builtin.name().to_owned(), failure }))
            }
        }
    }

    fn count(&self, call: &Call<'_, 't>, builtin: Builtin) -> Result<()> {
        let name = builtin.name();
        let given = call.arguments.len() + usize::from(call.last.is_some());
        let params = builtin.params();
        if matches!(params.last(), Some(Param::Variadic(_))) {
            let fixed = params.len() - 1;
            if given < fixed {
                let given = call.arguments.len();
                return self
                    .fail(format!("wrong number of args for {name}: want at least {fixed} got {given}"));
            }
        } else if given != params.len() {
            return self.fail(format!("wrong number of args for {name}: want {} got {given}", params.len()));
        }
        Ok(())
    }

    /// An argument of type `reflect.Value`: whatever it is, the interface around it included.
    fn eval_reflected(&mut self, dot: &Slot, id: Id) -> Result<Slot> {
        self.at(id);
        match self.kind(id) {
            Kind::Nil => Ok(Slot::nothing()),
            Kind::Dot => {
                self.read_again(dot);
                Ok(dot.clone())
            }
            _ => self.eval_untyped(dot, id),
        }
    }
}

fn reflecting(
    builtin: Builtin,
    slots: &[Slot],
    callee: impl Fn() -> String,
) -> std::result::Result<Slot, String> {
    let value = |at: usize| &slots[at].value;
    let truth =
        |outcome: std::result::Result<bool, String>| outcome.map(|truth| Slot::concrete(Value::Bool(truth)));
    match builtin {
        Builtin::Not => truth(Ok(!value(0).is_true())),
        Builtin::Len => index::length(&slots[0]).map(|length| Slot::concrete(Value::int(length))),
        Builtin::Index => index::index(&slots[0], &slots[1..]),
        Builtin::Slice => index::slice(&slots[0], &slots[1..]),
        Builtin::Eq => truth(compare::eq(value(0), &slots[1..])),
        Builtin::Ne => truth(compare::eq(value(0), &slots[1..]).map(|equal| !equal)),
        Builtin::Lt => truth(compare::lt(value(0), value(1))),
        Builtin::Le => truth(compare::le(value(0), value(1))),
        Builtin::Gt => truth(compare::le(value(0), value(1)).map(|le| !le)),
        Builtin::Ge => truth(compare::lt(value(0), value(1)).map(|lt| !lt)),
        // No value that templates meet is a function.
        _ if value(0).is_nil() => Err("call of nil".to_owned()),
        _ => Err(format!("non-function {} of type {}", callee(), value(0).type_name())),
    }
}
