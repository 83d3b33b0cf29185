//! JSONPath templates as kubectl and `helm show values` have them (client-go's `util/jsonpath`).

use thiserror::Error;

mod evaluate;
mod parse;

pub use evaluate::EvaluateError;

/// A parsed template.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    nodes: Vec<Node>,
}

/// Why a template cannot be parsed; the text is client-go's.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ParseError {
    /// An action without its closing brace.
    #[error("unclosed action")]
    UnclosedAction,
    /// A character that starts nothing.
    #[error("unrecognized character in action: {0}")]
    Character(String),
    /// `....`
    #[error("invalid multiple recursive descent")]
    Recursive,
    /// Digits that are no number.
    #[error("cannot parse number {0}")]
    Number(String),
    /// An index without its closing bracket.
    #[error("unterminated array")]
    UnterminatedArray,
    /// An index that is none.
    #[error("invalid array index {0}")]
    Index(String),
    /// An index beyond all numbers.
    #[error("array index {0} is not a number")]
    IndexNumber(String),
    /// A filter without its closing parenthesis.
    #[error("unterminated filter")]
    UnterminatedFilter,
    /// A filter without its closing bracket.
    #[error("unclosed array expect ]")]
    UnclosedFilter,
    /// A text without its closing quote.
    #[error("unterminated quoted string")]
    UnterminatedQuote,
    /// A text with an escape that is none.
    #[error("unquote string {0} error invalid syntax")]
    Quote(String),
    /// Filters in filters in filters; client-go has no such limit.
    #[error("filters are nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
}

/// Nesting of filters and unions.
const MAX_DEPTH: usize = 100;

#[derive(Clone, Debug, PartialEq)]
enum Node {
    List(Vec<Node>),
    Text(String),
    Field(String),
    Identifier(String),
    /// Start, end and step.
    Slice(Bound, Bound, Option<i64>),
    Filter {
        left: Vec<Node>,
        operator: String,
        right: Vec<Node>,
    },
    Exists(Vec<Node>),
    Int(i64),
    Float(f64),
    Bool(bool),
    Wildcard,
    Recursive,
    Union(Vec<Vec<Node>>),
}

/// A bound of a slice.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Bound {
    /// Nothing was written.
    Open,
    Written(i64),
    /// One more than the start, since only an index was written.
    Derived(i64),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(template: &str) -> String {
        let values = value::from_json(
            br#"{"a":{"b":1.0,"c":"x"},"l":[{"n":"p","v":80.0},{"n":"q","v":443.0}],"e":[],"z":null,"t":"<b>","f":1000000.0,"on":true}"#,
        )
        .unwrap();
        match Template::parse(template) {
            Err(error) => format!("parse: {error}"),
            Ok(parsed) => {
                parsed.evaluate(&values).unwrap_or_else(|error: EvaluateError| format!("evaluate: {error}"))
            }
        }
    }

    #[test]
    fn values_are_found_and_printed() {
        for (template, printed) in [
            ("{.a.b}", "1"),
            ("{.a}", r#"{"b":1,"c":"x"}"#),
            ("{$.a['c']}!", "x!"),
            ("{.l[*].n}", "p q"),
            ("{.l[-1].n}", "q"),
            ("{.l[0:2].v}", "80 443"),
            ("{.l[0,1].n}", "p q"),
            ("{.l[?(@.n==\"q\")].v}", "443"),
            ("{.l[?(@.n)].n}", "p q"),
            ("{range .l[*]}{.n}={.v}{\"\\n\"}{end}done", "p=80\nq=443\ndone"),
            ("{..n}", "p q"),
            ("{.z}", "null"),
            ("{.t}{.f}{.on}", "<b>1e+06true"),
            ("{.e}", "[]"),
            ("text", "text"),
            ("{.a.*}", "1 x"),
            ("{true}{12}{1.5}", "true121.5"),
        ] {
            assert_eq!(print(template), printed, "{template}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (template, said) in [
            ("{.a", "parse: unclosed action"),
            ("{%}", "parse: unrecognized character in action: U+0025 '%'"),
            ("{.l[x]}", "parse: invalid array index x"),
            ("{.l[0}", "parse: unterminated array"),
            ("{.l[?(@.n}", "parse: unterminated filter"),
            ("{'a}", "parse: unterminated quoted string"),
            ("{1.2.3}", "parse: cannot parse number 1.2.3"),
            ("{.nothing}", "evaluate: nothing is not found"),
            ("{.l[2]}", "evaluate: array index out of bounds: index 2, length 2"),
            ("{.a[0]}", "evaluate: map[string]interface {} is not array or slice"),
            ("{.l[?(@.v==80)].n}", "evaluate: incompatible types for comparison"),
            ("{end}", "evaluate: not in range, nothing to end"),
            ("{what}", "evaluate: unrecognized identifier what"),
        ] {
            assert_eq!(print(template), said, "{template}");
        }
        let deep = "[?(".repeat(5_000);
        assert!(print(&format!("{{{deep}}}")).starts_with("parse: "));
    }
}
