//! Metadata as JSON and YAML.

use value::Value;

use super::{Dependency, Lock, Maintainer, Metadata};
use crate::go_json::{Fields, Json};

impl Metadata {
    /// As helm writes it: sorted YAML, empty fields left out.
    ///
    /// # Errors
    /// The emitter's.
    pub fn to_yaml(&self) -> Result<String, yaml::EmitError> {
        yaml::to_yaml(&self.json().tree())
    }

    pub(crate) fn json(&self) -> Json {
        let annotations = self.annotations.as_deref().unwrap_or_default();
        let mut fields = Fields::default()
            .text("name", &self.name)
            .text("home", &self.home)
            .texts("sources", &self.sources)
            .text("version", &self.version)
            .text("description", &self.description)
            .texts("keywords", &self.keywords)
            .list(
                "maintainers",
                self.maintainers.iter().map(|entry| optional(entry.as_ref(), Maintainer::json)).collect(),
            )
            .text("icon", &self.icon)
            .text("apiVersion", &self.api_version)
            .text("condition", &self.condition)
            .text("tags", &self.tags)
            .text("appVersion", &self.app_version)
            .flag("deprecated", self.deprecated);
        if !annotations.is_empty() {
            let entries = annotations.iter().map(|(key, text)| (key.as_str(), text.as_str()));
            fields = fields.put("annotations", Json::Value(Value::map_of(entries)));
        }
        fields
            .text("kubeVersion", &self.kube_version)
            .list("dependencies", dependencies(self.dependencies.as_deref().unwrap_or_default()))
            .text("type", &self.kind)
            .done()
    }
}

impl Maintainer {
    fn json(&self) -> Json {
        Fields::default().text("name", &self.name).text("email", &self.email).text("url", &self.url).done()
    }
}

impl Dependency {
    pub(crate) fn json(&self) -> Json {
        Fields::default()
            .put("name", Json::Value(self.name.as_str().into()))
            .text("version", &self.version)
            .put("repository", Json::Value(self.repository.as_str().into()))
            .text("condition", &self.condition)
            .texts("tags", &self.tags)
            .flag("enabled", self.enabled)
            .list("import-values", self.import_values.iter().cloned().map(Json::Value).collect())
            .text("alias", &self.alias)
            .done()
    }
}

impl Lock {
    pub(crate) fn json(&self) -> Json {
        Fields::default()
            .put("generated", Json::Value(self.generated.as_str().into()))
            .put("digest", Json::Value(self.digest.as_str().into()))
            .put("dependencies", Json::List(dependencies(&self.dependencies)))
            .done()
    }
}

pub(crate) fn dependencies(all: &[Option<Dependency>]) -> Vec<Json> {
    all.iter().map(|entry| optional(entry.as_ref(), Dependency::json)).collect()
}

fn optional<T>(entry: Option<&T>, json: fn(&T) -> Json) -> Json {
    entry.map_or(Json::Value(Value::Null), json)
}
