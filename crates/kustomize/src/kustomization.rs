//! The kustomization file.

use value::Value;
use yaml::Rules;

use crate::Error;
use crate::tree::{Kind, Tree};

/// The names that a kustomization file may have.
pub(crate) const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Fields that say nothing about the build.
const INFORMATIVE: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Fields of kustomize 5.8 that are not supported yet.
const UNSUPPORTED: [&str; 30] = [
    "bases",
    "buildMetadata",
    "commonAnnotations",
    "commonLabels",
    "components",
    "configMapGenerator",
    "configurations",
    "crds",
    "generatorOptions",
    "generators",
    "helmChartInflationGenerator",
    "helmCharts",
    "helmGlobals",
    "imageTags",
    "images",
    "labels",
    "namePrefix",
    "nameSuffix",
    "openapi",
    "patches",
    "patchesJson6902",
    "patchesStrategicMerge",
    "replacements",
    "replicas",
    "secretGenerator",
    "sortOptions",
    "transformers",
    "validators",
    "vars",
    "inventory",
];

/// What a kustomization file says, as far as it is supported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kustomization {
    /// The file; empty for a generated one.
    pub(crate) file: String,
    pub(crate) resources: Vec<String>,
    pub(crate) namespace: Option<String>,
}

/// The kustomization file of a directory, if it has one.
///
/// # Errors
/// It has several, or the file is not right.
pub(crate) fn find(tree: &dyn Tree, directory: &str) -> Result<Option<Kustomization>, Error> {
    let is_file = |name: &&str| tree.kind(&join(directory, name)) == Some(Kind::File);
    let files: Vec<&str> = FILE_NAMES.into_iter().filter(|name| is_file(name)).collect();
    match files.as_slice() {
        [] => Ok(None),
        [name] => {
            let path = join(directory, name);
            let bytes = tree.read(&path).unwrap_or_default();
            parse(&path, &bytes).map(Some)
        }
        several => Err(Error::SeveralFiles {
            path: directory.to_owned(),
            files: several.iter().map(|name| (*name).to_owned()).collect(),
        }),
    }
}

fn parse(path: &str, bytes: &[u8]) -> Result<Kustomization, Error> {
    let content = String::from_utf8_lossy(bytes);
    let value = yaml::parse(&content, Rules::V3)
        .map_err(|source| Error::Kustomization { path: path.to_owned(), source })?;
    let mut kustomization = Kustomization { file: path.to_owned(), ..Kustomization::default() };
    let Some(fields) = value.as_map() else {
        return if value.is_null() {
            Ok(kustomization)
        } else {
            Err(field_error(path, "the file", "a mapping"))
        };
    };
    for (field, value) in fields {
        if value.is_null() {
            continue;
        }
        match field.as_str() {
            "resources" => kustomization.resources = texts(path, field, value)?,
            "namespace" => kustomization.namespace = Some(text(path, field, value)?),
            "kind" if value.as_str() == Some("Component") => {
                return Err(unsupported(path, "kind: Component"));
            }
            known if INFORMATIVE.contains(&known) => {}
            known if UNSUPPORTED.contains(&known) => return Err(unsupported(path, known)),
            unknown => {
                return Err(Error::UnknownField { path: path.to_owned(), field: unknown.to_owned() });
            }
        }
    }
    Ok(kustomization)
}

fn unsupported(path: &str, field: &str) -> Error {
    Error::Unsupported { path: path.to_owned(), field: field.to_owned() }
}

fn field_error(path: &str, field: &str, expected: &'static str) -> Error {
    Error::Field { path: path.to_owned(), field: field.to_owned(), expected }
}

fn text(path: &str, field: &str, value: &Value) -> Result<String, Error> {
    value.as_str().map(str::to_owned).ok_or_else(|| field_error(path, field, "a text"))
}

fn texts(path: &str, field: &str, value: &Value) -> Result<Vec<String>, Error> {
    let list = value.as_list().ok_or_else(|| field_error(path, field, "a list of texts"))?;
    list.iter().map(|item| text(path, &format!("an entry of {field}"), item)).collect()
}

/// `directory` and `name` as one path.
pub(crate) fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}
