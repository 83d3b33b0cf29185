//! Tables: the rows and columns that kubectl prints, made by the server.

use jiff::Timestamp;
use value::{Map, Value};

use crate::kinds::{Column, Kind};

mod access;
mod age;
mod cluster;
mod custom;
mod json_path;
mod network;
mod storage;
mod workloads;

/// How the objects of one kind are printed at one time.
pub(crate) struct Table<'a> {
    now: Timestamp,
    printer: Printer<'a>,
}

enum Printer<'a> {
    Builtin(&'static Columns),
    Custom(&'a [Column]),
}

/// The columns of a built-in kind and the function that fills a row.
struct Columns {
    kind: (&'static str, &'static str),
    columns: &'static [Heading],
    cells: fn(&Value, Timestamp) -> Vec<Value>,
}

/// A column: its name, its type, and whether it is printed only when more is asked for.
type Heading = (&'static str, &'static str, Width);

#[derive(Clone, Copy)]
enum Width {
    Normal,
    Wide,
}

use Width::{Normal, Wide};

const PLAIN: Columns = Columns {
    kind: ("", ""),
    columns: &[("Name", "string", Normal), ("Created At", "date", Normal)],
    cells: |object, _| {
        vec![text_at(object, &["metadata", "name"]), text_at(object, &["metadata", "creationTimestamp"])]
    },
};

/// The table of a kind.
pub(crate) fn of(kind: &Kind, now: Timestamp) -> Table<'_> {
    let printer = match &kind.custom {
        Some(custom) => Printer::Custom(&custom.columns),
        None => Printer::Builtin(builtin(&kind.gvk.group, &kind.gvk.kind)),
    };
    Table { now, printer }
}

fn builtin(group: &str, kind: &str) -> &'static Columns {
    let all = [workloads::KINDS, network::KINDS, cluster::KINDS, storage::KINDS, access::KINDS];
    all.into_iter().flatten().find(|columns| columns.kind == (group, kind)).unwrap_or(&PLAIN)
}

impl Table<'_> {
    /// The cells of a row.
    pub(crate) fn cells(&self, object: &Value) -> Vec<Value> {
        match self.printer {
            Printer::Builtin(columns) => (columns.cells)(object, self.now),
            Printer::Custom(columns) => custom::cells(columns, object, self.now),
        }
    }

    /// The columns as the table lists them.
    pub(crate) fn column_definitions(&self) -> Value {
        match self.printer {
            Printer::Custom(columns) => custom::definitions(columns),
            Printer::Builtin(columns) => {
                Value::list_of(columns.columns.iter().map(|(name, r#type, width)| {
                    let format = if *name == "Name" { "name" } else { "" };
                    let priority = match width {
                        Normal => 0,
                        Wide => 1,
                    };
                    definition(name, (r#type, format), "", priority)
                }))
            }
        }
    }
}

fn definition(name: &str, (r#type, format): (&str, &str), description: &str, priority: i64) -> Value {
    Map::from_iter([
        ("name", Value::from(name)),
        ("type", r#type.into()),
        ("format", format.into()),
        ("description", description.into()),
        ("priority", priority.into()),
    ])
    .into()
}

/// The text at a path; empty where there is none.
fn text<'a>(object: &'a Value, path: &[&str]) -> &'a str {
    object.str_at(path).unwrap_or_default()
}

fn text_at(object: &Value, path: &[&str]) -> Value {
    text(object, path).into()
}

fn name(object: &Value) -> Value {
    text_at(object, &["metadata", "name"])
}

/// The number at a path; zero where there is none.
fn number(object: &Value, path: &[&str]) -> i64 {
    object.at(path).and_then(Value::as_i64).unwrap_or(0)
}

/// The list at a path; empty where there is none.
fn list<'a>(object: &'a Value, path: &[&str]) -> &'a [Value] {
    object.at(path).and_then(Value::as_list).unwrap_or_default()
}

/// The number of entries of a list or map at a path.
fn count(object: &Value, path: &[&str]) -> i64 {
    let count = match object.at(path) {
        Some(Value::List(list)) => list.len(),
        Some(Value::Map(map)) => map.len(),
        _ => 0,
    };
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn age(object: &Value, now: Timestamp) -> Value {
    age::since(text(object, &["metadata", "creationTimestamp"]), now).into()
}

/// `none` in angle brackets where the text is empty.
fn or_none(text: &str) -> Value {
    if text.is_empty() { "<none>".into() } else { text.into() }
}

/// `a=1,b=2`
fn labels_text(labels: Option<&Value>) -> String {
    let pairs = apimachinery::object::text_entries(labels).map(|(key, value)| format!("{key}={value}"));
    pairs.collect::<Vec<_>>().join(",")
}

/// A label selector as people write it.
fn selector(selector: Option<&Value>) -> Value {
    let parsed =
        selector.and_then(|selector| apimachinery::selector::LabelSelector::from_value(selector).ok());
    or_none(&parsed.map(|selector| selector.to_string()).unwrap_or_default())
}

/// The names and images of a Pod template's containers.
fn containers(pod_spec: Option<&Value>) -> [Value; 2] {
    let containers = pod_spec.map(|spec| list(spec, &["containers"])).unwrap_or_default();
    let joined = |key: &str| {
        let texts: Vec<_> = containers.iter().map(|container| text(container, &[key])).collect();
        Value::from(texts.join(","))
    };
    [joined("name"), joined("image")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_has_a_cell_for_each_column() {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let kinds = crate::kinds::Kinds::builtin();
        for kind in kinds.all() {
            let table = of(kind, now);
            let columns = table.column_definitions();
            assert_eq!(table.cells(&Value::map()).len(), columns.as_list().unwrap().len(), "{}", kind.gvk);
        }
    }
}
