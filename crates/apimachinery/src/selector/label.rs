//! Label selectors, as text and as `metav1.LabelSelector`.

use std::collections::BTreeSet;
use std::fmt;

use thiserror::Error;
use value::Value;

use crate::object;
use crate::validation::names;

/// How a requirement compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// The label is there and its value is one of the values.
    In,
    /// The label is absent or its value is none of the values.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is absent.
    DoesNotExist,
    /// The label is an integer greater than the one value.
    GreaterThan,
    /// The label is an integer less than the one value.
    LessThan,
}

/// One condition on one label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The label's key.
    pub key: String,
    /// How it compares.
    pub operator: Operator,
    /// The values that it is compared with, sorted.
    pub values: BTreeSet<String>,
}

/// A conjunction of requirements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelSelector {
    /// Selects nothing at all.
    Nothing,
    /// Selects what meets every requirement; with no requirement, everything.
    All(Vec<Requirement>),
}

/// A selector that the API server refuses.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum LabelSelectorError {
    /// The text does not follow the grammar.
    #[error("{0}")]
    Syntax(String),
    /// One of the requirements does not.
    #[error("unable to parse requirement: {0}")]
    Requirement(String),
    /// A key that is no label key.
    #[error("key: Invalid value: {key:?}: {problem}")]
    Key {
        /// The key.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A value that is no label value.
    #[error("values[{index}][{key}]: Invalid value: {value:?}: {problem}")]
    Value {
        /// The label's key.
        key: String,
        /// The place in the list of values.
        index: usize,
        /// The value.
        value: String,
        /// What is wrong with it.
        problem: String,
    },
    /// `gt` and `lt` take one integer.
    #[error(
        "values[0][{key}]: Invalid value: {value:?}: for 'Gt', 'Lt' operators, the value must be an integer"
    )]
    NotAnInteger {
        /// The label's key.
        key: String,
        /// The value.
        value: String,
    },
    /// `In` and `NotIn` need values.
    #[error("values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty")]
    NoValues,
    /// `Exists` and `DoesNotExist` take none.
    #[error("values: Invalid value: {0:?}: values set must be empty for exists and does not exist")]
    ValuesNotAllowed(Vec<String>),
    /// An operator that a `metav1.LabelSelector` does not have.
    #[error("{0:?} is not a valid label selector operator")]
    Operator(String),
}

impl LabelSelector {
    /// The selector that selects everything.
    pub const fn everything() -> Self {
        Self::All(Vec::new())
    }

    /// Parses a selector such as `a=b,c!=d,e in (x,y),f notin (z),g,!h`. Empty text selects everything.
    ///
    /// # Errors
    /// A text that does not follow the grammar, or keys and values that labels cannot have.
    pub fn parse(text: &str) -> Result<Self, LabelSelectorError> {
        let mut parser = Parser { tokens: lex(text)?, at: 0 };
        let mut requirements = parser.requirements()?;
        requirements.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(Self::All(requirements))
    }

    /// Reads a `metav1.LabelSelector`. As in Go, null selects nothing and `{}` selects everything.
    ///
    /// # Errors
    /// Operators that do not exist, and keys and values that labels cannot have.
    pub fn from_value(selector: &Value) -> Result<Self, LabelSelectorError> {
        if selector.is_null() {
            return Ok(Self::Nothing);
        }
        let mut requirements = Vec::new();
        for (key, value) in object::text_entries(selector.get("matchLabels")) {
            requirements.push(Requirement::new(key, Operator::In, [value.to_owned()])?);
        }
        let expressions = selector.get("matchExpressions").and_then(Value::as_list).unwrap_or_default();
        for expression in expressions {
            requirements.push(Requirement::from_expression(expression)?);
        }
        requirements.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(Self::All(requirements))
    }

    /// A selector for exactly these labels, as `spec.selector` of a Service or a ReplicationController.
    ///
    /// # Errors
    /// Keys and values that labels cannot have.
    pub fn from_labels<'a>(
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, LabelSelectorError> {
        let requirements = labels
            .into_iter()
            .map(|(key, value)| Requirement::new(key, Operator::In, [value.to_owned()]))
            .collect::<Result<_, _>>()?;
        Ok(Self::All(requirements))
    }

    /// Whether an object's labels are selected.
    pub fn matches<'a>(&self, labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> bool {
        let Self::All(requirements) = self else { return false };
        if requirements.is_empty() {
            return true;
        }
        let labels: Vec<_> = labels.into_iter().collect();
        requirements.iter().all(|requirement| {
            let value = labels.iter().find(|(key, _)| *key == requirement.key).map(|(_, value)| *value);
            requirement.matches(value)
        })
    }

    /// Whether everything is selected.
    pub fn is_everything(&self) -> bool {
        matches!(self, Self::All(requirements) if requirements.is_empty())
    }
}

/// As Go's `labels.Selector` prints: `a=b,c!=d,e in (x,y),!f`.
impl fmt::Display for LabelSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::All(requirements) = self else { return Ok(()) };
        for (at, requirement) in requirements.iter().enumerate() {
            write!(f, "{}{requirement}", if at == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl Requirement {
    /// A checked requirement.
    ///
    /// # Errors
    /// Keys and values that labels cannot have, and a number of values that the operator cannot take.
    pub fn new(
        key: &str,
        operator: Operator,
        values: impl IntoIterator<Item = String>,
    ) -> Result<Self, LabelSelectorError> {
        let values: BTreeSet<String> = values.into_iter().collect();
        if let Some(problem) = names::qualified_name(key).into_iter().next() {
            return Err(LabelSelectorError::Key { key: key.to_owned(), problem });
        }
        match operator {
            Operator::In | Operator::NotIn if values.is_empty() => return Err(LabelSelectorError::NoValues),
            Operator::Exists | Operator::DoesNotExist if !values.is_empty() => {
                return Err(LabelSelectorError::ValuesNotAllowed(values.into_iter().collect()));
            }
            Operator::GreaterThan | Operator::LessThan => {
                if let Some(value) = values.iter().find(|value| value.parse::<i64>().is_err()) {
                    return Err(LabelSelectorError::NotAnInteger {
                        key: key.to_owned(),
                        value: value.clone(),
                    });
                }
            }
            _ => {}
        }
        for (index, value) in values.iter().enumerate() {
            if let Some(problem) = names::label_value(value).into_iter().next() {
                let (key, value) = (key.to_owned(), value.clone());
                return Err(LabelSelectorError::Value { key, index, value, problem });
            }
        }
        Ok(Self { key: key.to_owned(), operator, values })
    }

    fn from_expression(expression: &Value) -> Result<Self, LabelSelectorError> {
        let operator = match expression.str_at(&["operator"]).unwrap_or_default() {
            "In" => Operator::In,
            "NotIn" => Operator::NotIn,
            "Exists" => Operator::Exists,
            "DoesNotExist" => Operator::DoesNotExist,
            other => return Err(LabelSelectorError::Operator(other.to_owned())),
        };
        let values = expression.get("values").and_then(Value::as_list).unwrap_or_default();
        let values = values.iter().filter_map(Value::as_str).map(str::to_owned);
        Self::new(expression.str_at(&["key"]).unwrap_or_default(), operator, values)
    }

    /// Whether the value of the label, `None` when it is absent, meets the requirement.
    pub fn matches(&self, value: Option<&str>) -> bool {
        let number = |text: &str| text.parse::<i64>().ok();
        let bound = self.values.first().and_then(|text| number(text));
        match self.operator {
            Operator::In => value.is_some_and(|value| self.values.contains(value)),
            Operator::NotIn => value.is_none_or(|value| !self.values.contains(value)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::GreaterThan => value.and_then(number).zip(bound).is_some_and(|(a, b)| a > b),
            Operator::LessThan => value.and_then(number).zip(bound).is_some_and(|(a, b)| a < b),
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = || self.values.iter().map(String::as_str).collect::<Vec<_>>().join(",");
        let key = &self.key;
        match self.operator {
            Operator::Exists => f.write_str(key),
            Operator::DoesNotExist => write!(f, "!{key}"),
            Operator::GreaterThan => write!(f, "{key}>{}", values()),
            Operator::LessThan => write!(f, "{key}<{}", values()),
            Operator::In if self.values.len() == 1 => write!(f, "{key}={}", values()),
            Operator::In => write!(f, "{key} in ({})", values()),
            Operator::NotIn if self.values.len() == 1 => write!(f, "{key}!={}", values()),
            Operator::NotIn => write!(f, "{key} notin ({})", values()),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Symbol(&'static str),
    End,
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Word(word) => word,
            Self::Symbol(symbol) => symbol,
            Self::End => "",
        })
    }
}

const SYMBOLS: [&str; 9] = ["==", "!=", "=", "!", ",", "(", ")", ">", "<"];

fn lex(text: &str) -> Result<Vec<Token>, LabelSelectorError> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start_matches(is_space);
    while !rest.is_empty() {
        let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol));
        if let Some(symbol) = symbol {
            tokens.push(Token::Symbol(symbol));
            rest = &rest[symbol.len()..];
        } else {
            let end = rest.find(|c| is_space(c) || "=!,()><".contains(c)).unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        rest = rest.trim_start_matches(is_space);
    }
    tokens.push(Token::End);
    Ok(tokens)
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).unwrap_or(&Token::End)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn requirements(&mut self) -> Result<Vec<Requirement>, LabelSelectorError> {
        let mut requirements = Vec::new();
        if *self.peek() == Token::End {
            return Ok(requirements);
        }
        if let Token::Symbol(symbol) = self.peek()
            && *symbol != "!"
        {
            return Err(syntax(format!("found '{symbol}', expected: !, identifier, or 'end of string'")));
        }
        loop {
            requirements.push(self.requirement()?);
            match self.next() {
                Token::End => return Ok(requirements),
                Token::Symbol(",") => match self.peek() {
                    Token::Word(_) | Token::Symbol("!") => {}
                    other => {
                        return Err(syntax(format!("found '{other}', expected: identifier after ','")));
                    }
                },
                other => return Err(syntax(format!("found '{other}', expected: ',' or 'end of string'"))),
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement, LabelSelectorError> {
        let absent = *self.peek() == Token::Symbol("!");
        if absent {
            self.at += 1;
        }
        let key = match self.next() {
            Token::Word(word) => word,
            other => return Err(no_requirement(format!("found '{other}', expected: identifier"))),
        };
        if absent {
            return Requirement::new(&key, Operator::DoesNotExist, []);
        }
        if matches!(self.peek(), Token::End | Token::Symbol(",")) {
            return Requirement::new(&key, Operator::Exists, []);
        }
        let (operator, many) = match self.next() {
            Token::Symbol("=" | "==") => (Operator::In, false),
            Token::Symbol("!=") => (Operator::NotIn, false),
            Token::Symbol(">") => (Operator::GreaterThan, false),
            Token::Symbol("<") => (Operator::LessThan, false),
            Token::Word(word) if word == "in" => (Operator::In, true),
            Token::Word(word) if word == "notin" => (Operator::NotIn, true),
            other => {
                let known = "in, notin, =, ==, !=, gt, lt";
                return Err(no_requirement(format!("found '{other}', expected: {known}")));
            }
        };
        let values = if many { self.set()? } else { vec![self.one_value()?] };
        Requirement::new(&key, operator, values)
    }

    /// An absent value is the empty one, as in `a=`.
    fn one_value(&mut self) -> Result<String, LabelSelectorError> {
        match self.peek() {
            Token::End | Token::Symbol(",") => Ok(String::new()),
            Token::Word(_) => Ok(self.next().to_string()),
            other @ Token::Symbol(_) => Err(no_requirement(format!("found '{other}', expected: identifier"))),
        }
    }

    fn set(&mut self) -> Result<Vec<String>, LabelSelectorError> {
        let opening = self.next();
        if opening != Token::Symbol("(") {
            return Err(no_requirement(format!("found '{opening}' expected: '('")));
        }
        let mut values = Vec::new();
        loop {
            match self.next() {
                Token::Word(word) => {
                    values.push(word);
                    match self.next() {
                        Token::Symbol(",") => {}
                        Token::Symbol(")") => return Ok(values),
                        other => {
                            return Err(no_requirement(format!("found '{other}', expected: ',' or ')'")));
                        }
                    }
                }
                Token::Symbol(",") => values.push(String::new()),
                Token::Symbol(")") => {
                    values.push(String::new());
                    return Ok(values);
                }
                other => {
                    return Err(no_requirement(format!("found '{other}', expected: ',', ')' or identifier")));
                }
            }
        }
    }
}

fn syntax(text: String) -> LabelSelectorError {
    LabelSelectorError::Syntax(text)
}

fn no_requirement(text: String) -> LabelSelectorError {
    LabelSelectorError::Requirement(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn selects(selector: &str, labels: &[(&str, &str)]) -> bool {
        LabelSelector::parse(selector).unwrap().matches(labels.iter().copied())
    }

    #[test]
    fn every_operator_selects() {
        let labels = [("a", "b"), ("n", "7"), ("e", "")];
        for selector in ["", "a=b", "a==b", "a!=c", "z!=c", "a in (x, b)", "a notin (x,y)", "z notin (x)"] {
            assert!(selects(selector, &labels), "{selector}");
        }
        for selector in ["a", "!z", "n>6", "n<8", "e=", "e in (,x)", "a=b,n=7,!q"] {
            assert!(selects(selector, &labels), "{selector}");
        }
        for selector in ["a=c", "a!=b", "z=c", "!a", "z", "n>7", "a>1", "a in (x)", "a=b,z"] {
            assert!(!selects(selector, &labels), "{selector}");
        }
    }

    #[test]
    fn refusals_have_the_servers_words() {
        for (selector, message) in [
            ("a,", "found '', expected: identifier after ','"),
            ("==", "found '==', expected: !, identifier, or 'end of string'"),
            ("a=b c", "found 'c', expected: ',' or 'end of string'"),
            ("!=a", "found '!=', expected: !, identifier, or 'end of string'"),
            ("! =", "unable to parse requirement: found '=', expected: identifier"),
            ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
            ("a in x", "unable to parse requirement: found 'x' expected: '('"),
        ] {
            assert_eq!(LabelSelector::parse(selector).unwrap_err().to_string(), message, "{selector}");
        }
    }

    #[test]
    fn selectors_of_objects_are_read() {
        let value = value::from_json(
            br#"{"matchLabels":{"a":"b"},"matchExpressions":[{"key":"c","operator":"NotIn","values":["z","d"]},
                {"key":"e","operator":"Exists"}]}"#,
        )
        .unwrap();
        let selector = LabelSelector::from_value(&value).unwrap();
        assert_eq!(selector.to_string(), "a=b,c notin (d,z),e");
        assert!(selector.matches([("a", "b"), ("e", "1")]));
        assert!(!LabelSelector::from_value(&Value::Null).unwrap().matches([("a", "b")]));
        assert!(LabelSelector::from_value(&Value::map()).unwrap().is_everything());
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(text in "[ab!=,() ]{0,24}") {
            if let Ok(selector) = LabelSelector::parse(&text) {
                prop_assert_eq!(LabelSelector::parse(&selector.to_string()), Ok(selector));
            }
        }
    }
}
