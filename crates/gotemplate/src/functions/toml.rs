//! Helm's functions of TOML, written as BurntSushi/toml writes it.

mod write;

use jiff::Timestamp;
use jiff::civil::DateTime;
use toml_edit::{ArrayOfTables, Datetime, DocumentMut, InlineTable, Item, Offset, Table, Value as Toml};

use super::arguments::*;
use super::dates::{Time, Zone, at_civil};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "toToml", params: &[ANY], call: to_toml },
    Function {
        name: "mustToToml",
        params: &[ANY],
        call: |run, a| {
            let text = write::write(&a[0], run.memory_left())?;
            paid(run, text)
        },
    },
    Function { name: "fromToml", params: &[STRING], call: from_toml },
];

/// The text of an error is the result.
fn to_toml(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    match write::write(&a[0], run.memory_left()) {
        Ok(text) => paid(run, text),
        Err(Failure::Message(problem)) if !problem.starts_with("reflect: ") => Ok(problem.into()),
        Err(failure) => Err(failure),
    }
}

fn from_toml(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let source = utf8(a, 0);
    run.charge(source.len().saturating_mul(8))?;
    Ok(match source.parse::<DocumentMut>() {
        Ok(document) => from_table(run, document.as_table()),
        Err(error) => {
            let line = error
                .span()
                .map_or(1, |span| 1 + source[..span.start.min(source.len())].matches('\n').count());
            Value::map_of([("Error", format!("toml: line {line}: {}", error.message()))])
        }
    })
}

fn from_table(run: &Run<'_>, table: &Table) -> Value {
    let entries = table.iter().filter_map(|(key, item)| Some((Str::from(key), from_item(run, item)?)));
    Value::Map(Map::of(MapType::Any, entries.collect()))
}

fn from_inline_table(run: &Run<'_>, table: &InlineTable) -> Value {
    Value::Map(Map::of(
        MapType::Any,
        table.iter().map(|(key, value)| (Str::from(key), from_value(run, value))).collect(),
    ))
}

fn from_item(run: &Run<'_>, item: &Item) -> Option<Value> {
    Some(match item {
        Item::None => return None,
        Item::Value(value) => from_value(run, value),
        Item::Table(table) => from_table(run, table),
        Item::ArrayOfTables(tables) => from_tables(run, tables),
    })
}

/// `[[name]]` is a `[]map[string]interface {}` in Go, an array of inline tables is not.
fn from_tables(run: &Run<'_>, tables: &ArrayOfTables) -> Value {
    Value::List(List::new(ListType::Maps, tables.iter().map(|table| from_table(run, table)).collect()))
}

fn from_value(run: &Run<'_>, value: &Toml) -> Value {
    match value {
        Toml::String(text) => text.value().as_str().into(),
        Toml::Integer(number) => Value::int64(*number.value()),
        Toml::Float(number) => Value::Float(*number.value()),
        Toml::Boolean(flag) => (*flag.value()).into(),
        Toml::Datetime(date) => time(run, date.value()),
        Toml::Array(items) => Value::list_of(items.iter().map(|item| from_value(run, item))),
        Toml::InlineTable(table) => from_inline_table(run, table),
    }
}

/// Dates without an offset are in the local one, in zones that BurntSushi names after what is missing.
fn time(run: &Run<'_>, date: &Datetime) -> Value {
    let (day, clock) = (date.date, date.time);
    let civil_day = day.map_or(jiff::civil::date(0, 1, 1), |day| {
        jiff::civil::Date::new(day.year as i16, day.month as i8, day.day as i8)
            .unwrap_or(jiff::civil::Date::ZERO)
    });
    let civil_time = clock.map_or(jiff::civil::Time::midnight(), |clock| {
        let nanosecond = i32::try_from(clock.nanosecond).unwrap_or(0);
        let second = clock.second as i8;
        jiff::civil::Time::new(clock.hour as i8, clock.minute as i8, second, nanosecond)
            .unwrap_or(jiff::civil::Time::midnight())
    });
    let civil: DateTime = civil_day.to_datetime(civil_time);
    let zone = match date.offset {
        Some(Offset::Z) => Zone::Utc,
        Some(Offset::Custom { minutes }) => {
            Zone::Fixed { name: String::new(), offset: i32::from(minutes) * 60 }
        }
        None => {
            let environment = run.environment();
            let offset =
                environment.zone.to_offset(Timestamp::max(environment.now, Timestamp::MIN)).seconds();
            let name = match (day, clock) {
                (Some(_), Some(_)) => "datetime-local",
                (Some(_), None) => "date-local",
                _ => "time-local",
            };
            Zone::Fixed { name: name.to_owned(), offset }
        }
    };
    Value::object(Time { at: at_civil(civil, &zone), zone })
}
