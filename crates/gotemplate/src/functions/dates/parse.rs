//! `time.ParseInLocation`.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::layout::{self, Element, Offset};
use super::time::{Time, Zone, at_civil, zone_info};
use crate::functions::durations::{MONTHS, WEEKDAYS, quote};

/// Why an element does not fit.
enum Bad {
    Syntax,
    Range(&'static str),
}

type Parsed<T> = Result<T, Bad>;

#[derive(Default)]
struct Fields {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanosecond: i64,
    is_pm: bool,
    is_am: bool,
    is_utc: bool,
    offset: Option<i32>,
    zone: String,
}

/// The time that a text says in a layout; without a zone, in the local one. The error is Go's text.
pub(super) fn parse(format: &str, text: &str, local: &TimeZone) -> Result<Time, String> {
    let mut fields = Fields::default();
    let (mut rest, mut value) = (format, text);
    let cannot = |element: &str, value: &str| {
        format!(
            "parsing time {} as {}: cannot parse {} as {}",
            quote(text),
            quote(format),
            quote(value),
            quote(element)
        )
    };
    loop {
        let (prefix, element, after) = layout::next(rest);
        value = skip(value, prefix).map_err(|value| cannot(prefix, value))?;
        let Some((element, written)) = element else {
            if value.is_empty() {
                break;
            }
            return Err(format!("parsing time {}: extra text: {}", quote(text), quote(value)));
        };
        let held = value;
        match fields.read(element, &mut value, after) {
            Ok(()) => {}
            Err(Bad::Syntax) => return Err(cannot(written, held)),
            Err(Bad::Range(what)) => {
                return Err(format!("parsing time {}: {what} out of range", quote(text)));
            }
        }
        rest = after;
    }
    fields.finish(local).map_err(|problem| format!("parsing time {}: {problem}", quote(text)))
}

/// Takes literal text; a space stands for any number of spaces.
fn skip<'a>(mut value: &'a str, prefix: &str) -> Result<&'a str, &'a str> {
    let mut prefix = prefix;
    while let Some(char) = prefix.chars().next() {
        if char == ' ' {
            if !value.is_empty() && !value.starts_with(' ') {
                return Err(value);
            }
            prefix = prefix.trim_start_matches(' ');
            value = value.trim_start_matches(' ');
            continue;
        }
        value = value.strip_prefix(char).ok_or(value)?;
        prefix = &prefix[char.len_utf8()..];
    }
    Ok(value)
}

fn digit(text: &str, at: usize) -> Option<i64> {
    let byte = *text.as_bytes().get(at)?;
    byte.is_ascii_digit().then(|| i64::from(byte - b'0'))
}

/// One or two digits.
fn number(value: &mut &str, is_fixed: bool) -> Parsed<i64> {
    let first = digit(value, 0).ok_or(Bad::Syntax)?;
    let (number, length) = match digit(value, 1) {
        Some(second) => (first * 10 + second, 2),
        None if is_fixed => return Err(Bad::Syntax),
        None => (first, 1),
    };
    *value = &value[length..];
    Ok(number)
}

fn in_range(number: i64, least: i64, most: i64, what: &'static str) -> Parsed<i64> {
    if (least..=most).contains(&number) { Ok(number) } else { Err(Bad::Range(what)) }
}

/// One of the names, whatever its case.
fn name(value: &mut &str, names: &[&str], length: Option<usize>) -> Parsed<i64> {
    for (at, name) in names.iter().enumerate() {
        let name = &name[..length.unwrap_or(name.len())];
        if value.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)) {
            *value = &value[name.len()..];
            return Ok(at as i64);
        }
    }
    Err(Bad::Syntax)
}

fn take<'a>(value: &mut &'a str, length: usize) -> Parsed<&'a str> {
    let taken = value.get(..length).ok_or(Bad::Syntax)?;
    *value = &value[length..];
    Ok(taken)
}

fn plain_number(text: &str) -> Parsed<i64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().map_err(|_| Bad::Syntax) } else { Err(Bad::Syntax) }
}

/// A separator and digits; those past the ninth do not count.
fn nanoseconds(value: &mut &str, length: usize) -> Parsed<i64> {
    let taken = take(value, length)?;
    let digits = &taken[1..].get(..9).unwrap_or(&taken[1..]);
    if !taken.starts_with(['.', ',']) {
        return Err(Bad::Syntax);
    }
    Ok(plain_number(digits)? * 10i64.pow(9 - digits.len() as u32))
}

impl Fields {
    fn read(&mut self, element: Element, value: &mut &str, after: &str) -> Parsed<()> {
        match element {
            Element::Year => {
                let year = plain_number(take(value, 2)?)?;
                self.year = year + if year >= 69 { 1900 } else { 2000 };
            }
            Element::LongYear => self.year = plain_number(take(value, 4)?)?,
            Element::Month => self.month = Some(name(value, &MONTHS, Some(3))? + 1),
            Element::LongMonth => self.month = Some(name(value, &MONTHS, None)? + 1),
            Element::NumMonth | Element::ZeroMonth => {
                let month = number(value, element == Element::ZeroMonth)?;
                self.month = Some(in_range(month, 1, 12, "month")?);
            }
            Element::Weekday => drop(name(value, &WEEKDAYS, Some(3))?),
            Element::LongWeekday => drop(name(value, &WEEKDAYS, None)?),
            Element::Day | Element::UnderDay | Element::ZeroDay => {
                if element == Element::UnderDay {
                    *value = value.strip_prefix(' ').unwrap_or(value);
                }
                self.day = Some(number(value, element == Element::ZeroDay)?);
            }
            Element::UnderYearDay | Element::ZeroYearDay => {
                if element == Element::UnderYearDay {
                    *value = value.strip_prefix(' ').unwrap_or(value);
                    *value = value.strip_prefix(' ').unwrap_or(value);
                }
                let digits = value.bytes().take(3).take_while(u8::is_ascii_digit).count();
                if digits == 0 || (element == Element::ZeroYearDay && digits != 3) {
                    return Err(Bad::Syntax);
                }
                self.year_day = Some(plain_number(take(value, digits)?)?);
            }
            Element::Hour => self.hour = in_range(number(value, false)?, 0, 23, "hour")?,
            Element::Hour12 | Element::ZeroHour12 => {
                self.hour = in_range(number(value, element == Element::ZeroHour12)?, 0, 12, "hour")?;
            }
            Element::Minute | Element::ZeroMinute => {
                self.minute = in_range(number(value, element == Element::ZeroMinute)?, 0, 59, "minute")?;
            }
            Element::Second | Element::ZeroSecond => {
                self.second = in_range(number(value, element == Element::ZeroSecond)?, 0, 59, "second")?;
                self.unasked_fraction(value, after)?;
            }
            Element::UpperPm | Element::LowerPm => self.half_of_day(element, value)?,
            Element::Zone => self.zone_name(value)?,
            Element::Offset(offset) => self.offset(offset, value)?,
            Element::Fraction { digits, keeps_zeros: true, .. } => {
                self.nanosecond = nanoseconds(value, digits + 1)?;
            }
            Element::Fraction { .. } => {
                if value.starts_with(['.', ',']) && digit(value, 1).is_some() {
                    self.any_fraction(value)?;
                }
            }
        }
        Ok(())
    }

    fn any_fraction(&mut self, value: &mut &str) -> Parsed<()> {
        let digits = value[1..].bytes().take_while(u8::is_ascii_digit).count();
        self.nanosecond = nanoseconds(value, digits + 1)?;
        Ok(())
    }

    /// A fraction behind the second is taken though the layout has none.
    fn unasked_fraction(&mut self, value: &mut &str, after: &str) -> Parsed<()> {
        let has_fraction = value.starts_with(['.', ',']) && digit(value, 1).is_some();
        let is_asked = matches!(layout::next(after).1, Some((Element::Fraction { .. }, _)));
        if has_fraction && !is_asked { self.any_fraction(value) } else { Ok(()) }
    }

    fn half_of_day(&mut self, element: Element, value: &mut &str) -> Parsed<()> {
        let (am, pm) = if element == Element::UpperPm { ("AM", "PM") } else { ("am", "pm") };
        match take(value, 2)? {
            half if half == pm => self.is_pm = true,
            half if half == am => self.is_am = true,
            _ => return Err(Bad::Syntax),
        }
        Ok(())
    }

    fn zone_name(&mut self, value: &mut &str) -> Parsed<()> {
        if let Some(rest) = value.strip_prefix("UTC") {
            *value = rest;
            self.is_utc = true;
            return Ok(());
        }
        let length = zone_length(value).ok_or(Bad::Syntax)?;
        self.zone = take(value, length)?.to_owned();
        Ok(())
    }

    fn offset(&mut self, shape: Offset, value: &mut &str) -> Parsed<()> {
        if shape.is_iso && value.starts_with('Z') {
            *value = &value[1..];
            self.is_utc = true;
            return Ok(());
        }
        let parts = 1 + usize::from(shape.has_minutes) + usize::from(shape.has_seconds);
        let separator = usize::from(shape.has_colon);
        let text = take(value, 1 + parts * 2 + (parts - 1) * separator)?;
        let mut numbers = [0i64; 3];
        for (at, number) in numbers.iter_mut().enumerate().take(parts) {
            let start = 1 + at * (2 + separator);
            if at > 0 && shape.has_colon && text.as_bytes()[start - 1] != b':' {
                return Err(Bad::Syntax);
            }
            *number = plain_number(text.get(start..start + 2).ok_or(Bad::Syntax)?)?;
        }
        let [hours, minutes, seconds] = numbers;
        in_range(hours, 0, 24, "time zone offset hour")?;
        in_range(minutes, 0, 60, "time zone offset minute")?;
        in_range(seconds, 0, 60, "time zone offset second")?;
        let offset = i32::try_from((hours * 60 + minutes) * 60 + seconds).unwrap_or(0);
        self.offset = Some(match text.as_bytes()[0] {
            b'+' => offset,
            b'-' => -offset,
            _ => return Err(Bad::Syntax),
        });
        Ok(())
    }

    fn finish(mut self, local: &TimeZone) -> Result<Time, &'static str> {
        if self.is_pm && self.hour < 12 {
            self.hour += 12;
        } else if self.is_am && self.hour == 12 {
            self.hour = 0;
        }
        let date = self.date()?;
        let time =
            jiff::civil::time(self.hour as i8, self.minute as i8, self.second as i8, self.nanosecond as i32);
        let civil = date.to_datetime(time);
        if self.is_utc {
            return Ok(Time { at: at_civil(civil, &Zone::Utc), zone: Zone::Utc });
        }
        let local_zone = Zone::Local(local.clone());
        if let Some(offset) = self.offset {
            let at = at_civil(civil, &Zone::Fixed { name: String::new(), offset });
            let (name, local_offset) = zone_info(local, at);
            let is_local = local_offset == offset && (self.zone.is_empty() || self.zone == name);
            let zone = if is_local { local_zone } else { Zone::Fixed { name: self.zone, offset } };
            return Ok(Time { at, zone });
        }
        if self.zone.is_empty() {
            return Ok(Time { at: at_civil(civil, &local_zone), zone: local_zone });
        }
        Ok(self.in_named_zone(civil, local))
    }

    fn date(&self) -> Result<Date, &'static str> {
        let year = i16::try_from(self.year).unwrap_or(i16::MAX);
        let Some(year_day) = self.year_day else {
            let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
            return Date::new(year, month as i8, i8::try_from(day).unwrap_or(0))
                .map_err(|_| "day out of range");
        };
        let first = Date::new(year, 1, 1).map_err(|_| "day-of-year out of range")?;
        if year_day < 1 || year_day > i64::from(first.days_in_year()) {
            return Err("day-of-year out of range");
        }
        let date = first
            .checked_add(jiff::Span::new().days(year_day - 1))
            .map_err(|_| "day-of-year out of range")?;
        if self.month.is_some_and(|month| month != i64::from(date.month())) {
            return Err("day-of-year does not match month");
        }
        if self.day.is_some_and(|day| day != i64::from(date.day())) {
            return Err("day-of-year does not match day");
        }
        Ok(date)
    }

    /// A name that the local zone knows has its offset; any other is a zone of its own without one.
    fn in_named_zone(self, civil: DateTime, local: &TimeZone) -> Time {
        let utc = at_civil(civil, &Zone::Utc);
        let changes = local.following(utc).take(2).chain(local.preceding(utc).take(2));
        let known: Vec<i32> = changes
            .map(|change| change.timestamp())
            .chain([utc])
            .map(|at| zone_info(local, at))
            .filter(|(name, _)| *name == self.zone)
            .map(|(_, offset)| offset)
            .collect();
        let of_offset = |offset: i32| at_civil(civil, &Zone::Fixed { name: String::new(), offset });
        let best = known
            .iter()
            .find(|offset| zone_info(local, of_offset(**offset)) == (self.zone.clone(), **offset))
            .or(known.first());
        if let Some(offset) = best {
            return Time { at: of_offset(*offset), zone: Zone::Local(local.clone()) };
        }
        let hours = self.zone.strip_prefix("GMT").filter(|hours| !hours.is_empty());
        let offset = hours.and_then(|hours| hours.parse::<i32>().ok()).unwrap_or(0) * 3600;
        // Go shows the instant in the zone, but does not move it.
        Time { at: utc, zone: Zone::Fixed { name: self.zone, offset } }
    }
}

/// How much of a text looks like the abbreviation of a zone.
fn zone_length(value: &str) -> Option<usize> {
    let signed = |text: &str| -> Option<usize> {
        let digits = text.get(1..)?.bytes().take_while(u8::is_ascii_digit).count();
        let is_signed = text.starts_with(['+', '-']) && digits > 0;
        (is_signed && text[1..=digits].parse::<u32>().is_ok_and(|hours| hours <= 23)).then_some(1 + digits)
    };
    if value.len() < 3 {
        return None;
    }
    if value.starts_with("ChST") || value.starts_with("MeST") {
        return Some(4);
    }
    if let Some(rest) = value.strip_prefix("GMT") {
        return Some(3 + signed(rest).unwrap_or(0));
    }
    if value.starts_with(['+', '-']) {
        return signed(value);
    }
    match value.bytes().take(6).take_while(u8::is_ascii_uppercase).count() {
        5 if value.as_bytes()[4] == b'T' => Some(5),
        4 if value.as_bytes()[3] == b'T' || value.starts_with("WITA") => Some(4),
        3 => Some(3),
        _ => None,
    }
}
