//! `edit add|set|remove buildmetadata`.

use value::Value;

use super::{Edit, EditError};
use crate::kustomization::BUILD_METADATA;

/// The field.
const FIELD: &str = "buildMetadata";

/// The options in a text, with commas between.
///
/// # Errors
/// One does not exist.
pub fn parse_build_metadata(text: &str) -> Result<Vec<String>, EditError> {
    let option = |option: &str| {
        if BUILD_METADATA.contains(&option) {
            return Ok(option.to_owned());
        }
        let known = BUILD_METADATA.join(", ");
        Err(EditError::Argument(format!("invalid buildMetadata option: {option}; there are {known}")))
    };
    text.split(',').map(option).collect()
}

impl Edit {
    /// Adds options.
    ///
    /// # Errors
    /// One is there already.
    pub fn add_build_metadata(&mut self, options: &[String]) -> Result<(), EditError> {
        let mut list = self.list(FIELD);
        for option in options {
            if list.iter().any(|known| known.as_str() == Some(option)) {
                let text = format!("buildMetadata option {option} already in kustomization file");
                return Err(EditError::Argument(text));
            }
            list.push(Value::from(option.as_str()));
        }
        self.set_list(FIELD, list);
        Ok(())
    }

    /// Sets options instead of those that are there.
    pub fn set_build_metadata(&mut self, options: &[String]) {
        self.set_list(FIELD, options.iter().map(|option| Value::from(option.as_str())).collect());
    }

    /// Removes options; what is not there is not missed.
    pub fn remove_build_metadata(&mut self, options: &[String]) {
        let mut list = self.list(FIELD);
        list.retain(|known| !options.iter().any(|option| known.as_str() == Some(option)));
        self.set_list(FIELD, list);
    }
}
