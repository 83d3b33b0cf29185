//! Coalescing values: a chart's defaults, its parent's section for it, and what the user gave.
//!
//! Helm does this on Go maps, and where two charts' values share one (as nested tables of `global` do),
//! what one chart's defaults add is seen by the other. Template maps are shared in the same way, so the
//! rules here are applied to those.

use gotemplate::{List, Map, MapType, Numbers, Value};
use thiserror::Error;

use crate::go;
use crate::log::Log;
use crate::resolve::Node;

const GLOBAL: &str = "global";

/// Values that cannot be brought together.
#[derive(Debug, Error)]
pub enum CoalesceError {
    /// A subchart's section is not a map.
    #[error("type mismatch on {chart}: {found}")]
    NoMap {
        /// The subchart.
        chart: String,
        /// What it is, as Go prints it.
        found: String,
    },
    /// Aliases multiply charts. Helm has no limit and runs out of memory.
    #[error("the aliases under dependencies make more than {limit} charts of this one; use fewer of them")]
    TooManyCharts {
        /// The limit.
        limit: usize,
    },
}

/// The values of a chart and its subcharts under the user's `values`, which are not changed. Nulls delete.
pub(crate) fn coalesce(node: &Node, values: &Map, log: &Log) -> Result<Map, CoalesceError> {
    let copy = deep_copy(values, MapType::Named("common.Values"));
    Coalescing { merge: false, log }.chart(node, &copy, "")?;
    Ok(copy)
}

/// As [`coalesce`], with nulls kept for a later pass.
pub(crate) fn merge(node: &Node, values: &Map, log: &Log) -> Result<Map, CoalesceError> {
    let copy = deep_copy(values, MapType::Any);
    Coalescing { merge: true, log }.chart(node, &copy, "")?;
    Ok(copy)
}

/// Helm's `MergeTables`: what `target` lacks is taken from `source`.
pub(crate) fn merge_tables(target: &Map, source: &Map, log: &Log) {
    tables(target, source, "", (true, log));
}

/// Helm's `CoalesceTables`: as [`merge_tables`], and a null of `target` deletes what `source` has.
pub(crate) fn coalesce_tables(target: &Map, source: &Map, log: &Log) {
    tables(target, source, "", (false, log));
}

struct Coalescing<'a> {
    merge: bool,
    log: &'a Log,
}

impl Coalescing<'_> {
    fn chart(&mut self, node: &Node, values: &Map, prefix: &str) -> Result<(), CoalesceError> {
        self.defaults(node, values, prefix);
        self.dependencies(node, values, prefix)
    }

    /// Puts the chart's defaults under what is there already.
    fn defaults(&mut self, node: &Node, values: &Map, prefix: &str) {
        let prefix = join(prefix, node.name());
        let defaults = node.default_values();
        let entries: Vec<_> =
            defaults.entries().iter().map(|(key, item)| (key.clone(), item.clone())).collect();
        for (key, default) in entries {
            match values.get(&*key) {
                Some(Value::Nil) if !self.merge => {
                    values.remove(&*key);
                }
                Some(Value::Map(known)) => {
                    let Value::Map(default) = default else {
                        if !default.is_nil() {
                            said(
                                self.log,
                                &format!("warning: skipped value for {prefix}.{key}: Not a table."),
                            );
                        }
                        continue;
                    };
                    let is_child = node.dependencies.iter().any(|child| child.name().as_bytes() == &*key);
                    let merge = self.merge || is_child;
                    if !merge {
                        remove_nils(&default);
                    }
                    tables(&known, &default, &join(&prefix, &key.to_text()), (merge, self.log));
                }
                Some(_) => {}
                None => {
                    if !self.merge {
                        match &default {
                            Value::Nil => continue,
                            Value::Map(map) => remove_nils(map),
                            _ => {}
                        }
                    }
                    values.insert(key, default);
                }
            }
        }
    }

    fn dependencies(&mut self, node: &Node, values: &Map, prefix: &str) -> Result<(), CoalesceError> {
        for child in &node.dependencies {
            let section = match values.get(child.name()) {
                None => {
                    let section = Map::new(MapType::Any);
                    values.insert(child.name(), section.clone());
                    section
                }
                Some(Value::Map(section)) => section,
                Some(other) => {
                    // Helm prints whatever stands there with `%t`.
                    let found = go::sprintf("%t", other);
                    return Err(CoalesceError::NoMap { chart: child.name().to_owned(), found });
                }
            };
            let prefix = join(prefix, node.name());
            self.globals(&section, values, &prefix);
            self.chart(child, &section, &prefix)?;
        }
        Ok(())
    }

    /// Hands the parent's globals down; they win over what the child's section says.
    fn globals(&mut self, section: &Map, parent: &Map, prefix: &str) {
        let table = |map: &Map, which: &str| match map.get(GLOBAL) {
            None => Some(Map::new(MapType::Any)),
            Some(Value::Map(map)) => Some(map),
            Some(_) => {
                said(
                    self.log,
                    &format!("warning: skipping globals because {which} {GLOBAL} is not a table."),
                );
                None
            }
        };
        let Some(target) = table(section, "destination") else { return };
        let Some(source) = table(parent, "source") else { return };
        let entries: Vec<_> =
            source.entries().iter().map(|(key, item)| (key.clone(), item.clone())).collect();
        for (key, item) in entries {
            match (item, target.get(&*key)) {
                (Value::Map(map), known) => {
                    // Only this table is copied: those inside stay shared with the parent.
                    let copy = Map::of(MapType::Any, map.entries().clone());
                    match known {
                        None => target.insert(key, copy),
                        Some(Value::Map(known)) => {
                            tables(&copy, &known, &join(prefix, &key.to_text()), (true, self.log));
                            target.insert(key, copy);
                        }
                        Some(_) => said(
                            self.log,
                            &format!("Conflict: cannot merge map onto non-map for \"{key}\". Skipping."),
                        ),
                    }
                }
                (_, Some(Value::Map(_))) => said(self.log, &format!("key {key} is table. Skipping")),
                (item, _) => target.insert(key, item),
            }
        }
        section.insert(GLOBAL, target);
    }
}

/// Helm's `coalesceTablesFullKey`.
fn tables(target: &Map, source: &Map, prefix: &str, (merge, log): (bool, &Log)) {
    let given: std::collections::BTreeSet<_> =
        source.entries().iter().filter(|(_, item)| !item.is_nil()).map(|(key, _)| key.clone()).collect();
    let nils: Vec<_> =
        target.entries().iter().filter(|(_, item)| item.is_nil()).map(|(key, _)| key.clone()).collect();
    for key in nils {
        source.insert(key, Value::Nil);
    }
    let entries: Vec<_> = source.entries().iter().map(|(key, item)| (key.clone(), item.clone())).collect();
    for (key, item) in entries {
        let full = || join(prefix, &key.to_text());
        match (target.get(&*key), item) {
            (Some(Value::Nil), _) if !merge && given.contains(&key) => {
                target.remove(&*key);
            }
            (None, item) => target.insert(key, item),
            (Some(Value::Map(known)), Value::Map(item)) => tables(&known, &item, &full(), (merge, log)),
            (Some(_), Value::Map(_)) => {
                said(log, &format!("warning: cannot overwrite table with non table for {}", full()));
            }
            (Some(Value::Map(_)), item) if !item.is_nil() => {
                said(
                    log,
                    &format!("warning: destination for {} is a table. Ignoring non-table value", full()),
                );
            }
            (Some(_), _) => {}
        }
    }
}

/// What Go's `log.Printf` says comes out as information. Helm shows the values as well, which may be secrets.
fn said(log: &Log, text: &str) {
    log.info(text, &[]);
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

/// Takes nulls out, at every level of tables.
fn remove_nils(map: &Map) {
    let entries: Vec<_> = map.entries().iter().map(|(key, item)| (key.clone(), item.clone())).collect();
    for (key, item) in entries {
        match item {
            Value::Nil => {
                map.remove(&*key);
            }
            Value::Map(inner) => remove_nils(&inner),
            _ => {}
        }
    }
}

/// A copy that shares nothing with the map.
pub(crate) fn deep_copy(map: &Map, map_type: MapType) -> Map {
    Map::of(map_type, map.entries().iter().map(|(key, item)| (key.clone(), copy(item))).collect())
}

fn copy(value: &Value) -> Value {
    match value {
        Value::Map(map) => Value::Map(deep_copy(map, map.map_type())),
        Value::List(list) => {
            Value::List(List::new(list.list_type(), list.items().iter().map(copy).collect()))
        }
        other => other.clone(),
    }
}

/// A tree of values as shared maps; anything but a map gives an empty one.
pub(crate) fn shared(values: &value::Value) -> Map {
    match Value::from_tree(values, Numbers::Integers) {
        Value::Map(map) => map,
        _ => Map::new(MapType::Any),
    }
}
