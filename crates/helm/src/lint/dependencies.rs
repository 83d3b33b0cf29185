//! Rules about dependencies.

use std::sync::Arc;

use super::{Linter, Severity};
use crate::chart::{Chart, LoadError};
use crate::failure::chain;
use crate::tree::Tree;

pub(super) fn lint(tree: &dyn Tree, loaded: Result<&Arc<Chart>, &LoadError>, linter: &mut Linter) {
    let chart = match loaded {
        Ok(chart) => chart,
        Err(error) => {
            linter.rule(Severity::Error, "", Err(format!("unable to load chart\n\t{}", chain(error))));
            return;
        }
    };
    let declared: Vec<&str> =
        chart.metadata.dependencies().map(|dependency| dependency.name.as_str()).collect();
    let present: Vec<&str> = chart.dependencies.iter().map(|chart| chart.name()).collect();
    let missing = |wanted: &[&str], known: &[&str], text: &str| {
        let missing: Vec<&str> = wanted.iter().copied().filter(|name| !known.contains(name)).collect();
        if missing.is_empty() { Ok(()) } else { Err(format!("{text}: {}", missing.join(","))) }
    };
    let undeclared = missing(&present, &declared, "chart metadata is missing these dependencies");
    linter.rule(Severity::Error, tree.location(), undeclared);
    let absent = missing(&declared, &present, "chart directory is missing these dependencies");
    linter.rule(Severity::Warning, tree.location(), absent);
}
