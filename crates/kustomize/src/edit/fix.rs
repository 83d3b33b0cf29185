//! `edit fix`: fields that are deprecated become those that took their place.
//!
//! Source: kustomize `types/kustomization.go`, `FixKustomizationPreMarshalling`.

use value::{Map, Value};

use super::{Edit, EditError};

impl Edit {
    /// Turns `patchesJson6902` and `patchesStrategicMerge` into `patches`, and `commonLabels` into `labels`.
    /// `is_file` says whether an entry of `patchesStrategicMerge` is the path of a file.
    ///
    /// # Errors
    /// A label is both in `commonLabels` and in `labels`.
    pub fn fix_deprecated(&mut self, is_file: &dyn Fn(&str) -> bool) -> Result<(), EditError> {
        let mut patches = self.list("patches");
        patches.extend(self.list("patchesJson6902"));
        self.fields.remove("patchesJson6902");
        for entry in self.list("patchesStrategicMerge") {
            let text = entry.as_str().unwrap_or_default();
            let field = if is_file(text) { "path" } else { "patch" };
            patches.push(Value::map_of([(field, text)]));
        }
        self.fields.remove("patchesStrategicMerge");
        self.set_list("patches", patches);
        self.move_labels()
    }

    fn move_labels(&mut self) -> Result<(), EditError> {
        let common: Map =
            self.fields.get("commonLabels").and_then(Value::as_map).cloned().unwrap_or_default();
        if common.is_empty() {
            return Ok(());
        }
        let mut labels = self.list("labels");
        for label in &labels {
            let pairs = label.get("pairs").and_then(Value::as_map);
            if let Some((name, _)) = pairs.into_iter().flatten().find(|(name, _)| common.contains_key(name)) {
                return Err(EditError::Argument(format!(
                    "label name '{name}' exists in both commonLabels and labels; remove it from one of them"
                )));
            }
        }
        labels.push(Value::map_of([("includeSelectors", Value::from(true)), ("pairs", Value::from(common))]));
        self.fields.remove("commonLabels");
        self.set_list("labels", labels);
        Ok(())
    }
}
