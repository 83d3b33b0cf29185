//! Composing documents from libyaml's events.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use libyaml_safer::{Event, EventData, Mark as YamlMark, Parser, ScalarStyle};
use value::{Key, Map, Value};

use crate::escapes;
use crate::reader::{self, Chunks};
use crate::scalar::{self, Scalar};
use crate::touching::{self, Readable};
use crate::{Error, Mark};

/// Levels of nesting. go-yaml allows 10,000, on a stack that grows; nothing that is deployed comes near.
pub(crate) const MAX_DEPTH: usize = 300;
/// Up to so many nodes, all but one in a hundred may come from aliases; beyond the larger number, one in ten.
///
/// Source: go-yaml's `allowedAliasRatio`.
const ALIAS_RANGE: (f64, f64) = (400_000.0, 4_000_000.0);

/// Whose rules give plain scalars their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// sigs.k8s.io/yaml on go-yaml v2: YAML 1.1 booleans, also as keys; of duplicate keys the last one
    /// stays. Kubernetes, Helm and Flux read manifests with these.
    V2,
    /// kyaml on go-yaml v3: YAML 1.2 booleans, timestamps, duplicate keys are an error. kustomize reads
    /// its inputs with these.
    V3,
}

/// One document of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// What it says. A document without content is `Null`.
    pub value: Value,
    /// Where its content starts.
    pub start: Mark,
}

/// Parses a text that holds one document; an empty text is `Null`.
///
/// # Errors
/// The text is not YAML, or holds a second document.
pub fn parse(text: &str, rules: Rules) -> Result<Value, Error> {
    let mut documents = parse_documents(text, rules)?.into_iter();
    let first = documents.next().map_or(Value::Null, |document| document.value);
    match documents.next() {
        None => Ok(first),
        Some(second) => Err(Error::Syntax {
            mark: second.start,
            line: Some(second.start.line),
            problem: "expected a single document in the stream".to_owned(),
        }),
    }
}

/// Parses the first document of a text and reads no further, as `yaml.Unmarshal` does: what follows may be
/// anything. An empty text is `Null`.
///
/// # Errors
/// The first document is not YAML.
pub fn parse_first(text: &str, rules: Rules) -> Result<Value, Error> {
    let first = parse_some(text, rules, 1)?.into_iter().next();
    Ok(first.map_or(Value::Null, |document| document.value))
}

/// Parses all documents of a stream.
///
/// # Errors
/// The text is not YAML, or passes a limit of depth or aliasing.
pub fn parse_documents(text: &str, rules: Rules) -> Result<Vec<Document>, Error> {
    parse_some(text, rules, usize::MAX)
}

fn parse_some(text: &str, rules: Rules, most: usize) -> Result<Vec<Document>, Error> {
    guarded(text, |text| compose(text, rules, most))
}

/// The characters that end a line in YAML 1.1.
pub(crate) const BREAKS: [char; 5] = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];

/// A text that the parser can read, since it ends with a line break.
#[derive(Clone, Copy)]
pub(crate) struct Ended<'a> {
    /// The text.
    pub(crate) text: &'a str,
    /// The line break that was added, and the line behind the end.
    added: Option<(char, u64)>,
    /// Whether `\/` is in it.
    has_slash: bool,
}

impl Ended<'_> {
    /// What Go makes of an event, and where it begins.
    pub(crate) fn read(&self, mut event: Event, rules: Rules) -> Result<(EventData, Mark), Error> {
        self.restore(&mut event.data, event.end_mark.line);
        if self.has_slash
            && let EventData::Scalar { style: ScalarStyle::DoubleQuoted, .. } = event.data
        {
            self.refuse_slash(event.start_mark, event.end_mark, rules)?;
        }
        Ok((event.data, mark_of(event.start_mark)))
    }

    /// Why the text cannot be read. Version 2 of go-yaml does not look whether an empty collection is a key, and
    /// stumbles over its beginning; a bracket that closes nothing has the parser stumble there.
    fn syntax(&self, error: &libyaml_safer::Error, rules: Rules) -> Error {
        let key = error.context_mark().map_or(0, |mark| mark.index as usize);
        let is_empty = self.text.get(key..).is_some_and(|key| {
            let inner = key.strip_prefix(['{', '[']).map(str::trim_start);
            inner.is_some_and(|inner| inner.starts_with(['}', ']']))
        });
        if rules == Rules::V2 && is_empty && error.problem() == "could not find expected ':'" {
            let text = format!("{}]{}", &self.text[..key], &self.text[key + 1..]);
            let mut parser = reader::parser(&text);
            if let Some(error) =
                std::iter::repeat_with(|| parser.parse()).take(2 * text.len()).find_map(Result::err)
            {
                return syntax(&error, rules);
            }
        }
        syntax(error, rules)
    }

    fn refuse_slash(&self, start: YamlMark, end: YamlMark, rules: Rules) -> Result<(), Error> {
        let quoted = self.text.get(start.index as usize..end.index as usize).unwrap_or_default();
        let Some(at) = escapes::slash(quoted) else { return Ok(()) };
        let line = start.line + lines(&quoted[..at]);
        Err(Error::Syntax {
            mark: Mark { line: line + 1, ..mark_of(start) },
            line: named_line((Some(start.line), Some(line)), 1, rules),
            problem: escapes::UNKNOWN.to_owned(),
        })
    }

    /// A block scalar that ends at the end of the text, in the line `end`, has no more line breaks than were
    /// written.
    fn restore(&self, event: &mut EventData, end: u64) {
        if let EventData::Scalar { value, style: ScalarStyle::Literal | ScalarStyle::Folded, .. } = event
            && let Some((added, line)) = self.added
            && line == end
            && value.ends_with(added)
        {
            value.pop();
        }
    }
}

/// The line break to add to a text that the parser would give up on with a panic: one in which a block scalar ends
/// without a line break, or whose last character is a backslash.
fn missing_break(text: &str) -> Option<char> {
    if text.ends_with('\\') {
        return Some('\n');
    }
    let last = text.rsplit(BREAKS).next().filter(|last| !last.is_empty())?;
    if !has_block_scalar(text) {
        return None;
    }
    if last.contains(|char| char != ' ' && char != '\t') {
        return Some('\n');
    }
    // Whether blanks belong to the scalar is for its indentation to say. A scalar that they do not belong to may end
    // with a line break of its own, which has to be told from the one that was added.
    ['\u{2028}', '\u{2029}'].into_iter().find(|candidate| !text.contains(*candidate)).or(Some('\u{2028}'))
}

/// Reads with the parser, which has habits that texts must be kept from.
pub(crate) fn guarded<T>(text: &str, read: impl Fn(Ended<'_>) -> Result<T, Error>) -> Result<T, Error> {
    // The parser takes any character whose first byte is that of a byte order mark for one.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let missing = missing_break(text);
    let padded = missing.map(|missing| format!("{text}{missing}"));
    let added = missing.zip(padded.as_deref().map(lines));
    // It gives up with a panic where a tag and a comma touch within brackets.
    match touching::readable(padded.as_deref().unwrap_or(text)) {
        Readable::Whole(text) => escapes::read(text, |text| {
            let has_slash = text.contains("\\/");
            read(Ended { text, added, has_slash })
        }),
        Readable::Broken(text) => read(Ended { text: &text, added, has_slash: false }).and_then(|_| {
            let problem = "did not find expected whitespace or line break".to_owned();
            Err(Error::Syntax { mark: Mark::default(), line: None, problem })
        }),
    }
}

fn compose(ended: Ended<'_>, rules: Rules, most: usize) -> Result<Vec<Document>, Error> {
    let mut composer = Composer {
        parser: reader::parser(ended.text),
        ended,
        rules,
        anchors: HashMap::new(),
        nodes: 0,
        aliased: 0,
        depth: 0,
        problem: None,
    };
    let mut documents = Vec::new();
    loop {
        let (event, mark) = composer.next()?;
        match event {
            EventData::StreamEnd => return composer.problem.map_or(Ok(documents), Err),
            EventData::DocumentStart { .. } => {
                composer.anchors.clear();
                let (first, start) = composer.next()?;
                let node = composer.node(first, start)?;
                let value = composer.value(node, start);
                documents.push(Document { value, start });
            }
            EventData::DocumentEnd { .. } if documents.len() >= most => {
                return composer.problem.map_or(Ok(documents), Err);
            }
            EventData::StreamStart { .. } | EventData::DocumentEnd { .. } => {}
            other => return Err(unexpected(mark, &other)),
        }
    }
}

/// Whether some line may be the head of a block scalar. Other texts are left alone, since the place where they
/// end is named in errors.
fn has_block_scalar(text: &str) -> bool {
    text.split(BREAKS).any(|line| {
        line.match_indices(['|', '>']).any(|(at, _)| {
            let behind =
                line[at + 1..].trim_start_matches(|char: char| "+-".contains(char) || char.is_ascii_digit());
            let behind = behind.trim_start_matches([' ', '\t']);
            behind.is_empty() || behind.starts_with('#')
        })
    })
}

/// The line breaks of a text, as the parser counts them.
fn lines(text: &str) -> u64 {
    let breaks = text.matches(BREAKS).count() - text.matches("\r\n").count();
    breaks as u64
}

/// A number as the key that sigs.k8s.io/yaml makes of it.
fn float_key(number: f64) -> String {
    match value::shortest_float32(number).as_str() {
        "+Inf" => ".inf".to_owned(),
        "-Inf" => "-.inf".to_owned(),
        "NaN" => ".nan".to_owned(),
        finite => finite.to_owned(),
    }
}

fn unexpected(mark: Mark, event: &EventData) -> Error {
    Error::Syntax { mark, line: Some(mark.line), problem: format!("unexpected event {event:?}") }
}

struct Composer<'a> {
    parser: Parser<Chunks<'a>>,
    ended: Ended<'a>,
    rules: Rules,
    anchors: HashMap<String, Node>,
    nodes: usize,
    aliased: usize,
    depth: usize,
    /// What is wrong with the meaning of the text. Go reads a whole text before it looks for that, so that
    /// what breaks the grammar anywhere comes first.
    problem: Option<Error>,
}

/// A composed value with what merging and limits need to know of it.
#[derive(Clone)]
struct Node {
    value: Value,
    /// A scalar as it was written, where it means something else than text.
    written: Option<Arc<str>>,
    is_merge: bool,
    size: usize,
}

impl Node {
    fn new(value: impl Into<Value>) -> Self {
        Self { value: value.into(), written: None, is_merge: false, size: 1 }
    }
}

impl Composer<'_> {
    fn next(&mut self) -> Result<(EventData, Mark), Error> {
        let event = self.parser.parse().map_err(|error| self.ended.syntax(&error, self.rules))?;
        self.ended.read(event, self.rules)
    }

    fn node(&mut self, event: EventData, mark: Mark) -> Result<Node, Error> {
        self.nodes += 1;
        match event {
            EventData::Alias { anchor } => self.alias(anchor, mark),
            EventData::Scalar { anchor, tag, value, style, .. } => {
                let node = self.scalar(tag.as_deref(), value, style, mark);
                Ok(self.remember(anchor, node))
            }
            EventData::SequenceStart { anchor, .. } => {
                let node = self.nested(mark, Self::sequence)?;
                Ok(self.remember(anchor, node))
            }
            EventData::MappingStart { anchor, .. } => {
                let node = self.nested(mark, Self::mapping)?;
                Ok(self.remember(anchor, node))
            }
            other => Err(unexpected(mark, &other)),
        }
    }

    fn nested(&mut self, mark: Mark, compose: fn(&mut Self) -> Result<Node, Error>) -> Result<Node, Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::TooDeep { mark, limit: MAX_DEPTH });
        }
        let node = compose(self)?;
        self.depth -= 1;
        Ok(node)
    }

    fn remember(&mut self, anchor: Option<String>, node: Node) -> Node {
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, node.clone());
        }
        node
    }

    fn alias(&mut self, anchor: String, mark: Mark) -> Result<Node, Error> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(Error::UnknownAnchor { mark, anchor });
        };
        self.aliased = self.aliased.saturating_add(node.size);
        if is_excessive(self.aliased, self.nodes.saturating_add(self.aliased)) {
            return Err(Error::ExcessiveAliasing { mark });
        }
        Ok(node.clone())
    }

    fn scalar(&mut self, tag: Option<&str>, text: String, style: ScalarStyle, mark: Mark) -> Node {
        match tag.map(|tag| tag.strip_prefix("tag:yaml.org,2002:").unwrap_or(tag)) {
            None if style == ScalarStyle::Plain => match scalar::resolve(&text, self.rules) {
                Scalar::Value(value) => Self::plain(value, text),
                Scalar::Merge => Node { is_merge: true, ..Node::new(text) },
            },
            Some("binary") => match BASE64.decode(text.replace(['\n', '\r'], "")) {
                // JSON has no bytes: what is not text is replaced, as encoding/json does.
                Ok(bytes) => Node::new(&*String::from_utf8_lossy(&bytes)),
                Err(_) => self.wrong(mark, "!!binary value contains invalid base64 data".to_owned()),
            },
            Some("timestamp") if self.rules == Rules::V3 => match scalar::resolve(&text, self.rules) {
                Scalar::Value(value @ Value::String(_)) => Self::plain(value, text),
                Scalar::Value(_) | Scalar::Merge => {
                    self.wrong(mark, format!("cannot decode `{text}` as a !!timestamp"))
                }
            },
            Some(tag @ ("int" | "float" | "bool" | "null")) => match scalar::resolve(&text, self.rules) {
                Scalar::Value(value) if is_of_tag(&value, tag) => Self::plain(value, text),
                Scalar::Value(value) => {
                    let found = tag_of(&value);
                    self.wrong(mark, format!("cannot decode !!{found} `{text}` as a !!{tag}"))
                }
                Scalar::Merge => Node::new(text),
            },
            _ => Node::new(text),
        }
    }

    fn plain(value: Value, text: String) -> Node {
        match value {
            Value::String(same) if *same == *text => Node::new(text),
            _ => Node { written: Some(text.into()), ..Node::new(value) },
        }
    }

    /// What is no key must be a number of JSON, if it is one.
    fn value(&mut self, node: Node, mark: Mark) -> Value {
        let Value::Float(number) = node.value else { return node.value };
        if number.is_finite() {
            return node.value;
        }
        let shown = match number {
            _ if number.is_nan() => "NaN",
            _ if number > 0.0 => "+Inf",
            _ => "-Inf",
        };
        self.problem.get_or_insert(Error::NoJson { mark, number: shown });
        Value::Null
    }

    /// Notes a problem of meaning and goes on.
    fn wrong(&mut self, mark: Mark, problem: String) -> Node {
        self.problem.get_or_insert(Error::Key { mark, problem });
        Node::new(Value::Null)
    }

    fn sequence(&mut self) -> Result<Node, Error> {
        let mut list = Vec::new();
        let mut size = 1;
        loop {
            match self.next()? {
                (EventData::SequenceEnd, _) => {
                    return Ok(Node { size, ..Node::new(list) });
                }
                (event, mark) => {
                    let node = self.node(event, mark)?;
                    size += node.size;
                    list.push(self.value(node, mark));
                }
            }
        }
    }

    fn mapping(&mut self) -> Result<Node, Error> {
        let is_root = self.depth == 1;
        let mut entries: Vec<(Key, Value)> = Vec::new();
        let mut lines: HashMap<Key, u64> = HashMap::new();
        let mut merged = Vec::new();
        let mut size = 1;
        loop {
            let (event, mark) = self.next()?;
            if event == EventData::MappingEnd {
                break;
            }
            let key = self.node(event, mark)?;
            let (event, value_mark) = self.next()?;
            let node = self.node(event, value_mark)?;
            size += 1 + node.size;
            let value = self.value(node, value_mark);
            let is_merge = key.is_merge;
            let text = key.written.as_deref().or(key.value.as_str());
            if self.rules == Rules::V3
                && let Some(text) = text
                && let Some(first) = lines.insert(Key::from(text), mark.line)
            {
                self.problem.get_or_insert(Error::DuplicateKey { mark, key: text.to_owned(), first });
            }
            let Some(key) = self.key(key, is_root, mark) else { continue };
            match (is_merge, self.rules) {
                (false, _) => entries.push((key, value)),
                // Later entries of a mapping replace earlier ones, merged or not.
                (true, Rules::V2) => self.merge(&mut entries, &value, value_mark),
                (true, Rules::V3) => self.merge(&mut merged, &value, value_mark),
            }
        }
        // The last of equal keys stays: the mapping's own ones.
        merged.append(&mut entries);
        let map: Map = merged.into_iter().collect();
        Ok(Node { size, ..Node::new(map) })
    }

    /// As sigs.k8s.io/yaml turns keys into JSON keys, or as kyaml does: there, the keys of the outermost map
    /// are text whatever they look like (a null there is left out), and others must be text.
    fn key(&mut self, key: Node, is_root: bool, mark: Mark) -> Option<Key> {
        match (key.value, key.written, self.rules) {
            (Value::String(text), None, _) => return Some(Key::from(&*text)),
            (Value::Null, Some(_), Rules::V3) if is_root => {}
            (_, Some(written), Rules::V3) if is_root => return Some(Key::from(&*written)),
            (Value::String(text), _, Rules::V2) => return Some(Key::from(&*text)),
            (other @ (Value::Bool(_) | Value::Int(_)), _, Rules::V2) => {
                return Some(Key::from(other.to_string()));
            }
            (Value::Float(number), _, Rules::V2) => return Some(Key::from(float_key(number))),
            (other, ..) => {
                let (kind, fix) = (other.kind(), "put it in quotes");
                self.wrong(mark, format!("invalid map key: {kind} where a string is expected; {fix}"));
            }
        }
        None
    }

    /// Entries of the earlier ones of several merged maps come last, so that they stay.
    fn merge(&mut self, entries: &mut Vec<(Key, Value)>, merged: &Value, mark: Mark) {
        let maps = match merged {
            Value::Map(_) => std::slice::from_ref(merged),
            Value::List(maps) if maps.iter().all(|map| map.as_map().is_some()) => maps,
            _ => {
                self.wrong(mark, "map merge requires map or sequence of maps as the value".to_owned());
                return;
            }
        };
        for map in maps.iter().rev().filter_map(Value::as_map) {
            entries.extend(map.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
    }
}

/// Whether so many nodes out of `all` may come from aliases.
pub(crate) fn is_excessive(aliased: usize, all: usize) -> bool {
    let (aliased, all) = (aliased as f64, all as f64);
    let (low, high) = ALIAS_RANGE;
    let share = 0.99 - 0.89 * ((all - low) / (high - low)).clamp(0.0, 1.0);
    aliased > 100.0 && all > 1_000.0 && aliased / all > share
}

fn tag_of(value: &Value) -> &'static str {
    match value.kind() {
        value::Kind::Null => "null",
        value::Kind::Bool => "bool",
        value::Kind::Int => "int",
        value::Kind::Float => "float",
        value::Kind::String => "str",
        value::Kind::List => "seq",
        value::Kind::Map => "map",
    }
}

fn is_of_tag(value: &Value, tag: &str) -> bool {
    match tag {
        "int" => matches!(value, Value::Int(_) | Value::UInt(_)),
        "float" => matches!(value, Value::Int(_) | Value::UInt(_) | Value::Float(_)),
        "bool" => matches!(value, Value::Bool(_)),
        _ => value.is_null(),
    }
}

pub(crate) fn mark_of(mark: YamlMark) -> Mark {
    Mark { line: mark.line + 1, column: mark.column + 1 }
}

/// The line that go-yaml names, where it names one (`parser.fail`): lines are counted from zero there, one is
/// added for scanner errors, and version 3 prefers the place where the construct began.
fn named_line((context, problem): (Option<u64>, Option<u64>), scanner: u64, rules: Rules) -> Option<u64> {
    let [context, problem] = [context, problem].map(|line| line.filter(|line| *line > 0));
    match rules {
        Rules::V2 => problem.map(|line| line + scanner).or(context),
        Rules::V3 => context.or(problem).map(|line| line + scanner),
    }
}

pub(crate) fn syntax(error: &libyaml_safer::Error, rules: Rules) -> Error {
    let scanner = u64::from(error.kind() == libyaml_safer::ErrorKind::Scanner);
    let line_of = |mark: Option<YamlMark>| mark.map(|mark| mark.line);
    let lines = (line_of(error.context_mark()), line_of(error.problem_mark()));
    let line = named_line(lines, scanner, rules);
    Error::Syntax {
        mark: error.problem_mark().or(error.context_mark()).map_or_else(Mark::default, mark_of),
        line,
        problem: error.problem().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, rules: Rules) -> String {
        match parse(text, rules) {
            Ok(value) => value.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn duplicate_keys_differ_by_rules() {
        assert_eq!(shown("a: 1\na: 2\n", Rules::V2), r#"{"a":2}"#);
        assert_eq!(
            shown("a: 1\na: 2\n", Rules::V3),
            "yaml: line 2: mapping key \"a\" already defined at line 1"
        );
    }

    #[test]
    fn merged_and_own_keys_differ_by_rules() {
        let text = "b: &b {x: 1, y: 2}\nc:\n  y: 3\n  <<: *b\n";
        assert_eq!(shown(text, Rules::V2), r#"{"b":{"true":2,"x":1},"c":{"true":2,"x":1}}"#);
        assert_eq!(shown(text, Rules::V3), r#"{"b":{"x":1,"y":2},"c":{"x":1,"y":3}}"#);
    }

    #[test]
    fn numbers_are_keys_as_sigs_k8s_io_writes_them() {
        let text = "1000000.5: a\n1e20: b\n0.00001: d\n1e300: e\n0.1: g\n";
        let json = r#"{".inf":"e","0.1":"g","1.0000005e+06":"a","1e+20":"b","1e-05":"d"}"#;
        assert_eq!(shown(text, Rules::V2), json);
    }

    #[test]
    fn errors_name_the_line_that_go_names() {
        assert_eq!(
            shown("apiVersion: v1\nkind: X\na: b: c\n", Rules::V2),
            "yaml: line 3: mapping values are not allowed in this context"
        );
    }

    #[test]
    fn a_billion_laughs_end_at_once() {
        let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..12 {
            let aliases = vec![format!("*a{}", level - 1); 10].join(",");
            text += &format!("a{level}: &a{level} [{aliases}]\n");
        }
        assert_eq!(shown(&text, Rules::V2), "yaml: document contains excessive aliasing");
    }

    #[test]
    fn deep_nesting_ends_as_an_error() {
        let error = parse(&"[".repeat(100_000), Rules::V2).expect_err("too deep");
        assert!(matches!(error, Error::TooDeep { .. } | Error::Syntax { .. }), "{error}");
    }

    #[test]
    fn a_text_that_ends_with_a_backslash_is_refused() {
        for text in ["\"\n\\", "a: \"\\", "{!,-{!,-"] {
            parse(text, Rules::V2).expect_err("no YAML");
        }
    }

    #[test]
    fn a_tag_that_touches_a_comma_is_refused() {
        let error = "yaml: line 2: did not find expected whitespace or line break";
        assert_eq!(shown("a:\n- [!!str, b]\n", Rules::V2), error);
        let first = "yaml: did not find expected whitespace or line break";
        assert_eq!(shown("a: [!!str, {d: !!str}]", Rules::V2), first);
        assert_eq!(shown("a: 'wow!,'\nb: [!!str 1, 2]", Rules::V2), r#"{"a":"wow!,","b":["1",2]}"#);
    }

    #[test]
    fn a_block_at_the_end_of_the_text_has_the_line_breaks_that_were_written() {
        assert_eq!(shown("a: |\n  x", Rules::V2), r#"{"a":"x"}"#);
        assert_eq!(shown("a: |\n  x\n", Rules::V2), r#"{"a":"x\n"}"#);
        assert_eq!(shown("a: |-\n  x", Rules::V3), r#"{"a":"x"}"#);
        assert_eq!(shown("a: |\n  x\n\n  ", Rules::V3), r#"{"a":"x\n"}"#);
        assert_eq!(shown("a: |\r  x", Rules::V3), r#"{"a":"x"}"#);
        assert_eq!(shown("a: |\n  x\r", Rules::V3), r#"{"a":"x\n"}"#);
        assert_eq!(shown("a: |\t# text\n  x", Rules::V3), r#"{"a":"x"}"#);
    }

    #[test]
    fn blanks_at_the_end_of_the_text_belong_to_a_block_by_their_number() {
        assert_eq!(shown("a: |\n  x\n ", Rules::V3), r#"{"a":"x\n"}"#);
        assert_eq!(shown("a: |\n  x\n  ", Rules::V3), r#"{"a":"x\n"}"#);
        assert_eq!(shown("a: |\n  x\n    ", Rules::V3), r#"{"a":"x\n  "}"#);
        assert_eq!(shown("a: |+\n  x\n ", Rules::V3), r#"{"a":"x\n"}"#);
        assert_eq!(shown("a: |-\n  x\n   ", Rules::V3), r#"{"a":"x\n "}"#);
        assert_eq!(shown("a: |2\n     ", Rules::V3), r#"{"a":"   "}"#);
        assert_eq!(shown("a: >\n  x\n  y\n  \t", Rules::V3), r#"{"a":"x y\n\t"}"#);
    }

    #[test]
    fn documents_know_where_they_start() {
        let documents =
            parse_documents("a: 1\n---\n# only a comment\n---\nb: 2\n", Rules::V2).expect("valid");
        let shown: Vec<_> = documents.iter().map(|d| (d.value.to_string(), d.start.line)).collect();
        assert_eq!(shown, [("{\"a\":1}".to_owned(), 1), ("null".to_owned(), 4), ("{\"b\":2}".to_owned(), 5)]);
    }
}
