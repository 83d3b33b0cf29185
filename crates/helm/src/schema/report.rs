//! Errors of a schema as santhosh-tekuri prints them, which is the tree that its Rust twin makes.

use boon::{ErrorKind, InstanceToken, ValidationError};
use serde_json::{Number, Value};

use crate::go;

/// The lines that helm prints, and the places in the values that they are about.
pub(super) fn report(error: &ValidationError<'_, '_>) -> (String, Vec<Vec<String>>) {
    let mut printer = Printer::default();
    match &error.kind {
        // Helm takes the line away that names the schema.
        ErrorKind::Schema { url } => {
            for cause in &error.causes {
                printer.print(cause, url, 0);
            }
        }
        _ => printer.print(error, error.schema_url, 0),
    }
    printer.places.sort();
    printer.places.dedup();
    (printer.text.trim_start_matches('\n').to_owned(), printer.places)
}

/// What a schema is not valid for; the first line stays.
pub(super) fn whole(error: &ValidationError<'_, '_>) -> String {
    let (text, _) = report(error);
    match &error.kind {
        ErrorKind::Schema { url } => format!("jsonschema validation failed with {}\n{text}", quote(url)),
        _ => text,
    }
}

#[derive(Default)]
struct Printer {
    text: String,
    places: Vec<Vec<String>>,
}

impl Printer {
    /// Prints an error found in the schema at `base`, and its causes.
    fn print(&mut self, error: &ValidationError<'_, '_>, base: &str, mut indent: usize) {
        let place: Vec<String> = error.instance_location.tokens.iter().map(name).collect();
        for (levels, text) in left_out(base, error.schema_url) {
            let outer = place.get(..place.len().saturating_sub(levels)).unwrap_or_default();
            self.line(outer, text, indent);
            indent += 1;
        }
        let is_skipped = error.causes.len() == 1 && matches!(error.kind, ErrorKind::Reference { .. });
        if !is_skipped {
            self.line(&place, &text(&error.kind), indent);
            indent += 1;
        }
        if error.causes.is_empty() {
            self.places.push(place);
        }
        for cause in &error.causes {
            let below = match &error.kind {
                ErrorKind::Reference { url, .. } => (*url).to_owned(),
                // The branch is part of the cause's own way.
                ErrorKind::AllOf | ErrorKind::AnyOf | ErrorKind::OneOf(_) => {
                    let steps = steps(error.schema_url, cause.schema_url);
                    steps
                        .iter()
                        .take(2)
                        .fold(error.schema_url.to_owned(), |way, step| format!("{way}/{step}"))
                }
                _ => error.schema_url.to_owned(),
            };
            self.print(cause, &below, indent);
        }
    }

    fn line(&mut self, place: &[String], text: &str, indent: usize) {
        let pointer: String = place.iter().map(|name| format!("/{}", escape(name))).collect();
        self.text.push_str(&format!("\n{}- at {}: {text}", "  ".repeat(indent), quote(&pointer)));
    }
}

/// The steps from one place of a schema to another one inside of it.
fn steps<'a>(from: &str, to: &'a str) -> Vec<&'a str> {
    let inside = to.strip_prefix(from.trim_end_matches('#'));
    let inside =
        inside.map(|inside| inside.trim_start_matches('#')).and_then(|inside| inside.strip_prefix('/'));
    inside.map(|inside| inside.split('/').collect()).unwrap_or_default()
}

/// The groups between a schema and an error in it. The Rust twin leaves a group out that has one error only, Go's
/// does not. With each comes how many levels of the values lie between the group and the error.
fn left_out(base: &str, schema: &str) -> Vec<(usize, &'static str)> {
    let steps = steps(base, schema);
    let mut groups = Vec::new();
    let mut at = 0;
    while let Some(keyword) = steps.get(at) {
        let (length, levels) = match *keyword {
            "properties" | "patternProperties" | "prefixItems" => (2, 1),
            "items"
                if steps.get(at + 1).is_some_and(|next| next.bytes().all(|byte| byte.is_ascii_digit())) =>
            {
                (2, 1)
            }
            "items"
            | "additionalItems"
            | "additionalProperties"
            | "unevaluatedItems"
            | "unevaluatedProperties"
            | "contains" => (1, 1),
            "allOf" | "anyOf" | "oneOf" | "dependentSchemas" | "dependencies" => (2, 0),
            _ => (1, 0),
        };
        for (below, _) in &mut groups {
            *below += levels;
        }
        match *keyword {
            "allOf" => groups.push((0, "'allOf' failed")),
            "anyOf" => groups.push((0, "'anyOf' failed")),
            "oneOf" => groups.push((0, "'oneOf' failed, none matched")),
            _ => {}
        }
        at += length;
    }
    groups
}

fn name(token: &InstanceToken<'_>) -> String {
    match token {
        InstanceToken::Prop(name) => name.to_string(),
        InstanceToken::Item(index) => index.to_string(),
    }
}

fn text(kind: &ErrorKind<'_, '_>) -> String {
    use ErrorKind as Kind;
    match kind {
        Kind::Group | Kind::Reference { .. } => "validation failed".to_owned(),
        Kind::Schema { url } => format!("jsonschema validation failed with {}", quote(url)),
        Kind::ContentSchema => "'contentSchema' failed".to_owned(),
        Kind::PropertyName { prop } => format!("invalid propertyName {}", quote(prop)),
        Kind::RefCycle { url, kw_loc1, kw_loc2 } => {
            format!("both {kw_loc1} and {kw_loc2} resolve to {} causing reference cycle", go::quote(url))
        }
        Kind::FalseSchema => "false schema".to_owned(),
        Kind::Type { got, want } => {
            let want: Vec<String> = want.iter().map(|kind| kind.to_string()).collect();
            format!("got {got}, want {}", want.join(" or "))
        }
        Kind::Enum { want } => one_of(want),
        Kind::Const { want } => match want {
            Value::Array(_) | Value::Object(_) => "'const' failed".to_owned(),
            other => format!("value must be {}", display(other)),
        },
        Kind::Format { got, want, err } => {
            let err = err.to_string();
            // Errors of regular expressions show the place before they say what is wrong with it.
            let reason = err.lines().last().unwrap_or(&err);
            format!("{} is not valid {want}: {}", display(got), reason.trim_start_matches("error: "))
        }
        Kind::AdditionalProperties { got } => {
            format!("additional properties {} not allowed", quoted(got.iter().map(AsRef::as_ref)))
        }
        Kind::Required { want } => match want.as_slice() {
            [only] => format!("missing property {}", quote(only)),
            several => format!("missing properties {}", quoted(several.iter().copied())),
        },
        Kind::Dependency { prop, missing } | Kind::DependentRequired { prop, missing } => {
            format!("properties {} required, if {} exists", quoted(missing.iter().copied()), quote(prop))
        }
        Kind::Contains => "no items match contains schema".to_owned(),
        Kind::UniqueItems { got: [one, other] } => format!("items at {one} and {other} are equal"),
        Kind::AdditionalItems { got } => format!("last {} additionalItem(s) not allowed", count(*got)),
        Kind::Pattern { got, want } => format!("{} does not match pattern {}", quote(got), quote(want)),
        Kind::ContentEncoding { want, err } => format!("value is not {} encoded: {err}", quote(want)),
        Kind::ContentMediaType { want, err, .. } => {
            format!("value is not of mediatype {}: {err}", quote(want))
        }
        Kind::Not => "'not' failed".to_owned(),
        Kind::AllOf => "'allOf' failed".to_owned(),
        Kind::AnyOf => "'anyOf' failed".to_owned(),
        Kind::OneOf(None) => "'oneOf' failed, none matched".to_owned(),
        Kind::OneOf(Some((one, other))) => format!("'oneOf' failed, subschemas {one}, {other} matched"),
        other => limit(other),
    }
}

/// What a keyword says that compares the value, or how much there is of it, with a number.
fn limit(kind: &ErrorKind<'_, '_>) -> String {
    use ErrorKind as Kind;
    let size =
        |name: &str, got: usize, want: usize| format!("{name}: got {}, want {}", count(got), count(want));
    let bound = |name: &str, got: &Number, want: &Number| {
        format!("{name}: got {}, want {}", number(got), number(want))
    };
    match kind {
        Kind::MinProperties { got, want } => size("minProperties", *got, *want),
        Kind::MaxProperties { got, want } => size("maxProperties", *got, *want),
        Kind::MinItems { got, want } => size("minItems", *got, *want),
        Kind::MaxItems { got, want } => size("maxItems", *got, *want),
        Kind::MinLength { got, want } => size("minLength", *got, *want),
        Kind::MaxLength { got, want } => size("maxLength", *got, *want),
        Kind::MinContains { got, want } if got.is_empty() => {
            format!("min {} items required to match contains schema, but none matched", count(*want))
        }
        Kind::MinContains { got, want } => matched("min", got, *want),
        Kind::MaxContains { got, want } => matched("max", got, *want),
        Kind::Minimum { got, want } => bound("minimum", got, want),
        Kind::Maximum { got, want } => bound("maximum", got, want),
        Kind::ExclusiveMinimum { got, want } => bound("exclusiveMinimum", got, want),
        Kind::ExclusiveMaximum { got, want } => bound("exclusiveMaximum", got, want),
        Kind::MultipleOf { got, want } => bound("multipleOf", got, want),
        other => other.to_string(),
    }
}

fn matched(bound: &str, got: &[usize], want: usize) -> String {
    let places: Vec<String> = got.iter().map(ToString::to_string).collect();
    format!(
        "{bound} {} items required to match contains schema, but matched {} items at {}",
        count(want),
        count(got.len()),
        places.join(" ")
    )
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

fn display(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => quote(text),
        Value::Array(_) | Value::Object(_) => "value".to_owned(),
        other => other.to_string(),
    }
}

fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(quote).collect::<Vec<_>>().join(", ")
}

/// A whole number between words.
fn count(number: usize) -> String {
    grouped(&number.to_string())
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
fn number(number: &Number) -> String {
    // Numbers without arbitrary precision are all in the range of a float64.
    let number = number.as_f64().unwrap_or(f64::NAN);
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
