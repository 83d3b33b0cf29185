//! Errors of a schema as the tree that santhosh-tekuri prints.

use std::collections::BTreeMap;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::LocationSegment;
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

use crate::go;

/// The lines that helm prints, and the places in the values that they are about.
pub(super) fn report<'a>(errors: impl Iterator<Item = ValidationError<'a>>) -> (String, Vec<Vec<String>>) {
    let errors: Vec<Failure> = errors.map(|error| Failure::of(&error, 0)).collect();
    let mut places: Vec<Vec<String>> = errors.iter().map(|failure| failure.place.clone()).collect();
    places.sort();
    places.dedup();
    let causes = match schema(errors, &[]) {
        Line { text, causes, is_reference: false, .. } if text == GROUP => causes,
        line => vec![line],
    };
    let mut text = String::new();
    for cause in &causes {
        cause.print(&mut text, 0);
    }
    (text.trim_start_matches('\n').to_owned(), places)
}

const GROUP: &str = "validation failed";

/// One error, with the way to the keyword that failed.
struct Failure {
    way: Vec<String>,
    place: Vec<String>,
    line: Line,
}

/// What is printed, with what is indented below it.
struct Line {
    place: Vec<String>,
    text: String,
    causes: Vec<Line>,
    is_reference: bool,
}

impl Line {
    fn new(place: Vec<String>, text: impl Into<String>, causes: Vec<Line>) -> Self {
        Self { place, text: text.into(), causes, is_reference: false }
    }

    fn print(&self, out: &mut String, indent: usize) {
        let is_skipped = self.is_reference && self.causes.len() == 1;
        if !is_skipped {
            let pointer: String = self.place.iter().map(|name| format!("/{}", escape(name))).collect();
            out.push_str(&format!("\n{}- at {}: {}", "  ".repeat(indent), quote(&pointer), self.text));
        }
        for cause in &self.causes {
            cause.print(out, if is_skipped { indent } else { indent + 1 });
        }
    }
}

impl Failure {
    fn of(error: &ValidationError<'_>, skip: usize) -> Self {
        let way: Vec<String> = error.evaluation_path().segments().map(name).skip(skip).collect();
        let place: Vec<String> = error.instance_path().segments().map(name).collect();
        let depth = skip + way.len();
        let branches = |context: &[Vec<ValidationError<'static>>]| -> Vec<Line> {
            let branch = |errors: &Vec<ValidationError<'static>>| {
                // The keyword itself and the number of the branch are not part of its own way.
                schema(errors.iter().map(|error| Failure::of(error, depth + 1)).collect(), &place)
            };
            context.iter().filter(|errors| !errors.is_empty()).map(branch).collect()
        };
        let causes = match error.kind() {
            ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
                branches(context)
            }
            ValidationErrorKind::PropertyNames { error } => {
                vec![Line::new(Vec::new(), text(error), Vec::new())]
            }
            _ => Vec::new(),
        };
        Self { line: Line::new(place.clone(), text(error), causes), way, place }
    }
}

fn name(segment: LocationSegment<'_>) -> String {
    match segment {
        LocationSegment::Property(name) => name.to_string(),
        LocationSegment::Index(index) => index.to_string(),
    }
}

/// What one schema has to say: its only error, or all of them below one line.
fn schema(failures: Vec<Failure>, place: &[String]) -> Line {
    let mut own: Vec<Failure> = Vec::new();
    let mut below: BTreeMap<(Vec<String>, Option<String>), Vec<Failure>> = BTreeMap::new();
    let mut first_place: Option<Vec<String>> = None;
    for mut failure in failures {
        let step = step(&failure.way);
        if step == 0 || step >= failure.way.len() {
            first_place.get_or_insert_with(|| failure.place.clone());
            own.push(failure);
        } else {
            let rest = failure.way.split_off(step);
            let way = std::mem::replace(&mut failure.way, rest);
            // One schema can be about many items, each of which speaks for itself.
            let child = is_about_children(&way[0]).then(|| failure.place.get(place.len()).cloned()).flatten();
            below.entry((way, child)).or_default().push(failure);
        }
    }
    // A value of the wrong type, or none of those that are allowed, is not looked at any further.
    for keyword in ["type", "const", "enum", "format"] {
        if let Some(at) =
            own.iter().position(|failure| failure.way.last().is_some_and(|last| last == keyword))
        {
            return own.swap_remove(at).line;
        }
    }
    let here = first_place.unwrap_or_else(|| place.to_vec());
    let mut lines = own_lines(own);
    let mut all_of: Vec<Line> = Vec::new();
    for ((key, child), failures) in below {
        let below_here: Vec<String> = here.iter().cloned().chain(child).collect();
        let line = schema(failures, &below_here);
        match key[0].as_str() {
            "allOf" => all_of.push(line),
            "$ref" | "$dynamicRef" | "$recursiveRef" => {
                let causes = if line.text == GROUP && !line.is_reference { line.causes } else { vec![line] };
                let mut line = Line::new(below_here, GROUP, causes);
                line.is_reference = true;
                lines.push(line);
            }
            _ => lines.push(line),
        }
    }
    if !all_of.is_empty() {
        lines.push(Line::new(here.clone(), "'allOf' failed", all_of));
    }
    if lines.len() == 1 {
        return lines.swap_remove(0);
    }
    Line::new(here, GROUP, lines)
}

/// Whether the schemas of a keyword are about what is inside of a value.
fn is_about_children(keyword: &str) -> bool {
    matches!(
        keyword,
        "properties"
            | "patternProperties"
            | "additionalProperties"
            | "unevaluatedProperties"
            | "items"
            | "prefixItems"
            | "additionalItems"
            | "unevaluatedItems"
    )
}

/// How many steps of a way lead to the next schema; none where the keyword itself failed.
fn step(way: &[String]) -> usize {
    match way.first().map(String::as_str) {
        Some(
            "properties" | "patternProperties" | "dependentSchemas" | "dependencies" | "allOf" | "anyOf"
            | "oneOf" | "prefixItems",
        ) if way.len() > 2 => 2,
        Some("items") if way.len() > 2 && way[1].bytes().all(|byte| byte.is_ascii_digit()) => 2,
        Some(
            "items"
            | "additionalItems"
            | "unevaluatedItems"
            | "additionalProperties"
            | "unevaluatedProperties"
            | "if"
            | "then"
            | "else"
            | "$ref"
            | "$dynamicRef"
            | "$recursiveRef",
        ) if way.len() > 1 => 1,
        _ => 0,
    }
}

/// The errors of a schema's own keywords, in santhosh-tekuri's order; missing properties are one error.
fn own_lines(own: Vec<Failure>) -> Vec<Line> {
    let mut missing: Option<(Vec<String>, Vec<String>)> = None;
    let mut lines = Vec::new();
    for failure in own {
        let is_required = failure.way.last().is_some_and(|last| last == "required");
        match failure.line.text.strip_prefix("missing property ") {
            Some(name) if is_required => {
                missing.get_or_insert((failure.place, Vec::new())).1.push(name.to_owned());
            }
            _ => lines.push(failure.line),
        }
    }
    if let Some((place, names)) = missing {
        let text = match names.as_slice() {
            [name] => format!("missing property {name}"),
            names => format!("missing properties {}", names.join(", ")),
        };
        lines.insert(0, Line::new(place, text, Vec::new()));
    }
    lines
}

fn text(error: &ValidationError<'_>) -> String {
    use ValidationErrorKind as Kind;
    let instance = error.instance().as_ref();
    match error.kind() {
        Kind::AdditionalItems { limit } => {
            format!("last {} additionalItem(s) not allowed", length(instance).saturating_sub(*limit))
        }
        Kind::AdditionalProperties { unexpected } => {
            format!("additional properties {} not allowed", quoted(unexpected))
        }
        Kind::AnyOf { .. } => "'anyOf' failed".to_owned(),
        Kind::OneOfNotValid { .. } => "'oneOf' failed, none matched".to_owned(),
        Kind::OneOfMultipleValid { context } => {
            let matched = context.iter().enumerate().filter(|(_, errors)| errors.is_empty());
            let first: Vec<String> = matched.take(2).map(|(at, _)| at.to_string()).collect();
            format!("'oneOf' failed, subschemas {} matched", first.join(", "))
        }
        Kind::Constant { expected_value } => match expected_value.as_ref() {
            Value::Array(_) | Value::Object(_) => "'const' failed".to_owned(),
            other => format!("value must be {}", display(other)),
        },
        Kind::Enum { options } => one_of(options.as_array().map_or(&[][..], Vec::as_slice)),
        Kind::Contains => "no items match contains schema".to_owned(),
        Kind::FalseSchema | Kind::UnevaluatedProperties { .. } | Kind::UnevaluatedItems { .. } => {
            "false schema".to_owned()
        }
        Kind::Format { format } => format!("{} is not valid {format}", display(instance)),
        Kind::Not { .. } => "'not' failed".to_owned(),
        Kind::Pattern { pattern } => {
            format!("{} does not match pattern {}", display(instance), quote(pattern))
        }
        Kind::PropertyNames { error } => {
            format!("invalid propertyName {}", display(error.instance()))
        }
        Kind::Required { property } => format!("missing property {}", display(property)),
        Kind::Type { kind } => format!("got {}, want {}", kind_of(instance), wanted_types(kind)),
        Kind::UniqueItems => unique(instance),
        kind => limit(kind, instance).unwrap_or_else(|| error.to_string()),
    }
}

/// What a keyword says that compares the value, or how much there is of it, with a number.
fn limit(kind: &ValidationErrorKind, instance: &Value) -> Option<String> {
    use ValidationErrorKind as Kind;
    let size = |name: &str, wanted: &u64| {
        let found = grouped(&length(instance).to_string());
        format!("{name}: got {found}, want {}", grouped(&wanted.to_string()))
    };
    let bound =
        |name: &str, wanted: &Value| format!("{name}: got {}, want {}", number(instance), number(wanted));
    Some(match kind {
        Kind::ExclusiveMaximum { limit } => bound("exclusiveMaximum", limit),
        Kind::ExclusiveMinimum { limit } => bound("exclusiveMinimum", limit),
        Kind::Maximum { limit } => bound("maximum", limit),
        Kind::Minimum { limit } => bound("minimum", limit),
        Kind::MultipleOf { multiple_of } => {
            format!("multipleOf: got {}, want {}", number(instance), grouped(&multiple_of.to_string()))
        }
        Kind::MaxItems { limit } => size("maxItems", limit),
        Kind::MaxLength { limit } => size("maxLength", limit),
        Kind::MaxProperties { limit } => size("maxProperties", limit),
        Kind::MinItems { limit } => size("minItems", limit),
        Kind::MinLength { limit } => size("minLength", limit),
        Kind::MinProperties { limit } => size("minProperties", limit),
        _ => return None,
    })
}

fn length(value: &Value) -> usize {
    match value {
        Value::Array(list) => list.len(),
        Value::Object(map) => map.len(),
        Value::String(text) => text.chars().count(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

fn one_of(options: &[Value]) -> String {
    if options.iter().any(|option| option.is_array() || option.is_object()) {
        return "'enum' failed".to_owned();
    }
    match options {
        [only] => format!("value must be {}", display(only)),
        options => {
            format!("value must be one of {}", options.iter().map(display).collect::<Vec<_>>().join(", "))
        }
    }
}

fn unique(instance: &Value) -> String {
    let list = instance.as_array().map_or(&[][..], Vec::as_slice);
    let same = (0..list.len()).find_map(|one| {
        list.iter().skip(one + 1).position(|other| *other == list[one]).map(|more| (one, one + 1 + more))
    });
    match same {
        Some((one, other)) => format!("items at {one} and {other} are equal"),
        // Numbers can be equal that are written in two ways.
        None => "items are equal".to_owned(),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Types in santhosh-tekuri's order, which is not the one of the schema.
fn wanted_types(kind: &TypeKind) -> String {
    let wanted: Vec<JsonType> = match kind {
        TypeKind::Single(single) => vec![*single],
        TypeKind::Multiple(several) => several.into_iter().collect(),
    };
    let order = ["null", "boolean", "number", "integer", "string", "array", "object"];
    let names: Vec<String> = wanted.iter().map(ToString::to_string).collect();
    order.into_iter().filter(|name| names.iter().any(|known| known == name)).collect::<Vec<_>>().join(" or ")
}

fn display(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => quote(text),
        Value::Array(_) | Value::Object(_) => "value".to_owned(),
        other => other.to_string(),
    }
}

fn quoted(names: &[String]) -> String {
    let mut names: Vec<String> = names.iter().map(|name| quote(name)).collect();
    names.sort();
    names.join(", ")
}

/// Single quotes around, with the escapes of `%q` inside.
fn quote(text: &str) -> String {
    let quoted = go::quote(text).replace("\\\"", "\"").replace('\'', "\\'");
    format!("'{}'", &quoted[1..quoted.len() - 1])
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// As Go's `message` package prints a float64: from a million on, and below a ten-thousandth, with a power
/// of ten.
fn number(value: &Value) -> String {
    let number = value.as_f64().unwrap_or(0.0);
    let text = format!("{number:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let power: i32 = exponent.parse().unwrap_or(0);
    if number == 0.0 || (-4..6).contains(&power) {
        return grouped(&number.to_string());
    }
    let raised: String = format!("{}{:02}", if power < 0 { "-" } else { "" }, power.abs())
        .chars()
        .map(|char| match char {
            '-' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            digit => char::from_u32(0x2070 + digit.to_digit(10).unwrap_or(0)).unwrap_or(digit),
        })
        .collect();
    format!("{digits}×10{raised}")
}

/// Numbers are printed as in English: with a comma between thousands.
fn grouped(number: &str) -> String {
    let (whole, rest) = number.find(['.', 'e']).map_or((number, ""), |at| number.split_at(at));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    format!("{sign}{out}{rest}")
}
