//! Durations: Go's type, and Helm's functions of them.

use super::arguments::*;

/// A method of an integer type such as `time.Duration`.
pub(crate) struct IntMethod {
    pub(crate) name: &'static str,
    pub(crate) params: &'static [Param],
    pub(crate) call: fn(i64, &[Value]) -> Outcome,
}

/// The method of an integer type.
pub(crate) fn int_method(int_type: IntType, name: &[u8]) -> Option<&'static IntMethod> {
    let methods = match int_type {
        IntType::Duration => DURATION,
        IntType::Month => MONTH,
        IntType::Weekday => WEEKDAY,
        _ => return None,
    };
    methods.iter().find(|method| method.name.as_bytes() == name)
}

/// What `String` gives for integer types that have it.
pub(crate) fn int_string(number: i64, int_type: IntType) -> Option<String> {
    match int_type {
        IntType::Duration => Some(duration_string(number)),
        IntType::Month => Some(named(number, 1, &MONTHS, "Month")),
        IntType::Weekday => Some(named(number, 0, &WEEKDAYS, "Weekday")),
        _ => None,
    }
}

pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(crate) const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

fn named(number: i64, first: i64, names: &[&str], type_name: &str) -> String {
    let name = usize::try_from(number - first).ok().and_then(|at| names.get(at));
    name.map_or_else(|| format!("%!{type_name}({number})"), |name| (*name).to_owned())
}

const DURATION: &[IntMethod] = &[
    IntMethod { name: "String", params: &[], call: |n, _| Ok(duration_string(n).into()) },
    IntMethod { name: "Nanoseconds", params: &[], call: |n, _| Ok(Value::int64(n)) },
    IntMethod { name: "Microseconds", params: &[], call: |n, _| Ok(Value::int64(n / 1_000)) },
    IntMethod { name: "Milliseconds", params: &[], call: |n, _| Ok(Value::int64(n / 1_000_000)) },
    IntMethod { name: "Seconds", params: &[], call: |n, _| Ok(Value::Float(in_units(n, SECOND))) },
    IntMethod { name: "Minutes", params: &[], call: |n, _| Ok(Value::Float(in_units(n, MINUTE))) },
    IntMethod { name: "Hours", params: &[], call: |n, _| Ok(Value::Float(in_units(n, HOUR))) },
    IntMethod { name: "Abs", params: &[], call: |n, _| Ok(Value::duration(n.saturating_abs())) },
    IntMethod {
        name: "Round",
        params: &[Param::Duration],
        call: |n, a| Ok(Value::duration(round(n, int(a, 0)))),
    },
    IntMethod {
        name: "Truncate",
        params: &[Param::Duration],
        call: |n, a| Ok(Value::duration(truncate(n, int(a, 0)))),
    },
];
const MONTH: &[IntMethod] =
    &[IntMethod { name: "String", params: &[], call: |n, _| Ok(named(n, 1, &MONTHS, "Month").into()) }];
const WEEKDAY: &[IntMethod] =
    &[IntMethod { name: "String", params: &[], call: |n, _| Ok(named(n, 0, &WEEKDAYS, "Weekday").into()) }];

pub(crate) const SECOND: i64 = 1_000_000_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;

/// Whole units and the rest apart, as Go does, so that no precision is lost.
pub(crate) fn in_units(nanoseconds: i64, unit: i64) -> f64 {
    (nanoseconds / unit) as f64 + (nanoseconds % unit) as f64 / unit as f64
}

/// `Duration.Truncate`
pub(crate) fn truncate(nanoseconds: i64, multiple: i64) -> i64 {
    if multiple <= 0 { nanoseconds } else { nanoseconds - nanoseconds % multiple }
}

/// `Duration.Round`: half away from zero, and the largest duration where that overflows.
pub(crate) fn round(nanoseconds: i64, multiple: i64) -> i64 {
    if multiple <= 0 {
        return nanoseconds;
    }
    let rest = nanoseconds % multiple;
    let goes_out = rest.unsigned_abs().wrapping_mul(2) >= multiple.unsigned_abs();
    let inner = nanoseconds - rest;
    if !goes_out {
        return inner;
    }
    if nanoseconds < 0 { inner.saturating_sub(multiple) } else { inner.saturating_add(multiple) }
}

/// `Duration.String`
pub(crate) fn duration_string(nanoseconds: i64) -> String {
    if nanoseconds == 0 {
        return "0s".to_owned();
    }
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let magnitude = nanoseconds.unsigned_abs();
    let small = [(1_000u64, 1u64, "ns"), (1_000_000, 1_000, "µs"), (1_000_000_000, 1_000_000, "ms")];
    for (below, unit, name) in small {
        if magnitude < below {
            return format!("{sign}{}{name}", decimal(magnitude, unit));
        }
    }
    let seconds = magnitude / 1_000_000_000;
    let below_minute = decimal(magnitude % 60_000_000_000, 1_000_000_000);
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => format!("{sign}{below_minute}s"),
        (0, minutes) => format!("{sign}{minutes}m{below_minute}s"),
        (hours, minutes) => format!("{sign}{hours}h{minutes}m{below_minute}s"),
    }
}

/// A number of units with what is behind the point, without trailing zeros.
fn decimal(number: u64, unit: u64) -> String {
    let (whole, rest) = (number / unit, number % unit);
    if rest == 0 {
        return whole.to_string();
    }
    let width = unit.ilog10() as usize;
    let fraction = format!("{rest:0width$}");
    format!("{whole}.{}", fraction.trim_end_matches('0'))
}

pub(crate) const FUNCTIONS: &[Function] = &[
    Function {
        name: "mustToDuration",
        params: &[ANY],
        call: |_, a| Ok(Value::duration(as_duration(&a[0])?)),
    },
    Function {
        name: "durationSeconds",
        params: &[ANY],
        call: |_, a| Ok(Value::Float(in_units(or_zero(&a[0]), SECOND))),
    },
    Function {
        name: "durationMilliseconds",
        params: &[ANY],
        call: |_, a| Ok(Value::int64(or_zero(&a[0]) / 1_000_000)),
    },
    Function {
        name: "durationMicroseconds",
        params: &[ANY],
        call: |_, a| Ok(Value::int64(or_zero(&a[0]) / 1_000)),
    },
    Function { name: "durationNanoseconds", params: &[ANY], call: |_, a| Ok(Value::int64(or_zero(&a[0]))) },
    Function {
        name: "durationMinutes",
        params: &[ANY],
        call: |_, a| Ok(Value::Float(in_units(or_zero(&a[0]), MINUTE))),
    },
    Function {
        name: "durationHours",
        params: &[ANY],
        call: |_, a| Ok(Value::Float(in_units(or_zero(&a[0]), HOUR))),
    },
    Function {
        name: "durationDays",
        params: &[ANY],
        call: |_, a| Ok(Value::Float(in_units(or_zero(&a[0]), HOUR) / 24.0)),
    },
    Function {
        name: "durationWeeks",
        params: &[ANY],
        call: |_, a| Ok(Value::Float(in_units(or_zero(&a[0]), HOUR) / 24.0 / 7.0)),
    },
    Function {
        name: "durationRoundTo",
        params: &[ANY, ANY],
        call: |_, a| Ok(Value::duration(to_multiple(a, round))),
    },
    Function {
        name: "durationTruncateTo",
        params: &[ANY, ANY],
        call: |_, a| Ok(Value::duration(to_multiple(a, truncate))),
    },
];

fn or_zero(value: &Value) -> i64 {
    as_duration(value).unwrap_or(0)
}

/// An invalid multiple leaves the duration as it is.
fn to_multiple(a: &[Value], operation: fn(i64, i64) -> i64) -> i64 {
    match (as_duration(&a[0]), as_duration(&a[1])) {
        (Ok(duration), Ok(multiple)) => operation(duration, multiple),
        (duration, _) => duration.unwrap_or(0),
    }
}

/// Helm's `asDuration`: durations, texts of them, and numbers of seconds.
fn as_duration(value: &Value) -> Result<i64, Failure> {
    match value {
        Value::Nil => fail("invalid duration"),
        Value::Int(number, IntType::Duration) => Ok(*number),
        Value::Int(number, int_type) if int_type.is_unsigned() => {
            let number = number.cast_unsigned();
            let seconds = i64::try_from(number).ok().and_then(|number| number.checked_mul(SECOND));
            seconds.ok_or_else(|| Failure::message(format!("duration seconds overflow: {number}")))
        }
        Value::Int(number, _) => number
            .checked_mul(SECOND)
            .ok_or_else(|| Failure::message(format!("duration seconds overflow: {number}"))),
        Value::Float(number) => from_seconds(*number),
        Value::String(text) => {
            let trimmed = String::from_utf8_lossy(crate::runes::trim_space(text)).into_owned();
            if trimmed.is_empty() {
                return fail("empty duration");
            }
            if let Ok(duration) = parse_duration(&trimmed) {
                return Ok(duration);
            }
            match crate::parse::parse_float(&trimmed) {
                Some(seconds) => from_seconds(seconds),
                None => fail(format!("could not parse duration {}", crate::print::quote(text))),
            }
        }
        other => fail(format!("unsupported duration type {}", other.type_name())),
    }
}

fn from_seconds(seconds: f64) -> Result<i64, Failure> {
    let shown = || crate::print::sprint(&Value::Float(seconds));
    if !seconds.is_finite() {
        return fail(format!("invalid duration seconds: {}", shown()));
    }
    let limit = i64::MAX as f64 / SECOND as f64;
    if seconds > limit || seconds < -limit {
        return fail(format!("duration seconds overflow: {}", shown()));
    }
    Ok((seconds * SECOND as f64) as i64)
}

/// `time.ParseDuration`, in nanoseconds.
///
/// # Errors
/// Go's text.
pub fn parse_duration(text: &str) -> Result<i64, String> {
    let problem = |what: &str| format!("time: {what} in duration {}", quote(text));
    let invalid = || format!("time: invalid duration {}", quote(text));
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (whole, fraction, after) = number(rest).ok_or_else(invalid)?;
        let length = after.find(|char: char| char == '.' || char.is_ascii_digit()).unwrap_or(after.len());
        let (unit, next) = after.split_at(length);
        if unit.is_empty() {
            return Err(problem("missing unit"));
        }
        let unit = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => SECOND,
            "m" => MINUTE,
            "h" => HOUR,
            other => return Err(problem(&format!("unknown unit {}", quote(other)))),
        };
        let added = (fraction * unit as f64) as u64;
        let nanoseconds = whole
            .checked_mul(unit.unsigned_abs())
            .and_then(|nanoseconds| nanoseconds.checked_add(added))
            .and_then(|nanoseconds| total.checked_add(nanoseconds))
            .filter(|total| *total <= 1 << 63);
        total = nanoseconds.ok_or_else(invalid)?;
        rest = next;
    }
    if text.starts_with('-') {
        return Ok(total.wrapping_neg().cast_signed());
    }
    i64::try_from(total).map_err(|_| invalid())
}

/// Digits, what is behind the point, and what follows.
fn number(text: &str) -> Option<(u64, f64, &str)> {
    let whole = text.bytes().take_while(u8::is_ascii_digit).count();
    let value: u64 =
        if whole == 0 { 0 } else { text[..whole].parse().ok().filter(|value| *value <= 1 << 63)? };
    let Some(behind) = text[whole..].strip_prefix('.') else {
        return (whole > 0).then_some((value, 0.0, &text[whole..]));
    };
    let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
    if whole == 0 && digits == 0 {
        return None;
    }
    // Digits past the precision of an integer do not count.
    let exact = digits.min(18);
    let fraction = behind[..exact].parse::<u64>().unwrap_or(0) as f64 / 10f64.powi(exact as i32);
    Some((value, fraction, &behind[digits..]))
}

/// The `time` package's own quoting: bytes that are not ASCII in hexadecimal.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(char::from(byte));
            }
            b' '..=b'\x7f' => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}
