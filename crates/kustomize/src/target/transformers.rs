//! The transformers of a kustomization, in their fixed order.

use super::{Accumulator, Target};
use crate::config::{Config, ConfigError};
use crate::error::Error;
use crate::kustomization::Patch;
use crate::load::LoadError;
use crate::origin::{self, Origin};
use crate::plugin::{self, ConfigurationProblem, Failure, Transformer};
use crate::remote::redacted;
use crate::transform::labels;
use crate::transform::namespace::Subjects;
use crate::transform::prefix_suffix::Side;

/// A transformer with the field that it is of, and the plugin that upstream uses for it.
struct Configured {
    field: String,
    transformer: Transformer,
    origin: Option<Origin>,
}

impl Target<'_, '_> {
    pub(super) fn transform(&self, accumulator: &mut Accumulator) -> Result<(), Error> {
        let config = accumulator.config();
        let mut configured = self.patches_before()?;
        configured.extend(self.plain(&config)?);
        configured.extend(self.external_transformers()?);
        for one in configured {
            self.session
                .with_schema(|schema| one.transformer.apply(&mut accumulator.resources, schema))
                .map_err(|failure| self.failed(&one.field, failure))?;
            if let Some(origin) = one.origin.filter(|_| self.session.notes_origins) {
                accumulator.resources.contents_mut().for_each(|resource| origin::note(resource, &origin));
            }
            accumulator.resources.drop_gone();
            self.session.observe(&self.file(), &one.field, &accumulator.resources);
        }
        Ok(())
    }

    pub(crate) fn failed(&self, field: &str, failure: Failure) -> Error {
        let (path, field) = (self.file(), field.to_owned());
        match failure {
            Failure::Patch(source) => Error::Patch { path, field, source },
            Failure::Transform(source) => Error::Transform { path, field, source },
        }
    }

    fn configured(&self, field: &str, plugin: &str, transformer: Transformer) -> Configured {
        let origin = Some(self.origin.of_builtin(&self.file_name, plugin));
        Configured { field: field.to_owned(), transformer, origin }
    }

    /// `patchesStrategicMerge` and `patches`.
    fn patches_before(&self) -> Result<Vec<Configured>, Error> {
        let fields = &self.kustomization;
        let mut list = Vec::new();
        if !fields.patches_strategic_merge.is_empty() {
            let field = "patchesStrategicMerge";
            let transformer = plugin::strategic(&fields.patches_strategic_merge, "", &self.loader)
                .map_err(|problem| self.misconfigured(field, "", problem))?;
            list.push(self.configured(field, "PatchStrategicMergeTransformer", transformer));
        }
        for (at, patch) in fields.patches.iter().enumerate() {
            let field = format!("patches[{at}]");
            let transformer = plugin::patch_transformer(patch, &self.loader)
                .map_err(|problem| self.misconfigured(&field, &patch.path, problem))?;
            list.push(self.configured(&field, "PatchTransformer", transformer));
        }
        Ok(list)
    }

    /// Everything between the patches and the replacements, and these.
    fn plain(&self, config: &Config) -> Result<Vec<Configured>, Error> {
        let fields = &self.kustomization;
        let mut list = Vec::new();
        if !fields.namespace.is_empty() {
            let (namespace, specs) = (fields.namespace.clone(), config.namespace.clone());
            let transformer =
                Transformer::Namespace { namespace, specs, unset_only: false, subjects: Subjects::Default };
            list.push(self.configured("namespace", "NamespaceTransformer", transformer));
        }
        let names = [
            ("namePrefix", "PrefixTransformer", &fields.name_prefix, Side::Prefix, &config.name_prefix),
            ("nameSuffix", "SuffixTransformer", &fields.name_suffix, Side::Suffix, &config.name_suffix),
        ];
        for (field, plugin, text, side, specs) in names {
            if !text.is_empty() {
                let transformer = Transformer::Name { text: text.clone(), side, specs: specs.clone() };
                list.push(self.configured(field, plugin, transformer));
            }
        }
        self.add_texts(config, &mut list)?;
        for (at, patch) in fields.patches_json6902.iter().enumerate() {
            let field = format!("patchesJson6902[{at}]");
            let transformer = self.json6902(&field, patch)?;
            list.push(self.configured(&field, "PatchJson6902Transformer", transformer));
        }
        for (at, replica) in fields.replicas.iter().enumerate() {
            let transformer =
                Transformer::Replicas { replica: replica.clone(), specs: config.replicas.clone() };
            list.push(self.configured(&format!("replicas[{at}]"), "ReplicaCountTransformer", transformer));
        }
        for (at, image) in fields.images.iter().enumerate() {
            let transformer = Transformer::Images { image: image.clone(), specs: config.images.clone() };
            list.push(self.configured(&format!("images[{at}]"), "ImageTagTransformer", transformer));
        }
        if !fields.replacements.is_empty() {
            let loaded = plugin::load_replacements(&fields.replacements, &self.loader)
                .map_err(|problem| self.misconfigured("replacements", "", problem))?;
            let transformer = Transformer::Replacements(loaded);
            list.push(self.configured("replacements", "ReplacementTransformer", transformer));
        }
        Ok(list)
    }

    fn add_texts(&self, config: &Config, list: &mut Vec<Configured>) -> Result<(), Error> {
        let fields = &self.kustomization;
        for (at, label) in fields.labels.iter().enumerate() {
            let specs = labels::specs_of(label, config).map_err(|source: ConfigError| Error::Merge {
                path: self.file(),
                field: "labels",
                source,
            })?;
            let transformer = Transformer::Texts { texts: label.pairs.clone(), specs };
            list.push(self.configured(&format!("labels[{at}]"), "LabelTransformer", transformer));
        }
        let has_labels =
            !fields.labels.is_empty() || fields.common_labels.as_ref().is_some_and(|texts| !texts.is_empty());
        if has_labels {
            let texts = fields.common_labels.clone().unwrap_or_default();
            let transformer = Transformer::Texts { texts, specs: config.common_labels.clone() };
            list.push(self.configured("commonLabels", "LabelTransformer", transformer));
        }
        if let Some(texts) = fields.common_annotations.as_ref().filter(|texts| !texts.is_empty()) {
            let transformer =
                Transformer::Texts { texts: texts.clone(), specs: config.common_annotations.clone() };
            list.push(self.configured("commonAnnotations", "AnnotationsTransformer", transformer));
        }
        Ok(())
    }

    fn json6902(&self, field: &str, patch: &Patch) -> Result<Transformer, Error> {
        plugin::json6902_transformer(patch, &self.loader)
            .map_err(|problem| self.misconfigured(field, &patch.path, problem))
    }

    fn misconfigured(&self, field: &str, entry: &str, problem: ConfigurationProblem) -> Error {
        let (path, field) = (self.file(), field.to_owned());
        match problem {
            ConfigurationProblem::Patch(source) => Error::Patch { path, field, source },
            ConfigurationProblem::Load(source) if !entry.is_empty() => {
                Error::PatchFile { path, field, entry: redacted(entry), source }
            }
            ConfigurationProblem::Load(source) => load_failed(path, field, source),
            ConfigurationProblem::Option(source) => Error::Transform { path, field, source },
            source => Error::Misconfigured { path, field, source },
        }
    }

    fn external_transformers(&self) -> Result<Vec<Configured>, Error> {
        let mut list = Vec::new();
        for (resource, origin) in self.plugins(&self.kustomization.transformers, "transformers")? {
            let configured = plugin::transformers(&resource, &self.loader)
                .map_err(|source| Error::Plugin { path: self.file(), field: "transformers", source })?;
            for transformer in configured {
                let field = format!("transformers: {}", resource.kind());
                list.push(Configured { field, transformer, origin: origin.clone() });
            }
        }
        Ok(list)
    }
}

fn load_failed(path: String, field: String, source: LoadError) -> Error {
    let entry = field.clone();
    Error::PatchFile { path, field, entry, source }
}
