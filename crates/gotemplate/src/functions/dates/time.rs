//! `time.Time`.

use jiff::civil::DateTime;
use jiff::tz::{Offset as UtcOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::layout::{self, Element, Offset};
use super::methods::{self, Location};
use crate::functions::arguments::*;
use crate::functions::durations::{MONTHS, WEEKDAYS};
use crate::value::{Kind, Method, Object};

/// An instant and the zone that it is shown in.
#[derive(Clone)]
pub(crate) struct Time {
    pub(crate) at: Timestamp,
    pub(crate) zone: Zone,
}

/// `*time.Location`
#[derive(Clone)]
pub(crate) enum Zone {
    Utc,
    Local(TimeZone),
    Named(TimeZone),
    /// An offset that a text gave, with or without a name.
    Fixed {
        name: String,
        offset: i32,
    },
}

/// An instant of seconds since 1970; the nearest that the calendar knows where it is out of range.
pub(crate) fn from_seconds(seconds: i64, nanoseconds: i32) -> Timestamp {
    Timestamp::new(seconds, nanoseconds).unwrap_or(if seconds < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// The offset of a zone at an instant, and what the zone is called then.
pub(super) fn zone_info(zone: &TimeZone, at: Timestamp) -> (String, i32) {
    let info = zone.to_offset_info(at);
    (info.abbreviation().to_owned(), info.offset().seconds())
}

impl Time {
    /// `time.Time{}`: the first of January of the year 1.
    pub(crate) fn zero() -> Self {
        Self { at: from_seconds(-62_135_596_800, 0), zone: Zone::Utc }
    }

    pub(crate) fn add(&self, nanoseconds: i64) -> Self {
        let at = self.at.checked_add(SignedDuration::from_nanos(nanoseconds));
        let limit = if nanoseconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
        Self { at: at.unwrap_or(limit), zone: self.zone.clone() }
    }

    fn name_and_offset(&self) -> (String, i32) {
        match &self.zone {
            Zone::Utc => ("UTC".to_owned(), 0),
            Zone::Local(zone) | Zone::Named(zone) => zone_info(zone, self.at),
            Zone::Fixed { name, offset } => (name.clone(), *offset),
        }
    }

    fn civil(&self) -> DateTime {
        let offset = UtcOffset::from_seconds(self.name_and_offset().1).unwrap_or(UtcOffset::UTC);
        offset.to_datetime(self.at)
    }

    /// `Time.Format`
    pub(crate) fn format(&self, format: &str) -> String {
        let civil = self.civil();
        let mut out = String::new();
        let mut rest = format;
        loop {
            let (prefix, element, after) = layout::next(rest);
            out.push_str(prefix);
            let Some((element, _)) = element else { return out };
            self.write(&mut out, element, civil);
            rest = after;
        }
    }

    fn write(&self, out: &mut String, element: Element, civil: DateTime) {
        let hour12 = (civil.hour() + 11) % 12 + 1;
        let month = MONTHS[(civil.month() - 1) as usize];
        let weekday = WEEKDAYS[civil.weekday().to_sunday_zero_offset() as usize];
        let text = match element {
            Element::LongMonth => month.to_owned(),
            Element::Month => month[..3].to_owned(),
            Element::NumMonth => civil.month().to_string(),
            Element::ZeroMonth => format!("{:02}", civil.month()),
            Element::LongWeekday => weekday.to_owned(),
            Element::Weekday => weekday[..3].to_owned(),
            Element::Day => civil.day().to_string(),
            Element::UnderDay => format!("{:2}", civil.day()),
            Element::ZeroDay => format!("{:02}", civil.day()),
            Element::UnderYearDay => format!("{:3}", civil.day_of_year()),
            Element::ZeroYearDay => format!("{:03}", civil.day_of_year()),
            Element::Hour => format!("{:02}", civil.hour()),
            Element::Hour12 => hour12.to_string(),
            Element::ZeroHour12 => format!("{hour12:02}"),
            Element::Minute => civil.minute().to_string(),
            Element::ZeroMinute => format!("{:02}", civil.minute()),
            Element::Second => civil.second().to_string(),
            Element::ZeroSecond => format!("{:02}", civil.second()),
            Element::LongYear if civil.year() < 0 => format!("-{:04}", civil.year().unsigned_abs()),
            Element::LongYear => format!("{:04}", civil.year()),
            Element::Year => format!("{:02}", civil.year().unsigned_abs() % 100),
            Element::UpperPm => if civil.hour() >= 12 { "PM" } else { "AM" }.to_owned(),
            Element::LowerPm => if civil.hour() >= 12 { "pm" } else { "am" }.to_owned(),
            Element::Zone => self.zone_name(),
            Element::Offset(offset) => self.offset(offset),
            Element::Fraction { digits, keeps_zeros, separator } => {
                fraction(civil.subsec_nanosecond(), digits, keeps_zeros, separator)
            }
        };
        out.push_str(&text);
    }

    fn zone_name(&self) -> String {
        let (name, _) = self.name_and_offset();
        let plain = Offset { is_iso: false, has_colon: false, has_minutes: true, has_seconds: false };
        if name.is_empty() { self.offset(plain) } else { name }
    }

    fn offset(&self, shape: Offset) -> String {
        let (_, offset) = self.name_and_offset();
        if offset == 0 && shape.is_iso {
            return "Z".to_owned();
        }
        let minutes = (offset / 60).abs();
        let colon = if shape.has_colon { ":" } else { "" };
        // The sign is that of the whole minutes, as in Go.
        let mut text = format!("{}{:02}", if offset / 60 < 0 { '-' } else { '+' }, minutes / 60);
        if shape.has_minutes {
            text.push_str(&format!("{colon}{:02}", minutes % 60));
        }
        if shape.has_seconds {
            text.push_str(&format!("{colon}{:02}", offset.abs() % 60));
        }
        text
    }

    /// `Time.String`, without the monotonic clock that Go appends to `now`.
    pub(crate) fn print(&self) -> String {
        self.format("2006-01-02 15:04:05.999999999 -0700 MST")
    }

    fn time_argument(a: &[Value]) -> Self {
        a.first().and_then(Value::as_object::<Self>).cloned().unwrap_or_else(Self::zero)
    }
}

fn fraction(nanoseconds: i32, digits: usize, keeps_zeros: bool, separator: u8) -> String {
    let all = format!("{nanoseconds:09}");
    let mut text = all[..digits.min(9)].to_owned();
    if !keeps_zeros {
        text.truncate(text.trim_end_matches('0').len());
        if text.is_empty() {
            return text;
        }
    }
    format!("{}{text}", char::from(separator))
}

const METHODS: &[Method] = &[
    Method { name: "Year", params: &[] },
    Method { name: "Month", params: &[] },
    Method { name: "Day", params: &[] },
    Method { name: "Hour", params: &[] },
    Method { name: "Minute", params: &[] },
    Method { name: "Second", params: &[] },
    Method { name: "Nanosecond", params: &[] },
    Method { name: "Weekday", params: &[] },
    Method { name: "YearDay", params: &[] },
    Method { name: "Unix", params: &[] },
    Method { name: "UnixMilli", params: &[] },
    Method { name: "UnixMicro", params: &[] },
    Method { name: "UnixNano", params: &[] },
    Method { name: "IsZero", params: &[] },
    Method { name: "UTC", params: &[] },
    Method { name: "String", params: &[] },
    Method { name: "Format", params: &[STRING] },
    Method { name: "Add", params: &[Param::Duration] },
    Method { name: "AddDate", params: &[INT, INT, INT] },
    Method { name: "Sub", params: &[Param::Object("time.Time")] },
    Method { name: "Before", params: &[Param::Object("time.Time")] },
    Method { name: "After", params: &[Param::Object("time.Time")] },
    Method { name: "Equal", params: &[Param::Object("time.Time")] },
    Method { name: "Compare", params: &[Param::Object("time.Time")] },
    Method { name: "Round", params: &[Param::Duration] },
    Method { name: "Truncate", params: &[Param::Duration] },
    Method { name: "Local", params: &[] },
    Method { name: "Location", params: &[] },
    Method { name: "In", params: &[Param::Object("*time.Location")] },
    Method { name: "IsDST", params: &[] },
    Method { name: "GoString", params: &[] },
    Method { name: "MarshalText", params: &[] },
    Method { name: "MarshalJSON", params: &[] },
    Method { name: "ISOWeek", params: &[] },
    Method { name: "Zone", params: &[] },
    Method { name: "ZoneBounds", params: &[] },
    Method { name: "Date", params: &[] },
    Method { name: "Clock", params: &[] },
];

const RFC_3339: &str = "2006-01-02T15:04:05.999999999Z07:00";

impl Object for Time {
    fn type_name(&self) -> &str {
        "time.Time"
    }

    fn kind(&self) -> Kind {
        Kind::Struct
    }

    fn method(&self, name: &[u8]) -> Option<&'static Method> {
        METHODS.iter().find(|method| method.name.as_bytes() == name)
    }

    fn uncallable(&self, method: &'static Method) -> Option<String> {
        methods::uncallable(method.name)
    }

    fn call(&self, method: &'static Method, a: &[Value], run: &mut Run<'_>) -> Outcome {
        let civil = self.civil();
        let other = || Self::time_argument(a);
        let count = |number: i64| Ok(Value::int(number));
        match method.name {
            "Year" => count(civil.year().into()),
            "Month" => Ok(Value::Int(civil.month().into(), IntType::Month)),
            "Day" => count(civil.day().into()),
            "Hour" => count(civil.hour().into()),
            "Minute" => count(civil.minute().into()),
            "Second" => count(civil.second().into()),
            "Nanosecond" => count(civil.subsec_nanosecond().into()),
            "Weekday" => Ok(Value::Int(civil.weekday().to_sunday_zero_offset().into(), IntType::Weekday)),
            "YearDay" => count(civil.day_of_year().into()),
            "Unix" => Ok(Value::int64(self.at.as_second())),
            "UnixMilli" => Ok(Value::int64(self.at.as_millisecond())),
            "UnixMicro" => Ok(Value::int64(self.at.as_microsecond())),
            "UnixNano" => Ok(Value::int64(self.at.as_nanosecond() as i64)),
            "IsZero" => Ok((self.at == Self::zero().at).into()),
            "UTC" => Ok(Value::object(Self { at: self.at, zone: Zone::Utc })),
            "String" => Ok(self.print().into()),
            "Format" => Ok(self.format(&utf8(a, 0)).into()),
            "Add" => Ok(Value::object(self.add(int(a, 0)))),
            "AddDate" => Ok(Value::object(self.add_date(int(a, 0), int(a, 1), int(a, 2)))),
            "Sub" => Ok(Value::duration(super::since(self.at, other().at))),
            "Before" => Ok((self.at < other().at).into()),
            "After" => Ok((self.at > other().at).into()),
            "Equal" => Ok((self.at == other().at).into()),
            "Compare" => count(self.at.cmp(&other().at) as i64),
            _ => self.rarely_called(method.name, a, run),
        }
    }

    fn string(&self) -> Option<Str> {
        Some(self.print().into())
    }

    fn go_string(&self) -> Option<Str> {
        let civil = self.civil();
        let month = MONTHS[(civil.month() - 1) as usize];
        let zone = match &self.zone {
            Zone::Utc => "time.UTC".to_owned(),
            Zone::Local(_) => "time.Local".to_owned(),
            Zone::Named(zone) => format!("time.Location({:?})", zone.iana_name().unwrap_or_default()),
            Zone::Fixed { name, .. } => format!("time.Location({name:?})"),
        };
        let (year, day) = (civil.year(), civil.day());
        let (hour, minute, second) = (civil.hour(), civil.minute(), civil.second());
        let nanosecond = civil.subsec_nanosecond();
        let date = format!(
            "time.Date({year}, time.{month}, {day}, {hour}, {minute}, {second}, {nanosecond}, {zone})"
        );
        Some(date.into())
    }

    fn json(&self) -> Option<Value> {
        Some(self.format(RFC_3339).into())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other
            .as_any()
            .downcast_ref::<Self>()
            .is_some_and(|other| self.at == other.at && self.print() == other.print())
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

impl Time {
    fn rarely_called(&self, name: &str, a: &[Value], run: &Run<'_>) -> Outcome {
        Ok(match name {
            "Round" => Value::object(self.round(int(a, 0))),
            "Truncate" => Value::object(self.truncate(int(a, 0))),
            "Local" => Value::object(self.shown_in(Zone::Local(run.environment().zone.clone()))),
            "Location" => Value::object(Location(self.zone.clone())),
            "In" => match a.first().and_then(Value::as_object::<Location>) {
                Some(Location(zone)) => Value::object(self.shown_in(zone.clone())),
                None => return fail("time: missing Location in call to Time.In"),
            },
            "IsDST" => self.is_summer().into(),
            "GoString" => Value::String(self.go_string().unwrap_or_default()),
            "MarshalText" => Value::Bytes(self.format(RFC_3339).into_bytes().into()),
            "MarshalJSON" => Value::Bytes(format!("\"{}\"", self.format(RFC_3339)).into_bytes().into()),
            name => unreachable!("{name} cannot be called"),
        })
    }

    fn shown_in(&self, zone: Zone) -> Self {
        Self { at: self.at, zone }
    }

    /// `Time.AddDate`: days past the end of a month run over into the next.
    fn add_date(&self, years: i64, months: i64, days: i64) -> Self {
        let civil = self.civil();
        let month = i64::from(civil.month()) - 1 + months.clamp(-200_000, 200_000);
        let year = i64::from(civil.year()) + years.clamp(-20_000, 20_000) + month.div_euclid(12);
        let first = i16::try_from(year)
            .ok()
            .and_then(|year| DateTime::new(year, month.rem_euclid(12) as i8 + 1, 1, 0, 0, 0, 0).ok());
        let Some(first) = first else { return self.clone() };
        let days = i64::from(civil.day()) - 1 + days.clamp(-10_000_000, 10_000_000);
        let moved = first
            .checked_add(SignedDuration::from_hours(24 * days))
            .ok()
            .map(|date| date.date().to_datetime(civil.time()));
        moved.map_or_else(
            || self.clone(),
            |moved| Self { at: at_civil(moved, &self.zone), zone: self.zone.clone() },
        )
    }
}

/// The instant at which a zone shows a date and time; around a change of the offset as `time.Date` has it.
pub(crate) fn at_civil(civil: DateTime, zone: &Zone) -> Timestamp {
    let utc = UtcOffset::UTC.to_timestamp(civil).unwrap_or(Timestamp::MIN);
    let minus = |offset: i32| from_seconds(utc.as_second() - i64::from(offset), utc.subsec_nanosecond());
    match zone {
        Zone::Utc => utc,
        Zone::Fixed { offset, .. } => minus(*offset),
        Zone::Local(zone) | Zone::Named(zone) => {
            let (_, offset) = zone_info(zone, utc);
            let (_, nearer) = zone_info(zone, minus(offset));
            // The second guess holds unless it leads back to the first offset.
            if nearer == offset { minus(offset) } else { minus(nearer) }
        }
    }
}
