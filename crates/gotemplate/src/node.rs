//! The nodes of a parsed template, and how Go prints them.

use crate::exec::Builtin;
use crate::function::Function;
use crate::parse::Number;
use crate::template::Template;
use crate::value::Str;

/// A node's place in its arena. Nodes lie flat, so that letting go of a deep tree needs no recursion.
pub(crate) type Id = u32;

/// Nodes in order: a part of what [`crate::template::Source`] lists. A list of its own for each node would take more
/// than what is in it.
#[derive(Clone, Copy)]
pub(crate) struct Ids {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Ids {
    pub(crate) fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    pub(crate) fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// Names in order, as [`Ids`] are kept.
#[derive(Clone, Copy)]
pub(crate) struct Names {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

pub(crate) struct Node {
    /// The byte offset that messages point at.
    pub(crate) pos: u32,
    pub(crate) kind: Kind,
}

pub(crate) enum Kind {
    List(Ids),
    /// Bytes of the template's text.
    Text(std::ops::Range<u32>),
    Action(Id),
    If(Branch),
    With(Branch),
    Range(Branch),
    Template {
        name: Str,
        pipe: Option<Id>,
    },
    Break,
    Continue,
    Pipe(Pipe),
    Command(Ids),
    Identifier {
        name: std::ops::Range<u32>,
        callee: Callee,
    },
    Variable(Names),
    Dot,
    Nil,
    Field(Names),
    Chain {
        node: Id,
        fields: Names,
    },
    Bool(bool),
    Number(Box<Number>),
    String {
        quoted: std::ops::Range<u32>,
        text: Str,
    },
    End,
    Else,
}

/// What an identifier names.
#[derive(Clone, Copy)]
pub(crate) enum Callee {
    Builtin(Builtin),
    Function(&'static Function),
}

/// The parts of `if`, `with` and `range`.
#[derive(Clone, Copy)]
pub(crate) struct Branch {
    pub(crate) pipe: Id,
    pub(crate) list: Id,
    pub(crate) else_list: Option<Id>,
}

pub(crate) struct Pipe {
    pub(crate) is_assign: bool,
    pub(crate) decl: Ids,
    pub(crate) commands: Ids,
}

/// The node as `Node.String` prints it. Long bodies are cut where nobody reads on.
pub(crate) fn print(template: &Template, id: Id) -> String {
    let mut printer = Printer { template, out: Vec::new() };
    printer.node(id);
    String::from_utf8_lossy(&printer.out).into_owned()
}

struct Printer<'a> {
    template: &'a Template,
    out: Vec<u8>,
}

impl Printer<'_> {
    fn node(&mut self, id: Id) {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.write(id));
    }

    fn write(&mut self, id: Id) {
        let template = self.template;
        match &template.node(id).kind {
            Kind::List(nodes) => template.ids(*nodes).iter().for_each(|node| self.node(*node)),
            Kind::Text(range) => self.out.extend_from_slice(template.slice(range)),
            Kind::Action(pipe) => self.around("{{", *pipe, "}}"),
            Kind::If(branch) => self.branch("if", *branch),
            Kind::With(branch) => self.branch("with", *branch),
            Kind::Range(branch) => self.branch("range", *branch),
            Kind::Template { name, pipe } => self.template(name, *pipe),
            Kind::Break => self.text("{{break}}"),
            Kind::Continue => self.text("{{continue}}"),
            Kind::Pipe(pipe) => self.pipe(pipe),
            Kind::Command(arguments) => self.command(template.ids(*arguments)),
            Kind::Identifier { name, .. } => self.out.extend_from_slice(template.slice(name)),
            Kind::Variable(idents) => self.out.extend_from_slice(&template.names(*idents).join(&b"."[..])),
            Kind::Dot => self.text("."),
            Kind::Nil => self.text("nil"),
            Kind::Field(idents) => self.fields(template.names(*idents)),
            Kind::Chain { node, fields } => {
                self.operand(*node);
                self.fields(template.names(*fields));
            }
            Kind::Bool(value) => self.text(if *value { "true" } else { "false" }),
            Kind::Number(number) => self.out.extend_from_slice(template.slice(&number.text)),
            Kind::String { quoted, .. } => self.out.extend_from_slice(template.slice(quoted)),
            Kind::End => self.text("{{end}}"),
            Kind::Else => self.text("{{else}}"),
        }
    }

    fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn around(&mut self, open: &str, id: Id, close: &str) {
        self.text(open);
        self.node(id);
        self.text(close);
    }

    fn branch(&mut self, keyword: &str, branch: Branch) {
        self.text("{{");
        self.text(keyword);
        self.around(" ", branch.pipe, "}}");
        self.node(branch.list);
        if let Some(list) = branch.else_list {
            self.text("{{else}}");
            self.node(list);
        }
        self.text("{{end}}");
    }

    fn template(&mut self, name: &[u8], pipe: Option<Id>) {
        self.text("{{template ");
        self.text(&crate::print::quote(name));
        if let Some(pipe) = pipe {
            self.around(" ", pipe, "");
        }
        self.text("}}");
    }

    fn pipe(&mut self, pipe: &Pipe) {
        for (at, variable) in self.template.ids(pipe.decl).iter().enumerate() {
            self.around(if at > 0 { ", " } else { "" }, *variable, "");
        }
        if !pipe.decl.is_empty() {
            self.text(if pipe.is_assign { " = " } else { " := " });
        }
        for (at, command) in self.template.ids(pipe.commands).iter().enumerate() {
            self.around(if at > 0 { " | " } else { "" }, *command, "");
        }
    }

    fn command(&mut self, arguments: &[Id]) {
        for (at, argument) in arguments.iter().enumerate() {
            if at > 0 {
                self.text(" ");
            }
            self.operand(*argument);
        }
    }

    /// Pipelines stand in parentheses.
    fn operand(&mut self, id: Id) {
        if matches!(self.template.node(id).kind, Kind::Pipe(_)) {
            self.around("(", id, ")");
        } else {
            self.node(id);
        }
    }

    fn fields(&mut self, fields: &[Str]) {
        for field in fields {
            self.out.push(b'.');
            self.out.extend_from_slice(field);
        }
    }
}
