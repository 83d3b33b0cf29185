//! Post-renderers: something that changes rendered manifests before they are sorted.

use std::collections::BTreeMap;
use std::error::Error;

use thiserror::Error;
use value::Value;

use crate::manifest::{self, Rendered};

/// Changes a stream of manifests.
pub trait PostRenderer {
    /// The changed stream of YAML documents.
    ///
    /// # Errors
    /// What the post-renderer says.
    fn run(&self, manifests: &str) -> Result<String, Box<dyn Error + Send + Sync>>;
}

/// A post-renderer failed, or what went in or came out is not YAML.
#[derive(Debug, Error)]
pub enum PostRenderError {
    /// A rendered file cannot be handed over.
    #[error("error merging manifests: parsing {path}")]
    Merge {
        /// The file.
        path: String,
        /// Why.
        source: MergeError,
    },
    /// The post-renderer failed.
    #[error("error while running post render on files")]
    Run(#[source] Box<dyn Error + Send + Sync>),
    /// What came out is not YAML.
    #[error("error while parsing post rendered output: error parsing YAML: {0}")]
    Parse(#[from] yaml::Error),
    /// What came out cannot be written again.
    #[error("error while parsing post rendered output: {0}")]
    Write(#[from] yaml::EmitError),
}

/// Why a rendered file cannot be handed to a post-renderer.
#[derive(Debug, Error)]
pub enum MergeError {
    /// It is not text.
    #[error(transparent)]
    Encoding(#[from] std::str::Utf8Error),
    /// It is not YAML.
    #[error(transparent)]
    Yaml(#[from] yaml::Error),
}

/// Says which file an object came from, while the post-renderer has it.
const FILE_ANNOTATION: &str = "postrenderer.helm.sh/postrender-filename";

/// Hands all files to the post-renderer as one stream and splits what comes back, as helm's strategy
/// `combined` does. An object without the annotation gets a file of its own.
pub(crate) fn apply(
    post_renderer: &dyn PostRenderer,
    files: &[Rendered],
) -> Result<Vec<Rendered>, PostRenderError> {
    let changed = post_renderer.run(&annotated(files)?).map_err(PostRenderError::Run)?;
    let mut by_file: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let documents = yaml::parse_documents(&changed, yaml::Rules::V2)?;
    let objects = documents.into_iter().map(|document| document.value).filter(|value| !value.is_null());
    for (at, mut object) in objects.enumerate() {
        let path = ["metadata", "annotations", FILE_ANNOTATION];
        let file = object
            .remove_at(&path)
            .and_then(|file| file.as_str().map(str::to_owned))
            .unwrap_or_else(|| format!("generated-by-postrender-{at}.yaml"));
        if object.at(&path[..2]).and_then(Value::as_map).is_some_and(value::Map::is_empty) {
            object.remove_at(&path[..2]);
        }
        by_file.entry(file).or_default().push(yaml::to_yaml(&object)?);
    }
    let file =
        |(path, objects): (String, Vec<String>)| Rendered { path, content: objects.join("---\n").into() };
    Ok(by_file.into_iter().map(file).collect())
}

fn annotated(files: &[Rendered]) -> Result<String, PostRenderError> {
    let mut files: Vec<&Rendered> = files.iter().collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut objects = Vec::new();
    for file in files {
        let merge = |source: MergeError| PostRenderError::Merge { path: file.path.clone(), source };
        let text = std::str::from_utf8(&file.content).map_err(|error| merge(error.into()))?;
        for range in manifest::split(text) {
            let documents =
                yaml::parse_documents(&text[range], yaml::Rules::V2).map_err(|error| merge(error.into()))?;
            for document in documents.into_iter().filter(|document| !document.value.is_null()) {
                let mut object = document.value;
                object.set_at(&["metadata", "annotations", FILE_ANNOTATION], file.path.as_str());
                objects.push(yaml::to_yaml(&object)?);
            }
        }
    }
    Ok(objects.join("---\n"))
}
