//! The JSON paths of printer columns, as far as definitions use them: fields, indices, `[*]`, and
//! filters that compare a field with a literal.

use value::Value;

/// What a path such as `.status.conditions[?(@.type=="Ready")].status` finds. A path that cannot be
/// read finds nothing.
pub(super) fn find<'a>(path: &str, root: &'a Value) -> Vec<&'a Value> {
    let steps = match steps(path.trim_start_matches('$')) {
        Some(steps) => steps,
        None => return Vec::new(),
    };
    steps.iter().fold(vec![root], |found, step| found.into_iter().flat_map(|at| step.take(at)).collect())
}

enum Step {
    Field(String),
    Index(i64),
    All,
    Filter { field: Vec<Step>, equal: bool, literal: String },
}

impl Step {
    fn take<'a>(&self, at: &'a Value) -> Vec<&'a Value> {
        let list = || at.as_list().unwrap_or_default();
        match self {
            Self::Field(name) => at.get(name).into_iter().collect(),
            Self::Index(index) => {
                let from_end = i64::try_from(list().len()).unwrap_or(i64::MAX) + index;
                let index = if *index < 0 { from_end } else { *index };
                usize::try_from(index).ok().and_then(|index| list().get(index)).into_iter().collect()
            }
            Self::All => match at {
                Value::Map(map) => map.values().collect(),
                _ => list().iter().collect(),
            },
            Self::Filter { field, equal, literal } => list()
                .iter()
                .filter(|element| {
                    let found = field.iter().fold(vec![*element], |found, step| {
                        found.into_iter().flat_map(|at| step.take(at)).collect()
                    });
                    let is = found.iter().any(|value| match value.as_str() {
                        Some(text) => text == literal,
                        None => value.to_string() == *literal,
                    });
                    is == *equal
                })
                .collect(),
        }
    }
}

fn steps(mut rest: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let (name, after) = field(after);
            if !name.is_empty() {
                steps.push(Step::Field(name));
            }
            rest = after;
        } else if let Some(inner) = rest.strip_prefix('[') {
            let end = closing(inner)?;
            steps.push(bracket(&inner[..end])?);
            rest = &inner[end + 1..];
        } else {
            let (name, after) = field(rest);
            if name.is_empty() {
                return None;
            }
            steps.push(Step::Field(name));
            rest = after;
        }
    }
    Some(steps)
}

/// Reads a name; a backslash keeps the dot that follows it.
fn field(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => name.extend(chars.next().map(|(_, escaped)| escaped)),
            '.' | '[' => return (name, &text[at..]),
            _ => name.push(char),
        }
    }
    (name, "")
}

/// Where the bracket ends that is open; brackets in quotes do not count.
fn closing(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, char) in text.char_indices() {
        match (quote, char) {
            (None, ']') => return Some(at),
            (None, '"' | '\'') => quote = Some(char),
            (Some(open), char) if open == char => quote = None,
            _ => {}
        }
    }
    None
}

fn bracket(inner: &str) -> Option<Step> {
    let inner = inner.trim();
    if inner == "*" {
        return Some(Step::All);
    }
    if let Some(name) = unquote(inner) {
        return Some(Step::Field(name.to_owned()));
    }
    if let Some(filter) = inner.strip_prefix("?(").and_then(|text| text.strip_suffix(')')) {
        let (left, right, equal) = match filter.split_once("==") {
            Some((left, right)) => (left, right, true),
            None => {
                let (left, right) = filter.split_once("!=")?;
                (left, right, false)
            }
        };
        let field = steps(left.trim().strip_prefix('@')?)?;
        let right = right.trim();
        let literal = unquote(right).unwrap_or(right).to_owned();
        return Some(Step::Filter { field, equal, literal });
    }
    inner.parse().ok().map(Step::Index)
}

fn unquote(text: &str) -> Option<&str> {
    ['"', '\''].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: &str) {
        let root = value::from_json(
            br#"{"metadata":{"labels":{"a.b/c":"x"}},"list":[1,2],"status":{"conditions":[
                {"type":"Ready","status":"True","message":"m"},{"type":"Other","status":"False"}]}}"#,
        )
        .unwrap();
        let found: Vec<_> = find(path, &root).into_iter().map(Value::to_string).collect();
        assert_eq!(found.join(","), expected, "{path}");
    }

    #[test]
    fn paths_find_what_kubectl_prints() {
        check(r#".status.conditions[?(@.type=="Ready")].status"#, r#""True""#);
        check(r#".status.conditions[?(@.type!='Ready')].type"#, r#""Other""#);
        check(r".metadata.labels.a\.b/c", r#""x""#);
        check(".metadata.labels['a.b/c']", r#""x""#);
        check(".list[0]", "1");
        check(".list[-1]", "2");
        check(".list[*]", "1,2");
        check(".absent.field", "");
        check(".list[", "");
    }
}
