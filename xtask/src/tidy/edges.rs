//! Which crate uses which, held against the table in ARCHITECTURE.md.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use cargo_metadata::{DependencyKind, MetadataCommand};

/// Packages whose presence makes a crate impure.
const IMPURE: [&str; 12] = [
    "tokio",
    "tokio-util",
    "kube",
    "hyper",
    "hyper-util",
    "reqwest",
    "gix",
    "getrandom",
    "rand",
    "tempfile",
    "notify",
    "rustls",
];

/// What ARCHITECTURE.md says about crates.
pub(crate) struct Architecture {
    /// The crates that each crate may use; `None` for all.
    uses: BTreeMap<String, Option<BTreeSet<String>>>,
    /// Crates without IO.
    pub(crate) pure: BTreeSet<String>,
}

impl Architecture {
    /// Reads the table with the columns *crate*, *holds*, *uses* and *pure*.
    ///
    /// # Errors
    /// The file or the table is missing.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let text = fs::read_to_string(root.join("ARCHITECTURE.md")).context("ARCHITECTURE.md is missing")?;
        let mut uses = BTreeMap::new();
        let mut pure = BTreeSet::new();
        let rows = text.lines().skip_while(|line| !line.starts_with("| crate |")).skip(2);
        for row in rows.take_while(|line| line.starts_with('|')) {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            let [names, _, used, is_pure] = cells.as_slice() else { continue };
            for name in names.split(',').map(|name| name.trim().trim_matches('`').to_owned()) {
                if *is_pure == "yes" {
                    pure.insert(name.clone());
                }
                uses.insert(name, parse_uses(used));
            }
        }
        anyhow::ensure!(!uses.is_empty(), "ARCHITECTURE.md has no table of crates");
        Ok(Self { uses, pure })
    }
}

fn parse_uses(cell: &str) -> Option<BTreeSet<String>> {
    if cell == "all" {
        return None;
    }
    Some(cell.split(',').map(|name| name.trim().trim_matches('`').to_owned()).collect())
}

/// Edges that the table does not list, and impure packages of pure crates.
///
/// # Errors
/// The manifests cannot be read.
pub(crate) fn check(root: &Path, architecture: &Architecture) -> Result<Vec<String>> {
    let metadata = MetadataCommand::new().manifest_path(root.join("Cargo.toml")).no_deps().exec()?;
    let members: BTreeSet<String> =
        metadata.packages.iter().map(|package| package.name.to_string()).collect();
    let mut problems = Vec::new();
    for package in &metadata.packages {
        let name = package.name.to_string();
        let Some(allowed) = architecture.uses.get(&name) else {
            if name != "xtask" {
                problems.push(format!("crate {name} is not in the table of ARCHITECTURE.md"));
            }
            continue;
        };
        for dependency in package.dependencies.iter().filter(|used| used.kind == DependencyKind::Normal) {
            let used = &dependency.name;
            let is_listed = allowed.as_ref().is_none_or(|allowed| allowed.contains(used) || used == "value");
            if members.contains(used) && !is_listed {
                problems.push(format!("{name} uses {used}, which ARCHITECTURE.md does not list"));
            }
            if architecture.pure.contains(&name) && IMPURE.contains(&used.as_str()) {
                problems.push(format!("{name} is pure and depends on {used}"));
            }
        }
    }
    Ok(problems)
}
