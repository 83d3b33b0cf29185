//! Durations as Go's `time` package reads and writes them.

use std::time::Duration;

use thiserror::Error;

/// Go counts nanoseconds in a signed 64-bit integer.
const LONGEST: u128 = i64::MAX as u128;

/// A text that `time.ParseDuration` refuses, with Go's own message.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DurationError {
    /// Not a sequence of numbers with units, or out of range.
    #[error("time: invalid duration {0:?}")]
    Invalid(String),
    /// A number without a unit.
    #[error("time: missing unit in duration {0:?}")]
    MissingUnit(String),
    /// A unit that is not one of ns, us, µs, ms, s, m, h.
    #[error("time: unknown unit {unit:?} in duration {text:?}")]
    UnknownUnit {
        /// The unit that was found.
        unit: String,
        /// The whole text.
        text: String,
    },
    /// Go has negative durations, [`Duration`] has none, and no field of Kubernetes or Flux wants one.
    #[error("duration {0:?} is negative")]
    Negative(String),
}

/// Parses a duration such as `300ms`, `1.5h` or `2h45m`. A leading `+` and the bare `0` are accepted.
///
/// # Errors
/// Go's messages for malformed texts; [`DurationError::Negative`] for one below zero.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    let invalid = || DurationError::Invalid(text.to_owned());
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if digits == "0" {
        return Ok(Duration::ZERO);
    }
    if digits.is_empty() {
        return Err(invalid());
    }
    let mut rest = digits;
    let mut total: u128 = 0;
    while !rest.is_empty() {
        let (nanoseconds, after) = term(rest, text)?;
        total += nanoseconds;
        if total > LONGEST {
            return Err(invalid());
        }
        rest = after;
    }
    if negative && total > 0 {
        return Err(DurationError::Negative(text.to_owned()));
    }
    Ok(Duration::from_nanos(u64::try_from(total).map_err(|_| invalid())?))
}

/// Reads one number with its unit and returns its nanoseconds and what follows.
fn term<'a>(rest: &'a str, text: &str) -> Result<(u128, &'a str), DurationError> {
    let invalid = || DurationError::Invalid(text.to_owned());
    let (whole, after) = split_where(rest, |c| !c.is_ascii_digit());
    let (fraction, after) = match after.strip_prefix('.') {
        Some(after) => split_where(after, |c| !c.is_ascii_digit()),
        None => ("", after),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(invalid());
    }
    let (unit, after) = split_where(after, |c| c == '.' || c.is_ascii_digit());
    if unit.is_empty() {
        return Err(DurationError::MissingUnit(text.to_owned()));
    }
    let scale = scale(unit)
        .ok_or_else(|| DurationError::UnknownUnit { unit: unit.to_owned(), text: text.to_owned() })?;
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| invalid())? };
    let nanoseconds = u128::from(whole) * scale + scaled_fraction(fraction, scale);
    if nanoseconds > LONGEST { Err(invalid()) } else { Ok((nanoseconds, after)) }
}

/// Digits beyond those that can count for an hour's nanoseconds are cut off.
fn scaled_fraction(digits: &str, scale: u128) -> u128 {
    let (mut value, mut power) = (0u128, 1u128);
    for digit in digits.bytes().take(18) {
        value = value * 10 + u128::from(digit - b'0');
        power *= 10;
    }
    value * scale / power
}

fn split_where(text: &str, end: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(end).unwrap_or(text.len()))
}

fn scale(unit: &str) -> Option<u128> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// Writes a duration as Go's `Duration.String` does: `9m30s`, `10m0s`, `1.5s`, `750ms`, `0s`.
pub fn format(duration: Duration) -> String {
    let nanoseconds = duration.as_nanos();
    if nanoseconds == 0 {
        return "0s".to_owned();
    }
    if nanoseconds < 1_000 {
        return format!("{nanoseconds}ns");
    }
    if nanoseconds < 1_000_000 {
        return format!("{}µs", decimal(nanoseconds, 1_000));
    }
    if nanoseconds < 1_000_000_000 {
        return format!("{}ms", decimal(nanoseconds, 1_000_000));
    }
    let minutes = nanoseconds / 60_000_000_000;
    let seconds = decimal(nanoseconds % 60_000_000_000, 1_000_000_000);
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{seconds}s"),
        (0, minutes) => format!("{minutes}m{seconds}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
    }
}

/// `value / unit` in decimal, without trailing zeros; `unit` is a power of ten.
fn decimal(value: u128, unit: u128) -> String {
    let fraction = value % unit;
    if fraction == 0 {
        return (value / unit).to_string();
    }
    let width = unit.ilog10() as usize;
    format!("{}.{}", value / unit, format!("{fraction:0width$}").trim_end_matches('0'))
}

/// Rounds to the nearest multiple of `unit`, halves up, as Go's `Duration.Round`. A unit of zero leaves
/// the duration as it is.
pub fn round(duration: Duration, unit: Duration) -> Duration {
    if unit.is_zero() {
        return duration;
    }
    let (value, unit) = (duration.as_nanos(), unit.as_nanos());
    let below = value / unit * unit;
    let nearest = if (value - below) * 2 >= unit { below + unit } else { below };
    Duration::from_nanos(u64::try_from(nearest).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn go_durations_are_read() {
        for (text, nanoseconds) in [
            ("0", 0u64),
            ("5s", 5_000_000_000),
            ("+5s", 5_000_000_000),
            ("9m30s", 570_000_000_000),
            ("1.5h", 5_400_000_000_000),
            (".5s", 500_000_000),
            ("1.s", 1_000_000_000),
            ("10µs", 10_000),
            ("12us", 12_000),
            ("1h2m3s4ms5us6ns", 3_723_004_005_006),
            ("0.100000000000000000000h", 360_000_000_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_nanos(nanoseconds)), "{text}");
        }
    }

    #[test]
    fn refusals_have_gos_words() {
        for (text, message) in [
            ("", r#"time: invalid duration """#),
            ("3", r#"time: missing unit in duration "3""#),
            ("3x", r#"time: unknown unit "x" in duration "3x""#),
            ("-", r#"time: invalid duration "-""#),
            (".s", r#"time: invalid duration ".s""#),
            ("3000000h", r#"time: invalid duration "3000000h""#),
            ("-5s", r#"duration "-5s" is negative"#),
        ] {
            assert_eq!(parse(text).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn durations_are_written_as_go_does() {
        for (milliseconds, text) in [
            (0, "0s"),
            (750, "750ms"),
            (1_500, "1.5s"),
            (10_000, "10s"),
            (600_000, "10m0s"),
            (570_000, "9m30s"),
            (3_600_000, "1h0m0s"),
            (90_061_001, "25h1m1.001s"),
        ] {
            assert_eq!(format(Duration::from_millis(milliseconds)), text);
        }
        assert_eq!(format(Duration::from_nanos(1_100)), "1.1µs");
        assert_eq!(format(Duration::from_nanos(7)), "7ns");
    }

    #[test]
    fn rounding_goes_to_the_nearest() {
        let second = Duration::from_secs(1);
        assert_eq!(round(Duration::from_millis(1_500), second), Duration::from_secs(2));
        assert_eq!(round(Duration::from_millis(1_499), second), second);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(nanoseconds in 0..i64::MAX as u64) {
            let duration = Duration::from_nanos(nanoseconds);
            prop_assert_eq!(parse(&format(duration)), Ok(duration));
        }
    }
}
