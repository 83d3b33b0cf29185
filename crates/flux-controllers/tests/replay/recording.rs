//! The files of a recording.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

/// Where recordings are.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/recordings/flux")
}

/// One recorded scenario.
pub(crate) struct Recording {
    pub(crate) name: String,
    pub(crate) steps: Vec<Json>,
}

impl Recording {
    pub(crate) fn read(name: &str) -> Self {
        let read = |n: usize| std::fs::read(folder().join(name).join(format!("step-{n}.json"))).ok();
        let steps =
            (1..).map_while(read).map(|text| serde_json::from_slice(&text).expect("a step")).collect();
        Self { name: name.to_owned(), steps }
    }

    pub(crate) fn input(&self) -> PathBuf {
        folder().join(&self.name).join("input")
    }

    /// All objects that appear in any step, by kind, namespace and name.
    pub(crate) fn objects(&self) -> Vec<(String, String, String, String)> {
        let mut found: Vec<_> =
            self.steps.iter().flat_map(|step| list(step, "objects")).map(identity).collect();
        found.sort();
        found.dedup();
        found
    }
}

/// The list under `field`; empty where there is none.
pub(crate) fn list<'a>(step: &'a Json, field: &str) -> &'a [Json] {
    step[field].as_array().map_or(&[], Vec::as_slice)
}

/// apiVersion, kind, namespace, name.
pub(crate) fn identity(object: &Json) -> (String, String, String, String) {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let metadata = &object["metadata"];
    (
        text(&object["apiVersion"]),
        text(&object["kind"]),
        text(&metadata["namespace"]),
        text(&metadata["name"]),
    )
}
