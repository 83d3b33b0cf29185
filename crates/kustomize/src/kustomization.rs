//! The kustomization file: all fields of kustomize's Kustomization and Component.

mod fields;
pub(crate) mod reader;

use value::Value;
use yaml::Rules;

pub use fields::{
    Chart, ChartGlobals, FieldOptions, GeneratorArguments, GeneratorOptions, HelmGlobals, Image,
    Kustomization, Label, LegacySortOptions, Patch, PatchOptions, Replacement, ReplacementSource,
    ReplacementTarget, Replica, Selector, SortOptions, Variable,
};
pub(crate) use fields::{
    chart, field_spec as reader_field_spec, generator, gvk as reader_gvk, helm_globals, image, patch,
    replacement, replica, selector,
};
pub use reader::ReadError;

use reader::Reader;
use thiserror::Error;

/// The names that a kustomization file may have.
pub const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// All fields of a kustomization file.
pub const FIELDS: [&str; 34] = [
    "apiVersion",
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
    "kind",
    "labels",
    "metadata",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "openapi",
    "patches",
    "patchesJson6902",
    "patchesStrategicMerge",
    "replacements",
    "replicas",
    "resources",
    "secretGenerator",
    "sortOptions",
    "transformers",
    "validators",
    "vars",
];

/// What `buildMetadata` may say.
pub const BUILD_METADATA: [&str; 3] = ["originAnnotations", "transformerAnnotations", "managedByLabel"];

/// What is built.
pub const KIND: &str = "Kustomization";
/// What is mixed into what is built.
pub const COMPONENT: &str = "Component";
const VERSION: &str = "kustomize.config.k8s.io/v1beta1";
const COMPONENT_VERSION: &str = "kustomize.config.k8s.io/v1alpha1";

/// A kustomization file that is not right.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KustomizationError {
    /// Not YAML.
    #[error("invalid Kustomization: {0}")]
    Yaml(#[source] yaml::Error),
    /// A field that does not exist, or of another type.
    #[error("invalid Kustomization: {0}")]
    Field(#[from] ReadError),
    /// Nothing but its kind is said.
    #[error("kustomization.yaml is empty")]
    Empty,
    /// An unknown kind or version.
    #[error("Failed to read kustomization file: {}", .0.join("; "))]
    Kind(Vec<String>),
}

impl KustomizationError {
    /// The place in the file, where one is known.
    pub fn mark(&self) -> Option<yaml::Mark> {
        match self {
            Self::Yaml(error) => Some(error.mark()),
            _ => None,
        }
    }
}

impl Kustomization {
    /// Reads a kustomization file, with what kustomize puts right: older spellings become the current ones.
    ///
    /// # Errors
    /// [`KustomizationError`]
    pub fn parse(text: &str) -> Result<Self, KustomizationError> {
        let value = yaml::parse_first(text, Rules::V2).map_err(KustomizationError::Yaml)?;
        let mut read = Self::read(&value)?;
        read.complete()?;
        Ok(read)
    }

    /// Reads a file as Flux does, which rewrites it before kustomize reads it: what kustomize does not know is
    /// left out, and what says no version is of the current one. Nothing else is put right.
    ///
    /// # Errors
    /// The file is not YAML, or a field of another type.
    pub(crate) fn parse_leniently(text: &str) -> Result<Self, KustomizationError> {
        let value = yaml::parse_first(text, Rules::V2).map_err(KustomizationError::Yaml)?;
        let mut read = fields::kustomization(&mut Reader::lenient(&value)?)?;
        for (field, default) in [(&mut read.api_version, VERSION), (&mut read.kind, KIND)] {
            if field.is_empty() {
                default.clone_into(field);
            }
        }
        Ok(read)
    }

    /// Puts right what was read, and refuses what kustomize refuses to build.
    ///
    /// # Errors
    /// Nothing is said, or a kind or version that does not exist.
    pub(crate) fn complete(&mut self) -> Result<(), KustomizationError> {
        self.fix();
        if self.says_nothing() {
            return Err(KustomizationError::Empty);
        }
        self.enforce()
    }

    /// Reads the fields as they stand in the file.
    ///
    /// # Errors
    /// A field that does not exist, or of another type.
    pub fn read(value: &Value) -> Result<Self, ReadError> {
        let mut reader = Reader::strict(value)?;
        let read = fields::kustomization(&mut reader)?;
        reader.finish()?;
        Ok(read)
    }

    /// As kustomize's `FixKustomization`.
    pub fn fix(&mut self) {
        if self.kind.is_empty() {
            self.kind = KIND.to_owned();
        }
        if self.api_version.is_empty() {
            self.api_version = self.needed_version().to_owned();
        }
        self.resources.append(&mut self.bases);
        self.images.append(&mut self.image_tags);
        for generator in self.config_map_generator.iter_mut().chain(&mut self.secret_generator) {
            if !generator.env.is_empty() {
                generator.envs.push(std::mem::take(&mut generator.env));
            }
        }
        let mut globals = HelmGlobals::default();
        for one in std::mem::take(&mut self.helm_chart_inflation_generator) {
            for (field, said) in [
                (&mut globals.chart_home, one.globals.chart_home),
                (&mut globals.config_home, one.globals.config_home),
            ] {
                if !said.is_empty() {
                    *field = said;
                }
            }
            self.helm_charts.push(one.chart);
        }
        if self.helm_globals.is_none() && globals != HelmGlobals::default() {
            self.helm_globals = Some(globals);
        }
    }

    fn needed_version(&self) -> &'static str {
        if self.kind == COMPONENT { COMPONENT_VERSION } else { VERSION }
    }

    fn says_nothing(&self) -> bool {
        let kind_only =
            Self { api_version: self.api_version.clone(), kind: self.kind.clone(), ..Self::default() };
        *self == kind_only
    }

    fn enforce(&self) -> Result<(), KustomizationError> {
        let mut problems = Vec::new();
        if self.kind != KIND && self.kind != COMPONENT {
            problems.push(format!("kind should be {KIND} or {COMPONENT}"));
        }
        if self.api_version != self.needed_version() {
            problems.push(format!("apiVersion for {} should be {}", self.kind, self.needed_version()));
        }
        if problems.is_empty() { Ok(()) } else { Err(KustomizationError::Kind(problems)) }
    }

    /// Warnings about fields that kustomize deprecates, in its words.
    pub fn deprecations(value: &Value) -> Vec<String> {
        const RENAMED: [(&str, &str, &str); 6] = [
            ("bases", "resources", ""),
            ("commonLabels", "labels", ""),
            ("imageTags", "images", ""),
            ("patchesJson6902", "patches", ""),
            ("patchesStrategicMerge", "patches", ""),
            ("vars", "replacements", "[EXPERIMENTAL] "),
        ];
        let is_used = |field: &&(&str, &str, &str)| value.get(field.0).is_some_and(|value| !value.is_null());
        let warning = |(field, instead, mark): &(&str, &str, &str)| {
            format!(
                "# Warning: '{field}' is deprecated. Please use '{instead}' instead. {mark}Run 'kustomize edit \
                 fix' to update your Kustomization automatically."
            )
        };
        RENAMED.iter().filter(is_used).map(warning).collect()
    }
}

/// `directory` and `name` as one path.
pub(crate) fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_folder_of_charts_that_is_said_counts() {
        let text = "helmChartInflationGenerator:\n- {chartName: a, chartHome: one, helmHome: h}\n\
                    - {chartName: b, chartHome: two}\n- {chartName: c}\n";
        let read = Kustomization::parse(text).expect(text);
        let globals = HelmGlobals { chart_home: "two".to_owned(), config_home: "h".to_owned() };
        assert_eq!((read.helm_charts.len(), read.helm_globals), (3, Some(globals)));
    }
}
