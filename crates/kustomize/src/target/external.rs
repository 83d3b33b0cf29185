//! Plugins that objects configure: `generators`, `transformers` and `validators`.

use super::{Accumulator, Target};
use crate::error::Error;
use crate::id::ResourceId;
use crate::origin::{self, Origin};
use crate::plugin::{self, PluginError};
use crate::read;
use crate::resource::Resource;
use crate::resources::Resources;

/// The label that a validator may set.
const VALIDATED_BY: &str = "validated-by";

impl Target<'_, '_> {
    /// The objects that the entries of a field are, or that the files and directories hold which they name,
    /// with the origin that what they make has.
    pub(super) fn plugins(
        &self,
        entries: &[String],
        field: &'static str,
    ) -> Result<Vec<(Resource, Option<Origin>)>, Error> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let mut accumulator = Accumulator::default();
        let mut paths = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            let inline = match read::parse(entry.as_bytes()) {
                Ok(inline) => inline,
                Err(source) if plugin::is_inline(entry) => {
                    let source = PluginError::Inline { at, source };
                    return Err(Error::Plugin { path: self.file(), field, source });
                }
                Err(_) => {
                    paths.push(entry.clone());
                    continue;
                }
            };
            for mut resource in inline {
                if self.session.notes_origins {
                    origin::set(&mut resource, &self.origin.append(&self.file_name).text());
                }
                accumulator
                    .resources
                    .add(resource)
                    .map_err(|source| Error::Merging { entry: field.to_owned(), source })?;
            }
        }
        self.add_resources(&mut accumulator, &paths)?;
        let list = accumulator.resources.into_list();
        Ok(list
            .into_iter()
            .map(|resource| {
                let origin = origin::of_plugin(&resource);
                (resource, origin)
            })
            .collect())
    }

    /// Runs validators on a copy: they must change nothing but their own label.
    pub(super) fn validate(&self, accumulator: &Accumulator) -> Result<(), Error> {
        for (resource, _) in self.plugins(&self.kustomization.validators, "validators")? {
            let transformers = plugin::transformers(&resource, &self.loader)
                .map_err(|source| Error::Plugin { path: self.file(), field: "validators", source })?;
            let mut changed = accumulator.resources.clone();
            for transformer in transformers {
                self.session
                    .with_schema(|schema| transformer.apply(&mut changed, schema))
                    .map_err(|failure| self.failed("validators", failure))?;
            }
            if let Some(object) = changed_by_validator(&accumulator.resources, &changed) {
                let (path, validator) = (self.file(), resource.original_id());
                return Err(Error::Validator { path, validator, object });
            }
        }
        Ok(())
    }
}

/// The first object that is another one than before.
fn changed_by_validator(before: &Resources, after: &Resources) -> Option<ResourceId> {
    let unlabelled = |resource: &Resource| {
        let mut resource = resource.clone();
        let mut labels = resource.texts("labels");
        if labels.remove(VALIDATED_BY).is_some() {
            resource.set_texts("labels", &labels);
        }
        resource.to_value().ok()
    };
    let differs = |pair: &(&Resource, &Resource)| unlabelled(pair.0) != unlabelled(pair.1);
    let changed = before.iter().zip(after.iter()).find(differs).map(|(before, _)| before);
    let longer = if before.len() > after.len() { before } else { after };
    let rest = longer.iter().nth(before.len().min(after.len()));
    changed.or(rest).map(Resource::id)
}
