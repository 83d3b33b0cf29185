//! From the text of a template to its nodes.

use super::{Bound, MAX_DEPTH, Node, ParseError, Template};

impl Template {
    /// Parses a template: text with actions in braces.
    ///
    /// # Errors
    /// An action is none.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        Ok(Self { nodes: parse(text, 0)? })
    }
}

fn parse(text: &str, depth: usize) -> Result<Vec<Node>, ParseError> {
    if depth > MAX_DEPTH {
        return Err(ParseError::TooDeep);
    }
    let mut parser = Parser { rest: text, depth };
    let mut root = Vec::new();
    while let Some(at) = parser.rest.find('{') {
        if at > 0 {
            root.push(Node::Text(parser.rest[..at].to_owned()));
        }
        parser.rest = &parser.rest[at + 1..];
        root.push(Node::List(parser.action()?));
    }
    if !parser.rest.is_empty() {
        root.push(Node::Text(parser.rest.to_owned()));
    }
    Ok(root)
}

/// The nodes of one action; what stands behind a brace that ends it early does not count, as in client-go.
fn parse_action(text: &str, depth: usize) -> Result<Vec<Node>, ParseError> {
    match parse(&format!("{{{text}}}"), depth + 1)?.into_iter().next() {
        Some(Node::List(nodes)) => Ok(nodes),
        _ => unreachable!("a text that starts with a brace starts with an action"),
    }
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    fn take_while(&mut self, mut wanted: impl FnMut(char) -> bool) -> &'a str {
        let end = self.rest.find(|char| !wanted(char)).unwrap_or(self.rest.len());
        self.take(end)
    }

    /// The nodes up to the closing brace.
    fn action(&mut self) -> Result<Vec<Node>, ParseError> {
        let mut nodes = Vec::new();
        loop {
            if self.rest.starts_with("[?(") {
                nodes.push(self.filter()?);
                continue;
            }
            if self.rest.starts_with("..") {
                self.recursive(&mut nodes)?;
                continue;
            }
            match self.rest.chars().next() {
                None | Some('\r' | '\n') => return Err(ParseError::UnclosedAction),
                Some('}') => {
                    self.take(1);
                    return Ok(nodes);
                }
                Some(' ' | '@' | '$') => {
                    self.take(1);
                }
                Some('[') => self.array(&mut nodes)?,
                Some(quote @ ('"' | '\'')) => nodes.push(self.quoted(quote)?),
                Some('.') => {
                    self.take(1);
                    nodes.push(self.field());
                }
                Some(char) if matches!(char, '+' | '-') || char.is_numeric() => nodes.push(self.number()?),
                Some(char) if char == '_' || char.is_alphabetic() => nodes.push(self.identifier()),
                Some(char) => return Err(ParseError::Character(code_point(char))),
            }
        }
    }

    fn recursive(&mut self, nodes: &mut Vec<Node>) -> Result<(), ParseError> {
        if nodes.last() == Some(&Node::Recursive) {
            return Err(ParseError::Recursive);
        }
        self.take(2);
        nodes.push(Node::Recursive);
        if self.rest.starts_with(|char: char| char == '_' || char.is_alphanumeric()) {
            nodes.push(self.field());
        }
        Ok(())
    }

    fn identifier(&mut self) -> Node {
        match self.take_while(|char| !is_terminator(char)) {
            "true" => Node::Bool(true),
            "false" => Node::Bool(false),
            name => Node::Identifier(name.to_owned()),
        }
    }

    fn field(&mut self) -> Node {
        let mut escaped = false;
        let name = self.take_while(|char| {
            let goes_on = escaped || !is_terminator(char);
            escaped = !escaped && char == '\\';
            goes_on
        });
        if name == "*" { Node::Wildcard } else { Node::Field(name.replace('\\', "")) }
    }

    fn number(&mut self) -> Result<Node, ParseError> {
        let sign = usize::from(self.rest.starts_with(['+', '-']));
        let digits = &self.rest[sign..];
        let end = digits.find(|char: char| char != '.' && !char.is_numeric()).unwrap_or(digits.len());
        let text = self.take(sign + end);
        if let Ok(number) = text.parse::<i64>() {
            return Ok(Node::Int(number));
        }
        text.parse().map(Node::Float).map_err(|_| ParseError::Number(text.to_owned()))
    }

    fn array(&mut self, nodes: &mut Vec<Node>) -> Result<(), ParseError> {
        let end = self.rest.find([']', '\n']).filter(|end| self.rest[*end..].starts_with(']'));
        let text = self.take(end.ok_or(ParseError::UnterminatedArray)? + 1);
        let text = &text[1..text.len() - 1];
        let text = if text == "*" { ":" } else { text };
        if text.contains(',') {
            let union = text.split(',').map(|part| {
                let part = part.trim_matches(' ');
                parse_action(&format!("[{part}]"), self.depth)
            });
            nodes.push(Node::Union(union.collect::<Result<_, _>>()?));
            return Ok(());
        }
        let key = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
        if let Some(key) = key.filter(|key| !key.contains('\'')) {
            nodes.extend(parse_action(&format!(".{key}"), self.depth)?);
            return Ok(());
        }
        nodes.push(slice(text)?);
        Ok(())
    }

    fn filter(&mut self) -> Result<Node, ParseError> {
        self.take(3);
        let text = self.take(filter_end(self.rest)?);
        self.take(1);
        if !self.rest.starts_with(']') {
            return Err(ParseError::UnclosedFilter);
        }
        self.take(1);
        let Some((left, operator, right)) = comparison(text) else {
            return Ok(Node::Exists(parse_action(text, self.depth)?));
        };
        Ok(Node::Filter {
            left: parse_action(left, self.depth)?,
            operator: operator.to_owned(),
            right: parse_action(right, self.depth)?,
        })
    }

    fn quoted(&mut self, quote: char) -> Result<Node, ParseError> {
        let mut before = quote;
        let end = self.rest.char_indices().skip(1).find_map(|(at, char)| {
            let is_end = char == '\n' || (char == quote && before != '\\');
            before = char;
            is_end.then_some(at)
        });
        let end = end.filter(|end| !self.rest[*end..].starts_with('\n'));
        let text = self.take(end.ok_or(ParseError::UnterminatedQuote)? + 1);
        let inside = &text[1..text.len() - 1];
        unescape(inside).map(Node::Text).ok_or_else(|| ParseError::Quote(text.to_owned()))
    }
}

fn is_terminator(char: char) -> bool {
    matches!(char, ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}')
}

/// Where the parenthesis is that closes a filter. One in quotes does not count; only the first quotes are
/// looked at, as in client-go.
fn filter_end(text: &str) -> Result<usize, ParseError> {
    let (mut opened, mut closed, mut before) = (None, false, '(');
    for (at, char) in text.char_indices() {
        match char {
            '\n' => break,
            '"' | '\'' if opened.is_none() => opened = Some(char),
            '"' | '\'' => closed |= before != '\\' && opened == Some(char),
            ')' if opened.is_some() == closed => return Ok(at),
            _ => {}
        }
        before = char;
    }
    Err(ParseError::UnterminatedFilter)
}

/// Both sides and the operator, which is the first run of its characters.
fn comparison(text: &str) -> Option<(&str, &str, &str)> {
    const OPERATOR: [char; 4] = ['!', '<', '>', '='];
    let start = text.find(OPERATOR).filter(|start| *start > 0)?;
    let length = text[start..].find(|char| !OPERATOR.contains(&char))?;
    let (operator, right) = text[start..].split_at(length);
    Some((&text[..start], operator, right))
}

fn slice(text: &str) -> Result<Node, ParseError> {
    let is_number = |part: &&str| {
        let digits = part.strip_prefix('-').unwrap_or(part);
        digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let parts: Vec<&str> = text.split(':').collect();
    if parts.len() > 3 || !parts.iter().all(is_number) {
        return Err(ParseError::Index(text.to_owned()));
    }
    let number = |at: usize| match parts.get(at) {
        None | Some(&"") => Ok(None),
        Some(part) => part.parse().map(Some).map_err(|_| ParseError::IndexNumber((*part).to_owned())),
    };
    let start: Option<i64> = number(0)?;
    let end = match number(1)? {
        Some(end) => Bound::Written(end),
        None if parts.len() == 1 => Bound::Derived(start.unwrap_or(0).saturating_add(1)),
        None => Bound::Open,
    };
    Ok(Node::Slice(start.map_or(Bound::Open, Bound::Written), end, number(2)?))
}

/// `%#U`
fn code_point(char: char) -> String {
    let code = format!("U+{:04X}", u32::from(char));
    if gotemplate::is_print(char) { format!("{code} '{char}'") } else { code }
}

/// `strconv.UnquoteChar` over a whole text.
fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            out.push(char);
            continue;
        }
        out.push(match chars.next()? {
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            quoted @ ('\\' | '"' | '\'') => quoted,
            'x' => numbered(&mut chars, 2, 16)?,
            'u' => numbered(&mut chars, 4, 16)?,
            'U' => numbered(&mut chars, 8, 16)?,
            octal => {
                let first = octal.to_digit(8)?;
                let rest = u32::from(numbered(&mut chars, 2, 8)?);
                char::from_u32(first * 64 + rest)?
            }
        });
    }
    Some(out)
}

/// A character by the digits of its number.
fn numbered(chars: &mut std::str::Chars<'_>, digits: usize, radix: u32) -> Option<char> {
    let mut code = 0;
    for _ in 0..digits {
        code = code * radix + chars.next()?.to_digit(radix)?;
    }
    char::from_u32(code)
}
