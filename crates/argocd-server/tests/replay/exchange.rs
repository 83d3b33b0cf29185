//! The files of a recording.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

/// One request and its answer.
pub(crate) struct Exchange {
    /// Step and file.
    pub(crate) name: String,
    pub(crate) json: Json,
}

/// Where recordings are.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/recordings/argocd")
}

impl Exchange {
    /// All exchanges of a scenario: steps in their order, files of a step by name, with those that end a
    /// session after those that use it.
    pub(crate) fn all(scenario: &str) -> Vec<Self> {
        let mut found = Vec::new();
        for step in sorted(&folder().join(scenario)) {
            for file in sorted(&step.join("api")) {
                let stem = file.file_stem().expect("a name").to_string_lossy().into_owned();
                let step = step.file_name().expect("a name").to_string_lossy().into_owned();
                let json = serde_json::from_slice(&std::fs::read(&file).expect("a file")).expect("JSON");
                found.push(Self { name: format!("{step}/{stem}"), json });
            }
        }
        let orders = orders(scenario);
        found.sort_by_key(|exchange| {
            let (step, name) = exchange.name.split_once('/').expect("a step");
            let place = orders.get(step).and_then(|order| order.iter().position(|known| known == name));
            let is_late = (name.contains("after-auth-logout"), name.contains("auth-logout"));
            (step.to_owned(), place.unwrap_or(usize::MAX), is_late)
        });
        found
    }

    pub(crate) fn step(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }

    pub(crate) fn text(&self, field: &str) -> &str {
        self.json["request"][field].as_str().unwrap_or_default()
    }
}

/// The order of the exchanges of steps, where it is not that of their names.
fn orders(scenario: &str) -> BTreeMap<String, Vec<String>> {
    let text = std::fs::read_to_string(folder().join("order.txt")).expect("an order");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let order = |line: &str| {
        let (step, names) = line.strip_prefix(scenario)?.strip_prefix('/')?.split_once(' ')?;
        Some((step.to_owned(), names.split(' ').map(str::to_owned).collect()))
    };
    lines.filter_map(order).collect()
}

/// The entries of a folder; none where there is no folder.
fn sorted(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}
