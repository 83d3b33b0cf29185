//! What a plain scalar means, as go-yaml resolves it.

use value::Value;

use crate::Rules;
use crate::timestamp::Timestamp;

/// The meaning of a plain (unquoted, untagged) scalar.
pub(crate) enum Scalar {
    /// A JSON-shaped value.
    Value(Value),
    /// `<<`, which merges the value's maps when it is a key.
    Merge,
}

/// Resolves a plain scalar.
///
/// Source: go-yaml `resolve.go`, v2 (as vendored by sigs.k8s.io/yaml) and v3 (as vendored by kyaml).
pub(crate) fn resolve(text: &str, rules: Rules) -> Scalar {
    if text == "<<" {
        return Scalar::Merge;
    }
    Scalar::Value(word(text, rules).or_else(|| number(text, rules)).unwrap_or_else(|| text.into()))
}

/// Whether go-yaml takes `text` for a date.
pub(crate) fn is_timestamp(text: &str) -> bool {
    Timestamp::parse(text).is_some()
}

/// Whether go-yaml v2 writes `text` without quotes: it must not read back as anything but text, and not
/// as a base-60 number of YAML 1.1 either.
pub(crate) fn is_plain_text(text: &str) -> bool {
    // `<<` would be read back as a merge key; go-yaml does not look at it here.
    let reads_as_text = !matches!(resolve(text, Rules::V2), Scalar::Value(other) if other.as_str().is_none());
    reads_as_text && Timestamp::parse(text).is_none() && !is_base_60(text)
}

/// `^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$`
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut parts = whole.split(':');
    let digits_or_underscores = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let first = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    first.starts_with(|char: char| char.is_ascii_digit())
        && digits_or_underscores(first)
        && !rest.is_empty()
        && rest.iter().all(|part| two_digits(part).is_some_and(|number| number < 60))
        && digits_or_underscores(fraction)
}

fn word(text: &str, rules: Rules) -> Option<Value> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => true.into(),
        "false" | "False" | "FALSE" => false.into(),
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" if rules == Rules::V2 => true.into(),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" if rules == Rules::V2 => false.into(),
        ".nan" | ".NaN" | ".NAN" => f64::NAN.into(),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => f64::INFINITY.into(),
        "-.inf" | "-.Inf" | "-.INF" => f64::NEG_INFINITY.into(),
        _ => return None,
    })
}

fn number(text: &str, rules: Rules) -> Option<Value> {
    match text.bytes().next()? {
        b'.' => float(text),
        b'0'..=b'9' | b'+' | b'-' => {
            if let Some(stamp) = Timestamp::parse(text) {
                // go-yaml v2 knows timestamps only where one is asked for.
                return (rules == Rules::V3).then(|| stamp.to_string().into());
            }
            let plain = text.replace('_', "");
            integer(&plain).or_else(|| float(&plain))
        }
        _ => None,
    }
}

/// Go's `strconv.ParseInt(text, 0, 64)`, then `ParseUint`: a leading `0` alone means octal.
fn integer(text: &str) -> Option<Value> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if !negative {
        return Some(magnitude.into());
    }
    0i64.checked_sub_unsigned(magnitude).map(Value::Int)
}

/// go-yaml's `yamlStyleFloat`, then `strconv.ParseFloat`, which refuses what a float cannot hold. A number
/// that JSON writes without fraction and exponent becomes an integer, as it does by passing through JSON.
fn float(text: &str) -> Option<Value> {
    if !is_yaml_float(text) {
        return None;
    }
    let number: f64 = text.parse().ok().filter(|number: &f64| number.is_finite())?;
    let is_negative_zero = number == 0.0 && number.is_sign_negative();
    if number.fract() != 0.0 || number.abs() >= 1e21 || is_negative_zero {
        return Some(number.into());
    }
    Some(integer(&format!("{number:.0}")).unwrap_or(Value::Float(number)))
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_yaml_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let all_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_is_right = match mantissa.split_once('.') {
        Some((whole, fraction)) => {
            all_digits(whole) && all_digits(fraction) && !(whole.is_empty() && fraction.is_empty())
        }
        None => !mantissa.is_empty() && all_digits(mantissa),
    };
    mantissa_is_right
        && exponent.is_none_or(|exponent| {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            !digits.is_empty() && all_digits(digits)
        })
}

fn two_digits(text: &str) -> Option<u8> {
    (!text.is_empty() && text.len() <= 2).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, rules: Rules) -> String {
        match resolve(text, rules) {
            Scalar::Value(value) => value.to_string(),
            Scalar::Merge => "<<".to_owned(),
        }
    }

    /// Rows of reference tables made with kubectl (go-yaml v2) and kustomize (go-yaml v3).
    #[test]
    fn scalars_resolve_as_in_go() {
        let rows = [
            ("yes", "true", "\"yes\""),
            ("on", "true", "\"on\""),
            ("y", "true", "\"y\""),
            ("0777", "511", "511"),
            ("0o17", "15", "15"),
            ("08", "8", "8"),
            ("1_000", "1000", "1000"),
            ("0b11", "3", "3"),
            ("-0x10", "-16", "-16"),
            ("2020-01-01", "\"2020-01-01\"", "\"2020-01-01T00:00:00Z\""),
            ("9223372036854775808", "9223372036854775808", "9223372036854775808"),
            ("1e3", "1000", "1000"),
            ("1.5", "1.5", "1.5"),
            ("12:30", "\"12:30\"", "\"12:30\""),
            ("1.2.3", "\"1.2.3\"", "\"1.2.3\""),
            ("~", "null", "null"),
            ("-", "\"-\"", "\"-\""),
            ("+", "\"+\"", "\"+\""),
            (".", "\".\"", "\".\""),
            ("0x", "\"0x\"", "\"0x\""),
        ];
        for (text, v2, v3) in rows {
            assert_eq!(
                (shown(text, Rules::V2).as_str(), shown(text, Rules::V3).as_str()),
                (v2, v3),
                "{text}"
            );
        }
    }
}
