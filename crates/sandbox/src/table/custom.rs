//! Tables of custom kinds: `additionalPrinterColumns`.

use jiff::Timestamp;
use value::Value;

use super::{age, definition, json_path, name};
use crate::kinds::Column;

/// The name, then what the definition asks for; the age where it asks for nothing.
pub(super) fn definitions(columns: &[Column]) -> Value {
    let mut all = vec![definition("Name", ("string", "name"), "", 0)];
    if columns.is_empty() {
        all.push(definition("Age", ("date", ""), "", 0));
    }
    all.extend(columns.iter().map(|column| {
        definition(&column.name, (&column.r#type, &column.format), &column.description, column.priority)
    }));
    all.into()
}

pub(super) fn cells(columns: &[Column], object: &Value, now: Timestamp) -> Vec<Value> {
    let mut cells = vec![name(object)];
    if columns.is_empty() {
        cells.push(age(object, now));
    }
    cells.extend(columns.iter().map(|column| cell(column, object, now)));
    cells
}

fn cell(column: &Column, object: &Value, now: Timestamp) -> Value {
    let found = json_path::find(&column.path, object);
    let Some(first) = found.first() else { return Value::Null };
    match column.r#type.as_str() {
        "integer" => first.as_f64().map_or(Value::Null, |number| Value::Int(number as i64)),
        "number" if first.as_f64().is_some() => (*first).clone(),
        "boolean" if first.as_bool().is_some() => (*first).clone(),
        "number" | "boolean" => Value::Null,
        "date" => first.as_str().map_or(Value::Null, |text| age::since(text, now).into()),
        _ => {
            let texts: Vec<String> = found
                .iter()
                .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                .collect();
            texts.join(",").into()
        }
    }
}
