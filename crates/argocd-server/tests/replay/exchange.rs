//! The files of a recording.

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
        found.sort_by_key(|exchange| {
            let step = exchange.name.split('/').next().map(str::to_owned);
            (step, exchange.name.contains("after-auth-logout"), exchange.name.contains("auth-logout"))
        });
        found
    }

    pub(crate) fn text(&self, field: &str) -> &str {
        self.json["request"][field].as_str().unwrap_or_default()
    }
}

/// The entries of a folder; none where there is no folder.
fn sorted(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}
