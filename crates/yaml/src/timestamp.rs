//! Dates and times among plain scalars.

use std::fmt;

/// A point in time as YAML 1.1 writes it; shown as Go shows a `time.Time` in JSON (RFC 3339).
///
/// Source: go-yaml's `parseTimestamp`: `2020-1-2`, `2020-1-2 3:4:5.6`, and RFC 3339 with short numbers and
/// either `T` or `t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timestamp<'a> {
    year: &'a str,
    date: [u8; 2],
    time: [u8; 3],
    /// The digits of the fraction of a second.
    fraction: &'a str,
    /// `Z`, or an offset such as `+01:30`.
    zone: &'a str,
}

impl<'a> Timestamp<'a> {
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (year, rest) = text.split_at_checked(4)?;
        if !year.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (month, rest) = number(rest.strip_prefix('-')?)?;
        let (day, rest) = number(rest.strip_prefix('-')?)?;
        let is_date = (1..=12).contains(&month) && (1..=days_of(year.parse().ok()?, month)).contains(&day);
        let stamp = |time, fraction, zone| Self { year, date: [month, day], time, fraction, zone };
        let found = match rest.as_bytes().first() {
            None => Some(stamp([0; 3], "", "Z")),
            Some(b' ') => {
                let (time, fraction, rest) = clock(&rest[1..])?;
                rest.is_empty().then(|| stamp(time, fraction, "Z"))
            }
            Some(b'T' | b't') => {
                let (time, fraction, zone) = clock(&rest[1..])?;
                is_zone(zone).then(|| stamp(time, fraction, zone))
            }
            Some(_) => None,
        };
        found.filter(|_| is_date)
    }
}

impl fmt::Display for Timestamp<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ([month, day], [hour, minute, second]) = (self.date, self.time);
        write!(f, "{}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}", self.year)?;
        let fraction = self.fraction.get(..9).unwrap_or(self.fraction).trim_end_matches('0');
        if !fraction.is_empty() {
            write!(f, ".{fraction}")?;
        }
        f.write_str(if self.zone == "+00:00" || self.zone == "-00:00" { "Z" } else { self.zone })
    }
}

/// One or two digits, and the rest.
fn number(text: &str) -> Option<(u8, &str)> {
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    Some((number.parse().ok()?, rest))
}

/// Hour, minute and second, the digits of the fraction, and the rest.
fn clock(text: &str) -> Option<([u8; 3], &str, &str)> {
    let (hour, rest) = number(text)?;
    let (minute, rest) = number(rest.strip_prefix(':')?)?;
    let (second, rest) = number(rest.strip_prefix(':')?)?;
    let (fraction, rest) = match rest.strip_prefix(['.', ',']) {
        Some(rest) => rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count()),
        None => ("", rest),
    };
    (hour < 24 && minute < 60 && second < 60).then_some(([hour, minute, second], fraction, rest))
}

fn is_zone(text: &str) -> bool {
    let offset = || {
        let (hour, minute) = text.strip_prefix(['+', '-'])?.split_once(':')?;
        let two =
            |digits: &str| (digits.len() == 2).then(|| number(digits)).flatten().map(|(number, _)| number);
        Some(two(hour)? <= 24 && two(minute)? < 60)
    };
    text == "Z" || offset() == Some(true)
}

fn days_of(year: u32, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
