//! The texts that flags take, with the errors of the Go libraries that read them in helm.

use super::Takes;

/// What was made of the text of a flag.
pub(super) struct Taken {
    pub(super) texts: Vec<String>,
    /// What helm warns of.
    pub(super) warning: Option<String>,
}

/// Reads the text of a flag, or says why it is none.
pub(super) fn take(takes: Takes, text: &str) -> Result<Taken, String> {
    let mut warning = None;
    let texts = match takes {
        Takes::List => csv(text)?,
        Takes::Pairs => pairs(text)?,
        Takes::Switch if boolean(text).is_none() => return Err(go_syntax("ParseBool", text)),
        Takes::Integer => check_integer(text).map(|()| vec![text.to_owned()])?,
        Takes::Number => check_number(text).map(|()| vec![text.to_owned()])?,
        Takes::Duration => gotemplate::parse_duration(text).map(|_| vec![text.to_owned()])?,
        Takes::Wait => {
            warning = check_wait(text)?;
            vec![text.to_owned()]
        }
        Takes::Switch | Takes::Text | Takes::OptionalText | Takes::Texts | Takes::Color => {
            vec![text.to_owned()]
        }
    };
    Ok(Taken { texts, warning })
}

/// `strconv.ParseBool`: what Go takes for true or false.
pub fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// A letter as Go's `%q` shows it.
pub(super) fn quoted_letter(letter: char) -> String {
    let quoted = quote(&letter.to_string());
    let inner = quoted.trim_start_matches('"').trim_end_matches('"');
    match letter {
        '"' => "'\"'".to_owned(),
        '\'' => "'\\''".to_owned(),
        _ => format!("'{inner}'"),
    }
}

/// Go's `%q`.
pub(super) fn quote(text: &str) -> String {
    gotemplate::quote(text.as_bytes())
}

fn go_syntax(function: &str, text: &str) -> String {
    format!("strconv.{function}: parsing {}: invalid syntax", quote(text))
}

fn go_range(function: &str, text: &str) -> String {
    format!("strconv.{function}: parsing {}: value out of range", quote(text))
}

/// `strconv.ParseInt` with the base that the text names.
fn check_integer(text: &str) -> Result<(), String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, &lower[..]),
    };
    let plain = digits.replace('_', "");
    let is_whole = !plain.is_empty() && plain.chars().all(|digit| digit.is_digit(radix));
    if !is_whole || !separates(digits, radix != 10) {
        return Err(go_syntax("ParseInt", text));
    }
    let sign = if text.starts_with('-') { "-" } else { "" };
    i64::from_str_radix(&format!("{sign}{plain}"), radix).map(|_| ()).map_err(|_| go_range("ParseInt", text))
}

/// Whether underscores stand between digits only, or behind a prefix.
fn separates(digits: &str, has_prefix: bool) -> bool {
    let starts = digits.starts_with('_') && !has_prefix;
    !starts && !digits.ends_with('_') && !digits.contains("__")
}

/// `strconv.ParseFloat` for 32 bits, but for hexadecimal numbers.
fn check_number(text: &str) -> Result<(), String> {
    let plain = if separates(text, false) { text.replace('_', "") } else { text.to_owned() };
    let number: f64 = plain.parse().map_err(|_| go_syntax("ParseFloat", text))?;
    let is_named = text.trim_start_matches(['+', '-']).to_ascii_lowercase().starts_with("inf");
    let is_too_large = number.abs() > f64::from(f32::MAX) && !is_named;
    if is_too_large { Err(go_range("ParseFloat", text)) } else { Ok(()) }
}

/// The strategies of `--wait`; what helm says where one is named by a boolean.
fn check_wait(text: &str) -> Result<Option<String>, String> {
    let instead = match text {
        "watcher" | "hookOnly" | "legacy" => return Ok(None),
        "true" => "watcher",
        "false" => "hookOnly",
        _ => {
            return Err(format!(
                "invalid wait input {}. Valid inputs are watcher, hookOnly, and legacy",
                quote(text)
            ));
        }
    };
    let said =
        format!("--wait={text} is deprecated (boolean value) and can be replaced with --wait={instead}");
    Ok(Some(said))
}

/// pflag's maps of texts: quotes and several pairs are read where there is more than one `=` only.
fn pairs(text: &str) -> Result<Vec<String>, String> {
    let wrong = |text: &str| format!("{text} must be formatted as key=value");
    let pairs = match text.matches('=').count() {
        0 => return Err(wrong(text)),
        1 => vec![text.trim_matches('"').to_owned()],
        _ => csv(text)?,
    };
    match pairs.iter().find(|pair| !pair.contains('=')) {
        Some(pair) => Err(wrong(pair)),
        None => Ok(pairs),
    }
}

/// The first record of `encoding/csv`, which is what pflag takes of a list.
fn csv(text: &str) -> Result<Vec<String>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let text = text.strip_suffix('\r').unwrap_or(text).replace("\r\n", "\n");
    let record = text.trim_start_matches('\n');
    if record.is_empty() {
        return Err("EOF".to_owned());
    }
    let first = 1 + text.len() - record.len();
    let failed = |offset: usize, what: &str| {
        // A line break at the very end belongs to the line that it ends.
        let before = if offset == record.len() { record.trim_end_matches('\n') } else { &record[..offset] };
        let line = first + before.matches('\n').count();
        let column = 1 + offset - before.rfind('\n').map_or(0, |at| at + 1);
        let start = if line == first { String::new() } else { format!("record on line {first}; ") };
        Err(format!("{start}parse error on line {line}, column {column}: {what}"))
    };
    const MISPLACED: &str = "extraneous or missing \" in quoted-field";
    let mut fields = Vec::new();
    let mut at = 0;
    loop {
        let rest = &record[at..];
        let Some(quoted) = rest.strip_prefix('"') else {
            let end = rest.find([',', '\n']).unwrap_or(rest.len());
            if let Some(quote) = rest[..end].find('"') {
                return failed(at + quote, "bare \" in non-quoted-field");
            }
            fields.push(rest[..end].to_owned());
            at += end + 1;
            if !rest[end..].starts_with(',') {
                return Ok(fields);
            }
            continue;
        };
        at += 1;
        let mut field = String::new();
        let mut inside = quoted;
        loop {
            let Some(end) = inside.find('"') else { return failed(record.len(), MISPLACED) };
            field.push_str(&inside[..end]);
            at += end + 1;
            inside = &inside[end + 1..];
            match inside.chars().next() {
                Some('"') => {
                    field.push('"');
                    at += 1;
                    inside = &inside[1..];
                }
                Some(',') => break at += 1,
                Some('\n') | None => {
                    fields.push(field);
                    return Ok(fields);
                }
                Some(_) => return failed(at - 1, MISPLACED),
            }
        }
        fields.push(field);
    }
}
