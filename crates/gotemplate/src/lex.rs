//! The tokens of a template. States and texts follow Go's `text/template/parse`.

use std::ops::Range;

use crate::print;
use crate::runes::{self, EOF};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Error,
    Bool,
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    Block,
    Break,
    Continue,
    Dot,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

impl Type {
    fn is_keyword(self) -> bool {
        matches!(
            self,
            Self::Block
                | Self::Break
                | Self::Continue
                | Self::Dot
                | Self::Define
                | Self::Else
                | Self::End
                | Self::If
                | Self::Nil
                | Self::Range
                | Self::Template
                | Self::With
        )
    }

    fn keyword(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"." => Self::Dot,
            b"block" => Self::Block,
            b"break" => Self::Break,
            b"continue" => Self::Continue,
            b"define" => Self::Define,
            b"else" => Self::Else,
            b"end" => Self::End,
            b"if" => Self::If,
            b"range" => Self::Range,
            b"nil" => Self::Nil,
            b"template" => Self::Template,
            b"with" => Self::With,
            _ => return None,
        })
    }
}

/// A token: its bytes are a range of the text, or a message where it is an error.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) typ: Type,
    pub(crate) range: Range<usize>,
    pub(crate) line: usize,
    pub(crate) message: String,
}

impl Token {
    /// As Go's `item.String` prints it.
    pub(crate) fn print(&self, text: &[u8]) -> String {
        let value = &text[self.range.clone()];
        match self.typ {
            Type::Eof => "EOF".to_owned(),
            Type::Error => self.message.clone(),
            typ if typ.is_keyword() => format!("<{}>", String::from_utf8_lossy(value)),
            _ if value.len() > 10 => format!("{}...", print::quote(runes::prefix(value, 10))),
            _ => print::quote(value),
        }
    }
}

pub(crate) struct Lexer<'a> {
    text: &'a [u8],
    pos: usize,
    start: usize,
    line: usize,
    start_line: usize,
    at_eof: bool,
    is_over: bool,
    paren_depth: usize,
    in_action: bool,
}

const SPACES: &[u8] = b" \t\r\n";

fn is_space(rune: i32) -> bool {
    matches!(u8::try_from(rune), Ok(b' ' | b'\t' | b'\r' | b'\n'))
}

fn is_alphanumeric(rune: i32) -> bool {
    rune == i32::from(b'_') || runes::is_letter(rune) || runes::is_digit(rune)
}

fn has_left_trim_marker(text: &[u8]) -> bool {
    text.len() >= 2 && text[0] == b'-' && SPACES.contains(&text[1])
}

fn has_right_trim_marker(text: &[u8]) -> bool {
    text.len() >= 2 && SPACES.contains(&text[0]) && text[1] == b'-'
}

fn newlines(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte == b'\n').count()
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            pos: 0,
            start: 0,
            line: 1,
            start_line: 1,
            at_eof: false,
            is_over: false,
            paren_depth: 0,
            in_action: false,
        }
    }

    pub(crate) fn next_token(&mut self) -> Token {
        if self.is_over {
            return self.token_at(Type::Eof, self.pos..self.pos);
        }
        if self.in_action { self.inside_action() } else { self.outside_action() }
    }

    fn rest(&self) -> &'a [u8] {
        &self.text[self.pos..]
    }

    fn next(&mut self) -> i32 {
        if self.pos >= self.text.len() {
            self.at_eof = true;
            return EOF;
        }
        let (rune, width) = runes::decode(self.rest());
        self.pos += width;
        if rune == i32::from(b'\n') {
            self.line += 1;
        }
        rune
    }

    fn peek(&mut self) -> i32 {
        let rune = self.next();
        self.backup();
        rune
    }

    fn backup(&mut self) {
        if !self.at_eof && self.pos > 0 {
            let (rune, width) = runes::decode_last(&self.text[..self.pos]);
            self.pos -= width;
            if rune == i32::from(b'\n') {
                self.line -= 1;
            }
        }
    }

    fn token_at(&self, typ: Type, range: Range<usize>) -> Token {
        Token { typ, range, line: self.start_line, message: String::new() }
    }

    fn token(&mut self, typ: Type) -> Token {
        let token = self.token_at(typ, self.start..self.pos);
        self.start = self.pos;
        self.start_line = self.line;
        token
    }

    fn ignore(&mut self) {
        self.line += newlines(&self.text[self.start..self.pos]);
        self.start = self.pos;
        self.start_line = self.line;
    }

    fn error(&mut self, message: impl Into<String>) -> Token {
        self.is_over = true;
        let mut token = self.token_at(Type::Error, self.start..self.start);
        token.message = message.into();
        token
    }

    fn accept(&mut self, valid: &[u8]) -> bool {
        let rune = self.next();
        if u8::try_from(rune).is_ok_and(|byte| valid.contains(&byte)) {
            return true;
        }
        self.backup();
        false
    }

    fn accept_run(&mut self, valid: &[u8]) {
        while self.accept(valid) {}
    }

    fn outside_action(&mut self) -> Token {
        loop {
            let Some(at) = find(self.rest(), b"{{") else {
                self.pos = self.text.len();
                if self.pos > self.start {
                    self.line += newlines(&self.text[self.start..self.pos]);
                    return self.token(Type::Text);
                }
                return self.token(Type::Eof);
            };
            if at > 0
                && let Some(token) = self.text_before_action(at)
            {
                return token;
            }
            match self.left_delim() {
                Some(token) => return token,
                // A comment; text goes on behind it.
                None => continue,
            }
        }
    }

    fn text_before_action(&mut self, at: usize) -> Option<Token> {
        self.pos += at;
        let text = &self.text[self.start..self.pos];
        let trimmed = if has_left_trim_marker(&self.text[self.pos + 2..]) {
            text.iter().rev().take_while(|byte| SPACES.contains(byte)).count()
        } else {
            0
        };
        self.pos -= trimmed;
        self.line += newlines(&self.text[self.start..self.pos]);
        let token = self.token(Type::Text);
        self.pos += trimmed;
        self.ignore();
        (!token.range.is_empty()).then_some(token)
    }

    fn left_delim(&mut self) -> Option<Token> {
        self.pos += 2;
        let after = if has_left_trim_marker(self.rest()) { 2 } else { 0 };
        if self.text[self.pos + after..].starts_with(b"/*") {
            self.pos += after;
            self.ignore();
            return self.comment();
        }
        let token = self.token(Type::LeftDelim);
        self.in_action = true;
        self.pos += after;
        self.ignore();
        self.paren_depth = 0;
        Some(token)
    }

    fn comment(&mut self) -> Option<Token> {
        self.pos += 2;
        let Some(at) = find(self.rest(), b"*/") else { return Some(self.error("unclosed comment")) };
        self.pos += at + 2;
        let Some(trims) = self.right_delim_ahead() else {
            return Some(self.error("comment ends before closing delimiter"));
        };
        self.line += newlines(&self.text[self.start..self.pos]);
        self.start = self.pos;
        self.start_line = self.line;
        self.pos += if trims { 4 } else { 2 };
        if trims {
            self.skip_spaces();
        }
        self.ignore();
        None
    }

    fn skip_spaces(&mut self) {
        self.pos += self.rest().iter().take_while(|byte| SPACES.contains(byte)).count();
    }

    /// Whether the right delimiter is next, and whether it trims.
    fn right_delim_ahead(&self) -> Option<bool> {
        let rest = self.rest();
        if has_right_trim_marker(rest) && rest[2..].starts_with(b"}}") {
            Some(true)
        } else if rest.starts_with(b"}}") {
            Some(false)
        } else {
            None
        }
    }

    fn right_delim(&mut self) -> Token {
        let trims = self.right_delim_ahead() == Some(true);
        if trims {
            self.pos += 2;
            self.ignore();
        }
        self.pos += 2;
        let token = self.token(Type::RightDelim);
        if trims {
            self.skip_spaces();
            self.ignore();
        }
        self.in_action = false;
        token
    }

    fn inside_action(&mut self) -> Token {
        if self.right_delim_ahead().is_some() {
            return if self.paren_depth == 0 {
                self.right_delim()
            } else {
                self.error("unclosed left paren")
            };
        }
        let rune = self.next();
        if rune == EOF {
            return self.error("unclosed action");
        }
        if is_space(rune) {
            self.backup();
            return self.space();
        }
        match u8::try_from(rune).unwrap_or(0) {
            b'=' => self.token(Type::Assign),
            b':' if self.next() == i32::from(b'=') => self.token(Type::Declare),
            b':' => self.error("expected :="),
            b'|' => self.token(Type::Pipe),
            b'"' => self.quoted(b'"', Type::String, "unterminated quoted string"),
            b'\'' => self.quoted(b'\'', Type::CharConstant, "unterminated character constant"),
            b'`' => self.raw_quoted(),
            b'$' => self.field_or_variable(Type::Variable),
            b'.' if self.rest().first().is_some_and(|byte| !byte.is_ascii_digit()) => {
                self.field_or_variable(Type::Field)
            }
            b'.' | b'+' | b'-' | b'0'..=b'9' => {
                self.backup();
                self.number()
            }
            _ if is_alphanumeric(rune) => {
                self.backup();
                self.identifier()
            }
            b'(' => {
                self.paren_depth += 1;
                self.token(Type::LeftParen)
            }
            b')' if self.paren_depth == 0 => self.error("unexpected right paren"),
            b')' => {
                self.paren_depth -= 1;
                self.token(Type::RightParen)
            }
            b' '..=b'~' => self.token(Type::Char),
            _ => self.error(format!("unrecognized character in action: {}", print::code_point(rune))),
        }
    }

    fn space(&mut self) -> Token {
        let mut spaces = 0;
        while is_space(self.peek()) {
            self.next();
            spaces += 1;
        }
        let last = &self.text[self.pos - 1..];
        if has_right_trim_marker(last) && last[2..].starts_with(b"}}") {
            self.backup();
            if spaces == 1 {
                return self.right_delim();
            }
        }
        self.token(Type::Space)
    }

    fn identifier(&mut self) -> Token {
        let rune = self.absorb_alphanumeric();
        if !self.at_terminator() {
            return self.error(format!("bad character {}", print::code_point(rune)));
        }
        let word = &self.text[self.start..self.pos];
        match Type::keyword(word) {
            Some(keyword) => self.token(keyword),
            None if matches!(word, b"true" | b"false") => self.token(Type::Bool),
            None => self.token(Type::Identifier),
        }
    }

    fn absorb_alphanumeric(&mut self) -> i32 {
        loop {
            let rune = self.next();
            if !is_alphanumeric(rune) {
                self.backup();
                return rune;
            }
        }
    }

    fn field_or_variable(&mut self, typ: Type) -> Token {
        if self.at_terminator() {
            return self.token(if typ == Type::Variable { typ } else { Type::Dot });
        }
        let rune = self.absorb_alphanumeric();
        if !self.at_terminator() {
            return self.error(format!("bad character {}", print::code_point(rune)));
        }
        self.token(typ)
    }

    fn at_terminator(&mut self) -> bool {
        let rune = self.peek();
        rune == EOF
            || is_space(rune)
            || matches!(u8::try_from(rune), Ok(b'.' | b',' | b'|' | b':' | b')' | b'('))
            || self.rest().starts_with(b"}}")
    }

    fn quoted(&mut self, quote: u8, typ: Type, problem: &str) -> Token {
        loop {
            let rune = self.next();
            let is_escaped = rune == i32::from(b'\\');
            let rune = if is_escaped { self.next() } else { rune };
            if rune == EOF || rune == i32::from(b'\n') {
                return self.error(problem);
            }
            if !is_escaped && rune == i32::from(quote) {
                return self.token(typ);
            }
        }
    }

    fn raw_quoted(&mut self) -> Token {
        loop {
            match self.next() {
                EOF => return self.error("unterminated raw quoted string"),
                rune if rune == i32::from(b'`') => return self.token(Type::RawString),
                _ => {}
            }
        }
    }

    fn number(&mut self) -> Token {
        if !self.scan_number() {
            return self.bad_number();
        }
        let sign = self.peek();
        if sign == i32::from(b'+') || sign == i32::from(b'-') {
            if !self.scan_number() || self.text[self.pos - 1] != b'i' {
                return self.bad_number();
            }
            return self.token(Type::Complex);
        }
        self.token(Type::Number)
    }

    fn bad_number(&mut self) -> Token {
        let text = print::quote(&self.text[self.start..self.pos]);
        self.error(format!("bad number syntax: {text}"))
    }

    fn scan_number(&mut self) -> bool {
        self.accept(b"+-");
        let mut digits: &[u8] = b"0123456789_";
        if self.accept(b"0") {
            if self.accept(b"xX") {
                digits = b"0123456789abcdefABCDEF_";
            } else if self.accept(b"oO") {
                digits = b"01234567_";
            } else if self.accept(b"bB") {
                digits = b"01_";
            }
        }
        self.accept_run(digits);
        if self.accept(b".") {
            self.accept_run(digits);
        }
        let exponent: &[u8] = match digits.len() {
            11 => b"eE",
            23 => b"pP",
            _ => b"",
        };
        if self.accept(exponent) {
            self.accept(b"+-");
            self.accept_run(b"0123456789_");
        }
        self.accept(b"i");
        if is_alphanumeric(self.peek()) {
            self.next();
            return false;
        }
        true
    }
}
