//! From tokens to nodes. The order of decisions, and so of errors, follows Go's `text/template/parse`.

mod number;
mod unquote;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::error::Error;
use crate::exec::Builtin;
use crate::function::Functions;
use crate::lex::{Lexer, Token, Type};
use crate::node::{Branch, Callee, Id, Ids, Kind, Names, Node, Pipe};
use crate::print::quote;
use crate::template::{self, Source, Template};
use crate::value::Str;
pub(crate) use number::{Number, parse_float, parse_int};
pub(crate) use unquote::unquote;

/// Go's limit of nested parentheses.
const MAX_PARENS: usize = 10_000;
/// Ours of nested `if`, `with`, `range`, `else if`; Go has none.
const MAX_BLOCKS: usize = 10_000;

type Result<T> = std::result::Result<T, Error>;

/// Parses a text; the template of the text itself comes first, what it defines after it.
pub(crate) fn parse(name: &str, text: Arc<[u8]>, functions: &Functions) -> Result<Vec<Arc<Template>>> {
    let name: Arc<str> = name.into();
    let mut parser = Parser {
        name: name.clone(),
        text: &text,
        functions,
        lexer: Lexer::new(&text),
        source: Source {
            name: name.clone(),
            text: text.clone(),
            nodes: Vec::new(),
            ids: Vec::new(),
            names: Vec::new(),
        },
        trees: BTreeMap::new(),
        state: State::default(),
        blocks: 0,
        known: HashSet::new(),
    };
    let root = parser.text_itself()?;
    parser.add(Str::from(&*name), root)?;
    let Parser { mut source, mut trees, .. } = parser;
    source.nodes.shrink_to_fit();
    source.ids.shrink_to_fit();
    source.names.shrink_to_fit();
    let source = Arc::new(source);
    let own = trees.remove_entry(name.as_bytes());
    Ok(own
        .into_iter()
        .chain(trees)
        .map(|(name, root)| Arc::new(Template { name, source: source.clone(), root }))
        .collect())
}

struct Parser<'a> {
    name: Arc<str>,
    text: &'a [u8],
    functions: &'a Functions,
    lexer: Lexer<'a>,
    source: Source,
    trees: BTreeMap<Str, Id>,
    state: State,
    blocks: usize,
    /// Fields and texts; most are there more than once.
    known: HashSet<Str>,
}

/// What belongs to the template being parsed; a `define` starts with a state of its own.
struct State {
    /// Three tokens of lookahead; the first is the last one read.
    tokens: [Token; 3],
    peeked: usize,
    variables: Vec<Str>,
    action_line: usize,
    range_depth: usize,
    parens: usize,
}

impl Default for State {
    fn default() -> Self {
        let token = || Token { typ: Type::Error, range: 0..0, line: 0, message: String::new() };
        Self {
            tokens: [token(), token(), token()],
            peeked: 0,
            variables: vec![Str::from("$")],
            action_line: 0,
            range_depth: 0,
            parens: 0,
        }
    }
}

/// What ended a list of nodes.
struct Ending {
    node: Id,
    is_end: bool,
}

impl<'a> Parser<'a> {
    fn push(&mut self, pos: usize, kind: Kind) -> Id {
        self.source.nodes.push(Node { pos: pos as u32, kind });
        (self.source.nodes.len() - 1) as Id
    }

    fn list(&mut self, ids: &[Id]) -> Ids {
        let start = self.source.ids.len() as u32;
        self.source.ids.extend_from_slice(ids);
        Ids { start, end: self.source.ids.len() as u32 }
    }

    fn names(&mut self, names: impl IntoIterator<Item = Str>) -> Names {
        let start = self.source.names.len() as u32;
        self.source.names.extend(names);
        Names { start, end: self.source.names.len() as u32 }
    }

    fn kind(&self, id: Id) -> &Kind {
        &self.source.nodes[id as usize].kind
    }

    fn pos(&self, id: Id) -> usize {
        self.source.nodes[id as usize].pos as usize
    }

    fn bytes(&self, token: &Token) -> &'a [u8] {
        &self.text[token.range.clone()]
    }

    fn name(&mut self, name: &[u8]) -> Str {
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        let name = Str::from(name);
        self.known.insert(name.clone());
        name
    }

    fn print(&self, id: Id) -> String {
        match self.kind(id) {
            Kind::Else => "{{else}}".to_owned(),
            _ => "{{end}}".to_owned(),
        }
    }

    // Tokens.

    fn next(&mut self) -> Token {
        if self.state.peeked > 0 {
            self.state.peeked -= 1;
        } else {
            self.state.tokens[0] = self.lexer.next_token();
        }
        self.state.tokens[self.state.peeked].clone()
    }

    fn backup(&mut self) {
        self.state.peeked += 1;
    }

    fn backup2(&mut self, first: Token) {
        self.state.tokens[1] = first;
        self.state.peeked = 2;
    }

    fn backup3(&mut self, second: Token, first: Token) {
        self.state.tokens[1] = first;
        self.state.tokens[2] = second;
        self.state.peeked = 3;
    }

    fn peek(&mut self) -> Token {
        let token = self.next();
        self.backup();
        token
    }

    fn next_non_space(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.typ != Type::Space {
                return token;
            }
        }
    }

    fn peek_non_space(&mut self) -> Token {
        let token = self.next_non_space();
        self.backup();
        token
    }

    // Errors.

    fn error<T>(&self, message: impl Into<String>) -> Result<T> {
        let token = &self.state.tokens[0];
        Err(Error::Parse {
            name: self.name.clone(),
            line: token.line,
            offset: token.range.start,
            message: message.into(),
        })
    }

    fn unexpected<T>(&self, token: &Token, context: &str) -> Result<T> {
        if token.typ != Type::Error {
            return self.error(format!("unexpected {} in {context}", token.print(self.text)));
        }
        let started = self.state.action_line;
        let extra = match &token.message {
            _ if started == 0 || started == token.line => String::new(),
            message if message.ends_with(" action") => format!(" started at {}:{started}", self.name),
            _ => format!(" in action started at {}:{started}", self.name),
        };
        self.error(format!("{}{extra}", token.message))
    }

    fn expect(&mut self, expected: &[Type], context: &str) -> Result<Token> {
        let token = self.next_non_space();
        if expected.contains(&token.typ) { Ok(token) } else { self.unexpected(&token, context) }
    }

    // Templates.

    fn text_itself(&mut self) -> Result<Id> {
        let pos = self.peek().range.start;
        let mut nodes = Vec::new();
        loop {
            match self.peek().typ {
                Type::Eof => {
                    let nodes = self.list(&nodes);
                    return Ok(self.push(pos, Kind::List(nodes)));
                }
                Type::LeftDelim => {
                    let delim = self.next();
                    if self.next_non_space().typ == Type::Define {
                        self.definition()?;
                        continue;
                    }
                    self.backup2(delim);
                }
                _ => {}
            }
            let node = self.text_or_action()?;
            if matches!(self.kind(node), Kind::End | Kind::Else) {
                return self.error(format!("unexpected {}", self.print(node)));
            }
            nodes.push(node);
        }
    }

    fn add(&mut self, name: Str, root: Id) -> Result<()> {
        let known = match self.trees.entry(name.clone()) {
            Entry::Vacant(place) => {
                place.insert(root);
                return Ok(());
            }
            Entry::Occupied(known) => known.into_mut(),
        };
        if template::is_empty(&self.source, *known) {
            *known = root;
            return Ok(());
        }
        if template::is_empty(&self.source, root) {
            return Ok(());
        }
        self.error(format!("template: multiple definition of template {}", quote(&name)))
    }

    fn definition(&mut self) -> Result<()> {
        const CONTEXT: &str = "define clause";
        let outer = std::mem::take(&mut self.state);
        let token = self.expect(&[Type::String, Type::RawString], CONTEXT)?;
        let name = self.unquoted(&token)?;
        self.expect(&[Type::RightDelim], CONTEXT)?;
        let (root, ending) = self.item_list()?;
        if !ending.is_end {
            return self.error(format!("unexpected {} in {CONTEXT}", self.print(ending.node)));
        }
        self.add(name, root)?;
        self.state = outer;
        Ok(())
    }

    fn unquoted(&mut self, token: &Token) -> Result<Str> {
        match unquote(self.bytes(token)) {
            Some(text) => Ok(self.name(&text)),
            None => self.error("invalid syntax"),
        }
    }

    /// Ends behind `{{end}}` or `{{else}}`.
    fn item_list(&mut self) -> Result<(Id, Ending)> {
        let pos = self.peek_non_space().range.start;
        let mut nodes = Vec::new();
        while self.peek_non_space().typ != Type::Eof {
            let node = self.text_or_action()?;
            let is_end = matches!(self.kind(node), Kind::End);
            if is_end || matches!(self.kind(node), Kind::Else) {
                let nodes = self.list(&nodes);
                let list = self.push(pos, Kind::List(nodes));
                return Ok((list, Ending { node, is_end }));
            }
            nodes.push(node);
        }
        self.error("unexpected EOF")
    }

    fn text_or_action(&mut self) -> Result<Id> {
        let token = self.next_non_space();
        match token.typ {
            Type::Text => {
                let range = token.range.start as u32..token.range.end as u32;
                Ok(self.push(token.range.start, Kind::Text(range)))
            }
            Type::LeftDelim => {
                self.state.action_line = token.line;
                let action = stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, || self.action());
                self.state.action_line = 0;
                action
            }
            _ => self.unexpected(&token, "input"),
        }
    }

    fn action(&mut self) -> Result<Id> {
        let token = self.next_non_space();
        match token.typ {
            Type::Block => return self.block(),
            Type::Break => return self.leave(&token, "{{break}}", Kind::Break),
            Type::Continue => return self.leave(&token, "{{continue}}", Kind::Continue),
            Type::Else => return self.else_control(),
            Type::End => {
                let pos = self.expect(&[Type::RightDelim], "end")?.range.start;
                return Ok(self.push(pos, Kind::End));
            }
            Type::If => return self.if_control(),
            Type::Range => {
                let (pos, branch) = self.control("range")?;
                return Ok(self.push(pos, Kind::Range(branch)));
            }
            Type::Template => return self.template(),
            Type::With => return self.with_control(),
            _ => {}
        }
        self.backup();
        let pos = self.peek().range.start;
        let pipe = self.pipeline("command", Type::RightDelim)?;
        Ok(self.push(pos, Kind::Action(pipe)))
    }

    fn leave(&mut self, keyword: &Token, shown: &str, kind: Kind) -> Result<Id> {
        let token = self.next_non_space();
        if token.typ != Type::RightDelim {
            return self.unexpected(&token, shown);
        }
        if self.state.range_depth == 0 {
            return self.error(format!("{shown} outside {{{{range}}}}"));
        }
        Ok(self.push(keyword.range.start, kind))
    }

    fn if_control(&mut self) -> Result<Id> {
        let (pos, branch) = self.control("if")?;
        Ok(self.push(pos, Kind::If(branch)))
    }

    fn with_control(&mut self) -> Result<Id> {
        let (pos, branch) = self.control("with")?;
        Ok(self.push(pos, Kind::With(branch)))
    }

    fn else_control(&mut self) -> Result<Id> {
        let next = self.peek_non_space();
        if matches!(next.typ, Type::If | Type::With) {
            return Ok(self.push(next.range.start, Kind::Else));
        }
        let pos = self.expect(&[Type::RightDelim], "else")?.range.start;
        Ok(self.push(pos, Kind::Else))
    }

    fn control(&mut self, context: &str) -> Result<(usize, Branch)> {
        self.blocks += 1;
        if self.blocks > MAX_BLOCKS {
            return self.error(format!("actions are nested more than {MAX_BLOCKS} levels deep"));
        }
        let variables = self.state.variables.len();
        let pipe = self.pipeline(context, Type::RightDelim)?;
        let in_range = usize::from(context == "range");
        self.state.range_depth += in_range;
        let (list, ending) = self.item_list()?;
        self.state.range_depth -= in_range;
        let else_list = if ending.is_end { None } else { Some(self.else_list(context, &ending)?) };
        self.state.variables.truncate(variables);
        self.blocks -= 1;
        Ok((self.pos(pipe), Branch { pipe, list, else_list }))
    }

    /// `else if` is an `if` alone in the `else`, whose `end` stands for both.
    fn else_list(&mut self, context: &str, ending: &Ending) -> Result<Id> {
        let pos = self.pos(ending.node);
        let inner = match (context, self.peek().typ) {
            ("if", Type::If) => {
                self.next();
                stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, || self.if_control())?
            }
            ("with", Type::With) => {
                self.next();
                stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, || self.with_control())?
            }
            _ => {
                let (list, ending) = self.item_list()?;
                if !ending.is_end {
                    return self.error(format!("expected end; found {}", self.print(ending.node)));
                }
                return Ok(list);
            }
        };
        let inner = self.list(&[inner]);
        Ok(self.push(pos, Kind::List(inner)))
    }

    fn block(&mut self) -> Result<Id> {
        const CONTEXT: &str = "block clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, Type::RightDelim)?;
        let outer = std::mem::take(&mut self.state);
        let (root, ending) = self.item_list()?;
        let inner = std::mem::replace(&mut self.state, outer);
        if !ending.is_end {
            return self.error(format!("unexpected {} in {CONTEXT}", self.print(ending.node)));
        }
        let outer = std::mem::replace(&mut self.state, inner);
        self.add(name.clone(), root)?;
        self.state = outer;
        Ok(self.push(token.range.start, Kind::Template { name, pipe: Some(pipe) }))
    }

    fn template(&mut self) -> Result<Id> {
        const CONTEXT: &str = "template clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, CONTEXT)?;
        let pipe = if self.next_non_space().typ == Type::RightDelim {
            None
        } else {
            self.backup();
            Some(self.pipeline(CONTEXT, Type::RightDelim)?)
        };
        Ok(self.push(token.range.start, Kind::Template { name, pipe }))
    }

    fn template_name(&mut self, token: &Token, context: &str) -> Result<Str> {
        match token.typ {
            Type::String | Type::RawString => self.unquoted(token),
            _ => self.unexpected(token, context),
        }
    }

    // Pipelines.

    fn pipeline(&mut self, context: &str, end: Type) -> Result<Id> {
        let pos = self.peek_non_space().range.start;
        let (is_assign, decl) = self.declarations(context)?;
        let mut commands = Vec::new();
        loop {
            let token = self.next_non_space();
            match token.typ {
                typ if typ == end => break,
                Type::Bool
                | Type::CharConstant
                | Type::Complex
                | Type::Dot
                | Type::Field
                | Type::Identifier
                | Type::Number
                | Type::Nil
                | Type::RawString
                | Type::String
                | Type::Variable
                | Type::LeftParen => {
                    self.backup();
                    commands.push(self.command()?);
                }
                _ => return self.unexpected(&token, context),
            }
        }
        self.check_pipeline(&commands, context)?;
        let pipe = Pipe { is_assign, decl: self.list(&decl), commands: self.list(&commands) };
        Ok(self.push(pos, Kind::Pipe(pipe)))
    }

    fn declarations(&mut self, context: &str) -> Result<(bool, Vec<Id>)> {
        let mut decl = Vec::new();
        loop {
            let variable = self.peek_non_space();
            if variable.typ != Type::Variable {
                return Ok((false, decl));
            }
            self.next();
            // A space is a token, so it takes three of them to tell a declaration from an argument.
            let after = self.peek();
            let next = self.peek_non_space();
            let is_comma = next.typ == Type::Char && self.bytes(&next) == b",";
            match next.typ {
                Type::Assign | Type::Declare => {
                    self.next_non_space();
                    decl.push(self.declare(&variable));
                    return Ok((next.typ == Type::Assign, decl));
                }
                _ if is_comma => {
                    self.next_non_space();
                    decl.push(self.declare(&variable));
                    if context != "range" || decl.len() >= 2 {
                        return self.error(format!("too many declarations in {context}"));
                    }
                    if !matches!(
                        self.peek_non_space().typ,
                        Type::Variable | Type::RightDelim | Type::RightParen
                    ) {
                        return self.error("range can only initialize variables");
                    }
                }
                _ if after.typ == Type::Space => {
                    self.backup3(variable, after);
                    return Ok((false, decl));
                }
                _ => {
                    self.backup2(variable);
                    return Ok((false, decl));
                }
            }
        }
    }

    fn declare(&mut self, token: &Token) -> Id {
        let name = self.name(self.bytes(token));
        self.state.variables.push(name.clone());
        let name = self.names([name]);
        self.push(token.range.start, Kind::Variable(name))
    }

    fn check_pipeline(&mut self, commands: &[Id], context: &str) -> Result<()> {
        if commands.is_empty() {
            return self.error(format!("missing value for {context}"));
        }
        for (at, command) in commands.iter().enumerate().skip(1) {
            let Kind::Command(arguments) = self.kind(*command) else { continue };
            let is_constant = matches!(
                self.kind(self.source.ids(*arguments)[0]),
                Kind::Bool(_) | Kind::Dot | Kind::Nil | Kind::Number(_) | Kind::String { .. }
            );
            if is_constant {
                return self.error(format!("non executable command in pipeline stage {}", at + 1));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Result<Id> {
        let pos = self.peek_non_space().range.start;
        let mut arguments = Vec::new();
        loop {
            self.peek_non_space();
            arguments.extend(self.operand()?);
            let token = self.next();
            match token.typ {
                Type::Space => continue,
                Type::RightDelim | Type::RightParen => self.backup(),
                Type::Pipe => {}
                _ => return self.unexpected(&token, "operand"),
            }
            break;
        }
        if arguments.is_empty() {
            return self.error("empty command");
        }
        let arguments = self.list(&arguments);
        Ok(self.push(pos, Kind::Command(arguments)))
    }

    /// A term and the fields that follow it; `None` where no term is next.
    fn operand(&mut self) -> Result<Option<Id>> {
        let Some(node) = self.term()? else { return Ok(None) };
        let first = self.peek();
        if first.typ != Type::Field {
            return Ok(Some(node));
        }
        let mut fields = Vec::new();
        while self.peek().typ == Type::Field {
            let token = self.next();
            fields.push(self.name(&self.bytes(&token)[1..]));
        }
        let pos = first.range.start;
        let kind = match *self.kind(node) {
            Kind::Field(names) => Kind::Field(self.extended(names, fields)),
            Kind::Variable(names) => Kind::Variable(self.extended(names, fields)),
            Kind::Bool(_) | Kind::String { .. } | Kind::Number(_) | Kind::Nil | Kind::Dot => {
                let printed = quote(self.source_of(node));
                return self.error(format!("unexpected . after term {printed}"));
            }
            _ => Kind::Chain { node, fields: self.names(fields) },
        };
        Ok(Some(self.push(pos, kind)))
    }

    fn extended(&mut self, names: Names, more: Vec<Str>) -> Names {
        let known = self.source.names(names).to_vec();
        self.names(known.into_iter().chain(more))
    }

    /// A constant as it was written.
    fn source_of(&self, id: Id) -> &[u8] {
        match self.kind(id) {
            Kind::Bool(true) => b"true",
            Kind::Bool(false) => b"false",
            Kind::Nil => b"nil",
            Kind::Number(number) => &self.text[number.text.start as usize..number.text.end as usize],
            Kind::String { quoted, .. } => &self.text[quoted.start as usize..quoted.end as usize],
            _ => b".",
        }
    }

    fn term(&mut self) -> Result<Option<Id>> {
        let token = self.next_non_space();
        let pos = token.range.start;
        let kind = match token.typ {
            Type::Identifier => self.identifier(&token)?,
            Type::Dot => Kind::Dot,
            Type::Nil => Kind::Nil,
            Type::Variable => self.variable(&token)?,
            Type::Field => {
                let name = self.name(&self.bytes(&token)[1..]);
                Kind::Field(self.names([name]))
            }
            Type::Bool => Kind::Bool(self.bytes(&token) == b"true"),
            Type::CharConstant | Type::Complex | Type::Number => {
                match Number::parse(self.bytes(&token), token.typ, pos) {
                    Ok(number) => Kind::Number(Box::new(number)),
                    Err(message) => return self.error(message),
                }
            }
            Type::LeftParen => return self.parenthesized().map(Some),
            Type::String | Type::RawString => {
                let text = self.unquoted(&token)?;
                Kind::String { quoted: pos as u32..token.range.end as u32, text }
            }
            _ => {
                self.backup();
                return Ok(None);
            }
        };
        Ok(Some(self.push(pos, kind)))
    }

    fn identifier(&mut self, token: &Token) -> Result<Kind> {
        let name = self.bytes(token);
        let text = String::from_utf8_lossy(name);
        let function = self.functions.get(&text).map(Callee::Function);
        match function.or_else(|| Builtin::named(&text).map(Callee::Builtin)) {
            Some(callee) => {
                Ok(Kind::Identifier { name: token.range.start as u32..token.range.end as u32, callee })
            }
            None => self.error(format!("function {} not defined", quote(name))),
        }
    }

    fn variable(&mut self, token: &Token) -> Result<Kind> {
        let name = self.name(self.bytes(token));
        if self.state.variables.contains(&name) {
            return Ok(Kind::Variable(self.names([name])));
        }
        self.error(format!("undefined variable {}", quote(&name)))
    }

    fn parenthesized(&mut self) -> Result<Id> {
        if self.state.parens >= MAX_PARENS {
            return self.error("max expression depth exceeded");
        }
        self.state.parens += 1;
        let pipe = stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, || {
            self.pipeline("parenthesized pipeline", Type::RightParen)
        });
        self.state.parens -= 1;
        pipe
    }
}
