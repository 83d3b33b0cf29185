//! Plugins that objects configure: `generators`, `transformers` and `validators`.

use super::{Accumulator, Target};
use crate::error::Error;
use crate::origin::{self, Origin};
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
        for entry in entries {
            let Ok(inline) = read::parse(entry.as_bytes()) else {
                paths.push(entry.clone());
                continue;
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
            let transformers = crate::plugin::transformers(&resource, &self.loader)
                .map_err(|source| Error::Plugin { path: self.file(), field: "validators", source })?;
            let mut changed = accumulator.resources.clone();
            for transformer in transformers {
                self.session
                    .with_schema(|schema| transformer.apply(&mut changed, schema))
                    .map_err(|failure| self.failed("validators", failure))?;
            }
            if !is_same(&accumulator.resources, &changed) {
                return Err(Error::Validator(self.file()));
            }
        }
        Ok(())
    }
}

fn is_same(one: &Resources, other: &Resources) -> bool {
    let unlabelled = |resource: &Resource| {
        let mut resource = resource.clone();
        let mut labels = resource.texts("labels");
        if labels.remove(VALIDATED_BY).is_some() {
            resource.set_texts("labels", &labels);
        }
        resource.to_value().ok()
    };
    one.len() == other.len() && one.iter().map(unlabelled).eq(other.iter().map(unlabelled))
}
