//! `Chart.yaml`, `requirements.yaml` and the lock files.

use thiserror::Error;
use value::Value;

use crate::decode::{Decoder, Struct};
use crate::go;

pub(crate) mod encode;

/// What `Chart.yaml` says about a chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// The chart's name.
    pub name: String,
    /// Its home page.
    pub home: String,
    /// Where its source is.
    pub sources: Vec<String>,
    /// Its version, a SemVer 2 version.
    pub version: String,
    /// One sentence about it.
    pub description: String,
    /// Words to find it by.
    pub keywords: Vec<String>,
    /// Who maintains it.
    pub maintainers: Vec<Option<Maintainer>>,
    /// The URL of an icon.
    pub icon: String,
    /// `v1` or `v2`.
    pub api_version: String,
    /// The condition by which it is enabled.
    pub condition: String,
    /// The tags by which it is enabled.
    pub tags: String,
    /// The version of what it installs.
    pub app_version: String,
    /// Whether it should not be used any more.
    pub deprecated: bool,
    /// Anything else, sorted by key; `None` where the file has none.
    pub annotations: Option<Vec<(String, String)>>,
    /// The versions of Kubernetes that it supports, as a constraint.
    pub kube_version: String,
    /// The charts that it needs; `None` where the file does not name any.
    pub dependencies: Option<Vec<Option<Dependency>>>,
    /// `application` (or empty) or `library`.
    pub kind: String,
}

/// Who maintains a chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Maintainer {
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Their page.
    pub url: String,
}

/// A chart that another one needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dependency {
    /// Its name, or its alias once dependencies are resolved.
    pub name: String,
    /// The versions that are accepted.
    pub version: String,
    /// Where it comes from.
    pub repository: String,
    /// Paths of values of which the first boolean one enables it.
    pub condition: String,
    /// Tags of which one enables it.
    pub tags: Vec<String>,
    /// Whether it is used.
    pub enabled: bool,
    /// Values of it that its parent takes over.
    pub import_values: Vec<Value>,
    /// The name that it has for its parent.
    pub alias: String,
}

/// `Chart.lock` or `requirements.lock`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lock {
    /// When it was written, as it is written.
    pub generated: String,
    /// A digest over what was asked for and what was found.
    pub digest: String,
    /// What was found.
    pub dependencies: Vec<Option<Dependency>>,
}

/// What is wrong with a chart's metadata.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ValidationError {
    /// Something that must be there is not.
    #[error("validation: chart.metadata.{0} is required")]
    Required(&'static str),
    /// A name that would lead to another folder.
    #[error("validation: chart.metadata.name {} is not allowed", go::quote(.0))]
    NameNotAllowed(String),
    /// A field has a value that it cannot have.
    #[error("validation: chart.metadata.{field} {} is invalid", go::quote(.found))]
    Invalid {
        /// Which field.
        field: &'static str,
        /// Its value.
        found: String,
    },
    /// The type is none that helm knows.
    #[error("validation: chart.metadata.type must be application or library")]
    Type,
    /// A list has an entry without content.
    #[error("validation: {0} must not contain empty or null nodes")]
    EmptyEntry(&'static str),
    /// Two dependencies go by one name.
    #[error("validation: more than one dependency with name or alias {}", go::quote(.0))]
    SameDependency(String),
    /// An alias that no template could use.
    #[error("validation: dependency {} has disallowed characters in the alias", go::quote(.0))]
    Alias(String),
}

impl Metadata {
    /// Whether it is a library, which has nothing of its own to install.
    pub fn is_library(&self) -> bool {
        self.kind.eq_ignore_ascii_case("library")
    }

    /// The declared dependencies.
    pub fn dependencies(&self) -> impl Iterator<Item = &Dependency> {
        self.dependencies.iter().flatten().flatten()
    }

    /// Cleans texts up and checks what helm checks when it loads a chart.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn validate(&mut self) -> Result<(), ValidationError> {
        for text in [
            &mut self.name,
            &mut self.description,
            &mut self.home,
            &mut self.icon,
            &mut self.condition,
            &mut self.tags,
            &mut self.app_version,
            &mut self.kube_version,
        ] {
            clean(text);
        }
        self.sources.iter_mut().chain(&mut self.keywords).for_each(clean);
        self.check_fields()?;
        for maintainer in &mut self.maintainers {
            let Some(maintainer) = maintainer else {
                return Err(ValidationError::EmptyEntry("maintainers"));
            };
            [&mut maintainer.name, &mut maintainer.email, &mut maintainer.url].into_iter().for_each(clean);
        }
        self.check_dependencies()
    }

    fn check_fields(&self) -> Result<(), ValidationError> {
        if self.api_version.is_empty() {
            return Err(ValidationError::Required("apiVersion"));
        }
        if self.name.is_empty() {
            return Err(ValidationError::Required("name"));
        }
        if self.name == "." || self.name == ".." {
            return Err(ValidationError::NameNotAllowed(self.name.clone()));
        }
        if self.name != go::base(&self.name) {
            return Err(ValidationError::Invalid { field: "name", found: self.name.clone() });
        }
        if self.version.is_empty() {
            return Err(ValidationError::Required("version"));
        }
        if go_semver::Version::parse(&self.version).is_err() {
            return Err(ValidationError::Invalid { field: "version", found: self.version.clone() });
        }
        if !matches!(self.kind.as_str(), "" | "application" | "library") {
            return Err(ValidationError::Type);
        }
        Ok(())
    }

    fn check_dependencies(&mut self) -> Result<(), ValidationError> {
        let mut names: Vec<String> = Vec::new();
        for dependency in self.dependencies.iter_mut().flatten() {
            let Some(dependency) = dependency else {
                return Err(ValidationError::EmptyEntry("dependencies"));
            };
            dependency.validate()?;
            let key = if dependency.alias.is_empty() { &dependency.name } else { &dependency.alias };
            if names.contains(key) {
                return Err(ValidationError::SameDependency(key.clone()));
            }
            names.push(key.clone());
        }
        Ok(())
    }
}

impl Dependency {
    fn validate(&mut self) -> Result<(), ValidationError> {
        for text in [&mut self.name, &mut self.version, &mut self.repository, &mut self.condition] {
            clean(text);
        }
        self.tags.iter_mut().for_each(clean);
        let allowed = |char: char| char.is_ascii_alphanumeric() || char == '_' || char == '-';
        if !self.alias.chars().all(allowed) {
            return Err(ValidationError::Alias(self.name.clone()));
        }
        Ok(())
    }
}

/// Every kind of space becomes a space, and what cannot be printed goes.
fn clean(text: &mut String) {
    let is_clean = |char: char| char == ' ' || (!char.is_whitespace() && gotemplate::is_print(char));
    if !text.chars().all(is_clean) {
        *text = text
            .chars()
            .map(|char| if char.is_whitespace() { ' ' } else { char })
            .filter(|char| *char == ' ' || gotemplate::is_print(*char))
            .collect();
    }
}

impl Struct for Metadata {
    const NAME: &'static str = "Metadata";
    const TYPE: &'static str = "v2.Metadata";
    const FIELDS: &'static [&'static str] = &[
        "name",
        "home",
        "sources",
        "version",
        "description",
        "keywords",
        "maintainers",
        "icon",
        "apiVersion",
        "condition",
        "tags",
        "appVersion",
        "deprecated",
        "annotations",
        "kubeVersion",
        "dependencies",
        "type",
    ];

    fn set(&mut self, field: &'static str, value: &Value, at: &mut Decoder) {
        match field {
            "name" => at.text(value, &mut self.name),
            "home" => at.text(value, &mut self.home),
            "sources" => at.texts(value, &mut self.sources),
            "version" => at.text(value, &mut self.version),
            "description" => at.text(value, &mut self.description),
            "keywords" => at.texts(value, &mut self.keywords),
            "maintainers" => at.objects(value, &mut self.maintainers),
            "icon" => at.text(value, &mut self.icon),
            "apiVersion" => at.text(value, &mut self.api_version),
            "condition" => at.text(value, &mut self.condition),
            "tags" => at.text(value, &mut self.tags),
            "appVersion" => at.text(value, &mut self.app_version),
            "deprecated" => at.flag(value, &mut self.deprecated),
            "annotations" => at.text_map(value, &mut self.annotations),
            "kubeVersion" => at.text(value, &mut self.kube_version),
            "dependencies" => at.objects(value, self.dependencies.get_or_insert_default()),
            _ => at.text(value, &mut self.kind),
        }
    }
}

impl Struct for Maintainer {
    const NAME: &'static str = "Maintainer";
    const TYPE: &'static str = "v2.Maintainer";
    const FIELDS: &'static [&'static str] = &["name", "email", "url"];

    fn set(&mut self, field: &'static str, value: &Value, at: &mut Decoder) {
        match field {
            "name" => at.text(value, &mut self.name),
            "email" => at.text(value, &mut self.email),
            _ => at.text(value, &mut self.url),
        }
    }
}

impl Struct for Dependency {
    const NAME: &'static str = "Dependency";
    const TYPE: &'static str = "v2.Dependency";
    const FIELDS: &'static [&'static str] =
        &["name", "version", "repository", "condition", "tags", "enabled", "import-values", "alias"];

    fn set(&mut self, field: &'static str, value: &Value, at: &mut Decoder) {
        match field {
            "name" => at.text(value, &mut self.name),
            "version" => at.text(value, &mut self.version),
            "repository" => at.text(value, &mut self.repository),
            "condition" => at.text(value, &mut self.condition),
            "tags" => at.texts(value, &mut self.tags),
            "enabled" => at.flag(value, &mut self.enabled),
            "import-values" => at.anything(value, &mut self.import_values),
            _ => at.text(value, &mut self.alias),
        }
    }
}

impl Struct for Lock {
    const NAME: &'static str = "Lock";
    const TYPE: &'static str = "v2.Lock";
    const FIELDS: &'static [&'static str] = &["generated", "digest", "dependencies"];

    fn set(&mut self, field: &'static str, value: &Value, at: &mut Decoder) {
        match field {
            "generated" => at.time(value, &mut self.generated),
            "digest" => at.text(value, &mut self.digest),
            _ => at.objects(value, &mut self.dependencies),
        }
    }
}
