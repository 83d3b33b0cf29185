//! Which subcharts are used, under which names, and what their parents import from them.
//!
//! The steps and their order are those of helm's `ProcessDependencies`.

use std::sync::Arc;

use gotemplate::{Map, MapType, Value};

use crate::chart::{Chart, Crd, crds_of};
use crate::coalesce::{self, CoalesceError, shared};
use crate::go;
use crate::log::Log;
use crate::metadata::{Dependency, Metadata};

/// A chart in its place, resolved against values.
pub(crate) struct Node {
    pub(crate) chart: Arc<Chart>,
    /// The chart's metadata with the name that it has here, and with the dependencies that are used.
    pub(crate) metadata: Metadata,
    pub(crate) dependencies: Vec<Node>,
    /// The default values, once something was imported into them.
    imported: Option<Map>,
}

impl Node {
    fn new(chart: &Arc<Chart>) -> Self {
        Self {
            chart: chart.clone(),
            metadata: chart.metadata.clone(),
            dependencies: chart.dependencies.iter().map(Node::new).collect(),
            imported: None,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.metadata.name
    }

    /// A copy of the default values, to be changed at will.
    pub(crate) fn default_values(&self) -> Map {
        match (&self.imported, &self.chart.values) {
            (Some(values), _) => coalesce::deep_copy(values, MapType::Any),
            (None, Some(values)) => shared(values),
            (None, None) => Map::new(MapType::Any),
        }
    }

    /// The files under `crds/` of this chart and of the subcharts that are used.
    pub(crate) fn crds(&self) -> Vec<Crd> {
        let mut crds = Vec::new();
        self.collect_crds(self.name(), &mut crds);
        crds
    }

    fn collect_crds(&self, path: &str, into: &mut Vec<Crd>) {
        into.extend(crds_of(&self.chart, path));
        for child in &self.dependencies {
            child.collect_crds(&format!("{path}/charts/{}", child.name()), into);
        }
    }
}

/// Charts that a chart may become by aliases of its dependencies.
const MAX_NODES: usize = 10_000;

/// Resolves a chart against the user's values.
pub(crate) fn resolve(chart: &Arc<Chart>, values: &Map, log: &Log) -> Result<Node, CoalesceError> {
    let mut node = Node::new(chart);
    let mut left = MAX_NODES;
    enable(&mut node, values, "", (log, &mut left))?;
    import(&mut node, log)?;
    Ok(node)
}

fn enable(
    node: &mut Node,
    values: &Map,
    path: &str,
    (log, left): (&Log, &mut usize),
) -> Result<(), CoalesceError> {
    if node.metadata.dependencies.is_none() {
        return Ok(());
    }
    place_dependencies(node, left)?;
    for dependency in declared(&mut node.metadata) {
        dependency.enabled = true;
    }
    let values = coalesce::coalesce(node, values, log)?;
    apply_tags(&mut node.metadata, &values, log);
    apply_conditions(&mut node.metadata, &values, path, log);
    let disabled: Vec<String> = node
        .metadata
        .dependencies()
        .filter(|dependency| !dependency.enabled)
        .map(|dependency| dependency.name.clone())
        .collect();
    node.dependencies.retain(|child| !disabled.contains(&child.metadata.name));
    let used: Vec<Option<Dependency>> = node
        .metadata
        .dependencies()
        .filter(|dependency| !disabled.contains(&dependency.name))
        .map(|dependency| Some(dependency.clone()))
        .collect();
    for child in &mut node.dependencies {
        let path = format!("{path}{}.", child.name());
        enable(child, &values, &path, (log, left))?;
    }
    node.metadata.dependencies = (!used.is_empty()).then_some(used);
    Ok(())
}

fn declared(metadata: &mut Metadata) -> impl Iterator<Item = &mut Dependency> {
    metadata.dependencies.iter_mut().flatten().flatten()
}

/// Charts that are not declared come first; declared ones follow in the order of their declaration, under
/// their aliases.
fn place_dependencies(node: &mut Node, left: &mut usize) -> Result<(), CoalesceError> {
    let fits = |child: &Node, dependency: &Dependency| {
        child.name() == dependency.name
            && go_semver::is_compatible(&dependency.version, &child.metadata.version)
    };
    let present = std::mem::take(&mut node.dependencies);
    let mut placed: Vec<Node> = Vec::new();
    for dependency in declared(&mut node.metadata) {
        if let Some(child) = present.iter().find(|child| fits(child, dependency)) {
            let size = charts(&child.chart);
            *left = left.checked_sub(size).ok_or(CoalesceError::TooManyCharts { limit: MAX_NODES })?;
            let mut child = Node::new(&child.chart);
            if !dependency.alias.is_empty() {
                child.metadata.name.clone_from(&dependency.alias);
            }
            placed.push(child);
        }
    }
    let declared_names: Vec<Dependency> = node.metadata.dependencies().cloned().collect();
    node.dependencies = present
        .into_iter()
        .filter(|child| !declared_names.iter().any(|dependency| fits(child, dependency)))
        .chain(placed)
        .collect();
    for dependency in declared(&mut node.metadata) {
        if !dependency.alias.is_empty() {
            dependency.name.clone_from(&dependency.alias);
        }
    }
    Ok(())
}

/// The charts that a chart consists of.
fn charts(chart: &Chart) -> usize {
    1 + chart.dependencies.iter().map(|child| charts(child)).sum::<usize>()
}

const NON_BOOL: &str = "returned non-bool value";
const NO_TABLE: &str = "ImportValues missing table";

fn apply_tags(metadata: &mut Metadata, values: &Map, log: &Log) {
    let Some(Value::Map(tags)) = values.get("tags") else { return };
    for dependency in declared(metadata) {
        let (mut any_true, mut any_false) = (false, false);
        for tag in &dependency.tags {
            match tags.get(tag) {
                Some(Value::Bool(true)) => any_true = true,
                Some(Value::Bool(false)) => any_false = true,
                Some(_) => log.warn(NON_BOOL, &[("tag", tag), ("chart", &dependency.name)]),
                None => {}
            }
        }
        dependency.enabled = any_true || !any_false;
    }
}

fn apply_conditions(metadata: &mut Metadata, values: &Map, path: &str, log: &Log) {
    for dependency in declared(metadata) {
        for condition in dependency.condition.trim().split(',').filter(|condition| !condition.is_empty()) {
            match value_at(values, &format!("{path}{condition}")) {
                Some(Value::Bool(enabled)) => {
                    dependency.enabled = enabled;
                    break;
                }
                Some(_) => log.warn(NON_BOOL, &[("path", condition), ("chart", &dependency.name)]),
                None => {}
            }
        }
    }
}

/// The value at a dotted path, if it is there and no table.
fn value_at(values: &Map, path: &str) -> Option<Value> {
    let (tables, key) = path.rsplit_once('.').map_or((None, path), |(tables, key)| (Some(tables), key));
    let table = match tables {
        None => values.clone(),
        Some(tables) => table_at(values, tables)?,
    };
    table.get(key).filter(|value| !matches!(value, Value::Map(_)))
}

/// The table at a dotted path.
pub(crate) fn table_at(values: &Map, path: &str) -> Option<Map> {
    find_table(values, path).ok()
}

/// The table at a dotted path, or the name on the way that is none.
fn find_table(values: &Map, path: &str) -> Result<Map, String> {
    path.split('.').try_fold(values.clone(), |table, name| match table.get(name) {
        Some(Value::Map(table)) => Ok(table),
        _ => Err(name.to_owned()),
    })
}

/// Imports values of subcharts into their parents, from the leaves up.
fn import(node: &mut Node, log: &Log) -> Result<(), CoalesceError> {
    for child in &mut node.dependencies {
        import(child, log)?;
    }
    if node.metadata.dependencies.is_none() {
        return Ok(());
    }
    let values = coalesce::merge(node, &Map::new(MapType::Any), log)?;
    let imported = Map::new(MapType::Any);
    for dependency in declared(&mut node.metadata) {
        let mut resolved = Vec::new();
        for entry in &dependency.import_values {
            let Some((child, parent)) = import_paths(entry) else { continue };
            resolved.push(value::Value::map_of([("child", child.as_str()), ("parent", parent.as_str())]));
            match find_table(&values, &format!("{}.{child}", dependency.name)) {
                Ok(table) => coalesce::merge_tables(&imported, &nested(&parent, table), log),
                Err(missing) => {
                    let error = format!("{} is not a table", go::quote(&missing));
                    match entry {
                        value::Value::String(_) => log.warn(NO_TABLE, &[("error", &error)]),
                        _ => log.warn(
                            &format!("{NO_TABLE} from chart"),
                            &[("chart", &dependency.name), ("error", &error)],
                        ),
                    }
                }
            }
        }
        dependency.import_values = resolved;
    }
    let merged = coalesce::deep_copy(&values, MapType::Any);
    coalesce::merge_tables(&merged, &imported, log);
    node.imported = Some(merged);
    Ok(())
}

/// Where an entry of `import-values` takes from, and where it puts it.
fn import_paths(entry: &value::Value) -> Option<(String, String)> {
    match entry {
        value::Value::String(name) => Some((format!("exports.{name}"), ".".to_owned())),
        value::Value::Map(map) => Some((printed(map.get("child")), printed(map.get("parent")))),
        _ => None,
    }
}

/// `%v` of what stands under `child` or `parent`.
fn printed(value: Option<&value::Value>) -> String {
    match value {
        None | Some(value::Value::Null) => "<nil>".to_owned(),
        Some(value::Value::String(text)) => text.to_string(),
        Some(other) => other.to_string(),
    }
}

fn nested(path: &str, table: Map) -> Map {
    if path == "." {
        return table;
    }
    path.rsplit('.').fold(table, |table, name| {
        let outer = Map::new(MapType::Any);
        outer.insert(name, table);
        outer
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A chart with ten aliases of the next one, so many levels deep.
    fn nested(levels: usize) -> Arc<Chart> {
        let mut chart = Chart::default();
        chart.metadata.name = "sub".to_owned();
        chart.metadata.version = "1.0.0".to_owned();
        if levels > 0 {
            let alias = |at| Dependency {
                name: "sub".to_owned(),
                version: "1.0.0".to_owned(),
                alias: format!("a{at}"),
                ..Dependency::default()
            };
            chart.metadata.dependencies = Some((0..10).map(|at| Some(alias(at))).collect());
            chart.dependencies = vec![nested(levels - 1)];
        }
        Arc::new(chart)
    }

    #[test]
    fn aliases_multiply_charts_up_to_a_limit() {
        let resolved = |levels| {
            resolve(&nested(levels), &Map::new(MapType::Any), &Log::default()).map(|node| charts(&node.chart))
        };
        assert!(resolved(2).is_ok());
        let error = resolved(7).expect_err("too many");
        assert!(matches!(error, CoalesceError::TooManyCharts { limit: MAX_NODES }), "{error}");
    }
}
