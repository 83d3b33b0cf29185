//! sprig's functions of dates.

mod layout;
mod methods;
mod parse;
mod time;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::arguments::*;
use super::durations::{HOUR, MINUTE, SECOND, duration_string, parse_duration, round};
pub(crate) use time::{Time, Zone, at_civil};

const TIME: Param = Param::Object("time.Time");

pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "now", params: &[], call: |run, _| Ok(Value::object(now(run))) },
    Function { name: "ago", params: &[ANY], call: ago },
    Function {
        name: "date",
        params: &[STRING, ANY],
        call: |run, a| in_zone(run, &utf8(a, 0), &a[1], "Local"),
    },
    Function { name: "dateInZone", params: &[STRING, ANY, STRING], call: date_in_zone },
    Function { name: "date_in_zone", params: &[STRING, ANY, STRING], call: date_in_zone },
    Function { name: "htmlDate", params: &[ANY], call: |run, a| in_zone(run, "2006-01-02", &a[0], "Local") },
    Function {
        name: "htmlDateInZone",
        params: &[ANY, STRING],
        call: |run, a| in_zone(run, "2006-01-02", &a[0], &utf8(a, 1)),
    },
    Function {
        name: "dateModify",
        params: &[STRING, TIME],
        call: |_, a| Ok(modified(a).unwrap_or_else(|_| a[1].clone())),
    },
    Function {
        name: "date_modify",
        params: &[STRING, TIME],
        call: |_, a| Ok(modified(a).unwrap_or_else(|_| a[1].clone())),
    },
    Function { name: "mustDateModify", params: &[STRING, TIME], call: |_, a| modified(a) },
    Function { name: "must_date_modify", params: &[STRING, TIME], call: |_, a| modified(a) },
    Function { name: "duration", params: &[ANY], call: duration },
    Function { name: "durationRound", params: &[ANY], call: duration_round },
    Function {
        name: "toDate",
        params: &[STRING, STRING],
        call: |run, a| Ok(Value::object(to_date(run, a).unwrap_or_else(|_| Time::zero()))),
    },
    Function {
        name: "mustToDate",
        params: &[STRING, STRING],
        call: |run, a| Ok(Value::object(to_date(run, a)?)),
    },
    Function {
        name: "unixEpoch",
        params: &[TIME],
        call: |_, a| Ok(a[0].as_object::<Time>().map_or(0, |time| time.at.as_second()).to_string().into()),
    },
];

fn now(run: &Run<'_>) -> Time {
    let environment = run.environment();
    Time { at: environment.now, zone: Zone::Local(environment.zone.clone()) }
}

/// A time, or a number of seconds; `None` for anything else, for which sprig takes the present.
fn instant(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Int(seconds, IntType::Int | IntType::Int64 | IntType::Int32) => {
            Some(time::from_seconds(*seconds, 0))
        }
        other => other.as_object::<Time>().map(|time| time.at),
    }
}

fn date_in_zone(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    in_zone(run, &utf8(a, 0), &a[1], &utf8(a, 2))
}

fn in_zone(run: &mut Run<'_>, format: &str, date: &Value, zone: &str) -> Outcome {
    let at = instant(date).unwrap_or(run.environment().now);
    let zone = match zone {
        "Local" => Zone::Local(run.environment().zone.clone()),
        name => located(name).map_or(Zone::Utc, Zone::Named),
    };
    paid(run, Time { at, zone }.format(format).into_bytes())
}

/// `time.LoadLocation` from the bundled zone data; names are told apart by case.
fn located(name: &str) -> Option<TimeZone> {
    if matches!(name, "" | "UTC") {
        return None;
    }
    let zone = TimeZoneDatabase::bundled().get(name).ok()?;
    (zone.iana_name() == Some(name)).then_some(zone)
}

fn modified(a: &[Value]) -> Outcome {
    let duration = parse_duration(&utf8(a, 0)).map_err(Failure::Message)?;
    let Some(time) = a[1].as_object::<Time>() else { return Ok(a[1].clone()) };
    Ok(Value::object(time.add(duration)))
}

/// Nanoseconds from one instant to another, as far as they fit.
fn since(now: Timestamp, then: Timestamp) -> i64 {
    let distance = now.as_nanosecond() - then.as_nanosecond();
    i64::try_from(distance).unwrap_or(if distance < 0 { i64::MIN } else { i64::MAX })
}

fn ago(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let now = run.environment().now;
    let then = match &a[0] {
        Value::Int(_, IntType::Int32) => now,
        other => instant(other).unwrap_or(now),
    };
    Ok(duration_string(round(since(now, then), SECOND)).into())
}

fn duration(_: &mut Run<'_>, a: &[Value]) -> Outcome {
    let seconds = match &a[0] {
        Value::String(text) => crate::parse::parse_int(&text.to_text(), 10).unwrap_or(0),
        Value::Int(number, IntType::Int64) => *number,
        _ => 0,
    };
    Ok(duration_string(seconds.wrapping_mul(SECOND)).into())
}

fn duration_round(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let duration = match &a[0] {
        Value::String(text) => parse_duration(&text.to_text()).unwrap_or(0),
        Value::Int(number, IntType::Int64) => *number,
        other => other.as_object::<Time>().map_or(0, |time| since(run.environment().now, time.at)),
    };
    let magnitude = duration.unsigned_abs();
    let day = 24 * HOUR;
    let units = [(365 * day, "y"), (30 * day, "mo"), (day, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s")];
    let unit = units.iter().find(|(unit, _)| magnitude > unit.unsigned_abs());
    Ok(unit.map_or_else(
        || "0s".into(),
        |(unit, name)| format!("{}{name}", magnitude / unit.unsigned_abs()).into(),
    ))
}

fn to_date(run: &Run<'_>, a: &[Value]) -> Result<Time, Failure> {
    parse::parse(&utf8(a, 0), &utf8(a, 1), &run.environment().zone).map_err(Failure::Message)
}
